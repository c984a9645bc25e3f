"""Which of the clinic's treatments a text speaks of, whatever each country calls them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dentalist.domain.understanding.normalise import bare_words

# Our name first; the others are how patients in some country call the same thing.
_SYNONYMS: Mapping[str, str] = {
    "limpieza": r"limpiezas?|limpiecita|limpeza|cleaning|profilaxis|detartraje|tartrectomia|higiene|destartraje|sarro",
    "ortodoncia": r"ortodoncia|brackets?|brakets?|frenillos|frenos|aparat(?:o|ito)s?"
    r"|aparelho|braces|alambres?|alineadores?|invisalign",
    "endodoncia": r"endodoncias?|root canal|conductos?|matar el nervio|tratamiento de nervio",
    "extracción": r"extraccion(?:es)?|exodoncias?|(?:sacar\w*|extraer\w*|quitar\w*)(?: \w+){0,3} "
    r"(?:muelas?|dientes?|(?:de|del) juicio)"
    r"|muelas? (?:de|del) juicio|cordal(?:es)?|terceros? molar(?:es)?",
    "arreglo de caries": r"arreglos?|caries|empastes?|tapaduras?|calzas?|resinas?|obturacion(?:es)?|amalgamas?",
    "implante": r"implantes?|implants?",
    "corona": r"coronas?|fundas?|(?:muelas?|dientes?) de porcelana",
    "perno": r"pernos?",
    "carillas": r"carillas?",
    "blanqueamiento": r"blanqueamientos?|blanquear\w*|aclaramiento|clareamento|whitening|dientes (?:mas )?blancos",
    "prótesis": r"protesis|dentaduras?|planchas?|placa completa|puentes?",
    "placa de descanso": r"miorrelajante|placa de (?:descanso|relajacion|bruxismo)|bruxismo|ferulas?|guarda oclusal",
    "diseño de sonrisa": r"disenos? de sonrisa",
    "radiografía": r"radiografias?|panoramicas?|placas? radiografic\w+|rayos x",
    "odontopediatría": r"odontopediatria",
    "consulta": r"consultas?|valoracion|evaluacion|control|revision|chequeo|primera (?:vez|visita)",
}  # fmt: skip
_PATTERNS = {name: re.compile(rf"(?<!\w)(?:{pattern})(?!\w)") for name, pattern in _SYNONYMS.items()}
_GENERAL = "consulta"  # "una consulta por un implante" asks about the implant
_EMPTY_WORDS = frozenset({"dental", "dentales", "de", "del", "la", "el", "con", "por", "y", "un", "una", "para", "en"})


def find_treatments(text: str, names: Sequence[str] = ()) -> tuple[str, ...]:
    """The treatments a text names: the clinic's own names where it lists them, else ours.

    Args:
        text: normalised or as written.
        names: the treatments of the clinic's price list.
    """
    words = bare_words(text)
    kinds = _kinds(words)
    if len(kinds) > 1:
        kinds = [kind for kind in kinds if kind != _GENERAL]
    found: list[str] = []
    for kind in kinds:
        listed = [name for name in names if kind in _kinds(bare_words(name))]
        found.extend(_closest_names(listed, words) or [kind])
    if not kinds:
        found.extend(_closest_names([name for name in names if _shared(name, words)], words))
    return tuple(dict.fromkeys(found))


def _kinds(words: str) -> list[str]:
    return [kind for kind, pattern in _PATTERNS.items() if pattern.search(words)]


def _closest_names(names: Sequence[str], words: str) -> list[str]:
    """Those that share most words with the text: "blanqueamiento láser" before "blanqueamiento"."""
    if not names:
        return []
    scores = {name: _shared(name, words) for name in names}
    best = max(scores.values())
    return [name for name in names if scores[name] == best]


def _shared(name: str, words: str) -> int:
    return len((set(bare_words(name).split()) - _EMPTY_WORDS) & set(words.split()))
