"""Text into pieces that speak of time, from left to right; what none of the readers knows is a word between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from dentalist.domain.understanding.normalise import normalise
from dentalist.domain.understanding.when_clock import read_times
from dentalist.domain.understanding.when_days import read_days
from dentalist.domain.understanding.when_pieces import Joint, Piece
from dentalist.domain.understanding.when_words import MONTH_NAMES, NUMBER_WORDS, PASSED_OR_COUNTED

_NUMBERS = re.compile(rf"(?<!\w)(?:{'|'.join(NUMBER_WORDS)})(?: y uno(?!\w))?(?!\w)")
_SLASHED = re.compile(r"(?<![\d/.-])(\d{1,2})\s?/\s?(\d{1,2})(?:\s?/\s?(\d{4}|\d{2}))?(?![\d/])")
_DASHED = re.compile(r"(?<![\d/.-])(\d{1,2})-(\d{1,2})-(\d{4}|\d{2})(?![\d-])")
_HALF_DAY = re.compile(r"(?<=[\d ])([ap])\s?\.\s?m(?:\.|\b)", re.IGNORECASE)
_MONTHS = {number: name for name, number in reversed(list(MONTH_NAMES.items()))}


def words_of(text: str) -> str:
    """Normalised text with dates, halves of the day and numbers in one spelling: "el 10/12 a las cinco p. m."."""
    spelled = _HALF_DAY.sub(r" \1m", _DASHED.sub(_written_date, _SLASHED.sub(_written_date, text)))
    words = normalise(spelled)
    words = re.sub(r"(?<!\w)(las?|tipo) una(?!\w)", r"\1 1", words)
    words = _NUMBERS.sub(lambda found: _digits(found[0]), words)
    words = re.sub(r"(?<!\w)(despues|antes|luego|partir) del(?!\w)", r"\1 de el", words)
    return re.sub(r"(?<!\w)(?:mn+a?|maniana|mannana|mananita)(?!\w)", "manana", words)


def _digits(number: str) -> str:
    if number.endswith(" y uno"):
        return str(NUMBER_WORDS[number.removesuffix(" y uno")] + 1)
    return str(NUMBER_WORDS[number])


def _written_date(found: re.Match[str]) -> str:
    month = _MONTHS.get(int(found[2]))
    if month is None:
        return found[0]
    year = f" del {found[3] if len(found[3]) > 2 else '20' + found[3]}" if found[3] else ""  # noqa: PLR2004
    return f" el {int(found[1])} de {month}{year} "


_JOINTS: tuple[tuple[re.Pattern[str], Joint], ...] = tuple(
    (re.compile(rf"(?:{pattern})(?!\w)"), joint)
    for pattern, joint in (
        (r"[.?]|pero|mejor|sino|prefiero|prefeririia|si puedo|si|en cambio", Joint.BREAK),
        (r",", Joint.COMMA),
        (r"o|u|y|e|tambien|o sino|or|and|ou", Joint.OR),
        (r"menos|salvo|excepto|a excepcion del?|que no sean?|no sea", Joint.EXCEPT),
        (r"no|ni|tampoco|nunca|imposible", Joint.NO),
        (r"a partir de|desde|empezando|from", Joint.FROM),
        (r"despues de|luego de|pasad[oa]s?|mas de|pasando|after", Joint.AFTER),
        (r"antes de|before", Joint.BEFORE),
        (r"hasta|until", Joint.UNTIL),
        (r"a eso de|tipo|como (?:a|para|tipo)|sobre|alrededor de|cerca de|hacia|mas o menos|around|como", Joint.ABOUT),
        (r"entre|between", Joint.BETWEEN),
        (r"del?", Joint.OF),
        (r"al?|to", Joint.TO),
        (r"duele\w*|dolor\w*|doliendo|molest\w+|sangr\w+|hinch\w+|inflam\w+|vengo|fiebre|roto|rota|mal",
         Joint.SICK_SINCE),
    )
)  # fmt: skip
# "No sé si…", "¿no tendrás…?" ask; they deny nothing.
_ASKS = re.compile(r"no (?:se|sabes|habra|habria|tenes|teneis|tendra\w*|tendri\w+|podes|podra\w*|podria\w*)(?!\w)")
_WORD = re.compile(r"\S+")
_SKIPPED = re.compile(rf"(?:{PASSED_OR_COUNTED})(?!\w)")


def joint_at(words: str, position: int) -> tuple[Joint, int]:
    """The joint that begins here, any other word included, and where it ends."""
    asking = _ASKS.match(words, position)
    if asking:
        return Joint.WORD, asking.end()
    for pattern, joint in _JOINTS:
        found = pattern.match(words, position)
        if found:
            return joint, found.end()
    found = _WORD.match(words, position)
    return Joint.WORD, found.end() if found else position + 1


def pieces(text: str, now: datetime) -> Iterator[Piece]:
    """The pieces of a text, in order.

    Args:
        text: as written.
        now: local time at which it is read.
    """
    words = words_of(text)
    position = 0
    while position < len(words):
        if words[position] == " ":
            position += 1
            continue
        skipped = _SKIPPED.match(words, position)
        if skipped:
            yield Joint.WORD
            position = skipped.end()
            continue
        for read in (read_times, read_days):
            found = read(words, position, now)
            if found:
                piece, position = found
                yield piece
                break
        else:
            joint, position = joint_at(words, position)
            yield joint
