"""Who may be written to, and for what: the ledger decides, an ordinary message restores care and nothing more."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

import pytest

from tests.database.inbound_builders import (
    BSUID,
    PHONE,
    Office,
    consent,
    ingest,
    make_office,
    make_second_number,
    message,
    minutes_ago,
    preference,
    reaction,
    record_consent,
    write,
)
from tests.database.outbound_builders import (
    Connect,
    Connection,
    find,
    insert,
    make_conversation,
    make_patient,
    race,
    rows,
    update,
    utc_now,
)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


@pytest.fixture
def conversation(db: Connection, office: Office) -> UUID:
    return write(db, office)


def opt_out(db: Connection, office: Office, conversation: UUID) -> None:
    """BAJA, as the assistant records it."""
    for scope in ("care", "marketing"):
        record_consent(db, office, conversation, scope, "withdrawn")


# ---- what the ledger says --------------------------------------------------------------------------------------------


def test_somebody_who_never_wrote_consented_to_nothing(db: Connection, office: Office) -> None:
    conversation = make_conversation(db, office.clinic, wrote=False, contact_phone=PHONE)

    assert consent(db, conversation) == (False, False)


def test_writing_is_consent_to_care_and_not_to_marketing(db: Connection, conversation: UUID) -> None:
    assert consent(db, conversation) == (True, False)


def test_marketing_implies_care(db: Connection, office: Office) -> None:
    conversation = make_conversation(db, office.clinic, wrote=False, contact_phone=PHONE)

    record_consent(db, office, conversation, "marketing", "granted", source="form")

    assert consent(db, conversation) == (True, True)


def test_an_opt_out_withdraws_both_and_the_next_ordinary_message_restores_care_alone(
    db: Connection, office: Office, conversation: UUID
) -> None:
    record_consent(db, office, conversation, "marketing", "granted", source="form")
    assert consent(db, conversation) == (True, True)

    opt_out(db, office, conversation)
    assert consent(db, conversation) == (False, False)

    ingest(db, message(office, "Hola, al final quiero un turno"))
    assert consent(db, conversation) == (True, False)


def test_what_is_no_ordinary_message_restores_nothing(db: Connection, office: Office, conversation: UUID) -> None:
    opt_out(db, office, conversation)
    second = ingest(db, message(office, "BAJA"))["message_id"]
    update(db, "marketing_messages", second, ai_metadata={"intent": "opt_out", "confidence": 1})

    ingest(db, reaction(office, "wamid.any"))
    ingest(db, message(office, "viejo", sent_at=minutes_ago(30)))  # delivered again after an outage
    ingest(db, message(office, "", type="request_welcome", owes_answer=False, opens_window=False))

    assert consent(db, conversation) == (False, False)


def test_withdrawing_care_ends_marketing_that_was_granted_before(
    db: Connection, office: Office, conversation: UUID
) -> None:
    record_consent(db, office, conversation, "marketing", "granted", source="form")

    record_consent(db, office, conversation, "care", "withdrawn")

    assert consent(db, conversation) == (False, False)


def test_the_newest_decision_counts_not_the_one_recorded_last(
    db: Connection, office: Office, conversation: UUID
) -> None:
    record_consent(db, office, conversation, "marketing", "withdrawn", occurred_at=minutes_ago(5))

    record_consent(db, office, conversation, "marketing", "granted", source="paper form", occurred_at=minutes_ago(60))

    assert consent(db, conversation) == (True, False)


def test_a_decision_holds_on_the_professionals_other_numbers_and_not_for_other_professionals(
    db: Connection, office: Office, conversation: UUID
) -> None:
    there = write(db, make_second_number(db, office))
    elsewhere = write(db, make_office(db))
    record_consent(db, office, conversation, "marketing", "granted", source="form")

    assert consent(db, there) == (True, True)
    assert consent(db, elsewhere) == (True, False)


def test_a_decision_under_the_phone_is_found_when_the_contact_comes_back_by_user_id_alone(
    db: Connection, office: Office
) -> None:
    known = write(db, office, phone=PHONE, user_id=BSUID)
    opt_out(db, office, known)
    second_number = make_second_number(db, office)
    there = make_conversation(db, second_number.clinic, wrote=False, contact_phone=None, contact_user_id=BSUID)

    assert {row["contact_kind"] for row in rows(db, "marketing_consent_events")} == {"phone", "user_id"}
    record_consent(db, office, known, "marketing", "granted", source="form")
    assert consent(db, there) == (True, True)


# ---- what follows from it --------------------------------------------------------------------------------------------


def test_the_patients_flag_shows_the_ledger_and_is_no_new_decision(db: Connection, office: Office) -> None:
    patient = make_patient(db, office.clinic, phone=PHONE)
    conversation = write(db, office)

    record_consent(db, office, conversation, "marketing", "granted", source="form")
    assert find(db, "patients", patient)["whatsapp_opt_in"] is True
    opt_out(db, office, conversation)
    assert find(db, "patients", patient)["whatsapp_opt_in"] is False

    assert {row["source"] for row in rows(db, "marketing_consent_events")} == {"form", "chat"}


def test_the_host_applications_flag_is_an_opt_in_to_both_and_its_end_leaves_care(
    db: Connection, office: Office
) -> None:
    patient = make_patient(db, office.clinic, phone="+543415550204", whatsapp_opt_in=True)
    conversation = make_conversation(db, office.clinic, wrote=False, contact_phone="+5493415550204")
    assert consent(db, conversation) == (True, True)

    update(db, "patients", patient, whatsapp_opt_in=False)

    assert consent(db, conversation) == (True, False)


def test_a_stop_on_a_number_that_two_patients_share_stops_both(db: Connection, office: Office) -> None:
    patients = [make_patient(db, office.clinic, phone=PHONE, whatsapp_opt_in=True) for _ in range(2)]
    conversation = write(db, office)

    record_consent(db, office, conversation, "marketing", "withdrawn")

    assert [find(db, "patients", patient)["whatsapp_opt_in"] for patient in patients] == [False, False]


@pytest.mark.parametrize(("scope", "cancelled"), [("marketing", {"offer"}), ("care", {"offer", "reminder"})])
def test_what_waits_to_be_sent_is_cancelled_with_its_consent(
    db: Connection, office: Office, conversation: UUID, scope: str, cancelled: set[str]
) -> None:
    for body, purpose, waiting in (
        ("offer", "marketing", {"next_attempt_at": minutes_ago(-5)}),
        ("reminder", "care", {"next_attempt_at": minutes_ago(-5)}),
        ("safety", "safety", {"next_attempt_at": minutes_ago(-5)}),
        ("in flight", "marketing", {"send_lease_until": minutes_ago(-1)}),
    ):
        owned = {"professional_id": office.id, "conversation_id": conversation, "channel_id": office.channel_id}
        fields = {"direction": "outbound", "sender": "system", "status": "sending"}
        insert(db, "marketing_messages", **owned, **fields, body=body, purpose=purpose, **waiting)

    record_consent(db, office, conversation, scope, "withdrawn")

    failed = rows(db, "marketing_messages", status="failed")
    assert {row["body"] for row in failed} == cancelled
    assert all(row["error"]["code"] == "consent_required" and row["next_attempt_at"] is None for row in failed)


def test_a_decision_is_audited_without_a_phone_or_a_word(db: Connection, office: Office, conversation: UUID) -> None:
    record_consent(db, office, conversation, "marketing", "withdrawn")

    (audit,) = rows(db, "marketing_audit_logs", action="consent.withdrawn")
    assert (audit["entity_id"], audit["payload"]) == (conversation, {"scope": "marketing", "source": "chat"})


def test_a_decision_cannot_be_dated_into_the_future(db: Connection, office: Office, conversation: UUID) -> None:
    record_consent(db, office, conversation, "marketing", "granted", occurred_at=minutes_ago(-600))

    assert rows(db, "marketing_consent_events")[0]["occurred_at"] <= utc_now()


# ---- the contact's own settings in WhatsApp --------------------------------------------------------------------------


def test_a_stop_inside_whatsapp_ends_marketing_alone_and_is_recorded_once(
    db: Connection, connect: Connect, office: Office, conversation: UUID
) -> None:
    record_consent(db, office, conversation, "marketing", "granted", source="form", occurred_at=minutes_ago(5))
    event = preference(office, "stop", detail="User requested to stop marketing messages")

    answers = race(connect, [lambda connection: ingest(connection, event)] * 5)

    assert sorted(answer["outcome"] for answer in answers) == ["applied"] + ["duplicate"] * 4
    assert consent(db, conversation) == (True, False)
    (kept,) = rows(db, "marketing_consent_events", source="user_preferences")
    assert kept["wording"] == "User requested to stop marketing messages"


def test_preferences_in_any_order_leave_the_newest(db: Connection, office: Office) -> None:
    for number, order in enumerate(permutations(range(3))):
        phone = f"+54341555{number:04}"
        conversation = write(db, office, phone=phone)
        events = [
            preference(office, "resume", minutes_ago(9), phone=phone),
            preference(office, "stop", minutes_ago(8), phone=phone),
            preference(office, "resume", minutes_ago(7), phone=phone),
        ]

        for index in order:
            ingest(db, events[index])

        assert consent(db, conversation) == (True, True), order


def test_a_stop_of_somebody_without_a_conversation_waits_for_their_first_one(db: Connection, office: Office) -> None:
    patient = make_patient(db, office.clinic, phone=PHONE, whatsapp_opt_in=True)

    answer = ingest(db, preference(office, "stop"))

    assert (answer["outcome"], answer["conversation_id"]) == ("applied", None)
    assert rows(db, "marketing_conversations") == []
    assert find(db, "patients", patient)["whatsapp_opt_in"] is False
    assert consent(db, write(db, office)) == (True, False)


@pytest.mark.parametrize("strange", [{"value": "maybe"}, {"value": "stop", "category": "utility_messages"}])
def test_a_preference_we_do_not_know_changes_nothing(
    db: Connection, office: Office, conversation: UUID, strange: dict[str, str]
) -> None:
    answer = ingest(db, preference(office, **strange))

    assert (answer["outcome"], answer["reason"]) == ("applied", "unknown_preference")
    assert rows(db, "marketing_consent_events") == []
