"""Accounts as the API hands them to the store after OAuth, valid by default: a test names only what matters to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql

from tests.database.outbound_builders import Clinic, Connection, Row, find, insert, rows, rpc, utc_now

CALLBACK = "https://api.example.com/api/marketing/channels/oauth/callback"
NOW = utc_now().replace(microsecond=0)
SECRETS = (
    "access_token_encrypted",
    "refresh_token_encrypted",
    "registration_pin_encrypted",
    "ai_api_key_encrypted",
    "meta_user_id",
)


def make_professional(db: Connection, **overrides: Any) -> UUID:
    """A professional who has linked nothing."""
    professional_id = uuid4()
    insert(db, "auth.users", id=professional_id, email=f"{professional_id}@example.com")
    defaults = {"name": "Consultorio", "email": "a@example.com", "timezone": "America/Argentina/Buenos_Aires"}
    insert(db, "professionals", id=professional_id, **{**defaults, "marketing_enabled": True, **overrides})
    return professional_id


def make_member(db: Connection, professional_id: UUID, role: str = "owner", **overrides: Any) -> UUID:
    """Somebody of the professional's team."""
    user_id = uuid4()
    insert(db, "auth.users", id=user_id, email=f"{user_id}@example.com")
    insert(db, "professional_members", professional_id=professional_id, user_id=user_id, role=role, **overrides)
    return user_id


# ---- attempts --------------------------------------------------------------------------------------------------------


def begin(db: Connection, professional_id: UUID, state_hash: str = "hash", **overrides: Any) -> Row:
    """An owner begins to link a calendar."""
    arguments = {
        "id": uuid4(),
        "channel": "google_calendar",
        "actor_id": professional_id,
        "redirect_uri": CALLBACK,
        "code_verifier_encrypted": "v1.verifier",
        **overrides,
    }
    answer: Row = rpc(db, "create_oauth_state", professional_id=professional_id, state_hash=state_hash, **arguments)
    return answer


def claim_state(db: Connection, state_hash: str = "hash", **named: Any) -> Row:
    answer: Row = rpc(db, "claim_oauth_state", state_hash=state_hash, **named)
    return answer


# ---- links -----------------------------------------------------------------------------------------------------------


def number(phone_number_id: str = "310000000000500", waba_id: str = "210987654300050", **overrides: Any) -> Row:
    """A WhatsApp number whose access has been proven, for a row that does not exist yet."""
    defaults = {
        "credential_id": str(uuid4()),
        "channel": "whatsapp",
        "external_business_id": waba_id,
        "phone_number_id": phone_number_id,
        "meta_user_id": "122000000000001",
        "access_token_encrypted": "v1.new-token",
        "refresh_token_encrypted": None,
        "registration_pin_encrypted": "v1.new-pin",
        "token_kind": "user",
        "token_issued_at": NOW.isoformat(),
        "token_expires_at": (NOW + timedelta(days=60)).isoformat(),
        "data_access_expires_at": (NOW + timedelta(days=90)).isoformat(),
        "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
        "display_name": "Consultorio Ana",
        "display_phone_number": "+541150320500",
        "quality_rating": "GREEN",
        "messaging_limit": "TIER_1K",
        "throughput_per_second": 80,
        "on_phone_app": False,
    }
    return {**defaults, **overrides}


def instagram(account_id: str = "17841400000000500", **overrides: Any) -> Row:
    return number(
        channel="instagram",
        external_business_id=account_id,
        phone_number_id=None,
        registration_pin_encrypted=None,
        token_kind="instagram",
        **overrides,
    )


def calendar(calendar_id: str | None = "consultorio@example.com", **overrides: Any) -> Row:
    return number(
        channel="google_calendar",
        external_business_id=calendar_id,
        phone_number_id=None,
        registration_pin_encrypted=None,
        token_kind="google",
        **{"refresh_token_encrypted": "v1.refresh", **overrides},
    )


def places(db: Connection, professional_id: UUID, *accounts: Row) -> list[Row]:
    """What find_links says of accounts of one type."""
    keys = [{key: account[key] for key in ("external_business_id", "phone_number_id")} for account in accounts]
    answer: list[Row] = rpc(
        db, "find_links", professional_id=professional_id, channel=accounts[0]["channel"], accounts=keys
    )
    return answer


def link(db: Connection, professional_id: UUID, *accounts: Row) -> Row:
    """Link accounts as they are given, whatever their places."""
    answer: Row = rpc(
        db, "link_accounts", professional_id=professional_id, actor_id=professional_id, accounts=list(accounts)
    )
    return answer


def linked(db: Connection, professional_id: UUID, account: Row) -> Clinic:
    """Link one account, which has to work; answers it as the other builders know a clinic."""
    answer = link(db, professional_id, account)
    assert answer["outcome"] == "linked", answer
    channel_id = UUID(answer["channel_ids"][0])
    return Clinic(professional_id, channel_id, UUID(account["credential_id"]), account["phone_number_id"] or "")


def again(clinic: Clinic, account: Row, **overrides: Any) -> Row:
    """The same account, linked once more: sealed for the row it has."""
    return {**account, "credential_id": str(clinic.credential_id), **overrides}


def account_of(db: Connection, clinic: Clinic, **overrides: Any) -> Row:
    """The account of a clinic that another builder made, to be linked again."""
    credential = find(db, "marketing_channel_credentials", clinic.credential_id)
    key = {"phone_number_id": clinic.phone_number_id, "waba_id": credential["external_business_id"]}
    return number(**key, credential_id=str(clinic.credential_id), **overrides)


# ---- what is done with a linked one ----------------------------------------------------------------------------------


def mark(db: Connection, clinic: Clinic, status: str, reason: str | None, **told: Any) -> Row:
    answer: Row = rpc(
        db,
        "mark_channel",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        status=status,
        reason=reason,
        **told,
    )
    return answer


def disconnect(db: Connection, clinic: Clinic, reason: str = "requested") -> Row:
    answer: Row = rpc(
        db,
        "disconnect_channel",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        actor_id=clinic.professional_id,
        reason=reason,
    )
    return answer


def overview(db: Connection, professional_id: UUID) -> list[Row]:
    answer: list[Row] = rpc(db, "channel_overview", professional_id=professional_id)
    return answer


def credential_of(db: Connection, clinic: Clinic) -> Row:
    return find(db, "marketing_channel_credentials", clinic.credential_id)


def channel_of(db: Connection, clinic: Clinic) -> Row:
    return find(db, "marketing_channels", clinic.channel_id)


def open_alerts(db: Connection, **equals: Any) -> list[tuple[str, str]]:
    """Kind and severity of the alerts that nobody acknowledged; not the one with which linking a number ends."""
    found = [row for row in rows(db, "marketing_alerts", **equals) if row["kind"] != "test_alert"]
    return [(row["kind"], row["severity"]) for row in found if row["acknowledged_at"] is None]


def audited(db: Connection, professional_id: UUID) -> list[str]:
    return [row["action"] for row in rows(db, "marketing_audit_logs", professional_id=professional_id)]


def age(db: Connection, table: str, column: str, by: timedelta, where: UUID) -> None:
    """Make an instant of one row older."""
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    statement = sql.SQL("update {table} set {column} = {column} - %s where id = %s").format(**names)
    assert db.execute(statement, [by, where]).rowcount == 1


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
