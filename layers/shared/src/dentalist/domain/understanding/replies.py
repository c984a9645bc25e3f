"""Short answers to what the assistant asked: yes or no, "that is not me", names, and which one of several.

What is said here means something only because a question was asked; nothing of it decides an intent.
"""

from __future__ import annotations

import re

from dentalist.domain.understanding.given_names import GIVEN_NAMES
from dentalist.domain.understanding.names import full_name_given, names_given, same_name
from dentalist.domain.understanding.normalise import bare_words, normalise
from dentalist.domain.understanding.which_of import which_of

__all__ = ["denies_identity", "full_name_given", "names_given", "same_name", "which_of", "yes_or_no"]

_THUMBS_DOWN = ("👎", "🙅", "❌")
_THUMBS_UP = ("👍", "👌", "✅", "✔", "💯", "🆗")
# "Si" without its accent is "if" before these: "si puedo voy", "si hay lugar".
_IF = (
    r"(?! (?:puedo|puede|pueden|podes|podria|quer\w+|quier\w+|es que|fuese|hay|hubiera|tenes|tienen|tuvieran"
    r"|es posible|se puede|no(?! hay problema)"
    r"|me (?:dan|das|podes|confirm|dicen|pueden)|llego|fuera|alguien|queda|quedan|tendrian|consigo|sale|cambio"
    r"|cancel\w+ (?:me|que|puedo|pierdo|hay)))"
)
# No verb of the agenda is here: "cancelalo" is a yes to "¿lo cancelo?" and a no to "¿lo reservo?". Its intent tells.
_BEFORE = r"(?:(?:ah|aja|eh|hola|bueno|y|ay|uy|mm+) )*"
_YES = re.compile(
    rf"{_BEFORE}(?:"
    rf"sip?{_IF}|sii+|sipi|sep|dale|ok|oka|okey|okay|claro(?: que si)?|por supuesto|obvio|asi es"
    r"|confirm(?:o|amos|alo|ala)|yes|yeah|yep|sure|sim|isso|por favor|ya po|soy yo|me sirve|me parece bien"
    r"|hacelo|hazlo|(?:l[oa]s? )?quiero$"
    r")(?!\w)"
)
# Words of assent that begin other sentences as well ("va a ser difícil", "vale 200?"): a yes only where little follows.
_YES_ALONE = re.compile(
    rf"{_BEFORE}(?:"
    r"listo|bueno|correcto|exacto|exactamente|confirmad[oa]|de acuerdo|perfecto|vale|va|sale|simon|de una|joya|barbaro"
    r"|buenisimo|genial|excelente|esta bien|efectivamente|afirmativo|(?:eso|ese|esa) (?:es|mismo|misma)|el mismo"
    r"|la misma"
    r"|(?:yo )?soy (?:el|ella)|cuando quieras|adelante|avanti|tal cual|acepto|con gusto|seguro|segurisimo|posta"
    r"|sin problema"
    r"|no hay (?:problema|drama)|no pasa nada|obviamente|cierto|verdad(?: que si)?|aja|como no|y bueno"
    r")(?: (?:gracias|muchas|mil|por favor|senora?|doctora?|doc|amor|mi|che|si|dale|ok|bueno|listo|perfecto"
    r"|genial|bien"
    r"|entonces|ese|esa|eso|mismo|misma|nomas|ya|de una|que sea asi|asi|tambien|me sirve))*$"
)
# What follows an assent and takes it back, or puts it off: "dale, te aviso", "ok, lo consulto", "sí, pero…".
_RESERVES = re.compile(
    r"(?<!\w)(?:pero|dejame|dejeme|prefiero|a ver|depende|solo si|siempre y cuando|pienso|pensar\w*|consult(?:o"
    r"|arlo|are)"
    r"|despues|luego|mas tarde|otr[oa] (?:dia|hora|horario|fecha|turno|momento)|entonces no|si es que"
    r"|(?:te|le|les|os|lo) (?:aviso|confirmo|digo|escribo|averiguo|cuento|llamo)|confirmo (?:manana|el|en"
    r"|cuando))(?!\w)"
)
_ALSO_DENIES = re.compile(r"no (?!hay |pasa |te preocup|importa|problem).|.+ no$")
_AFTER_NO = (
    r"no|gracias|muchas gracias|por favor|por ahora|todavia|mejor no|quiero|es(?: asi| el| la| ese| esa| correcto)?"
    r"|era(?: ese| esa)?|lo|la|los|las|cancel\w*|anul\w*|mov\w*|cambi\w*|confirm\w+|reserv\w+|agend\w+|hace falta"
    r"|hagas|me (?:sirve|cancel\w+|gusta|parece|queda)|deja\w*|espera\w*|perdon|disculpa|nada|che|ya no|esta"
    r"|necesito|prefiero|acepto|doctora?|senorita|ese no|eso no|todavia no|asi no|aun no|nunca"
)
_NO = re.compile(
    r"(?:(?:ah|eh|hola|bueno|y|ay|uy|uh|mm+|mejor|por ahora|todavia|creo que) )*(?:"
    rf"(?:no+p?|nel|nopi|nah|nones)(?: (?:{_AFTER_NO})(?!\w).*)?$"
    r"|(?:claro|obvio|por supuesto|seguro|supongo|me temo) que no"
    r"|para nada|negativo|mejor no|todavia no|aun no|de ninguna manera|en absoluto|ni loc[oa]|nao|tampoco"
    r"|deja(?:l[oa])?(?: asi| como esta(?:ba)?)?$|dejal[oa]|olvidal[oa]|ningun[oa]?"
    r")(?!\w)"
)
_UNSURE = re.compile(
    r"(?<!\w)(?:no se|no entiend\w+|tal vez|quiza\w*|capaz|depende|puede ser|no estoy segur[oa]|ni idea|como\?)(?!\w)"
)

_PHONE = r"(?:numero|nro|telefono|tel|cel|celular|whatsapp|linea|chip)"
_WRONG_NUMBER = re.compile(
    r"(?<!\w)(?:"
    + "|".join(
        (
            rf"(?:{_PHONE}|contacto|persona|chat) (?:esta )?(?:equivocad[oa]|errone[oa]|errad[oa]|incorrect[oa]|mal)",
            r"(?:te|se|os|le) (?:equivoc|confund|err)\w+(?! de (?:turno|hora|dia|fecha|horario|lugar))",
            r"(?:esta|estan|estas|andas) (?:equivocad[oa]s?|confundid[oa]s?)",
            rf"(?:este|ese|el) {_PHONE} (?:ya )?no (?:le |me )?(?:es|pertenece|corresponde)",
            rf"(?:este|ese|el) {_PHONE} (?:ahora |ya )?es (?:mio ahora|de otra persona|de otro|de alguien mas)",
            rf"(?:este|ese) (?:ya )?no es (?:el|su|mas el)? ?{_PHONE}",
            r"ya no (?:es|usa|tiene|le pertenece) (?:mas )?(?:(?:de|a) (?:el|ella|es[ae]|quien)|su|est[ae]|ese)"
            rf"(?: {_PHONE})?",
            r"no (?:lo|la|los|las) conozco|no conozco a|no (?:conozco|conocemos) (?:ningun[oa]?|esa persona)",
            r"(?:aca|aqui|ahi) no (?:vive|trabaja|hay|es) (?:ningun[oa]?|nadie|esa|ella|el)",
            r"no (?:hay|vive|es) nadie (?:con ese nombre|que se llame|aca|aqui)|no me llamo|es[eo] no es mi nombre",
            rf"cambi(?:o|aron) (?:de|el|su) {_PHONE}|wrong (?:number|person)",
        )
    )
    + r")(?!\w)"
)
_NOT_ME = re.compile(
    r"(?<!\w)no (?:soy|habla|somos)(?: (?:la|el|su|una|un|de))*"
    r" (?:persona|es[ae] (?:persona|paciente|senora|senor)|es[ae]|ella|yo|quien|a quien|la que|el que|que busc\w+"
    r"|titular|duen[oa]|senora|senor)(?!\w)"
)
# "No soy paciente" and "no soy de ahí" deny nothing: only a name does, of "no es…" a common one.
_NOT_CALLED = re.compile(r"\bno soy (?:(?:la|el) )?(?P<name>[^\W\d_]+)", re.IGNORECASE)
_IT_IS_NOT = re.compile(r"\bno es (?:de )?(?P<name>[^\W\d_]+)(?=\s*(?:[,.;!]|$)| (?-i:[A-ZÁÉÍÓÚÑ]))", re.IGNORECASE)


def yes_or_no(text: str) -> bool | None:
    """What an answer to a yes-or-no question says; None when it says neither, both, or puts it off.

    A yes may book or cancel, so it must be one: "ok, lo consulto" and "sí, pero…" are none. A longer sentence that
    begins with "no" ("no voy a poder ir") answers nothing: of "¿Lo cancelo?" it would mean yes.
    """
    words = normalise(text)
    if _UNSURE.search(words):
        return None
    clauses = _clauses(text)
    said = {answer for clause in clauses if (answer := _answer(clause)) is not None}
    if len(said) != 1:
        return None
    answer = said.pop()
    if answer and (_RESERVES.search(words) or any(_ALSO_DENIES.match(clause) for clause in clauses)):
        return None
    return answer


def denies_identity(text: str) -> bool:
    """Whether somebody says that they are not who they were taken for, or that the phone is no longer that person's."""
    words = normalise(text)
    if _WRONG_NUMBER.search(words) or _NOT_ME.search(words):
        return True
    called = any(_is_name(found["name"]) for found in _NOT_CALLED.finditer(text))
    return called or any(_is_common_name(found["name"]) for found in _IT_IS_NOT.finditer(text))


def _clauses(text: str) -> list[str]:
    for symbols, word in ((_THUMBS_DOWN, " . no . "), (_THUMBS_UP, " . si . ")):
        for symbol in symbols:
            text = text.replace(symbol, word)
    text = re.sub(r"\b([Ss])í", r"\1i ,", text)  # with its accent it is never "if"
    # a question is no answer: "¿vale 200?"
    stated = re.sub(r"(?:^|(?<= ))[^.,?]*\?", ".", normalise(text))
    return [clause.strip() for clause in re.split(r"(?:^|(?<= ))(?:[.,]|pero)(?= |$)", stated) if clause.strip(" .,")]


def _answer(clause: str) -> bool | None:
    if _YES_ALONE.match(clause):
        return True
    if _YES.match(clause) and not re.search(r"(?<!\w)no(?! (?:hay|pasa))(?!\w)", clause):
        return True
    return False if _NO.match(clause) else None


def _is_common_name(word: str) -> bool:
    return bare_words(word) in GIVEN_NAMES


def _is_name(word: str) -> bool:
    return _is_common_name(word) or (word[:1].isupper() and bool(names_given(f"para {word}")))
