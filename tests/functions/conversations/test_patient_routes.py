"""…/patient, …/appointments and …/suggestion, called with whole events of API Gateway."""

import json
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from conversations import handler
from dentalist.domain import patient_errors
from dentalist.domain.errors import ConsentRequired, DomainError, ServiceWindowClosed
from dentalist.domain.identity import Caller, Role
from dentalist.domain.message import Message, MessageStatus
from dentalist.domain.suggestions import SuggestionNotFound, SuggestionOutdated, SuggestionTooLong, SuggestionUnclear
from dentalist.runtime import wiring_handover, wiring_patients, wiring_privacy
from dentalist.services.book_by_hand import BookingDesk
from dentalist.services.patients import PatientDesk
from tests.builders import LambdaContext, make_conversation, make_event
from tests.fakes import FakeConversations, FakeIdempotency
from tests.fakes_patients import FakeClinicRow, FakeHandAgenda, FakePatients

AT_TEN = "2026-11-23T10:00:00-03:00"
BODIES = {
    "patient": {"full_name": "Ana Prueba"},
    "appointments": {"starts_at": AT_TEN},
    "suggestion": {"action": "send"},
}


class World:
    """One conversation, and somebody who asks for something."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.RECEPTION, "token")
        self.conversation = make_conversation()
        self.patients, self.agenda, self.keys = FakePatients(), FakeHandAgenda(), FakeIdempotency()
        self.sent: list[dict[str, Any]] = []
        self.discarded: list[dict[str, Any]] = []
        self.status = MessageStatus.SENT
        self.refusal: DomainError | None = None
        conversations = FakeConversations({self.conversation.id: self.conversation})
        clinic = FakeClinicRow({"id": uuid4(), "country": "AR", "timezone": "America/Argentina/Buenos_Aires"})
        monkeypatch.setattr(wiring_privacy, "authenticate", lambda _event, **_: self.caller)
        monkeypatch.setattr(wiring_privacy, "idempotency", lambda _: self.keys)
        patient_desk = PatientDesk(conversations, clinic, self.patients, self.patients)
        booking_desk = BookingDesk(conversations, clinic, self.patients, self.agenda)
        monkeypatch.setattr(wiring_patients, "patient_desk", lambda _: patient_desk)
        monkeypatch.setattr(wiring_patients, "booking_desk", lambda _: booking_desk)
        monkeypatch.setattr(wiring_handover, "suggestion_desk", lambda _: SimpleNamespace())
        monkeypatch.setattr(handler, "send_suggestion", self._send)
        monkeypatch.setattr(handler, "discard_suggestion", self._discard)

    def _send(self, conversation_id: Any, **named: Any) -> Message:
        self.sent.append(named)
        if self.refusal is not None:
            raise self.refusal
        return Message(message_id=uuid4(), conversation_id=conversation_id, status=self.status, external_id="wamid.1")

    def _discard(self, _conversation_id: Any, **named: Any) -> Any:
        self.discarded.append(named)
        if self.refusal is not None:
            raise self.refusal
        return self.conversation

    def post(self, step: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        path = f"/api/marketing/conversations/{self.conversation.id}/{step}"
        event = make_event(
            "POST", path, BODIES[step] if body is None else body, headers={"authorization": "x", **headers}
        )
        answer = handler.lambda_handler(event, LambdaContext())
        return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


# ---- the patient


def test_a_lead_is_created_as_a_patient(world: World) -> None:
    status, told = world.post("patient", {"full_name": "  Ana Prueba ", "phone": "(011) 15-5032-0001"})

    assert status == 201
    assert (told["full_name"], told["phone"]) == ("Ana Prueba", "+5491150320001")
    assert told["conversation_id"] == str(world.conversation.id)
    assert world.patients.done[0][1]["actor_id"] == world.caller.user_id


def test_a_patient_who_is_on_record_is_linked(world: World) -> None:
    patient = world.patients.add("Marta Sosa")

    status, told = world.post("patient", {"patient_id": str(patient.id)})

    assert (status, told["patient_id"], told["phone_verified"]) == (200, str(patient.id), True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"full_name": "Ana", "patient_id": str(uuid4())},
        {"full_name": " "},
        {"full_name": "A"},
        {"full_name": "12345"},
        {"full_name": "Ana\0Prueba"},
        {"full_name": "x" * 201},
        {"full_name": "Ana", "phone": "no"},
        {"full_name": "Ana", "replace": True},
        {"patient_id": str(uuid4()), "phone": "11 5032-0001"},
        {"patient_id": "1"},
        {"full_name": "Ana", "notes": "alérgica"},
    ],
)
def test_a_request_that_names_nobody_or_two_is_refused(world: World, body: dict[str, Any]) -> None:
    status, told = world.post("patient", body)

    assert (status, told["code"]) == (422, "validation_error")
    assert world.patients.done == []


@pytest.mark.parametrize(
    ("error", "status"),
    [(patient_errors.AlreadyLinked, 409), (patient_errors.PatientExists, 409)],
)
def test_whoever_is_in_the_way_is_named_by_id(
    world: World, error: type[patient_errors.PatientConflict], status: int
) -> None:
    in_the_way = uuid4()
    world.patients.refusal = error(in_the_way)

    answered, told = world.post("patient")

    assert (answered, told["code"], told["patient_id"]) == (status, error(in_the_way).code, str(in_the_way))


def test_a_phone_nobody_can_read_is_a_problem_of_its_own(world: World) -> None:
    status, told = world.post("patient", {"full_name": "Ana Prueba", "phone": "5032-0001"})

    assert (status, told["code"]) == (422, "phone_not_understood")


def test_an_unknown_patient_is_not_found(world: World) -> None:
    status, told = world.post("patient", {"patient_id": str(uuid4())})

    assert (status, told["code"]) == (404, "patient_not_found")


# ---- appointments


def test_an_appointment_is_created_as_it_stands(world: World) -> None:
    status, told = world.post("appointments", {"starts_at": AT_TEN, "attendee_name": "Ana", "reason": "Control"})

    assert status == 201
    assert (told["starts_at"], told["ends_at"]) == ("2026-11-23T13:00:00Z", "2026-11-23T13:30:00Z")
    assert (told["attendee_name"], told["status"], told["reason"]) == ("Ana", "booked", "Control")
    assert world.agenda.asked[0]["actor_id"] == world.caller.user_id


@pytest.mark.parametrize(
    ("outcome", "status", "code"), [("taken", 409, "slot_taken"), ("past", 422, "slot_in_the_past")]
)
def test_a_time_that_cannot_be_booked_is_told_apart(world: World, outcome: str, status: int, code: str) -> None:
    world.agenda.outcome = outcome

    answered, told = world.post("appointments")

    assert (answered, told["code"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"starts_at": "2026-11-23T10:00:00"},  # in which timezone?
        {"starts_at": "mañana"},
        {"starts_at": "0001-01-01T00:00:00+14:00"},
        {"starts_at": "9999-12-31T23:59:59-12:00"},
        {"starts_at": AT_TEN, "ends_at": AT_TEN},
        {"starts_at": AT_TEN, "ends_at": "2026-11-23T09:00:00-03:00"},
        {"starts_at": AT_TEN, "ends_at": "2026-11-24T10:00:00-03:00"},
        {"starts_at": AT_TEN, "reason": ""},
        {"starts_at": AT_TEN, "status": "held"},
    ],
)
def test_an_appointment_without_a_sane_time_is_refused(world: World, body: dict[str, Any]) -> None:
    status, told = world.post("appointments", body)

    assert (status, told["code"]) == (422, "validation_error")
    assert world.agenda.asked == []


# ---- the suggestion


def test_a_suggestion_is_sent_in_the_persons_words(world: World) -> None:
    which = uuid4()

    status, told = world.post("suggestion", {"action": "send", "body": "Hola, Ana", "suggestion_id": str(which)})

    assert (status, told["action"], told["wamid"], told["status"]) == (201, "send", "wamid.1", "sent")
    asked = world.sent[0]
    assert (asked["body"], asked["suggestion_id"], asked["actor_id"]) == ("Hola, Ana", which, world.caller.user_id)


def test_a_suggestion_whose_answer_was_lost_is_accepted(world: World) -> None:
    world.status = MessageStatus.UNKNOWN

    assert world.post("suggestion")[0] == 202


def test_a_suggestion_is_discarded(world: World) -> None:
    status, told = world.post("suggestion", {"action": "discard"})

    assert (status, told["action"], told["message_id"]) == (201, "discard", None)
    assert (len(world.discarded), world.sent) == (1, [])


@pytest.mark.parametrize("action", ["send", "discard"])
@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (SuggestionNotFound(), 404, "suggestion_not_found"),
        (SuggestionOutdated(), 409, "suggestion_outdated"),
        (SuggestionTooLong(), 422, "suggestion_too_long"),
        (SuggestionUnclear(), 422, "suggestion_unclear"),
        (ServiceWindowClosed(), 409, "service_window_closed"),
        (ConsentRequired(), 403, "consent_required"),
        (patient_errors.PhoneUnverified(), 409, "phone_unverified"),
    ],
)
def test_a_refused_suggestion_says_why(world: World, action: str, refusal: DomainError, status: int, code: str) -> None:
    world.refusal = refusal

    answered, told = world.post("suggestion", {"action": action})

    assert (answered, told["code"]) == (status, code)


@pytest.mark.parametrize(
    "body", [{}, {"action": "edit"}, {"action": "discard", "body": "Hola"}, {"action": "send", "body": " "}]
)
def test_a_suggestion_is_sent_or_discarded_and_nothing_else(world: World, body: dict[str, Any]) -> None:
    status, told = world.post("suggestion", body)

    assert (status, told["code"]) == (422, "validation_error")
    assert (world.sent, world.discarded) == ([], [])


# ---- all three


@pytest.mark.parametrize("step", BODIES)
def test_marketing_does_none_of_it(world: World, step: str) -> None:
    world.caller = Caller(uuid4(), uuid4(), Role.MARKETING, "token")

    status, told = world.post(step)

    assert (status, told["code"]) == (403, "role_not_allowed")
    assert (world.patients.done, world.agenda.asked, world.sent) == ([], [], [])


@pytest.mark.parametrize("step", BODIES)
def test_the_same_key_does_it_once(world: World, step: str) -> None:
    first, second = (world.post(step, **{"idempotency-key": "k"}) for _ in range(2))

    assert first == second
    assert len(world.patients.done) + len(world.agenda.asked) + len(world.sent) == 1
