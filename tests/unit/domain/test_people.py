import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.people import Person, Relation, find_people


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("turno para mis hijos", [Person(Relation.CHILD, count=None, attends=True)]),
        ("es para mi mamá Elsa", [Person(Relation.PARENT, ("Elsa",), 1, attends=True)]),
        ("cita para mis hijos Juan y Sofía", [Person(Relation.CHILD, ("Juan", "Sofía"), 2, attends=True)]),
        ("hora para los mellizos", [Person(Relation.CHILD, count=2, attends=True)]),
        ("necesito llevar a mis dos nenes", [Person(Relation.CHILD, count=2, attends=True)]),
        ("Es para mi hijo Vicente, de 7 años", [Person(Relation.CHILD, ("Vicente",), 1, attends=True)]),
        ("Mi marido también quiere ir", [Person(Relation.PARTNER, attends=True)]),
        ("una limpieza para mí y mi hermana Flor", [Person(Relation.SIBLING, ("Flor",), 1, attends=True)]),
        ("quiero una cita para Pedro", [Person(Relation.OTHER, ("Pedro",), 1, attends=True)]),
        ("un turno para el Lunes", []),
        ("soy Elvira, quiero un turno", []),
        ("el mayor problema es el horario", []),
    ],
)
def test_whom_a_message_is_about(text: str, people: list[Person]) -> None:
    assert list(find_people(text)) == people


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("turno para mis hijos tomas y sofia", [("Tomas", "Sofia")]),
        ("para mi mama elsa el martes", [("Elsa",)]),
        ("un turno para sofia por favor", [("Sofia",)]),
        ("para valentina y para bautista", [("Valentina",), ("Bautista",)]),
        ("para mi hija luz", [("Luz",)]),
        ("turno para abril", []),
        ("un turno por dolores de muela", []),
        ("los espero para rosario", []),
    ],
)
def test_common_names_need_no_capitals_where_words_lead_to_them(text: str, names: list[tuple[str, ...]]) -> None:
    assert [person.names for person in find_people(text)] == names


@pytest.mark.parametrize(
    "text",
    ["mi hijo está enfermo, no vamos", "no puedo porque tengo que cuidar a mi nieto", "mi hija amaneció con fiebre"],
)
def test_somebody_who_is_only_the_reason_does_not_attend(text: str) -> None:
    assert [person.attends for person in find_people(text)] == [False]


def test_names_are_kept_out_of_what_is_printed_or_logged() -> None:
    understanding = classify("turno para mi mamá Elsa")
    assert understanding.people[0].names == ("Elsa",)
    assert "Elsa" not in repr(understanding)
    assert "Elsa" not in repr(understanding.people)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    find_people(text)
