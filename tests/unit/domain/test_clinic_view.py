from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from dentalist.domain.clinic import Price
from tests.unit.domain.clinics import make_bare_clinic, make_clinic


def test_a_clinic_that_filled_in_nothing_is_still_a_clinic() -> None:
    clinic = make_bare_clinic()
    assert (clinic.name, clinic.price_list, clinic.insurances, clinic.opening_hours) == (
        "Consultorio Vidal",
        (),
        None,
        None,
    )
    assert clinic.minutes_for(["limpieza"]) == 30


@pytest.mark.parametrize(
    "junk", [None, 0, -5, "x", "", [], {}, {"mon": 3}, [[]], [None], True, float("nan"), "😀", [{"a": 1}]]
)
@pytest.mark.parametrize(
    "column",
    [
        "name", "timezone", "country", "specialty", "opening_hours", "closures", "appointment_minutes",
        "buffer_minutes", "lead_time_minutes", "price_list", "phone", "emergency_phone",
        "emergency_instructions", "address", "maps_url",
        "insurances", "payment_methods", "privacy_notice_url",
    ],
)  # fmt: skip
def test_no_value_of_a_column_breaks_the_reading(column: str, junk: Any) -> None:
    clinic = make_clinic(**{column: junk})
    assert clinic.name
    assert clinic.timezone.key
    assert clinic.buffer >= timedelta(0)
    assert clinic.minutes_for([]) > 0


def test_an_unknown_timezone_offers_no_times_rather_than_wrong_ones() -> None:
    clinic = make_clinic(timezone="Buenos Aires")
    assert clinic.opening_hours is not None
    assert clinic.bookable_hours is None


@pytest.mark.parametrize(
    ("item", "price"),
    [
        (
            {"treatment": " Limpieza ", "price": 10, "currency": "ars", "minutes": 40},
            Price("Limpieza", Decimal(10), "ARS", 40),
        ),
        ({"treatment": "Limpieza", "price": "1500.50"}, Price("Limpieza", Decimal("1500.50"))),
        ({"treatment": "Limpieza", "price": "consultar", "minutes": "x"}, Price("Limpieza")),
        ({"treatment": "Limpieza", "price": -3, "minutes": 0}, Price("Limpieza")),
        ({"treatment": "Limpieza", "price": True}, Price("Limpieza")),
    ],
)
def test_a_price_that_cannot_be_read_is_a_treatment_without_a_price(item: dict[str, Any], price: Price) -> None:
    assert make_clinic(price_list=[item]).price_list == (price,)


def test_a_line_without_a_treatment_is_left_out() -> None:
    assert make_clinic(price_list=[{"price": 3}, "x", {"treatment": ""}]).price_list == ()


@pytest.mark.parametrize(
    ("treatments", "minutes"), [(["Implante"], 90), (["Limpieza dental", "Implante"], 90), (["Otro"], 20), ([], 20)]
)
def test_an_appointment_lasts_as_the_list_says_or_as_usual_here(treatments: list[str], minutes: int) -> None:
    assert make_clinic(appointment_minutes=20).minutes_for(treatments) == minutes


@pytest.mark.parametrize(
    ("written", "code"), [("ar", "AR"), ("Argentina", "AR"), ("México", "MX"), ("??", None), ("Narnia", None)]
)
def test_the_country_is_understood_by_code_or_name(written: str, code: str | None) -> None:
    assert make_clinic(country=written).country == code


def test_names_come_as_a_list_of_texts_of_objects_or_as_one_line() -> None:
    assert make_clinic(insurances=["OSDE", {"name": "Galeno"}, 3, ""]).insurances == ("OSDE", "Galeno")
    assert make_clinic(payment_methods="efectivo, tarjeta").payment_methods == ("efectivo", "tarjeta")
