"""Names as people type them when they are asked for one: "tomás y sofi", "soy Ana Pérez", "PEREZ, ANA".

The surer a name is of being one, the less has to be around it: a known given name counts in lower case, an unknown word
only where the rest of the answer is names too.
"""

from __future__ import annotations

import re
import unicodedata

from dentalist.domain.understanding.given_names import GIVEN_NAMES
from dentalist.domain.understanding.normalise import bare_words, sound, unstretched
from dentalist.domain.understanding.people import RELATION_WORDS, find_people
from dentalist.domain.understanding.vocabulary import ABBREVIATIONS, KNOWN_WORDS, VOCABULARY
from dentalist.domain.understanding.when_words import MONTH_NAMES, NUMBER_WORDS, WEEKDAY_NAMES

_MOST_WORDS = 6  # of one name, particles included: "María de los Ángeles Ruiz Díaz"
_MOST_NAMES = 8
_LONGEST_TEXT = 400  # an answer to "¿para quién es?"; a longer text is searched for capitals only
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "da", "do", "dos", "di", "von", "van", "san", "santa"})
_OTHER_WORDS = frozenset(
    """
    a al ahi alguno alguna ambos ambas ano anos anitos asi aun aca adulto adulta ambas chico chica chicos chicas claro
    como conmigo cual cualquiera cuando dale decime e el ella ellas ellos en es ese eso esos estas estos familia fue
    grande grandes gracias ha hemos he hijita hijito igualmente ir la las le les lo los los me mellizas mellizos mi
    mia mio mis misma mismo ni no nombres nos nuestro nuestra o ok okay otra otro para perfecto po por pues que quien
    quienes re sabes se sea sean seria serian si sin sos soy su sus te ti todavia todos tu tus u un una uno unos va
    vale van vos y ya yo bueno buenisimo genial listo
    hello hi yes please thanks obrigado obrigada oi sim nao name is my
    apellido apellidos nombre documento dni rut cedula edad bebe nene nena nenes nenas
    bien cancelar cancela confirma confirmar cambiar avisame aviso anotame anota reservame pasame sacame
    ninguno ninguna nadie cosita senora senor dra doctora doctor paciente pacientes primos primas
    audio foto imagen sticker mensaje wsp whatsapp app video link
    oka okey oye nosee okis okk oki sip sep sipi nop nah nose tipo posta che bah onda tal capaz ratito fijo ojala
    quizas veo entiendo
    entendido pregunto supongo seguramente depende aguanta acuerdo mil besos beso abrazo chau chao adios bendiciones
    amen
    ta lol wtf idk xd upa epa uy opa wow guau uf ufa joya barbaro excelente hermosa hermoso crack genia genio capa capo
    maestro maestra corazon reina rey bro doc senorita dona gordo gorda bebe aquel aquella vengo
    caro cara particular transferencia efectivo operador socorro disculpa error equivocado equivocada stop spam basta
    baja
    holis feliz felicidades navidad felices fiestas
    embarazada jubilada jubilado estudiante diabetica diabetico alergica alergico hipertensa hipertenso asmatica
    asmatico
    menor mayor adolescente joven casada casado soltera soltero
    osde ioma pami galeno swiss medical sancor medife omint osecac metlife axa sanitas adeslas asisa mapfre sura fonasa
    isapre imss issste banmedica prepaga mutual
    """.split()  # noqa: SIM905 - words, read as words
)
# "Mmm", "jajaja", "ufff", "ajá", "hmm": sounds, and "esperame": a verb with somebody at its end.
_SOUND_OR_CALL = re.compile(
    r"[^aeiouy]{2,}|[aeo]?[hm]+|e+m+|(?:j?[aeio]?j[aeio])+j?|h[aeio](?:h[aeio])+|[aeou]+[hyfj]+a?|u+y+"
    r"|[a-z]{3,}(?:ame|eme|enme)"
)
_FROM_A_PLACE = re.compile(r"\s*(?:y )?(?:yo |ella |el )?(?:soy|somos|vivo|vengo|estoy) (?:de|en|por) ")
_TIME_WORDS = frozenset({*WEEKDAY_NAMES, *MONTH_NAMES, *NUMBER_WORDS, "finde", "mediodia", "hs"})
_NO_NAME = (VOCABULARY | KNOWN_WORDS | _OTHER_WORDS | frozenset(ABBREVIATIONS) | _TIME_WORDS) - GIVEN_NAMES
# Names that are words of every day as well: alone they are a name only where the answer has no other reading.
_DOUBTFUL = frozenset({"domingo", "reyes", "linda", "sol", "luz", "esperanza", "mora", "mar", "cruz"})

# Surnames that are words of every day, written without a capital: "juan blanco".
_SURNAMES = frozenset({"blanco", "rojo", "plaza", "puente", "mesa", "mora", "pena", "vera", "leon", "cura", "fuerte"})

# What follows is matched on the text without accents and capitals, which has the same length.
_AGE = r"(?:,? ?(?:de|tiene|que tiene|con|[-–:]) ?)?(?<!\w)\d[\d.]*(?: ?(?:anos?|anitos?|meses)(?: y medio)?)?(?!\w)"
_PARTS = re.compile(
    rf"\s*(?:{_AGE}|[,;/+&\n!?()]|\.(?=\s|$)|\s[-–—]\s"
    r"|(?<!\w)(?:y|e|mas|junto con|tambien)(?!\w))\s*"
)
_LEAD_IN = re.compile(
    r"(?:[-–—*•.)º°:]+\s*"
    r"|(?:hola|buenas(?: tardes| noches)?|buen dia|buenos dias|si|dale|ok|bueno|bien|ah|eh|perdon|claro)(?:\s|$)"
    r"|(?:mi |su |el |los )?(?:nombres?|apellidos?)(?: completos?| de ella| de el)?(?: es| son)?(?:\s*:|\s|$)"
    r"|(?:yo |ella |el )?(?:soy|me llamo|te habla|le habla|habla|es|son|seria|serian|se llaman?|le dicen|llamad[oa]s?"
    r"|anot[ae](?:me|lo|la|los|las)?|pone(?:le|les)?|a nombre)(?: (?:de|a|para)(?!\w))?(?:\s*:|\s|$)"
    r"|(?:para|pa|por|de|del|a|con|mis?|nuestr[oa]s?|su|la|el|las|los|un|una|al|otr[oa])\s"
    rf"|(?:{RELATION_WORDS})(?!\w)\s*:?"
    r"|que se llama\s|my name is\s|i'?m\s|this is\s|meu nome e\s|me chamo\s|sou\s|for\s)\s*"
)
_CALLED = re.compile(r"(?<!\w)(?:me llamo|se llaman?|nombres?|my name|meu nome|me chamo)(?!\w)")
_TRAIL = re.compile(
    r"\s*(?:(?:por favor|porfa|porfis|please|(?:muchas )?gracias|nada mas|solamente|solo|nomas|es mi nombre)"
    r"|(?:dni|documento|rut|cedula)(?!\w).*|[^\w'’´.-]+|[.:\s-]+)$"
)
_WORDS = re.compile(r"[^\W\d_]+(?:['’´.-][^\W\d_]+)*\.?")
_LABELLED = re.compile(r"nombres?\s*:?\s(?P<given>[^\n,:]+?)[\n,.;]+\s*apellidos?\s*:?\s(?P<surname>[^\n,:]+)")
_SURNAME_FIRST = re.compile(
    r"\s*(?P<surname>[^\W\d_]+(?: [^\W\d_]+)?)\s*,\s*(?P<given>[^\W\d_]+(?: [^\W\d_]+)?)\s*\.?\s*"
)


def names_given(text: str) -> tuple[str, ...]:
    """The names in an answer to "¿Para quién es?", in order.

    Args:
        text: as written. Names need no capitals where the answer is made of names, or where they are common ones.

    Returns:
        Each with its capitals, without doubles; empty when the answer names nobody ("para mis hijos", "no sé").
    """
    labelled = _LABELLED.search(_folded(text))
    if labelled:
        text = " ".join(text[slice(*labelled.span(label))].strip() for label in ("given", "surname"))
    parts = _split(text[:_LONGEST_TEXT])
    read = [_name_of(part) for part in parts]
    if any(name is None and not _is_filler(part) for part, name in zip(parts, read, strict=True)):
        read = [name for name in read if name and _is_sure(name)]
    found = [name for name in read if name] or [name for person in find_people(text) for name in person.names]
    return tuple(dict.fromkeys(_capitalised(name) for name in found))[:_MOST_NAMES]


def full_name_given(text: str) -> str | None:
    """The one full name in an answer to "¿Tu nombre y apellido?"; None for none, several, or a first name alone."""
    names = names_given(text)
    if len(names) == 1 and _is_full(names[0]):
        return names[0]
    turned = _SURNAME_FIRST.fullmatch(text[:_LONGEST_TEXT])
    if turned and names == (_capitalised(turned["surname"]), _capitalised(turned["given"])):
        return f"{names[1]} {names[0]}"
    full = [name for name in names if _is_full(name)]
    if len(full) == 1 and len(names) > 1 and all(_is_part_of(name, full[0]) for name in names):
        return full[0]  # "Ana. Ana Pérez"
    return None


def only_introduces(text: str) -> bool:
    """Whether a text says who somebody is and asks for nothing: "me llamo Juan Gómez", "a nombre de mi mamá", "mmm".

    Names that nothing leads to must be known ones: an unknown word may as well be a request.
    """
    parts = _split(text[:_LONGEST_TEXT])
    said = [_introduces(part) for part in parts]
    named = any(_name_of(part) for part, introduces in zip(parts, said, strict=True) if introduces)
    # "Gómez, Laura": beside a known name an unknown one is a surname
    return bool(parts) and all(ok or (named and _name_of(part)) for part, ok in zip(parts, said, strict=True))


def same_name(said: str, known: str) -> bool:
    """Whether a name that somebody gave is the one on record: at least a given name and a surname, the same in both.

    Accents, capitals, order and spellings that sound alike do not matter; second names and second surnames may be
    missing on either side, but nothing may contradict: all words of the shorter name are in the longer one.
    """
    one, other = _tokens(said), _tokens(known)
    shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
    if len(shorter) < 2 or not _all_in(shorter, longer):  # noqa: PLR2004 - a given name and a surname
        return False
    given, surnames = _given_and_surnames(longer)
    return not {sound(word) for word in shorter}.isdisjoint(given) and not {sound(word) for word in shorter}.isdisjoint(
        surnames
    )


# ---- one part of an answer


def _folded(text: str) -> str:
    """Lower case without accents, letter by letter: positions stay."""
    return "".join(unicodedata.normalize("NFKD", letter)[0].lower()[:1] or letter for letter in text)


def _split(text: str) -> list[str]:
    text = unicodedata.normalize("NFC", text)
    parts, position = [], 0
    for joint in _PARTS.finditer(_folded(text)):
        parts.append(text[position : joint.start()])
        position = joint.end()
    return [part for part in (*parts, text[position:]) if part.strip()]


def _name_of(part: str) -> str | None:
    """The name that this part of an answer is, without what leads to it and what follows; None when it is none."""
    rest = _stripped(part)
    words = _WORDS.findall(rest)
    if _FROM_A_PLACE.match(_folded(part)) and "nombre" not in _folded(part):
        return None
    if not words or " ".join(words) != " ".join(rest.split()) or not _shaped_like_a_name(words):
        return None
    return " ".join(words)


def _stripped(part: str) -> str:
    rest = part.strip()
    while found := _LEAD_IN.match(_folded(rest)):
        rest = rest[found.end() :]
    while found := _TRAIL.search(_folded(rest)):
        rest = rest[: found.start()]
    return rest.strip()


def _shaped_like_a_name(words: list[str]) -> bool:
    plain = [unstretched(bare_words(word)) for word in words]
    if _is_sound_or_call(plain[0]) or len(words) > _MOST_WORDS or plain[0] in _PARTICLES or plain[-1] in _PARTICLES:
        return False
    if len(words) == 1 and (plain[0] in _DOUBTFUL or len(plain[0]) < 2):  # noqa: PLR2004 - an initial names nobody
        return False
    # "Ana Paz", "Juan Blanco": after a given name any capitalised word is a surname, whatever it means besides.
    surname = plain[0] in GIVEN_NAMES
    return all(
        word in _PARTICLES
        or word not in _NO_NAME
        or (surname and index > 0 and (word in _SURNAMES or words[index][0].isupper()))
        for index, word in enumerate(plain)
    )


def _is_sound_or_call(word: str) -> bool:
    return word not in GIVEN_NAMES and bool(_SOUND_OR_CALL.fullmatch(word))


def _is_sure(name: str) -> bool:
    words = name.split()
    return bare_words(words[0]) in GIVEN_NAMES or (len(words) > 1 and all(word[0].isupper() for word in words))


def _introduces(part: str) -> bool:
    name = _name_of(part)
    if name is None:
        return _is_filler(part) or all(_is_sound_or_call(unstretched(word)) for word in bare_words(part).split())
    return _is_sure(name) or bool(_CALLED.search(_folded(part)))


def _is_filler(part: str) -> bool:
    """Whether a part that is no name says nothing else either: a greeting, a relation, an age."""
    rest = _stripped(part)
    return not rest or all(word in _OTHER_WORDS or word.isdigit() for word in bare_words(rest).split())


def _capitalised(name: str) -> str:
    return " ".join(_capital(word, first=index == 0) for index, word in enumerate(name.split()))


def _capital(word: str, *, first: bool) -> str:
    if not first and bare_words(word) in _PARTICLES and not word.istitle():
        return word.lower()
    if word.islower() or (word.isupper() and len(word) > 1):
        return re.sub(r"[^\W\d_]+", lambda found: found[0].capitalize(), word.lower())
    return word


# ---- comparing


def _tokens(name: str) -> list[str]:
    return [word for word in bare_words(name).split() if word not in _PARTICLES]


def _is_full(name: str) -> bool:
    return len(_tokens(name)) > 1


def _is_part_of(name: str, full: str) -> bool:
    return _all_in(_tokens(name), _tokens(full))


def _all_in(shorter: list[str], longer: list[str]) -> bool:
    left = [sound(word) for word in longer]
    for word in shorter:
        if sound(word) not in left:
            return False
        left.remove(sound(word))
    return True


def _given_and_surnames(tokens: list[str]) -> tuple[set[str], set[str]]:
    """By sound. What is no common given name is a surname, for want of a list, and never are all words of one kind."""
    given = [word for word in tokens if word in GIVEN_NAMES]
    surnames = [word for word in tokens if word not in GIVEN_NAMES]
    if not given:  # "Nahiara Quispe"
        given, surnames = tokens[:1], tokens[1:]
    if not surnames:  # "Ana María Rosario"
        surnames = tokens[-1:]
        given = tokens[:-1]
    return {sound(word) for word in given}, {sound(word) for word in surnames}
