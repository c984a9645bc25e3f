"""A prepared answer in the clinic's own voice: a model proposes the words, code checks every fact in them.

What must not be reworded is not: only drafts that say so are, their opening stays, and so do lists and buttons. What
breaks a rule twice, comes too late or costs too much is said as the rules wrote it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.clinic import Clinic
from dentalist.domain.guard.check import check_words
from dentalist.domain.guard.verdict import Rule
from dentalist.domain.persona import parse_persona
from dentalist.domain.understanding.intents import Language, Understanding
from dentalist.domain.wording.drafts import Draft
from dentalist.domain.wording.voice import Voice
from dentalist.services.answering.assistant_tools import AssistantTools
from dentalist.services.answering.hear_burst import Burst
from dentalist.services.answering.metered_model import SHORTEST_CALL
from dentalist.services.answering.ports_models import NO_USAGE, ModelUnavailable, Usage, Wording, Wordsmith
from dentalist.services.answering.wording_task import (
    allowed_words,
    prepared_text,
    reworded,
    told_rules,
    with_requests,
    wording_task,
)

_ATTEMPTS = 2  # one more when the guard objects, told what it broke
_LONGEST_CALL = 6.0  # seconds


@dataclass(frozen=True)
class Worded:
    """What is to be said, by whom it was worded, and why not by a model where none did.

    Attributes:
        draft: as it was, or with another text.
        by: provider and model that worded it; None when the rules did.
        usage: of all attempts.
        violations: rules of the guard that were broken on the way, each once; ids only, no words.
        cause: why the rules' own text stayed although a model was asked.
    """

    draft: Draft
    by: tuple[str, str] | None = None
    usage: Usage = NO_USAGE
    violations: tuple[str, ...] = ()
    cause: str | None = None

    def as_metadata(self, understood: Mapping[str, Any]) -> dict[str, Any]:
        """``ai_metadata`` of the answer: that of who understood it, and what wording it added.

        ``fallback`` stays what it was: a model that understood and was then outdone by the rules' words is one that
        answered.
        """
        metadata = {
            **understood,
            "worded": self.by is not None,
            "input_tokens": understood.get("input_tokens", 0) + self.usage.input_tokens,
            "output_tokens": understood.get("output_tokens", 0) + self.usage.output_tokens,
            "cost_usd": round(understood.get("cost_usd", 0.0) + self.usage.cost_usd, 6),
        }
        if self.violations:
            metadata["violations"] = list(self.violations)
        return metadata if self.cause is None else {**metadata, "wording_cause": self.cause}


def word_answer(
    draft: Draft,
    *,
    claim: AnswerClaim,
    understanding: Understanding,
    burst: Burst,
    clinic: Clinic,
    wordsmith: Wordsmith | None,
    give_up_at: float,
    now: datetime,
    clock: Callable[[], float] = time.monotonic,
) -> Worded:
    """Say a prepared answer in the clinic's voice, where it may be and there is a model for it.

    Args:
        draft: what code decided to say.
        claim: the conversation.
        understanding: what the burst asked for.
        burst: the contact's words; to a model they are data.
        clinic: whose assistant speaks.
        wordsmith: the model, or None.
        give_up_at: when the rules' text must do, by ``clock``.
        now: the instant the answer is written at.
        clock: seconds.

    Returns:
        The draft, worded or as it was. Tasks and a hand-over that the model's tools asked for are part of it either
        way: the contact was heard, whoever worded it.

    Raises:
        StoreUnavailable: whether the model may be asked is not known.
    """
    wordable = draft.wordable and understanding.language is Language.SPANISH and prepared_text(draft)
    if wordsmith is None or not wordable or not burst.words:
        return Worded(draft)
    return _Wording(draft, claim, understanding, clinic, wordsmith, give_up_at=give_up_at, now=now, clock=clock).run()


class _Wording:
    """One answer on its way through a model and the guard."""

    def __init__(
        self,
        draft: Draft,
        claim: AnswerClaim,
        understanding: Understanding,
        clinic: Clinic,
        wordsmith: Wordsmith,
        *,
        give_up_at: float,
        now: datetime,
        clock: Callable[[], float],
    ) -> None:
        self._draft = draft
        self._wordsmith = wordsmith
        self._give_up_at = give_up_at
        self._now = now
        self._clock = clock
        self._voice = Voice(clinic, parse_persona(claim.credential.get("ai_persona")))
        self._tools = AssistantTools(claim, self._voice, now)
        self._task = wording_task(draft, claim=claim, understanding=understanding, voice=self._voice, now=now)
        self._usage = NO_USAGE
        self._broken: list[Rule] = []

    def run(self) -> Worded:
        text, cause = self._accepted()
        draft = self._draft if text is None else reworded(self._draft, text)
        return Worded(
            with_requests(draft, self._tools, voice=self._voice, now=self._now),
            by=None if text is None else (self._wordsmith.provider, self._wordsmith.model),
            usage=self._usage,
            violations=tuple(rule.value for rule in dict.fromkeys(self._broken)),
            cause=cause,
        )

    def _accepted(self) -> tuple[str | None, str | None]:
        """The text that may be sent, or the cause why there is none."""
        task = self._task
        for _ in range(_ATTEMPTS):
            seconds = min(_LONGEST_CALL, self._give_up_at - self._clock())
            if seconds < SHORTEST_CALL:
                return None, "no_time"
            try:
                wording = self._wordsmith.word(task, toolbox=self._tools, seconds=seconds)
            except ModelUnavailable as exc:
                self._usage += exc.usage
                return None, exc.cause
            self._usage += wording.usage
            rules = self._rules_broken(wording)
            if not rules:
                return wording.text.strip(), None
            self._broken += rules
            task = replace(task, broken=told_rules(rules))
        return None, "violations"

    def _rules_broken(self, wording: Wording) -> list[Rule]:
        allowed = allowed_words(self._task, self._tools, wording, voice=self._voice, now=self._now)
        return [violation.rule for violation in check_words(wording.text, allowed)]
