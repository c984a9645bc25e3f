"""Circles are found where something repeats itself, and nowhere else."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.answering import Appointment, StoredMessage
from dentalist.domain.loops import Exchange, is_loop, sounds_automatic
from tests.builders import NOON

AUTOMATIC = [
    "Gracias por comunicarte con Ferretería El Tornillo. En breve te responderemos.",
    "¡Hola! Gracias por contactarte con nosotros, un asesor te atenderá a la brevedad.",
    "Este es un mensaje automático. Nuestro horario de atención es de 9 a 18.",
    "RESPUESTA AUTOMÁTICA: estoy de vacaciones hasta el lunes",
    "Gracias por escribirnos. Fuera de nuestro horario de atención no podemos responder.",
    "Hemos recibido tu mensaje y un representante se comunicará en breve",
    "Thank you for contacting Bright Smiles! We will get back to you soon.",
    "This is an automated reply. Our office is closed.",
    "Olá! Obrigado por entrar em contato com a Loja Azul.",
    "Esta é uma mensagem automática, responderemos em breve",
    "Bienvenido. Marque 1 para ventas. Nuestros asesores lo atenderán pronto.",
]
ORDINARY = [
    "gracias por comunicarte, te espero mañana",
    "gracias por escribirme! quiero un turno",
    "¿cuál es el horario de atención?",
    "¿me pueden responder a la brevedad? me duele",
    "hola, quiero hablar con un asesor",
    "llegué fuera de horario, ¿me atienden igual?",
    "muchas gracias, nos vemos pronto",
    "thank you for contacting me, see you on Monday",
    "obrigado pelo contato, até amanhã",
    "¿esto es un mensaje automático?",
    "¿este es un mensaje automático o hay alguien ahí?",
    "no quiero una respuesta automática, quiero hablar con alguien",
    "otra vez el contestador automático... ¿me atiende una persona?",
]


@pytest.mark.parametrize("text", AUTOMATIC)
def test_the_automatic_answer_of_another_business_is_known(text: str) -> None:
    assert sounds_automatic(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_what_people_write_is_no_automatic_answer(text: str) -> None:
    assert not sounds_automatic(text)


class Chat:
    """What both sides wrote in the last minutes, one message every twenty seconds."""

    def __init__(self, *, began: timedelta = timedelta(minutes=6)) -> None:
        self.at: datetime = NOON - began
        self.history: list[StoredMessage] = []
        self.changed: list[Appointment] = []
        self.counts_from: datetime | None = None

    def says(self, body: str, answered: str | None = None, intent: str = "general_inquiry", **answer: Any) -> "Chat":
        """The contact writes, and the assistant answers."""
        self._add("inbound", "contact", body, {"intent": intent})
        self._add("outbound", "ai", answered or f"Respuesta a {body}", {"intent": intent}, **answer)
        return self

    def loops(self, *words: str, intent: str = "general_inquiry") -> bool:
        exchange = Exchange(words, intent, self.history, self.changed, self.counts_from)
        return is_loop(exchange, now=NOON)

    def _add(self, direction: str, sender: str, body: str, metadata: dict[str, Any], **columns: Any) -> None:
        self.at += timedelta(seconds=20)
        row = StoredMessage(
            id=uuid4(), conversation_id=uuid4(), channel_id=uuid4(), type="text", direction=direction, sender=sender,
            body=body, created_at=self.at, ai_metadata=metadata, **columns,
        )  # fmt: skip
        self.history.append(row)


def test_the_same_words_after_three_answers_are_a_circle() -> None:
    chat = Chat().says("hola").says("hola").says("Hola!!")

    assert chat.loops("HOLA")


def list_of(hour: str) -> dict[str, Any]:
    """The payload of a list with one time."""
    return {"interactive": {"action": {"sections": [{"rows": [{"id": "1", "title": hour, "description": ""}]}]}}}


def test_the_same_place_in_another_list_is_another_choice() -> None:
    chat = Chat().says("quiero un turno", "Estos quedan.", "book_appointment", payload=list_of("10:00"))
    for hour in ("11:00", "12:00"):
        chat.says("el primero", "Se acaba de ocupar. Estos quedan.", "book_appointment", payload=list_of(hour))

    assert not chat.loops("el primero", intent="book_appointment")


def test_the_same_choice_from_the_same_list_is_a_circle() -> None:
    chat = Chat().says("quiero un turno", "Estos quedan.", "book_appointment", payload=list_of("10:00"))
    for number in range(2):
        chat.says("el décimo", f"No es de la lista ({number}).", "book_appointment", payload=list_of("10:00"))

    assert chat.loops("el décimo", intent="book_appointment")


def test_two_answers_are_none_yet() -> None:
    assert not Chat().says("hola").says("hola").loops("hola")


def test_a_ticket_number_does_not_make_a_machine_s_answer_another_one() -> None:
    template = "Su solicitud {} fue registrada en nuestro sistema y será atendida según el orden de llegada de hoy"
    chat = Chat()
    for number in (4711, 4712, 4713):
        chat.says(template.format(number))

    assert chat.loops(template.format(4714))


def test_an_automatic_answer_to_our_answer_is_a_circle_at_once() -> None:
    assert Chat().says("hola").loops(AUTOMATIC[0])
    assert not Chat(began=timedelta(minutes=30)).says("hola").loops(AUTOMATIC[0]), "nobody was answered lately"


@pytest.mark.parametrize(
    "asked",
    [
        ["¿cuánto sale una limpieza?", "¿y una ortodoncia?", "¿y un implante?", "¿y un blanqueamiento?"],
        ["¿tenés el jueves?", "¿y el viernes?", "¿el lunes a la tarde?", "¿el martes?"],
        ["¿a las 10?", "¿a las 11?", "¿a las 12?", "¿a las 15?"],
        [
            "quisiera saber si tienen algún turno libre para el jueves a la mañana para una limpieza",
            "quisiera saber si tienen algún turno libre para el viernes a la tarde o bien el sábado",
            "y si no, algún horario de la semana que viene después de las seis que salgo del trabajo",
            "o el lunes de la otra semana bien temprano antes de entrar, si hay algo",
        ],
    ],
    ids=["prices", "days", "times", "long"],
)
def test_whoever_asks_different_things_is_in_no_circle(asked: list[str]) -> None:
    chat = Chat()
    for text in asked[:-1]:
        chat.says(text, f"Te cuento de {text}")

    assert not chat.loops(asked[-1])


def test_the_same_answer_three_times_to_the_same_wish_is_a_circle() -> None:
    chat = Chat()
    for number in range(3):
        chat.says(f"pregunta distinta {number}", "Hola.\nNo tengo ese dato, te lo confirma la clínica.")

    assert chat.loops("otra cosa más")
    assert not chat.loops("quiero un turno", intent="book_appointment"), "a new wish is progress"


def test_other_times_are_progress_although_the_words_above_them_are_the_same() -> None:
    chat = Chat()
    for hour in ("10:00", "11:00", "12:00"):
        rows = [{"id": "1", "title": f"Jue 26 · {hour}", "description": ""}]
        payload = {"interactive": {"action": {"sections": [{"rows": rows}]}}}
        chat.says(f"¿otro? {hour}", "Estos son los horarios libres.", "book_appointment", payload=payload)

    assert not chat.loops("¿y más tarde?", intent="book_appointment")


def test_answers_in_other_words_about_the_same_are_one_in_the_end() -> None:
    chat = Chat(began=timedelta(minutes=7))
    for number in range(7):
        chat.says(f"mensaje {number} de otra máquina")
    assert not chat.loops("mensaje distinto")

    chat.says("mensaje 8 de otra máquina")
    assert chat.loops("mensaje distinto")


def test_a_booking_in_between_is_progress() -> None:
    chat = Chat().says("sí").says("sí").says("sí")
    booked = Appointment(
        id=uuid4(), starts_at=NOON, ends_at=NOON, status="booked", chat_changed_at=chat.history[-2].created_at
    )

    assert chat.loops("sí")
    chat.changed = [booked]
    assert not chat.loops("sí")


def test_what_was_said_before_a_person_gave_the_conversation_back_does_not_count() -> None:
    chat = Chat().says("hola").says("hola").says("hola")
    chat.counts_from = chat.at

    assert not chat.loops("hola")


def test_what_was_said_more_than_ten_minutes_ago_does_not_count() -> None:
    chat = Chat(began=timedelta(minutes=12)).says("hola").says("hola").says("hola")

    assert not chat.loops("hola")


def test_symbols_are_compared_as_they_are() -> None:
    chat = Chat().says("👍").says("👍").says("👍")

    assert chat.loops("👍")
    assert not Chat().says("👍", "a").says("❤️", "b").says("🙏", "c").loops("🎉")
