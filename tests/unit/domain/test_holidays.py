"""Public holidays count as closed unless the clinic opens, and the assistant says so."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.domain.agenda import free_slots
from dentalist.domain.clinic import Clinic
from dentalist.domain.holidays import holidays_between, is_supported, parse_dates
from dentalist.domain.hours import DAY_KEYS, Closure, next_opening, open_interval_at, open_intervals, whole_day
from dentalist.domain.persona import Persona
from dentalist.domain.wording import facts
from dentalist.domain.wording.presence import is_open
from dentalist.domain.wording.voice import Voice
from tests.unit.domain.clinics import MONDAY_11AM, make_clinic

BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")
SPANISH_SPEAKING = [
    "AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GT", "HN", "MX", "NI", "PA", "PE", "PY", "SV", "UY", "VE",
]  # fmt: skip
CHRISTMAS = date(2026, 12, 25)  # a Friday


def at(day: int, hour: int, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BUENOS_AIRES).astimezone(UTC)


def said(clinic: Clinic, now: datetime) -> str:
    return facts.hours(Voice(clinic, Persona()), now) or ""


# ---- the calendar


@pytest.mark.parametrize("country", SPANISH_SPEAKING)
def test_every_country_we_serve_is_known_and_has_its_holidays_in_spanish(country: str) -> None:
    assert is_supported(country)
    names = {item.date: item.name for item in holidays_between(country, date(2026, 1, 1), date(2026, 12, 31))}
    assert re.search("Año Nuevo|Triunfo de la Revolución", names[date(2026, 1, 1)])
    assert re.search("Navidad|Natividad|Día de la Familia", names[CHRISTMAS])


@pytest.mark.parametrize("country", ["XX", "ar", "ARG", "", "Argentina", None])
def test_a_country_that_is_not_known_has_no_holidays(country: str | None) -> None:
    assert holidays_between(country, date(2026, 1, 1), date(2026, 12, 31)) == []


def test_holidays_come_in_order_across_years_with_both_ends_included() -> None:
    found = holidays_between("AR", CHRISTMAS, date(2027, 1, 1))
    assert [item.date for item in found] == [CHRISTMAS, date(2027, 1, 1)]


def test_a_country_without_spanish_names_keeps_its_own_and_patients_are_spared_them() -> None:
    (found,) = holidays_between("PR", CHRISTMAS, CHRISTMAS)
    assert (found.name, found.reason) == ("Christmas Day", "feriado")


@pytest.mark.parametrize("value", [None, 3, "2026-12-25", {}, {"2026-12-25": 1}, ["x", 3, None, []], [[]]])
def test_dates_that_cannot_be_read_open_nothing(value: object) -> None:
    assert parse_dates(value) == frozenset()


# ---- the clinic


def test_a_clinic_is_closed_on_a_holiday_of_its_country() -> None:
    assert is_open(make_clinic(), at(25, 11)) is True
    assert is_open(make_clinic(holiday_country="AR"), at(25, 11)) is False
    assert is_open(make_clinic(holiday_country="AR"), at(24, 11)) is True


def test_a_clinic_opens_on_the_holidays_it_names() -> None:
    assert is_open(make_clinic(holiday_country="AR", open_holidays=["2026-12-25"]), at(25, 11)) is True


def test_a_closure_counts_also_on_a_holiday_that_is_opened() -> None:
    closed = [{"from": "2026-12-25", "to": "2026-12-26"}]
    assert (
        is_open(make_clinic(holiday_country="AR", open_holidays=["2026-12-25"], closures=closed), at(25, 11)) is False
    )


def test_a_holiday_is_a_local_day_in_the_clinic_s_timezone() -> None:
    night = {day: [["00:00", "24:00"]] for day in DAY_KEYS}
    clinic = make_clinic(holiday_country="ES", timezone="Atlantic/Canary", opening_hours=night)
    midnight = datetime(2026, 12, 25, 0, 0, tzinfo=ZoneInfo("Atlantic/Canary")).astimezone(UTC)
    assert is_open(clinic, midnight - timedelta(minutes=1)) is True
    assert is_open(clinic, midnight) is False
    assert is_open(clinic, midnight + timedelta(hours=24)) is True


def test_after_a_holiday_it_opens_on_the_next_working_day() -> None:
    clinic = make_clinic(holiday_country="AR")
    assert clinic.opening_hours is not None
    opening = next_opening(clinic.opening_hours, clinic.closed_from(at(5, 12)), clinic.timezone, at(5, 12))
    assert opening == at(9, 9)  # Monday 7 is the bridge and Tuesday 8 the holiday


ZONES = {
    "AR": "America/Argentina/Buenos_Aires",
    "CL": "America/Santiago",
    "ES": "Europe/Madrid",
    "MX": "America/Tijuana",
}
RANGES = st.sampled_from([[], [["09:00", "13:00"]], [["09:00", "13:00"], ["15:00", "19:00"]], [["20:00", "02:00"]]])
CLINICS = st.tuples(st.sampled_from(sorted(ZONES)), st.fixed_dictionaries(dict.fromkeys(DAY_KEYS, RANGES)))


@settings(max_examples=60, deadline=None)
@given(
    clinic=CLINICS,
    now=st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - made aware
    opened=st.sets(st.integers(0, 40)),
)
def test_no_slot_lies_on_a_holiday_that_the_clinic_does_not_open(
    clinic: tuple[str, dict[str, Any]], now: datetime, opened: set[int]
) -> None:
    country, hours = clinic
    all_of_them = holidays_between(country, now.date() - timedelta(days=2), now.date() + timedelta(days=70))
    opens = {item.date for number, item in enumerate(all_of_them) if number in opened}
    columns = {"timezone": ZONES[country], "holiday_country": country, "opening_hours": hours}
    shut = make_clinic(**columns, open_holidays=[day.isoformat() for day in opens])
    assert shut.opening_hours is not None

    slots = free_slots(
        shut.opening_hours, shut.closed_from(now), [], minutes=30, now=now, timezone=shut.timezone, limit=100_000
    )

    closed = {item.date for item in all_of_them} - opens
    assert closed.isdisjoint({slot.starts_at.astimezone(shut.timezone).date() for slot in slots})
    # … and nothing else is lost
    span = {"start": now, "end": now + timedelta(days=60)}
    days = [Closure(whole_day(day, shut.timezone)) for day in closed]
    opened_times = open_intervals(shut.opening_hours, shut.closed_from(now), shut.timezone, **span)
    assert list(opened_times) == list(open_intervals(shut.opening_hours, days, shut.timezone, **span))


# ---- the words


def test_a_holiday_that_is_near_is_told_with_the_hours() -> None:
    clinic = make_clinic(holiday_country="AR")
    assert "El viernes 25 de diciembre cerramos (feriado: Navidad)." in said(clinic, at(21, 11))
    assert "feriado" not in said(clinic, at(14, 11))


def test_on_a_holiday_it_says_that_it_is_one_and_when_it_opens() -> None:
    assert (
        "Ahora estamos cerrados (feriado: Día de la Soberanía Nacional) y volvemos mañana martes a las 09:00."
        in said(make_clinic(holiday_country="AR"), MONDAY_11AM)
    )


def test_two_holidays_in_a_row_are_both_told() -> None:
    text = said(make_clinic(holiday_country="AR"), at(3, 11))
    assert "El lunes 7 de diciembre cerramos" in text
    assert "El martes 8 de diciembre cerramos" in text


def test_a_holiday_that_is_opened_is_told_as_such() -> None:
    clinic = make_clinic(holiday_country="AR", open_holidays=["2026-12-25"])
    assert "El viernes 25 de diciembre atendemos (feriado: Navidad)." in said(clinic, at(21, 11))
    assert "cerramos" not in said(clinic, at(21, 11))
    assert "Navidad" not in said(clinic, at(26, 11))


def test_the_reason_of_a_closure_says_more_than_the_holiday_within_it() -> None:
    closures = [{"from": "2026-12-24", "to": "2026-12-31", "reason": "vacaciones"}]
    text = said(make_clinic(holiday_country="AR", closures=closures), at(21, 11))
    assert "(vacaciones)" in text
    assert "feriado" not in text


def test_a_holiday_on_a_day_that_is_closed_anyway_is_no_news() -> None:
    saturday = at(15, 11, month=8)  # on Monday 17 is a holiday
    mornings = {day: [["09:00", "13:00"]] for day in ("tue", "wed", "thu")}
    assert "feriado" in said(make_clinic(holiday_country="AR"), saturday)
    assert "feriado" not in said(make_clinic(holiday_country="AR", opening_hours=mornings), saturday)


def test_what_the_host_wrote_for_a_country_or_as_dates_never_breaks_the_reading() -> None:
    for junk in (None, 0, "", "??", [], {}, "Narnia"):
        clinic = make_clinic(holiday_country=junk, open_holidays=junk)
        assert clinic.closed_from(MONDAY_11AM) == ()
        hours = clinic.opening_hours
        assert hours is not None
        assert open_interval_at(hours, clinic.closed_from(MONDAY_11AM), clinic.timezone, MONDAY_11AM) is not None
