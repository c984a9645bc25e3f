"""A critical alert is told outside of the product at once, after 5 and 15 minutes, until somebody has seen to it."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.database.accounts_builders import make_professional, number
from tests.database.alert_builders import (
    ALERT_PHONE,
    approve_notice,
    claim,
    claim_by_medium,
    deliveries,
    is_due,
    let_pass,
    raise_alert,
    settle,
)
from tests.database.inbound_builders import make_office, make_second_number, write
from tests.database.outbound_builders import Clinic, Connect, Connection, find, make_clinic, race, rows, rpc, update

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
BOTH = {"email", "whatsapp"}


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db, alert_phone=ALERT_PHONE)


def tell_all(db: Connection) -> set[str]:
    """Send every notice that is due; by which media it was."""
    told = claim_by_medium(db)
    for notice in told.values():
        settle(db, notice)
    return set(told)


def acknowledge(db: Connection, clinic: Clinic, alert_id: UUID | None) -> None:
    rpc(
        db,
        "acknowledge_alert",
        professional_id=clinic.professional_id,
        alert_id=alert_id,
        actor_id=clinic.professional_id,
    )


# ---- rounds ----------------------------------------------------------------------------------------------------------


def test_a_critical_alert_is_told_by_both_media_at_once_after_5_and_after_15_minutes_and_then_no_more(
    db: Connection, clinic: Clinic
) -> None:
    raise_alert(db, clinic)

    told = []
    for _ in range(60):
        told.append(tell_all(db))
        let_pass(db, MINUTE)

    assert {minute: media for minute, media in enumerate(told) if media} == {0: BOTH, 5: BOTH, 15: BOTH}
    assert not is_due(db)


@pytest.mark.parametrize("severity", ["info", "warning"])
def test_what_is_not_critical_stays_in_the_product(db: Connection, clinic: Clinic, severity: str) -> None:
    raise_alert(db, clinic, severity)

    assert not is_due(db)
    assert claim(db) == []


def test_nothing_is_told_once_somebody_has_seen_to_it(db: Connection, clinic: Clinic) -> None:
    alert_id = raise_alert(db, clinic)
    assert tell_all(db) == BOTH

    acknowledge(db, clinic, alert_id)
    let_pass(db, 20 * MINUTE)

    assert not is_due(db)
    assert claim(db) == []


def test_a_notice_that_could_not_leave_is_stopped_when_somebody_has_seen_to_the_alert(
    db: Connection, clinic: Clinic
) -> None:
    alert_id = raise_alert(db, clinic)
    for notice in claim(db):
        settle(db, notice, "later", reason="mail_unavailable")

    acknowledge(db, clinic, alert_id)
    let_pass(db, MINUTE)

    assert claim(db) == []
    assert {status for _, _, status in deliveries(db)} == {"stopped"}


def test_after_an_outage_rounds_that_were_missed_do_not_come_all_at_once(db: Connection, clinic: Clinic) -> None:
    raise_alert(db, clinic)
    let_pass(db, 30 * MINUTE)

    assert tell_all(db) == BOTH
    assert tell_all(db) == set()
    let_pass(db, 5 * MINUTE)
    assert tell_all(db) == BOTH
    let_pass(db, 9 * MINUTE)
    assert tell_all(db) == set()


def test_alerts_that_were_there_before_notices_were_call_nobody(db: Connection, clinic: Clinic) -> None:
    alert_id = raise_alert(db, clinic)
    db.execute("update marketing_alerts set notices_left = 0, notice_at = null")

    assert not is_due(db)
    acknowledge(db, clinic, alert_id)


# ---- the same thing again --------------------------------------------------------------------------------------------


def test_a_patient_who_is_still_unwell_after_the_rounds_calls_again(db: Connection, clinic: Clinic) -> None:
    conversation_id = uuid4()
    again = {"dedup_key": "handoff:emergency", "entity_id": conversation_id}
    assert raise_alert(db, clinic, **again)
    for pause in (0, 5, 10):
        let_pass(db, pause * MINUTE)
        assert tell_all(db) == BOTH

    let_pass(db, 29 * MINUTE)
    assert raise_alert(db, clinic, **again) is None
    assert tell_all(db) == set()
    let_pass(db, MINUTE)
    assert raise_alert(db, clinic, **again) is None  # still the one alert

    assert tell_all(db) == BOTH
    assert len(rows(db, "marketing_alerts")) == 1
    assert {round_ for _, round_, _ in deliveries(db)} == {1, 2, 3, 4}


def test_raising_an_alert_again_during_its_rounds_adds_none(db: Connection, clinic: Clinic) -> None:
    for minute in range(15):
        raise_alert(db, clinic, dedup_key="handoff:emergency")
        assert tell_all(db) == (BOTH if minute in (0, 5) else set())
        let_pass(db, MINUTE)


def test_an_account_that_still_does_not_work_is_told_again_the_next_day(db: Connection, clinic: Clinic) -> None:
    dead = {"kind": "channel_dead", "entity_type": "channel", "entity_id": clinic.channel_id, "dedup_key": "dead"}
    raise_alert(db, clinic, **dead)
    for pause in (0, 5, 10):
        let_pass(db, pause * MINUTE)
        assert tell_all(db) == BOTH

    let_pass(db, timedelta(hours=23))
    raise_alert(db, clinic, **dead)
    assert tell_all(db) == set()
    let_pass(db, timedelta(hours=1))
    raise_alert(db, clinic, **dead)
    assert tell_all(db) == BOTH


def test_an_alert_that_was_only_a_warning_is_not_told_by_being_raised_again(db: Connection, clinic: Clinic) -> None:
    raise_alert(db, clinic, "warning", dedup_key="same")
    let_pass(db, timedelta(days=2))

    raise_alert(db, clinic, "warning", dedup_key="same")

    assert claim(db) == []


# ---- who gets it, and by which number --------------------------------------------------------------------------------


def test_a_notice_says_to_whom_and_about_what(db: Connection, clinic: Clinic) -> None:
    update(db, "professionals", clinic.professional_id, email="ana@example.com", country="AR")
    alert_id = raise_alert(db, clinic)

    notice = claim_by_medium(db)["email"]

    assert notice["alert"]["id"] == str(alert_id)
    assert notice["professional"] == {
        "id": str(clinic.professional_id),
        "name": "Consultorio",
        "email": "ana@example.com",
        "alert_phone": ALERT_PHONE,
        "timezone": "America/Argentina/Buenos_Aires",
        "country": "AR",
    }
    assert (notice["attempts"], notice["is_last"]) == (1, False)


def test_the_last_round_says_that_it_is_the_last(db: Connection, clinic: Clinic) -> None:
    raise_alert(db, clinic)
    said = []
    for pause in (0, 5, 10):
        let_pass(db, pause * MINUTE)
        said.append({notice["is_last"] for notice in claim(db)})

    assert said == [{False}, {False}, {True}]


def test_a_notice_leaves_by_connected_numbers_with_the_approved_template_the_one_in_trouble_last(
    db: Connection,
) -> None:
    office = make_office(db, alert_phone=ALERT_PHONE)
    second = make_second_number(db, office)
    for one in (office, second):
        approve_notice(db, one.clinic)
    approve_notice(db, second.clinic, language="es_MX", status="PAUSED")
    raise_alert(db, office.clinic, kind="payment_problem", entity_type="channel", entity_id=office.channel_id)

    numbers = claim_by_medium(db)["whatsapp"]["numbers"]

    assert [item["channel_id"] for item in numbers] == [str(second.channel_id), str(office.channel_id)]
    assert [[template["language"] for template in item["templates"]] for item in numbers] == [["es_AR"], ["es_AR"]]
    assert numbers[0]["phone_number_id"] == second.clinic.phone_number_id
    assert numbers[0]["credential_id"] == str(second.clinic.credential_id)


@pytest.mark.parametrize("status", ["pending", "reauth_required", "restricted", "disconnected"])
def test_a_number_that_does_not_work_carries_no_notice(db: Connection, clinic: Clinic, status: str) -> None:
    approve_notice(db, clinic)
    for table, row_id in (
        ("marketing_channels", clinic.channel_id),
        ("marketing_channel_credentials", clinic.credential_id),
    ):
        update(db, table, row_id, status=status)
    raise_alert(db, clinic)

    assert claim_by_medium(db)["whatsapp"]["numbers"] == []


def test_numbers_of_another_professional_carry_no_notice(db: Connection, clinic: Clinic) -> None:
    other = make_clinic(db)
    approve_notice(db, other)
    raise_alert(db, clinic)

    numbers = claim_by_medium(db)["whatsapp"]["numbers"]

    assert [item["channel_id"] for item in numbers] == [str(clinic.channel_id)]
    assert numbers[0]["templates"] == []


# ---- leases and retries ----------------------------------------------------------------------------------------------


def test_of_many_workers_one_sends_each_notice(db: Connection, connect: Connect, clinic: Clinic) -> None:
    for _ in range(4):
        raise_alert(db, clinic)

    claimed = [notice for batch in race(connect, [claim] * 8) for notice in batch]
    claimed += claim(db)  # what a worker skipped because another had its alert

    assert len(claimed) == 8
    assert len({notice["delivery_id"] for notice in claimed}) == 8


def test_the_notices_of_a_worker_that_died_are_sent_by_the_next_once_its_lease_is_over(
    db: Connection, clinic: Clinic
) -> None:
    raise_alert(db, clinic)
    (died, *_) = claim(db)
    assert claim(db) == []

    let_pass(db, 61 * SECOND)

    taken = {notice["delivery_id"]: notice for notice in claim(db)}
    assert died["delivery_id"] in taken
    assert taken[died["delivery_id"]]["attempts"] == 2
    assert settle(db, died) == {"outcome": "lost"}


def test_what_failed_for_a_moment_is_tried_again_later_and_later(db: Connection, clinic: Clinic) -> None:
    raise_alert(db, clinic)
    db.execute("update marketing_alerts set notices_left = 1")  # no later round takes over
    waits = []
    for _ in range(7):
        let_pass(db, 301 * SECOND)
        for notice in claim(db):
            settle(db, notice, "later", reason="mail_unavailable")
        waits.append(
            {
                round((row["next_attempt_at"] - row["updated_at"]).total_seconds())
                for row in rows(db, "marketing_alert_deliveries")
            }
        )

    assert waits == [{20}, {40}, {80}, {160}, {300}, {300}, {300}]


def test_after_six_hours_a_notice_is_given_up(db: Connection, clinic: Clinic) -> None:
    raise_alert(db, clinic)
    db.execute("update marketing_alerts set notices_left = 1")
    claim(db)
    let_pass(db, timedelta(hours=6, minutes=1))

    for notice in claim(db):
        assert settle(db, notice, "later", reason="mail_unavailable")["status"] == "failed"
    assert not is_due(db)


def test_a_round_that_could_not_leave_is_replaced_by_the_next(db: Connection, clinic: Clinic) -> None:
    raise_alert(db, clinic)
    for notice in claim(db):
        settle(db, notice, "later", reason="meta_unreachable")
    let_pass(db, 5 * MINUTE)

    told = claim_by_medium(db)

    assert set(told) == BOTH
    assert {(round_, status) for _, round_, status in deliveries(db)} == {(1, "failed"), (2, "pending")}
    assert {row["reason"] for row in rows(db, "marketing_alert_deliveries", round=1)} == {"meta_unreachable"}


def test_a_slow_notice_of_a_former_round_is_not_tried_beside_the_next(db: Connection, clinic: Clinic) -> None:
    raise_alert(db, clinic)
    slow = claim_by_medium(db)["whatsapp"]
    db.execute("update marketing_alert_deliveries set lease_until = now() + interval '1 hour'")
    let_pass(db, 5 * MINUTE)
    assert set(claim_by_medium(db)) == BOTH

    assert settle(db, slow, "later", reason="meta_unreachable")["status"] == "failed"


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [("failed", "mail_refused"), ("skipped", "no_alert_phone"), ("unknown", "outcome_unknown"), ("sent", None)],
)
def test_what_became_of_a_notice_is_kept_and_it_is_not_tried_again(
    db: Connection, clinic: Clinic, outcome: str, reason: str | None
) -> None:
    raise_alert(db, clinic)
    notice = claim_by_medium(db)["whatsapp"]

    settle(db, notice, outcome, reason=reason, external_id="wamid.1", channel_id=clinic.channel_id)

    row = find(db, "marketing_alert_deliveries", notice["delivery_id"])
    assert (row["status"], row["reason"], row["external_id"]) == (outcome, reason, "wamid.1")
    assert row["channel_id"] == clinic.channel_id
    assert (row["sent_at"] is not None) == (outcome in ("sent", "unknown"))
    let_pass(db, 2 * MINUTE)
    assert "whatsapp" not in claim_by_medium(db)


def test_those_about_people_go_before_those_about_accounts(db: Connection, clinic: Clinic) -> None:
    for kind in ("channel", "channel", "conversation"):
        raise_alert(db, clinic, entity_type=kind)
    let_pass(db, MINUTE)

    claimed = claim(db, limit=3)

    assert claimed[0]["alert"]["entity_type"] == "conversation"
    assert [notice["alert"]["entity_type"] for notice in claim(db, limit=3)].count("conversation") == 0


# ---- what Meta tells -------------------------------------------------------------------------------------------------


def status(db: Connection, clinic: Clinic, reference: object, word: str, code: int | None = None) -> None:
    """Meta reports about a WhatsApp notice."""
    errors = {"errors": [{"code": code}]} if code else {}
    db.execute(
        "insert into message_status_events"
        " (professional_id, channel_id, external_id, reference, status, occurred_at, payload)"
        " values (%s, %s, 'wamid.1', %s, %s, now(), %s)",
        [clinic.professional_id, clinic.channel_id, str(reference), word, Jsonb(errors)],
    )


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (["sent", "delivered", "read"], "read"),
        (["read", "delivered", "sent"], "read"),
        (["played"], "read"),
        (["failed"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["a new word"], "sent"),
    ],
)
def test_the_log_says_what_meta_tells_of_a_notice(db: Connection, clinic: Clinic, told: list[str], kept: str) -> None:
    raise_alert(db, clinic)
    notice = claim_by_medium(db)["whatsapp"]
    settle(db, notice, external_id="wamid.1")

    for word in told:
        status(db, clinic, notice["delivery_id"], word, code=131026 if word == "failed" else None)

    row = find(db, "marketing_alert_deliveries", notice["delivery_id"])
    assert row["status"] == kept
    assert row["reason"] == ("131026" if "failed" in told else None)


def test_a_status_that_is_faster_than_our_own_record_stays(db: Connection, clinic: Clinic) -> None:
    raise_alert(db, clinic)
    notice = claim_by_medium(db)["whatsapp"]

    status(db, clinic, notice["delivery_id"], "delivered")
    settle(db, notice, "unknown", reason="outcome_unknown")

    row = find(db, "marketing_alert_deliveries", notice["delivery_id"])
    assert (row["status"], row["reason"], row["external_id"]) == ("delivered", None, "wamid.1")


def test_a_status_of_anything_else_or_anybody_else_changes_no_notice(db: Connection, clinic: Clinic) -> None:
    other = make_clinic(db)
    raise_alert(db, clinic)
    told = claim_by_medium(db)
    for notice in told.values():
        settle(db, notice)

    status(db, other, told["whatsapp"]["delivery_id"], "failed")  # a reference is only believed from its own tenant
    status(db, clinic, told["email"]["delivery_id"], "failed")
    status(db, clinic, "not-one-of-ours", "failed")

    assert {word for _, _, word in deliveries(db)} == {"sent"}


# ---- where critical alerts come from ---------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["emergency", "complaint"])
def test_an_emergency_and_a_complaint_leave_the_product(db: Connection, reason: str) -> None:
    office = make_office(db)
    rpc(db, "hand_over", professional_id=office.id, conversation_id=write(db, office), reason=reason)

    assert tell_all(db) == BOTH


def test_a_hand_over_for_anything_else_does_not(db: Connection) -> None:
    office = make_office(db)
    rpc(db, "hand_over", professional_id=office.id, conversation_id=write(db, office), reason="requested")

    assert claim(db) == []


def link(db: Connection, professional_id: UUID, **account: object) -> None:
    answer = rpc(
        db,
        "link_accounts",
        professional_id=professional_id,
        actor_id=professional_id,
        accounts=[number(**account)],
    )
    assert answer["outcome"] == "linked"


def test_linking_the_first_number_ends_with_a_test_alert_that_is_told_like_a_real_one(db: Connection) -> None:
    ana = make_professional(db)

    link(db, ana)

    (alert,) = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["professional_id"]) == ("test_alert", "critical", ana)
    assert alert["message"].startswith("Aviso de prueba")
    assert tell_all(db) == BOTH


def test_a_professional_gets_the_test_alert_once(db: Connection) -> None:
    ana = make_professional(db)
    link(db, ana)
    db.execute("update marketing_alerts set acknowledged_at = now()")

    link(db, ana, phone_number_id="310000000000501")

    assert len(rows(db, "marketing_alerts")) == 1


def test_linking_something_else_than_a_number_tests_nothing(db: Connection) -> None:
    link(db, make_professional(db), channel="instagram", phone_number_id=None, registration_pin_encrypted=None)

    assert rows(db, "marketing_alerts") == []
