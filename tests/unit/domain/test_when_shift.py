"""Times that are said by how far they lie from an appointment."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.hours import Interval
from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.when_asked import AskedTimes, asked_times
from dentalist.domain.understanding.when_shift import Shift, find_shift, shifted

NOW = datetime(2026, 11, 25, 11)  # noqa: DTZ001 - a wall clock; Wednesday
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
HOUR = timedelta(hours=1)
TUESDAY_AT_TEN = datetime(2026, 12, 1, 10, tzinfo=ZONE)


def asked(text: str) -> AskedTimes:
    return asked_times(text, [scored.intent for scored in classify(text).intents], now=NOW)


@pytest.mark.parametrize(
    ("text", "shift"),
    [
        ("¿Puede ser una hora más tarde?", Shift(later=True, amount=HOUR)),
        ("necesito cambiarlo una hora antes", Shift(later=False, amount=HOUR)),
        ("me lo podés correr media hora?", Shift(later=True, amount=HOUR / 2)),
        ("podemos atrasarlo dos horas?", Shift(later=True, amount=2 * HOUR)),
        ("¿se puede adelantar el turno una hora?", Shift(later=False, amount=HOUR)),
        ("correlo 30 minutos", Shift(later=True, amount=HOUR / 2)),
        ("lo cambiamos para un par de horas después", Shift(later=True, amount=2 * HOUR)),
        ("me podrían cambiar la cita para una hora y media más tarde", Shift(later=True, amount=1.5 * HOUR)),
        ("quiero pasar mi turno al día siguiente", Shift(later=True, days=1)),
        ("reprogramar una semana después", Shift(later=True, days=7)),
        ("puede ser un dia despues?", Shift(later=True, days=1)),
        ("¿podría ser más tarde?", Shift(later=True)),
        ("pasalo para más temprano", Shift(later=False)),
    ],
)
def test_how_far_an_appointment_is_to_be_moved(text: str, shift: Shift) -> None:
    assert asked(text) == AskedTimes(shift=shift)


def test_the_appointment_that_is_moved_may_be_named_beside_it() -> None:
    found = asked("cambiame el turno del martes una hora más tarde")

    assert found.shift == Shift(later=True, amount=HOUR)
    assert [item.first for item in found.named.alternatives] == [TUESDAY_AT_TEN.date()]
    assert not found.wanted


@pytest.mark.parametrize(
    "text",
    [
        "llego una hora más tarde",
        "voy a llegar 15 minutos tarde",
        "quiero cambiarlo para el jueves más tarde",
        "pasarlo a las 11",
        "más tarde de las 5",
        "cambiar mi turno para el lunes a la tarde",
        "hola",
        "quiero un turno más tarde",
    ],
)
def test_a_delay_or_another_time_that_is_named_is_no_shift(text: str) -> None:
    assert asked(text).shift is None


def test_a_shift_is_counted_from_the_appointment() -> None:
    assert shifted(TUESDAY_AT_TEN, Shift(later=True, amount=HOUR), timezone=ZONE).starts_at == TUESDAY_AT_TEN + HOUR
    earlier = shifted(TUESDAY_AT_TEN, Shift(later=False, amount=HOUR / 2), timezone=ZONE)
    assert earlier == Interval(TUESDAY_AT_TEN - HOUR / 2, TUESDAY_AT_TEN)


def test_without_an_amount_it_is_the_rest_of_the_day_on_that_side() -> None:
    midnight = datetime(2026, 12, 1, tzinfo=ZONE)
    later = shifted(TUESDAY_AT_TEN, Shift(later=True), timezone=ZONE)

    assert later == Interval(TUESDAY_AT_TEN + timedelta(minutes=1), midnight + timedelta(days=1))
    assert shifted(TUESDAY_AT_TEN, Shift(later=False), timezone=ZONE) == Interval(midnight, TUESDAY_AT_TEN)


def test_a_day_later_is_the_same_hour_though_the_clocks_changed() -> None:
    madrid = ZoneInfo("Europe/Madrid")
    saturday = datetime(2026, 10, 24, 10, tzinfo=madrid)  # summer time ends in the night that follows

    moved = shifted(saturday.astimezone(UTC), Shift(later=True, days=1), timezone=madrid)

    assert moved.starts_at.astimezone(madrid).hour == 10
    assert moved.starts_at - saturday == timedelta(hours=25)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_a_shift(text: str) -> None:
    found = find_shift(text)

    assert found is None or shifted(TUESDAY_AT_TEN, found.shift, timezone=ZONE).starts_at
