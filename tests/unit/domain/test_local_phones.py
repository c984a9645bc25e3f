"""A number in the ways people write it at home."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.local_phones import international_phone
from dentalist.domain.phones import canonical_phone

BUENOS_AIRES = "+541150320001"


@pytest.mark.parametrize(
    "text",
    [
        "+54 9 11 5032-0001",
        "+54 11 5032-0001",
        "0054 9 11 50320001",
        "54 9 11 5032 0001",
        "54 11 5032 0001",
        "5491150320001",
        "(011) 15-5032-0001",
        "011 15 5032 0001",
        "11 15 5032-0001",
        "011 5032-0001",
        "11 5032-0001",
        "9 11 5032 0001",
        "09 11 5032 0001",
    ],
)
def test_every_way_to_write_an_argentine_number_is_the_same_number(text: str) -> None:
    told = international_phone(text, "AR")

    assert told is not None
    assert canonical_phone(told) == BUENOS_AIRES


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("0341 15 555-0204", "AR", "+5493415550204"),
        ("341 15 555 0204", "AR", "+5493415550204"),
        ("2966 15 412345", "AR", "+5492966412345"),
        ("02966-412345", "AR", "+542966412345"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("01 55 1234 5678", "MX", "+525512345678"),
        ("521 55 1234 5678", "MX", "+525512345678"),
        ("612 34 56 78", "ES", "+34612345678"),
        ("34 612 34 56 78", "ES", "+34612345678"),
        ("9 8765 4321", "CL", "+56987654321"),
        ("09 8765 4321", "CL", "+56987654321"),
        ("300 123 4567", "CO", "+573001234567"),
        ("099 123 456", "UY", "+59899123456"),
        ("0981 123 456", "PY", "+595981123456"),
        ("987 654 321", "PE", "+51987654321"),
        ("(809) 555-0100", "DO", "+18095550100"),
        ("11 91234-5678", "BR", "+5511912345678"),
        ("+1 415 555 0100", None, "+14155550100"),
        ("0034 612 345 678", None, "+34612345678"),
    ],
)
def test_a_number_gets_its_country_code(text: str, country: str | None, number: str) -> None:
    assert international_phone(text, country) == number


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("15 5032-0001", "AR"),  # whose area?
        ("5032-0001", "AR"),
        ("4321", "AR"),
        ("11 5032-0001", None),
        ("11 5032-0001", "FR"),
        ("+54", "AR"),
        ("+0 123 456 789", "AR"),
        ("sin número", "AR"),
        ("", "AR"),
        ("612 34 56", "ES"),
    ],
)
def test_nothing_is_guessed(text: str, country: str | None) -> None:
    assert international_phone(text, country) is None


@given(st.text(max_size=24), st.sampled_from(["AR", "MX", "ES", "UY", None]))
def test_whatever_is_typed_ends_as_a_reachable_number_or_none(text: str, country: str | None) -> None:
    told = international_phone(text, country)

    assert told is None or (told.startswith("+") and told[1:].isdigit() and 7 <= len(told) - 1 <= 15)


@given(st.from_regex(r"[1-9][0-9]{7,9}", fullmatch=True), st.sampled_from(["AR", "MX", "ES", "CL", "CO", "UY"]))
def test_what_was_made_international_stays_as_it_is(text: str, country: str) -> None:
    told = international_phone(text, country)

    assert told is None or international_phone(told, country) == told
