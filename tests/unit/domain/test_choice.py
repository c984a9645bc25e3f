from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dentalist.domain.agenda import OfferedSlot
from dentalist.domain.understanding.choice import Ambiguous, choose, fits, refuses
from dentalist.domain.understanding.when_parsing import parse_when
from tests.unit.domain.clinics import make_slots

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
SUNDAY = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
OFFER = make_slots(
    datetime(2026, 11, 23, 12, 0, tzinfo=UTC),  # 1: Monday 09:00
    datetime(2026, 11, 23, 13, 0, tzinfo=UTC),  # 2: Monday 10:00
    datetime(2026, 11, 23, 18, 30, tzinfo=UTC),  # 3: Monday 15:30
    datetime(2026, 11, 24, 13, 0, tzinfo=UTC),  # 4: Tuesday 10:00
    datetime(2026, 11, 26, 19, 0, tzinfo=UTC),  # 5: Thursday 16:00
)


def chosen(text: str, offer: tuple[OfferedSlot, ...] = OFFER) -> list[int]:
    """The numbers of the slots that were chosen: one, several when ambiguous, none."""
    choice = choose(text, offer, timezone=ZONE, now=SUNDAY)
    slots = choice.candidates if isinstance(choice, Ambiguous) else [choice] if choice else []
    return [offer.index(slot) + 1 for slot in slots]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("el segundo", 2),
        ("El 3ro no, el segundo", 2),
        ("la opción 4", 4),
        ("opcion 4 por favor", 4),
        ("2", 2),
        ("dos", 2),
        ("el último", 5),
        ("15:30", 3),
        ("15.30 hs", 3),
        ("a las 3 y media", 3),
        ("tres y media", 3),
        ("a las 4 de la tarde", 5),
        ("a las 4", 5),
        ("el de las 16", 5),
        ("16hs", 5),
        ("el jueves", 5),
        ("dale el jueves!", 5),
        ("el 24", 4),
        ("el martes a las diez", 4),
        ("mañana a las 10 me sirve", 2),
        ("no puedo a las 10, mejor 15:30", 3),
        ("el 2 no, el tercero", 3),
        ("cualquiera", 1),
        ("el más temprano", 1),
        ("kiero el de las 16", 5),
    ],
)
def test_one_slot_is_chosen_by_number_time_or_day(text: str, number: int) -> None:
    assert chosen(text) == [number]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a las 10 me sirve", [2, 4]),
        ("10", [2, 4]),
        ("sí", [1, 2, 3, 4, 5]),
        ("dale", [1, 2, 3, 4, 5]),
        ("mañana", [1, 2, 3]),
        ("a la tarde", [3, 5]),
        ("sí, el lunes", [1, 2, 3]),
    ],
)
def test_a_choice_that_several_slots_fit_is_asked_again(text: str, numbers: list[int]) -> None:
    assert chosen(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "ninguno",
        "no puedo a las 10",
        "otro día",
        "a las 11",
        "el viernes",
        "el noveno",
        "gracias",
        "primero quiero saber el precio",
        "cuánto sale?",
        "dónde quedan?",
        "",
        "tengo 2 hijos",
    ],
)
def test_nothing_is_chosen_by_what_refuses_or_speaks_of_something_else(text: str) -> None:
    assert chosen(text) == []


@pytest.mark.parametrize("text", ["sí", "dale", "ok", "perfecto, ese", "👍", "me sirve"])
def test_a_yes_takes_the_only_slot_of_an_offer(text: str) -> None:
    assert chosen(text, OFFER[:1]) == [1]


@pytest.mark.parametrize(
    ("text", "instants"),
    [
        ("el de las 10", [1, 3]),
        ("el de las 10 de la noche", []),
        ("el del martes", [3]),
        ("el de mañana a la tarde", [2]),
        ("el del jueves a las 4", [4]),
        ("el del jueves a las 5", []),
    ],
)
def test_an_instant_fits_what_a_text_speaks_of(text: str, instants: list[int]) -> None:
    when = parse_when(text, now=SUNDAY.astimezone(ZONE), denials=False)
    found = [index for index, slot in enumerate(OFFER) if fits(when, slot.starts_at, timezone=ZONE, now=SUNDAY)]
    assert found == instants


@pytest.mark.parametrize(
    ("text", "turned_down"), [("no", True), ("ninguno", True), ("dale", False), ("el segundo", False)]
)
def test_a_text_turns_down_what_was_offered(text: str, turned_down: bool) -> None:
    assert refuses(text) is turned_down


def test_no_offer_no_choice() -> None:
    assert chosen("el primero", ()) == []


@pytest.mark.parametrize(
    "text",
    [
        "a las 10 te aviso",
        "el segundo, pero lo consulto con mi marido",
        "ok, lo consulto",
        "dale, te aviso",
        "el martes te confirmo",
        "dejame ver si puedo a las 10",
        "tengo que preguntar en el trabajo, el primero",
        "¿cuándo era el segundo?",
    ],
)
def test_who_has_not_decided_takes_nothing(text: str) -> None:
    assert chosen(text) == []
    assert chosen(text, OFFER[:1]) == []
