"""Names in the answers to "¿para quién es?" and "¿tu nombre y apellido?"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.understanding.names import full_name_given, names_given, same_name

GIVEN: dict[str, tuple[str, ...]] = {
    "Tomás y Sofía": ("Tomás", "Sofía"),
    "se llaman Juan Cruz y Mía": ("Juan Cruz", "Mía"),
    "para Ana Pérez": ("Ana Pérez",),
    "tomas y sofia": ("Tomas", "Sofia"),
    "Mi hijo Tomás (8 años) y mi hija Sofía": ("Tomás", "Sofía"),
    "son Tomás, de 8, y Sofía, de 5": ("Tomás", "Sofía"),
    "tomas de 8 y sofia de 5": ("Tomas", "Sofia"),
    "tomás 8 sofía 5": ("Tomás", "Sofía"),
    "Mateo tiene 6 y Lola 3": ("Mateo", "Lola"),
    "1) Tomás 2) Sofía": ("Tomás", "Sofía"),
    "- Tomás\n- Sofía": ("Tomás", "Sofía"),
    "Tomás, Sofía e Inés": ("Tomás", "Sofía", "Inés"),
    "Benja y Juampi": ("Benja", "Juampi"),
    "los mellizos Tomi y Juli": ("Tomi", "Juli"),
    "para mi mamá Elsa Gómez": ("Elsa Gómez",),
    "Mi señora, Rosa Díaz": ("Rosa Díaz",),
    "ella se llama elsa gomez": ("Elsa Gomez",),
    "el nene es Kilian y la nena Wara": ("Kilian", "Wara"),
    "kilian y wara": ("Kilian", "Wara"),
    "Sería para mi hijo Tomás y también para Sofía, mañana a la tarde": ("Tomás", "Sofía"),
    "Milo Quispe\nIndiana Quispe": ("Milo Quispe", "Indiana Quispe"),
    "ANA PEREZ": ("Ana Perez",),
    "me llamo María de los Ángeles Ruiz": ("María de los Ángeles Ruiz",),
    "Hola, soy Ana Pérez, gracias": ("Ana Pérez",),
    "para Juan y para mí": ("Juan",),
    "Ana y Ana": ("Ana",),
    "Nicolás Mc Donald": ("Nicolás Mc Donald",),
    "Bernardo O'Higgins": ("Bernardo O'Higgins",),
    # words of every day that are names too
    "Julio": ("Julio",),
    "para Abril": ("Abril",),
    "Dolores": ("Dolores",),
    "Domingo Pérez": ("Domingo Pérez",),
    "Ana Paz": ("Ana Paz",),
    "juan blanco": ("Juan Blanco",),
}
NOBODY = (
    "para mis hijos|no sé|hola|mañana a la tarde|domingo|dos|los dos|sí|gracias|quiero un turno|para mí|es para mi|yo"
    "|me duele la muela|cuánto sale?|¿Para qué lo necesitás?|Cancelar|quiero hablar con una persona|los mellizos"
    "|el martes|no te lo voy a decir||👍|para los nenes|mi hija|8 y 5|son dos nenes de 8 y 5|a las 10"
    "|mmm|jajaja|ufff|ajá|nooo|siiii|pfff|depende|esperame|dejame ver|swiss medical|osde|feliz navidad|mil gracias|stop"
    "|soy diabética|soy de rosario|embarazada|de acuerdo|bendiciones|crack|me equivoqué|es caro|particular"
)


@pytest.mark.parametrize(("text", "names"), GIVEN.items())
def test_names_are_read_however_they_are_typed(text: str, names: tuple[str, ...]) -> None:
    assert names_given(text) == names


@pytest.mark.parametrize("text", NOBODY.split("|"))
def test_an_answer_that_names_nobody_has_no_names(text: str) -> None:
    assert names_given(text) == ()


FULL: dict[str, str] = {
    "Ana Pérez": "Ana Pérez",
    "me llamo Ana Pérez": "Ana Pérez",
    "soy ana perez": "Ana Perez",
    "Mi nombre es Ana María Pérez": "Ana María Pérez",
    "Pérez, Ana": "Ana Pérez",
    "PEREZ ANA": "Perez Ana",
    "Ana Pérez, DNI 30.111.222": "Ana Pérez",
    "Ana Pérez 30111222": "Ana Pérez",
    "Ana Pérez gracias": "Ana Pérez",
    "Ana Pérez 👍": "Ana Pérez",
    "ana de la cruz": "Ana de la Cruz",
    "ana maria del valle quispe": "Ana Maria del Valle Quispe",
    "José Luis Rodríguez Zapatero": "José Luis Rodríguez Zapatero",
    "sí, Ana Pérez": "Ana Pérez",
    "Nombre: Ana\nApellido: Pérez": "Ana Pérez",
    "Ana. Ana Pérez": "Ana Pérez",
    "Marta Díaz, quiero turno mañana": "Marta Díaz",
    "buenas tardes, mi nombre es carlos gutierrez": "Carlos Gutierrez",
    "nahiara quispe": "Nahiara Quispe",
    "A nombre de Ana Pérez": "Ana Pérez",
}


@pytest.mark.parametrize(("text", "name"), FULL.items())
def test_a_full_name_is_read_however_it_is_typed(text: str, name: str) -> None:
    assert full_name_given(text) == name


@pytest.mark.parametrize(
    "text", ["Ana", "hola", "no quiero dar mi nombre", "Tomás Pérez y Sofía Pérez", "muela rota", "mañana", ""]
)
def test_a_first_name_several_names_or_none_are_no_full_name(text: str) -> None:
    assert full_name_given(text) is None


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_names(text: str) -> None:
    names = names_given(text)

    assert all(name.strip() for name in names)


SAME = [
    ("Ana Pérez", "ANA PEREZ"),
    ("perez ana", "Ana Pérez"),
    ("Ana María Pérez", "Ana Pérez"),
    ("Ana Pérez", "Ana Pérez Gómez"),
    ("Ana Gonzales", "Ana González"),
    ("Nahiara Quispe", "Quispe, Nahiara"),
    ("Tomás Cruz", "Tomás de la Cruz"),
    ("maria perez", "Ana María Pérez"),
]
OTHERS = [
    ("Ana", "Ana Pérez"),
    ("Ana", "Ana"),
    ("Ana María", "Ana María Pérez"),
    ("Pérez Gómez", "Ana Pérez Gómez"),
    ("Ana Gómez", "Ana Pérez"),
    ("Juan Pérez", "Ana Pérez"),
    ("Ana Ana", "Ana Pérez"),
    ("Ana María Pérez", "Ana Pérez Gómez"),
    ("", "Ana Pérez"),
    ("de la", "Ana de la Cruz"),
]


@pytest.mark.parametrize(("said", "known"), SAME)
def test_accents_order_and_second_names_do_not_make_another_person(said: str, known: str) -> None:
    assert same_name(said, known)
    assert same_name(known, said)


@pytest.mark.parametrize(("said", "known"), OTHERS)
def test_without_the_same_name_and_surname_nobody_is_recognised(said: str, known: str) -> None:
    assert not same_name(said, known)
    assert not same_name(known, said)
