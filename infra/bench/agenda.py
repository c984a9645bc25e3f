"""Searching an agenda: a whole year's free slots, and one offer as a patient gets it."""

import random
import statistics
import time as clock
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dentalist.domain import agenda
from dentalist.domain.hours import Interval, parse_opening_hours
from infra.bench.figures import Figure, Spread
from infra.bench.floors import agenda_walk
from infra.bench.options import Sizes
from infra.bench.results import Part
from infra.bench.stack import BenchStack, NotMeasured

# Clocks change twice a year here, at night: both searches find the same slots, and only one knows that.
TIMEZONE = ZoneInfo("Europe/Madrid")
YEAR = timedelta(days=365)
NOW = datetime(2026, 1, 4, 23, 0, tzinfo=UTC)  # Monday, midnight in Madrid
LENGTH, BUFFER = timedelta(minutes=30), timedelta(minutes=5)
_WEEK = [[("09:00", "13:00"), ("15:00", "19:00")]] * 5 + [[("09:00", "13:00")], []]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TAKEN = 0.6  # of the half hours


@dataclass(frozen=True)
class Year:
    """A busy practice's appointments, as instants and as its wall clock shows them."""

    busy: list[Interval]
    on_the_wall: list[agenda_walk.Span]


def make_year(seed: int = 1) -> Year:
    """Appointments of 20, 30 and 45 minutes, most of the hours taken."""
    dice = random.Random(seed)
    spans = []
    for number in range(YEAR.days):
        day = NOW.astimezone(TIMEZONE).date() + timedelta(days=number)
        for opens, closes in _wall_hours()[day.weekday()]:
            start, closed = datetime.combine(day, opens), datetime.combine(day, closes)
            while start < closed:
                end = start + timedelta(minutes=dice.choice((20, 30, 45)))
                if end <= closed and dice.random() < _TAKEN:
                    spans.append((start, end))
                start = end
    return Year([Interval(_instant(start), _instant(end)) for start, end in spans], spans)


def search_year(year: Year) -> list[agenda.Slot]:
    """All free slots of the year, by the product."""
    hours = parse_opening_hours(dict(zip(_DAYS, _WEEK, strict=True)))
    if hours is None:
        raise NotMeasured("the opening hours of the benchmark cannot be read")
    return agenda.free_slots(
        hours,
        (),
        year.busy,
        minutes=int(LENGTH.total_seconds() // 60),
        buffer=BUFFER,
        now=NOW,
        timezone=TIMEZONE,
        limit=1_000_000,
        horizon=YEAR,
    )


def walk_year(year: Year) -> list[agenda_walk.Span]:
    """The same by the floor."""
    return agenda_walk.free_slots(
        _wall_hours(),
        year.on_the_wall,
        first_day=NOW.astimezone(TIMEZONE).date(),
        days=YEAR.days,
        length=LENGTH,
        buffer=BUFFER,
    )


def search_offer(year: Year) -> agenda.SlotSearch:
    """One list for a patient, out of the next weeks."""
    until = NOW + agenda.HORIZON
    return agenda.slots_to_offer(
        parse_opening_hours(dict(zip(_DAYS, _WEEK, strict=True))),
        (),
        [taken for taken in year.busy if taken.starts_at < until],
        minutes=int(LENGTH.total_seconds() // 60),
        buffer=BUFFER,
        now=NOW,
        timezone=TIMEZONE,
    )


def measure(_stack: BenchStack, sizes: Sizes) -> Part:
    """In this process, product and floor taking turns over the same year."""
    print(f"agenda: {sizes.agenda_rounds} searches of a year, by the product and by the floor …", flush=True)
    year = make_year()
    found = len(search_year(year))
    if found != len(walk_year(year)):
        raise NotMeasured("the product and the floor do not find the same slots")
    spent: dict[str, list[float]] = {"year": [], "floor": [], "offer": []}
    for _ in range(sizes.agenda_rounds):
        spent["year"].append(_milliseconds(lambda: search_year(year)))
        spent["floor"].append(_milliseconds(lambda: walk_year(year)))
        spent["offer"].append(_milliseconds(lambda: search_offer(year)))
    ours, bare = statistics.median(spent["year"]), statistics.median(spent["floor"])
    offer = Spread.of(spent["offer"])
    figures = [
        Figure("free slots computed per second", found / ours * 1000, "/s", floor=found / bare * 1000),
        Figure(
            "a year's agenda", ours, floor=bare, note=f"{len(year.busy)} appointments, {found} free slots of 30 minutes"
        ),
        Figure("times the bare walk", ours / bare, "×"),
        Figure("one offer out of 60 days, p50", offer.p50),
        Figure("one offer out of 60 days, p99", offer.p99),
    ]
    details = {name: {**asdict(Spread.of(samples)), "samples": samples} for name, samples in spent.items()}
    return Part("searching an agenda", figures, details)


def _milliseconds(search: Callable[[], object]) -> float:
    started = clock.perf_counter()
    search()
    return (clock.perf_counter() - started) * 1000


def _wall_hours() -> list[list[tuple[time, time]]]:
    return [[(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in day] for day in _WEEK]


def _instant(wall: datetime) -> datetime:
    return wall.replace(tzinfo=TIMEZONE).astimezone(UTC)
