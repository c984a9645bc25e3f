"""What calls an appointment off, or moves it."""

from __future__ import annotations

from dentalist.domain.understanding.rules import Rule

CANCEL: tuple[Rule, ...] = (
    Rule(
        "cancel",
        0.9,
        r"cancel(?! appointment)\w*|anul(?:ar\w*|a|ame|e|en|eme|o)|suspend\w+",  # no identifier
        unless=(
            r"suspender..2 (?:aspirina|medic\w+|pastillas?|anticoagulante|remedios?|antibiotico)|suscripcion"
            r"|notificacion\w*|recordatorios|cancel\w+..2 (?:la deuda|la cuota|con tarjeta|en cuotas"
            r"|en efectivo)"
            r"|politica..2 cancel\w+|sin cancelar|si cancelo|cancelar la deuda"
            r"|puedo cancelar en (?:cuotas|efectivo)"
        ),
    ),
    Rule(
        "remove_appointment",
        0.85,
        r"(?:borr\w+|elimin\w+|quit\w+|baja\w*|de baja|liber\w+)..3 (?:<turno>|lugar)|de baja (?:del?|el"
        r"|la)..1 (?:<dia>)",
        unless=r"presion|baja..2 (?:promo\w*|mensaj\w+)",
    ),
    Rule(
        "been_elsewhere",
        0.85,
        r"ya (?:me|lo|la|fui)(?: \w+){0,4} (?:otro|otra) (?:lado|lugar|dentista|clinica|parte|consultorio)",
        requires=r"<turno>|lugar|ir",
    ),
    Rule(
        "leave_it",
        0.65,
        r"(?:lo|la) (?:dejamos|dejo|dejemos)..2 (?:otra vez|otra oportunidad|mas adelante|ahi)"
        r"|deja(?:l[oa]|mosl[oa]) para (?:otro momento|otra oportunidad|mas adelante)",
    ),
    Rule(
        "place_for_another",
        0.8,
        r"(?:dale|den|dar|dele|darle)(?: el| mi)? (?:lugar|turno|cita|hora) a (?:otr\w+|alguien)|cede\w+ (?:el|mi)",
    ),
    Rule(
        "without_effect",
        0.85,
        r"(?:dej(?:o|amos|emos|alo|ala|en|e)|olvid\w+|desist\w+|prescind\w+|declin\w+|liber\w+)..3 (?:<turno>"
        r"|espacio|lugar)(?= [.,?]|$| de)|(?:me|bajame|bajo)..1 (?:bajo|del?)..2 (?:<turno>)(?= [.,?]|$| de)"
        r"|no (?:me )?esper(?:en|eis|es)(?= [.,?]|$)|no hace falta..4 (?:<turno>)|no va a hacer falta"
        r"|sin efecto|no c(?:ue|o)nt\w+ conmigo|dar?me de baja (?:el|la) (?:<turno>)|bajarme del? (?:<turno>)",
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
        r"(?:borr|quit|saqu|tach)\w*..5 (?:del <weekday>|de hoy|de manana|lista del)|no quiero ir(?= [.,?]|$)"
        r"|mejor ya no|(?:borr|quit|sac|saqu|elimin|tach)\w*..5 agenda",
    ),
    Rule(
        "appointment_off",
        0.75,
        r"nao (?:vou|posso|consigo)..2 (?:poder|conseguir|ir|comparecer)|desmarcar|(?:can t|cannot"
        r"|won t be able to)..2 (?:make it|come)|lo de (?:<dia>)..4 no (?:va|voy|puedo|podre)",
        negatable=False,
    ),
)

# What the clinic did, or may have done, asks for nothing to be changed.
BY_THE_CLINIC: tuple[Rule, ...] = (
    Rule(
        "clinic_changed_it",
        0.8,
        r"(?:me|nos|se)(?: l[oa])? (?:cancel|suspend|anul|cambi|mov|corr|pas)(?:aron|ieron|asteis|isteis)"
        r"|(?:me|nos) hab(?:eis|ran|ian?) (?:cancelado|cambiado|movido|anulado|suspendido)|se cancelo",
        unless=(
            r"me (?:cancel|suspend|cambi|anul)\w+..2 (?:vuelo|viaje|permiso|horario en|turno en|trabajo"
            r"|pega)|en vez|en lugar"
        ),
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
        unless=r"(?:anos|meses|tiempo|mucho)..2 que no voy|si no voy",
        negatable=False,
    ),
    Rule(
        "no_time",
        0.7,
        r"(?:ya|siempre|al final|finalmente|mejor)..2 no (?:voy|vamos|ire|va)(?= [.,?]|$| a ir)"
        r"|no la voy a armar|no alcanzo..2 ir|no (?:me|nos) da(?:n)?..2 (?:tiempo|los tiempos|horario)"
        r"|no (?:ire|iremos|asistire|asistiremos"
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
        r"|ese dia)(?! ser)|(?:hoy|manana|<weekday>)(?: ya)? no (?:puedo|podre|podemos|voy|vamos|llego)"
        r"|(?:hoy|manana|<weekday>)(?: ya)? no me (?:va|viene|queda|cuadra|acomoda)(?: muy| nada)? bien",
        unless=r"que no puedo|si no puedo",
        negatable=False,
    ),
)

RESCHEDULE: tuple[Rule, ...] = (
    Rule(
        "reschedule",
        0.9,
        r"(?:reprogram|reagend|posterg|pospon|pospus|aplaz|reacomod|recalend|reasign|reschedul|remarc)\w*"
        r"|modificar..3 (?:<turno>|cita|hora)|otra alternativa|(?:move|change)..2 appointment"
        r"|mudar..2 (?:horario|consulta)",
    ),
    Rule(
        "change_it",
        0.8,
        r"(?:dej|pas|corr|mov|cambi)\w*(?:mosl[oa]|moslo) (?:para|al?)|no me queda..1 (?:dia|horario|hora)"
        r"|(?:la|lo|melo|mela|sela|selo)..2 (?:cambi|corr[aeio]|muev|mov|pate|adelant|recorr|atras|retras"
        r"|reacomod|tir[aeo])"
        r"\w*|(?:pas|cambi|muev|corr|adelant|atras|tir|pate)(?:e|a|ame|eme|are|aste)?(?:melo|mela|sela|selo|lo|la)"
        r"|la (?:puede|podemos|pueden|podeis) (?:dejar|pasar)|me (?:la|lo) pas\w+..1 (?:para|a|al)",
        unless=r"(?:la|lo) (?:corr|pas)\w+..2 (?:con|al) <persona>|pasamela|pasamelo",
    ),
    Rule(
        "can_it_be_moved",
        0.65,
        r"se (?:puede|podra|podria|pudiera)..2 (?:mas tarde|mas temprano|otr[oa]|atras\w+|retras\w+|adelant\w+"
        r"|cambi\w+"
        r"|mover|correr|pasar)|puedo ir..2 (?:mas tarde|mas temprano|despues|a y media)|hay chance de..2 adelant\w+"
        r"|<hay> otr[oa](?= [.,?]|$| horario| hora| fecha)",
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
        unless=r"pasa\w*..2 (?:horarios|con)|deje? pasar|pas\w+ (?:un|una) (?:<turno>)",
    ),
    Rule(
        "appointment_moved",
        0.85,
        r"(?:<turno>)..9 (?:no )?(?:l[oa] )?(?:podran?|podria\w*|pueden?) (?:pon|dej|pas|cambi)\w+..1 (?:el"
        r"|para)|(?:<turno>|consulta)..9 (?:cambi\w+|mov\w+|corr[aei]\w*|adelant\w+|atras\w+|retras\w+"
        r"|pas(?:ar\w*"
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
        r"no (?:puedo|voy|llego|podre)(?: \w+){0,3} [.,] (?:el |la )?<dia>(?: \w+){0,4} si|no (?:puedo|podre"
        r"|llego|voy|me queda|alcanzo)(?: \w+){0,4} [.,](?: \w+){0,3} <dia>(?: \w+){0,3} \?"
        r"|(?:para|hay|en|a|seria) otr[ao] (?:dia|horario|momento|semana|fecha|hora)|otro dia",
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
        unless=(
            r"(?:sacar|pedir|agendar|necesito|quiero|quisiera|dar)..1 otr[oa] (?:turno|cita)|^otr[oa] (?:turno"
            r"|cita)"
        ),
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
        r"(?:me|nos) (?:viene|queda|resulta|cae|cuadra)n? (?:muy |re |mas )?(?:mal|complicado|imposible"
        r"|incomodo|dificil|mejor)"
        r"|se me (?:complic|cruz|junt|superpus)\w+|no me (?:acomoda|sirve|va bien|cuadra)..2 (?:hora|horario"
        r"|dia|cita|turno)",
    ),
    Rule(
        "could_it_be",
        0.4,
        r"(?:puede|podria|pudiera|podemos|podriamos)(?: ser)? (?:a las|el|manana|mas|para|la|<weekday>)",
    ),
    Rule(
        "come_later",
        0.65,
        r"(?:tien\w+|ten[ei]s|hay)..2 horario..1 mas (?:tarde|temprano).{0,20} mi <turno>|y si (?:voy|vamos"
        r"|llego|paso)..2 (?:mas tarde|mas temprano|antes|despues|otro dia)|(?:atender|verme"
        r"|ver)..2 antes de mi (?:<turno>)|(?:podria\w*|puedo|podemos|podriamos) (?:ir|pasar"
        r"|llegar)..2 (?:mas tarde|mas temprano|antes|despues)",
        unless=r"\d+ minutos",
    ),
    Rule(
        "earlier_or_later",
        0.45,
        r"(?:mas tarde|mas temprano|mas adelante|un poco antes|un rato antes|una hor(?:a|ita))",
        unless=r"(?:escrib|llam|avis|confirm|habl)\w+..2 mas tarde",
        requires=r"<turno>|ir|llego|puedo",
    ),
)
