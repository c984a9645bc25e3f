"""What Meta's callbacks do to the accounts that a person linked."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.database.inbound_builders import Office, make_instagram, make_office, make_second_number, write
from tests.database.outbound_builders import (
    Connect,
    Connection,
    Row,
    answer_of_ai,
    claim,
    find,
    insert,
    race,
    rows,
    rpc,
    update,
    utc_now,
)
from tests.database.privacy_builders import found_in

ANA, BRUNO = "10200000000000901", "10200000000000902"
SENTENCES = {"whatsapp": "Volvé a vincular el número.", "instagram": "Volvé a vincular la cuenta."}
SECRETS = {
    "access_token_encrypted": "v1.token",
    "refresh_token_encrypted": "v1.refresh",
    "registration_pin_encrypted": "v1.pin",
}


@pytest.fixture
def office(db: Connection) -> Office:
    """A clinic whose number was linked by Ana, an hour ago."""
    office = make_office(db)
    link(db, office, ANA)
    return office


def link(db: Connection, office: Office, user_id: str, at: datetime | None = None) -> None:
    issued_at = at or utc_now() - timedelta(hours=1)
    linked = {"meta_user_id": user_id, "token_issued_at": issued_at, "scopes": "{a,b}", "token_expires_at": utc_now()}
    update(db, "marketing_channel_credentials", office.clinic.credential_id, **SECRETS, **linked)
    told = {"display_name": "Dra. Ana Sosa", "display_phone_number": "+5491150320001", "quality_rating": "GREEN"}
    update(db, "marketing_channels", office.channel_id, **told, messaging_limit="TIER_1K")


def deauthorize(db: Connection, user_id: str = ANA, at: datetime | None = None) -> int:
    arguments = {"user_id": user_id, "issued_at": at or utc_now(), "sentences": SENTENCES}
    return int(rpc(db, "deauthorize_meta_user", **arguments)["channels"])


def forget(db: Connection, user_id: str = ANA, at: datetime | None = None) -> str:
    return str(rpc(db, "forget_meta_user", user_id=user_id, issued_at=at or utc_now())["confirmation_code"])


def credential_of(db: Connection, office: Office) -> Row:
    return find(db, "marketing_channel_credentials", office.clinic.credential_id)


def secrets_of(db: Connection, office: Office) -> set[str]:
    row = credential_of(db, office)
    return {name for name in SECRETS if row[name] is not None}


# ---- deauthorization -------------------------------------------------------------------------------------------------


def test_the_tokens_of_whoever_removed_the_app_are_gone_and_the_owner_is_told(db: Connection, office: Office) -> None:
    assert deauthorize(db) == 1

    credential = credential_of(db, office)
    assert secrets_of(db, office) == set()
    assert (credential["status"], credential["status_reason"]) == ("reauth_required", "app_removed")
    assert find(db, "marketing_channels", office.channel_id)["status"] == "reauth_required"
    (alert,) = rows(db, "marketing_alerts", kind="channel_dead")
    assert (alert["severity"], alert["message"]) == ("critical", SENTENCES["whatsapp"])
    (audit,) = rows(db, "marketing_audit_logs", action="channel.deauthorized")
    assert (audit["professional_id"], audit["entity_id"], audit["payload"]) == (office.id, office.channel_id, {})


def test_every_account_of_the_person_at_every_professional_is_meant(db: Connection, office: Office) -> None:
    second, elsewhere = make_second_number(db, office), make_office(db)
    instagram = find(db, "marketing_channels", make_instagram(db, office))
    update(db, "marketing_channel_credentials", instagram["credential_id"], meta_user_id=ANA, **SECRETS)
    for linked in (second, elsewhere):
        link(db, linked, ANA)

    assert deauthorize(db) == 4
    assert [secrets_of(db, linked) for linked in (office, second, elsewhere)] == [set()] * 3
    messages = {alert["message"] for alert in rows(db, "marketing_alerts", kind="channel_dead")}
    assert messages == set(SENTENCES.values())


def test_told_again_it_changes_nothing(db: Connection, office: Office) -> None:
    deauthorize(db)

    assert deauthorize(db) == 0
    assert len(rows(db, "marketing_alerts", kind="channel_dead")) == 1
    assert len(rows(db, "marketing_audit_logs", action="channel.deauthorized")) == 1


def test_nobody_else_s_accounts_are_touched(db: Connection, office: Office) -> None:
    other = make_office(db)
    link(db, other, BRUNO)

    assert deauthorize(db, "somebody else") == 0
    deauthorize(db)

    assert secrets_of(db, other) == set(SECRETS)
    assert credential_of(db, other)["status"] == "connected"


def test_nothing_is_sent_by_the_number_any_more(db: Connection, office: Office) -> None:
    conversation = write(db, office)
    deauthorize(db)

    assert claim(db, office.clinic, conversation, answer_of_ai()) == {
        "outcome": "refused",
        "code": "channel_disconnected",
    }


def test_a_callback_that_comes_after_the_account_was_linked_again_does_not_undo_it(
    db: Connection, office: Office
) -> None:
    removed_at = utc_now() - timedelta(minutes=10)
    link(db, office, ANA, at=utc_now())

    assert deauthorize(db, at=removed_at) == 0
    assert secrets_of(db, office) == set(SECRETS)


def test_an_account_that_was_linked_in_the_same_second_is_meant(db: Connection, office: Office) -> None:
    link(db, office, ANA, at=utc_now())

    assert deauthorize(db, at=utc_now().replace(microsecond=0)) == 1


# ---- deletion --------------------------------------------------------------------------------------------------------


def test_nothing_of_what_meta_told_about_the_person_is_left(db: Connection, office: Office) -> None:
    credential = credential_of(db, office)
    ids = (credential["external_business_id"], credential["phone_number_id"])
    insert(
        db,
        "marketing_templates",
        professional_id=office.id,
        channel_id=office.channel_id,
        external_id=ANA,
        name="recordatorio",
        language="es_AR",
        category="UTILITY",
        status="APPROVED",
    )

    forget(db)

    assert found_in(db, (ANA, "Dra. Ana Sosa", "5491150320001", "v1.token", "v1.refresh", "v1.pin", *ids)) == {}
    gone = find(db, "marketing_channels", office.channel_id)
    assert gone["status"] == credential_of(db, office)["status"] == "disconnected"
    assert (gone["quality_rating"], gone["messaging_limit"]) == (None, None)
    assert credential_of(db, office)["external_business_id"].startswith("erased:")
    assert len(rows(db, "marketing_templates", channel_id=office.channel_id)) == 1


def test_the_clinic_s_conversations_stay(db: Connection, office: Office) -> None:
    conversation = write(db, office, "Hola")

    forget(db)

    assert find(db, "marketing_conversations", conversation)["channel_id"] == office.channel_id
    assert len(rows(db, "marketing_messages", conversation_id=conversation)) == 1


def test_the_owner_is_told_why_the_account_is_off(db: Connection, office: Office) -> None:
    forget(db)

    (alert,) = rows(db, "marketing_alerts", professional_id=office.id)
    assert (alert["kind"], alert["severity"], alert["acknowledged_at"]) == ("channel_dead", "critical", None)
    assert "pidió en Meta" in alert["message"]
    (audit,) = rows(db, "marketing_audit_logs", action="channel.disconnected")
    assert audit["payload"]["reason"] == "meta_data_deletion"


def test_the_same_person_gets_the_same_code_and_others_get_others(db: Connection, office: Office) -> None:
    first = forget(db)

    assert forget(db) == first
    assert forget(db, BRUNO) != first
    assert len(first) == 32
    assert rpc(db, "find_data_deletion", code=first)["accounts"] == 1


def test_somebody_who_never_linked_anything_gets_a_code_too(db: Connection) -> None:
    code = forget(db, "stranger")

    told = rpc(db, "find_data_deletion", code=code)
    assert (told["status"], told["accounts"]) == ("completed", 0)


def test_a_code_of_nobody_s_and_one_of_an_erasure_show_nothing(db: Connection, office: Office) -> None:
    conversation = write(db, office)
    rpc(db, "erase_contact", professional_id=office.id, conversation_id=conversation, actor_id=uuid4())
    (erasure,) = rows(db, "marketing_data_requests", kind="contact_erasure")

    assert rpc(db, "find_data_deletion", code="f" * 32) is None
    assert rpc(db, "find_data_deletion", code=erasure["confirmation_code"]) is None


def test_the_request_keeps_a_hash_of_the_person(db: Connection, office: Office) -> None:
    forget(db)

    (request,) = rows(db, "marketing_data_requests")
    assert len(request["subject_hash"]) == 64
    assert ANA not in str(request)


def test_what_is_linked_after_a_request_is_covered_by_the_next(db: Connection, office: Office) -> None:
    code = forget(db)
    again = make_office(db)
    link(db, again, ANA)

    assert forget(db) == code
    assert secrets_of(db, again) == set()
    assert rpc(db, "find_data_deletion", code=code)["accounts"] == 2


def test_a_deauthorization_and_a_deletion_at_once_are_both_done(
    db: Connection, connect: Connect, office: Office
) -> None:
    race(connect, [deauthorize, forget, deauthorize, forget])

    assert secrets_of(db, office) == set()
    assert credential_of(db, office)["status"] == "disconnected"
    assert len(rows(db, "marketing_data_requests")) == 1
