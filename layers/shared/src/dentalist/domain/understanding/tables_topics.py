"""What a general inquiry is about."""

from __future__ import annotations

from collections.abc import Mapping

from dentalist.domain.understanding.intents import Topic
from dentalist.domain.understanding.rules import Rule

TOPICS: Mapping[Topic, tuple[Rule, ...]] = {
    Topic.GREETING: (
        Rule(
            "greeting",
            0.9,
            r"hola|holis|holi|buenas|buenos dias|buen dia|que tal|como (?:estas?|estan|andan?|va)|saludos?"
            r"|cordial saludo|hello|hi|ola|oi|bom dia|boa tarde",
            negatable=False,
        ),
    ),
    Topic.THANKS: (
        Rule(
            "thanks",
            0.9,
            r"gracias|agradec\w+|te pasaste|mil gracias|muy amable|genial|joya|buenisimo|excelente|thanks"
            r"|thank you|obrigad[oa]|de acuerdo|vale|ok|listo|perfecto|dale|barbaro|bendiga",
            negatable=False,
        ),
    ),
    Topic.CLOSING: (
        Rule(
            "closing",
            0.8,
            r"chau|chao|adios|hasta (?:luego|manana|pronto)|nos vemos|bye|que (?:este|tenga|tengas)..2 (?:bien"
            r"|buen|linda)",
            negatable=False,
        ),
    ),
    Topic.ADDRESS: (
        Rule(
            "where",
            0.85,
            r"(?:por )?donde..3 (?:qued\w+|esta|estan|estais|ubica\w*|encuentra\w*|atiend\w+|es|son"
            r"|los encuentro)|ubicacion|ubicad[oa]s|direccion|como (?:llego|llegar|hago para llegar|se llega)"
            r"|domicilio|google maps|mapa|en que (?:calle|sector|barrio|zona|colonia|localidad|parte|comuna)"
            r"|(?:calle|avenida|cerca)..3 (?:qued\w+|estan)|cerca de que|se mudaron|por donde qued\w+"
            r"|mandame la ubicacion",
            negatable=False,
        ),
    ),
    Topic.PARKING: (
        Rule(
            "parking",
            0.9,
            r"estacion(?:ar|amiento)\w*|parqueadero|parking|aparcar|aparcamiento|cochera|garage|parquear",
        ),
    ),
    Topic.HOURS: (
        Rule(
            "hours",
            0.85,
            r"horarios?|(?:a|hasta|desde|en|de) que hora..4 (?:abr\w+|cierr\w+|atiend\w+|estan|esta|hay"
            r"|trabaj\w+|tienen|empiez\w+|estais|pued\w+ ir)|(?:que|cuales) dias..2 (?:atiend\w+|abr\w+"
            r"|trabaj\w+|estan|vienen)|(?:atiend\w+|abr[ei]\w*|abierto\w*|trabaj\w+|estan|laburan"
            r"|cierran)..3 (?:sabados?|domingos?|feriados?|festivos?|lunes|martes|miercoles|jueves|viernes"
            r"|fin(?:es)? de semana|ahora|hoy)|estan abiertos|hasta que hora|a que hora (?:abren|cierran)",
            unless=r"horarios? (?:disponib\w+|libres?)",
            negatable=False,
        ),
    ),
    Topic.INSURANCE: (
        Rule(
            "insurance",
            0.85,
            r"obras? sociales?|prepagas?|seguros?|mutual\w*|aseguradora\w*|convenios?|isapre\w*|fonasa|eps"
            r"|cuadro medico|cobertura|polizas?|pami|osde|ioma|swiss medical|galeno|sancor|medife|omint|osecac"
            r"|metlife|gnp|axa|sanitas|adeslas|asisa|dkv|mapfre|sura|colsanitas|compensar|coomeva|nueva eps"
            r"|imss|issste|banmedica|cruz blanca|colmena|consalud|muface|reintegro|plan medico",
            unless=r"(?:estoy|no estoy|estas) segur[oa]|segur[oa] que|seguro social del trabajo",
            negatable=False,
        ),
    ),
    Topic.PAYMENT: (
        Rule(
            "payment",
            0.85,
            r"(?:pag\w+|abon\w+|acept\w+|recib\w+|toman?|cobr\w+)..4 (?:tarjetas?|efectivo|transferencia"
            r"|cuotas|credito|debito|mercado pago|bizum|nequi|daviplata|paypal|cheque|plazos|dolares|qr|modo"
            r"|yape|webpay)|posnet|datafono|redcompra|terminal (?:para|de)|meses sin intereses|(?:medios"
            r"|formas|metodos) de pago|financia\w+"
            r"|tarjeta de (?:credito|debito)|en cuotas|a plazos|bizum|nequi|daviplata|mercado pago|facilidades",
            negatable=False,
        ),
    ),
    Topic.PHONE: (
        Rule(
            "phone",
            0.85,
            r"(?:pas\w+|dar|das|dame|cual es|tien\w+|me da|tenes)..4 (?:telefono|celular|mail|correo|numero"
            r"|email)|(?:a|por) que numero|telefono (?:del|de la|fijo)|numero de telefono",
            negatable=False,
        ),
    ),
    Topic.TREATMENT: (
        Rule(
            "do_you_do",
            0.8,
            r"(?:hac\w+|realiz\w+|trabaj\w+ con|coloc\w+|ofrec\w+|manej\w+|ponen|atiend\w+)..3 (?:implantes?"
            r"|ortodoncia|endodoncias?|blanqueamientos?|brackets?|limpiezas?|carillas|protesis|extracciones"
            r"|odontopediatria|alineadores|invisalign|coronas|ninos|chicos|bebes|radiografias|cirugias?"
            r"|diseno)",
            negatable=False,
        ),
        Rule(
            "how_long",
            0.75,
            r"cuanto (?:dura|tarda|demora|tiempo)|cuantas sesiones|duele..4 (?:endodoncia|implante"
            r"|blanqueamiento|extraccion|limpieza|ortodoncia)|(?:endodoncia|implante|blanqueamiento"
            r"|extraccion)..2 duele",
            negatable=False,
        ),
        Rule(
            "who_attends",
            0.7,
            r"quien(?:es)?..4 (?:atiend\w+|dentista|odontolog\w+|doctor\w*)|como se llama (?:la|el)",
            negatable=False,
        ),
    ),
    Topic.MY_APPOINTMENT: (
        Rule(
            "when_is_mine",
            0.85,
            r"(?:cuando|a que hora|que dia|para cuando)..3 (?:es|era|tengo|tenia|seria)..4 (?:<turno>"
            r"|consulta)?|(?:el|mi) (?:turno|cita) (?:es|era) (?:el|a|manana|hoy)|tengo (?:turno|cita|hora)..4"
            r"|recordar..4 (?:turno|cita|hora)"
            r"|(?:turno|cita|hora|lo mio)..4 (?:es|era)..5 o (?:el|a|con)",
            negatable=False,
        ),
        Rule(
            "which_are_mine",
            0.85,
            r"(?:que|cuales|cuantos|cuantas) (?:turnos|citas|horas) (?:tengo|tenemos)(?! (?:disponibles?|libres?"
            r"|para))"
            r"|(?:cuales|cuando|decis|decime|dices|dime|digame|pasas|pasame|mandame|ver|saber|son) mis (?:turnos"
            r"|citas)"
            r"|(?:mi|el) (?:turno|cita) sigue (?:en pie|firme|vigente)|sigue (?:en pie|firme|vigente)..2 (?:turno"
            r"|cita)",
            negatable=False,
        ),
    ),
    Topic.CONFIRM_APPOINTMENT: (
        Rule(
            "confirms",
            0.8,
            r"confirmo|confirmad[oa]|confirmar..2 (?:asistencia|turno|cita)|ahi (?:estare|estoy|voy)|si voy"
            r"|asistire|alli estare|no voy a cancelar|no quiero cancelar|nos vemos (?:manana|hoy|el)",
            unless=(
                r"despues (?:te |les |le )?confirmo|(?:te|les|le) confirmo (?:despues|luego|mas tarde)"
                r"|no asistire"
            ),
        ),
    ),
    Topic.RUNNING_LATE: (
        Rule(
            "late",
            0.85,
            r"(?:voy|llego|estoy|llegare|vamos|llegamos)..3 (?:tarde|atrasad\w+|demorad\w+|retrasad\w+|retraso"
            r"|retraso)|llego en \d+|en \d+ (?:minutos )?(?:llego|estoy|minutos llego)|(?:estoy|voy) en camino"
            r"|me (?:demor|atras|retras)\w+",
            negatable=False,
        ),
    ),
    Topic.ARE_YOU_A_BOT: (
        Rule(
            "bot",
            0.85,
            r"(?:sos|eres|es|esto es|estoy hablando|hablo)..4 (?:bot|robot|maquina|ia|inteligencia artificial"
            r"|automatic\w+|persona real)|contestador",
        ),
    ),
    Topic.AVAILABILITY_LATER: (
        Rule(
            "later",
            0.8,
            r"(?:te|les|le|los|lo) (?:escrib\w+|aviso|llam\w+|confirm\w+|habl\w+|digo"
            r"|consult\w+)..3 (?:mas tarde|luego|despues|manana)?|(?:despues|luego|mas tarde) (?:te|les|le|los"
            r"|lo) (?:escrib\w+|aviso|llam\w+|confirm\w+)|lo pienso|lo voy a pensar"
            r"|no me escrib\w+..1 mas tarde",
            requires=r"mas tarde|luego|despues|aviso|pienso|pensar|manana",
            negatable=False,
        ),
    ),
    Topic.WRONG_NUMBER: (
        Rule(
            "wrong",
            0.9,
            # "No soy Marta" needs the capitals and is heard by ``denies_identity``.
            r"(?:numero|telefono|chat|contacto|persona) (?:esta )?(?:equivocad|errone|errad)[oa]|(?:te"
            r"|se) (?:equivoc|confund)\w+"
            r"(?! de (?:dia|fecha|hora|horario|turno|lugar|direccion|nombre|apellido))|(?:estas?"
            r"|estan) equivocad[oa]s?"
            r"|^equivocad[oa](?: \.)?$|no soy (?:la |el |es[ae] )?(?:persona|titular|duen[oa])|no soy quien",
            negatable=False,
        ),
    ),
    Topic.SYMPTOM: (
        Rule(
            "symptom",
            0.7,
            r"(?:me|le|se)(?: \w+)? (?:duele\w*|molesta\w*|sangra\w*|mueve|solt\w+|afloj\w+|rechin\w+)"
            r"|sensib\w+|molestias?|caries|picad[oa]|mal aliento|bruxismo|(?:dolia|dolio|tuve..3 dolor)"
            r"|diente de leche|sarro|manchas?",
        ),
    ),
}

QUESTION = Rule(
    "question",
    0.5,
    r".*\?|(?:que|como|cual|cuando|donde|quien|puedo|se puede|hace falta|tengo que|hay que) .*",
    negatable=False,
)

# Said along with anything else these are politeness, not a subject.
POLITE = frozenset({Topic.GREETING, Topic.THANKS, Topic.CLOSING})
