"""The whole function over the real store, with a server in Meta's place: what a professional's click does."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from pytest_httpserver import HTTPServer

from dentalist.outbound.aws.keys import KeyService
from dentalist.runtime import wiring
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database
from send_message import handler
from tests.builders import WAMID, LambdaContext, make_event
from tests.database.outbound_builders import Clinic, find, insert, make_clinic, make_conversation, rows, update
from tests.database.stack import SupabaseServer
from tests.integration.storage.containers import container

Connection = psycopg.Connection[dict[str, Any]]
PATH = "/api/marketing/whatsapp/send"
TOKEN = "EAAG-token"


class Practice:
    """A clinic with a linked number, its owner's session, and Meta."""

    def __init__(self, supabase: SupabaseServer, clinic: Clinic, db: Connection, meta: HTTPServer) -> None:
        self.supabase, self.clinic, self.db, self.meta = supabase, clinic, db, meta
        self.token = supabase.mint(clinic.professional_id)
        self.conversation_id = make_conversation(db, clinic)
        self.calls = 0

    def meta_answers(self, status: int = 200, body: Any = None) -> None:
        self.meta.clear()
        path = f"/v25.0/{self.clinic.phone_number_id}/messages"
        answer = {"messages": [{"id": WAMID + uuid4().hex}]} if body is None else body
        self.meta.expect_request(path, method="POST").respond_with_json(answer, status=status)

    def post(self, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        request = {
            "conversation_id": str(self.conversation_id),
            "type": "text",
            "text": {"body": "Hola"},
            **(body or {}),
        }
        event = make_event("POST", PATH, request, headers={"authorization": f"Bearer {self.token}", **headers})
        answer = handler.lambda_handler(event, LambdaContext())
        return answer["statusCode"], json.loads(answer["body"])

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
        practice = Practice(supabase, clinic, db, httpserver)
        practice.meta_answers()
        yield practice


def test_a_message_leaves_with_our_reference_and_becomes_a_sent_row(practice: Practice) -> None:
    status, told = practice.post()

    row = find(practice.db, "marketing_messages", told["message_id"])
    assert (status, told["status"], told["wamid"]) == (201, "sent", row["external_id"])
    assert (row["status"], row["sender"], row["actor_id"]) == ("sent", "professional", practice.clinic.professional_id)
    assert practice.sent[0]["biz_opaque_callback_data"] == told["message_id"]
    assert practice.sent[0]["to"] == "+5491155550100"
    assert practice.meta.log[0][0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_person_who_writes_silences_the_assistant(practice: Practice) -> None:
    practice.post()

    conversation = find(practice.db, "marketing_conversations", practice.conversation_id)
    assert (conversation["ai_enabled"], conversation["handoff_reason"]) == (False, "human_reply")
    (audit,) = rows(
        practice.db, "marketing_audit_logs", action="conversation.handed_over", entity_id=practice.conversation_id
    )
    assert audit["correlation_id"] == "request-1"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, {"error": {"code": 131000, "message": "Something went wrong"}}, (202, None, "unknown")),
        (200, {"unexpected": True}, (202, None, "unknown")),
        (400, {"error": {"code": 131056, "message": "pair"}}, (429, "rate_limited", "failed")),
        (400, {"error": {"code": 131047, "message": "window"}}, (409, "service_window_closed", "failed")),
        (401, {"error": {"code": 190, "message": "expired"}}, (409, "channel_disconnected", "failed")),
        (400, {"error": {"code": 131026, "message": "undeliverable"}}, (502, "meta_error", "failed")),
    ],
)
def test_every_answer_of_meta_becomes_what_the_contract_says(
    practice: Practice, status: int, body: dict[str, Any], expected: tuple[int, str | None, str]
) -> None:
    practice.meta_answers(status, body)

    answered, told = practice.post()

    (row,) = rows(practice.db, "marketing_messages", conversation_id=practice.conversation_id, direction="outbound")
    assert (answered, told.get("code"), row["status"]) == expected
    assert len(practice.meta.log) == 1, "never sent again"


def test_a_dead_token_takes_the_channel_out_with_an_alert_and_the_next_send_does_not_reach_meta(
    practice: Practice,
) -> None:
    practice.meta_answers(401, {"error": {"code": 190, "error_subcode": 460, "message": "password changed"}})
    practice.post()
    practice.meta.clear_log()

    status, told = practice.post()

    assert (status, told["code"]) == (409, "channel_disconnected")
    assert find(practice.db, "marketing_channels", practice.clinic.channel_id)["status"] == "reauth_required"
    alerts = rows(practice.db, "marketing_alerts", professional_id=practice.clinic.professional_id)
    assert "critical" in [alert["severity"] for alert in alerts]
    assert practice.meta.log == []


def test_the_same_key_at_the_same_time_is_one_message(practice: Practice) -> None:
    # One container serves one request at a time; what races is the store.
    answers = [practice.post(**{"idempotency-key": "k1"}) for _ in range(3)]

    assert {status for status, _ in answers} == {201}
    assert len({told["message_id"] for _, told in answers}) == 1
    assert len(practice.sent) == 1


def test_of_many_containers_with_the_same_key_one_sends(practice: Practice) -> None:
    stores = [wiring.idempotency(practice.clinic.professional_id) for _ in range(8)]

    def claim(number: int) -> str:
        try:
            return type(stores[number].claim("POST /x", "k", "hash", lease_seconds=60)).__name__
        except Exception as error:  # noqa: BLE001 - which one is what is asserted
            return type(error).__name__

    with ThreadPoolExecutor(8) as containers:
        outcomes = list(containers.map(claim, range(8)))

    assert sorted(outcomes) == ["IdempotencyInProgress"] * 7 + ["UUID"]


def test_another_professionals_conversation_and_channel_do_not_exist(practice: Practice) -> None:
    stranger = make_clinic(practice.db)
    foreign = make_conversation(practice.db, stranger)

    by_conversation = practice.post({"conversation_id": str(foreign)})
    to = {"conversation_id": None, "channel_id": str(stranger.channel_id), "to": {"phone": "+5491155550100"}}
    by_channel = practice.post(to)

    assert (by_conversation[0], by_conversation[1]["code"]) == (404, "conversation_not_found")
    assert (by_channel[0], by_channel[1]["code"]) == (404, "channel_not_found")
    assert practice.sent == []


def test_a_number_that_never_wrote_has_not_agreed_to_anything(practice: Practice) -> None:
    to = {"conversation_id": None, "channel_id": str(practice.clinic.channel_id), "to": {"phone": "+5491155550999"}}

    status, told = practice.post(to)

    assert (status, told["code"]) == (403, "consent_required")


def test_a_receptionist_writes_for_the_team_and_is_the_actor(practice: Practice) -> None:
    user_id = uuid4()
    insert(practice.db, "auth.users", id=user_id, email=f"{user_id}@example.com")
    member = {"professional_id": practice.clinic.professional_id, "user_id": user_id, "role": "reception"}
    member_id = insert(practice.db, "professional_members", **member)["id"]
    practice.token = practice.supabase.mint(user_id)
    team = {"x-professional-id": str(practice.clinic.professional_id)}

    status, told = practice.post(**team)
    update(practice.db, "professional_members", member_id, revoked_at="2026-11-01")
    after_revocation, _ = practice.post(**team)

    assert status == 201
    assert find(practice.db, "marketing_messages", told["message_id"])["actor_id"] == user_id
    assert after_revocation == 404


def test_without_a_token_nothing_is_told(practice: Practice) -> None:
    practice.token = "forged"

    status, told = practice.post()

    assert (status, told["code"]) == (401, "unauthenticated")
    assert practice.sent == []
