"""A model's text as a person reads it, whatever characters it is made of, and in the pieces that are judged."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Letters of other scripts that look like Latin ones. NFKC already brings styled and full-width ones home.
_LOOKALIKES = str.maketrans(
    {
        "а": "a", "в": "b", "с": "c", "е": "e", "ё": "e", "н": "h", "і": "i", "ї": "i", "ј": "j", "к": "k", "м": "m",
        "о": "o", "р": "p", "ѕ": "s", "т": "t", "у": "y", "х": "x", "ԁ": "d", "ɡ": "g", "ո": "n", "ս": "u", "ԛ": "q",
        "А": "A", "В": "B", "С": "C", "Е": "E", "Н": "H", "І": "I", "Ј": "J", "К": "K", "М": "M", "О": "O", "Р": "P",
        "Ѕ": "S", "Т": "T", "У": "Y", "Х": "X", "Ү": "Y", "Ԁ": "D",
        "α": "a", "β": "b", "ε": "e", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "τ": "t", "υ": "u", "χ": "x",
        "Α": "A", "Β": "B", "Ε": "E", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P", "Τ": "T",
        "Υ": "Y", "Χ": "X", "Ζ": "Z", "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h",
    }
)  # fmt: skip
# Characters that are needed to write an emoji; any other that shows nothing hides something.
_OF_EMOJIS = {"\u200d", "\ufe0f", "\ufe0e", "\u20e3"}
_EMPHASIS = re.compile(r"[*_~`]+(?=\S)|(?<=\S)[*_~`]+|^[>#]+\s?", re.MULTILINE)
_SPELLED = re.compile(r"(?<!\w)\w(?:[ .·•*_|/-]{1,2}[^\W\d_](?!\w)){4,}")
_SPACED_DIGITS = re.compile(r"(?<![\d.,:/])\d(?: \d(?!\d)){1,5}(?![\d.,:/])")
_LEET = str.maketrans("0134578", "oieastb")
# Digits inside a word, except in "10hs", "25k", "2do", "covid19".
_LEET_WORD = re.compile(
    r"(?<![\w./@])(?!\d+(?:hs?|hrs?|k|m|mg|ml|min|mins|am|pm|x\d+|er|ro|ra|do|da|to|cm|gr?"
    r"|h\d+)(?!\w))(?![a-z]+\d+(?!\w))"
    r"(?=\w*[a-z])(?=\w*[0134578])[a-z0134578]{2,}(?![\w@])"
)
_SENTENCE = re.compile(r"[^.!?…\n;]*(?:\.(?=[^\s])[^.!?…\n;]*)*[.!?…;]*\n?")
_LIST_MARK = re.compile(r"^\s*(?:\d{1,2}[.)º°]?[.)-]|\d\ufe0f?\u20e3|[-•·*])\s+", re.MULTILINE)


@dataclass(frozen=True)
class Sentence:
    """One sentence, lower case and without accents. ``asks``: it is a question."""

    text: str
    asks: bool


def readable(text: str) -> str:
    """The text with every character as the one it looks like; case and accents stay."""
    shown = "".join(char for char in text if not is_invisible(char) and char not in _OF_EMOJIS)
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", shown).translate(_LOOKALIKES))
    digits = "".join(_digit(char) for char in plain)
    return _EMPHASIS.sub("", digits)


def plain(text: str) -> str:
    """``readable``, in lower case, without accents, and with spelled-out words joined."""
    return joined(_unaccented(readable(text).lower()))


def joined(text: str) -> str:
    """Letters that were spaced out, digits among letters and digits apart become the words and numbers they spell."""
    text = _SPELLED.sub(lambda found: re.sub(r"\W|_", "", found.group()), text)
    text = _SPACED_DIGITS.sub(lambda found: found.group().replace(" ", ""), text)
    return _LEET_WORD.sub(lambda found: found.group().translate(_LEET), text)


def sentences(text: str) -> list[Sentence]:
    """The sentences of a plain text; a line is one at most, and a number in front of it is no part of it."""
    without_marks = _LIST_MARK.sub("", text)
    pieces = (re.sub(r"^[^\w¿+$€«\"(]+", "", piece).strip() for piece in _SENTENCE.findall(without_marks))
    return [Sentence(piece, "?" in piece or "¿" in piece) for piece in pieces if piece]


def is_obscured(text: str) -> bool:
    """Whether the text is made so that a program reads another one than a person: nobody who means well does that."""
    if any(is_invisible(char) for char in text):
        return True
    if any(_scripts(word) > {"LATIN"} for word in re.findall(r"[^\W\d_]+", text)):
        return True
    lower = _unaccented(text.lower())
    return bool(_SPELLED.search(lower) or _LEET_WORD.search(lower))


def is_invisible(char: str) -> bool:
    """Formatting characters that show nothing, besides those of emojis; also letters that are blank."""
    if char in _OF_EMOJIS:
        return False
    return (unicodedata.category(char) in ("Cf", "Cc", "Co", "Cn") and char not in "\n\t") or char in "ᅟᅠㅤﾠ⠀"


def words_of(text: str) -> frozenset[str]:
    """All words of a text, plain."""
    return frozenset(re.findall(r"[a-z0-9]+", plain(text)))


def _digit(char: str) -> str:
    value = unicodedata.digit(char, None) if not char.isascii() else None
    return char if value is None else str(value)


def _unaccented(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _scripts(word: str) -> set[str]:
    return {unicodedata.name(char, "?").split()[0] for char in word}
