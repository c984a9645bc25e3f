"""From a patient's message to the acceptance of the answer by Meta, with the rules engine and no quiet time."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from infra.bench.figures import Figure, Spread
from infra.bench.load import Shot, Volley, instants, run_apart
from infra.bench.options import Sizes
from infra.bench.results import Part
from infra.bench.stack import BenchStack, NotMeasured, wait_until, with_settings

_PATIENCE = 60.0
_PREFIX = "54911"
_TEXTS = (
    "Hola",
    "¿Dónde queda el consultorio?",
    "¿Cuánto cuesta una limpieza?",
    "¿Qué horarios tienen?",
    "¿Atienden por OSDE?",
    "Hola, quería sacar un turno para limpieza",
)
# When the patient's row and the answer's first one were written, by the digits of the patient.
_STEPS = """
select conversation.contact_phone, min(message.created_at) filter (where message.direction = 'inbound'),
       min(message.created_at) filter (where message.direction = 'outbound')
from marketing_conversations conversation
join marketing_messages message on message.conversation_id = conversation.id
where conversation.contact_phone = any(%s)
group by 1
"""


def measure(stack: BenchStack, sizes: Sizes) -> Part:
    """Every conversation is a new patient's, on one of the linked numbers in turn; at each rate for some time."""
    stack = with_settings(stack.paths, {"REPLY_DEBOUNCE_SECONDS": "0"})
    _converse(stack, instants(2.0, 2.0), first=0)  # warms every worker
    spreads: dict[float, dict[str, Spread]] = {}
    details: dict[str, Any] = {}
    for number, rate in enumerate(sizes.conversations_per_second, 1):
        offsets = instants(rate, sizes.reply_seconds)
        print(f"replies: {len(offsets)} conversations, {rate:g} a second …", flush=True)
        conversations = _converse(stack, offsets, first=number * 5000)
        if not conversations:
            raise NotMeasured("no conversation was answered")
        spreads[rate] = {step: Spread.of([steps[step] for steps in conversations]) for step in conversations[0]}
        details[f"{rate:g} a second"] = {"answered": len(conversations), "conversations": conversations}
    figures = [figure for rate, spread in spreads.items() for figure in _figures(rate, spread)]
    return Part("from message to answer, rules engine, no quiet time", figures, details)


def _converse(stack: BenchStack, offsets: list[float], *, first: int) -> list[dict[str, float]]:
    """Let the patients write and wait for their answers; milliseconds of each, step by step."""
    patients = [f"{_PREFIX}{90000000 + first + number}" for number in range(len(offsets))]
    volley = run_apart(
        [_shot(stack, at, digits, number) for number, (at, digits) in enumerate(zip(offsets, patients, strict=True))]
    )
    if volley.refused:
        raise NotMeasured(f"the sandbox refused {volley.refused} messages of patients")
    answered = _wait_for_answers(stack, set(patients))
    with stack.database() as database:
        rows = database.execute(_STEPS, [[f"+{digits}" for digits in patients]]).fetchall()
    written = {row[0].removeprefix("+"): (row[1], row[2]) for row in rows}
    return [
        _steps(volley, at, answered[digits], *written[digits])
        for at, digits in zip(offsets, patients, strict=True)
        if digits in answered
    ]


def _shot(stack: BenchStack, at: float, digits: str, number: int) -> Shot:
    phone_number_id, _ = stack.numbers[number % len(stack.numbers)]
    message = {"from": digits, "to": phone_number_id, "name": "Ana Belén Sosa", "type": "text"}
    body = json.dumps({**message, "text": _TEXTS[number % len(_TEXTS)]})
    url = f"{stack.description['sandbox_url']}/control/patients/messages"
    return Shot(at, url, body, {"content-type": "application/json"})


def _wait_for_answers(stack: BenchStack, patients: set[str]) -> dict[str, float]:
    """When the first answer to each was accepted, by the wall clock."""
    answered: dict[str, float] = {}

    def all_are() -> bool:
        for sent in reversed(stack.sandbox("GET", "/messages", limit=10_000)["messages"]):
            if sent["to"] in patients:
                answered[sent["to"]] = sent["at"]
        return len(answered) == len(patients)

    wait_until(all_are, patience=_PATIENCE)
    return answered


def _steps(volley: Volley, at: float, accepted: float, inbound: datetime, outbound: datetime) -> dict[str, float]:
    wrote, stored, claimed = volley.started_at + at, inbound.timestamp(), outbound.timestamp()
    seconds = {
        "stored": stored - wrote,
        "answer_claimed": claimed - stored,
        "accepted": accepted - claimed,
        "whole": accepted - wrote,
    }
    return {step: second * 1000 for step, second in seconds.items()}


def _figures(rate: float, spread: Mapping[str, Spread]) -> list[Figure]:
    whole = spread["whole"]
    return [
        Figure(f"{rate:g} conversations a second: message to accepted answer, p50", whole.p50),
        Figure("  the same, p95", whole.p95),
        Figure("  the same, p99", whole.p99),
        Figure("  message to stored, p50", spread["stored"].p50, note="webhook, queue, inbox_worker"),
        Figure("  stored to claimed, p50", spread["answer_claimed"].p50, note="queue, reply_worker, send gate"),
        Figure("  claimed to accepted, p50", spread["accepted"].p50, note="token, Graph call"),
    ]
