"""Processor time of one webhook in the function, beside the bare handler: alternating, in one process each."""

import statistics
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from infra.bench.bodies import Meta
from infra.bench.figures import Figure, Spread
from infra.bench.gateway import ALONE, FLOOR, functions_of, launcher, provision
from infra.bench.load import Shot
from infra.bench.options import Sizes
from infra.bench.probes import working
from infra.bench.results import Part
from infra.bench.stack import BenchStack

RATIO_LIMIT = 1.5
_WARM_UP_ROUNDS = 2


def measure(stack: BenchStack, sizes: Sizes) -> Part:
    """Both handlers get the same bodies, and call the same SQS."""
    print(f"cpu: {sizes.cpu_rounds} x {sizes.cpu_batch} webhooks of each handler …", flush=True)
    provision(stack)
    functions = functions_of(stack)
    meta = Meta(str(stack.description["meta_app_secret"]), stack.numbers, contacts=sizes.cpu_batch)
    spent: dict[str, list[float]] = {FLOOR: [], ALONE: []}
    starter = launcher(stack)
    with working(starter, functions[FLOOR]) as floor, working(starter, functions[ALONE]) as alone:
        for number in range(_WARM_UP_ROUNDS + sizes.cpu_rounds):
            events = [_event(shot) for shot in meta.shots("", rate=sizes.cpu_batch, seconds=1)]
            # Whoever comes second finds warmer caches: they take turns.
            turns: list[tuple[str, Callable[[list[dict[str, Any]]], float]]] = [
                (FLOOR, floor.cpu_ms),
                (ALONE, alone.cpu_ms),
            ]
            for name, cpu_ms in turns if number % 2 else reversed(turns):
                spent[name].append(cpu_ms(events))
    return _part({name: samples[_WARM_UP_ROUNDS:] for name, samples in spent.items()})


def _part(spent: dict[str, list[float]]) -> Part:
    bare, ours = statistics.median(spent[FLOOR]), statistics.median(spent[ALONE])
    ratios = [mine / least for mine, least in zip(spent[ALONE], spent[FLOOR], strict=True)]
    ratio = statistics.median(ratios)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} over {len(ratios)} rounds"
    figures = [
        Figure("processor time per webhook", ours, floor=bare),
        Figure("times the bare handler", ratio, "×", limit=RATIO_LIMIT, note=spread),
    ]
    details = {name: {**asdict(Spread.of(samples)), "samples": samples} for name, samples in spent.items()}
    return Part("webhook_whatsapp, processor", figures, details)


def _event(shot: Shot) -> dict[str, Any]:
    """The request as API Gateway hands it over (payload format 2.0)."""
    path, route = "/api/webhooks/whatsapp", "POST /api/webhooks/whatsapp"
    http = {
        "method": "POST",
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "173.252.127.1",
        "userAgent": shot.headers["user-agent"],
    }
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": shot.headers,
        "requestContext": {"accountId": "1", "apiId": "local", "http": http, "requestId": uuid4().hex},
        "isBase64Encoded": False,
        "body": shot.body,
    }
