from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.domain.agenda import (
    Slot,
    free_slots,
    minutes_together,
    one_after_the_other,
    slots_to_offer,
    spread,
)
from dentalist.domain.hours import Closure, Interval, local_instant, open_intervals, parse_opening_hours

BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")
ZONES = [BUENOS_AIRES, ZoneInfo("America/Santiago"), ZoneInfo("Europe/Madrid"), ZoneInfo("America/Ciudad_Juarez")]
MORNINGS = parse_opening_hours({day: [["09:00", "12:00"]] for day in ("mon", "tue", "wed", "thu", "fri")})
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # Monday, 08:00 in Buenos Aires
HOUR = timedelta(hours=1)


def search(**rules: Any) -> list[Slot]:
    assert MORNINGS is not None
    busy = rules.pop("busy", [])
    defaults: dict[str, Any] = {"minutes": 30, "now": NOW, "timezone": BUENOS_AIRES}
    return free_slots(MORNINGS, rules.pop("closures", ()), busy, **{**defaults, **rules})


def local_times(slots: list[Slot]) -> list[str]:
    return [slot.starts_at.astimezone(BUENOS_AIRES).strftime("%a %H:%M") for slot in slots]


def test_a_free_morning_is_filled_without_gaps() -> None:
    assert local_times(search(limit=7)) == [
        "Mon 09:00", "Mon 09:30", "Mon 10:00", "Mon 10:30", "Mon 11:00", "Mon 11:30", "Tue 09:00",
    ]  # fmt: skip


def test_an_appointment_keeps_its_buffer_free_on_both_sides() -> None:
    busy = [Interval(NOW + 2 * HOUR, NOW + 2 * HOUR + timedelta(minutes=30))]  # 10:00 to 10:30
    assert local_times(search(busy=busy, buffer=timedelta(minutes=15), limit=3)) == [
        "Mon 09:00",
        "Mon 10:45",
        "Mon 11:30",
    ]


def test_while_the_clinic_is_open_its_times_stay_on_the_grid_of_its_opening() -> None:
    asked_at = NOW + 2 * HOUR + timedelta(minutes=3, seconds=7)  # 10:03:07
    assert [slot.starts_at - NOW for slot in search(now=asked_at, limit=2)] == [
        2 * HOUR + timedelta(minutes=15),
        2 * HOUR + timedelta(minutes=45),
    ]


def test_nothing_is_offered_sooner_than_the_lead_time() -> None:
    assert local_times(search(lead_time=timedelta(hours=2, minutes=20), limit=1)) == ["Mon 10:30"]


def test_an_appointment_longer_than_any_opening_finds_no_slot() -> None:
    assert search(minutes=181) == []


def test_closed_days_are_skipped() -> None:
    closed = Closure(Interval(NOW - HOUR, NOW + timedelta(days=1)))
    assert local_times(search(closures=(closed,), limit=1)) == ["Tue 09:00"]


def test_only_requested_times_are_found_and_exactly_at_their_start() -> None:
    wanted = [Interval(NOW + 2 * HOUR, NOW + 3 * HOUR)]  # 10:00 to 11:00
    assert local_times(search(minutes=45, preferred=wanted)) == ["Mon 10:00", "Mon 10:45"]


def test_unknown_opening_hours_offer_nothing() -> None:
    found = slots_to_offer(None, (), [], minutes=30, now=NOW, timezone=BUENOS_AIRES)
    assert (found.slots, found.requested_available) == ((), False)


def test_what_was_requested_comes_first_and_is_completed_when_it_is_little() -> None:
    tuesday_end = [Interval(NOW + timedelta(days=1, hours=3, minutes=30), NOW + timedelta(days=1, hours=4))]
    found = slots_to_offer(MORNINGS, (), [], minutes=30, now=NOW, timezone=BUENOS_AIRES, preferred=tuesday_end)
    assert found.requested_available
    assert local_times(list(found.slots))[0] == "Tue 11:30"
    assert len(found.slots) == len(set(found.slots)) == 10


def test_where_little_of_what_was_requested_is_free_the_rest_of_that_day_comes_next() -> None:
    tuesday_end = [Interval(NOW + timedelta(days=1, hours=3, minutes=30), NOW + timedelta(days=1, hours=4))]
    found = slots_to_offer(MORNINGS, (), [], minutes=30, now=NOW, timezone=BUENOS_AIRES, preferred=tuesday_end)
    times = local_times(list(found.slots))
    assert times[1:6] == ["Tue 09:00", "Tue 09:30", "Tue 10:00", "Tue 10:30", "Tue 11:00"]
    assert times[6] == "Mon 09:00"


def test_what_is_not_wanted_is_neither_requested_nor_offered_besides() -> None:
    unwanted = {slot.starts_at for slot in search(limit=3)}
    found = slots_to_offer(MORNINGS, (), [], minutes=30, now=NOW, timezone=BUENOS_AIRES, without=unwanted)
    assert found.slots
    assert not unwanted & {slot.starts_at for slot in found.slots}


@settings(max_examples=60, deadline=None)
@given(minutes=st.integers(5, 120), count=st.integers(1, 6), buffer=st.integers(0, 60))
def test_a_family_fills_its_long_slot_one_after_the_other(minutes: int, count: int, buffer: int) -> None:
    pause = timedelta(minutes=buffer)
    together = timedelta(minutes=minutes_together(minutes, count, buffer=pause))
    slots = one_after_the_other(Slot(NOW, NOW + together), count, buffer=pause)
    assert len(slots) == count
    assert (slots[0].starts_at, slots[-1].ends_at) == (NOW, NOW + together)
    assert {slot.ends_at - slot.starts_at for slot in slots} == {timedelta(minutes=minutes)}
    assert all(one.ends_at + pause == other.starts_at for one, other in pairwise(slots))


def test_a_request_for_a_closed_day_is_answered_with_the_nearest_times() -> None:
    sunday = [Interval(NOW + timedelta(days=6), NOW + timedelta(days=6, hours=10))]
    found = slots_to_offer(MORNINGS, (), [], minutes=30, now=NOW, timezone=BUENOS_AIRES, preferred=sunday)
    assert not found.requested_available
    assert local_times(list(found.slots))[0] == "Mon 09:00"


def test_slots_are_spread_over_days_and_over_each_day() -> None:
    chosen = spread(search(limit=18), 6, timezone=BUENOS_AIRES)
    assert local_times(chosen) == ["Mon 09:00", "Mon 11:30", "Tue 09:00", "Tue 11:30", "Wed 09:00", "Wed 11:30"]


def test_spreading_few_slots_keeps_them_all() -> None:
    few = search(limit=3)
    assert spread(few, 10, timezone=BUENOS_AIRES) == few


five_minutes = st.integers(0, 420 * 24 * 12)  # steps after the first of January 2026
busy_times = st.lists(
    st.tuples(st.integers(0, 20 * 24 * 12), st.integers(1, 60)), max_size=25
)  # five-minute steps after now


@settings(max_examples=60, deadline=None)
@given(
    step_of_now=five_minutes,
    zone=st.sampled_from(ZONES),
    busy=busy_times,
    minutes=st.integers(5, 150),
    buffer=st.integers(0, 40),
    lead=st.integers(0, 3000),
    opens=st.integers(0, 22 * 60),
    length=st.integers(30, 12 * 60),
)
def test_free_slots_are_free_open_future_sorted_and_apart(  # noqa: PLR0917 - hypothesis passes them by name
    step_of_now: int,
    zone: ZoneInfo,
    busy: list[tuple[int, int]],
    minutes: int,
    buffer: int,
    lead: int,
    opens: int,
    length: int,
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + step_of_now * timedelta(minutes=5)
    closes = min(opens + length, 24 * 60)
    span = [[f"{opens // 60:02d}:{opens % 60:02d}", f"{closes // 60:02d}:{closes % 60:02d}"]]
    hours = parse_opening_hours(dict.fromkeys(("mon", "tue", "thu", "sat", "sun"), span))
    assert hours is not None
    step = timedelta(minutes=5)
    taken = [Interval(now + start * step, now + (start + count) * step) for start, count in busy]
    closure = Closure(Interval(now + timedelta(days=4), now + timedelta(days=6, hours=7)))
    pause, wait = timedelta(minutes=buffer), timedelta(minutes=lead)
    slots = free_slots(
        hours,
        (closure,),
        taken,
        minutes=minutes,
        buffer=pause,
        lead_time=wait,
        now=now,
        timezone=zone,
        limit=60,
        horizon=timedelta(days=20),
    )
    opened = list(open_intervals(hours, (closure,), zone, start=now, end=now + timedelta(days=20)))
    for slot in slots:
        assert slot.ends_at - slot.starts_at == timedelta(minutes=minutes)
        assert slot.starts_at >= now + wait
        assert any(item.starts_at <= slot.starts_at and slot.ends_at <= item.ends_at for item in opened)
        assert not any(Interval(item.starts_at - pause, item.ends_at + pause).overlaps(slot.interval) for item in taken)
    assert all(one.ends_at + pause <= other.starts_at for one, other in pairwise(slots))
    labels = [slot.starts_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") for slot in slots]
    assert len(labels) == len(set(labels))


@settings(max_examples=30, deadline=None)
@given(count=st.integers(0, 40), limit=st.integers(1, 12), seed=st.integers(0, 5))
def test_spread_chooses_from_what_there_is_sorted_and_without_repeating(count: int, limit: int, seed: int) -> None:
    slots = search(limit=count, now=NOW + timedelta(days=seed)) if count else []
    chosen = spread(slots, limit, timezone=BUENOS_AIRES)
    assert len(chosen) == min(limit, len(slots))
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(slots)


def test_the_skipped_hour_of_a_night_clinic_offers_no_impossible_time() -> None:
    madrid = ZoneInfo("Europe/Madrid")
    hours = parse_opening_hours({"sun": [["01:00", "04:00"]]})
    assert hours is not None
    now = local_instant(date(2026, 3, 29), 0, madrid)
    slots = free_slots(hours, (), [], minutes=30, now=now, timezone=madrid, limit=10, horizon=timedelta(days=1))
    assert [slot.starts_at.astimezone(madrid).strftime("%H:%M") for slot in slots] == [
        "01:00",
        "01:30",
        "03:00",
        "03:30",
    ]


def test_the_repeated_hour_offers_each_local_time_once() -> None:
    madrid = ZoneInfo("Europe/Madrid")
    hours = parse_opening_hours({"sun": [["01:00", "04:00"]]})
    assert hours is not None
    now = local_instant(date(2026, 10, 25), 0, madrid)
    slots = free_slots(hours, (), [], minutes=30, now=now, timezone=madrid, limit=10, horizon=timedelta(days=1))
    assert [slot.starts_at.astimezone(madrid).strftime("%H:%M") for slot in slots] == [
        "01:00", "01:30", "02:00", "02:30", "03:00", "03:30",
    ]  # fmt: skip
