"""Whom a message is about besides its author: "para mis hijos", "mi mamá Elsa", "los mellizos"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice, takewhile

from dentalist.domain.understanding.given_names import GIVEN_NAMES
from dentalist.domain.understanding.normalise import bare_words
from dentalist.domain.understanding.when_words import MONTH_NAMES, NUMBER_WORDS, WEEKDAY_NAMES

_MOST_SAID = 20  # in one message; nobody waits for who says "mi hijo" a thousand times


class Relation(StrEnum):
    """Who somebody is to the author."""

    CHILD = "child"
    PARTNER = "partner"
    PARENT = "parent"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    RELATIVE = "relative"
    OTHER = "other"


@dataclass(frozen=True)
class Person:
    """Somebody named in a message.

    Attributes:
        names: as they were written, in order; empty when none was said.
        count: how many people this is, where it is known: None for "mis hijos".
        attends: whether the words say that the appointment is for them; "mi hijo está enfermo" does not.
    """

    relation: Relation
    names: tuple[str, ...] = field(default=(), repr=False)
    count: int | None = 1
    attends: bool = False


_RELATIONS: Mapping[Relation, str] = {
    Relation.CHILD: (
        r"hij[oa]s?|hijit[oa]s?|nen[ea]s?|nenit[oa]s?|nin[oa]s?|bebes?|chic[oa]s|changuit[oa]s?|chang[oa]|gord[oa]"
        r"|guagua|mellizos|mellizas|gemel[oa]s|peque(?:s|n[oa]s?)?|muchach[oa]s?|criaturas?|mayor"
        r"|mas grande|mas chic[oa]|menor|son|daughter|kids?|children|filh[oa]s?"
    ),
    Relation.PARTNER: r"espos[oa]|marido|mujer|senora|pareja|novi[oa]|polol[oa]|companer[oa]|husband|wife",
    Relation.PARENT: (
        r"mama|mami|madre|papa|papi|padre|papas|padres|viej[oa]|viejit[oa]|jef[ae]s?|suegr[oa]s?|mae|pai|mom|dad"
    ),
    Relation.SIBLING: r"herman[oa]s?|hermanit[oa]s?|brother|sister",
    Relation.GRANDPARENT: r"abuel[oa]s?|abuelit[oa]s?|nonn[oa]",
    Relation.GRANDCHILD: r"niet[oa]s?|nietit[oa]s?",
    Relation.RELATIVE: r"sobrin[oa]s?|prim[oa]s?|ti[oa]s?|cunad[oa]s?|familia",
    Relation.OTHER: r"amig[oa]s?|vecin[oa]s?|emplead[oa]s?",
}
RELATION_WORDS = "|".join(_RELATIONS.values())
_OWNED = r"(?:mis?|nuestr[oa]s?|la|el|los|las|al|del|my|meu|minha|\d{1,2}|un|una|" + "|".join(NUMBER_WORDS) + r")"
_SAID = re.compile(
    rf"(?<!\w)(?:(?P<how>mis?|nuestr[oa]s?|my|meu|minha) )?(?P<some>{_OWNED} )?(?P<said>{RELATION_WORDS})(?!\w)"
)
# "El mayor problema", "la señora de recepción": without "mi" only these are people of the author's.
_WITHOUT_OWNER = re.compile(
    r"(?:hij|nen|nin|mellizo|melliza|gemel|bebe|changuit|guagua|pequen|mas grande|mas chic|muchachit|kid|filh)\w*"
)
_FOR = re.compile(
    r"(?:para|pa|a|de|por|(?:para|pa|por) \w+ y|llev\w+|anot\w+|agend\w+"
    r"|traer|verla?|vean|revis\w+|atien\w+|mir\w+|con|for)$"
)
_WANTS = re.compile(
    r"(?: \w+)? (?:necesit\w+|quier\w+|queria|tiene que|precis\w+|ocup\w+|tambien|needs?|le (?:toca|revis\w+|vean))"
)
_NOT_FOR = re.compile(
    r"(?:cuid\w+|busc\w+|porque|enferm\w+|internad\w+|llevo|acompan\w+) (?:\w+ ){0,2}$|(?:porque)(?: \w+){0,3} $"
)
_SICK = re.compile(r"(?: \w+){0,2} (?:enferm\w+|con fiebre|internad\w+|se (?:enfermo|descompuso)|amanecio|esta mal)")
_CAPITALISED = r"[A-ZÁÉÍÓÚÑ][a-záéíóúñü]+"
_NAME = rf"{_CAPITALISED}(?: (?:(?:de|del|la|las|los) ){{0,2}}{_CAPITALISED}){{0,4}}"  # with surnames
_NAMES = re.compile(
    rf"\s*,?\s*(?:de nombre |se llaman? |llamad[oa] )?(?P<names>{_NAME}(?:(?:\s*,\s*|\s+[ye]\s+){_NAME})*)"
)
_FOR_NAMES = re.compile(rf"\b(?:para|por)\s+(?P<names>{_NAME}(?:(?:\s*,\s*|\s+[ye]\s+){_NAME})*)")
_NO_NAMES = frozenset(
    {*WEEKDAY_NAMES, *MONTH_NAMES, "hola", "necesito", "quiero", "gracias", "dra", "dr", "navidad", "osde", "whatsapp"}
)
# Common names need no capitals, as in a transcript, after words that lead to one. Alone after "para", some are a time,
# a place or an ache: "para abril", "para rosario", "por dolores".
_LEADS_TO_NAMES = re.compile(r"\s*,?\s*(?:de nombre |que se llaman? |se llaman? |llamad[oa] )?")
_JOINED = re.compile(r"\s*,\s*|\s+[ye]\s+")
_WORD = re.compile(r"[^\W\d_]+")
_FOR_LOWER = re.compile(r"\b(?:para|por)\s+(?=[^\W\d_])", re.IGNORECASE)
_ALSO_OTHER_WORDS = frozenset(
    """abril angeles asuncion belen concepcion consuelo cruz dolores domingo esperanza julio libertad linda lourdes luz
    mercedes milagros morena paz perla reyes rosario santiago santos simon sol trinidad valencia vera victor""".split()  # noqa: SIM905
)
_NAMES_ALONE = GIVEN_NAMES - _ALSO_OTHER_WORDS
_PAIRS = re.compile(r"mellizos|mellizas|gemel[oa]s")


def find_people(text: str) -> tuple[Person, ...]:
    """The people a message names besides its author, in order.

    Args:
        text: as written: names are told by their capitals, common ones also by what stands before them.
    """
    words = bare_words(text)
    found = list(_related(text, words))
    if not found:
        for match in _FOR_NAMES.finditer(text):
            names = _split(match["names"])
            if names:
                found.append(Person(Relation.OTHER, names, len(names), attends=True))
    if not found:
        for match in _FOR_LOWER.finditer(text):
            names = _common_names(text, match.end(), _NAMES_ALONE)
            if names:
                found.append(Person(Relation.OTHER, names, len(names), attends=True))
    return tuple(dict.fromkeys(found))


def _related(text: str, words: str) -> Iterator[Person]:
    for match in islice(_SAID.finditer(words), _MOST_SAID):
        said = match["said"]
        if not match["how"] and not _WITHOUT_OWNER.fullmatch(said):
            continue
        relation = next(relation for relation, pattern in _RELATIONS.items() if re.fullmatch(pattern, said))
        names = _names_after(text, said)
        yield Person(relation, names, _count(match, names), attends=_attends(words, match))


def _count(match: re.Match[str], names: tuple[str, ...]) -> int | None:
    number = (match["some"] or "").strip()
    if number.isdigit() or number in NUMBER_WORDS:
        return int(number) if number.isdigit() else NUMBER_WORDS[number]
    if _PAIRS.fullmatch(match["said"]):
        return 2
    if names:
        return len(names)
    return None if match["said"].endswith("s") else 1


def _attends(words: str, match: re.Match[str]) -> bool:
    before, after = words[: match.start()], words[match.end() :]
    if _NOT_FOR.search(before) or _SICK.match(after):
        return False
    return bool(_FOR.search(before.rstrip())) or bool(_WANTS.match(after))


def _names_after(text: str, said: str) -> tuple[str, ...]:
    """The capitalised words after the relation: "mi mamá Elsa", "mis hijos Juan y Sofía"."""
    plain = re.compile(_accented(said), re.IGNORECASE)
    for match in plain.finditer(text):
        names = _NAMES.match(text, match.end())
        if names:
            return _split(names["names"])
        lead = _LEADS_TO_NAMES.match(text, match.end())
        common = _common_names(text, lead.end() if lead else match.end(), GIVEN_NAMES)
        if common:
            return common
    return ()


def _common_names(text: str, position: int, known: AbstractSet[str]) -> tuple[str, ...]:
    """The common given names that stand here without capitals, as names are written."""
    names: list[str] = []
    while (word := _WORD.match(text, position)) and bare_words(word[0]) in known:
        names.append(word[0].capitalize())
        joint = _JOINED.match(text, word.end())
        if joint is None:
            break
        position = joint.end()
    return tuple(names)


def _accented(word: str) -> str:
    """A pattern for a word that lost its accents."""
    spelled = {"a": "[aá]", "e": "[eé]", "i": "[ií]", "o": "[oó]", "u": "[uú]", "n": "[nñ]"}
    return r"\b" + "".join(spelled.get(letter, re.escape(letter)) for letter in word) + r"\b"


def _split(names: str) -> tuple[str, ...]:
    parts = [name.split() for name in _JOINED.split(names)]
    found = [" ".join([first, *takewhile(_may_be_name, rest)]) for first, *rest in parts]
    return tuple(name for name in found if _may_be_name(name))


def _may_be_name(name: str) -> bool:
    return bare_words(name) not in _NO_NAMES
