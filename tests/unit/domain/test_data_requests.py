"""By when the law wants a request about personal data answered."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.data_requests import DataRight, data_request, deadline_of, due_on, right_asked
from dentalist.domain.holidays import holidays_between

ASKED_ON = date(2026, 11, 23)  # a Monday; a holiday in Argentina
COUNTRIES = ["AR", "MX", "ES", "CL", "CO", "UY", "DE"]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("quiero ver qué datos tienen de mí", DataRight.ACCESS),
        ("necesito una copia de mi historia clínica", DataRight.ACCESS),
        ("borren todos mis datos por favor", DataRight.DELETION),
        ("quiero que eliminen mi información", DataRight.DELETION),
        ("mi apellido está mal, corríjanlo", DataRight.CORRECTION),
        ("quiero rectificar mis datos", DataRight.CORRECTION),
        ("", DataRight.ACCESS),
    ],
)
def test_the_words_say_which_right_is_meant(text: str, right: DataRight) -> None:
    assert right_asked(text) is right


@pytest.mark.parametrize(
    ("country", "right", "asked_on", "last_day"),
    [
        ("AR", DataRight.ACCESS, ASKED_ON, date(2026, 12, 3)),
        ("AR", DataRight.DELETION, ASKED_ON, date(2026, 11, 30)),
        ("AR", DataRight.CORRECTION, date(2026, 12, 4), date(2026, 12, 15)),  # the 7th and 8th are holidays
        ("MX", DataRight.ACCESS, date(2026, 11, 2), date(2026, 12, 1)),  # the 16th is a holiday
        ("ES", DataRight.ACCESS, date(2027, 1, 31), date(2027, 2, 28)),
        ("ES", DataRight.DELETION, date(2026, 12, 15), date(2027, 1, 15)),
        ("CL", DataRight.ACCESS, date(2026, 11, 30), date(2026, 12, 2)),
        ("CL", DataRight.ACCESS, date(2026, 12, 1), date(2026, 12, 31)),
        ("CO", DataRight.ACCESS, date(2026, 11, 23), date(2026, 12, 7)),
        ("UY", DataRight.DELETION, ASKED_ON, date(2026, 11, 30)),
    ],
)
def test_the_last_day_is_counted_as_the_country_counts(
    country: str, right: DataRight, asked_on: date, last_day: date
) -> None:
    deadline = deadline_of(country, right, asked_on)

    assert deadline is not None
    assert due_on(deadline, asked_on, country) == last_day


@given(
    country=st.sampled_from(COUNTRIES),
    right=st.sampled_from(DataRight),
    asked_on=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
)
def test_a_deadline_lies_ahead_and_in_business_days_never_on_a_day_of_rest(
    country: str, right: DataRight, asked_on: date
) -> None:
    deadline = deadline_of(country, right, asked_on)

    assert deadline is not None
    last = due_on(deadline, asked_on, country)
    assert last > asked_on
    if deadline.unit.value == "business_days":
        assert last.weekday() < 5
        assert not holidays_between(country, last, last)


def test_people_read_what_is_asked_by_when_and_by_which_law() -> None:
    asked = data_request("borren mis datos", country="AR", asked_on=ASKED_ON)

    assert asked.message == (
        "Alguien pide borrar sus datos. Respondele a más tardar el 30/11/2026 (Ley 25.326, art. 16)."
    )
    assert asked.due_on == date(2026, 11, 30)


@pytest.mark.parametrize("country", [None, "JP"])
def test_where_the_law_is_not_known_no_day_is_invented(country: str | None) -> None:
    asked = data_request("quiero mis datos", country=country, asked_on=ASKED_ON)

    assert asked.due_on is None
    assert "cuanto antes" in asked.message
