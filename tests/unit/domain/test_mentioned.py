"""Names in any text: rather too many than too few, because each is replaced before the text leaves."""

import time

import pytest

from dentalist.domain.understanding.mentioned import names_mentioned


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("anoté a Ildefonsa Quintanilla, tel 11", ("Ildefonsa Quintanilla",)),
        ("mi cuñada marta también quiere", ("marta",)),
        ("ANOTAR A JUAN PEREZ", ("JUAN PEREZ",)),
        ("Zoraida Quintanilla pidió turno. Ildefonsa Paz también", ("Zoraida Quintanilla", "Ildefonsa Paz")),
        ("Tomás pidió turno", ("Tomás",)),
        ("el turno con la Dra. Quintanilla", ("Quintanilla",)),
        ("Juan Cruz y Mía", ("Juan Cruz", "Mía")),
        ("Bien, Zoraida. Mañana a las 10", ("Zoraida",)),
        ("me atiende Jean-Luc O'Brien", ("Jean-Luc O'Brien",)),
        ("mi mamá se llama rosa maría", ("rosa", "maría")),
    ],
)
def test_given_names_in_any_case_and_what_is_capitalised_for_no_other_reason(text: str, names: tuple[str, ...]) -> None:
    assert names_mentioned(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quiero un turno para el Martes o el jueves de Noviembre",
        "Hola, gracias. Perfecto! Quiero Ortodoncia por OSDE",
        "Estos son los horarios libres. Elegí el que te quede mejor:",
        "abril me viene bien, y el sol también",
        "123 $ 30.000 🌸",
    ],
)
def test_ordinary_words_are_no_names(text: str) -> None:
    assert names_mentioned(text) == ()


@pytest.mark.parametrize("text", ["a" * 4096, "A " * 2048, "JUAN " * 820, "Juan. " * 680, ". " * 2048, "ñ'" * 2048])
def test_no_text_takes_long(text: str) -> None:
    started = time.perf_counter()

    names_mentioned(text)

    assert time.perf_counter() - started < 0.2
