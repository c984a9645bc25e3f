"""The webhook under load: how fast it acknowledges, and whether everything it acknowledged is stored once."""

import time
from collections import defaultdict
from dataclasses import asdict
from typing import Any, LiteralString

from infra.bench.bodies import Meta, message_id
from infra.bench.figures import Figure, Spread
from infra.bench.gateway import BenchGateway, bench_gateway
from infra.bench.load import Shot, Volley, run_apart
from infra.bench.options import Sizes
from infra.bench.results import Part
from infra.bench.stack import BenchStack, wait_until
from infra.bench.usage import ProcessorUse

P50_LIMIT_MS = 100.0
P99_LIMIT_MS = 500.0
META_LIMIT_MS = 1000.0
META_LIMIT_PERCENT = 1.0
_MESSAGES_PER_CONTACT = 10
_WARM_UP_SECONDS = 2.0
_DRAIN_PATIENCE = 900.0
_WORTH_TELLING = 0.1  # seconds of processor time
_STORED: LiteralString = "select count(*) from marketing_messages where starts_with(external_id, %s)"
_OWED: LiteralString = "select count(*) from marketing_conversations where answer_due_at is not null"


def measure(stack: BenchStack, sizes: Sizes) -> Part:
    """The floor, the webhook with a queue that nobody reads, and the whole product, one after the other."""
    with bench_gateway(stack) as gateway:
        floor = _against(stack, gateway, "floor", sizes)
        alone = _against(stack, gateway, "alone", sizes)
    whole, drained = _whole_product(stack, sizes)
    return _part(floor, alone, whole, drained)


def _against(stack: BenchStack, gateway: BenchGateway, path: str, sizes: Sizes) -> dict[str, Any]:
    print(f"webhook: {sizes.rate:.0f} requests/s for {sizes.seconds:.0f} s, {path} …", flush=True)
    meta = make_meta(stack, sizes)
    url = f"{gateway.url}/{path}"
    run_apart(meta.shots(url, rate=sizes.rate, seconds=_WARM_UP_SECONDS))
    use = ProcessorUse({**stack.pids, **gateway.pids})
    volley = run_apart(meta.shots(url, rate=sizes.rate, seconds=sizes.seconds))
    return {**_told(volley), "cpu_seconds": use.taken({**stack.pids, **gateway.pids})}


def _whole_product(stack: BenchStack, sizes: Sizes) -> tuple[dict[str, Any], dict[str, Any]]:
    print(f"webhook: {sizes.rate:.0f} requests/s for {sizes.seconds:.0f} s, the whole product …", flush=True)
    url = f"{stack.api_url}/api/webhooks/whatsapp"
    run_apart(make_meta(stack, sizes).shots(url, rate=sizes.rate, seconds=_WARM_UP_SECONDS))
    wait_until(lambda: _is_settled(stack), patience=_DRAIN_PATIENCE)
    meta, use = make_meta(stack, sizes), ProcessorUse(stack.pids)
    shots = meta.shots(url, rate=sizes.rate, seconds=sizes.seconds)
    volley = run_apart(shots)
    told = {**_told(volley), "cpu_seconds": use.taken(stack.pids)}
    return told, _drain(stack, meta, volley, shots)


def _drain(stack: BenchStack, meta: Meta, volley: Volley, shots: list[Shot]) -> dict[str, Any]:
    """Wait until nothing is on its way, and count what is stored of what was acknowledged."""
    print("webhook: draining …", flush=True)
    end = volley.started_at + shots[-1].at
    acknowledged = {message_id(shot) for shot, hit in zip(shots, volley.hits, strict=True) if hit.is_ok}
    wait_until(lambda: _count(stack, _STORED, meta.id_prefix) >= len(acknowledged), patience=_DRAIN_PATIENCE)
    all_stored_at = time.time()
    wait_until(lambda: _count(stack, _OWED) == 0, patience=_DRAIN_PATIENCE)
    all_answered_at = time.time()
    settled = wait_until(lambda: _is_settled(stack), patience=_DRAIN_PATIENCE)
    stored = _rows_of(stack, meta)
    replies = stack.sandbox("GET", "/messages", limit=100_000)["messages"]
    references = [reply["biz_opaque_callback_data"] for reply in replies]
    return {
        "acknowledged": len(acknowledged),
        "stored": len(stored),
        "lost": len(acknowledged - set(stored)),
        "doubled": sum(rows > 1 for rows in stored.values()),
        "stored_after_s": round(max(0.0, all_stored_at - end), 1),
        "answered_after_s": round(max(0.0, all_answered_at - end), 1),
        "settled": settled,
        "settled_after_s": round(max(0.0, time.time() - end), 1),
        "replies": len(replies),
        "replies_doubled": len(references) - len(set(references)),
        "status_events": _count(stack, "select count(*) from message_status_events"),
    }


def make_meta(stack: BenchStack, sizes: Sizes) -> Meta:
    """Patients of the stack's numbers, each of whom writes several times."""
    contacts = max(1, round(sizes.rate * sizes.seconds / _MESSAGES_PER_CONTACT))
    return Meta(str(stack.description["meta_app_secret"]), stack.numbers, contacts)


def _rows_of(stack: BenchStack, meta: Meta) -> dict[str, int]:
    """The messages of this run that are stored, with the rows that each has."""
    query = "select external_id, count(*) from marketing_messages where starts_with(external_id, %s) group by 1"
    with stack.database() as database:
        return {row[0]: row[1] for row in database.execute(query, [meta.id_prefix]).fetchall()}


def _count(stack: BenchStack, query: LiteralString, *values: str) -> int:
    with stack.database() as database:
        row = database.execute(query, values).fetchone()
    return 0 if row is None else int(row[0])


def _is_settled(stack: BenchStack) -> bool:
    """No answer is owed, no status to come, no queue holds anything; asked twice, as a job hands over to the next."""
    return all(
        stack.waiting() == 0
        and bool(stack.sandbox("POST", "/idle", {"timeout_seconds": 0.01})["idle"])
        and _count(stack, _OWED) == 0
        for _ in range(2)
    )


def _told(volley: Volley) -> dict[str, Any]:
    slow = sum(latency > META_LIMIT_MS for latency in volley.latencies)
    answers = sorted({(hit.status, hit.answer[:200]) for hit in volley.hits if hit.answer})
    return {
        "latency_ms": asdict(Spread.of(volley.latencies)),
        "over_1_s_percent": 100 * slow / len(volley.hits),
        "not_200": volley.refused,
        "answers": answers[:5],
        "slowest_of_each_second_ms": _by_second(volley),
        "generator_late_ms": asdict(Spread.of([hit.late_ms for hit in volley.hits])),
    }


def _by_second(volley: Volley) -> list[float]:
    """The slowest request of every second: whether it was slow once or all the time."""
    slowest: dict[int, float] = defaultdict(float)
    for hit in volley.hits:
        slowest[int(hit.at)] = max(slowest[int(hit.at)], hit.latency_ms)
    return [round(slowest[second], 1) for second in sorted(slowest)]


def _part(floor: dict[str, Any], alone: dict[str, Any], whole: dict[str, Any], drained: dict[str, Any]) -> Part:
    def acknowledged(name: str, key: str, limit: float | None = None) -> Figure:
        beside = f"without consumers {alone['latency_ms'][key]:.1f}"
        measured, least = whole["latency_ms"][key], floor["latency_ms"][key]
        return Figure(f"acknowledgement {name}", measured, floor=least, limit=limit, note=beside)

    over = whole["over_1_s_percent"]
    figures = [
        acknowledged("p50", "p50", P50_LIMIT_MS),
        acknowledged("p95", "p95"),
        acknowledged("p99", "p99", P99_LIMIT_MS),
        acknowledged("max", "most"),
        Figure("above 1 s", over, "%", floor=floor["over_1_s_percent"], limit=META_LIMIT_PERCENT),
        Figure("not answered 200", whole["not_200"], "", floor=floor["not_200"], limit=0),
        Figure("acknowledged, then lost", drained["lost"], "", limit=0),
        Figure("stored more than once", drained["doubled"], "", limit=0),
        Figure("answers sent twice", drained["replies_doubled"], "", limit=0),
        Figure("until all was stored", drained["stored_after_s"], "s", note=f"{drained['stored']} messages"),
        Figure("until no answer was owed", drained["answered_after_s"], "s", note=f"{drained['replies']} answers"),
        Figure("until every queue was empty", drained["settled_after_s"], "s", note="late wake-ups included"),
    ]
    failures = [
        f"{drained[word]} {told}"
        for word, told in (
            ("lost", "acknowledged messages are not stored"),
            ("doubled", "messages are stored more than once"),
            ("replies_doubled", "answers left twice"),
        )
        if drained[word]
    ]
    if not drained["settled"]:
        failures.append(f"queues or answers were not finished within {_DRAIN_PATIENCE:.0f} s")
    details = {"floor": floor, "without_consumers": alone, "whole_product": whole, "drain": drained}
    notes = [_explained("floor", floor), _explained("without consumers", alone), _explained("whole product", whole)]
    return Part("webhook under load", figures, details, notes, failures)


def _explained(name: str, told: dict[str, Any]) -> str:
    """Where the processor's time went, and whether the generator itself was late."""
    used = ", ".join(
        f"{part} {seconds:.1f}" for part, seconds in told["cpu_seconds"].items() if seconds >= _WORTH_TELLING
    )
    late = told["generator_late_ms"]["p99"]
    return f"{name}: processor seconds {used}; requests left {late:.1f} ms late at p99, which their latency includes"
