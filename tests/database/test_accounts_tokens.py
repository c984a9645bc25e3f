"""Looking after tokens: what is worth a look, and putting a proven one in the place of another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dentalist.domain.accounts import LinkedAccount
from tests.database.accounts_builders import (
    NOW,
    age,
    audited,
    calendar,
    channel_of,
    credential_of,
    disconnect,
    instagram,
    linked,
    make_professional,
    mark,
    number,
)
from tests.database.outbound_builders import Clinic, Connection, Row, rows, rpc, snapshot

LATER = NOW + timedelta(days=30)


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return linked(db, make_professional(db), number(access_token_encrypted="v1.old"))


def linked_account(db: Connection, professional_id: UUID, channel_id: UUID) -> Row | None:
    answer: Row | None = rpc(db, "linked_account", professional_id=professional_id, channel_id=channel_id)
    return answer


def look_after(db: Connection, limit: int = 100, after: str | UUID | None = None) -> list[str]:
    found = rpc(db, "credentials_to_look_after", limit=limit, after=after)
    return [str(LinkedAccount.model_validate(row).credential_id) for row in found]


# ---- one account -----------------------------------------------------------------------------------------------------


def test_an_account_is_answered_in_the_shape_of_the_domain_without_its_secrets(db: Connection, clinic: Clinic) -> None:
    answer = linked_account(db, clinic.professional_id, clinic.channel_id)

    assert answer is not None
    assert set(answer) == set(LinkedAccount.model_fields)
    assert "v1." not in str(answer)
    account = LinkedAccount.model_validate(answer)
    assert (account.credential_id, account.channel_id) == (clinic.credential_id, clinic.channel_id)
    assert (account.professional_id, account.phone_number_id) == (clinic.professional_id, clinic.phone_number_id)
    assert (account.channel, account.status, account.token_kind) == ("whatsapp", "connected", "user")
    assert (account.token_issued_at, account.token_expires_at) == (NOW, NOW + timedelta(days=60))
    assert account.data_access_expires_at == NOW + timedelta(days=90)
    assert account.scopes == ("whatsapp_business_management", "whatsapp_business_messaging")
    assert (account.has_refresh_token, account.on_phone_app) == (False, False)


def test_a_calendar_says_that_it_can_renew_itself(db: Connection) -> None:
    clinic = linked(db, make_professional(db), calendar())

    account = LinkedAccount.model_validate(linked_account(db, clinic.professional_id, clinic.channel_id))

    assert account.has_refresh_token


def test_an_account_that_was_taken_off_says_so(db: Connection, clinic: Clinic) -> None:
    disconnect(db, clinic, "requested")

    account = LinkedAccount.model_validate(linked_account(db, clinic.professional_id, clinic.channel_id))

    assert (account.status, account.status_reason) == ("disconnected", "requested")


def test_another_professionals_account_is_nobodys(db: Connection, clinic: Clinic) -> None:
    assert linked_account(db, make_professional(db), clinic.channel_id) is None


# ---- the daily look --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason", "looked_after"),
    [
        ("connected", None, True),
        ("pending", "not_registered", True),
        ("restricted", "restricted", True),
        ("reauth_required", "checkpoint", True),
        ("reauth_required", "permission", True),
        ("reauth_required", "scope_missing", True),
        ("reauth_required", "not_registered", True),
        ("reauth_required", "not_subscribed", True),
        ("reauth_required", "token_expired", False),
        ("reauth_required", "password_changed", False),
        ("reauth_required", "app_removed", False),
        ("reauth_required", None, False),
    ],
)
def test_what_works_or_can_heal_is_worth_a_look(
    db: Connection, clinic: Clinic, status: str, reason: str | None, looked_after: bool
) -> None:
    mark(db, clinic, status, reason)

    assert look_after(db) == ([str(clinic.credential_id)] if looked_after else [])


def test_nobody_looks_after_what_was_taken_off(db: Connection, clinic: Clinic) -> None:
    disconnect(db, clinic)

    assert look_after(db) == []


def test_the_accounts_of_everybody_come_in_pages_without_gap_or_repetition(db: Connection) -> None:
    everything = [
        str(linked(db, owner, account).credential_id)
        for owner in (make_professional(db), make_professional(db))
        for account in (number(f"31{owner.int}"[:15]), instagram(f"17{owner.int}"[:15]), calendar(f"{owner}@x.com"))
    ]

    first = look_after(db, 4)
    second = look_after(db, 4, first[-1])

    assert first + second == sorted(everything)
    assert look_after(db, 4, second[-1]) == []


# ---- a new token -----------------------------------------------------------------------------------------------------


def replace(db: Connection, clinic: Clinic, expected: str = "v1.old", **token: Any) -> str:
    sealed = {"access_token_encrypted": "v1.new", "token_issued_at": LATER.isoformat(), **token}
    answer = rpc(
        db,
        "replace_token",
        professional_id=clinic.professional_id,
        credential_id=clinic.credential_id,
        expected=expected,
        token=sealed,
        now=LATER,
    )
    return str(answer["outcome"])


def test_a_proven_token_takes_the_place_of_the_one_it_came_from(db: Connection, clinic: Clinic) -> None:
    expires_at = LATER + timedelta(days=60)

    told = {"token_expires_at": expires_at.isoformat(), "scopes": ["a", "b"], "data_access_expires_at": None}
    assert replace(db, clinic, **told) == "replaced"

    credential = credential_of(db, clinic)
    assert credential["access_token_encrypted"] == "v1.new"
    assert (credential["token_issued_at"], credential["token_expires_at"]) == (LATER, expires_at)
    assert (credential["token_refreshed_at"], credential["token_checked_at"]) == (LATER, LATER)
    assert (credential["scopes"], credential["data_access_expires_at"]) == (["a", "b"], None)
    assert audited(db, clinic.professional_id) == ["channel.linked", "channel.token_refreshed"]
    assert "v1." not in str(rows(db, "marketing_audit_logs"))


def test_what_a_renewal_does_not_tell_stays(db: Connection) -> None:
    clinic = linked(db, make_professional(db), calendar(access_token_encrypted="v1.old"))
    before = credential_of(db, clinic)

    assert replace(db, clinic, refresh_token_encrypted=None, scopes=None, token_expires_at=None) == "replaced"

    after = credential_of(db, clinic)
    kept = ("refresh_token_encrypted", "scopes", "data_access_expires_at")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert after["token_expires_at"] is None


def test_a_new_refresh_token_is_kept(db: Connection) -> None:
    clinic = linked(db, make_professional(db), calendar(access_token_encrypted="v1.old"))

    replace(db, clinic, refresh_token_encrypted="v1.newer")

    assert credential_of(db, clinic)["refresh_token_encrypted"] == "v1.newer"


def test_a_token_that_is_no_longer_there_is_not_replaced(db: Connection, clinic: Clinic) -> None:
    before = snapshot(db)

    assert replace(db, clinic, expected="v1.older") == "changed"
    assert snapshot(db) == before


def test_a_good_token_is_never_replaced_by_none(db: Connection, clinic: Clinic) -> None:
    before = snapshot(db)

    assert replace(db, clinic, access_token_encrypted=None) == "changed"
    assert snapshot(db) == before


def test_an_account_that_was_taken_off_gets_no_token(db: Connection, clinic: Clinic) -> None:
    disconnect(db, clinic)

    assert replace(db, clinic) == "changed"
    assert credential_of(db, clinic)["access_token_encrypted"] is None


def test_another_professional_replaces_nothing(db: Connection, clinic: Clinic) -> None:
    foreign = Clinic(make_professional(db), clinic.channel_id, clinic.credential_id, clinic.phone_number_id)

    assert replace(db, foreign) == "changed"
    assert credential_of(db, clinic)["access_token_encrypted"] == "v1.old"


# ---- what a look told ------------------------------------------------------------------------------------------------


def record_check(db: Connection, clinic: Clinic, linked_at: str | None = None, **facts: Any) -> str:
    answer = rpc(
        db,
        "record_check",
        professional_id=clinic.professional_id,
        credential_id=clinic.credential_id,
        facts=facts,
        now=LATER,
        linked_at=linked_at,
    )
    return str(answer["outcome"])


def test_a_look_refreshes_what_it_told_and_nothing_else(db: Connection, clinic: Clinic) -> None:
    before = channel_of(db, clinic)

    assert (
        record_check(db, clinic, quality_rating="YELLOW", messaging_limit="TIER_10K", on_phone_app=True) == "recorded"
    )

    channel, credential = channel_of(db, clinic), credential_of(db, clinic)
    assert (channel["quality_rating"], channel["messaging_limit"]) == ("YELLOW", "TIER_10K")
    assert channel["on_phone_app"]
    assert (channel["display_name"], channel["status"]) == (before["display_name"], "connected")
    assert credential["token_checked_at"] == LATER
    assert credential["token_expires_at"] == NOW + timedelta(days=60)


def test_a_look_tells_names_expiry_and_permissions(db: Connection, clinic: Clinic) -> None:
    ends = LATER + timedelta(days=5)
    told = {"display_name": "Clínica Ana", "display_phone_number": "+541150320999", "throughput_per_second": 20}
    expiry = {"token_expires_at": ends.isoformat(), "data_access_expires_at": ends.isoformat()}

    record_check(db, clinic, **told, **expiry, scopes=["one"])

    channel, credential = channel_of(db, clinic), credential_of(db, clinic)
    assert {key: channel[key] for key in told} == told
    assert (credential["token_expires_at"], credential["data_access_expires_at"]) == (ends, ends)
    assert credential["scopes"] == ["one"]


def test_a_token_that_never_expires_can_be_told(db: Connection, clinic: Clinic) -> None:
    record_check(db, clinic, token_expires_at=None, quality_rating=None, scopes=None)

    assert credential_of(db, clinic)["token_expires_at"] is None
    assert credential_of(db, clinic)["scopes"] is not None
    assert channel_of(db, clinic)["quality_rating"] == "GREEN"


def test_a_look_at_what_was_taken_off_or_is_anothers_is_not_recorded(db: Connection, clinic: Clinic) -> None:
    foreign = Clinic(make_professional(db), clinic.channel_id, clinic.credential_id, clinic.phone_number_id)
    assert record_check(db, foreign, quality_rating="RED") == "not_found"
    disconnect(db, clinic)
    before = snapshot(db)

    assert record_check(db, clinic, quality_rating="RED", scopes=["x"]) == "not_found"
    assert snapshot(db) == before


def test_a_look_at_an_earlier_link_is_not_recorded(db: Connection, clinic: Clinic) -> None:
    looked_at = linked_account(db, clinic.professional_id, clinic.channel_id)
    assert looked_at is not None
    age(db, "marketing_channels", "linked_at", timedelta(hours=-1), clinic.channel_id)  # linked again meanwhile
    before = snapshot(db)

    assert record_check(db, clinic, looked_at["linked_at"], token_expires_at=None, quality_rating="RED") == "changed"

    assert snapshot(db) == before
