"""Taking an account off: nothing secret stays, nothing waits, and everything else does."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database.accounts_builders import (
    SECRETS,
    audited,
    calendar,
    channel_of,
    credential_of,
    disconnect,
    instagram,
    link,
    linked,
    make_professional,
    mark,
    number,
    open_alerts,
)
from tests.database.outbound_builders import (
    Clinic,
    Connection,
    answer_of_ai,
    claim,
    find,
    make_conversation,
    rows,
    settle,
    snapshot,
    text_of_person,
    update,
    utc_now,
)

WABA = "210987654300050"


@pytest.fixture
def ana(db: Connection) -> UUID:
    return make_professional(db)


@pytest.fixture
def clinic(db: Connection, ana: UUID) -> Clinic:
    clinic = linked(db, ana, number(refresh_token_encrypted="v1.refresh"))
    update(db, "marketing_channel_credentials", clinic.credential_id, ai_api_key_encrypted="v1.llm")
    return clinic


def test_every_secret_of_the_account_is_erased_and_the_account_remembered(db: Connection, clinic: Clinic) -> None:
    assert None not in [credential_of(db, clinic)[column] for column in SECRETS]

    assert disconnect(db, clinic, "data_deletion") == {"outcome": "disconnected", "siblings": 0}

    credential = credential_of(db, clinic)
    assert {column: credential[column] for column in SECRETS} == dict.fromkeys(SECRETS)
    assert (credential["status"], credential["status_reason"]) == ("disconnected", "data_deletion")
    assert credential["token_expires_at"] is None
    assert channel_of(db, clinic)["status"] == "disconnected"
    assert (credential["external_business_id"], credential["phone_number_id"]) == (WABA, clinic.phone_number_id)
    (audit,) = rows(db, "marketing_audit_logs", action="channel.disconnected")
    assert audit["actor_id"] == clinic.professional_id
    assert audit["payload"]["reason"] == "data_deletion"


def test_every_encrypted_column_is_erased(db: Connection, clinic: Clinic) -> None:
    """Also one that a later migration adds."""
    disconnect(db, clinic)

    credential = credential_of(db, clinic)
    assert [name for name, value in credential.items() if name.endswith("_encrypted") and value is not None] == []


def test_taking_off_twice_changes_nothing_more(db: Connection, clinic: Clinic) -> None:
    disconnect(db, clinic)
    before = snapshot(db)

    assert disconnect(db, clinic, "other") == {"outcome": "unchanged", "siblings": 0}
    assert snapshot(db) == before


@pytest.mark.parametrize("status", ["pending", "reauth_required", "restricted"])
def test_a_dead_account_can_be_taken_off(db: Connection, clinic: Clinic, status: str) -> None:
    mark(db, clinic, status, "permission")

    assert disconnect(db, clinic)["outcome"] == "disconnected"
    assert open_alerts(db) == []


def test_siblings_are_the_other_live_numbers_of_the_account_whoevers(db: Connection, ana: UUID, clinic: Clinic) -> None:
    bruno = make_professional(db)
    second, theirs = linked(db, ana, number("31002")), linked(db, bruno, number("31003"))
    linked(db, ana, number("31004", waba_id="another"))
    linked(db, ana, instagram(WABA))
    disconnect(db, linked(db, ana, number("31005")))
    mark(db, second, "reauth_required", "token_expired")

    assert disconnect(db, clinic)["siblings"] == 2
    assert disconnect(db, theirs)["siblings"] == 1
    assert disconnect(db, second)["siblings"] == 0


@pytest.mark.parametrize(("others_name", "siblings"), [("ana@example.com", 1), (None, 1), ("bruno@example.com", 0)])
def test_a_calendar_that_may_be_of_the_same_google_account_is_a_sibling(
    db: Connection, ana: UUID, others_name: str | None, siblings: int
) -> None:
    mine = linked(db, ana, calendar(None, display_name="ana@example.com"))
    linked(db, make_professional(db), calendar(None, display_name=others_name))
    gone = linked(db, make_professional(db), calendar(None, display_name="ana@example.com"))

    assert disconnect(db, gone)["siblings"] == 1 + siblings
    assert disconnect(db, mine)["siblings"] == siblings


def test_an_automatic_message_that_waits_is_given_up(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    waiting = claim(db, clinic, conversation, answer_of_ai())
    throttled = {"retry_at": utc_now().isoformat(), "error": {"code": 130429}}
    settle(db, clinic, waiting["message_id"], "throttled", **throttled)

    disconnect(db, clinic)

    message = find(db, "marketing_messages", waiting["message_id"])
    assert (message["status"], message["error"]) == ("failed", {"code": "channel_disconnected"})
    assert message["next_attempt_at"] is None
    assert "failed" in message["status_times"]


def test_a_message_that_is_with_meta_right_now_keeps_its_outcome(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    granted = claim(db, clinic, conversation, text_of_person())

    disconnect(db, clinic)

    assert find(db, "marketing_messages", granted["message_id"])["status"] == "sending"
    assert settle(db, clinic, granted["message_id"])["status"] == "sent"


def test_other_numbers_keep_their_waiting_messages_and_their_alerts(db: Connection, ana: UUID, clinic: Clinic) -> None:
    other = linked(db, ana, number("31002"))
    waiting = claim(db, other, make_conversation(db, other), answer_of_ai())
    settle(db, other, waiting["message_id"], "throttled", retry_at=utc_now().isoformat(), error={"code": 4})
    mark(db, other, "restricted", "restricted")

    disconnect(db, clinic)

    assert find(db, "marketing_messages", waiting["message_id"])["status"] == "sending"
    assert open_alerts(db) == [("channel_dead", "critical")]
    assert credential_of(db, other)["access_token_encrypted"] is not None


def test_another_professionals_account_cannot_be_taken_off(db: Connection, clinic: Clinic) -> None:
    bruno = make_professional(db)
    before = snapshot(db)

    for foreign in (Clinic(bruno, clinic.channel_id, clinic.credential_id, "x"), Clinic(bruno, uuid4(), uuid4(), "x")):
        assert disconnect(db, foreign) == {"outcome": "not_found"}
    assert snapshot(db) == before


def test_a_number_that_was_taken_off_may_go_to_somebody_else(db: Connection, ana: UUID, clinic: Clinic) -> None:
    disconnect(db, clinic)

    assert link(db, make_professional(db), number())["outcome"] == "linked"
    assert audited(db, ana) == ["channel.linked", "channel.disconnected"]
