from datetime import date, datetime

import pytest

from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.when import When
from dentalist.domain.understanding.when_asked import asked_times

NOW = datetime(2026, 11, 25, 11)  # noqa: DTZ001 - a wall clock; Wednesday
TOMORROW, FRIDAY, MONDAY, TUESDAY = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 30), date(2026, 12, 1)
THURSDAY = TOMORROW


def first_days(when: When) -> list[date | None]:
    return [alternative.first for alternative in when.alternatives]


@pytest.mark.parametrize(
    ("text", "wanted", "named"),
    [
        ("quiero un turno para el lunes", [MONDAY], []),
        ("no voy mañana", [], [TOMORROW]),
        ("stop, no voy mañana", [], [TOMORROW]),
        ("cancelá el del lunes y dame uno el jueves", [THURSDAY], [MONDAY]),
        ("pasame el turno del martes al jueves", [THURSDAY], [TUESDAY]),
        ("Cambiame lo del viernes para el lunes a la tarde", [MONDAY], [FRIDAY]),
        ("no puedo el martes, ¿el jueves?", [THURSDAY], [TUESDAY]),
        ("en vez del martes el jueves", [THURSDAY], [TUESDAY]),
        ("quiero cambiar mi cita del 14 al 16", [date(2026, 12, 16)], [date(2026, 12, 14)]),
        ("reprogramar para el 3 de diciembre a las 9", [date(2026, 12, 3)], []),
        ("hola", [], []),
    ],
)
def test_what_is_wanted_and_what_is_only_named_are_told_apart(text: str, wanted: list[date], named: list[date]) -> None:
    intents = [scored.intent for scored in classify(text).intents]
    asked = asked_times(text, intents, now=NOW)
    assert (first_days(asked.wanted), first_days(asked.named)) == (wanted, named)


def test_an_hour_can_be_exchanged_for_another_of_the_same_day() -> None:
    text = "no llego a las 10, puede ser a las 11?"
    asked = asked_times(text, [scored.intent for scored in classify(text).intents], now=NOW)
    (wanted,), (named,) = asked.wanted.alternatives, asked.named.alternatives
    assert wanted.time and wanted.time.start and wanted.time.start.minutes == 11 * 60
    assert named.time and named.time.start and named.time.start.minutes == 10 * 60
