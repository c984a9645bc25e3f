"""What a burst asks for: the rules always speak, a language model where there is one, and what cannot wait stays.

The model may find what the rules missed. It cannot talk away an emergency, an opt-out or the wish for a person that
the rules heard: a text that tells it to would otherwise silence them. An emergency that the rules heard waits for no
model. Nor can it invent them cheaply: alone it must be surer of these than of anything else, because each stops the
assistant. Beside intents and language it quotes the words
for times and the number of an option, which code looks up; topics and every date come from code.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dentalist.domain.clinic import Clinic
from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.intents import HandoffReason, Intent, ScoredIntent, Understanding
from dentalist.services.answering.ports_models import NO_USAGE, Interpretation, Interpreter, ModelUnavailable, Usage

RULES_PROVIDER = "rules"
RULES_MODEL = "rules-es"
_CANNOT_WAIT = (Intent.EMERGENCY, Intent.OPT_OUT)
_KEPT = (*_CANNOT_WAIT, Intent.HUMAN_HANDOFF)
_SURE_ENOUGH = 0.5
_CLEAR = 0.6
# A missed emergency is worse than a false one; an opt-out that nobody asked for silences reminders.
_SURE_ENOUGH_ALONE = {Intent.EMERGENCY: 0.8, Intent.OPT_OUT: 0.9, Intent.HUMAN_HANDOFF: 0.7}
# A model makes nobody surer of a cancellation than the rules are: below 0.7 it is confirmed by a tap before it is made.
_DOUBTED = {Intent.CANCEL_APPOINTMENT: 0.65}


@dataclass(frozen=True)
class Engine:
    """Who understood, at what cost; the part of ``ai_metadata`` that says so."""

    provider: str
    model: str
    fallback: bool
    started_at: float
    usage: Usage = NO_USAGE
    cause: str | None = None

    def as_metadata(self, understanding: Understanding, *, clock: Callable[[], float]) -> dict[str, Any]:
        """``ai_metadata`` of the answer; ``latency_ms`` is from the first thought until now."""
        metadata = {
            "intent": understanding.primary.value,
            "confidence": understanding.confidence,
            "provider": self.provider,
            "model": self.model,
            "fallback": self.fallback,
            "latency_ms": round((clock() - self.started_at) * 1000),
            "input_tokens": self.usage.input_tokens,
            "output_tokens": self.usage.output_tokens,
            "cost_usd": self.usage.cost_usd,
        }
        return metadata if self.cause is None else {**metadata, "fallback_cause": self.cause}


@dataclass(frozen=True)
class Understood:
    """What was understood, and by whom."""

    understanding: Understanding
    engine: Engine


def understand(
    messages: Sequence[str],
    *,
    clinic: Clinic,
    interpreter: Interpreter | None,
    clock: Callable[[], float] = time.perf_counter,
) -> Understood:
    """Understand the messages of one burst together.

    Args:
        messages: the contact's words, oldest first.
        clinic: its treatments and insurances are recognised by name.
        interpreter: the language model, or None where none is configured.
        clock: seconds, for the latency.

    Returns:
        The understanding; the engine is ``rules`` with ``fallback`` when no model answered, or was waited for.
    """
    started_at = clock()
    heard = classify(
        messages,
        treatments=[price.treatment for price in clinic.price_list],
        insurances=clinic.insurances or (),
    )
    if interpreter is None or heard.wants(Intent.EMERGENCY):
        return Understood(heard, Engine(RULES_PROVIDER, RULES_MODEL, fallback=True, started_at=started_at))
    try:
        interpretation = interpreter.interpret(messages, clinic=clinic)
    except ModelUnavailable as exc:
        engine = Engine(
            RULES_PROVIDER, RULES_MODEL, fallback=True, started_at=started_at, usage=exc.usage, cause=exc.cause
        )
        return Understood(heard, engine)
    engine = Engine(
        interpreter.provider,
        interpreter.model,
        fallback=False,
        started_at=started_at,
        usage=interpretation.usage,
    )
    return Understood(_merged(heard, interpretation, clinic), engine)


def _merged(heard: Understanding, interpretation: Interpretation, clinic: Clinic) -> Understanding:
    scores = _believed(interpretation)
    sure = {scored.intent: scored.confidence for scored in heard.intents}
    for intent in scores.keys() & _DOUBTED:
        scores[intent] = min(scores[intent], max(_DOUBTED[intent], sure.get(intent, 0.0)))
    for scored in heard.intents:
        if scored.intent in _KEPT:
            scores[scored.intent] = max(scored.confidence, scores.get(scored.intent, 0.0))
    if not scores or (set(scores) == {Intent.GENERAL_INQUIRY} and not heard.topics):
        # An inquiry about nothing that code has words for: what the rules heard says more.
        return heard
    order = _order(_as_said(list(scores), heard), scores)
    return replace(
        heard,
        intents=tuple(ScoredIntent(intent, round(scores[intent], 2)) for intent in sorted(scores, key=order)),
        treatments=heard.treatments or _listed(interpretation.treatments, clinic),
        language=interpretation.language or heard.language,
        handoff_reason=_handoff_reason(heard, scores),
        quoted=interpretation.quoted,
    )


def _as_said(intents: list[Intent], heard: Understanding) -> list[Intent]:
    """The model's order, in which those that the rules heard too keep theirs: rules know where in a text they spoke."""
    both = [scored.intent for scored in heard.intents if scored.intent in intents]
    in_turn = iter(both)
    return [next(in_turn) if intent in both else intent for intent in intents]


def _order(said: Sequence[Intent], scores: Mapping[Intent, float]) -> Callable[[Intent], tuple[object, ...]]:
    """What cannot wait first, then a person, then what is wanted clearly as it was said, then the rest by confidence.

    What is only asked about comes last.
    """

    def key(intent: Intent) -> tuple[object, ...]:
        clear = scores[intent] >= _CLEAR
        place = said.index(intent) if clear else len(said)
        return (
            *(intent is not first for first in _KEPT),
            intent is Intent.GENERAL_INQUIRY,
            not clear,
            place,
            -scores[intent],
        )

    return key


def _listed(named: Sequence[str], clinic: Clinic) -> tuple[str, ...]:
    """Those of the model's treatments that are on the clinic's list, spelled as there."""
    return tuple(dict.fromkeys(price.treatment for name in named if (price := clinic.find_price(name))))


def _believed(interpretation: Interpretation) -> dict[Intent, float]:
    scores: dict[Intent, float] = {}
    for intent, confidence in interpretation.intents:
        if confidence >= _SURE_ENOUGH_ALONE.get(intent, _SURE_ENOUGH):
            scores[intent] = max(min(confidence, 1.0), scores.get(intent, 0.0))
    return scores


def _handoff_reason(heard: Understanding, scores: dict[Intent, float]) -> HandoffReason | None:
    if Intent.EMERGENCY in scores:
        return HandoffReason.EMERGENCY
    if Intent.HUMAN_HANDOFF in scores:
        return heard.handoff_reason or HandoffReason.REQUESTED
    return None
