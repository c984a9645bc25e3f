"""Effects that a text states and code did not: booked, cancelled, moved, sent, noted, promised."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dentalist.domain.guard.deeds import DEEDS
from dentalist.domain.guard.denials import denied
from dentalist.domain.guard.issued import Issued
from dentalist.domain.guard.reading import Sentence
from dentalist.domain.guard.verdict import Rule, Violation

_TOLD = {name: deed.told() for name, deed in DEEDS.items()}
_ANNOUNCED = tuple(deed.announced() for deed in DEEDS.values())
# What hangs on something that has not happened yet is not announced: "elegí uno y te lo reservo".
_HANGS = re.compile(
    r"(?<!\w)(?:si (?:queres|quieres|quiere|te|le|lo|la|preferis|prefieres|prefiere|necesitas|necesita|elegis|eliges"
    r"|elige|gusta|me|desea|deseas|alguno|ninguno|hay|no|es|ya|fuera)|una vez que|apenas|cuando|en cuanto|antes de"
    r"|hasta que|recien|falta|elegi\w*|elig\w+|elij\w+|decime\w*|dime\w*|digame\w*|contame\w*|cuentame\w*|toca\w*"
    r"|puedo|podemos|podria\w*|podes|puedes|puede|escribi\w*|escrib[ae]\w*)(?!\w)"
)
# "¿Querés que te reserve…?" is spelled like "te reservé" without its accent.
_WISHED = re.compile(r"(?:quer|quier|quisier|prefer|prefier|necesit|dese|gustaria|para|pued|pod|esper|conven)\w* que$")
_UNDENIABLE = frozenset({"full", "promised", "recorded"})


def check_claims(said: list[Sentence], issued: Issued) -> Iterator[Violation]:
    """Every effect that a text states and code did not."""
    for sentence in said:
        for name, pattern in _TOLD.items():
            found = pattern.search(sentence.text)
            if found and not pattern.search(issued.said) and not _is_not_told(name, sentence.text, found):
                yield Violation(Rule.CLAIMS_EFFECT, found.group())
        for pattern in _ANNOUNCED:
            found = pattern.search(sentence.text)
            if found and not pattern.search(issued.said) and not _is_not_announced(sentence, found):
                yield Violation(Rule.CLAIMS_EFFECT, found.group())


def _is_not_told(name: str, text: str, found: re.Match[str]) -> bool:
    before = text[: found.start()].rstrip()
    if _WISHED.search(before):
        return True
    hangs = name not in _UNDENIABLE and bool(_HANGS.search(_clause(before)))
    return hangs or (name not in _UNDENIABLE and denied(text, found.start()))


def _is_not_announced(sentence: Sentence, found: re.Match[str]) -> bool:
    if _HANGS.search(sentence.text[: found.start()]) or denied(sentence.text, found.start()):
        return True
    # Inside the question, not told before it: "te reservo el martes, ¿te sirve?".
    opening = sentence.text.find("¿")
    if not sentence.asks:
        return False
    return opening <= found.start() if opening >= 0 else "," not in sentence.text[found.end() :]


def _clause(text: str) -> str:
    return re.split(r"[,;:]| pero | porque | y ", text)[-1]
