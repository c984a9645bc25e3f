"""On a number where a person decides, the assistant changes nothing; what they send is then done and said."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.errors import ServiceWindowClosed
from dentalist.domain.message import Author
from dentalist.domain.sending_errors import ConversationBusy
from dentalist.domain.suggestions import (
    AgendaChange,
    ChangeVerb,
    SuggestionNotFound,
    SuggestionOutdated,
    SuggestionTooLong,
    SuggestionUnclear,
)
from dentalist.services.suggestions import discard_suggestion
from tests.fakes_answers import World, every_moment
from tests.fakes_handover import Clinic, suggesting


def asked(text: str, **world: Any) -> Clinic:
    """The contact wrote, and an answer waits."""
    clinic = Clinic(suggesting(**world))
    clinic.world.writes(text)
    clinic.world.settle_down()
    return clinic


def offered() -> tuple[Clinic, list[UUID]]:
    """A list of times was suggested, and a person sent it."""
    clinic = asked("quiero un turno para una limpieza")
    clinic.sends()
    sections = clinic.gate.drafts[-1].content.payload["interactive"]["action"]["sections"]
    return clinic, [UUID(row["id"]) for section in sections for row in section["rows"]]


def chosen() -> Clinic:
    """The contact chose from it, and a confirmation waits."""
    clinic, ids = offered()
    clinic.world.taps(ids[0])
    clinic.world.settle_down()
    return clinic


# ---- what is suggested -----------------------------------------------------------------------------------------------


def test_an_answer_waits_and_nothing_is_sent() -> None:
    clinic = asked("¿cuál es la dirección?")

    assert clinic.world.sent == []
    assert "Siempreviva" in clinic.waiting.body
    assert clinic.waiting.ai_metadata["intent"] == "general_inquiry"
    assert clinic.world.conversation.answered_epoch == clinic.world.conversation.epoch


def test_a_suggestion_never_says_that_an_assistant_writes() -> None:
    body = asked("hola, ¿cuál es la dirección?").waiting.body

    assert "asistente" not in body
    assert "no una persona" not in body


def test_times_are_offered_for_the_person_to_send() -> None:
    clinic = asked("quiero un turno para una limpieza")

    assert clinic.waiting.type == "interactive"
    assert clinic.world.appointments == []


def test_a_choice_is_written_as_if_booked_and_nothing_is_booked() -> None:
    clinic = chosen()

    assert "confirmado" in clinic.waiting.body
    assert [change.verb for change in clinic.waiting.changes] == [ChangeVerb.BOOK]
    assert clinic.world.appointments == []
    assert clinic.world.sent == []


@pytest.mark.parametrize("text", ["me sangra mucho y no para, no puedo respirar bien", "BAJA"])
def test_what_cannot_wait_goes_out_by_itself(text: str) -> None:
    world = suggesting()
    world.writes(text)
    world.settle_down()

    assert len(world.sent) == 1
    assert world.suggestions == []


def test_whoever_asks_for_a_person_is_handed_over_and_no_draft_promises_one() -> None:
    world = suggesting()
    world.writes("quiero hablar con una persona")
    world.settle_down()

    assert world.suggestions == []
    assert world.conversation.handoff_reason == "requested"


def test_what_a_person_wrote_meanwhile_ends_the_suggestion_at_every_moment() -> None:
    def begin() -> World:
        world = suggesting()
        world.writes("quiero un turno para una limpieza")
        return world

    for index, what in every_moment(begin):
        world = begin()
        world.happens = (index, world.person_writes)

        world.settle_down()

        kept_at = world.moments.index("after keep_suggestion") if "after keep_suggestion" in world.moments else None
        if world.suggestions:
            assert kept_at is not None, what
            assert kept_at <= world.moments.index("person writes"), what


# ---- whose phone it is -----------------------------------------------------------------------------------------------


def test_somebody_who_is_not_the_patient_is_noted_at_once_whoever_decides_what_is_sent() -> None:
    clinic = asked("número equivocado")

    assert clinic.world.conversation.phone_unverified_reason == "wrong_number"


def test_the_full_name_on_the_appointment_is_believed_before_a_person_sends_the_answer() -> None:
    world = suggesting()
    world.has_appointment(world.now + timedelta(days=2))
    doubted = {"phone_unverified_at": world.now, "phone_unverified_reason": "not_me"}
    world.conversation = world.conversation.model_copy(update=doubted)
    world.writes("quiero cancelar mi turno")
    world.settle_down()
    clinic = Clinic(world)
    assert clinic.waiting.changes == ()
    clinic.sends()

    world.writes("Lucía Pérez")
    world.settle_down()

    assert world.conversation.phone_unverified_at is None
    assert [change.verb for change in clinic.waiting.changes] == [ChangeVerb.CANCEL]
    clinic.sends()
    assert [row.status for row in world.appointments] == ["cancelled"]


# ---- what is sent ----------------------------------------------------------------------------------------------------


def test_it_is_sent_as_the_person_who_decided_so_and_once() -> None:
    clinic = asked("¿cuál es la dirección?")
    suggestion = clinic.waiting

    clinic.sends()

    (draft,) = clinic.gate.drafts
    assert (draft.author, draft.actor_id, draft.request_key) == (Author.PERSON, clinic.person, suggestion.id)
    assert (draft.content.body, draft.effect) == (suggestion.body, False)
    assert draft.ai_metadata is not None
    assert draft.ai_metadata["suggestion_id"] == str(suggestion.id)


def test_the_person_s_own_words_replace_the_assistant_s() -> None:
    clinic = asked("¿cuál es la dirección?")

    clinic.sends("Estamos en la esquina.")

    (draft,) = clinic.gate.drafts
    assert draft.content.payload["text"]["body"] == "Estamos en la esquina."
    assert draft.ai_metadata == {"suggestion_id": str(clinic.suggestions.ended[0][1]), "edited": True}


def test_the_times_stay_below_the_person_s_own_words() -> None:
    clinic = asked("quiero un turno para una limpieza")
    rows = clinic.waiting.payload["interactive"]["action"]

    clinic.sends("¡Hola! Elegí el que quieras:")

    interactive = clinic.gate.drafts[-1].content.payload["interactive"]
    assert interactive["body"] == {"text": "¡Hola! Elegí el que quieras:"}
    assert interactive["action"] == rows


def test_own_words_that_do_not_say_when_book_and_send_nothing() -> None:
    clinic = chosen()
    sent = len(clinic.gate.drafts)

    with pytest.raises(SuggestionUnclear):
        clinic.sends("Ese día no atendemos, ¿podés el jueves?")

    assert clinic.world.appointments == []
    assert len(clinic.gate.drafts) == sent


def test_own_words_that_say_when_book_what_they_say() -> None:
    clinic = chosen()
    (change,) = clinic.waiting.changes
    day, time = change.said

    clinic.sends(f"¡Listo! Te espero el {day} a las {time}, traé los estudios.")

    assert len(clinic.world.booked) == 1
    assert clinic.gate.drafts[-1].ai_metadata == {"suggestion_id": str(clinic.suggestions.ended[-1][1]), "edited": True}


@pytest.mark.parametrize(
    ("words", "stated"),
    [
        ("el martes 24 a las 17:30", True),
        ("el 24/11 a las 17.30 hs", True),
        ("el 24 a las 5:30 de la tarde", True),
        ("el 24 a las 17", False),
        ("el 25 a las 17:30", False),
        ("el 24 a las 7:30", False),
        ("el martes a la tarde", False),
        ("te llamo al 1124 a las 17:30", False),
    ],
)
def test_when_is_said_in_any_of_the_ways_people_write_it(words: str, stated: bool) -> None:
    change = AgendaChange(verb=ChangeVerb.BOOK, target=uuid4(), outcome="booked", said=("24", "17:30"))

    assert change.is_stated_in(words) is stated


@pytest.mark.parametrize(
    ("words", "stated"), [("a las 9", True), ("a las 09:00", True), ("a las 9.00 hs", True), ("a las 9:30", False)]
)
def test_a_full_hour_needs_no_minutes(words: str, stated: bool) -> None:
    change = AgendaChange(verb=ChangeVerb.BOOK, target=uuid4(), outcome="booked", said=("09:00",))

    assert change.is_stated_in(words) is stated


def test_words_that_do_not_fit_above_the_times_change_and_send_nothing() -> None:
    clinic = asked("quiero un turno para una limpieza")

    with pytest.raises(SuggestionTooLong):
        clinic.sends("a" * 1025)

    assert clinic.gate.drafts == []
    clinic.sends("a" * 1024)


def test_what_the_text_states_is_booked_before_it_is_sent() -> None:
    clinic = chosen()
    suggestion = clinic.waiting

    clinic.sends()

    (booked,) = clinic.world.booked
    (expected,) = suggestion.changes[0].expected
    assert (booked.starts_at, booked.attendee_name) == (expected.starts_at, expected.attendee_name)
    assert clinic.gate.drafts[-1].effect is True
    assert clinic.followed_up == [booked.id]


def test_a_time_that_was_taken_meanwhile_sends_nothing_and_ends_the_suggestion() -> None:
    clinic = chosen()
    sent = len(clinic.gate.drafts)
    (expected,) = clinic.waiting.changes[0].expected
    other = expected.model_copy(update={"id": uuid4(), "conversation_id": uuid4(), "offer_id": uuid4()})
    clinic.world.appointments.append(other)

    with pytest.raises(SuggestionOutdated):
        clinic.sends()

    assert len(clinic.gate.drafts) == sent
    assert clinic.suggestions.ended[-1][0] == "withdrawn"
    assert len(clinic.world.booked) == 1, "the other one's"


def test_a_closed_window_changes_nothing() -> None:
    clinic = chosen()
    clinic.world.now += timedelta(hours=25)

    with pytest.raises(ServiceWindowClosed):
        clinic.sends()

    assert clinic.world.appointments == []


def test_sending_again_after_a_crash_books_once_and_sends_under_the_same_name() -> None:
    clinic = chosen()
    suggestion = clinic.waiting
    clinic.gate.refusal = RuntimeError("the worker dies")
    with pytest.raises(RuntimeError):
        clinic.sends()
    assert len(clinic.world.booked) == 1

    clinic.gate.refusal = None
    clinic.sends()

    assert len(clinic.world.booked) == 1
    assert clinic.gate.drafts[-1].request_key == suggestion.id


def test_a_booking_that_could_not_be_told_because_another_message_was_leaving_is_told_to_people() -> None:
    clinic = chosen()
    clinic.gate.refusal = ConversationBusy(retry_after=timedelta(seconds=1))

    with pytest.raises(ConversationBusy):
        clinic.sends()

    assert len(clinic.world.booked) == 1
    assert "effect_not_told" in clinic.world.alert_kinds


def test_a_cancellation_is_done_when_it_is_sent() -> None:
    world = suggesting()
    appointment = world.has_appointment(world.now + timedelta(days=2))
    world.writes("quiero cancelar mi turno")
    world.settle_down()
    clinic = Clinic(world)
    assert [change.verb for change in clinic.waiting.changes] == [ChangeVerb.CANCEL]
    assert world.appointments[0].status == "booked"

    clinic.sends()

    assert [(row.id, row.status) for row in world.appointments] == [(appointment.id, "cancelled")]


def test_a_row_that_is_not_what_the_text_says_is_told_to_people_and_not_to_the_contact() -> None:
    clinic = chosen()
    sent = len(clinic.gate.drafts)
    drafted = clinic.world.suggestions[-1]
    (change,) = drafted.changes
    (expected,) = change.expected
    other = change.model_copy(update={"expected": (expected.model_copy(update={"attendee_name": "Otra"}),)})
    clinic.world.suggestions[-1] = type(drafted)(
        epoch=drafted.epoch, human_epoch=drafted.human_epoch, content=drafted.content, changes=[other]
    )

    with pytest.raises(SuggestionOutdated):
        clinic.sends()

    assert len(clinic.gate.drafts) == sent
    assert "effect_not_told" in clinic.world.alert_kinds


# ---- which one -------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_that_the_person_has_not_read() -> None:
    clinic = asked("¿cuál es la dirección?")

    with pytest.raises(SuggestionOutdated):
        clinic.sends(suggestion_id=uuid4())

    assert clinic.gate.drafts == []
    clinic.sends(suggestion_id=clinic.waiting.id)


def test_where_none_waits_there_is_none() -> None:
    clinic = asked("¿cuál es la dirección?")
    clinic.sends()

    with pytest.raises(SuggestionNotFound):
        clinic.sends()


def test_a_suggestion_is_thrown_away_once() -> None:
    clinic = chosen()
    waiting = clinic.waiting

    discard_suggestion(clinic.world.conversation.id, actor_id=clinic.person, desk=clinic.desk)

    assert clinic.suggestions.ended[-1] == ("discarded", waiting.id)
    assert clinic.world.appointments == []
    with pytest.raises(SuggestionNotFound):
        discard_suggestion(clinic.world.conversation.id, actor_id=clinic.person, desk=clinic.desk)
    with pytest.raises(SuggestionOutdated):
        discard_suggestion(
            clinic.world.conversation.id, actor_id=clinic.person, desk=clinic.desk, suggestion_id=waiting.id
        )
