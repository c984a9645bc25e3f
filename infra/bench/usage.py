"""Who used the processor while something was measured."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress

import psutil

# The generator, the benchmark itself, and whatever else runs on the machine: much of it makes every figure doubtful.
OTHERS = "everything else"


class ProcessorUse:
    """CPU seconds per part of a stack, between its making and ``taken``."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        """Begin now; ``pids`` is what stack.json says, worker processes of one function count as one part."""
        self._before = _cpu_seconds(pids)
        self._machine_before = _busy_seconds()

    def taken(self, pids: Mapping[str, int]) -> dict[str, float]:
        """Seconds per part since the beginning, most first. A process that was started meanwhile counts from 0."""
        used: dict[str, float] = defaultdict(float)
        for (part, pid), seconds in _cpu_seconds(pids).items():
            used[part] += seconds - self._before.get((part, pid), 0.0)
        used[OTHERS] = max(0.0, _busy_seconds() - self._machine_before - sum(used.values()))
        return dict(sorted(((part, round(seconds, 2)) for part, seconds in used.items()), key=lambda item: -item[1]))


def _cpu_seconds(pids: Mapping[str, int]) -> dict[tuple[str, int], float]:
    seconds: dict[tuple[str, int], float] = {}
    for name, pid in pids.items():
        with suppress(psutil.Error):  # started again meanwhile
            for process in _with_children(psutil.Process(pid), follow=name == "postgres"):
                with suppress(psutil.Error):
                    times = process.cpu_times()
                    seconds[_part(name), process.pid] = times.user + times.system
    return seconds


def _busy_seconds() -> float:
    """Of all cores together, since the machine was started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _with_children(process: psutil.Process, *, follow: bool) -> list[psutil.Process]:
    """PostgreSQL works in children; those of the gateway are the workers, which have names of their own."""
    return [process, *(process.children() if follow else ())]


def _part(name: str) -> str:
    """``worker:inbox_worker:2`` is one more process of ``inbox_worker``."""
    return name.split(":")[1] if name.startswith("worker:") else name
