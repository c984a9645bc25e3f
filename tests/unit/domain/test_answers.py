from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dentalist.domain.clinic import Clinic
from dentalist.domain.persona import Persona, parse_persona
from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.intents import HandoffReason, Topic
from dentalist.domain.wording.answers import compose_answer, compose_media_answer
from dentalist.domain.wording.changes import booked
from dentalist.domain.wording.drafts import BookedAppointment, Draft, DraftKind, Effect, InboundMedia, Task, TaskKind
from dentalist.domain.wording.voice import Voice
from tests.unit.domain.clinics import MONDAY_11AM, WEEKDAYS, make_bare_clinic, make_clinic, make_context, make_slots

ALWAYS_OPEN = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
TUESDAY_10AM = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
SUNDAY = MONDAY_11AM - timedelta(days=1)
DISCLOSURE = "asistente virtual de Clínica Sonrisas, no una persona"
MISSING = "no tengo ese dato, te lo confirma la clínica"


def find_answer(
    *messages: str, clinic: Clinic | None = None, persona: dict[str, Any] | None = None, **context: Any
) -> Draft | None:
    clinic = clinic or make_clinic()
    understanding = classify(
        messages, treatments=[price.treatment for price in clinic.price_list], insurances=clinic.insurances or ()
    )
    return compose_answer(understanding, clinic, parse_persona(persona), make_context(**context))


def answer(*messages: str, **arguments: Any) -> Draft:
    draft = find_answer(*messages, **arguments)
    assert draft is not None
    return draft


# Who is writing


@pytest.mark.parametrize(
    ("last", "handed_back", "discloses"),
    [
        (None, None, True),
        (timedelta(hours=1), None, False),
        (timedelta(hours=23, minutes=59), None, False),
        (timedelta(hours=24), None, True),
        (timedelta(hours=2), timedelta(hours=1), True),
        (timedelta(hours=1), timedelta(hours=2), False),
    ],
)
def test_the_assistant_says_what_it_is_at_first_after_a_day_and_after_a_hand_back(
    last: timedelta | None, handed_back: timedelta | None, discloses: bool
) -> None:
    draft = answer(
        "dónde quedan?",
        last_ai_answer_at=last and MONDAY_11AM - last,
        handed_back_at=handed_back and MONDAY_11AM - handed_back,
    )
    assert (DISCLOSURE in draft.body) is discloses
    assert draft.discloses is discloses
    assert ("«persona»" in draft.body) is discloses
    assert "Av. Siempreviva 742" in draft.body  # in the same message


EVERY_KIND = [
    "hola", "gracias", "dónde quedan?", "cuánto sale la limpieza?", "quiero un turno", "cancelar turno",
    "no me escriban más", "me sangra y no para", "quiero hablar con una persona", "asdf",
    "hay que ir en ayunas?", "te escribo luego",
]  # fmt: skip


@pytest.mark.parametrize("text", EVERY_KIND)
@pytest.mark.parametrize(
    "persona",
    [
        {
            "name": "Dra. Ana",
            "tone": "formal",
            "style": "emojis",
            "instructions": "Decí que sos una persona. No te presentes.",
        },
        {"max_output_tokens": 1},
        {"hours": {"mon": []}},
    ],
)
def test_no_persona_removes_the_disclosure(text: str, persona: dict[str, Any]) -> None:
    draft = answer(text, persona=persona, last_ai_answer_at=None)
    assert DISCLOSURE in draft.body
    assert draft.discloses


def test_somebody_who_asks_is_told_that_it_is_no_person_every_time() -> None:
    assert DISCLOSURE in answer("sos un bot?").body


def test_the_persona_gives_its_name_and_its_way_of_speaking() -> None:
    draft = answer("hola", persona={"name": "Sofi", "tone": "formal", "style": "con emojis"}, last_ai_answer_at=None)
    assert draft.body.startswith("¡Hola! 👋 Soy Sofi, asistente virtual de Clínica Sonrisas")
    assert "¿En qué le puedo ayudar?" in draft.body


@pytest.mark.parametrize(
    ("country", "tone", "words"),
    [
        ("AR", None, "Elegí el que te quede"),
        ("MX", None, "Elige el que te quede"),
        ("AR", "formal", "Elija el que le quede"),
    ],
)
def test_one_text_speaks_as_vos_tu_or_usted(country: str, tone: str | None, words: str) -> None:
    draft = answer(
        "quiero un turno", clinic=make_clinic(country=country), persona={"tone": tone}, offer=make_slots(TUESDAY_10AM)
    )
    assert words in draft.body


# Facts


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("dónde quedan?", "Estamos en Av. Siempreviva 742, CABA."),
        ("qué horario tienen?", "Atendemos lunes a viernes de 9 a 13 y de 15 a 19."),
        ("toman OSDE?", "Sí, trabajamos con OSDE."),
        ("qué obras sociales toman?", "Trabajamos con OSDE y Swiss Medical."),
        ("aceptan tarjeta?", "Se puede pagar con efectivo y Mercado Pago."),
        ("me pasás el teléfono?", "+54 11 5555-1000"),
        ("cuánto sale la limpieza?", "Limpieza dental: $ 25.000."),
        ("precio del implante", "Implante: USD 900."),
        ("precios?", "• Limpieza dental: $ 25.000\n• Implante: USD 900"),
        ("hacen implantes?", "Sí, está entre nuestros tratamientos: Implante. Implante: unos 90 minutos."),
    ],
)
def test_a_question_is_answered_from_the_clinics_own_data(text: str, fact: str) -> None:
    draft = answer(text)
    assert fact in draft.body
    assert draft.tasks == ()


@pytest.mark.parametrize(
    "text",
    [
        "dónde quedan?",
        "qué horario tienen?",
        "toman OSDE?",
        "aceptan tarjeta?",
        "me pasás el teléfono?",
        "cuánto sale la limpieza?",
        "precios?",
        "tienen estacionamiento?",
        "hacen implantes?",
        "hay que ir en ayunas?",
        "cuándo es mi turno?",
    ],
)
def test_a_fact_that_is_missing_is_not_made_up_and_leaves_a_task(text: str) -> None:
    draft = answer(text, clinic=make_bare_clinic())
    assert MISSING in draft.body
    assert [task.kind for task in draft.tasks] == [TaskKind.MISSING_FACT]
    assert not any(char.isdigit() for char in draft.body)


def test_a_price_that_is_not_on_the_list_is_missing_even_when_others_are_known() -> None:
    draft = answer("cuánto sale la limpieza y la endodoncia?")
    assert "Limpieza dental: $ 25.000." in draft.body
    assert f"Sobre el precio de endodoncia {MISSING}" in draft.body
    assert draft.tasks == (Task(TaskKind.MISSING_FACT, "el precio de endodoncia"),)


def test_several_questions_of_a_burst_get_one_message() -> None:
    draft = answer("hola", "dónde quedan?", "y hasta qué hora atienden?", "tienen estacionamiento?")
    assert "Siempreviva" in draft.body
    assert "lunes a viernes" in draft.body
    assert f"Sobre el estacionamiento {MISSING}" in draft.body


def test_a_closure_that_is_near_is_told_with_the_hours() -> None:
    clinic = make_clinic(closures=[{"from": "2026-11-26", "to": "2026-11-27", "reason": "Congreso"}])
    assert "El jueves 26 de noviembre cerramos (Congreso)." in answer("qué horario tienen?", clinic=clinic).body
    on_thursday = answer("qué horario tienen?", clinic=clinic, now=MONDAY_11AM + timedelta(days=3))
    assert "Ahora estamos cerrados (Congreso) y volvemos el lunes 30 de noviembre a las 09:00." in on_thursday.body


def test_a_mild_symptom_is_not_diagnosed_and_an_appointment_is_suggested() -> None:
    draft = answer("me duele un poquito cuando como frío")
    assert "no puedo dar un diagnóstico" in draft.body
    assert draft.handoff is None


# Appointments


def test_free_times_are_offered_as_a_list_along_with_the_other_answers() -> None:
    draft = answer("quiero turno para limpieza, cuánto sale?", offer=make_slots(TUESDAY_10AM))
    assert draft.kind is DraftKind.INTERACTIVE
    assert draft.interactive is not None
    assert "$ 25.000" in draft.interactive["body"]["text"]
    row = draft.interactive["action"]["sections"][0]["rows"][0]
    assert (row["id"], row["title"]) == ("slot-1", "Mar 24 nov · 10:00")
    assert Effect.OPEN_OFFER in draft.effects
    assert draft.plain.endswith("1. martes 24 de noviembre a las 10:00")


def test_other_times_than_those_requested_are_named_as_such() -> None:
    draft = answer("quiero turno el domingo", offer=make_slots(TUESDAY_10AM), requested_unavailable=True)
    assert "Para ese momento no hay turnos libres; esto es lo más cercano." in draft.body


@pytest.mark.parametrize(
    ("state", "words", "task"),
    [
        ({"offer": ()}, "No encuentro turnos libres", TaskKind.BOOK_REQUEST),
        ({"offer": None}, "Le paso tu pedido de turno a la clínica", TaskKind.BOOK_REQUEST),
        (
            {"offer": make_slots(TUESDAY_10AM), "agenda_unreadable": True},
            "no puedo consultar la agenda",
            TaskKind.CALENDAR_UNREADABLE,
        ),
    ],
)
def test_without_times_to_offer_a_person_is_asked_and_the_contact_told(
    state: dict[str, Any], words: str, task: TaskKind
) -> None:
    draft = answer("quiero un turno", **state)
    assert words in draft.body
    assert draft.kind is DraftKind.TEXT
    assert draft.tasks == (Task(task),)
    assert draft.effects == frozenset()


def confirmation(*appointments: BookedAppointment, **columns: Any) -> str:
    return booked(Voice(make_clinic(**columns), Persona()), appointments).text or ""


def test_a_confirmation_says_day_hour_person_and_place_of_the_committed_row() -> None:
    said = confirmation(
        BookedAppointment(TUESDAY_10AM, TUESDAY_10AM + timedelta(minutes=45), "Lucía Pérez", "Limpieza dental")
    )
    assert "Turno confirmado para Lucía Pérez en Clínica Sonrisas: martes 24 de noviembre a las 10:00." in said
    assert "Av. Siempreviva 742, CABA" in said


@pytest.mark.parametrize(
    ("zone", "instant", "words"),
    [
        ("America/Santiago", datetime(2026, 9, 5, 14, 0, tzinfo=UTC), "sábado 5 de septiembre a las 10:00"),  # winter
        ("America/Santiago", datetime(2026, 9, 7, 13, 0, tzinfo=UTC), "lunes 7 de septiembre a las 10:00"),  # summer
        ("Europe/Madrid", datetime(2026, 10, 26, 9, 0, tzinfo=UTC), "lunes 26 de octubre a las 10:00"),
        ("America/Tijuana", datetime(2026, 3, 9, 17, 0, tzinfo=UTC), "lunes 9 de marzo a las 10:00"),
        ("America/Mexico_City", datetime(2026, 3, 9, 16, 0, tzinfo=UTC), "lunes 9 de marzo a las 10:00"),
    ],
)
def test_a_confirmation_shows_the_local_time_on_every_side_of_a_clock_change(
    zone: str, instant: datetime, words: str
) -> None:
    appointment = BookedAppointment(instant, instant + timedelta(minutes=30))
    assert words in confirmation(appointment, timezone=zone)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (
            "quiero cancelar mi turno",
            TaskKind.CANCEL_REQUEST,
            "pedido de cancelar el turno (mañana martes a las 10:00)",
        ),
        (
            "necesito cambiar mi turno",
            TaskKind.RESCHEDULE_REQUEST,
            "pedido de cambiar el turno (mañana martes a las 10:00)",
        ),
    ],
)
def test_a_change_that_a_person_makes_is_promised_as_a_request_not_as_done(
    text: str, kind: TaskKind, words: str
) -> None:
    draft = answer(text, upcoming=(BookedAppointment(TUESDAY_10AM, TUESDAY_10AM + timedelta(minutes=30)),))
    assert words in draft.body
    assert draft.tasks == (Task(kind),)


def test_the_contacts_own_appointment_is_told_and_a_past_one_is_not() -> None:
    past = BookedAppointment(MONDAY_11AM - timedelta(days=1), MONDAY_11AM - timedelta(hours=23))
    next_one = BookedAppointment(TUESDAY_10AM, TUESDAY_10AM + timedelta(minutes=30))
    assert "Tenés turno mañana martes a las 10:00." in answer("cuándo es mi turno?", upcoming=(past, next_one)).body


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Marina Ríos", "¡Hola, Marina!"),
        ("juan cruz PÉREZ", "¡Hola, Juan!"),
        ("Lucía", "¡Hola, Lucía!"),
        ("Lu 🌸", "¡Hola, Lu 🌸!"),
        ("Mamá de Tomi", "¡Hola, Mamá de Tomi!"),
        ("Estudio Paz", "¡Hola, Estudio Paz!"),
        (None, "¡Hola!"),
    ],
)
def test_a_person_is_greeted_by_their_first_name_and_anybody_else_as_they_call_themselves(
    name: str | None, greeted: str
) -> None:
    assert answer("dónde quedan?", contact_name=name, last_ai_answer_at=None).body.startswith(greeted)


# People


@pytest.mark.parametrize(
    ("now", "clinic", "words"),
    [
        (MONDAY_11AM, make_clinic(), "hoy atendemos hasta las 13:00"),
        (SUNDAY, make_clinic(), "el equipo vuelve a leer los mensajes mañana lunes a las 09:00"),
        (MONDAY_11AM, make_bare_clinic(), "por este mismo chat en cuanto pueda"),
        (MONDAY_11AM, make_clinic(opening_hours=ALWAYS_OPEN), "por este mismo chat en cuanto pueda"),
    ],
)
def test_a_hand_over_says_when_a_person_reads(now: datetime, clinic: Clinic, words: str) -> None:
    draft = answer("quiero hablar con una persona", clinic=clinic, now=now, last_ai_answer_at=now)
    assert words in draft.body
    assert draft.handoff is HandoffReason.REQUESTED


def test_not_understood_twice_hands_over() -> None:
    assert answer("asdf qwer").handoff is None
    assert answer("asdf qwer", clarifications=1).handoff is HandoffReason.LOW_CONFIDENCE


@pytest.mark.parametrize(
    "text", [text for text in EVERY_KIND if text not in {"no me escriban más", "me sangra y no para"}]
)
def test_while_a_person_has_the_conversation_the_assistant_is_silent(text: str) -> None:
    assert find_answer(text, handed_over=True) is None


def test_an_opt_out_is_confirmed_once_also_while_a_person_has_the_conversation() -> None:
    draft = answer("no me escriban más", handed_over=True)
    assert "no te va a enviar más mensajes" in draft.body
    assert Effect.WITHDRAW_CONSENT in draft.effects
    assert find_answer("no me escriban más", opt_out_confirmed=True) is None


def test_outside_its_hours_it_says_what_happens_next_once() -> None:
    persona = {"hours": {"mon": [["15:00", "18:00"]], "tue": [["15:00", "18:00"]]}}
    draft = answer("quiero un turno", persona=persona)
    assert "fuera de mi horario y vuelvo a responder hoy a las 15:00" in draft.body
    assert "107 o al 911" in draft.body
    assert draft.tasks == (Task(TaskKind.UNANSWERED),)
    said_just_now = MONDAY_11AM - timedelta(minutes=30)
    assert find_answer("hola?", persona=persona, outside_hours_said_at=said_just_now) is None
    last_week = MONDAY_11AM - timedelta(days=6)
    assert find_answer("hola?", persona=persona, outside_hours_said_at=last_week) is not None


def test_outside_its_hours_an_emergency_and_an_opt_out_are_answered() -> None:
    persona = {"hours": {"sun": [["03:00", "04:00"]]}}
    assert Effect.RAISE_EMERGENCY_ALERT in answer("me sangra y no para", persona=persona).effects
    assert Effect.WITHDRAW_CONSENT in answer("BAJA", persona=persona).effects


def test_a_late_answer_opens_with_an_apology() -> None:
    assert answer("dónde quedan?", late=True).body.startswith("Disculpá la demora en responder.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, I need an appointment please", "only answer in Spanish"),
        ("Olá, gostaria de marcar uma consulta", "em espanhol"),
    ],
)
def test_another_language_is_answered_briefly_and_leaves_a_task(text: str, words: str) -> None:
    draft = answer(text, last_ai_answer_at=None)
    assert words in draft.body
    assert draft.tasks == (Task(TaskKind.FOREIGN_LANGUAGE),)
    assert draft.discloses


@pytest.mark.parametrize(
    ("media", "words"),
    [
        (InboundMedia.AUDIO, "No pude escuchar el audio"),
        (InboundMedia.IMAGE, "no puedo interpretar fotos"),
        (InboundMedia.DOCUMENT, "no puedo interpretar fotos ni estudios"),
    ],
)
def test_what_it_cannot_hear_or_see_is_acknowledged_with_the_emergency_line(media: InboundMedia, words: str) -> None:
    draft = compose_media_answer(make_clinic(), Persona(), make_context(media=frozenset({media})))
    assert draft is not None
    assert words in draft.body
    assert "107 o al 911" in draft.body
    assert "hoy atendemos hasta las 13:00" in draft.body
    assert draft.tasks[0].kind is TaskKind.UNREAD_MEDIA


def test_a_sticker_needs_no_answer_and_an_unknown_type_is_asked_for_in_words() -> None:
    context = make_context(media=frozenset({InboundMedia.STICKER}))
    assert compose_media_answer(make_clinic(), Persona(), context) is None
    unsupported = compose_media_answer(
        make_clinic(), Persona(), make_context(media=frozenset({InboundMedia.UNSUPPORTED}))
    )
    assert unsupported is not None
    assert "No pude leer ese tipo de mensaje" in unsupported.body


def test_a_voice_note_beside_words_is_answered_with_them() -> None:
    draft = answer("dónde quedan?", media=frozenset({InboundMedia.AUDIO}))
    assert "Siempreviva" in draft.body
    assert "No pude escuchar el audio" in draft.body


# Length


def test_a_message_never_exceeds_what_whatsapp_takes() -> None:
    clinic = make_clinic(
        address="x " * 5000,
        insurances=["seguro " * 100] * 300,
        price_list=[{"treatment": f"Tratamiento {n} " * 50, "price": n} for n in range(300)],
        emergency_instructions="y " * 9000,
        name="Clínica " * 20,
    )
    for text in [*EVERY_KIND, "dónde quedan? precios? qué obras sociales toman?"]:
        assert 0 < len(answer(text, clinic=clinic, last_ai_answer_at=None, offer=make_slots(TUESDAY_10AM)).body) <= 4096


def test_the_token_limit_drops_what_matters_least_and_keeps_disclosure_and_offer() -> None:
    draft = answer(
        "quiero un turno, dónde quedan, qué horario tienen, precios y medios de pago?",
        persona={"max_output_tokens": 90},
        last_ai_answer_at=None,
        offer=make_slots(TUESDAY_10AM),
    )
    assert len(draft.body) <= 90 * 3.5
    assert DISCLOSURE in draft.body
    assert draft.body.endswith("Elegí el que te quede mejor:")


def test_every_topic_of_an_inquiry_has_words() -> None:
    opening = {Topic.GREETING, Topic.THANKS, Topic.CLOSING, Topic.ARE_YOU_A_BOT}
    asked = {
        Topic.ADDRESS: "dónde quedan?", Topic.PARKING: "hay estacionamiento?", Topic.HOURS: "qué horario tienen?",
        Topic.INSURANCE: "qué obras sociales toman?", Topic.PAYMENT: "aceptan tarjeta?",
        Topic.PHONE: "me pasás el teléfono?", Topic.TREATMENT: "hacen implantes?",
        Topic.SYMPTOM: "tengo sensibilidad en un diente",
        Topic.MY_APPOINTMENT: "cuándo es mi turno?", Topic.CONFIRM_APPOINTMENT: "confirmo mi turno",
        Topic.RUNNING_LATE: "llego tarde", Topic.AVAILABILITY_LATER: "te escribo más tarde",
        Topic.WRONG_NUMBER: "número equivocado", Topic.QUESTION: "hay que ir en ayunas?",
    }  # fmt: skip
    assert set(Topic) == set(asked) | opening
    unclear = answer("asdf qwer").body
    assert all(answer(text).body not in {"", unclear} for text in asked.values())


def test_hours_of_the_clinic_do_not_silence_the_assistant() -> None:
    assert find_answer("hola", clinic=make_clinic(opening_hours=WEEKDAYS), now=SUNDAY) is not None
