"""When a feed is busy: repeated, moved, cancelled, whole days, across clock changes, and nothing understood by half."""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.domain.calendars import FeedUnreadable
from dentalist.domain.hours import Interval
from dentalist.outbound.feeds.events import busy_times
from dentalist.outbound.feeds.feed import FeedCalendar

BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")
MADRID = ZoneInfo("Europe/Madrid")
SANTIAGO = ZoneInfo("America/Santiago")
WEEK = (datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC))
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
UID = itertools.count()


def event(*lines: str, uid: str | None = None) -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid or next(UID)}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"])


def feed(*parts: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//ES", *parts, "END:VCALENDAR", ""]).encode()


def busy(
    *parts: str, zone: ZoneInfo = BUENOS_AIRES, between: tuple[datetime, datetime] = WEEK, **named: Any
) -> list[Interval]:
    return busy_times(feed(*parts), *between, timezone=zone, **named)


def span(text: str, length: timedelta = HOUR) -> Interval:
    start = datetime.fromisoformat(text).astimezone(UTC)
    return Interval(start, start + length)


def test_a_free_calendar_is_an_answer() -> None:
    assert busy() == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("DTSTART:20261123T120000Z", "DTEND:20261123T130000Z"), "2026-11-23T12:00Z"),
        (("DTSTART:20261123T120000Z", "DURATION:PT1H"), "2026-11-23T12:00Z"),
        (("DTSTART;TZID=Europe/Madrid:20261123T120000", "DURATION:PT1H"), "2026-11-23T11:00Z"),
        (("DTSTART;TZID=Romance Standard Time:20261123T120000", "DURATION:PT1H"), "2026-11-23T11:00Z"),
        (("DTSTART:20261123T120000", "DTEND:20261123T130000"), "2026-11-23T15:00Z"),  # the clinic's own clock
    ],
)
def test_times_are_read_in_the_timezone_they_name(lines: tuple[str, ...], expected: str) -> None:
    assert busy(event(*lines)) == [span(expected)]


def test_a_whole_day_is_the_clinics_day() -> None:
    assert busy(event("DTSTART;VALUE=DATE:20261124")) == [span("2026-11-24T03:00Z", timedelta(days=1))]
    several = event("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126")
    assert busy(several) == [span("2026-11-24T03:00Z", timedelta(days=2))]


def test_a_timezone_that_the_feed_defines_itself_is_read() -> None:
    zone = """BEGIN:VTIMEZONE
TZID:Consultorio
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:-0300
TZOFFSETTO:-0300
END:STANDARD
END:VTIMEZONE""".replace("\n", "\r\n")

    found = busy(zone, event("DTSTART;TZID=Consultorio:20261123T120000", "DURATION:PT1H"), zone=MADRID)

    assert found == [span("2026-11-23T15:00Z")]


@pytest.mark.parametrize(
    "line", ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "status:cancelled", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"]
)
def test_what_is_free_or_cancelled_is_not_busy(line: str) -> None:
    assert busy(event("DTSTART:20261123T120000Z", "DURATION:PT1H", line)) == []
    assert busy(event("DTSTART:20261123T120000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY", line)) == []


@pytest.mark.parametrize(
    "line", ["TRANSP:OPAQUE", "STATUS:TENTATIVE", "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "CLASS:PRIVATE"]
)
def test_what_is_tentative_or_private_is_busy(line: str) -> None:
    assert len(busy(event("DTSTART:20261123T120000Z", "DURATION:PT1H", line))) == 1


def test_what_lies_outside_or_takes_no_time_does_not_count() -> None:
    outside = event("DTSTART:20261022T120000Z", "DURATION:PT1H")
    touching = event("DTSTART:20261121T230000Z", "DTEND:20261122T000000Z")
    instant = event("DTSTART:20261123T120000Z", "DTEND:20261123T120000Z")

    assert busy(outside, touching, instant) == []


# ---- repetitions


def test_a_weekly_event_from_years_ago_is_busy_each_week() -> None:
    weekly = event(
        "DTSTART;TZID=America/Argentina/Buenos_Aires:20100104T130000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE"
    )

    assert busy(weekly) == [span("2026-11-23T16:00Z"), span("2026-11-25T16:00Z")]


def test_single_times_of_a_series_are_left_out_added_and_moved() -> None:
    series = event(
        "DTSTART:20261101T120000Z",
        "DURATION:PT1H",
        "RRULE:FREQ=DAILY;UNTIL=20261125T235959Z",
        "EXDATE:20261123T120000Z",
        "RDATE:20261127T180000Z",
        uid="serie",
    )
    moved = event("RECURRENCE-ID:20261124T120000Z", "DTSTART:20261124T200000Z", "DURATION:PT1H", uid="serie")
    dropped = event(
        "RECURRENCE-ID:20261125T120000Z", "DTSTART:20261125T120000Z", "DURATION:PT1H", "STATUS:CANCELLED", uid="serie"
    )

    assert busy(series, moved, dropped) == [
        span("2026-11-22T12:00Z"),
        span("2026-11-24T20:00Z"),
        span("2026-11-27T18:00Z"),
    ]


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        (MADRID, date(2026, 10, 24), date(2026, 10, 25)),
        (MADRID, date(2027, 3, 27), date(2027, 3, 28)),
        (SANTIAGO, date(2026, 9, 5), date(2026, 9, 6)),
        (SANTIAGO, date(2027, 4, 3), date(2027, 4, 4)),
    ],
)
@pytest.mark.parametrize("floating", [True, False])
def test_a_daily_event_stays_at_its_hour_when_the_clocks_change(
    zone: ZoneInfo, before: date, after: date, floating: bool
) -> None:
    start = "DTSTART:20260101T100000" if floating else f"DTSTART;TZID={zone.key}:20260101T100000"
    window = (datetime.combine(before, datetime.min.time(), zone), datetime.combine(after, datetime.max.time(), zone))

    found = busy(event(start, "DURATION:PT1H", "RRULE:FREQ=DAILY"), zone=zone, between=window)

    local = [item.starts_at.astimezone(zone) for item in found]
    assert [(moment.date(), moment.hour) for moment in local] == [(before, 10), (after, 10)]
    assert found[0].starts_at.hour != found[1].starts_at.hour


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [(MADRID, date(2026, 10, 25), 25), (MADRID, date(2027, 3, 28), 23), (SANTIAGO, date(2026, 9, 6), 23)],
)
def test_a_whole_day_is_as_long_as_the_day_is(zone: ZoneInfo, day: date, hours: int) -> None:
    window = (
        datetime(day.year, day.month, 1, tzinfo=UTC),
        datetime(day.year, day.month, 1, tzinfo=UTC) + 40 * 24 * HOUR,
    )

    [found] = busy(event(f"DTSTART;VALUE=DATE:{day:%Y%m%d}"), zone=zone, between=window)

    assert found.ends_at - found.starts_at == hours * HOUR
    assert found.starts_at.astimezone(zone).date() == day


def test_published_free_and_busy_times_count_without_any_events() -> None:
    told = "\r\n".join(
        [
            "BEGIN:VFREEBUSY",
            "UID:1",
            "DTSTAMP:20260101T000000Z",
            "FREEBUSY;FBTYPE=BUSY:20261123T120000Z/20261123T130000Z,20261124T120000Z/PT1H",
            "FREEBUSY;FBTYPE=FREE:20261125T120000Z/20261125T130000Z",
            "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261126T120000Z/20261126T130000Z",
            "FREEBUSY:20261127T120000Z/PT1H",
            "END:VFREEBUSY",
        ]
    )

    assert [item.starts_at.day for item in busy(told)] == [23, 24, 26, 27]


# ---- nothing is understood by half

ROTTEN = [
    event("DTSTART:mañana", "DURATION:PT1H"),
    event("DTSTART:20261123T120000Z", "DTEND:pasado"),
    event("DTSTART:20261123T120000Z", "DTEND:20261123T110000Z"),
    event("DTSTART:20261123T120000Z", "DURATION:PT1H", "DURATION:PT2H"),
    event("DURATION:PT1H"),
    event("DTSTART:20261123T120000Z", "DTSTART:20261123T130000Z"),
    event("DTSTART;TZID=Mordor/Barad-dur:20261123T120000", "DURATION:PT1H"),
    event("DTSTART:20261123T120000Z", "DURATION:PT1H", "RRULE:FREQ=SECONDLY"),
    event("DTSTART:20261123T120000Z", "DURATION:PT1H", "RRULE:FREQ=MINUTELY;COUNT=5"),
    event("DTSTART:20261123T120000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY"),
    event("DTSTART:00010101T120000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"),
    event("DTSTART:20261123T120000Z", "DURATION:PT1H", "RRULE:COUNT=3"),
    event("DTSTART:20261123T120000Z", "DURATION:PT1H", "RRULE:FREQ=A VECES"),
    event(
        "DTSTART:20261123T120000Z",
        "DURATION:PT1H",
        "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8;BYMINUTE=0,5,10,15,20,25,30",
    ),
]


@pytest.mark.parametrize("rotten", ROTTEN)
def test_one_event_that_is_not_understood_makes_the_feed_unreadable(rotten: str) -> None:
    with pytest.raises(FeedUnreadable):
        busy(event("DTSTART:20261123T120000Z", "DURATION:PT1H"), rotten)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"BEGIN:VCALENDAR",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n",
        feed(event("DTSTART:20261123T120000Z", "DURATION:PT1H"))[:-20],
        feed(event("DTSTART:20261123T120000Z", "DURATION:PT1H"))[:-40],
        b"BEGIN:VCARD\r\nEND:VCARD\r\n",
        b"BEGIN:VEVENT\r\nDTSTART:20261123T120000Z\r\nEND:VEVENT\r\n",
        b"<html></html>",
        b"\x00\xff\xfe",
    ],
)
def test_what_is_no_whole_calendar_is_unreadable(content: bytes) -> None:
    with pytest.raises(FeedUnreadable):
        busy_times(content, *WEEK, timezone=BUENOS_AIRES)


def test_series_without_end_are_given_up() -> None:
    ticks = itertools.count(0, 4)
    series = [event("DTSTART:20200101T120000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY") for _ in range(3)]

    with pytest.raises(FeedUnreadable) as raised:
        busy(*series, clock=lambda: next(ticks))

    assert raised.value.cause == "too_many"


def test_birthdays_of_people_born_before_1970_are_no_trouble() -> None:
    birthday = event("DTSTART;VALUE=DATE:19401124", "RRULE:FREQ=YEARLY", "TRANSP:TRANSPARENT")

    assert busy(birthday, event("DTSTART;VALUE=DATE:16041125", "RRULE:FREQ=YEARLY")) == [
        span("2026-11-25T03:00Z", timedelta(days=1))
    ]


def test_nothing_of_the_calendar_is_quoted() -> None:
    with pytest.raises(FeedUnreadable) as raised:
        busy(event("SUMMARY:Ana", "DTSTART:Ana", "DURATION:PT1H"))

    assert "Ana" not in f"{raised.value!r} {raised.value.__cause__!r}"


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(), st.text().map(str.encode), st.lists(st.text(max_size=30)).map(lambda x: feed(*x))))
def test_any_bytes_are_busy_times_or_unreadable(content: bytes) -> None:
    try:
        found = busy_times(content, *WEEK, timezone=BUENOS_AIRES)
    except FeedUnreadable:
        return
    assert found == sorted(found)


@settings(max_examples=100, deadline=None)
@given(
    start=st.integers(0, 500 * 24 * 3600).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + seconds * SECOND),
    minutes=st.integers(1, 3 * 24 * 60),
    zone=st.sampled_from(["America/Argentina/Buenos_Aires", "Europe/Madrid", "America/Santiago", "UTC"]),
)
def test_an_event_is_busy_exactly_as_long_as_it_lasts(start: datetime, minutes: int, zone: str) -> None:
    """Written in its own timezone, also where the clock shows a time twice."""
    local = start.astimezone(ZoneInfo(zone))
    if local.fold or (local + HOUR).astimezone(UTC).astimezone(ZoneInfo(zone)) != local + HOUR:
        return  # this wall-clock time is ambiguous: the format cannot say which one is meant
    stamp = f"DTSTART;TZID={zone}:{local:%Y%m%dT%H%M%S}"
    if zone == "UTC":
        stamp = f"DTSTART:{start:%Y%m%dT%H%M%SZ}"
    window = (start - 5 * HOUR, start + timedelta(minutes=minutes) + 5 * HOUR)

    [found] = busy(event(stamp, f"DURATION:PT{minutes}M"), between=window)

    assert found.starts_at == start
    assert found.ends_at - found.starts_at == timedelta(minutes=minutes)


def test_a_feed_is_fetched_at_every_look() -> None:
    fetched: list[str] = []

    class Client:
        def fetch(self, url: str) -> bytes:
            fetched.append(url)
            return feed(event("DTSTART:20261123T120000Z", "DURATION:PT1H"))

    calendar = FeedCalendar("https://a.example/x", timezone=BUENOS_AIRES, client=Client())

    assert [calendar.busy(*WEEK) for _ in range(2)] == [[span("2026-11-23T12:00Z")]] * 2
    assert fetched == ["https://a.example/x"] * 2
