import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.domain.redaction import PLACEHOLDER, Redactor, passes_luhn

NAMES = ["María José Pérez", "Bruno Ávila"]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Soy maria jose perez", ["maria", "jose", "perez"]),
        ("le escribe BRUNO", ["BRUNO"]),
        ("Me llamo Elvira Gómez y quiero turno", ["Elvira", "Gómez"]),
        ("es para mi hija Martina", ["Martina"]),
        ("mi cel es 11 5032-0001", ["5032", "0001"]),
        ("+54 9 11 5032 0001", ["5032"]),
        ("llamame al (011) 4803-2211", ["4803", "2211"]),
        ("34 612 345 678", ["612", "678"]),
        ("ana.perez+x@correo.com.ar", ["ana.perez", "correo"]),
        ("DNI 23.456.789", ["456", "789"]),
        ("dni: 23456789", ["23456789"]),
        ("mi RUT es 12.345.678-K", ["345.678", "-K"]),
        ("CURP GODE561231HGRBRN09", ["GODE561231"]),
        ("NIE X1234567L", ["1234567"]),
        ("nif 12345678Z", ["12345678"]),
        ("cédula 1.020.345.678", ["020.345"]),
        ("pasaporte AAB123456", ["AAB123456"]),
        ("tarjeta 4111 1111 1111 1111", ["1111"]),
        ("4111-1111-1111-1111", ["4111"]),
        ("afiliado 123456/02", ["123456", "/02"]),
        ("soy socia nro 55-12345-9", ["12345"]),
        ("póliza AB-99812", ["99812"]),
        ("vivo en Rivadavia 4532 piso 3 dpto B", ["Rivadavia", "4532", "piso 3"]),
        ("Av. Siempre Viva 742", ["Siempre Viva", "742"]),
        ("Carrera 45 # 12-34 apto 501", ["12-34", "501"]),
        ("calle Mayor 12, puerta 4", ["Mayor", "12"]),
        ("quedo en Libertador 5021", ["Libertador", "5021"]),
        ("mi mail es juana.p arroba gmail punto com", ["juana", "gmail"]),
        ("juana.p @ gmail.com", ["juana", "gmail"]),
        ("juana.p@gmail", ["juana", "gmail"]),
        ("mi insta es @juana.perez", ["juana"]),
        ("https://facebook.com/juana.perez?x=1", ["juana", "facebook"]),
        ("*1*1*5*5*5*5*0*1*", ["1*5"]),
        ("1️⃣1️⃣5️⃣5️⃣5️⃣5️⃣0️⃣1️⃣", ["5️⃣5"]),
        ("once cincuenta y cinco cincuenta y cinco cero uno", ["cincuenta", "cero"]),
    ],
)
def test_personal_data_does_not_leave_and_comes_back(text: str, hidden: list[str]) -> None:
    redactor = Redactor(NAMES)
    sent = redactor.redact(text)
    assert [piece for piece in hidden if piece in sent] == []
    assert redactor.restore(sent) == text


@pytest.mark.parametrize(
    "text",
    [
        "quiero un turno el 24/11/2026 a las 15:30",
        "el 2026-11-24 puedo",
        "la limpieza sale $ 1.250.000?",
        "me duelen 2 muelas desde hace 15 días",
        "tengo la cara como un globo y 39 de fiebre",
        "soy alérgica a la penicilina, tomé ibuprofeno 600",
        "el lunes de 9 a 13",
        "puedo a las 9, 10, 11, 12, 13 o 14",
        "a las diez y cuarto o a las once y media",
        "el 3, 4 o 5 de diciembre a las 10:30",
    ],
)
def test_what_the_model_needs_stays_readable(text: str) -> None:
    assert Redactor(NAMES).redact(text) == text


def test_the_same_words_get_the_same_placeholder_in_every_text_of_a_prompt() -> None:
    redactor = Redactor(NAMES)
    first, second = redactor.redact("Soy Bruno"), redactor.redact("Hola Bruno, cómo estás")
    assert PLACEHOLDER.findall(first) == PLACEHOLDER.findall(second) == ["[[NOMBRE_1]]"]
    assert redactor.redact("Elvira y Pérez").count("[[") == 1


def test_a_models_answer_gets_the_names_back_and_its_inventions_are_found() -> None:
    redactor = Redactor(NAMES)
    redactor.redact("Soy Bruno")
    assert redactor.restore("Hola [[NOMBRE_1]], y [[NOMBRE_2]]") == "Hola Bruno, y [[NOMBRE_2]]"
    assert redactor.invented("Hola [[NOMBRE_1]], y [[NOMBRE_2]]") == ("[[NOMBRE_2]]",)


def test_a_contact_who_writes_a_placeholder_cannot_ask_for_anothers_name() -> None:
    redactor = Redactor(NAMES)
    sent = redactor.redact("Bruno dice [[NOMBRE_1]]")
    assert sent == "[[NOMBRE_1]] dice [[TEXTO_1]]"
    assert redactor.restore(sent) == "Bruno dice [[NOMBRE_1]]"


def test_names_in_decomposed_unicode_are_names_too() -> None:
    assert "vila" not in Redactor(NAMES).redact("Bruno A\u0301vila")


@pytest.mark.parametrize(
    ("number", "passes"), [("4111111111111111", True), ("4111111111111112", False), ("378282246310005", True)]
)
def test_a_card_number_is_told_by_its_check_digit(number: str, passes: bool) -> None:
    assert passes_luhn([int(digit) for digit in number]) is passes


pieces = st.lists(
    st.one_of(
        st.text(max_size=25),
        st.sampled_from(
            [
                "Bruno",
                "PÉREZ",
                "[[NOMBRE_1]]",
                "[[",
                "]]",
                "[[NUMERO_1",
                "11 5032-0001",
                "a@b.co",
                "Av. Roca 123",
                "dni 20.111.222",
                "_1]]",
            ]
        ),
    ),
    max_size=10,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces.map("".join), min_size=1, max_size=3))
def test_restoring_what_was_redacted_gives_the_same_text(texts: list[str]) -> None:
    redactor = Redactor(NAMES)
    sent = [redactor.redact(text) for text in texts]
    assert [redactor.restore(text) for text in sent] == texts


digits = st.integers(10_000_000, 999_999_999_999).map(str)
words = st.lists(
    st.sampled_from(["hola", "quiero un turno", "para el martes", "gracias", "doctora", "mi número es"]), max_size=6
).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(before=words, after=words, number=digits, gap=st.sampled_from(["", " ", "-", "."]), size=st.integers(2, 5))
def test_no_long_number_survives_however_it_is_grouped(
    before: str, after: str, number: str, gap: str, size: int
) -> None:
    grouped = gap.join(re.findall(rf"\d{{1,{size}}}", number))
    sent = Redactor().redact(f"{before} {grouped} {after}")
    assert len(re.sub(r"\D", "", PLACEHOLDER.sub("", sent))) < 7


@settings(max_examples=100, deadline=None)
@given(
    before=words,
    after=words,
    name=st.sampled_from(["bruno", "BRUNO", "Pérez", "perez", "María  José", "maria josé perez", "Avila", "ÁVILA"]),
)
def test_no_known_name_survives_in_any_spelling(before: str, after: str, name: str) -> None:
    assert name not in Redactor(NAMES).redact(f"{before} {name}, {after}")
