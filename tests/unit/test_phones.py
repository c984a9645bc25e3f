import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.phones import canonical_phone, parse_phone


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("5491155550201", "+541155550201"),
        ("+5491155550201", "+541155550201"),
        ("541155550201", "+541155550201"),
        ("+54 9 11 5032-0001", "+541150320001"),
        ("5493515550202", "+543515550202"),
        ("5215512345678", "+525512345678"),
        ("525512345678", "+525512345678"),
        ("14155550100", "+14155550100"),
        ("34911555020", "+34911555020"),
        ("54911", "+54911"),
        ("", ""),
        ("sin número", ""),
    ],
)
def test_two_spellings_of_a_number_have_one_key(spelling: str, key: str) -> None:
    assert canonical_phone(spelling) == key


@given(st.text(max_size=30))
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert canonical_phone(canonical_phone(text)) == canonical_phone(text)


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("5491155550201", "+5491155550201"),
        ("541155550201", "+541155550201"),
        ("+54 9 11 5032-0001", "+5491150320001"),
        ("", None),
        (None, None),
        ("0115555", None),
        ("123", None),
        ("1234567890123456", None),
        ("٠١٢٣٤٥٦٧٨٩", None),
    ],
)
def test_a_phone_keeps_exactly_its_digits_or_is_none(text: str | None, phone: str | None) -> None:
    assert parse_phone(text) == phone
