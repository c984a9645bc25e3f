import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.domain.understanding.normalise import bare_words, correct, distance, normalise, sound
from dentalist.domain.understanding.vocabulary import KNOWN_WORDS, VOCABULARY


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("¿Cuánto CUESTA?", "cuanto cuesta ?"),
        ("Kiero turnoo xfa!!", "quiero turno por favor ."),
        ("xq no tb", "porque no tambien"),
        ("holaaaa", "hola"),
        ("mmm", "mm"),  # and not the abbreviation of "me"
        ("a las 15:30, dale", "a las 15:30 , dale"),
        ("fiebre 38.5", "fiebre 38.5"),
        ("me sale 🩸", "me sale sangre"),
        ("nesecito", "necesito"),
        ("ＨＯＬＡ", "hola"),
        ("", ""),
    ],
)
def test_one_spelling_for_what_means_the_same(text: str, normal: str) -> None:
    assert normalise(text) == normal


@pytest.mark.parametrize(
    "word",
    [
        "cuenta",
        "cosa",
        "hora",
        "casa",
        "pago",
        "mover",
        "manos",
        "tarde",
        "corona",
        "loco",
        "factura",
        "honorarios",
        "calcular",
        "dele",
    ],
)
def test_a_right_word_is_not_corrected_into_another(word: str) -> None:
    assert correct(word) == word


def test_a_word_that_could_be_two_is_left_as_it_is() -> None:
    assert correct("citam") == "citam"  # cita, citas


@pytest.mark.parametrize(("one", "other"), [("sita", "cita"), ("vaja", "baja"), ("ora", "hora"), ("kita", "quita")])
def test_spellings_that_sound_the_same_have_one_key(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("turno", "turno", 0), ("tunro", "turno", 1), ("tuno", "turno", 1), ("casa", "turno", 3)],
)
def test_distance_counts_slips_and_stops_at_its_limit(one: str, other: str, slips: int) -> None:
    assert distance(one, other, 2) == slips


def test_the_vocabulary_is_written_as_text_is_normalised() -> None:
    words = VOCABULARY | KNOWN_WORDS
    assert {word for word in words if bare_words(word) != word} == set()
    assert VOCABULARY.isdisjoint(KNOWN_WORDS)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_becomes_plain_words_and_punctuation(text: str) -> None:
    normal = normalise(text)
    assert normal.isascii()
    assert normal == normal.lower().strip()
