"""What makes a message an emergency, and what takes it back.

Missing one is the worst mistake of the assistant, so plain pain counts until the text itself says that it is slight,
over, or only a question. ``RED_FLAGS`` are never taken back by "un poquito".
"""

from __future__ import annotations

from dentalist.domain.understanding.rules import Rule

RED_FLAGS: tuple[Rule, ...] = (
    Rule(
        "at_the_end",
        0.75,
        r"^(?:ay |por favor |doctor\w* )?(?:ya )?no (?:l[oa] )?(?:aguanto|soporto|doy"
        r"|puedo)(?: mas)?(?: por favor)?(?: [.?])?$|no (?:me|le|se lo) (?:calma|alivia|hace|quita|saca"
        r"|baja)(?: con)? nada",
        negatable=False,
    ),
    Rule(
        "face_swollen",
        0.95,
        r"<cara>..5 (?:<hinchado>)|(?:<hinchado>)..5 <cara>",
        unless=r"va a (?:hinch|inflam)\w+|puede (?:hinch|inflam)\w+|hinch\w+..3 con la anestesia",
    ),
    Rule(
        "face_like_a_balloon",
        0.95,
        r"<cara>..4 (?:como|es|parece|hecha|de)(?: un| una)? (?:globo|melon|pelota|balon|sapo|sandia|zapallo"
        r"|hinchad[oa])",
    ),
    Rule(
        "swollen_all_over",
        0.9,
        r"(?:estoy|esta|toy|amaneci|desperte|tengo) (?:tod[oa]|muy|super|re)..1 hinchad[oa]|se (?:me|le) hinch\w+ todo"
        r"|<boca>..2 (?:muy|re|toda|super) (?:hinch|inflam)\w+|hinchazon",
    ),
    Rule(
        "bleeding_does_not_stop",
        0.95,
        r"no (?:me |le |se me |se |nos )?(?:para|paro|deja|dejo|cesa|detiene|corta|corto|puedo (?:parar|cortar"
        r"|detener))..4 (?:sangr\w+|hemorragia)|(?:sangr\w+|hemorragia)..5 no (?:me |le |se me |se le |se "
        r"|lo )?(?:para|paro|deja|detiene|corta|puedo|quiere|frena|cesa)|sangr\w+..4 (?:y|,|\.|que) no (?:me "
        r"|le |se )?(?:para|deja|detiene|corta)",
        negatable=False,
    ),
    Rule(
        "bleeding_heavily",
        0.95,
        r"sangr\w+..3 <mucho>|(?:mucha|tanta|bastante) sangre|a chorros|hemorragia|desangr\w+",
        unless=r"tuv[eo]..3 hemorragia|hemorragia hace",
    ),
    Rule(
        "spits_blood",
        0.9,
        r"(?:escup|bot|sal|chorre|ech|vomit|perd|llen|lag|trag)\w*..5 sangre",
    ),
    Rule(
        "tooth_broken_or_lost",
        0.9,
        r"(?:se (?:me|le|nos)|me|le|se|ha|he)(?: \w+)? (?:cayo|caido|salio|salido|partio|partido|quebro"
        r"|quebrado|rompio|roto|zafo|zafado|volo|aflojo|aflojaron|movio|fracturo|fracturado|astillo|desprendio"
        r"|partieron|rompieron|quebraron|cayeron|salieron|quebre|rompi|parti|revente|fracture|saltado|salto"
        r"|arranco)..4 <diente>|(?:rompi|revente|parti|quebre|fracture|perdi|perdio|vole|arranque|boto"
        r"|bote)..3 <diente>|<diente>..1 (?:baila\w*|floj[oa]s?|suelt[oa]s?|colgando|movid[oa]s?)"
        r"|baila..3 <diente>|<diente>..2 (?:rot[oa]s?|partid[oa]s?|quebrad[oa]s?|fracturad[oa]s?)",
        unless=(
            r"de leche|protesis|dentadura|(?<!se )(?:le|me) (?:esta(?:n)? )?(?:salio|salieron|han? salido)..4 <diente>"
            r"|sali\w+ (?:unas? |unos )?(?:manch|punt|gran|llag|mugre|sarro|raya)\w*|hace (?:anos|meses|mucho"
            r"|tiempo|rato|un ano)|no (?:me )?(?:molesta"
            r"|duele|da guerra)|no es urgente|urgente no es"
            r"|astill\w+(?=.* (?:lugar|semana|turno|cita|cuando)(?!\w))|(?:lugar|semana|turno|cita)(?!\w).* astill\w+"
        ),
    ),
    Rule(
        "tooth_displaced",
        0.9,
        r"(?:desplaz|hund|incrust|torci|clav)\w*..3 <diente>|<diente>..3 (?:desplaz|hundid|incrustad|torcid)\w*",
        unless=r"torcid\w+|de leche (?:torcid|desplaz)\w+",
    ),
    Rule(
        "blow_to_the_mouth",
        0.9,
        r"(?:golpe\w*|pego|pegue|pegaron|choque|accidente|caida|cayo|caido|cai|hostia|palo|trompada|codazo"
        r"|pelotazo|balonazo|rodillazo|cabezazo|patada|puneta\w+|pina|choqu[eo]|lastim\w+|cort[eo]|abrio"
        r"|atropell\w+)..8 <boca>",
        unless=r"de leche|hace (?:anos|meses)|en la cara (?:el|los|la|del) preci\w+",
    ),
    Rule(
        "breathing_swallowing_opening",
        0.95,
        r"(?:no|cuesta|dificultad|dificil|apenas|sin poder)..4 (?:respir\w+|tragar|deglutir|trago|(?:abrir"
        r"|cerrar|mover)..2 boca)|trabad[ao]..2 (?:mandibula|boca|quijada)|(?:mandibula|quijada)..2 (?:trab"
        r"|salio|desencaj)\w*|(?:cuesta|no puedo|dificultad para)..1 hablar(?! con)"
        r"|no puedo pasar..2 (?:saliva|agua|comida|nada)|(?:cerr|cierr)\w*..2 garganta|ahog\w+|falta el aire"
        r"|sin aire|asfixi\w+",
        negatable=False,
    ),
    Rule(
        "swallowed_something",
        0.9,
        r"(?:trague|trago|tragado|aspir[oe])..2 (?:un|una|el|la) \w+|(?:clav|ator|atrag|atasc)\w*..6 garganta",
        unless=r"saliva|trago en",
    ),
    Rule(
        "pus_or_infection",
        0.85,
        r"pus|absceso|flemon\w*|infec\w+|suput?r\w+|(?:sal|bot|larg)\w*..3 (?:algo|liquido"
        r"|materia)..2 (?:amarill|verd|blanc)\w+",
        unless=(
            r"a (?:mi|una|un) (?:vecin|amig|companer|conocid|prim)\w+..9|(?:precio|cuanto) \w+|(?:tuve"
            r"|tenia|el ano pasado|hace anos)..6 (?:flemon|absceso|infec\w+)"
        ),
    ),
    Rule(
        "fever_and_mouth",
        0.95,
        r"fiebre|febril|calentura|temperatura|escalofrios|3[89](?:\.\d)?|4[01]",
        unless=r"no (?:voy|vamos|puedo|podre|podremos|va)..6",
        requires=r"<hinchado>|<boca>|<cara>|dol\w+|duel\w+|extraccion|sacaron|operaron|cirugia|implante|pus",
    ),
    Rule(
        "severe_pain",
        0.95,
        r"due[lr]\w*..6 <mucho>|<mucho>..2 dolor\w*|dolor\w*..5 <mucho>|dolorazo|doloron"
        r"|me (?:esta )?mata\w*..3 dolor|due[lr]\w*..6 una (?:banda|bocha|barbaridad)|dolor\w* que no me deja"
        r"|muy adolorid\w+"
        r"|mucho duele|veo..2 estrellas|me (?:explota|revienta|estalla)|dolor..5 (?:oido|cabeza|ojo)",
        unless=(
            r"<will_it_hurt>|due[lr]\w*..2 (?:que te|que me (?:saquen|pongan|hagan))|no es tan..1 (?:terrible"
            r"|fuerte|grave)|(?:da|dan|produce|causa|sin) dolor\w*|(?:tuve|tenia|dolia|dolio)..4 (?:pero"
            r"|despues|cuando|la otra|el ano)"
            r"|(?:la otra vez|la ultima vez|el ano pasado|la vez pasada)..4 (?:tuve|tenia|dolia|dolio)"
        ),
        requires=r"me|le|nos|tengo|tiene|estoy|esta|siento|con|traigo|trae|ando|llevo|dolor\w*|muelas?",
    ),
    Rule(
        "pain_unbearable",
        0.95,
        r"no (?:l[oa] |me |la )?(?:aguant\w+|soport\w+|resist\w+|toler\w+|doy mas|puedo mas|puedo con)"
        r"|insoportable|inaguantable|me muero|muero|desesperad[oa]|llorando|llora|grita\w*|ya no se que tomar"
        r"|me retuerzo|(?:estoy|ando) (?:re |muy )?mal (?:de|con|por) (?:la|el|una) (?:muela|diente|dolor)"
        r"|a la miseria|(?:estoy|encuentro|ando|paso)..2 fatal",
        unless=(
            r"(?:llora\w*|grita\w*)..5 no le duele|(?:llora\w*|grita\w*)..3 (?:cuando|si|al) (?:le |la "
            r"|lo )?(?:cepill\w+"
            r"|lav\w+)"
        ),
        requires=r"<hurting>",
        negatable=False,
    ),
    Rule(
        "pain_does_not_pass",
        0.9,
        r"(?:dol\w+|duel\w+)..8 no (?:se )?(?:me|le)? ?(?:pasa|quita|va|calma|baja|cede)|no (?:se )?(?:me|le"
        r"|se) ?(?:pasa|quita|calma|va|cede)..3 (?:dolor|con nada)|(?:ketorolac\w*|ibuprofeno\w*"
        r"|paracetamol\w*|tramadol|diclofenac\w*|analgesic\w*)..4 (?:nada|no)",
        requires=r"<hurting>",
        negatable=False,
    ),
    Rule(
        "pills_do_nothing",
        0.85,
        r"(?:tom[eo]|tomad[oa]|tomando|tomamos)..4 (?:ketorolac\w*|ibuprofeno\w*|paracetamol\w*|tramadol|diclofenac\w*"
        r"|analgesic\w*|calmantes?|antiinflamatorios?|pastillas?)(?: y)?(?: ni asi)?(?: ,)? (?:nada|(?:no|y no"
        r"|ni) (?:me |se )?"
        r"(?:hace|pasa|calma|baja|alivia|quita))",
        negatable=False,
    ),
    Rule(
        "no_sleep_for_pain",
        0.9,
        r"no (?:he |me )?(?:puedo|pude|podido|deja|dejo|duerm\w+|dormi|pegue)..3 (?:dormir|comer|ojo|noche"
        r"|hablar|nada)?|sin dormir..3 (?:muela|diente|dolor)|sin dormir|toda la noche (?:despiert\w+"
        r"|llorando|con dolor)|(?:me )?(?:desperto"
        r"|despierta)..3 dolor",
        unless=r"no (?:puedo|pude) (?:ir|asistir|llegar)",
        requires=r"dol\w+|duel\w+|hinch\w+|muelas?|dientes?",
        negatable=False,
    ),
    Rule(
        "cannot_eat",
        0.85,
        r"(?:sin poder|no (?:me |le )?(?:puedo|puede|deja|podido))..2 (?:comer|masticar|morder|dormir"
        r"|descansar)",
        unless=r"despues de|puedo comer|(?:chicle|turron)",
        negatable=False,
    ),
    Rule(
        "half_face_numb",
        0.85,
        r"(?:durmio|dormid[oa]|adormec\w+|paraliz\w+|durmiendo|caid[ao])..3 (?:cara|lengua|labio|boca|ojo)"
        r"|(?:cara|lengua"
        r"|labio|boca)..2 (?:dormid[oa]|adormecid[oa]|paralizad[oa]|torcid[oa])",
        unless=(
            r"(?:horas|hoy)..4 anestesia|^(?!.*(?<!\w)(?:ayer|anteayer|anoche|dias?|semana|<weekday>)(?!\w))"
            r".*(?:dormid\w*|adormecid\w*)..4 anestesia"
        ),
    ),
    Rule(
        "gum_burst",
        0.85,
        r"(?:revento|reventaron|abrio|abrieron)..3 (?:encia|herida|puntos|labio)|(?:solt|abri"
        r"|salt)\w+..2 puntos",
    ),
    Rule(
        "throbbing",
        0.85,
        r"lat(?:e|en|ir|iendo|idos?)..4 (?:cara|muelas?|dientes?|encias?|cabeza|boca)|(?:pulsa"
        r"|punza)\w*..3 (?:muela|diente|encia)|(?:muela|diente|encia|cara)..3 lat(?:e|en|iendo)",
    ),
    Rule(
        "after_surgery",
        0.9,
        r"(?:extraccion|cirugia|operacion|operaron|sacaron|colocaron|implante|cordales"
        r"|extrajeron)..9 (?:sangr\w+|fiebre|pus|hinchad\w+|dura|supur\w+|mal olor|adormecid\w+)",
        unless=r"es normal..3 (?:un poco|algo)|poquito|precio|cuanto (?:sale|cuesta|vale)",
    ),
    Rule(
        "fainting",
        0.95,
        r"desmay(?!aba)\w+|inconsciente|perdio el conocimiento|convuls\w+|no responde|no reacciona",
        unless=(
            r"desmay\w+ (?:una|alguna|aquella|esa|la otra|la ultima) vez(?! mas)|(?:una|alguna"
            r"|la otra) vez..2 desmay\w+"
        ),
    ),
    Rule(
        "allergic_reaction",
        0.9,
        r"reaccion alergica|reaccion (?:a|con|por) la anestesia|ronchas|me dio alergia"
        r"|alergia..4 (?:antibiotico|anestesia|remedio)",
    ),
    Rule(
        "wants_to_die",
        0.9,
        r"suicid\w+|quitarme la vida|no quiero (?:seguir viviendo|vivir)",
        negatable=False,
    ),
    Rule(
        "help_call",
        0.85,
        r"auxilio|socorro|ambulancia|s o s|sos ayuda",
    ),
    Rule(
        "foreign_red_flag",
        0.9,
        r"toothache|tooth pain|jaw..2 swell\w+|severe pain|terrible pain|swollen|bleeding|knocked out"
        r"|muita dor|dor insuportavel"
        r"|unbearable|inchad\w+",
    ),
    Rule(
        "foreign_emergency",
        0.85,
        r"emergency|urgent|dor de dente|dor forte|sangrando muito",
    ),
    Rule(
        "ball_in_gum",
        0.85,
        r"(?:bola|bolita|pelota|bulto|grano)..3 (?:encia|paladar|boca|cara|mejilla)..6 (?:duele|pus)",
    ),
)

# A word that names many things besides: not believed where the message as a whole reads like anything but an emergency.
DOUBTFUL = frozenset({"says_emergency", "says_urgent", "on_call", "pus_or_infection"})

# The word itself, unless it is somebody else's emergency, only its price, or a hurry that a wedding explains.
_NO_SYMPTOM = r"(?!.*(?<!\w)(?:<hurting>|<hinchado>|sangr\w+|clav\w+|lastim\w+|romp\w+|rot[oa]|part\w+|golpe\w*)(?!\w))"
_NO_EMERGENCY = (
    r"<not_ours>|no (?:es|hay|sea|seria|tengo) (?:una |ninguna |nada de )?(?:urgencia|emergencia)"
    r"|urgencia no (?:es|hay)"
    r"|sin (?:ser )?(?:urgencia|emergencia)|internad\w+ de (?:urgencia|emergencia)|urgencia de bano"
    r"|(?:una|mi) (?:amig|prim|vecin|conocid)\w+..4 urgencia"
)
HURRIES: tuple[Rule, ...] = (
    Rule(
        "hurry_for_a_paper",
        1,
        r"urgente\w*..5 (?:facturas?|recibos?|presupuestos?|certificados?|entrega)|(?:facturas?|recibos?|presupuestos?"
        r"|certificados?|entrega)..3 urgente\w*",
        negatable=False,
    ),
)
EXPLICIT: tuple[Rule, ...] = (
    Rule(
        "has_emergency",
        0.9,
        r"(?:es|son|tengo|tenemos|tiene|estoy con|hay|muy|con) (?:una |como una )?(?:urgencia|emergencia)",
        unless=rf"{_NO_EMERGENCY}|(?:considera|que es|cuando es|cuenta como)..2 (?:urgencia|emergencia)"
        r"|(?:precio|valor|costo)..3 es..2 urgencia",
    ),
    Rule(
        "says_emergency",
        0.9,
        r"(?:es|tengo|tenemos|hay|por|una|de|atienden|reciben|atendes|atendeis|muy) (?:una )?(?:urgencias?"
        r"|emergencias?)|emergencia|urgencia",
        unless=(
            rf"{_NO_EMERGENCY}|(?:precios?|cuanto|costos?|valor|arancel|tarifa|cobr\w+)..6 (?:urgencias?|emergencias?)"
            r"|(?:urgencias?|emergencias?|guardia)..6 (?:cuanto|precios?|aparte|cobr\w+|costos?|valor|(?:se|lo"
            r"|la) paga)"
            r"|(?:considera|que es|cuando es|cuenta como)..2 (?:urgencia|emergencia)|(?:urgencia"
            r"|emergencia)..3 considera"
            r"|(?:urgencias?|emergencias?)(?: tambien)? (?:los|el|en|de) (?:domingos?|sabados?|feriados?|fin\w*|noche)"
        ),
    ),
    Rule(
        "says_urgent",
        0.75,
        r"urgente\w*|urgentisimo|urge doctor\w*",
        unless=(
            r"no es..1 urgente|urgente lo de|puede esperar|nada urgente|no tan urgente|sin urgencia|factura"
            r"|recibo|presupuesto|(?:entrega|reunion|mail|pedido|tramite|trabajo|laburo|llamada|viaje"
            r"|asunto)..1 urgente"
            r"|no urgente|urgente no|no (?:me )?urge"
            rf"|^{_NO_SYMPTOM}.*(?<!\w)(?:limpieza|control|chequeo|placa|blanque\w+|ortodoncia|brackets?"
            rf"|alineadores|carillas?"
            r"|certificado|radiografias?|panoramica|me caso|viaj[oe]|viajamos|casamiento|boda|fiesta|fotos)(?!\w)"
        ),
    ),
    Rule(
        "on_call",
        0.8,
        r"guardia",
        unless=(
            r"guardia(?:s)? civil|(?:estoy|trabajo|tengo)..3 guardia|(?:una|mi) (?:amig|prim|vecin"
            r"|conocid)\w+..4 urgencia|guardia (?:los|el|de) (?:domingos?|sabados?|fin\w*|feriados?|noche)"
            r"|(?:precios?|cuanto|costos?|valor|arancel|cobr\w+)..6 guardia"
            r"|guardia..4 (?:cuanto|precios?|aparte|cobr\w+|costos?|valor|(?:se|lo|la) paga)"
        ),
    ),
)
