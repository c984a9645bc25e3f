"""Cold starts: what importing each function takes, beside what its role needs at least, in fresh processes."""

import statistics
from dataclasses import asdict
from typing import Any

from infra.bench.figures import Figure, Spread
from infra.bench.gateway import launcher, product_functions
from infra.bench.options import Sizes
from infra.bench.probes import floor_of, start_once
from infra.bench.results import Part
from infra.bench.stack import BenchStack
from infra.local.gateway.workers import Launcher
from infra.local.model import Function

WEBHOOK = "webhook_whatsapp"
RATIO_LIMIT = 1.3
_STORE_VARIABLE = "SUPABASE_SECRET_KEY"


def floor_for(function: Function) -> str:
    """The module of ``floors/`` with what a function of this role cannot do without."""
    if function.name == WEBHOOK:
        return "sqs_client"
    if function.sources:
        return "worker"
    if function.schedules:
        return "scheduled"
    return "http_store" if _STORE_VARIABLE in function.environment else "http"


def measure(stack: BenchStack, sizes: Sizes) -> Part:
    """Every function of the template; the webhook is also shown beside a client that boto3 makes."""
    starter, figures, details = launcher(stack), [], {}
    for function in product_functions(stack):
        floor = floor_for(function)
        print(f"start: {function.name} beside {floor}, {sizes.starts} times …", flush=True)
        samples = _alternate(starter, function, floor_of(function, floor), sizes.starts)
        details[function.name] = {"floor": floor, **samples}
        figures += _figures(function.name, floor, samples, RATIO_LIMIT if function.name == WEBHOOK else None)
        if function.name == WEBHOOK:
            beside_boto3 = _alternate(starter, function, floor_of(function, "sqs_client_boto3"), sizes.starts)
            details["webhook_whatsapp beside boto3"] = {"floor": "sqs_client_boto3", **beside_boto3}
            figures.append(_ratio("webhook_whatsapp, times sqs_client_boto3", beside_boto3, None))
    return Part("cold start: imports and init", figures, details)


def _alternate(starter: Launcher, function: Function, floor: Function, times: int) -> dict[str, Any]:
    for one in (function, floor):
        start_once(starter, one)  # writes the bytecode, and brings the files into memory
    started: dict[str, list[dict[str, float]]] = {"function": [], "least": []}
    for number in range(times):
        turns = [("function", function), ("least", floor)]
        for name, one in turns if number % 2 else reversed(turns):
            started[name].append(start_once(starter, one))
    return {
        f"{name}_{clock}": {**asdict(Spread.of(samples)), "samples": samples}
        for name, starts in started.items()
        for clock in ("wall_ms", "cpu_ms")
        if (samples := [start[clock] for start in starts])
    }


def _figures(name: str, floor: str, samples: dict[str, Any], limit: float | None) -> list[Figure]:
    ours, least = samples["function_wall_ms"], samples["least_wall_ms"]
    spread = f"{ours['least']:.0f} to {ours['most']:.0f} ms, floor {least['least']:.0f} to {least['most']:.0f} ms"
    return [
        Figure(name, statistics.median(ours["samples"]), floor=statistics.median(least["samples"]), note=spread),
        _ratio(f"{name}, times {floor}", samples, limit),
    ]


def _ratio(name: str, samples: dict[str, Any], limit: float | None) -> Figure:
    """Of the medians of the wall clock, beside that of the processor, which a busy machine disturbs less."""
    wall, processor = (
        statistics.median(samples[f"function_{clock}"]["samples"])
        / statistics.median(samples[f"least_{clock}"]["samples"])
        for clock in ("wall_ms", "cpu_ms")
    )
    return Figure(name, wall, "×", limit=limit, note=f"by processor time {processor:.2f} ×")
