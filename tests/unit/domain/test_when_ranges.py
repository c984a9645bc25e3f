from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dentalist.domain.hours import Interval
from dentalist.domain.understanding.when_parsing import parse_when
from dentalist.domain.understanding.when_ranges import ranges as when_ranges

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # Wednesday the 25th, 11:00


def preferred_ranges(text: str, *, now: datetime, timezone: ZoneInfo) -> list[Interval]:
    """The instants that a text asks for."""
    return when_ranges(parse_when(text, now=now.astimezone(timezone)), now=now, timezone=timezone)


def ranges(text: str, now: datetime = NOW, zone: ZoneInfo = ZONE) -> list[tuple[str, str]]:
    found = preferred_ranges(text, now=now, timezone=zone)
    shown = "%a %d %H:%M"
    return [
        (item.starts_at.astimezone(zone).strftime(shown), item.ends_at.astimezone(zone).strftime(shown))
        for item in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hoy", [("Wed 25 11:00", "Thu 26 00:00")]),
        ("mañana", [("Thu 26 00:00", "Fri 27 00:00")]),
        ("mañana a la mañana", [("Thu 26 00:00", "Thu 26 13:00")]),
        ("mañana por la tarde", [("Thu 26 13:00", "Thu 26 21:00")]),
        ("pasado mañana temprano", [("Fri 27 00:00", "Fri 27 10:00")]),
        ("esta tarde", [("Wed 25 13:00", "Wed 25 21:00")]),
        ("el jueves a la tarde", [("Thu 26 13:00", "Thu 26 21:00")]),
        ("el miércoles", [("Wed 02 00:00", "Thu 03 00:00")]),  # today is said "hoy"
        ("martes o jueves desde las 4", [("Thu 26 16:00", "Fri 27 00:00"), ("Tue 01 16:00", "Wed 02 00:00")]),
        ("el viernes antes de las 11", [("Fri 27 00:00", "Fri 27 11:00")]),
        ("el viernes a las 3", [("Fri 27 15:00", "Fri 27 16:00")]),
        ("el viernes a las 9 y cuarto", [("Fri 27 09:15", "Fri 27 10:15")]),
        ("viernes 15:30", [("Fri 27 15:30", "Fri 27 16:30")]),
        ("el 30", [("Mon 30 00:00", "Tue 01 00:00")]),
        ("el 3", [("Thu 03 00:00", "Fri 04 00:00")]),  # of next month
        ("el lunes 7 de diciembre", [("Mon 07 00:00", "Tue 08 00:00")]),
        ("este finde", [("Sat 28 00:00", "Sun 29 00:00"), ("Sun 29 00:00", "Mon 30 00:00")]),
        ("el lunes de la semana que viene", [("Mon 30 00:00", "Tue 01 00:00")]),
        ("quiero turno para limpieza", []),
        ("el 31 de febrero", []),
        ("hola", []),
        ("somos 2", []),
    ],
)
def test_what_a_text_asks_for_is_a_range_in_the_clinics_time(text: str, expected: list[tuple[str, str]]) -> None:
    assert ranges(text) == expected


def test_next_week_is_monday_to_sunday() -> None:
    found = ranges("la semana que viene")
    assert (found[0][0], found[-1][1], len(found)) == ("Mon 30 00:00", "Mon 07 00:00", 7)


def test_a_part_of_the_day_without_a_day_means_any_of_the_next_ones() -> None:
    found = ranges("por la tarde")
    assert found[:2] == [("Wed 25 13:00", "Wed 25 21:00"), ("Thu 26 13:00", "Thu 26 21:00")]
    assert len(found) == 60, "as far as the agenda looks"


def test_what_has_passed_today_is_not_asked_for() -> None:
    assert ranges("hoy a las 9") == []


def test_tomorrow_begins_at_local_midnight_and_is_an_hour_short_when_the_clock_goes_forward() -> None:
    santiago = ZoneInfo("America/Santiago")
    saturday_night = datetime(2026, 9, 6, 2, 0, tzinfo=UTC)  # Saturday 22:00; Sunday begins at 01:00
    (tomorrow,) = preferred_ranges("mañana", now=saturday_night, timezone=santiago)
    assert tomorrow.starts_at == datetime(2026, 9, 6, 4, 0, tzinfo=UTC)
    assert (tomorrow.ends_at - tomorrow.starts_at).total_seconds() == 23 * 3600


def test_near_midnight_tomorrow_is_the_clinics_tomorrow_not_utcs() -> None:
    late = datetime(2026, 11, 26, 1, 30, tzinfo=UTC)  # Wednesday 22:30 in Buenos Aires
    assert ranges("mañana", now=late) == [("Thu 26 00:00", "Fri 27 00:00")]
