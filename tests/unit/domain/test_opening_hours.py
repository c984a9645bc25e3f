from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.domain.hours import (
    Closure,
    Interval,
    OpeningHours,
    local_instant,
    next_opening,
    open_interval_at,
    open_intervals,
    parse_closures,
    parse_opening_hours,
)
from dentalist.domain.wording.times import describe_hours

BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")
SANTIAGO = ZoneInfo("America/Santiago")
MADRID = ZoneInfo("Europe/Madrid")
TIJUANA = ZoneInfo("America/Tijuana")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY_9_TO_18 = {day: [["09:00", "18:00"]] for day in DAYS}


def hours_of(value: object) -> OpeningHours:
    hours = parse_opening_hours(value)
    assert hours is not None
    return hours


def at(zone: ZoneInfo, *fields: int) -> datetime:
    return datetime(*fields, tzinfo=zone).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        "9 a 18",
        {"lunes": [["09:00", "18:00"]]},
        {"mon": "09:00-18:00"},
        {"mon": [["09:00"]]},
        {"mon": [["9am", "6pm"]]},
        {"mon": [["25:00", "26:00"]]},
        {"mon": [["09:75", "10:00"]]},
        {"mon": [["09:00", "09:00"]]},
        {"mon": [[9, 18]]},
        {"mon": 3},
    ],
)
def test_hours_of_a_strange_shape_are_unknown_not_closed_and_not_an_error(value: object) -> None:
    assert parse_opening_hours(value) is None


def test_a_day_that_is_not_listed_is_closed() -> None:
    hours = hours_of({"mon": [["09:00", "18:00"]]})
    assert next_opening(hours, (), BUENOS_AIRES, at(BUENOS_AIRES, 2026, 11, 24, 10)) == at(
        BUENOS_AIRES, 2026, 11, 30, 9
    )


def test_overlapping_spans_of_a_day_are_one() -> None:
    assert hours_of({"mon": [["10:00", "14:00"], ["09:00", "11:00"]]}) == hours_of({"mon": [["09:00", "14:00"]]})


@pytest.mark.parametrize(
    ("hour", "minute", "is_open"), [(8, 59, False), (9, 0, True), (12, 59, True), (13, 0, False), (15, 0, True)]
)
def test_open_from_the_first_minute_until_before_the_last(hour: int, minute: int, is_open: bool) -> None:
    hours = hours_of({"mon": [["09:00", "13:00"], ["15:00", "19:00"]]})
    moment = at(BUENOS_AIRES, 2026, 11, 23, hour, minute)
    assert (open_interval_at(hours, (), BUENOS_AIRES, moment) is not None) is is_open


def test_a_span_over_midnight_is_open_on_the_next_morning() -> None:
    hours = hours_of({"fri": [["20:00", "02:00"]]})
    assert open_interval_at(hours, (), MADRID, at(MADRID, 2026, 11, 28, 1, 30)) is not None
    assert open_interval_at(hours, (), MADRID, at(MADRID, 2026, 11, 28, 2, 0)) is None


def test_a_closure_of_dates_takes_both_days_whole() -> None:
    closures = parse_closures([{"from": "2026-12-24", "to": "2026-12-25", "reason": "Navidad"}], BUENOS_AIRES)
    hours = hours_of(EVERY_DAY_9_TO_18)
    assert open_interval_at(hours, closures, BUENOS_AIRES, at(BUENOS_AIRES, 2026, 12, 25, 17, 59)) is None
    assert next_opening(hours, closures, BUENOS_AIRES, at(BUENOS_AIRES, 2026, 12, 23, 18)) == at(
        BUENOS_AIRES, 2026, 12, 26, 9
    )


def test_a_closure_of_hours_leaves_the_rest_of_the_day_open() -> None:
    closures = parse_closures([{"from": "2026-11-23T12:00", "to": "2026-11-23T14:00"}], BUENOS_AIRES)
    start = at(BUENOS_AIRES, 2026, 11, 23, 0)
    found = list(
        open_intervals(hours_of(EVERY_DAY_9_TO_18), closures, BUENOS_AIRES, start=start, end=start + timedelta(days=1))
    )
    assert found == [
        Interval(at(BUENOS_AIRES, 2026, 11, 23, 9), at(BUENOS_AIRES, 2026, 11, 23, 12)),
        Interval(at(BUENOS_AIRES, 2026, 11, 23, 14), at(BUENOS_AIRES, 2026, 11, 23, 18)),
    ]


@pytest.mark.parametrize("value", [None, "2026-12-25", [{"from": "mañana"}], [7], [{"to": "2026-12-25"}]])
def test_closures_that_cannot_be_read_close_nothing(value: object) -> None:
    assert parse_closures(value, BUENOS_AIRES) == ()


def test_a_closure_without_an_end_lasts_its_day_and_a_reversed_one_is_turned_around() -> None:
    one_day, reversed_days = parse_closures(
        [{"from": "2026-12-08", "to": "??"}, {"from": "2026-12-26", "to": "2026-12-24"}], BUENOS_AIRES
    )
    assert one_day.interval.ends_at - one_day.interval.starts_at == timedelta(days=1)
    assert reversed_days.interval == Interval(at(BUENOS_AIRES, 2026, 12, 24), at(BUENOS_AIRES, 2026, 12, 27))


@pytest.mark.parametrize(
    ("zone", "day", "utc_hour"),
    [
        (MADRID, date(2026, 3, 28), 8),  # winter time
        (MADRID, date(2026, 3, 29), 7),  # summer time from 02:00 on
        (MADRID, date(2026, 10, 25), 8),  # winter time from 03:00 on
        (SANTIAGO, date(2026, 4, 4), 12),  # still summer time
        (SANTIAGO, date(2026, 4, 5), 13),  # winter time since midnight
        (SANTIAGO, date(2026, 9, 6), 12),  # summer time: the day begins at 01:00
        (TIJUANA, date(2026, 3, 7), 17),  # the border follows the United States
        (TIJUANA, date(2026, 3, 8), 16),
        (TIJUANA, date(2026, 11, 1), 17),
    ],
)
def test_nine_oclock_is_nine_oclock_on_every_side_of_a_clock_change(zone: ZoneInfo, day: date, utc_hour: int) -> None:
    assert local_instant(day, 9 * 60, zone) == datetime(day.year, day.month, day.day, utc_hour, tzinfo=UTC)


def test_a_skipped_time_is_read_as_the_moment_of_the_change() -> None:
    change = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert local_instant(date(2026, 3, 29), 2 * 60 + 30, MADRID) == change
    assert local_instant(date(2026, 9, 6), 0, SANTIAGO) == datetime(2026, 9, 6, 4, 0, tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    zone=st.sampled_from([MADRID, SANTIAGO, TIJUANA, BUENOS_AIRES, ZoneInfo("America/Havana")]),
    start=st.integers(0, 23 * 60),
    length=st.integers(5, 12 * 60),
)
def test_the_local_clock_shows_opening_hours_at_every_open_minute(
    day: date, zone: ZoneInfo, start: int, length: int
) -> None:
    end = min(start + length, 24 * 60)
    text = [[f"{start // 60:02d}:{start % 60:02d}", f"{end // 60:02d}:{end % 60:02d}"]]
    hours = hours_of(dict.fromkeys(DAYS, text))
    begins = local_instant(day, 0, zone)
    for interval in open_intervals(hours, (), zone, start=begins, end=begins + timedelta(days=1)):
        moment = interval.starts_at
        while moment < interval.ends_at:
            local = moment.astimezone(zone)
            assert start <= local.hour * 60 + local.minute < end
            moment += timedelta(minutes=5)


def test_a_clinic_that_never_opens_has_no_next_opening() -> None:
    assert next_opening(hours_of({"mon": []}), (), MADRID, at(MADRID, 2026, 11, 23, 10)) is None


def test_next_opening_looks_past_a_long_closure() -> None:
    closed = Closure(Interval(at(MADRID, 2026, 8, 1), at(MADRID, 2026, 9, 1)))
    assert next_opening(hours_of(EVERY_DAY_9_TO_18), (closed,), MADRID, at(MADRID, 2026, 8, 3, 10)) == at(
        MADRID, 2026, 9, 1, 9
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            {day: [["09:00", "13:00"], ["15:00", "19:00"]] for day in DAYS[:5]},
            "lunes a viernes de 9 a 13 y de 15 a 19",
        ),
        (
            {"mon": [["08:30", "12:00"]], "tue": [["08:30", "12:00"]], "sat": [["09:00", "12:00"]]},
            "lunes y martes de 8:30 a 12; sábado de 9 a 12",
        ),
        ({"mon": [["09:00", "18:00"]], "wed": [["09:00", "18:00"]]}, "lunes de 9 a 18; miércoles de 9 a 18"),
        ({day: [["00:00", "24:00"]] for day in DAYS}, "lunes a domingo las 24 horas"),
        ({"mon": []}, ""),
    ],
)
def test_hours_are_said_as_people_say_them(value: object, words: str) -> None:
    assert describe_hours(hours_of(value)) == words
