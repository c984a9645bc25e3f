"""What asks for a price, or for a person."""

from __future__ import annotations

from dentalist.domain.understanding.rules import Rule

QUOTE: tuple[Rule, ...] = (
    Rule(
        "how_much",
        0.85,
        r"cuant[oa]s?(?! (?:se )?(?:dura|tarda|demora|tiempo|falta|sesiones))..5 (?:cuest\w+|sal(?:e|en"
        r"|dria\w*|dra|ir|ga)|val(?:e|en|dria\w*)|cobr\w+|esta|estan"
        r"|cost\w+|anda|andan|rond\w+|estaria|seria|sera|matas|pagar\w*|pagaria|paga|es (?:la|el)|son)",
        unless=r"a cuantas (?:cuadras|calles)",
    ),
    Rule(
        "price",
        0.85,
        r"precios?|presupuest\w+|cotiza\w+|costos?|costes?|valores|aranceles?|tarifas?|honorarios"
        r"|lista de precios",
    ),
    Rule(
        "value",
        0.8,
        r"(?:que|el|su|los|cual es el|cual es su) valor(?:es)?|valor(?:es)? (?:de|del|por|tiene\w*|<consulta>)"
        r"|(?:saber|conocer)..2 valor(?:es)?|valor (?:implantes?|limpieza|brackets?|consulta|coronas?"
        r"|ortodoncia|blanqueamiento|protesis|carillas?)",
    ),
    Rule(
        "what_costs",
        0.8,
        r"que (?:me |nos )?(?:sal(?:e|en|dria\w*)|cuesta\w*|cobran?|vale)(?! sangre)",
        unless=r"que (?:me )?cuesta (?:abrir|tragar|respirar)|que (?:me )?sale..2 (?:pus|sangre)",
    ),
    Rule(
        "at_how_much",
        0.8,
        r"(?:a|en) cuanto|a como..4|cuanto (?:es|son|seria|sera)",
        unless=r"cuanto es el tiempo",
    ),
    Rule(
        "is_charged",
        0.7,
        r"(?:se|lo|la|me|te|le) cobr\w+|(?:tiene|hay) (?:algun )?(?:costo|cargo)|(?:es|son) car[oa]s?"
        r"|sale caro",
        unless=r"cobra con|tarjeta",
    ),
    Rule(
        "for_free",
        0.7,
        r"gratis|gratuit[oa]s?|sin cargo|sin costo|bonificad[oa]",
    ),
    Rule(
        "promotion",
        0.65,
        r"promo\w*|descuentos?|ofertas?",
    ),
    Rule(
        "foreign_price",
        0.95,
        r"how much|price|cost|quanto (?:custa|fica|e|sai)|qual o (?:valor|preco)",
    ),
)

# "Cuánto" that asks for a time, not for a price.
HOW_LONG: tuple[Rule, ...] = (
    Rule(
        "how_long",
        0.8,
        r"cuant[oa]s?(?: tiempo| sesiones| horas| dias| meses)?(?: se)? (?:dura\w*|tarda\w*|demora\w*|lleva\w*)"
        r"|cuant[oa]s? (?:tiempo|sesiones|horas|dias|meses)",
        unless=r"cuest\w+|cost\w+|sal(?:e|en|dria)|val(?:e|en|or)|precio\w*|cobr\w+",
        negatable=False,
    ),
)

HANDOFF: tuple[Rule, ...] = (
    Rule(
        "talk_to",
        0.9,
        r"(?:habl\w+|platic\w+|charl\w+|convers\w+|comuni\w+|chatear|contact\w+|tratar|ver"
        r"|escribir\w*)..3 con..4 (?:<persona>|ustedes|vosotros|ella|el)(?! (?:jueves|viernes|lunes|martes))",
        unless=r"hable con (?:la|el)..2 (?:y|me dijo)|ya hable",
    ),
    Rule(
        "pass_me",
        0.9,
        r"(?:pas[aeo]\w*|pon\w+|deriv\w+|transf\w+|conect\w+|comuni\w+)..2 con..4 (?:<persona>)|(?:quiero"
        r"|necesito|prefiero) con..2 (?:<persona>)",
    ),
    Rule(
        "pass_to",
        0.8,
        r"(?:pas[aeo]\w*|deriv\w+|transf\w+) (?:a|al) (?:la |el |un |una )?(?:<persona>)",
    ),
    Rule(
        "call_me",
        0.85,
        r"(?:que|puede\w*|podria\w*|podes|podeis|podras|pueden|favor|posible)..5 me <call>|me (?:puede\w*"
        r"|podria\w*|podes|podeis|podras|pueden)..1 <call>|llamame|llameme|llamenme|llamadme|me (?:llame"
        r"|llames|llamen|llaman|marque|marquen|contacte|contacten|llameis|llamas|llamais|podes llamar)"
        r"|(?:marqu|llam|contact|telefone)(?:eme|enme|ame|adme)|por (?:telefono|llamada|videollamada)"
        r"|numero (?:para|donde) (?:poder )?(?:llamar|hablar)",
        unless=r"no (?:quiero|deseo) que me|no me llam\w+",
    ),
    Rule(
        "attended_by",
        0.85,
        r"(?:atend\w+|atiend\w+|respond\w+|conteste?\w*|ayud\w+)..4 (?:personas?|alguien|humano|asesor\w*)"
        r"|(?:personas?|alguien|humano|asesor\w*)..3 (?:que )?me (?:atiend\w+|respond\w+|contest\w+|ayud\w+)"
        r"|me..2 atender..3 (?:persona|alguien|telefono)|(?:explique|explicar|aclare|llamar a"
        r"|hablar|hable)..2 (?:alguien|una persona)"
        r"|que me (?:atiend|respond|contest)\w+..2 (?:<persona>)",
        unless=(
            r"que (?:me|nos|la|lo) (?:atendi(?:o|eron)|ayudo)|(?:doctor\w*|dra?|dentista"
            r"|odontolog\w+)..4 (?:<dia>|\d+)"
        ),
    ),
    Rule(
        "put_me_through",
        0.8,
        r"(?:pon|pas|dam|dar|comuni|deriv|contact|habl|charl|convers)\w*..1 con (?!(?:turno|cita|tarjeta|obra"
        r"|seguro|anestesia|dolor|el turno|la tarjeta|que|esto|eso|cuidado|cuant[oa]s?|tiempo|anticipacion))\w+",
        unless=(
            r"lo (?:hablo|charlo|converso|consulto|veo) con|con mi \w+ y|hable con|contar con|con (?:los"
            r"|las) (?:precios?|costos?|valor\w*)"
        ),
    ),
    Rule(
        "real_person",
        0.85,
        r"^(?:una )?(?:persona|pessoa|person)(?: por favor)?(?: \.)?$|persona real|(?:alguien|persona"
        r"|humano) de verdad|(?:un|algun|otro) humano|asesor humano|ser humano",
    ),
    Rule(
        "no_robot",
        0.8,
        r"no (?:\w+ )?(?:un |una |con (?:un |una )?)?(?:robot|bot|maquina)|odio (?:los|las|hablar)..2 (?:bots?"
        r"|maquinas?)",
        unless=r"no se (?:si|de)|no soy (?:un |una )?(?:robot|bot|maquina)",
        negatable=False,
    ),
    Rule(
        "nobody_there",
        0.7,
        r"no hay nadie|hay (?:alguien|una persona)|nadie (?:me )?(?:atiende|contesta|responde)",
        unless=r"hay (?:alguien|una persona) (?:en (?:el|la) (?:consultorio|clinica)|antes|esperando|adelante)",
        negatable=False,
    ),
    Rule(
        "not_understood",
        0.75,
        r"no me (?:estas? )?entend\w+|cualquier cosa|no me contestan?|falta de respeto|nadie (?:me )?resuelve"
        r"|con quien (?:puedo|tengo que) hablar|no (?:me |le |te )?(?:entend\w+|entiend\w+"
        r"|comprend\w+)..2 nada|no entend\w+ nada|estas maquinas"
        r"|(?:esto|asi|eso) no (?:me )?(?:sirve|ayuda|funciona)|no me (?:entendes|entiendes|entiende)",
        negatable=False,
    ),
    Rule(
        "foreign_person",
        0.8,
        r"(?:speak|talk) (?:to|with)|falar com",
    ),
)

# Who spoke, calls or comes with whom: no wish for a person.
TOLD_OF_TALKING: tuple[Rule, ...] = (
    Rule(
        "told_of_talking",
        1,
        r"(?:me|nos) (?:llamaron|llamo|dijo|dijeron)|(?:ya )?hable con|llamada perdida"
        r"|llamo (?:mas tarde|despues|luego)|personas? (?:mas|conmigo)|(?:somos|vamos) (?:dos|tres|cuatro) personas",
        negatable=False,
    ),
)

COMPLAINT: tuple[Rule, ...] = (
    Rule(
        "complaint",
        0.9,
        r"quejas?|quejarme|reclamo\w*|reclamacion\w*|reclamar|denunci\w+|defensa al consumidor|abogad[oa]"
        r"|hojas? de reclamacion\w*",
        unless=(
            r"no (?:tengo|es|hay)..2 (?:queja|reclamo)\w*|(?:ningun[oa]?|sin) (?:queja|reclamo)s?"
            r"|(?:reclam|denunci|quej)\w+ (?:a|al|con|en|de) (?:la |mi |el )?(?:obra|prepaga|seguro|banco|isapre"
            r"|eps|mutual)"
            r"|(?:jef[ea]|herman[oa]|hij[oa]|marido|mujer|prim[oa]|novi[oa]) es abogad[oa]"
        ),
    ),
    Rule(
        "bad_service",
        0.85,
        r"disconform\w*|inconform\w*|chant(?:a|as)|devuelv\w+..2 (?:plata|dinero)|cobraron (?:de mas|doble"
        r"|dos veces)|cobro indebido|(?:dejado|dejaron|dejo) fatal|pesim[oa]\w*|mala atencion|mal servicio"
        r"|estaf\w+|indignad\w+|verguenza|mala praxis|negligencia"
        r"|(?:arreglaron|hicieron|atendieron|trataron|quedo|dejaron)(?: muy| re| bien)? mal(?! (?:escrit|anotad"
        r"|agendad|puest))",
    ),
)

DATA_REQUEST: tuple[Rule, ...] = (
    Rule(
        "personal_data",
        0.95,
        r"(?:borr|elimin|ver|correg|rectific|corrij|acced|acceso|suprim|copia|entreg)\w*..5 (?:mis datos"
        r"|datos personales|mi informacion|historia clinica|historial)"
        r"|(?:que|cuales|mis) (?:datos|informacion)..3 (?:tien\w+|ten[ei]s|guard\w+|sab\w+|conserv\w+)",
    ),
    Rule(
        "privacy_law",
        0.85,
        r"proteccion de datos|habeas data|derechos? arco|rgpd|gdpr|ley 25326",
    ),
)
