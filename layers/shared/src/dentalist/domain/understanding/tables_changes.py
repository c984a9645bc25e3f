"""What calls an appointment off, or moves it."""

from __future__ import annotations

from dentalist.domain.understanding.rules import Rule

CANCEL: tuple[Rule, ...] = (
    Rule(
        "cancel",
        0.9,
        r"cancel\w+|anul(?:ar\w*|a|ame|e|en|eme|o)|suspend\w+",
        unless=(
            r"suscripcion|politica..2 cancel\w+|sin cancelar|si cancelo|cancelar la deuda"
            r"|puedo cancelar en (?:cuotas|efectivo)"
        ),
    ),
    Rule(
        "remove_appointment",
        0.85,
        r"(?:borr\w+|elimin\w+|quit\w+|baja\w*|de baja|liber\w+)..3 (?:<turno>|lugar)",
        unless=r"presion|baja..2 (?:promo\w*|mensaj\w+)",
    ),
    Rule(
        "leave_it",
        0.65,
        r"(?:lo|la) (?:dejamos|dejo|dejemos)..2 (?:otra vez|otra oportunidad|mas adelante|ahi)",
    ),
    Rule(
        "place_for_another",
        0.8,
        r"(?:dale|den|dar|dele|darle)(?: el| mi)? (?:lugar|turno|cita|hora) a otr\w+|cede\w+ (?:el|mi)",
    ),
    Rule(
        "without_effect",
        0.85,
        r"sin efecto|no c(?:ue|o)nt\w+ conmigo|dar?me de baja (?:el|la) (?:<turno>)|bajarme del? (?:<turno>)",
        negatable=False,
    ),
    Rule(
        "not_needed",
        0.85,
        r"ya no (?:voy a |va a )?(?:necesit\w+|quier\w+|requier\w+|hace falta)..2 (?:<turno>|ir|el|la)",
        unless=r"mensaj\w+|recib\w+",
        negatable=False,
    ),
    Rule(
        "off_the_diary",
        0.85,
        r"(?:borr|quit|sac|saqu|elimin|tach)\w*..5 agenda",
    ),
    Rule(
        "appointment_off",
        0.75,
        r"lo de (?:<dia>)..4 no (?:va|voy|puedo|podre)",
        negatable=False,
    ),
)

# "No puedo ir mañana" cancels, unless the same message asks for another time.
CANNOT_COME: tuple[Rule, ...] = (
    Rule(
        "cannot_come",
        0.75,
        r"(?:no (?:me |nos |le )?(?:<poder>)|(?:me es |hoy |manana )?imposible)..3 (?:ir|asistir|acudir"
        r"|concurrir|llegar|venir|present\w+|a la (?:cita|hora|consulta)|al turno|esta(?:r|mos))",
        unless=r"no (?:puedo|pude) llegar a (?:ver|abrir)|como llegar",
        negatable=False,
    ),
    Rule(
        "am_not_coming",
        0.75,
        r"no (?:voy|vamos|va|ire|iremos|asistire|asistiremos|llego|llegamos|alcanzo)(?: a (?:ir|llegar|asistir"
        r"|poder))?(?: (?:(?:el|al|a la|a mi|este) )?(?:hoy|manana|<weekday>|turno|cita|consulta|hora|ni ahi"
        r"|a las))",
        unless=r"(?:anos|meses|tiempo|mucho)..2 que no voy",
        negatable=False,
    ),
    Rule(
        "no_time",
        0.7,
        r"no (?:me|nos) da(?:n)?..2 (?:tiempo|los tiempos|horario)|no (?:ire|iremos|asistire|asistiremos"
        r"|concurrire|voy|vamos)(?= [.,?]|$)|no (?:ire|iremos|asistire|asistiremos|concurrire)",
        unless=r"que no (?:voy|vamos)(?: [.,?]|$)",
        negatable=False,
    ),
    Rule(
        "will_not_go",
        0.7,
        r"no (?:voy|vamos|va|vaya|ibamos) a (?:ir|asistir|poder|llegar|acudir|alcanzar|estar)",
        unless=r"no (?:voy|vamos|va) a (?:poder )?(?:pagar|cancel\w+)",
        negatable=False,
    ),
    Rule(
        "day_not_possible",
        0.6,
        r"no (?:puedo|podre|podemos) (?:el |la |este |esta )?(?:hoy|manana|<weekday>|dia|semana"
        r"|ese dia)(?! ser)|(?:hoy|manana|<weekday>)(?: ya)? no (?:puedo|podre|podemos|voy|vamos|llego)",
        unless=r"que no puedo|si no puedo",
        negatable=False,
    ),
)

RESCHEDULE: tuple[Rule, ...] = (
    Rule(
        "reschedule",
        0.9,
        r"(?:reprogram|reagend|posterg|pospon|pospus|aplaz|reacomod|recalend)\w*",
    ),
    Rule(
        "move_appointment",
        0.85,
        r"(?:cambi|mov|muev|muov|adelant|atras|retras|recorr|corr[aei]|traslad)\w*..5 (?:<turno>|consulta)",
        unless=r"cambio de (?:direccion|telefono)",
    ),
    Rule(
        "pass_appointment",
        0.85,
        r"(?:pas|pate|dej)\w+..3 (?:<turno>|consulta)..6 (?:para|al?|mas)(?: \w+)?",
        unless=r"pasa\w*..2 (?:horarios|con)|deje? pasar",
    ),
    Rule(
        "appointment_moved",
        0.85,
        r"(?:<turno>|consulta)..9 (?:cambi\w+|mov\w+|corr[aei]\w*|adelant\w+|atras\w+|retras\w+|pas(?:ar\w*"
        r"|ame|es|a|e|as|en)|dejar\w*|dejas?|pate\w+)..3 (?:para|al?|otr[ao]|mas|una)",
    ),
    Rule(
        "change_day",
        0.85,
        r"(?:cambi|mov|muev|pas)\w*..2 (?:de|el|la|mi)? ?(?:dia|horario|fecha)|(?:cambi|mov|pas)\w+ (?:para"
        r"|al?) (?:otr[ao]|el|la|los|un)",
        unless=(
            r"pas\w+ (?:a|al) (?:la |el )?(?:<persona>)|pasa\w* por|cambi\w+ (?:el|la) (?:horario"
            r"|direccion) de (?:atencion|la clinica)"
        ),
    ),
    Rule(
        "move_it",
        0.7,
        r"(?:lo|la) (?:pod\w+|pued\w+|necesit\w+)..2 (?:cambi\w+|mov\w+|pas\w+|adelant\w+|corr\w+|para|mas"
        r"|un poco)|(?:cambia|move|corre|pasa|patea)(?:lo|la|melo|mela)|me (?:lo|la) (?:pate\w+|pas\w+"
        r"|cambi\w+|mov\w+|corr\w+|puede dejar)",
    ),
    # Weak alone; with "no puedo ir" they decide.
    Rule(
        "another_time",
        0.45,
        r"(?:para|hay|en|a|seria) otr[ao] (?:dia|horario|momento|semana|fecha|hora)|otro dia",
        unless=r"otro dia (?:te|les|los)",
    ),
    Rule(
        "instead",
        0.65,
        r"en vez del?|en lugar del?|mas bien",
    ),
    Rule(
        "another_date",
        0.65,
        r"(?:otra|nueva|distinta|diferente) (?:fecha|hora|cita)|(?:otro|nuevo|distinto) (?:turno|horario)"
        r"|(?:otro|otra) (?:dia|momento) (?:me|mejor|puede|seria)",
        unless=r"(?:sacar|pedir|agendar|necesito|quiero|quisiera|dar)..1 otr[oa] (?:turno|cita)",
    ),
    Rule(
        "to_another_day",
        0.75,
        r"(?:mov|muev|muov|cambi|corr|pas|dej|pate|atras|adelant|tir)\w*..1 (?:para|al?|hasta) (?:el "
        r"|la )?(?:<weekday>|otr[ao]|semana|proxim\w+|manana|siguiente|mas|mes)",
        unless=(
            r"otra vez|pas\w+ (?:a|al) (?:la|el) (?:<persona>)|pas\w* (?:a|al) (?:retir|busc)\w+"
            r"|dej\w+ (?:para )?otro momento"
        ),
    ),
    Rule(
        "give_me_another",
        0.6,
        r"(?:das?|dan|dais|dame|deme|consegui\w*|busc\w+|habria|habra)..1 otr[oa](?= [.,?]|$| dia| horario"
        r"| fecha| hora)",
    ),
    Rule(
        "prefers",
        0.6,
        r"prefiero..3 (?:turno|cita|hora|otro dia|el otro)|(?:me|nos) (?:cambi|muev|corr)\w+..2 (?:dia|hora"
        r"|fecha)",
    ),
    Rule(
        "has_one_but",
        0.6,
        r"(?:tenia|tengo|tenemos|teniamos) (?:un |una |el |la )?(?:<turno>)..9 (?:pero|solo puedo|podria"
        r"|no llego|a partir)",
    ),
    Rule(
        "same_day_later",
        0.55,
        r"(?:algo|lugar|hueco)..1 (?:mas tarde|mas temprano|antes)..2 (?:mismo|ese) dia",
    ),
    Rule(
        "bad_moment",
        0.4,
        r"(?:me|nos) (?:viene|queda|resulta|cae)n? (?:muy |re )?(?:mal|complicado|imposible)|se me complic\w+",
    ),
    Rule(
        "could_it_be",
        0.4,
        r"(?:puede|podria|pudiera|podemos|podriamos)(?: ser)? (?:a las|el|manana|mas|para|la|<weekday>)",
    ),
    Rule(
        "come_later",
        0.65,
        r"(?:podria\w*|puedo|podemos|podriamos) (?:ir|pasar|llegar)..2 (?:mas tarde|mas temprano|antes|despues)",
    ),
    Rule(
        "earlier_or_later",
        0.45,
        r"(?:mas tarde|mas temprano|mas adelante|un poco antes|un rato antes|una hor(?:a|ita))",
        unless=r"(?:escrib|llam|avis|confirm|habl)\w+..2 mas tarde",
        requires=r"<turno>|ir|llego|puedo",
    ),
)
