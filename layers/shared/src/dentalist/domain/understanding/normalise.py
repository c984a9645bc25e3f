"""Text as people type it on a phone, brought to one spelling: lower case, no accents, words separated by one blank.

Punctuation that ends a clause stays as " , ", " . " or " ? ", because a negation reaches only to the end of its clause.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from dentalist.domain.understanding.vocabulary import ABBREVIATIONS, EMOJIS, KNOWN_WORDS, VOCABULARY

_SHORTEST_TO_CORRECT = 4
_LONG_WORD = 8
_LONGEST_TEXT = 4000  # a longer one is no chat message; the rules would only lose time on it
_TOKEN = re.compile(r"[0-9]{1,2}[:.][0-9]{2}(?![0-9])|[a-z]+|[0-9]+(?:\.[0-9]+)?|[,;.?!\n]+")
_REPEATED = re.compile(r"([a-z])\1{2,}")
_CLAUSE_ENDS = {",": ",", ";": ",", ".": ".", "!": ".", "\n": ".", "?": "?"}


def normalise(text: str) -> str:
    """One spelling for what means the same, e.g. "Kiero turnoo xfa!!" becomes "quiero turno por favor .".

    An empty result means that nothing but punctuation and unknown symbols was written.
    """
    return " ".join(_word(token) for token in _TOKEN.findall(_plain(text[:_LONGEST_TEXT])))


def bare_words(text: str) -> str:
    """Like ``normalise`` but without correcting spelling and without punctuation: for keywords that must be exact."""
    return " ".join(re.findall(r"[a-z0-9]+", _plain(text[:_LONGEST_TEXT])))


def _plain(text: str) -> str:
    for emoji, word in EMOJIS.items():
        text = text.replace(emoji, f" {word} ")
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _word(token: str) -> str:
    if token[0] in _CLAUSE_ENDS:
        marks = {_CLAUSE_ENDS[char] for char in token}
        return "?" if "?" in marks else "." if "." in marks else ","
    if not token.isalpha():
        return token
    return correct(unstretched(token))


def unstretched(word: str) -> str:
    """ "holaaaa" is "hola"; "mmm" stays a sound and becomes no abbreviation."""
    short = _REPEATED.sub(r"\1", word)
    return short if len(short) > 1 or short == word else short * 2


@lru_cache(maxsize=4096)
def correct(word: str) -> str:
    """The vocabulary's spelling of a word: by abbreviation, by sound, by a slip of the finger; else the word itself."""
    if word in ABBREVIATIONS:
        return ABBREVIATIONS[word]
    if word in VOCABULARY or word in KNOWN_WORDS or len(word) < _SHORTEST_TO_CORRECT:
        return word
    sounds_like = _BY_SOUND.get(sound(word))
    if sounds_like:
        return sounds_like
    return _closest(word) or word


def sound(word: str) -> str:
    """A key that is the same for spellings that sound the same in Spanish: b/v, s/c/z, h, ll/y, qu/k, g/j."""
    key = re.sub(r"(?<!c)h", "", word)
    key = re.sub(r"qu(?=[ei])|q|c(?=[aourltn]|$)", "k", key)
    key = re.sub(r"gu(?=[ei])", "G", key)
    key = re.sub(r"g(?=[ei])", "j", key)
    key = key.replace("ll", "y").replace("v", "b").replace("z", "s").replace("x", "s")
    key = re.sub(r"c(?=[ei])", "s", key)
    key = re.sub(r"m(?=[bp])", "n", key)
    return re.sub(r"(.)\1", r"\1", key)


_BY_SOUND = {sound(word): word for word in sorted(VOCABULARY, reverse=True)}


def _closest(word: str) -> str | None:
    """The only vocabulary word within one slip (two in long words); None when there is none or several.

    A short word can only have lost a letter: replacing one of four would make too many words out of others.
    """
    allowed = 2 if len(word) >= _LONG_WORD else 1
    shortest = len(word) + 1 if len(word) == _SHORTEST_TO_CORRECT else 0
    for slips in range(1, allowed + 1):
        found = {
            known
            for known in VOCABULARY
            if len(known) >= shortest
            and known[0] == word[0]
            and abs(len(known) - len(word)) <= slips
            and distance(word, known, slips) <= slips
        }
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def distance(one: str, other: str, limit: int) -> int:
    """Slips between two words: a letter missing, extra, wrong, or two neighbours swapped; ``limit + 1`` when more."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        current = [i]
        for j, right in enumerate(other, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, row = row, current
    return row[-1]
