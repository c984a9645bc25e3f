"""An open-loop load generator, in a process of its own: ``python -m infra.bench.load PLAN`` prints what happened.

Every request has its instant, and leaves then whether or not the earlier ones have been answered. Its latency counts
from that instant: a generator that waits for a stalled server before it sends again would hide the stall.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp

from infra.local.parts import base_environment
from infra.local.paths import ROOT

NO_ANSWER = 0  # the status of a request that got none
_LEAD_SECONDS = 0.5  # between the start of the generator and its first request
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One request: when, counted from the start, and what."""

    at: float
    url: str
    body: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Hit:
    """What became of one: milliseconds from its instant to the whole answer, and how late it left."""

    at: float
    latency_ms: float
    late_ms: float
    status: int
    answer: str = ""

    @property
    def is_ok(self) -> bool:
        return self.status in {HTTPStatus.OK, HTTPStatus.CREATED}


@dataclass(frozen=True, slots=True)
class Volley:
    """A plan that was carried out; ``started_at`` is the wall clock at its offset 0."""

    started_at: float
    hits: tuple[Hit, ...]

    @property
    def latencies(self) -> list[float]:
        return [hit.latency_ms for hit in self.hits]

    @property
    def refused(self) -> int:
        """Requests that were not answered by 200 or 201."""
        return sum(not hit.is_ok for hit in self.hits)


Send = Callable[[Shot], Awaitable[tuple[int, str]]]


def instants(rate: float, seconds: float) -> list[float]:
    """Evenly spaced offsets: ``rate`` a second, for so long."""
    return [number / rate for number in range(round(rate * seconds))]


async def fire(
    shots: Iterable[Shot],
    send: Send,
    *,
    start: float,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> list[Hit]:
    """Carry out a plan; ``start`` is what ``clock`` says at offset 0. The hits come in the order of the plan."""
    in_flight = []
    for shot in shots:
        due = start + shot.at
        if (wait := due - clock()) > 0:
            await sleep(wait)
        in_flight.append(asyncio.ensure_future(_one(shot, send, due, clock)))
    return list(await asyncio.gather(*in_flight))


async def _one(shot: Shot, send: Send, due: float, clock: Callable[[], float]) -> Hit:
    late = clock() - due
    try:
        status, answer = await send(shot)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        status, answer = NO_ANSWER, type(error).__name__
    return Hit(shot.at, (clock() - due) * 1000, late * 1000, status, answer)


async def _over_http(shots: list[Shot]) -> Volley:
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
    timeout = aiohttp.ClientTimeout(total=_PATIENCE)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def send(shot: Shot) -> tuple[int, str]:
            async with session.post(shot.url, data=shot.body.encode(), headers=shot.headers) as response:
                answer = await response.text()
                return response.status, "" if response.ok else answer

        start, started_at = time.perf_counter() + _LEAD_SECONDS, time.time() + _LEAD_SECONDS
        return Volley(started_at, tuple(await fire(shots, send, start=start)))


def run_apart(shots: list[Shot]) -> Volley:
    """Carry out a plan from another process, so that nothing that this one does delays a request.

    Raises:
        RuntimeError: the generator failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(json.dumps([asdict(shot) for shot in shots]))
        done = subprocess.run(
            [sys.executable, "-m", "infra.bench.load", str(plan)],
            cwd=ROOT,
            env=base_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(f"the load generator failed:\n{done.stderr[-2000:]}")
    result = json.loads(done.stdout)
    return Volley(result["started_at"], tuple(Hit(**hit) for hit in result["hits"]))


def main() -> int:
    shots = [Shot(**shot) for shot in json.loads(Path(sys.argv[1]).read_text())]
    json.dump(asdict(asyncio.run(_over_http(shots))), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
