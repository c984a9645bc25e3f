"""A phone that somebody else may have now: the clinic begins nothing, whoever writes is answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.database.agenda_builders import hold, offer, tomorrow
from tests.database.inbound_builders import (
    BSUID,
    Office,
    ingest,
    make_office,
    make_second_number,
    new_identity,
    write,
)
from tests.database.outbound_builders import (
    Clinic,
    Connect,
    Connection,
    Row,
    answer_of_ai,
    claim,
    find,
    make_clinic,
    make_conversation,
    make_patient,
    make_template,
    race,
    rows,
    rpc,
    settle,
    snapshot,
    template_message,
    text_of_person,
    update,
    utc_now,
)

TWO_DAYS = timedelta(days=2)


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def conversation(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic)


def doubt(db: Connection, clinic: Clinic, conversation: UUID, reason: str = "wrong_number") -> str:
    answer = rpc(
        db,
        "mark_phone_unverified",
        professional_id=clinic.professional_id,
        conversation_id=conversation,
        reason=reason,
    )
    return str(answer["outcome"])


def verify(db: Connection, clinic: Clinic, conversation: UUID, **arguments: Any) -> str:
    answer = rpc(db, "verify_phone", professional_id=clinic.professional_id, conversation_id=conversation, **arguments)
    return str(answer["outcome"])


def audit(db: Connection, action: str) -> list[Row]:
    return rows(db, "marketing_audit_logs", action=action)


# ---- doubted and trusted


def test_a_doubt_is_kept_audited_and_told_once(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    assert doubt(db, clinic, conversation, "not_me") == "doubted"
    since = find(db, "marketing_conversations", conversation)["phone_unverified_at"]
    assert doubt(db, clinic, conversation, "wrong_number") == "already_doubted"

    kept = find(db, "marketing_conversations", conversation)
    assert (kept["phone_unverified_at"], kept["phone_unverified_reason"]) == (since, "not_me")
    assert [row["payload"] for row in audit(db, "contact.phone_unverified")] == [{"reason": "not_me"}]
    [alert] = rows(db, "marketing_alerts", kind="phone_unverified")
    assert (alert["severity"], alert["entity_id"]) == ("warning", conversation)


def test_a_name_that_fits_ends_the_doubt_and_the_task_that_it_was(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    doubt(db, clinic, conversation)

    assert verify(db, clinic, conversation) == "verified"

    assert find(db, "marketing_conversations", conversation)["phone_unverified_at"] is None
    [verified] = audit(db, "contact.phone_verified")
    assert (verified["actor_id"], verified["payload"]) == (None, {"reason": "wrong_number"})
    assert rows(db, "marketing_alerts", kind="phone_unverified")[0]["acknowledged_at"] is not None
    assert verify(db, clinic, conversation) == "already_verified"
    assert doubt(db, clinic, conversation) == "doubted"
    assert len(rows(db, "marketing_alerts", kind="phone_unverified")) == 2


def test_what_was_offered_or_held_before_a_doubt_is_nobodys_any_more(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    chosen, other = offer(db, clinic, conversation, tomorrow(9), tomorrow(10))
    hold(db, clinic, conversation, chosen)

    doubt(db, clinic, conversation)

    assert [hold(db, clinic, conversation, one)["outcome"] for one in (chosen, other)] == ["expired", "expired"]
    assert rows(db, "appointments", conversation_id=conversation) == []


def test_another_clinics_conversation_is_neither_doubted_nor_verified(db: Connection, conversation: UUID) -> None:
    stranger = make_clinic(db)

    assert doubt(db, stranger, conversation) == "not_found"
    assert verify(db, stranger, conversation) == "not_found"
    assert find(db, "marketing_conversations", conversation)["phone_unverified_at"] is None


def test_a_reason_that_does_not_exist_is_an_error(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        doubt(db, clinic, conversation, "bored")


# ---- what the gate makes of it


def begun_by_the_clinic() -> list[Row]:
    return [
        template_message(author="system"),
        template_message(author="campaign"),
        template_message(author="professional"),
        text_of_person(author="system"),
        text_of_person(author="campaign", purpose="marketing"),
        text_of_person(purpose="marketing"),
    ]


@pytest.mark.parametrize("message", begun_by_the_clinic(), ids=lambda row: f"{row['author']} {row['type']}")
def test_nothing_that_the_clinic_begins_is_sent_to_a_doubted_phone(
    db: Connection, clinic: Clinic, message: Row
) -> None:
    make_template(db, clinic)
    make_patient(db, clinic, whatsapp_opt_in=True)
    conversation = make_conversation(db, clinic)
    doubt(db, clinic, conversation)
    before = snapshot(db)

    answer = claim(db, clinic, conversation, message)

    assert answer == {"outcome": "refused", "code": "phone_unverified"}
    assert snapshot(db) == before
    verify(db, clinic, conversation)
    assert claim(db, clinic, conversation, message)["outcome"] == "granted"


@pytest.mark.parametrize("message", [answer_of_ai(), text_of_person()], ids=["assistant", "person"])
def test_whoever_writes_from_a_doubted_phone_is_answered(
    db: Connection, clinic: Clinic, conversation: UUID, message: Row
) -> None:
    doubt(db, clinic, conversation)

    assert claim(db, clinic, conversation, message)["outcome"] == "granted"


def test_a_person_is_told_of_the_doubt_before_the_window(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic, last_inbound_at=utc_now() - TWO_DAYS)
    doubt(db, clinic, conversation)

    assert claim(db, clinic, conversation, text_of_person())["code"] == "phone_unverified"
    verify(db, clinic, conversation)
    assert claim(db, clinic, conversation, text_of_person())["code"] == "service_window_closed"


@pytest.mark.parametrize("purpose", ["safety", "consent_confirmation"])
def test_safety_and_the_end_of_a_consent_are_told_to_anybody(
    db: Connection, clinic: Clinic, conversation: UUID, purpose: str
) -> None:
    doubt(db, clinic, conversation)

    assert claim(db, clinic, conversation, answer_of_ai(purpose=purpose))["outcome"] == "granted"


def test_consent_is_asked_before_the_doubt(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic, wrote=False)
    make_template(db, clinic)
    doubt(db, clinic, conversation)

    assert claim(db, clinic, conversation, template_message())["code"] == "consent_required"


def test_a_waiting_message_fails_when_its_phone_is_doubted_meanwhile(db: Connection, clinic: Clinic) -> None:
    make_template(db, clinic)
    conversation = make_conversation(db, clinic)
    granted = claim(db, clinic, conversation, template_message())
    settle(db, clinic, granted["message_id"], "throttled", error={"code": "130429"}, retry_at=utc_now().isoformat())
    doubt(db, clinic, conversation)

    again = claim(db, clinic, conversation, template_message(message_id=granted["message_id"]))

    assert again["code"] == "phone_unverified"
    failed = find(db, "marketing_messages", granted["message_id"])
    assert (failed["status"], failed["error"]) == ("failed", {"code": "phone_unverified"})


# ---- what Meta says


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("number", {"new_phone": "+5493415559999"}),
        ("user_id", {"user_id": BSUID, "new_user_id": "AR.2"}),
        ("security_code", {}),
    ],
)
def test_a_changed_identity_is_a_doubt(db: Connection, change: str, named: Row) -> None:
    office = make_office(db)
    conversation = write(db, office, **({"user_id": BSUID} if "user_id" in named else {}))
    event = new_identity(office, change, **named)

    assert ingest(db, event)["outcome"] == "stored"

    assert find(db, "marketing_conversations", conversation)["phone_unverified_reason"] == "identity_changed"
    assert rows(db, "marketing_alerts", kind="phone_unverified")[0]["severity"] == "info"


def test_an_event_that_comes_twice_does_not_undo_what_was_verified(db: Connection) -> None:
    office = make_office(db)
    conversation = write(db, office)
    event = new_identity(office, "security_code")
    ingest(db, event)
    verify(db, office.clinic, conversation)

    assert ingest(db, event)["outcome"] == "duplicate"

    assert find(db, "marketing_conversations", conversation)["phone_unverified_at"] is None


def merged(db: Connection, office: Office, first: UUID, second: UUID) -> Row:
    answer = rpc(db, "merge_contacts", professional_id=office.id, keep=first, merge=second)
    return find(db, "marketing_conversations", answer["conversation_id"])


@pytest.mark.parametrize("doubted", [0, 1], ids=["the older", "the newer"])
def test_two_conversations_that_turn_out_to_be_one_keep_a_doubt(db: Connection, doubted: int) -> None:
    office = make_office(db)
    both = [write(db, office), write(db, office, phone=None, user_id=BSUID)]
    doubt(db, office.clinic, both[doubted], "not_me")

    assert merged(db, office, *both)["phone_unverified_reason"] == "not_me"


@pytest.mark.parametrize("changed", [0, 1], ids=["the older", "the newer"])
def test_two_conversations_that_turn_out_to_be_one_keep_since_when_somebody_else_writes(
    db: Connection, changed: int
) -> None:
    office = make_office(db)
    both = [write(db, office), write(db, office, phone=None, user_id=BSUID)]
    since = utc_now()
    update(db, "marketing_conversations", both[changed], held_since=since)

    assert merged(db, office, *both)["held_since"] == since


@pytest.mark.parametrize("named", [0, 1], ids=["the older", "the newer"])
def test_the_patient_that_a_person_named_wins_over_the_one_the_number_says(db: Connection, named: int) -> None:
    office = make_office(db)
    both = [write(db, office), write(db, office, phone=None, user_id=BSUID)]
    said = make_patient(db, office.clinic, full_name="Marta Sosa", phone=None)
    guessed = make_patient(db, office.clinic, full_name="Ana Sosa", phone=None)
    person = uuid4()
    update(db, "marketing_conversations", both[named], patient_id=said, patient_linked_by=person)
    update(db, "marketing_conversations", both[1 - named], patient_id=guessed)

    kept = merged(db, office, *both)

    assert (kept["patient_id"], kept["patient_linked_by"]) == (said, person)


# ---- on every number of the clinic


def test_a_phone_is_doubted_and_verified_on_every_number_of_the_clinic(db: Connection) -> None:
    office = make_office(db)
    second = make_second_number(db, office)
    here, there, other = write(db, office), write(db, second), write(db, office, phone="+5493415550299")
    neighbour = write(db, make_office(db))

    doubt(db, office.clinic, here)

    doubted = {row["id"] for row in rows(db, "marketing_conversations") if row["phone_unverified_at"]}
    assert doubted == {here, there}
    assert len(rows(db, "marketing_alerts", kind="phone_unverified")) == 1
    assert other not in doubted
    assert neighbour not in doubted
    assert verify(db, second.clinic, there) == "verified"
    assert not [row for row in rows(db, "marketing_conversations") if row["phone_unverified_at"]]


def test_a_conversation_that_begins_with_a_doubted_phone_begins_doubted(db: Connection) -> None:
    office = make_office(db)
    doubt(db, office.clinic, write(db, office), "not_me")

    second = write(db, make_second_number(db, office))

    assert find(db, "marketing_conversations", second)["phone_unverified_reason"] == "not_me"


def test_both_ends_of_a_doubt_at_once_never_wait_in_a_circle(db: Connection, connect: Connect) -> None:
    office = make_office(db)
    both = [write(db, office), write(db, make_second_number(db, office))]

    told = race(
        connect,
        [lambda mine, c=c, act=act: act(mine, office.clinic, c) for c in both for act in (doubt, verify, doubt)],
    )

    assert len(told) == 6
    states = {row["phone_unverified_at"] is None for row in rows(db, "marketing_conversations")}
    assert len(states) == 1
