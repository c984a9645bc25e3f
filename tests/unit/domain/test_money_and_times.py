from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dentalist.domain.wording.money import format_amount
from dentalist.domain.wording.times import join, moment


@pytest.mark.parametrize(
    ("amount", "currency", "country", "text"),
    [
        ("45000", "ARS", "AR", "$ 45.000"),
        ("45000", None, "AR", "$ 45.000"),
        ("1200", "MXN", "MX", "$1,200"),
        ("1200.5", "MXN", "MX", "$1,200.50"),
        ("35000", "CLP", "CL", "$35.000"),
        ("120000", "COP", "CO", "$ 120.000"),
        ("60", "EUR", "ES", "60 €"),
        ("1234567.89", "EUR", "ES", "1.234.567,89 €"),
        ("150", "PEN", "PE", "S/ 150"),
        ("300", "USD", "AR", "USD 300"),
        ("300", "ARS", None, "ARS 300"),
        ("300", None, None, "300"),
    ],
)
def test_a_price_is_written_as_in_the_clinics_country(amount: str, currency: str, country: str, text: str) -> None:
    assert format_amount(Decimal(amount), currency, country) == text


@pytest.mark.parametrize(
    ("day", "words"),
    [(23, "hoy a las 18:00"), (24, "mañana martes a las 18:00"), (30, "el lunes 30 de noviembre a las 18:00")],
)
def test_a_moment_is_said_from_where_the_reader_stands(day: int, words: str) -> None:
    now = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    zone = ZoneInfo("America/Argentina/Buenos_Aires")
    assert moment(datetime(2026, 11, day, 21, 0, tzinfo=UTC), zone, now=now) == words


@pytest.mark.parametrize(
    ("parts", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a y b"), (["a", "b", "IOMA"], "a, b e IOMA")]
)
def test_things_are_listed_as_in_spanish(parts: list[str], text: str) -> None:
    assert join(parts) == text
