"""The words of which an answer may be made besides those of its facts: courtesy, questions, and how one speaks of them.

What a model may say is known, what it might make up is not; so every word that could carry a statement of its own has
to come from code. A list of bad words alone would always miss the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dentalist.domain.guard.issued import LINK, Issued
from dentalist.domain.guard.numbers import in_digits
from dentalist.domain.guard.reading import plain, readable
from dentalist.domain.guard.verdict import Rule, Violation

_FUNCTION_WORDS = """
    a abajo aca acerca ademas adios ah ahi ahora al algo alguien algun alguna algunas alguno algunos alla alli
    alrededor ambas ambos andas antes aproximadamente aqui arriba ars asi aun aunque ay bastante bien buen buena
    buenas bueno buenos cada casi cerca chau clp como con contigo cop creo cual cuales cualquier cualquiera cuando
    cuanta cuantas cuanto cuantos da damos dan dar darle darte das de del demas dentro desde despues donde dos doy
    durante e eh el ella ellas ellos en enseguida entonces entre eres es esa esas ese eso esos esta estamos estan
    estas este esten esto estos estoy etc eur feo gracias h haber hasta hay hola hoy hs incluso jaja juntas juntos
    justo la las le les llegue lo los lucas luego mas me mediante mejor menos mi mia mias mientras mil min mio mis
    misma mismas mismo mismos mmm mucha muchas mucho muchos muy mxn nada ni ningun ninguna ninguno no nomas nos
    nosotras nosotros nuestra nuestras nuestro nuestros o oh ojo ok okey otra otras otro otros para pen pero poca
    poco por porque pronto pude pues que quien quienes quiza quizas respecto se sea segun ser sera seria si siempre
    sin sino sobre solo somos son sos soy su sus suya suyas suyo tal tambien tampoco tan tanto te ti toda todas
    todavia todo todos tranqui tras tu tus tuya tuyo u uf uh un una unas uno unos usd usted ustedes uy uyu va vamos
    van varias varios vas vaya ves vos voy y ya yo
"""
# Nouns and adjectives; the plural and the other gender are meant too.
_PLAIN_WORDS = """
    abierto abrazo abril actual adecuado agosto agradable agrado alternativa amable apuro archivo asistente atencion
    atento ayuda barbaro bello bienvenido bonito boton breve brevedad buenisimo caso cercano cerrado chat cita claro
    clinica cobertura comodo completo comprension confusion confuso consulta consultorio conveniente cordial
    correcto correspondiente corte cosa costo cuatro cuenta cuidado dato dental detalle dia diagnostico diciembre
    diente dificil direccion disculpa disponible disposicion distinto doble dolar dolares dolor domingo duda dueno
    emergencia encantado enero equipo especifico estudio euro exacto excelente facil favor febrero feliz fin forma
    foto fotos fuerza general genial gente gusto habitual hermoso hora horario hs ideal igual imagen incomodo
    inconveniente indicado informacion inquietud interesado jueves julio junio lamentable lejos libre lindo linea
    lista listo lugar lunes macana manana manera mano mapa marca martes marzo mayo medicacion medicamento medio
    mediodia mejoria mensaje menu mes miercoles minuto modo molestia momento motivo natural necesario noche nombre
    noviembre nuevo numero obvio octubre ocupado odontologico opcion orden paciencia pago palabra parecido parte
    particular pedido pena pendiente perdido perdon perfecto persona peso pesos placer posible precio preferencia
    preferible pregunta preocupacion previo primer primero principio problema profesional proximo punto rapido rato
    razon recepcion recien respuesta sabado salud saludo segundo seguro semana septiembre servicio siguiente sitio
    social solicitud super supuesto tarde tema temprano tercero texto tiempo tipo total trabajo tranquilidad tranquilo
    tratamiento tres turno ultimo urgencia util valor veces ventaja vez vida viernes virtual visita vuelta whatsapp
"""
# Verbs, by how their forms begin. What tells of something done is caught by its tense, whatever the verb.
_VERBS = """
    abon abr acept aclar agend agradec agradezc alcanz alegr and anot apen aprovech aproxim atend atiend atiendan
    avis ayud busc busqu calcul cambi cancel cerr charl cierr coment comenz comienz compart comprend comunic confirm
    conoc conozc consult cont conven conveng convers convien coordin cost cuent cuest cuid dale dam deb dec deci dej
    demor desc dese diagnostic dig dim disculp disfrut dud dur eleg elig elij empec empez empiez encant encontr
    encuentr entend enter entiend entr escap escrib escuch esper est evalu explic falta fij guiar guio gust habl hac
    hag haz imagin indic inform inici interes interpret lament lee llam lleg llev mand mir molest mostr mov muestr
    muev neces necesit ocup ocurr ofrec ofrezc olvid opin organiz orient parec parezc pas ped perd perdon permit pid
    plante pod podr poned prefer prefier pregunt preocup pued qued quer quier quis realiz recet recib recomend
    recomiend recuerd reserv resolv respond resuelv result revis revisen sab sac sal seg segu sent sep serv sient
    sig sirv soluc sub suel sug sum tard ten teng tien toc tom trabaj tranquiliz ubic uso utiliz val ve vea veamos
    vean vemos veo ver vien viv volv vuelv
"""
_ENDINGS = (
    r"(?:o|a|as|an|amos|aban?|ais|e|es|en|emos|eis|i|is|imos|ia|ias|ian|iamos|iera|ieras|ar|er|ir|ando|iendo|yendo"
    r"|[ai]d[oa]s?|ga|gas|gan|amente|[aei]?ria[sn]?|[aei]?riamos|edes|y)?"
    r"(?:me|te|se|nos|le|les|lo|los|la|las|mela|melo|telo|tela|selo|sela|noslo)?"
)
_KNOWN = frozenset(_FUNCTION_WORDS.split())
_PLAIN = frozenset(_PLAIN_WORDS.split())
_VERB = re.compile(rf"(?:{'|'.join(sorted(set(_VERBS.split()), key=len, reverse=True))}){_ENDINGS}")
_STEM = 5
_WORD = re.compile(r"[a-z]+")

# Endings of what has happened, "quedó", "avisé", and of what will happen, "llamarán": only with their accent.
_TENSED = re.compile(r"[^\W\d_]{2,}(?:[éóí]|aron|ieron|[aei]r(?:á|án|ás|emos))(?!\w)")
_NOT = re.compile(r"(?<!\w)no (?:me |te |se |lo |la )?$")
# What it does not speak of: "de fútbol no puedo hablarte".
_DECLINED = re.compile(r"(?<!\w)(?:de|sobre|con|en) (?:\w+ ){1,3}(?=no (?:te |le )?(?:puedo|se|tengo)(?!\w))")
# The same endings, but no such tense; or one that tells nothing of the agenda.
_SPELLED_LIKE_IT = """
    acá además ahí allá allí aquí así café comprendí creé decidí decí detrás dé elegí encontré entendí escribí
    esperá estará estarás está están esté habrá hacé harán jamás leé llegué mamá mí ningún papá pedí perdí podrá
    podrán podrás podría poné preferí pude querrá quizá quizás qué recibí respondé seguí según será serán sé sí
    también tendrá tené té veré
"""
_NO_TENSE = frozenset(_SPELLED_LIKE_IT.split())


def check_vocabulary(text: str, names: frozenset[str], issued: Issued) -> Iterator[Violation]:
    """Words of which neither the facts nor ordinary courtesy are made, and tenses that tell of deeds."""
    allowed = set(_WORD.findall(f"{issued.text} {plain(' '.join(names))}"))
    stems = {word[:_STEM] for word in allowed if len(word) >= _STEM}
    said = _DECLINED.sub("", in_digits(LINK.sub(" ", plain(text))))
    for word in _WORD.findall(said):
        if word not in allowed and word[:_STEM] not in stems and not _is_ordinary(word):
            yield Violation(Rule.INVENTED_FACT, word)
    for found in _TENSED.finditer(readable(text).lower()):
        word = found.group()
        denied_before = _NOT.search(readable(text).lower()[: found.start()])  # "no me quedó claro"
        if word not in _NO_TENSE and plain(word) not in allowed and not denied_before:
            yield Violation(Rule.CLAIMS_EFFECT, word)


def _is_ordinary(word: str) -> bool:
    return word in _KNOWN or _is_plain(word) or bool(_VERB.fullmatch(word))


def _is_plain(word: str) -> bool:
    """A noun or an adjective in any number and gender, also a small one: "ratito"."""
    forms = {word, word.removesuffix("s"), word.removesuffix("es"), re.sub(r"(?:it)?[oa]s?$", "o", word)}
    forms |= {re.sub(r"(?:it)?[oa]s?$", "a", word), re.sub(r"mente$", "", word), re.sub(r"amente$", "o", word)}
    return bool(forms & _PLAIN)
