"""Date and time expressions: figures over the labelled ones, and what must hold for any text."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.domain.agenda import HORIZON
from dentalist.domain.hours import parse_opening_hours
from dentalist.domain.understanding.when import Alternative, Clock, DayPart, Exactness, TimeRange, When
from dentalist.domain.understanding.when_parsing import parse_when
from dentalist.domain.understanding.when_ranges import ranges
from dentalist.domain.understanding.when_words import PART_PHRASES, WEEKDAY_NAMES
from infra.evaluation.expressions import HOURS, misread
from infra.evaluation.labels import expressions

ZONES = [
    ZoneInfo(name)
    for name in (
        "America/Argentina/Buenos_Aires", "America/Mexico_City", "Europe/Madrid", "America/Santiago", "America/Bogota",
        "Atlantic/Canary", "Pacific/Easter",
    )
]  # fmt: skip
WEDNESDAY = datetime(2026, 11, 25, 11, 0, tzinfo=ZONES[0])

# Pieces of expressions in any order say more about crashes than random letters do.
_PIECES = st.sampled_from(
    [
        "hoy", "mañana", "pasado mañana", "el viernes", "la semana que viene", "el 31", "el 29 de febrero", "10/12",
        "a las 4", "a las 12", "a las 24", "25 hs", "de 3 a 5", "entre las 22 y las 2", "desde", "hasta", "antes de",
        "a partir del", "menos", "no", "no puedo", "o", "y", ",", ".", "?", "primer lunes de", "diciembre", "el mes",
        "en 400 días", "en 99 semanas", "dentro de 99 meses", "en 3 horas", "en 90 minutos", "más tarde", "ahora mismo",
        "a última hora", "temprano", "a la tarde", "el finde", "cuarto para las 1", "las 0 menos cuarto", "31/12/9999",
        "1/1/0001", "el 0", "el 32", "navidad", "de hoy en ocho", "de lunes a lunes", "entre", "del 30 al 2", "👻", "",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=8).map(" ".join))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31, 23, 59), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize("name", ["dev", "heldout"])
def test_at_least_95_percent_of_the_labelled_expressions_are_read_exactly(name: str) -> None:
    labelled = expressions(name)
    wrong = misread(labelled)
    assert len(wrong) <= 0.05 * len(labelled), wrong


@settings(max_examples=300, deadline=None)
@given(TEXTS, MOMENTS, st.sampled_from(ZONES), st.sampled_from([None, HOURS]))
def test_ranges_are_never_past_inside_the_horizon_sorted_and_single(text, now, zone, hours) -> None:
    found = ranges(parse_when(text, now=now.astimezone(zone)), now=now, timezone=zone, opening_hours=hours)
    assert all(now <= item.starts_at < item.ends_at <= now + HORIZON for item in found)
    assert found == sorted(set(found))


@settings(max_examples=200, deadline=None)
@given(MOMENTS, st.sampled_from(ZONES), st.sampled_from(sorted(WEEKDAY_NAMES)))
def test_a_weekday_is_the_coming_one_in_the_clinics_calendar(now, zone, name) -> None:
    local = now.astimezone(zone)
    (item,) = ranges(parse_when(f"el {name}", now=local), now=now, timezone=zone)
    day = item.starts_at.astimezone(zone).date()
    assert day.weekday() == WEEKDAY_NAMES[name]
    assert 1 <= (day - local.date()).days <= 7
    assert (item.ends_at - timedelta(seconds=1)).astimezone(zone).date() == day


@settings(max_examples=200, deadline=None)
@given(MOMENTS, st.sampled_from(ZONES), st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
def test_a_24_hour_time_tomorrow_is_shown_by_the_local_clock(now, zone, hour, minute) -> None:
    local = now.astimezone(zone)
    tomorrow = local.date() + timedelta(days=1)
    found = ranges(parse_when(f"mañana {hour:02d}:{minute:02d} hs", now=local), now=now, timezone=zone)
    shown = found[0].starts_at.astimezone(zone)
    wall = datetime.combine(tomorrow, shown.timetz())
    assert shown.date() == tomorrow
    # A bare 01:00 to 12:59 may be of the other half of the day; a time that the clock skips begins after the gap.
    assert {wall.hour % 12, (wall - timedelta(hours=1)).hour % 12} & {hour % 12}


@pytest.mark.parametrize(
    ("text", "hour"),
    [("a las 4", 16), ("a las 9", 9), ("a las 12", 12), ("a las 7", 19), ("a las 5 de la mañana", 5), ("16 hs", 16)],
)
def test_a_bare_hour_is_the_one_at_which_the_clinic_is_open(text: str, hour: int) -> None:
    when = parse_when(f"el jueves {text}", now=WEDNESDAY)
    (item,) = ranges(when, now=WEDNESDAY, timezone=ZONES[0], opening_hours=HOURS)
    assert item.starts_at.astimezone(ZONES[0]).hour == hour


def test_a_clinic_that_opens_at_night_reads_hours_by_its_own() -> None:
    at_night = parse_opening_hours({"thu": [["02:00", "06:00"]]})
    when = parse_when("el jueves a las 4", now=WEDNESDAY)
    (item,) = ranges(when, now=WEDNESDAY, timezone=ZONES[0], opening_hours=at_night)
    assert item.starts_at.astimezone(ZONES[0]).hour == 4


def test_alternatives_keep_the_order_in_which_they_were_said() -> None:
    when = parse_when("el lunes a la tarde o mañana a las 9", now=WEDNESDAY)
    monday, tomorrow = date(2026, 11, 30), date(2026, 11, 26)
    assert when == When(
        (
            Alternative(monday, monday, part=DayPart.AFTERNOON, exactness=Exactness.RANGE),
            Alternative(tomorrow, tomorrow, time=TimeRange(Clock(9 * 60, fixed=False), exact=True)),
        )
    )


def test_about_a_time_is_a_little_before_it_too() -> None:
    about, exactly = (parse_when(f"mañana {said} 5", now=WEDNESDAY) for said in ("tipo", "a las"))
    assert (about.alternatives[0].exactness, exactly.alternatives[0].exactness) == (Exactness.ABOUT, Exactness.EXACT)
    early = ranges(about, now=WEDNESDAY, timezone=ZONES[0])[0].starts_at
    assert ranges(exactly, now=WEDNESDAY, timezone=ZONES[0])[0].starts_at - early == timedelta(minutes=30)


def test_without_denials_the_day_of_an_appointment_that_exists_is_named() -> None:
    assert parse_when("no voy el lunes", now=WEDNESDAY).alternatives[0].excluded == {0}
    assert parse_when("no voy el lunes", now=WEDNESDAY, denials=False).alternatives[0].first == date(2026, 11, 30)


def test_every_part_of_the_day_has_words() -> None:
    assert {part for _, part in PART_PHRASES} == set(DayPart)


def test_a_long_text_is_read_in_reasonable_time() -> None:
    started_at = datetime.now(UTC)
    parse_when("el lunes o el martes a las 4 menos cuarto y entre " * 400, now=WEDNESDAY)
    assert datetime.now(UTC) - started_at < timedelta(seconds=5)
