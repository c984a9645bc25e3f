"""The last look at a model's words: only what code issued may reach a patient.

A text that breaks a rule is never repaired: the model is asked once more, then code's own words are sent. So the rules
are strict; a good answer that is refused costs one question to the model, a bad one that passes costs a patient.
"""

from __future__ import annotations

from collections.abc import Iterator

from dentalist.domain.guard.care import check_care
from dentalist.domain.guard.claims import check_claims
from dentalist.domain.guard.figures import check_figures
from dentalist.domain.guard.issued import Issued
from dentalist.domain.guard.leaks import check_leaks
from dentalist.domain.guard.people import check_people
from dentalist.domain.guard.reading import is_obscured, plain, sentences
from dentalist.domain.guard.services import check_services
from dentalist.domain.guard.tongue import foreign_part
from dentalist.domain.guard.verdict import Allowed, Rule, Violation
from dentalist.domain.guard.vocabulary import check_vocabulary
from dentalist.domain.redaction import PLACEHOLDER

__all__ = ["Allowed", "Rule", "Violation", "check_words"]


def check_words(text: str, allowed: Allowed) -> tuple[Violation, ...]:
    """Everything that is wrong with a model's text; empty when it may be sent.

    The text may be judged before or after its placeholders are restored: ``allowed`` names both the placeholders and
    the people. The same rule may be broken several times.
    """
    if not any(char.isalpha() for char in text):
        return (Violation(Rule.EMPTY, ""),)
    if len(text) > allowed.max_chars:
        return (Violation(Rule.TOO_LONG, str(len(text))),)
    return tuple(dict.fromkeys(_violations(text, allowed)))


def _violations(text: str, allowed: Allowed) -> Iterator[Violation]:
    issued = Issued(allowed)
    if is_obscured(text):
        yield Violation(Rule.OBSCURED, "")
    yield from check_people(text, allowed.names, allowed.placeholders, issued)
    # What stands for a name is no figure and no markup.
    words = PLACEHOLDER.sub("alguien", text)
    shown = plain(words)
    said = sentences(shown)
    foreign = foreign_part(words, shown, allowed.language)
    if foreign:
        yield Violation(Rule.WRONG_LANGUAGE, foreign)
    yield from check_figures(said, issued)
    yield from check_claims(said, issued)
    yield from check_care(said, issued)
    yield from check_services(said, issued)
    yield from check_leaks(words, said, issued, allowed.hidden)
    yield from check_vocabulary(words, allowed.names, issued)
