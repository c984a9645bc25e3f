"""The channels and templates functions over the real store, with a server in the place of Meta and of every model."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from pytest_httpserver import HTTPServer

from channels import handler as channels
from dentalist.outbound.aws.keys import KeyService
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database
from templates import handler as templates
from tests.builders import LambdaContext, make_event
from tests.database.outbound_builders import Clinic, find, insert, make_clinic, update
from tests.database.stack import SupabaseServer
from tests.integration.storage.containers import container

Connection = psycopg.Connection[dict[str, Any]]
CHANNELS, TEMPLATES = "/api/marketing/channels", "/api/marketing/templates"
KEY, TOKEN = "sk-canary-0123456789", "EAAG-canary-token"
COMPLETION = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}]}


class Practice:
    """Two clinics on one stack, each with a number; the first one's people use the dashboard."""

    def __init__(self, supabase: SupabaseServer, db: Connection, clinic: Clinic, server: HTTPServer) -> None:
        self.supabase, self.db, self.clinic, self.server = supabase, db, clinic, server
        self.stranger = make_clinic(db)
        self.waba_id = str(find(db, "marketing_channel_credentials", clinic.credential_id)["external_business_id"])

    def asks(
        self, method: str, path: str, body: Any = None, *, by: UUID | None = None, query: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        owner_id = self.clinic.professional_id
        token = self.supabase.mint(by or owner_id)
        headers = {"authorization": f"Bearer {token}", "x-professional-id": str(owner_id)}
        event = make_event(method, path, body, headers=headers)
        event["queryStringParameters"] = query
        function = channels if path.startswith(CHANNELS) else templates
        answer = function.lambda_handler(event, LambdaContext())
        return answer["statusCode"], json.loads(answer["body"]) if answer.get("body") else None

    def member(self, role: str) -> UUID:
        user_id = uuid4()
        insert(self.db, "auth.users", id=user_id, email=f"{user_id}@example.com")
        insert(
            self.db,
            "professional_members",
            professional_id=self.clinic.professional_id,
            user_id=user_id,
            role=role,
        )
        return user_id

    @property
    def path(self) -> str:
        return f"{CHANNELS}/{self.clinic.channel_id}"

    @property
    def credential(self) -> dict[str, Any]:
        return find(self.db, "marketing_channel_credentials", self.clinic.credential_id)


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
    server = httpserver.url_for("").rstrip("/")
    providers = {
        "META_APP_ID": "900000000000001",
        "META_APP_SECRET": "app-secret",
        "GOOGLE_CLIENT_ID": "g",
        "GOOGLE_CLIENT_SECRET": "g",
        "WEBHOOK_PUBLIC_URL": server,
        **dict.fromkeys(("WHATSAPP_API_BASE_URL", "INSTAGRAM_API_BASE_URL"), server),
        **dict.fromkeys(("GOOGLE_API_BASE_URL", "GOOGLE_OAUTH_BASE_URL"), server),
        "OPENAI_BASE_URL": f"{server}/openai/v1",
    }
    credentials = Credentials(store, keys)
    sealed = credentials.seal_access_token(
        clinic.professional_id, clinic.credential_id, channel="whatsapp", token=TOKEN
    )
    update(db, "marketing_channel_credentials", clinic.credential_id, access_token_encrypted=sealed)
    with container(supabase, credentials=credentials, **providers):
        yield Practice(supabase, db, clinic, httpserver)


def test_every_role_lists_the_clinics_own_channels_and_only_the_owner_sees_settings(practice: Practice) -> None:
    _, owners = practice.asks("GET", CHANNELS)
    status, members = practice.asks("GET", CHANNELS, by=practice.member("reception"))

    assert status == 200
    for listed in (owners, members):
        assert [item["id"] for item in listed["items"]] == [str(practice.clinic.channel_id)]
    assert "ai_enabled" in owners["items"][0]
    assert "ai_enabled" not in members["items"][0]


def test_a_key_is_tried_stored_sealed_and_never_shown(practice: Practice) -> None:
    practice.server.expect_request("/openai/v1/chat/completions").respond_with_json(COMPLETION)
    chosen = {"ai_provider": "openai", "ai_model": "gpt-5-mini", "ai_api_key": KEY}

    status, told = practice.asks("PATCH", practice.path, chosen)

    assert (status, told["has_own_key"], told["ai_model"]) == (200, True, "gpt-5-mini")
    assert [request.headers["Authorization"] for request, _ in practice.server.log] == [f"Bearer {KEY}"]
    dump = practice.db.execute(
        "select jsonb_agg(credential)::text as rows, (select jsonb_agg(entry)::text from marketing_audit_logs entry)"
        " as audit from marketing_channel_credentials credential"
    ).fetchone()
    assert dump is not None
    assert practice.credential["ai_api_key_encrypted"] in dump["rows"]
    assert "canary" not in json.dumps([told, dump, practice.asks("GET", CHANNELS)], default=str)


def test_a_refused_key_leaves_everything_as_it_was(practice: Practice) -> None:
    practice.server.expect_request("/openai/v1/chat/completions").respond_with_json({"error": {}}, status=401)
    before = practice.credential

    status, told = practice.asks(
        "PATCH", practice.path, {"ai_provider": "openai", "ai_model": "m", "ai_api_key": KEY, "ai_enabled": False}
    )

    assert (status, told["code"]) == (422, "ai_key_refused")
    assert practice.credential == before
    assert find(practice.db, "marketing_channels", practice.clinic.channel_id)["ai_enabled"] is True


@pytest.mark.parametrize(("method", "suffix"), [("PATCH", ""), ("POST", "/refresh"), ("POST", "/test"), ("DELETE", "")])
def test_another_tenants_channel_is_not_found(practice: Practice, method: str, suffix: str) -> None:
    foreign = f"{CHANNELS}/{practice.stranger.channel_id}{suffix}"

    status, told = practice.asks(method, foreign, {"ai_enabled": False} if method == "PATCH" else None)

    assert (status, told["code"]) == (404, "channel_not_found")
    row = find(practice.db, "marketing_channels", practice.stranger.channel_id)
    assert (row["status"], row["ai_enabled"]) == ("connected", True)
    assert practice.server.log == []


def test_disconnecting_works_and_erases_although_the_feature_was_switched_off(practice: Practice) -> None:
    practice.db.execute(
        "update professionals set marketing_enabled = false where id = %s", [practice.clinic.professional_id]
    )
    practice.server.expect_request(f"/v25.0/{practice.waba_id}/subscribed_apps").respond_with_json({"success": True})

    assert practice.asks("GET", CHANNELS)[0] == 403
    status, told = practice.asks("DELETE", practice.path)

    assert (status, told) == (204, None)
    row = practice.credential
    assert (row["status"], row["access_token_encrypted"], row["ai_api_key_encrypted"]) == ("disconnected", None, None)
    assert find(practice.db, "marketing_channel_credentials", practice.stranger.credential_id)["status"] == "connected"


def test_the_standard_set_is_submitted_kept_and_listed(practice: Practice) -> None:
    at_meta = f"/v25.0/{practice.waba_id}/message_templates"
    practice.server.expect_request(at_meta, method="GET").respond_with_json({"data": []})
    practice.server.expect_request(at_meta, method="POST").respond_with_json(
        {"id": "1689556908120004", "status": "PENDING", "category": "UTILITY"}
    )
    named = {"channel_id": str(practice.clinic.channel_id)}

    status, told = practice.asks("POST", TEMPLATES, {**named, "standard": True})

    assert status == 201
    assert [item["outcome"] for item in told["items"]] == ["submitted"] * 5
    status, listed = practice.asks("GET", TEMPLATES, query=named, by=practice.member("marketing"))
    assert (status, listed["proposed"]) == (200, [])
    assert {(item["status"], item["standard"]) for item in listed["items"]} == {("PENDING", True)}
    assert {request.headers["Authorization"] for request, _ in practice.server.log} == {f"Bearer {TOKEN}"}


def test_another_tenants_templates_are_not_found(practice: Practice) -> None:
    named = {"channel_id": str(practice.stranger.channel_id)}

    answers = [
        practice.asks("GET", TEMPLATES, query=named),
        practice.asks("POST", TEMPLATES, {**named, "standard": True}),
        practice.asks("POST", f"{TEMPLATES}/sync", named),
    ]

    assert [(status, told["code"]) for status, told in answers] == [(404, "channel_not_found")] * 3
    assert practice.server.log == []
