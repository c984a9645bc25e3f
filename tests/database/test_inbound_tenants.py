"""Whose event it is: the linked number on its own account, or nobody's; and what Meta says about the account itself."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.database.inbound_builders import (
    Office,
    account,
    comment,
    echo,
    ingest,
    make_instagram,
    make_office,
    make_second_number,
    message,
    minutes_ago,
    on_instagram,
    preference,
    reaction,
    status,
    unknown,
)
from tests.database.outbound_builders import (
    Connect,
    Connection,
    Row,
    find,
    make_template,
    race,
    rows,
    rpc,
    update,
)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


# ---- parked, never guessed -------------------------------------------------------------------------------------------


def test_an_unknown_number_is_parked_once_though_delivered_five_times(
    db: Connection, connect: Connect, office: Office
) -> None:
    event = {**message(office), "phone_number_id": "310000000000099"}
    deliveries = [{**event, "received_at": minutes_ago(n).isoformat(), "correlation_id": f"c{n}"} for n in range(5)]

    answers = race(connect, [lambda connection, one=one: ingest(connection, one) for one in deliveries])  # type: ignore[misc]

    assert {(answer["outcome"], answer["reason"], answer["professional_id"]) for answer in answers} == {
        ("parked", "unknown_tenant", None)
    }
    (parked,) = rows(db, "marketing_webhook_events")
    assert (parked["phone_number_id"], parked["reason"], parked["resolved_at"]) == (
        "310000000000099",
        "unknown_tenant",
        None,
    )
    assert parked["payload"]["body"] == event["body"]
    assert rows(db, "marketing_messages") == rows(db, "marketing_conversations") == []


def test_my_number_on_another_tenants_account_is_parked_for_nobody(db: Connection, office: Office) -> None:
    other = make_office(db)

    answer = ingest(db, {**message(office), "waba_id": other.waba_id})

    assert (answer["outcome"], answer["professional_id"]) == ("parked", None)
    assert rows(db, "marketing_messages") == []


@pytest.mark.parametrize("half", ["marketing_channels", "marketing_channel_credentials"])
def test_a_disconnected_number_is_parked(db: Connection, office: Office, half: str) -> None:
    ids = {"marketing_channels": office.channel_id, "marketing_channel_credentials": office.clinic.credential_id}
    update(db, half, ids[half], status="disconnected")

    assert ingest(db, message(office))["outcome"] == "parked"


@pytest.mark.parametrize("state", ["restricted", "reauth_required", "pending"])
def test_a_channel_that_cannot_send_still_receives(db: Connection, office: Office, state: str) -> None:
    update(db, "marketing_channels", office.channel_id, status=state)
    update(db, "marketing_channel_credentials", office.clinic.credential_id, status=state)

    assert ingest(db, message(office))["outcome"] == "stored"


def test_who_links_a_number_again_receives_on_the_new_link_alone(db: Connection, office: Office) -> None:
    update(db, "marketing_channels", office.channel_id, status="disconnected")
    update(db, "marketing_channel_credentials", office.clinic.credential_id, status="disconnected")
    other = make_office(db)
    update(
        db,
        "marketing_channel_credentials",
        other.clinic.credential_id,
        phone_number_id=office.clinic.phone_number_id,
        external_business_id=office.waba_id,
    )

    assert ingest(db, message(office))["professional_id"] == str(other.id)


@pytest.mark.parametrize(
    "make",
    [
        lambda office: status(office, "wamid.x", "sent"),
        echo,
        lambda office: preference(office, "stop"),
        lambda office: reaction(office, "wamid.x"),
        lambda office: account(office, "account_update", {"event": "DISABLED_UPDATE"}),
        comment,
        lambda office: on_instagram(message(office)),
    ],
)
def test_no_kind_of_event_of_a_stranger_touches_anything(db: Connection, office: Office, make: Any) -> None:
    stranger = {"waba_id": "1", "phone_number_id": "2", "account_id": "3"}
    event = {**make(office), **stranger}

    assert ingest(db, event)["outcome"] == ingest(db, event)["outcome"] == "parked"
    assert len(rows(db, "marketing_webhook_events")) == 1


@pytest.mark.parametrize("reason", ["unknown_object", "unknown_field", "malformed", "too_large"])
def test_what_was_not_understood_is_kept_with_its_reason_for_whom_it_was(
    db: Connection, office: Office, reason: str
) -> None:
    answer = ingest(db, unknown(office, reason))

    assert (answer["outcome"], answer["reason"], answer["wake"]) == ("parked", reason, None)
    (parked,) = rows(db, "marketing_webhook_events")
    assert (parked["professional_id"], parked["reason"]) == (office.id, reason)
    assert parked["payload"]["raw"] == {"shape": "strange"}


def test_something_of_nobody_and_nothing_is_kept_too(db: Connection, office: Office) -> None:
    nothing = dict.fromkeys(("object", "field", "channel_type", "waba_id", "phone_number_id"))

    ingest(db, {**unknown(office, "malformed"), **nothing, "raw": "just text"})

    assert rows(db, "marketing_webhook_events")[0]["professional_id"] is None


def test_a_kind_that_does_not_exist_is_our_mistake(db: Connection, office: Office) -> None:
    with pytest.raises(Exception, match="no such kind of event: gossip"):
        ingest(db, {**message(office), "kind": "gossip"})


def test_the_audit_row_carries_the_correlation_id_of_the_webhook(db: Connection, office: Office) -> None:
    event = echo(office)

    ingest(db, event)

    assert rows(db, "marketing_audit_logs")[0]["correlation_id"] == event["correlation_id"]


# ---- about the account -----------------------------------------------------------------------------------------------


def statuses(db: Connection, office: Office) -> tuple[str, str]:
    return (
        find(db, "marketing_channels", office.channel_id)["status"],
        find(db, "marketing_channel_credentials", office.clinic.credential_id)["status"],
    )


BAN = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}
PARDON = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (BAN, "restricted"),
        ({"event": "ACCOUNT_RESTRICTION", "restriction_info": [{}]}, "restricted"),
        ({"event": "PARTNER_REMOVED"}, "reauth_required"),
        ({"event": "PARTNER_APP_UNINSTALLED"}, "reauth_required"),
        ({"event": "ACCOUNT_DELETED"}, "reauth_required"),
    ],
)
def test_a_ban_or_a_removal_stops_every_number_of_the_account_and_alerts(
    db: Connection, office: Office, value: Row, state: str
) -> None:
    other_number, other_office = make_second_number(db, office), make_office(db)

    answer = ingest(db, account(office, "account_update", value))

    assert (answer["outcome"], answer["professional_id"]) == ("applied", str(office.id))
    assert statuses(db, office) == (state, state)
    assert statuses(db, other_number) == (state, state)
    assert statuses(db, other_office) == ("connected", "connected")
    alerts = rows(db, "marketing_alerts", professional_id=office.id)
    assert {(row["kind"], row["severity"]) for row in alerts} == {("channel_dead", "critical")}
    assert {row["entity_id"] for row in alerts} == {office.channel_id, other_number.channel_id}


def test_an_announced_ban_alerts_and_stops_nothing_yet(db: Connection, office: Office) -> None:
    value = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "SCHEDULE_FOR_DISABLE"}}

    ingest(db, account(office, "account_update", value))

    assert statuses(db, office) == ("connected", "connected")
    (alert,) = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"]) == ("account_warning", "critical")


def test_the_end_of_a_ban_connects_only_what_the_ban_had_stopped(db: Connection, office: Office) -> None:
    update(db, "marketing_channels", office.channel_id, status="reauth_required")
    update(db, "marketing_channel_credentials", office.clinic.credential_id, status="reauth_required")

    ingest(db, account(office, "account_update", PARDON))

    assert statuses(db, office) == ("reauth_required", "reauth_required")
    assert rows(db, "marketing_alerts") == []


def test_an_account_event_is_audited_once_and_applied_in_the_order_of_meta_not_of_arrival(db: Connection) -> None:
    for order in permutations(range(2)):
        office = make_office(db)
        events = [
            account(office, "account_update", BAN, minutes_ago(9)),
            account(office, "account_update", PARDON, minutes_ago(8)),
        ]

        outcomes = [ingest(db, events[index])["outcome"] for index in (*order, *order)]

        assert outcomes == ["applied", "applied", "duplicate", "duplicate"]
        assert statuses(db, office) == ("connected", "connected"), order
        assert len(rows(db, "marketing_audit_logs", professional_id=office.id, action="channel.account_update")) == 2


def test_an_account_event_delivered_five_times_at_once_is_audited_once(
    db: Connection, connect: Connect, office: Office
) -> None:
    event = account(office, "account_update", BAN)

    answers = race(connect, [lambda connection: ingest(connection, event)] * 5)

    assert sorted(answer["outcome"] for answer in answers) == ["applied"] + ["duplicate"] * 4
    assert len(rows(db, "marketing_audit_logs", action="channel.account_update")) == 1


def template_event(word: str, minutes: float = 1, **value: Any) -> tuple[str, Row, Any]:
    named = {"message_template_name": "recordatorio", "message_template_language": "es-AR", "message_template_id": 77}
    return "message_template_status_update", {**named, "event": word, "reason": "NONE", **value}, minutes_ago(minutes)


def test_a_template_has_the_status_meta_gave_it_last(db: Connection, office: Office) -> None:
    template = make_template(db, office.clinic, status="PENDING")
    foreign = make_template(db, make_office(db).clinic, status="PENDING")

    ingest(db, account(office, *template_event("PAUSED", 1)))
    ingest(db, account(office, *template_event("APPROVED", 5)))

    row = find(db, "marketing_templates", template["id"])
    assert (row["status"], row["external_id"], row["rejection_reason"]) == ("PAUSED", "77", None)
    assert find(db, "marketing_templates", foreign["id"])["status"] == "PENDING"


def test_a_rejected_template_says_why_and_tells_a_person(db: Connection, office: Office) -> None:
    template = make_template(db, office.clinic, status="PENDING")

    ingest(db, account(office, *template_event("REJECTED", reason="INVALID_FORMAT")))

    row = find(db, "marketing_templates", template["id"])
    assert (row["status"], row["rejection_reason"]) == ("REJECTED", "INVALID_FORMAT")
    assert rows(db, "marketing_alerts")[0]["entity_id"] == template["id"]


@pytest.mark.parametrize(("word", "kept"), [("FLAGGED", "PAUSED"), ("REINSTATED", "APPROVED")])
def test_words_that_are_no_status_of_a_template_are_translated(
    db: Connection, office: Office, word: str, kept: str
) -> None:
    template = make_template(db, office.clinic, status="PAUSED")

    ingest(db, account(office, *template_event(word)))

    assert find(db, "marketing_templates", template["id"])["status"] == kept


def test_a_template_we_do_not_know_is_only_audited(db: Connection, office: Office) -> None:
    assert ingest(db, account(office, *template_event("APPROVED")))["outcome"] == "applied"

    assert rows(db, "marketing_templates") == []
    assert len(rows(db, "marketing_audit_logs", action="channel.account_update")) == 1


def test_a_category_changes_when_it_is_done_and_not_when_it_is_announced(db: Connection, office: Office) -> None:
    template = make_template(db, office.clinic, category="UTILITY")
    named = {"message_template_name": "recordatorio", "message_template_language": "es_AR"}
    announced = {**named, "new_category": "UTILITY", "correct_category": "MARKETING"}

    ingest(db, account(office, "template_category_update", announced, minutes_ago(9)))
    assert find(db, "marketing_templates", template["id"])["category"] == "UTILITY"

    done = {**named, "previous_category": "UTILITY", "new_category": "MARKETING"}
    ingest(db, account(office, "template_category_update", done, minutes_ago(8)))
    assert find(db, "marketing_templates", template["id"])["category"] == "MARKETING"


def test_quality_and_limit_of_a_number_are_those_of_the_number_that_is_named(db: Connection, office: Office) -> None:
    named = make_second_number(db, office, display_phone_number="+54 9 11 5032-0001")
    value = {
        "display_phone_number": "5491150320001",
        "event": "FLAGGED",
        "max_daily_conversations_per_business": "TIER_1K",
    }

    ingest(db, account(office, "phone_number_quality_update", value))

    channel = find(db, "marketing_channels", named.channel_id)
    assert (channel["quality_rating"], channel["messaging_limit"]) == ("RED", "TIER_1K")
    assert find(db, "marketing_channels", office.channel_id)["messaging_limit"] is None


def test_an_unheard_of_account_field_is_audited_and_changes_nothing(db: Connection, office: Office) -> None:
    assert ingest(db, account(office, "security", {"event": "PIN_CHANGED"}))["outcome"] == "applied"

    assert statuses(db, office) == ("connected", "connected")
    assert rows(db, "marketing_alerts") == []


# ---- Instagram -------------------------------------------------------------------------------------------------------


def test_a_comment_is_kept_once_for_the_account_it_was_made_to(db: Connection, office: Office) -> None:
    channel = make_instagram(db, office)
    event = comment(office)

    assert [ingest(db, event)["outcome"] for _ in range(3)] == ["stored", "duplicate", "duplicate"]

    (row,) = rows(db, "marketing_comments")
    assert (row["channel_id"], row["body"], row["media_external_id"]) == (channel, "¡Qué lindo!", "1789")


def test_apply_status_is_the_door_for_a_status_alone(db: Connection, office: Office) -> None:
    event = status(office, "wamid.x", "sent")

    assert rpc(db, "apply_status", event=event)["outcome"] == "applied"
    assert ingest(db, event)["outcome"] == "duplicate"
