"""Whether a channel works and why it does not: one cause, one open alert, told once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel_health import diagnose
from tests.database.accounts_builders import (
    account_of,
    age,
    audited,
    channel_of,
    credential_of,
    disconnect,
    link,
    mark,
    open_alerts,
)
from tests.database.inbound_builders import Office, account, ingest, make_office, minutes_ago
from tests.database.outbound_builders import Clinic, Connection, insert, make_clinic, rows, rpc, snapshot, update


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


def state(db: Connection, clinic: Clinic) -> tuple[str, str, str | None]:
    credential = credential_of(db, clinic)
    return channel_of(db, clinic)["status"], credential["status"], credential["status_reason"]


def test_a_cause_is_kept_with_the_status_and_told_in_the_words_of_the_caller(db: Connection, clinic: Clinic) -> None:
    told = {"message": "Volvé a vincular el número.", "severity": "warning"}

    assert mark(db, clinic, "reauth_required", "token_expired", **told) == {
        "outcome": "marked",
        "status": "reauth_required",
    }

    assert state(db, clinic) == ("reauth_required", "reauth_required", "token_expired")
    (alert,) = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["message"]) == ("channel_dead", "warning", told["message"])
    assert (alert["entity_type"], alert["entity_id"]) == ("channel", clinic.channel_id)
    (audit,) = rows(db, "marketing_audit_logs")
    assert audit["payload"] == {"from": "connected", "to": "reauth_required", "reason": "token_expired"}


def test_who_says_nothing_more_is_told_critically_to_link_again(db: Connection, clinic: Clinic) -> None:
    mark(db, clinic, "reauth_required", "app_removed")

    (alert,) = rows(db, "marketing_alerts")
    assert alert["severity"] == "critical"
    assert "Volvé a vincularla desde Canales." in alert["message"]


def test_the_same_cause_again_changes_nothing(db: Connection, clinic: Clinic) -> None:
    mark(db, clinic, "reauth_required", "token_expired")
    before = snapshot(db)

    again = mark(db, clinic, "reauth_required", "token_expired", message="Otra vez")

    assert again == {"outcome": "unchanged", "status": "reauth_required"}
    assert snapshot(db) == before


def test_another_cause_takes_the_place_of_the_first(db: Connection, clinic: Clinic) -> None:
    mark(db, clinic, "reauth_required", "token_expired")

    assert mark(db, clinic, "reauth_required", "password_changed")["outcome"] == "marked"

    assert state(db, clinic)[2] == "password_changed"
    first, second = rows(db, "marketing_alerts")
    assert first["acknowledged_at"] is not None
    assert second["acknowledged_at"] is None
    assert len(rows(db, "marketing_audit_logs")) == 2


def test_the_same_cause_under_another_status_is_not_told_twice(db: Connection, clinic: Clinic) -> None:
    for status in ("pending", "reauth_required"):
        assert mark(db, clinic, status, "permission")["outcome"] == "marked"

    assert state(db, clinic) == ("reauth_required", "reauth_required", "permission")
    assert len(rows(db, "marketing_alerts")) == 1


def test_a_cause_that_returns_is_told_again(db: Connection, clinic: Clinic) -> None:
    for reason in ("token_expired", "password_changed", "token_expired"):
        mark(db, clinic, "reauth_required", reason)

    assert len(rows(db, "marketing_alerts")) == 3
    assert open_alerts(db) == [("channel_dead", "critical")]


def test_healing_forgets_the_cause_and_ends_the_alert(db: Connection, clinic: Clinic) -> None:
    mark(db, clinic, "pending", "not_subscribed")

    assert mark(db, clinic, "connected", "whatever") == {"outcome": "marked", "status": "connected"}

    assert state(db, clinic) == ("connected", "connected", None)
    assert open_alerts(db) == []
    assert audited(db, clinic.professional_id) == ["channel.status_changed"] * 2
    assert mark(db, clinic, "connected", None)["outcome"] == "unchanged"


def test_healing_ends_no_other_alert(db: Connection, clinic: Clinic) -> None:
    other = make_clinic(db)
    for broken in (clinic, other):
        mark(db, broken, "pending", "not_subscribed")
    warn(db, clinic, "token_expiring:14")

    mark(db, clinic, "connected", None)

    assert open_alerts(db, professional_id=clinic.professional_id) == [("token_expiring", "warning")]
    assert open_alerts(db, professional_id=other.professional_id) == [("channel_dead", "critical")]


def test_an_old_alert_without_a_cause_is_ended_too(db: Connection, clinic: Clinic) -> None:
    """Those of before causes were kept."""
    update(db, "marketing_channels", clinic.channel_id, status="reauth_required")
    insert(
        db,
        "marketing_alerts",
        professional_id=clinic.professional_id,
        kind="channel_dead",
        severity="critical",
        message="…",
        entity_type="channel",
        entity_id=clinic.channel_id,
        dedup_key=f"channel_dead:{clinic.channel_id}",
    )

    link(db, clinic.professional_id, account_of(db, clinic))

    assert open_alerts(db) == []


@pytest.mark.parametrize("status", ["connected", "reauth_required", "restricted"])
def test_what_was_taken_off_stays_off(db: Connection, clinic: Clinic, status: str) -> None:
    disconnect(db, clinic)
    before = snapshot(db)

    assert mark(db, clinic, status, "restricted") == {"outcome": "unchanged", "status": "disconnected"}
    assert snapshot(db) == before


def linked_at(db: Connection, clinic: Clinic) -> str:
    return str(channel_of(db, clinic)["linked_at"].isoformat())


def test_a_verdict_about_an_earlier_link_marks_nothing(db: Connection, clinic: Clinic) -> None:
    looked_at = linked_at(db, clinic)
    age(db, "marketing_channels", "linked_at", timedelta(hours=-1), clinic.channel_id)  # linked again meanwhile
    before = snapshot(db)

    told = mark(db, clinic, "reauth_required", "token_expired", linked_at=looked_at)

    assert told == {"outcome": "changed", "status": "connected"}
    assert snapshot(db) == before
    assert mark(db, clinic, "reauth_required", "token_expired", linked_at=linked_at(db, clinic))["outcome"] == "marked"


def test_another_professionals_channel_cannot_be_marked(db: Connection, clinic: Clinic) -> None:
    foreign = Clinic(make_clinic(db).professional_id, clinic.channel_id, clinic.credential_id, clinic.phone_number_id)
    before = snapshot(db)

    assert mark(db, foreign, "reauth_required", "token_expired") == {"outcome": "not_found"}
    assert snapshot(db) == before


# ---- what Meta says about the account --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "status", "reason"),
    [
        ({"event": "PARTNER_REMOVED"}, "reauth_required", "app_removed"),
        ({"event": "ACCOUNT_DELETED"}, "reauth_required", "app_removed"),
        ({"event": "ACCOUNT_RESTRICTION"}, "restricted", "restricted"),
        ({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}, "restricted", "restricted"),
    ],
)
def test_an_event_of_the_account_has_a_cause_that_a_test_would_name(
    db: Connection, value: dict[str, object], status: str, reason: str
) -> None:
    office = make_office(db)

    ingest(db, account(office, "account_update", value))

    assert state(db, office.clinic) == (status, status, reason)


@pytest.mark.parametrize(
    ("event", "cause"), [("PARTNER_REMOVED", "app_removed"), ("ACCOUNT_RESTRICTION", "restricted")]
)
def test_an_event_of_the_account_is_told_as_its_cause_is_everywhere(db: Connection, event: str, cause: str) -> None:
    office = make_office(db)

    ingest(db, account(office, "account_update", {"event": event}))

    (alert,) = rows(db, "marketing_alerts")
    assert alert["message"] == diagnose(cause, ChannelType.WHATSAPP).sentence


def test_an_event_that_waited_for_the_owner_to_take_the_account_off_does_not_bring_it_back(db: Connection) -> None:
    office = make_office(db)
    disconnect(db, office.clinic)
    before = snapshot(db)

    db.execute(
        "select app.apply_account_update(channel, %s) from marketing_channels channel where id = %s",
        [Jsonb(account(office, "account_update", {"event": "PARTNER_REMOVED"})), office.channel_id],
    )

    assert snapshot(db) == before


def test_the_end_of_a_ban_ends_its_alert(db: Connection) -> None:
    office: Office = make_office(db)
    for minutes, word in ((9, "DISABLE"), (8, "REINSTATE")):
        value = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": word}}
        ingest(db, account(office, "account_update", value, minutes_ago(minutes)))

    assert state(db, office.clinic) == ("connected", "connected", None)
    assert open_alerts(db) == []


# ---- warnings --------------------------------------------------------------------------------------------------------


def warn(db: Connection, clinic: Clinic, key: str) -> bool:
    answer = rpc(
        db,
        "raise_channel_alert",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        kind="token_expiring",
        severity="warning",
        message="El acceso vence en 14 días.",
        dedup_key=key,
    )
    return bool(answer["raised"])


def test_a_warning_is_told_once_also_after_it_was_acknowledged(db: Connection, clinic: Clinic) -> None:
    assert warn(db, clinic, "expiring:14")
    assert not warn(db, clinic, "expiring:14")
    db.execute("update marketing_alerts set acknowledged_at = now()")
    assert not warn(db, clinic, "expiring:14")

    assert warn(db, clinic, "expiring:7")
    assert [row["message"] for row in rows(db, "marketing_alerts")] == ["El acceso vence en 14 días."] * 2


def test_the_key_of_a_warning_is_the_professionals_own(db: Connection, clinic: Clinic) -> None:
    assert warn(db, clinic, "expiring:14")
    assert warn(db, make_clinic(db), "expiring:14")


def test_nobody_is_warned_about_another_professionals_channel(db: Connection, clinic: Clinic) -> None:
    foreign = Clinic(make_clinic(db).professional_id, clinic.channel_id, clinic.credential_id, clinic.phone_number_id)

    assert not warn(db, foreign, "expiring:14")
    assert rows(db, "marketing_alerts") == []
