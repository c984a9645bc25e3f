"""Names in any text of a conversation, so that they can be hidden from a model: rather too many than too few.

Others read the names that somebody gives when asked; here nobody was asked, and a word that is wrongly taken for a name
costs nothing: it is replaced by a placeholder and comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from dentalist.domain.understanding.given_names import GIVEN_NAMES
from dentalist.domain.understanding.normalise import bare_words
from dentalist.domain.understanding.vocabulary import KNOWN_WORDS, VOCABULARY
from dentalist.domain.understanding.when_words import MONTH_NAMES, NUMBER_WORDS, WEEKDAY_NAMES

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHORTEST = 3
_MOST_SURNAMES = 5
_TITLES = frozenset({"dr", "dra", "sr", "sra", "srta", "lic", "od", "don", "dona"})
_OTHER_WORDS = frozenset({"avenida", "calle", "whatsapp", "instagram", "google"})
_TIMES = frozenset({*WEEKDAY_NAMES, *MONTH_NAMES, *NUMBER_WORDS})
_NO_NAMES = (VOCABULARY | KNOWN_WORDS | _TIMES | _TITLES | _OTHER_WORDS) - GIVEN_NAMES
# Given names that are words of every day as well count only with a capital within a sentence.
_DOUBTFUL = frozenset({"abril", "alma", "azul", "blanca", "clara", "mar", "paz", "sol", "luz"})
_ALSO_WORDS = GIVEN_NAMES & (VOCABULARY | KNOWN_WORDS | _DOUBTFUL)
_BEGINS = re.compile(r"(?:^|[.!?¡¿\n:•-])\s*$")
_BEFORE = 4  # characters that tell whether a sentence begins
_AFTER_TITLE = re.compile(r"(?i)(?<!\w)(?:dra?|sra?|srta|lic|od)\.\s?$")


def names_mentioned(text: str) -> tuple[str, ...]:
    """What may be somebody's name: given names in any case, and what is capitalised for no other reason.

    Args:
        text: as written.
    """
    return tuple(dict.fromkeys(_names(text)))


def _names(text: str) -> Iterator[str]:
    end = 0
    for found in _WORD.finditer(text):
        if found.start() < end:
            continue  # part of the name before
        word = found.group()
        after = _end_of(text, found)
        # The first word of a sentence is capitalised anyway, unless the next one is as well.
        tells_nothing = after == found.end() and _begins_sentence(text, found.start())
        if _is_name(word, tells_nothing=tells_nothing):
            end = after
            yield text[found.start() : end]


def _begins_sentence(text: str, position: int) -> bool:
    before = text[max(0, position - _BEFORE - 2) : position]
    return bool(_BEGINS.search(before[-_BEFORE:])) and not _AFTER_TITLE.search(before)


def _is_name(word: str, *, tells_nothing: bool) -> bool:
    plain = bare_words(word)
    if plain in GIVEN_NAMES and plain not in _ALSO_WORDS:
        return True
    if tells_nothing or len(word) < _SHORTEST or not _is_capitalised(word):
        return False
    return plain not in _NO_NAMES


def _end_of(text: str, first: re.Match[str]) -> int:
    """Where the name ends: surnames are the words that follow directly, capitalised as it is."""
    end, shouts = first.end(), first.group().isupper()
    for found in islice(_WORD.finditer(text, end), _MOST_SURNAMES):
        word = found.group()
        if text[end : found.start()] != " " or not (word.isupper() if shouts else _is_capitalised(word)):
            break
        end = found.end()
    return end


def _is_capitalised(word: str) -> bool:
    return word[0].isupper() and not word.isupper()
