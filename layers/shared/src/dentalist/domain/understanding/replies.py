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
    r"(?! (?:puedo|puede|pueden|podes|podria|hay|hubiera|tenes|tienen|tuvieran|es posible|se puede|no(?! hay problema)"
    r"|me (?:dan|das|podes|confirm|dicen|pueden)|llego|fuera|alguien|queda|quedan|tendrian|consigo|sale|cambio"
    r"|cancel\w+ (?:me|que|puedo|pierdo|hay)))"
)
# No verb of the agenda is here: "cancelalo" is a yes to "¿lo cancelo?" and a no to "¿lo reservo?". Its intent tells.
_YES = re.compile(
    r"(?:(?:ah|aja|eh|hola|bueno|y|ay|uy|mm+) )*(?:"
    rf"sip?{_IF}|sii+|sipi|sep|dale|ok|oka|okey|okay|listo|bueno|claro(?: que si)?|por supuesto|obvio|correcto|exacto"
    r"|exactamente|asi es|confirm(?:o|ado|ada|amos|alo|ala)|de acuerdo|perfecto|vale|va|sale|simon|de una|joya|barbaro"
    r"|buenisimo|genial|excelente|esta bien|me parece bien|efectivamente|afirmativo|yes|yeah|yep|sure|sim|isso"
    r"|(?:eso|ese|esa) (?:es|mismo|misma)|el mismo|la misma|(?:yo )?soy (?:yo|el|ella)|por favor|cuando quieras|ya po"
    r"|hacelo|hazlo|adelante|avanti|tal cual|acepto|(?:l[oa] )?quiero$|me sirve|con gusto|seguro|segurisimo|posta"
    r"|sin problema|no hay (?:problema|drama)|no pasa nada|obviamente|cierto|verdad"
    r")(?!\w)"
)
_AFTER_NO = (
    r"no|gracias|muchas gracias|por favor|por ahora|todavia|mejor no|quiero|es(?: asi| el| la| ese| esa| correcto)?"
    r"|era(?: ese| esa)?|lo|la|los|las|cancel\w*|anul\w*|mov\w*|cambi\w*|confirm\w+|reserv\w+|agend\w+|hace falta"
    r"|hagas|me (?:sirve|cancel\w+|gusta|parece|queda)|deja\w*|espera\w*|perdon|disculpa|nada|che|ya no|esta"
    r"|necesito|prefiero|acepto|doctora?|senorita|ese no|eso no|todavia no|asi no|aun no|nunca"
)
_NO = re.compile(
    r"(?:(?:ah|eh|hola|bueno|y|ay|uy|uh|mm+|mejor|por ahora|todavia|creo que) )*(?:"
    rf"(?:no+p?|nel|nopi|nah|nones)(?: (?:{_AFTER_NO})(?!\w).*)?$"
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
    """What an answer to a yes-or-no question says; None when it says neither, or both.

    A longer sentence that begins with "no" ("no voy a poder ir") answers nothing: of "¿Lo cancelo?" it would mean yes.
    """
    if _UNSURE.search(normalise(text)):
        return None
    said = [answer for clause in _clauses(text) if (answer := _answer(clause)) is not None]
    return said[0] if said and len(set(said)) == 1 else None


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
    clauses = re.split(r"(?:^|(?<= ))(?:[.,?]|pero)(?= |$)", normalise(text))
    return [clause.strip() for clause in clauses if clause.strip()]


def _answer(clause: str) -> bool | None:
    if _YES.match(clause) and not re.search(r"(?<!\w)no(?! (?:hay|pasa))(?!\w)", clause):
        return True
    return False if _NO.match(clause) else None


def _is_common_name(word: str) -> bool:
    return bare_words(word) in GIVEN_NAMES


def _is_name(word: str) -> bool:
    return _is_common_name(word) or (word[:1].isupper() and bool(names_given(f"para {word}")))
