"""Patients, appointments by hand, suggestions and retries, whole: function, real store, a real person's token, Meta."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from conversations import handler as conversations
from dentalist.domain.errors import ConversationNotFound
from dentalist.outbound.aws.keys import KeyService
from dentalist.runtime import wiring_patients
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database
from send_message import handler as send_message
from tests.builders import WAMID, LambdaContext, make_event
from tests.database.outbound_builders import (
    PHONE,
    Clinic,
    Connection,
    find,
    insert,
    make_clinic,
    make_conversation,
    make_patient,
    make_template,
    rows,
    update,
)
from tests.database.stack import SupabaseServer
from tests.integration.storage.containers import container

TOKEN = "EAAG-token"
MORNING = (datetime.now(UTC) + timedelta(days=3)).replace(hour=13, minute=0, second=0, microsecond=0)


class Practice:
    """A clinic with a linked number, its owner's session, and Meta."""

    def __init__(self, supabase: SupabaseServer, clinic: Clinic, db: Connection, meta: HTTPServer) -> None:
        self.supabase, self.clinic, self.db, self.meta = supabase, clinic, db, meta
        update(db, "professionals", clinic.professional_id, country="AR")
        self.conversation = make_conversation(db, clinic, contact_name="Ana")
        path = f"/v25.0/{clinic.phone_number_id}/messages"
        meta.expect_request(path, method="POST").respond_with_handler(self._accept)

    @staticmethod
    def _accept(_request: Request) -> Response:
        return Response(json.dumps({"messages": [{"id": WAMID + uuid4().hex}]}), content_type="application/json")

    def ask(
        self, function: ModuleType, path: str, body: Any = None, *, as_user: UUID | None = None
    ) -> tuple[int, dict[str, Any]]:
        token = self.supabase.mint(as_user or self.clinic.professional_id)
        event = make_event("POST", path, body, headers={"authorization": f"Bearer {token}"})
        answer = function.lambda_handler(event, LambdaContext())
        return answer["statusCode"], json.loads(answer["body"])

    def post(self, step: str, body: Any, *, as_user: UUID | None = None) -> tuple[int, dict[str, Any]]:
        path = f"/api/marketing/conversations/{self.conversation}/{step}"
        return self.ask(conversations, path, body, as_user=as_user)

    def retry(self, message_id: Any, *, as_user: UUID | None = None) -> tuple[int, dict[str, Any]]:
        return self.ask(send_message, f"/api/marketing/messages/{message_id}/retry", as_user=as_user)

    def make_message(self, **columns: Any) -> UUID:
        """One of the assistant's that has failed."""
        defaults = {
            "direction": "outbound",
            "sender": "ai",
            "type": "text",
            "body": "Hola",
            "payload": {"type": "text", "text": {"body": "Hola", "preview_url": False}},
            "status": "failed",
            "purpose": "care",
        }
        row = insert(
            self.db,
            "marketing_messages",
            professional_id=self.clinic.professional_id,
            conversation_id=self.conversation,
            channel_id=self.clinic.channel_id,
            **{**defaults, **columns},
        )
        return UUID(str(row["id"]))

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(request.data) for request, _ in self.meta.log]


@pytest.fixture
def practice(
    *,
    supabase: SupabaseServer,
    store: Database,
    keys: KeyService,
    clinic: Clinic,
    db: Connection,
    httpserver: HTTPServer,
) -> Iterator[Practice]:
    meta = {
        "WHATSAPP_API_BASE_URL": httpserver.url_for("").rstrip("/"),
        "META_GRAPH_VERSION": "v25.0",
        "META_APP_SECRET": "app-secret",
    }
    credentials = Credentials(store, keys)
    sealed = credentials.seal_access_token(
        clinic.professional_id, clinic.credential_id, channel="whatsapp", token=TOKEN
    )
    update(db, "marketing_channel_credentials", clinic.credential_id, access_token_encrypted=sealed)
    with container(supabase, credentials=credentials, **meta):
        yield Practice(supabase, clinic, db, httpserver)


# ---- patients


def test_a_lead_becomes_a_patient_who_is_told_in_every_answer(practice: Practice, db: Connection) -> None:
    status, told = practice.post("patient", {"full_name": "Ana Prueba"})

    assert (status, told["phone"], told["conversation_id"]) == (201, PHONE, str(practice.conversation))
    assert find(db, "patients", told["patient_id"])["full_name"] == "Ana Prueba"
    again, refused = practice.post("patient", {"full_name": "Otra Persona"})
    assert (again, refused["code"], refused["patient_id"]) == (409, "already_linked", told["patient_id"])


def test_a_patient_of_a_shared_number_is_named_by_a_person(practice: Practice, db: Connection) -> None:
    mother, child = (
        make_patient(db, practice.clinic, full_name=name, phone="+541155550100") for name in ("Marta", "Tomás")
    )

    status, told = practice.post("patient", {"patient_id": str(child)})

    assert (status, told["full_name"]) == (200, "Tomás")
    refused = practice.post("patient", {"patient_id": str(mother)})
    assert (refused[0], refused[1]["code"]) == (409, "already_linked")
    assert practice.post("patient", {"patient_id": str(mother), "replace": True})[0] == 200


def test_another_clinics_patient_and_conversation_do_not_exist(practice: Practice, db: Connection) -> None:
    other = make_clinic(db)
    stranger = make_patient(db, other)

    assert practice.post("patient", {"patient_id": str(stranger)})[1]["code"] == "patient_not_found"
    for step, body in (
        ("patient", {"full_name": "Ana Prueba"}),
        ("appointments", {"starts_at": MORNING.isoformat()}),
        ("suggestion", {"action": "send"}),
    ):
        assert practice.post(step, body, as_user=other.professional_id)[1]["code"] == "conversation_not_found"


def test_a_local_number_is_kept_international(practice: Practice, db: Connection) -> None:
    _, told = practice.post("patient", {"full_name": "Ana Prueba", "phone": "(011) 15-5032-0001"})

    assert find(db, "patients", told["patient_id"])["phone"] == "+5491150320001"


def test_a_doubt_stops_what_the_clinic_begins_until_a_person_names_the_patient(
    practice: Practice, db: Connection
) -> None:
    patient = make_patient(db, practice.clinic, phone=None, whatsapp_opt_in=True)
    practice.post("patient", {"patient_id": str(patient)})
    make_template(db, practice.clinic, components=[{"type": "BODY", "text": "Hola"}])
    template = {
        "conversation_id": str(practice.conversation),
        "type": "template",
        "template": {"name": "recordatorio", "language": "es_AR", "variables": {}},
    }
    wiring_patients.phone_trust(practice.clinic.professional_id).doubt(practice.conversation, "not_me")

    refused = practice.ask(send_message, "/api/marketing/whatsapp/send", template)

    assert (refused[0], refused[1]["code"]) == (409, "phone_unverified")
    assert practice.sent == []
    assert practice.post("patient", {"patient_id": str(patient)})[1]["phone_verified"] is True
    assert practice.ask(send_message, "/api/marketing/whatsapp/send", template)[0] == 201


def test_the_chat_ends_a_doubt_by_itself(practice: Practice, db: Connection) -> None:
    trust = wiring_patients.phone_trust(practice.clinic.professional_id)
    trust.doubt(practice.conversation, "wrong_number")
    assert find(db, "marketing_conversations", practice.conversation)["phone_unverified_reason"] == "wrong_number"

    trust.trust(practice.conversation)

    assert find(db, "marketing_conversations", practice.conversation)["phone_unverified_at"] is None
    with pytest.raises(ConversationNotFound):
        trust.trust(uuid4())
    with pytest.raises(ValueError, match="bored"):
        trust.doubt(practice.conversation, "bored")


# ---- appointments


def test_an_appointment_by_hand_takes_its_time(practice: Practice, db: Connection) -> None:
    wanted = {"starts_at": MORNING.isoformat(), "reason": "Control"}

    status, told = practice.post("appointments", wanted)

    assert (status, told["status"], told["attendee_name"]) == (201, "booked", "Ana")
    kept = find(db, "appointments", told["id"])
    assert (kept["starts_at"], kept["conversation_id"]) == (MORNING, practice.conversation)
    assert kept["ends_at"] > kept["starts_at"]
    again, refused = practice.post("appointments", wanted)
    assert (again, refused["code"]) == (409, "slot_taken")
    audits = rows(db, "marketing_audit_logs", action="appointment.booked")
    assert [row["actor_id"] for row in audits if row["entity_id"] == kept["id"]] == [practice.clinic.professional_id]


def test_yesterday_is_not_booked(practice: Practice) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)

    status, told = practice.post("appointments", {"starts_at": yesterday.isoformat()})

    assert (status, told["code"]) == (422, "slot_in_the_past")


# ---- suggestions


def test_nothing_is_sent_where_nothing_is_suggested(practice: Practice) -> None:
    for action in ("send", "discard"):
        status, told = practice.post("suggestion", {"action": action})
        assert (status, told["code"]) == (404, "suggestion_not_found")
    assert practice.sent == []


def suggest(practice: Practice) -> UUID:
    """An answer of the assistant waits in the conversation."""
    row = insert(
        practice.db,
        "marketing_suggestions",
        professional_id=practice.clinic.professional_id,
        conversation_id=practice.conversation,
        answer_epoch=1,
        type="text",
        body="Abrimos a las 9.",
        payload={"type": "text", "text": {"body": "Abrimos a las 9.", "preview_url": False}},
    )
    return UUID(str(row["id"]))


@pytest.mark.parametrize(
    ("words", "sent"), [(None, "Abrimos a las 9."), ("Hola, Ana: a las 9.", "Hola, Ana: a las 9.")]
)
def test_a_suggestion_leaves_once_as_the_person_who_sent_it(
    practice: Practice, db: Connection, words: str | None, sent: str
) -> None:
    waiting = suggest(practice)
    asked = {"action": "send", "suggestion_id": str(waiting), **({"body": words} if words else {})}

    status, told = practice.post("suggestion", asked)

    assert (status, told["status"]) == (201, "sent")
    assert [body["text"]["body"] for body in practice.sent] == [sent]
    kept = find(db, "marketing_messages", told["message_id"])
    assert (kept["sender"], kept["actor_id"]) == ("professional", practice.clinic.professional_id)
    assert practice.post("suggestion", {"action": "send"})[1]["code"] == "suggestion_not_found"
    assert len(practice.sent) == 1


def test_a_discarded_suggestion_is_gone(practice: Practice, db: Connection) -> None:
    suggest(practice)

    outdated = practice.post("suggestion", {"action": "discard", "suggestion_id": str(uuid4())})
    assert (outdated[0], outdated[1]["code"]) == (409, "suggestion_outdated")
    assert practice.post("suggestion", {"action": "discard"})[0] == 201

    assert rows(db, "marketing_suggestions") == []
    assert practice.sent == []


# ---- retries


def test_a_failed_message_leaves_once_however_often_it_is_asked_for(practice: Practice, db: Connection) -> None:
    failed = practice.make_message()

    first, second = practice.retry(failed), practice.retry(failed)

    assert first[0] == 201
    assert first == second
    assert [sent["text"]["body"] for sent in practice.sent] == ["Hola"]
    kept = find(db, "marketing_messages", first[1]["message_id"])
    assert (kept["sender"], kept["actor_id"]) == ("professional", practice.clinic.professional_id)
    assert find(db, "marketing_messages", failed)["status"] == "failed"


def test_an_attempt_that_failed_too_is_tried_again_from_either_row(practice: Practice, db: Connection) -> None:
    failed = practice.make_message()
    _, attempt = practice.retry(failed)
    update(db, "marketing_messages", UUID(attempt["message_id"]), status="failed")

    status, told = practice.retry(attempt["message_id"])

    assert status == 201
    assert practice.retry(failed)[1]["message_id"] == told["message_id"]
    assert len(practice.sent) == 2


@pytest.mark.parametrize("status", ["unknown", "sent", "delivered"])
def test_what_may_have_arrived_is_not_sent_again(practice: Practice, status: str) -> None:
    answered, told = practice.retry(practice.make_message(status=status))

    assert (answered, told["code"]) == (409, "not_retryable")
    assert practice.sent == []


def test_another_clinics_message_does_not_exist(practice: Practice, db: Connection) -> None:
    failed = practice.make_message()

    status, told = practice.retry(failed, as_user=make_clinic(db).professional_id)

    assert (status, told["code"]) == (404, "message_not_found")
