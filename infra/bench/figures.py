"""Numbers and what is said of them: percentiles, and a figure with its floor and its limit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


def percentile(samples: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: a value that really occurred, never one between two.

    Raises:
        ValueError: there are no samples, or ``percent`` is not within 0 to 100.
    """
    if not samples or not 0 <= percent <= 100:  # noqa: PLR2004 - per cent
        raise ValueError("a percentile needs samples, and lies between 0 and 100")
    rank = max(1, math.ceil(len(samples) * percent / 100))
    return sorted(samples)[rank - 1]


@dataclass(frozen=True, slots=True)
class Spread:
    """How samples are distributed, in their own unit."""

    count: int
    least: float
    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Spread":
        """
        Raises:
            ValueError: there are no samples.
        """
        middle, high, highest = (percentile(samples, percent) for percent in (50, 95, 99))
        return cls(len(samples), min(samples), middle, high, highest, max(samples))


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report.

    ``floor`` is the same thing measured of the least that somebody could have written, in the same run. A figure
    without a ``limit`` only informs.
    """

    name: str
    measured: float
    unit: str = "ms"
    floor: float | None = None
    limit: float | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the limit is kept; None where there is none."""
        return None if self.limit is None else self.measured <= self.limit

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "NOT MET"}[self.is_met]
