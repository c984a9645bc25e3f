"""What a message only tells: idioms, what is over, what happened to others, what is asked in general.

The tables of emergencies, opt-outs and changes of appointments read what is left. An emergency is what happens to
somebody now: "me muero de ganas" is none, nor is a tooth that broke "cuando era chica" or the abscess that "mi vecina"
had; whatever the same message says of now stays. In doubt a clause stays: a false alarm costs a call, a missed one may
cost more.
"""

from __future__ import annotations

import re

from dentalist.domain.understanding.rules import compile_pattern, is_negated

_IDIOMS = compile_pattern(
    "|".join(
        (
            # dying, crying and fainting of something else
            r"(?:me )?(?:muero|moria|muriendo|muert[oa]s?) de (?:las? |el )?(?:ganas|risa|verguenza|hambre|sueno"
            r"|calor|frio"
            r"|amor|sed|curiosidad|nervios|cansancio|miedo|envidia|ternura|aburrimiento|susto|impaciencia)",
            r"(?:me )?muero por (?:tener|ver\w*|ir|empezar|lucir|usar|estrenar|conocer\w*)",
            r"(?:lloran?|llore|llorando|cague|matas?) de (?:la )?(?:risa|emocion|alegria)",
            r"desmay\w+..3 (?:precios?|presupuesto|valor|costo|cuenta)|desmay\w+ (?:con|al ver|cuando veo) (?:las? )?"
            r"(?:agujas?|sangre|jeringas?)",
            r"no (?:aguanto|aguantamos|soporto|doy|damos|resisto|puedo)(?: mas)?(?: (?:la|el|las|los|de|con|del"
            r"|tanto|tanta))+"
            r" (?:ganas|calor|trabajo|laburo|pega|chamba|estudio|espera|ansiedad|curiosidad|viajes?|jefe|sueno"
            r"|frio|cansancio)",
            r"me (?:explota|estalla|revienta) la cabeza (?:de|con) (?:trabajo|laburo|cosas|tant[oa]s?|los chicos)",
            r"ahogad[oa]s? (?:de|en|con) (?:trabajo|laburo|deudas|cosas|pendientes|un vaso)|ahog\w+ en un vaso",
            r"tiempo (?:ni )?(?:de|para) (?:respirar|comer|dormir|nada)|aire acondicionado|aire libre",
            # blood that is drawn or meant otherwise
            r"sangre (?:fria|azul|nueva|joven)|(?:mala|pura) sangre|sangre , sudor|(?:sac|extra"
            r"|don)\w* (?:la )?sangre",
            r"(?:analisis|examen\w*|muestra|prueba|extraccion|banco|donante|donacion|tipo|grupo|presion|test"
            r"|estudios?) de"
            r" (?:la )?sangre|sangr\w+..2 (?:billetera|bolsillo)",
            # faces, mouths and teeth of speech; Boca is a football club as well
            r"ojo de la cara|ca(?:e|ia|yo) la cara|cara de (?:verguenza|susto|sorpresa|feliz)",
            r"(?:hinch[ao]s?|cancha|partido|juega|jugador\w*|camiseta|gano|gol(?:es)?|fanatic[oa])(?: de| a)? boca",
            r"boca (?:juniors|river|jugo|gano|perdio)|de boca en boca|boca a boca|agua la boca|a pedir de boca",
            r"hinch\w+ (?:las?|los) (?:pelotas|bolas|huevos|guindas|ovarios|cojones|paciencia)",
            r"dientes? de (?:ajo|leon)|hasta los dientes",
            r"(?:es|son|eres|sos|fue) un dolor de (?:muelas?|cabeza|huevos)|dolor de muelas (?:es"
            r"|fue) (?:\w+[aei]r|el|la)",
            # words of emergencies that name something else
            r"(?:contacto|numero|telefono|salida|servicio) de emergencias?|en caso de (?:una )?(?:emergencia"
            r"|urgencia)",
            r"(?:trabaj\w+|medic[oa]|enfermer[oa]|residente|chofer)(?: \w+)? (?:de|en) (?:la |una )?"
            r"(?:urgencias?|emergencias?|guardia|ambulancia)",
            r"farmacia de guardia|(?:salgo|entro|sali|hago) (?:de|a|a la|de la|de una) guardia|hago guardia",
            r"(?:operaron|internaron|operar\w*|internad[oa]) de urgencia|rueda de auxilio|auxilio mecanico",
            r"tengo(?= una? (?:amig|vecin|prim|companer|conocid|ti)\w* que)|infectolog\w+|control de infecciones",
            r"(?:esta|estan|estuvo|estuvimos|pasamos|paso|estamos) en (?:la |el )?(?:urgencias?|emergencias?|guardia)",
        )
    )
)  # fmt: skip

_CLAUSES = re.compile(r"((?:^| )(?:[.,?]|y|e|pero|aunque|porque|sino|entonces|asi que)(?= |$))")
_NOW = re.compile(
    r"(?<!\w)(?:ahora|hoy|recien|ayer|anoche|anteayer|todavia|aun|sigo|sigue\w*|siguen|teng[oa]|tiene\w*|estoy|estan?"
    r"|due[lr]en?|sangra|sangran|sangrando|late|punza|supura|hay|siento|empeor\w+|amaneci\w*|no (?:para|puedo"
    r"|aguanto|soporto)"
    r"|desde (?:hoy|ayer|anoche|el|la)|est[ae] (?:manana|tarde|noche|semana|finde))(?!\w)"
)  # fmt: skip
# "Me pasa lo mismo": then nothing of it is over.
_AGAIN = re.compile(
    r"(?<!\w)(?:de nuevo|otra vez|nuevamente|lo mismo|igual que|(?:estoy|ando|sigo|toy) igual|volvi[oa]\w*"
    r"|me vuelve|reaparec\w+|sin mejor\w+"
    r"|recai\w*)(?!\w)"
)
_LONG_AGO = re.compile(
    r"(?<!\w)(?:hace (?:(?:un|unos|dos|tres|cuatro|cinco|seis|varios|muchos|como|casi|mas de|\d+) )*"
    r"(?:mes|meses|anos?|anitos|tiempo|tiempito|mucho)|(?:ano|verano|invierno|mes) pasado"
    r"|cuando (?:era|eramos|tenia|estaba en) (?:muy |re )?(?:chic|nin|jov|peque|adolescente|soltera|\d+ anos"
    r"|la escuela)\w*"
    r"|de (?:chic|nin|joven)\w*|en (?:mi|la) (?:infancia|adolescencia)|en (?:el )?20\d\d"
    r"|(?<!de )una vez(?! mas| que| y)|alguna vez|(?:la )?(?:otra|ultima) vez(?! que me)|vez pasada"
    r"|antes de la pandemia)(?!\w)"
)
_DONE_THEN = re.compile(r"que (?:me|le|nos) \w+(?: \w+)? hace(?: \w+){1,3}")  # dates a thing, not what befell it
_HAPPENED = re.compile(
    r"(?<!\w)(?:tuv\w+|tenia\w*|habia\w*|dolia\w*|dolio|dolieron|sangraba\w*|sangro|estaba\w*|estuv\w+|era|fue|fui"
    r"|(?:romp|part)(?:i|io|ieron)|(?:quebr|fractur|golpe|desmay|hinch|inflam|infect|aflo[j]|salt|revent"
    r"|trag)(?:e|o|aron)"
    r"|ca(?:i|yo|yeron)|sali(?:o|eron)|perdi|perdio|operaron|sacaron|pusieron|hicieron|pas(?:o|e|aron)|di(?:o|eron)"
    r"|molest(?:o|aba)|latia|mori\w*|vol(?:o|e)|zafo|choque|choco|peg(?:o|aron)|supur(?:o|aba))(?!\w)"
)
_LASTED = re.compile(
    r"(?<!\w)(?:dolia\w*|tenia\w*|tuv(?:e|o|imos|ieron)|sangraba\w*|estaba\w*|molestaba\w*|latia|supuraba|podia"
    r"|aguantaba"
    r"|soportaba|moria)(?!\w)"
)
_OVER = compile_pattern(
    r"ya (?:se )?(?:me |le |nos )?(?:paso|fue|paro|desinflam\w+|deshinch\w+|cur\w+|mejor\w+)"
    r"|se (?:me|le|nos) (?:fue|paso|pasaron|desinflam\w+|deshinch\w+|curo)|(?:ya|ahora) (?:me )?(?:estoy|esta"
    r"|ando|siento)"
    r" (?:muy |re |mucho )?(?:bien|mejor|perfect\w*|barbar\w+|diez|10)|deshinch\w+|desinflam\w+"
    r"|estaba (?:perfect|bien|mejor|como nuev)\w*|(?:me|la|lo|nos) salv\w+|qued[eo] (?:perfect|como nuev|barbar"
    r"|bien|impecable)\w*"
    r"|ahora nada|ya no (?:me |le )?(?:duele|sangra|molesta|tengo)|santo remedio|mejor(?:e|o)"
)
_OTHERS = re.compile(
    r"(?<!\w)(?:un|una|mi|la|el|al|su|mis|unas?) (?:vecin|amig|companer|conocid|cunad|prim|jef|coleg|suegr|alumn"
    r"|clienta)\w*"
)
_TOLD_OF_OTHERS = re.compile(
    r"(?<!\w)(?:tuv(?:o|ieron)|(?:le|les) (?:agarro|paso|dio)|tenian?|dolian?|habian?|(?:me"
    r"|nos) (?:l[oa]s? )?(?:recomend|cont|habl|dij)\w+|una vez"
    r"|dice que)(?!\w)"
)
_IF_EVER = re.compile(r"(?<!\w)si (?:(?:se )?(?:me|le|nos|te) )?lleg(?:a|ara|ase)(?:n|ran)? a(?!\w)")
_GENERALLY = re.compile(
    r"(?<!\w)(?:por las dudas|por si|en caso de|es normal|es comun|es frecuente|es cierto|es verdad|lei|escuche"
    r"|dicen|cuanto (?:dura|tarda|demora)"
    r"|(?:se )?(?:pueden?|suelen?|podrian?) (?:\w+ )?(?:hinchar|infectar|inflamar|sangrar|romper|caer|salir"
    r"|partir|doler)\w*"
    r"|hay (?:riesgo|peligro)|riesgo de|peligro de|probabilidad)(?!\w)"
)
# "¿Es normal que sangre mucho?" is rarely asked by somebody who does not bleed.
_GRAVE = re.compile(r"(?<!\w)(?:sangr|pus|fiebre|respir|tragar|desmay)\w*")
_HEARSAY = re.compile(r"(?<!\w)(?:es cierto|es verdad|lei|escuche|dicen)(?!\w)")
_OWN = re.compile(
    r"(?<!\w)(?:me|mi|mis|le|nos|tengo|tiene|estoy|esta|sigo|sigue|siento|amaneci|desde|dias?|horas?)(?!\w)"
)


# Who writes too much themselves, tells of others who do, or wishes for more asks for no end of our messages.
_NOT_TO_US = compile_pattern(
    "|".join(
        (
            r"(?:no|ya no) (?:te |le |los |les |la |lo |las )?(?:molest[oe]|jodo|escribo|mando|insisto"
            r"|fastidio)(?: mas)?(?= [.,?]|$)",
            r"(?:te|le|los|les|la|lo|las) dejo de (?:molest|escrib|mand|jod)\w+|no quiero (?:ser molest[oa]"
            r"|molestar(?!me)\w*)",
            r"(?:perdon\w*|disculp\w+)(?: por)?(?: (?:los|las|el|la|mis|tant[oa]s?))+ (?:<publicidad>|insist\w+"
            r"|molest\w+)",
            r"(?:borre|elimine|borro|elimino) (?:el|los|un|mi|sin|tu|su)(?: \w+){0,1} (?:mensaj\w+|chat|audio"
            r"|whatsapp)",
            r"(?:borr|elimin|mand|envi|apret|toqu)\w+(?: \w+){0,4} sin querer|sin querer (?:\w+ )?(?:borr|elimin"
            r"|mand|envi)\w+",
            r"(?:jef[ea]|ex|novi[oa]|marido|mujer|mama|suegra|banco|telefono|celular|grupo"
            r"|companer\w+)(?: \w+)? no (?:para|deja)"
            r" de \w+(?: (?:<publicidad>))?",
            r"no me (?:mand|envi|pas)\w+ (?:el|los|un|mas) (?:audios?|videos?|fotos?|ubicacion|pdf)",
            r"(?:mand|envi|pas|avis)(?:ame(?:l[oa]s?)?|enme|eme|adme)..3 <publicidad>",
            r"(?<!no )me (?:interesa\w*|gusta\w*|sirven?|llego|aparecio)..2 <publicidad>",
            r"(?<!no )(?:<quiero>)(?: seguir)? recib\w+(?! menos)..2 <publicidad>|vi (?:la|una|el|un|su"
            r"|tu) <publicidad>",
        )
    )
)


# Who speaks of calling off or not coming, and wants no appointment touched.
_OTHER_CHANGES = compile_pattern(
    "|".join(
        (
            # asked in general, or for the case that
            r"(?:anticipacion|hasta cuando|hasta que (?:hora|dia)|plazo|politicas?|multa|cargo"
            r"|cobran)..5 (?:cancel|anul)\w+",
            r"si (?:me |se |les |te )?(?:alguien |algun\w+ )?(?:paciente )?(?:cancel|liber|desocup|suspend)\w+",
            r"si (?:al final )?no (?:puedo|podemos|llego|voy|pudiera|podria)..2",
            r"(?:alguien|algun[oa]?(?: paciente)?|otr[oa](?: paciente)?) (?:que )?(?:me |les )?(?:cancel|anul)\w+",
            r"(?:se (?:libero|libera|liberan|liberaron|desocup\w+)..3 )?(?:alguna|hay|habra|por|una|lista de"
            r"|de) cancelacion(?:es)?",
            r"se (?:libero|libera|liberan|liberaron|desocup\w+)..3",
            # what others did, or another thing that was called off
            r"(?:me|nos|se) (?:l[oa] )?(?:cancel|suspend|anul|cambi)\w+ (?:el|un|la|los|las|mi|una) (?:vuelo"
            r"|viaje|permiso|reunion"
            r"|evento|clases?|examen|entrevista|trabajo|micro|tren|bondi|partido|recital|horario (?:en|de|del) \w+)",
            r"(?:herman|amig|vecin|prim|hij|espos|marid|mam|pap|doctor|dentist|odontolog)\w*(?: ya)? cancelo",
            r"(?:mensaje|aviso|mail) (?:de )?que..4 (?:cancel|anul)\w+|se cancel(?:aba|aron)",
            r"(?:boleta|factura|recibo|compra|cheque)(?:[ ,]+\w+){0,9} anul\w+|anul\w+..2 (?:boleta|factura"
            r"|recibo|compra|cheque)",
            r"(?:puedo|se puede|podria) (?:cancel|anul)\w+..4 (?:hasta|sin (?:cargo|cobro|costo|multa))",
            # thought of, or a slip
            r"(?:pense|pensaba|estuve por|estaba por|iba|ibamos|casi)(?: en| a| que)? (?:cancel|anul)\w+"
            r"|(?:cancel|anul)\w+..3 (?:por error|sin querer)",
            r"(?:por error|sin querer)..3 (?:cancel|anul)\w+|no (?:l[oa]s? |me l[oa]s? |quiero |quise |vayan a "
            r"|hace falta )*(?:cancel|anul)\w+",
            # paying is "cancelar" in half of the countries
            r"(?:pague|pago|pagamos|abone).{0,12} cancel(?:e|o|amos) todo|cancel(?:e|o|amos) todo..2 (?:a|en"
            r"|con) (?:la|el|recepcion)",
            r"(?:cancel|anul)\w+..4 (?:saldo|montos?|suma|abono|sena|deudas?|cuotas?|pagos?|pesos|efectivo"
            r"|tarjeta|transferencia|factura|mil"
            r"|dolares|soles)",
            # coming otherwise than planned
            r"no (?:puedo|podemos|voy a poder|puede|pueden) ir (?:en|con|caminando|conmigo|antes"
            r"|acompanad\w+)(?! (?:esta|este))",
            r"hace..3 que no (?:puedo|pude|voy|vamos|fui)(?: a)?(?: ir)?|anos que no (?:voy|fui)",
            # shifts, and things that are moved
            r"turno (?:noche|tarde|manana) de|(?:cambio de|del) turno(?= (?:de|en|manana) (?:la|mi|el|los|las"
            r"|trabajo))"
            r"|(?:cambi|mov)\w+ (?:el color|la corona|las? gomitas?|el cepillo|una corona|un implante|de dentista)"
            r"|(?:deje|dejamos|me deje|dejo) (?:olvidad\w+|el auto|la bici|el coche)|llamo (?:mas tarde|despues"
            r"|luego)",
        )
    )
)


def what_is_to_change(text: str) -> str:
    """The text without what only sounds as if an appointment were to be called off or moved.

    Args:
        text: normalised; one message or the messages of a burst.
    """
    return " ".join(_OTHER_CHANGES.sub("", text).split())


def what_is_asked_of_us(text: str) -> str:
    """The text without what only sounds as if the clinic's messages were meant.

    Args:
        text: normalised; one message or the messages of a burst.
    """
    return " ".join(_NOT_TO_US.sub("", text).split())


def what_happens_now(text: str) -> str:
    """The text without idioms and without clauses that only tell or ask in general.

    Args:
        text: normalised; one message or the messages of a burst.
    """
    text = _IDIOMS.sub("", text)
    over = any(not is_negated(text, found.start()) for found in _OVER.finditer(text))
    again = bool(_AGAIN.search(text))
    pieces = _CLAUSES.split(text)  # clauses and, between them, what joins them
    kept = [
        piece if index % 2 or not _only_told(piece, over=over, again=again) else ""
        for index, piece in enumerate(pieces)
    ]
    return " ".join("".join(kept).split())


def _only_told(clause: str, *, over: bool, again: bool) -> bool:
    general = _GENERALLY.search(clause) and not _OWN.search(clause) and not _grave(clause)
    if _IF_EVER.search(clause) or general:
        return True
    if again or _NOW.search(clause):
        return False
    if _OTHERS.search(clause) and _TOLD_OF_OTHERS.search(clause):
        return True
    long_ago = _LONG_AGO.search(_DONE_THEN.sub("", clause)) and _HAPPENED.search(clause)
    return bool(long_ago) or (over and bool(_LASTED.search(clause)))


def _grave(clause: str) -> bool:
    return bool(_GRAVE.search(clause)) and not _HEARSAY.search(clause)
