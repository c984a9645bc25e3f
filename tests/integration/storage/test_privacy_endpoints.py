"""Export, erasure, steering and Meta's callbacks, whole: function, real store, real bucket, a real person's token."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx
import pytest
from storage3.exceptions import StorageApiError

from conversations import handler as conversations
from dentalist.services import export_contact as exporting
from dentalist.storage.contact_files import SupabaseContactFiles
from dentalist.storage.database import Database
from meta_callbacks import handler as meta_callbacks
from tests.builders import LambdaContext, make_event
from tests.database.outbound_builders import Connection, find, insert, rows, update
from tests.database.privacy_builders import Known, export, found_in, make_known
from tests.database.stack import SupabaseServer
from tests.integration.storage.containers import container
from tests.unit.services.test_meta_callbacks import signed

APP_SECRET = "app-secret"
PUBLIC = "https://api.example.com"
BUCKET = "marketing-assets"


class Practice:
    """A clinic that knows the contact, with their files in the bucket."""

    def __init__(self, supabase: SupabaseServer, db: Connection) -> None:
        self.supabase, self.db = supabase, db
        self.known: Known = make_known(db)
        self.bucket = supabase.service().storage.from_(BUCKET)
        self.paths = sorted({f"{self.id}/outbound/radiografia.pdf", *self._inbound()})
        for path in self.paths:
            self.bucket.upload(path, path.encode())

    @property
    def id(self) -> UUID:
        return self.known.office.id

    def ask(
        self, method: str, step: str, body: Any = None, *, user_id: UUID | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        path = f"/api/marketing/conversations/{self.known.conversation}/{step}"
        token = self.supabase.mint(user_id or self.id)
        event = make_event(method, path, body, headers={"authorization": f"Bearer {token}", **headers})
        answer = conversations.lambda_handler(event, LambdaContext())
        return answer["statusCode"], json.loads(answer["body"])

    def member(self, role: str) -> dict[str, Any]:
        """Somebody of the team, as ``ask`` takes them."""
        user_id = uuid4()
        insert(self.db, "auth.users", id=user_id, email=f"{user_id}@example.com")
        insert(self.db, "professional_members", professional_id=self.id, user_id=user_id, role=role)
        return {"user_id": user_id, "x-professional-id": str(self.id)}

    def lying(self) -> list[str]:
        """The files of the contact that are still there."""
        query = "select name from storage.objects where name like %s order by 1"
        return [row["name"] for row in self.db.execute(query, [f"{self.id}/%"]).fetchall()]

    def stored_messages(self) -> int:
        return len(rows(self.db, "marketing_messages", professional_id=self.id))

    def _inbound(self) -> list[str]:
        return [
            row["storage_path"]
            for row in rows(self.db, "marketing_messages", professional_id=self.id)
            if row["storage_path"]
        ]


@pytest.fixture
def practice(supabase: SupabaseServer, db: Connection) -> Iterator[Practice]:
    app = {
        "META_APP_SECRET": APP_SECRET,
        "INSTAGRAM_APP_SECRET": "",
        "WEBHOOK_PUBLIC_URL": PUBLIC,
    }
    with container(supabase, **app):
        yield Practice(supabase, db)


# ---- export ----------------------------------------------------------------------------------------------------------


def test_the_owner_gets_everything_with_links_that_work(practice: Practice) -> None:
    status, told = practice.ask("GET", "export")

    assert status == 200
    assert len(told["messages"]) == practice.stored_messages()
    links = {item["storage_path"]: item["url"] for item in told["files"]}
    assert sorted(links) == practice.paths
    assert {path: httpx.get(url).content for path, url in links.items()} == {
        path: path.encode() for path in practice.paths
    }


def test_a_large_export_is_handed_out_by_a_link_and_goes_with_an_erasure(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting.export_contact, "__kwdefaults__", {"most_bytes": 1000})

    status, told = practice.ask("GET", "export")

    assert (status, told["expires_in"]) == (200, 900)
    assert len(httpx.get(told["download_url"]).json()["messages"]) == practice.stored_messages()
    assert f"{practice.id}/exports/{practice.known.conversation}.json" in practice.lying()
    practice.ask("POST", "erase")
    assert httpx.get(told["download_url"]).status_code == 400
    assert practice.lying() == []


def test_only_the_owner_reaches_an_exported_document_with_their_own_session(practice: Practice) -> None:
    path, reception = f"{practice.id}/exports/{uuid4()}.json", practice.member("reception")
    practice.bucket.upload(path, b"{}")

    def bucket_of(user_id: UUID) -> Any:
        return practice.supabase.client(practice.supabase.mint(user_id)).storage.from_(BUCKET)

    assert bucket_of(practice.id).download(path) == b"{}"
    assert bucket_of(reception["user_id"]).download(practice.paths[0]) == practice.paths[0].encode()
    with pytest.raises(StorageApiError):
        bucket_of(reception["user_id"]).download(path)


# ---- erasure ---------------------------------------------------------------------------------------------------------


def test_an_erased_contact_is_neither_in_the_store_nor_in_the_bucket(practice: Practice) -> None:
    assert practice.lying() == practice.paths

    status, told = practice.ask("POST", "erase")

    assert (status, told["status"]) == (202, "completed")
    assert practice.lying() == []
    own = {table: [hit for hit in hits if str(practice.id) in hit] for table, hits in found_in(practice.db).items()}
    assert {table for table, hits in own.items() if hits} == {"patients", "appointments"}
    assert {item["what"] for item in told["receipt"]["kept"]} == {
        "patients",
        "appointments",
        "consent",
        "audit",
        "suppressions",
    }


def test_asking_again_answers_the_same_and_the_conversation_is_gone(practice: Practice) -> None:
    first = practice.ask("POST", "erase")

    assert practice.ask("POST", "erase") == first
    assert practice.ask("GET", "export")[0] == 404
    assert practice.ask("POST", "takeover")[0] == 404


def test_another_clinic_and_other_roles_erase_nothing(practice: Practice) -> None:
    stranger = make_known(practice.db).office.id

    assert practice.ask("POST", "erase", user_id=stranger)[0] == 404
    assert practice.ask("POST", "erase", **practice.member("reception"))[0] == 403
    assert practice.lying() == practice.paths
    practice.ask("POST", "erase")
    assert practice.ask("POST", "erase", user_id=stranger)[0] == 404


def test_both_work_while_marketing_is_disabled(practice: Practice) -> None:
    update(practice.db, "professionals", practice.id, marketing_enabled=False)

    assert practice.ask("POST", "takeover")[1]["code"] == "feature_disabled"
    assert practice.ask("GET", "export")[0] == 200
    assert practice.ask("POST", "erase")[0] == 202


def test_an_export_in_the_middle_of_an_erasure_leaves_no_trace(practice: Practice) -> None:
    exported = export(practice.db, practice.known.office, practice.known.conversation)
    practice.ask("POST", "erase")

    assert exported["outcome"] == "exported"
    assert practice.lying() == []


def test_files_that_are_not_there_any_more_are_gone_already(practice: Practice) -> None:
    practice.bucket.remove(practice.paths)

    assert practice.ask("POST", "erase")[1]["status"] == "completed"


def test_nobody_s_files_are_reached_through_another_professional(practice: Practice, store: Database) -> None:
    other = SupabaseContactFiles(practice.supabase.url, practice.supabase.secret_key, uuid4(), http=store.http)

    other.remove(practice.paths)

    assert other.links(practice.paths) == {}
    assert practice.lying() == practice.paths


# ---- steering --------------------------------------------------------------------------------------------------------


def test_reception_takes_over_gives_back_and_reads(practice: Practice) -> None:
    reception = practice.member("reception")
    practice.ask("POST", "resume", **reception)

    taken = practice.ask("POST", "takeover", **reception)
    given = practice.ask("POST", "resume", **reception)
    read = practice.ask("POST", "read", **reception)

    assert (taken[0], taken[1]["ai_enabled"], taken[1]["handoff_reason"]) == (200, False, "human_takeover")
    assert (given[0], given[1]["ai_enabled"], given[1]["handoff_reason"]) == (200, True, None)
    assert (read[0], read[1]["unread_count"]) == (200, 0)
    audits = rows(practice.db, "marketing_audit_logs", actor_id=reception["user_id"])
    assert [audit["action"] for audit in audits] == [
        "conversation.resumed",
        "conversation.handed_over",
        "conversation.resumed",
    ]


def test_a_consent_is_in_the_ledger_with_whoever_wrote_it_down(practice: Practice) -> None:
    reception = practice.member("reception")
    asked = {"scope": "marketing", "action": "withdrawn", "source": "phone"}

    status, told = practice.ask("POST", "consent", asked, **reception)

    assert (status, told["consent"]) == (200, {"care": True, "marketing": False})
    recorded = rows(practice.db, "marketing_consent_events", professional_id=practice.id, source="phone")
    assert {(event["contact_kind"], event["actor_id"]) for event in recorded} == {
        ("phone", reception["user_id"]),
        ("user_id", reception["user_id"]),
    }
    assert find(practice.db, "patients", practice.known.patient)["whatsapp_opt_in"] is False


# ---- Meta's callbacks ------------------------------------------------------------------------------------------------


def call_back(path: str, user_id: str) -> tuple[int, dict[str, Any]]:
    payload = {"algorithm": "HMAC-SHA256", "issued_at": int(datetime.now(UTC).timestamp()), "user_id": user_id}
    form = base64.b64encode(urlencode({"signed_request": signed(payload, APP_SECRET)}).encode()).decode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    event = {**make_event("POST", path, form, headers=headers), "isBase64Encoded": True}
    answer = meta_callbacks.lambda_handler(event, LambdaContext())
    return answer["statusCode"], json.loads(answer["body"])


def test_a_removed_app_takes_the_tokens_along(practice: Practice) -> None:
    user_id, credential = uuid4().hex, practice.known.office.clinic.credential_id
    update(
        practice.db,
        "marketing_channel_credentials",
        credential,
        meta_user_id=user_id,
        access_token_encrypted="v1.token",
    )

    assert call_back("/api/meta/deauthorize", user_id)[0] == 200

    row = find(practice.db, "marketing_channel_credentials", credential)
    assert (row["access_token_encrypted"], row["status_reason"]) == (None, "app_removed")
    (alert,) = rows(practice.db, "marketing_alerts", professional_id=practice.id, kind="channel_dead")
    assert alert["message"].strip()


def test_a_deletion_is_carried_out_and_shown(practice: Practice) -> None:
    user_id, credential = uuid4().hex, practice.known.office.clinic.credential_id
    update(practice.db, "marketing_channel_credentials", credential, meta_user_id=user_id)

    first, again = (call_back("/api/meta/data-deletion", user_id) for _ in range(2))

    assert first == again
    assert find(practice.db, "marketing_channel_credentials", credential)["status"] == "disconnected"
    path = first[1]["url"].removeprefix(PUBLIC)
    page = meta_callbacks.lambda_handler(make_event("GET", path), LambdaContext())
    assert (page["statusCode"], "Completado" in page["body"]) == (200, True)
    assert first[1]["confirmation_code"] in page["body"]
