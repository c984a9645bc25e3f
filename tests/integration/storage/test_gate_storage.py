"""The send gate's adapter against its SQL functions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from dentalist.domain import errors, sending_errors
from dentalist.domain.message import Author, Content, Draft, MessageStatus, Purpose, TemplateRef
from dentalist.outbound.meta.graph import SLOWEST_CALL
from dentalist.services.ports import Settlement
from dentalist.storage.database import Database
from dentalist.storage.send_gate import SEND_LEASE, SupabaseSendGate
from tests.builders import make_answer, make_draft
from tests.database.outbound_builders import (
    Clinic,
    find,
    make_conversation,
    make_patient,
    make_template,
    rows,
    update,
    write_on,
)
from tests.database.stack import SupabaseServer

Connection = psycopg.Connection[dict[str, Any]]
REMINDER = TemplateRef(name="recordatorio", language="es_AR", category="UTILITY")


@pytest.fixture
def gate(store: Database, clinic: Clinic) -> SupabaseSendGate:
    return SupabaseSendGate(store, clinic.professional_id, correlation_id="request-1")


def test_the_lease_outlives_the_slowest_call_by_five_seconds() -> None:
    assert SLOWEST_CALL + timedelta(seconds=5) <= SEND_LEASE


def test_a_granted_message_is_a_sending_row_with_everything_sending_needs(
    gate: SupabaseSendGate, clinic: Clinic, db: Connection
) -> None:
    conversation_id = make_conversation(db, clinic)
    draft = make_draft(content=Content.text("Hola, ¿cómo estás?"))

    claim = gate.claim(conversation_id, draft)

    row = find(db, "marketing_messages", claim.message_id)
    assert (row["status"], row["sender"], row["actor_id"]) == ("sending", "professional", draft.actor_id)
    assert row["payload"] == {"type": "text", "text": {"body": "Hola, ¿cómo estás?", "preview_url": False}}
    assert (claim.channel_id, claim.credential_id) == (clinic.channel_id, clinic.credential_id)
    assert (claim.phone_number_id, claim.recipient.phone, claim.attempt) == (
        clinic.phone_number_id,
        "+5491155550100",
        1,
    )


def test_settling_twice_changes_nothing(gate: SupabaseSendGate, clinic: Clinic, db: Connection) -> None:
    claim = gate.claim(make_conversation(db, clinic), make_draft())

    settled = [gate.settle(claim, Settlement("sent", external_id="wamid.1" + uuid4().hex)) for _ in range(2)]

    assert settled[0] == settled[1]
    assert settled[0].status is MessageStatus.SENT
    assert find(db, "marketing_conversations", claim.conversation_id)["send_lease_until"] is None


def test_a_throttled_answer_waits_and_its_row_is_claimed_again(
    gate: SupabaseSendGate, clinic: Clinic, db: Connection
) -> None:
    conversation_id = make_conversation(db, clinic)
    claim = gate.claim(conversation_id, make_answer())
    earlier = datetime.now(UTC) - timedelta(seconds=1)
    gate.settle(claim, Settlement("throttled", error={"code": 131056}, retry_at=earlier))
    row = find(db, "marketing_messages", claim.message_id)

    again = gate.claim(conversation_id, make_answer(content=Content.of_row(row), message_id=claim.message_id))

    assert (again.message_id, again.attempt) == (claim.message_id, 2)


def never_wrote(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic, wrote=False)


def opted_in_long_ago(db: Connection, clinic: Clinic) -> UUID:
    patient_id = make_patient(db, clinic, whatsapp_opt_in=True)
    return make_conversation(db, clinic, wrote=False, patient_id=patient_id)


def disconnected(db: Connection, clinic: Clinic) -> UUID:
    update(db, "marketing_channels", clinic.channel_id, status="disconnected")
    return make_conversation(db, clinic)


def without_feature(db: Connection, clinic: Clinic) -> UUID:
    update(db, "professionals", clinic.professional_id, marketing_enabled=False)
    return make_conversation(db, clinic)


def with_unapproved_template(db: Connection, clinic: Clinic) -> UUID:
    make_template(db, clinic, status="PENDING")
    return make_conversation(db, clinic)


def taken_by_a_person(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic, human_epoch=3)


def written_on(db: Connection, clinic: Clinic) -> UUID:
    conversation_id = make_conversation(db, clinic)
    write_on(db, clinic, conversation_id, first_unanswered_at=datetime.now(UTC))
    return conversation_id


TEMPLATE = make_draft(content=Content.of_template(REMINDER, [], "Recordatorio"))
LATE = make_answer(not_after=datetime(2026, 1, 1, tzinfo=UTC))
MARKETING = make_draft(author=Author.CAMPAIGN, purpose=Purpose.MARKETING)


@pytest.mark.parametrize(
    ("arrange", "draft", "refusal"),
    [
        (never_wrote, make_draft(), errors.ConsentRequired),
        (opted_in_long_ago, make_draft(), errors.ServiceWindowClosed),
        (disconnected, make_draft(), errors.ChannelDisconnected),
        (without_feature, make_draft(), errors.FeatureDisabled),
        (make_conversation, TEMPLATE, errors.TemplateNotFound),
        (with_unapproved_template, TEMPLATE, errors.TemplateNotApproved),
        (make_conversation, MARKETING, errors.ConsentRequired),
        (taken_by_a_person, make_answer(human_epoch=2), sending_errors.OutdatedHuman),
        (written_on, make_answer(), sending_errors.AnswerOutdated),
        (make_conversation, LATE, sending_errors.TooLate),
    ],
)
def test_every_refusal_of_the_gate_has_its_error_and_stores_no_message(
    *,
    gate: SupabaseSendGate,
    clinic: Clinic,
    db: Connection,
    arrange: Callable[[Connection, Clinic], UUID],
    draft: Draft,
    refusal: type[errors.DomainError],
) -> None:
    conversation_id = arrange(db, clinic)

    with pytest.raises(refusal):
        gate.claim(conversation_id, draft)

    assert rows(db, "marketing_messages", conversation_id=conversation_id, direction="outbound") == []


def test_an_answer_is_given_once(gate: SupabaseSendGate, clinic: Clinic, db: Connection) -> None:
    conversation_id = make_conversation(db, clinic)
    gate.settle(gate.claim(conversation_id, make_answer()), Settlement("sent", external_id=f"wamid.{uuid4()}"))

    with pytest.raises(sending_errors.AlreadyAnswered):
        gate.claim(conversation_id, make_answer())


def test_another_professionals_conversation_does_not_exist(store: Database, clinic: Clinic, db: Connection) -> None:
    conversation_id = make_conversation(db, clinic)

    with pytest.raises(errors.ConversationNotFound):
        SupabaseSendGate(store, uuid4()).claim(conversation_id, make_draft())


def test_a_pace_of_ours_says_when_to_come_back(gate: SupabaseSendGate, clinic: Clinic, db: Connection) -> None:
    conversation_id = make_conversation(db, clinic)
    for _ in range(45):
        gate.settle(gate.claim(conversation_id, make_draft()), Settlement("sent", external_id=f"wamid.{uuid4()}"))

    with pytest.raises(sending_errors.Paced) as raised:
        gate.claim(conversation_id, make_draft())

    assert raised.value.scope == "pair"
    assert timedelta(0) < raised.value.retry_after <= timedelta(seconds=6)


def test_a_person_waits_for_the_message_in_flight_and_has_silenced_the_assistant_meanwhile(
    store: Database, clinic: Clinic, db: Connection
) -> None:
    conversation_id = make_conversation(db, clinic)
    in_flight = SupabaseSendGate(store, clinic.professional_id).claim(conversation_id, make_answer())
    epochs: list[int] = []

    def settle_meanwhile(_seconds: float) -> None:
        epochs.append(find(db, "marketing_conversations", conversation_id)["human_epoch"])
        if len(epochs) == 3:
            gate.settle(in_flight, Settlement("sent", external_id=f"wamid.{uuid4()}"))

    gate = SupabaseSendGate(store, clinic.professional_id, pause=settle_meanwhile)
    gate.claim(conversation_id, make_draft())

    assert epochs == [1, 1, 1], "the first asking counts, the waiting does not"
    conversation = find(db, "marketing_conversations", conversation_id)
    assert (conversation["human_epoch"], conversation["ai_enabled"]) == (1, False)


def test_waiting_ends_with_a_limit_and_nothing_stored(store: Database, clinic: Clinic, db: Connection) -> None:
    conversation_id = make_conversation(db, clinic)
    SupabaseSendGate(store, clinic.professional_id).claim(conversation_id, make_answer())
    now = [0.0]

    def pass_time(seconds: float) -> None:
        now[0] += seconds

    gate = SupabaseSendGate(store, clinic.professional_id, pause=pass_time, clock=lambda: now[0])
    with pytest.raises(sending_errors.ConversationBusy):
        gate.claim(conversation_id, make_draft())

    assert 9 <= now[0] <= 10
    assert len(rows(db, "marketing_messages", conversation_id=conversation_id, direction="outbound")) == 1


def test_of_many_people_writing_at_once_each_message_leaves_alone(
    supabase: SupabaseServer, clinic: Clinic, db: Connection
) -> None:
    conversation_id = make_conversation(db, clinic)
    in_flight: list[int] = []
    most: list[int] = []

    def write(_number: int) -> None:
        with httpx.Client(timeout=20) as http:
            gate = SupabaseSendGate(Database(supabase.url, supabase.secret_key, http=http), clinic.professional_id)
            claim = gate.claim(conversation_id, make_draft())
            in_flight.append(1)
            most.append(len(in_flight))
            in_flight.pop()
            gate.settle(claim, Settlement("sent", external_id=f"wamid.{uuid4()}"))

    with ThreadPoolExecutor(6) as people:
        list(people.map(write, range(6)))

    sent = rows(db, "marketing_messages", conversation_id=conversation_id, status="sent")
    assert (len(sent), max(most)) == (6, 1)
