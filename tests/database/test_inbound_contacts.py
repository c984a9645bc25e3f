"""A contact is a phone, a user id, or both, and has one conversation, whatever is learnt of them in whatever order."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.database.inbound_builders import (
    BSUID,
    PHONE,
    Office,
    claim_answer,
    consent,
    echo,
    finish_answer,
    ingest,
    make_due,
    make_office,
    message,
    minutes_ago,
    new_identity,
    record_consent,
    status,
    write,
)
from tests.database.outbound_builders import (
    Connect,
    Connection,
    Row,
    answer_of_ai,
    claim,
    find,
    insert,
    make_conversation,
    make_patient,
    race,
    rows,
    rpc,
    settle,
    update,
    utc_now,
)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


def live(db: Connection) -> list[Row]:
    return [row for row in rows(db, "marketing_conversations") if row["merged_into_id"] is None]


def two_threads(db: Connection, office: Office) -> tuple[UUID, UUID]:
    """One person, known by phone in an older conversation and by user id in a newer one."""
    older = write(db, office, "por teléfono", phone=PHONE, sent_at=minutes_ago(3))
    newer = write(db, office, "con usuario", phone=None, user_id=BSUID, sent_at=minutes_ago(2), name="Óscar N.")
    assert older != newer
    return older, newer


def merge(db: Connection, office: Office, keep: UUID, other: UUID) -> Row:
    answer: Row = rpc(db, "merge_contacts", professional_id=office.id, keep=keep, merge=other)
    return answer


# ---- identities ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"), [("+5493415550204", "+543415550204"), ("+543415550204", "+5493415550204")]
)
def test_54_and_549_are_one_contact_and_the_reply_goes_to_the_digits_received_last(
    db: Connection, office: Office, first: str, second: str
) -> None:
    conversation = write(db, office, phone=first, sent_at=minutes_ago(2))

    assert write(db, office, phone=second, sent_at=minutes_ago(1)) == conversation

    assert find(db, "marketing_conversations", conversation)["contact_phone"] == second
    assert [row["value"] for row in rows(db, "marketing_contact_identities")] == ["+543415550204"]


def test_a_contact_without_a_phone_is_known_by_user_id(db: Connection, office: Office) -> None:
    conversation = write(db, office, phone=None, user_id=BSUID)

    assert write(db, office, phone=None, user_id=BSUID) == conversation
    row = find(db, "marketing_conversations", conversation)
    assert (row["contact_phone"], row["contact_user_id"]) == (None, BSUID)


def test_a_user_id_that_comes_along_later_joins_the_conversation_of_the_phone(db: Connection, office: Office) -> None:
    conversation = write(db, office, phone=PHONE)
    assert write(db, office, phone=PHONE, user_id=BSUID) == conversation

    assert write(db, office, phone=None, user_id=BSUID) == conversation
    assert find(db, "marketing_conversations", conversation)["contact_phone"] == PHONE


def test_a_status_that_names_phone_and_user_id_joins_them_before_the_contact_writes_from_one_alone(
    db: Connection, office: Office
) -> None:
    older, _ = two_threads(db, office)

    ingest(db, status(office, "wamid.ours", "sent", phone=PHONE, user_id=BSUID))

    assert [row["id"] for row in live(db)] == [older]


def test_a_status_of_somebody_unknown_begins_no_conversation(db: Connection, office: Office) -> None:
    ingest(db, status(office, "wamid.ours", "sent", phone=PHONE, user_id=BSUID))

    assert rows(db, "marketing_conversations") == []


# ---- merging ---------------------------------------------------------------------------------------------------------


def test_the_first_event_that_carries_both_merges_into_the_older_conversation(db: Connection, office: Office) -> None:
    older, newer = two_threads(db, office)

    assert write(db, office, "y ahora con ambos", phone=PHONE, user_id=BSUID) == older

    assert find(db, "marketing_conversations", newer)["merged_into_id"] == older
    kept = find(db, "marketing_conversations", older)
    assert {row["conversation_id"] for row in rows(db, "marketing_messages")} == {older}
    assert {row["conversation_id"] for row in rows(db, "marketing_contact_identities")} == {older}
    assert (kept["contact_phone"], kept["contact_user_id"], kept["unread_count"]) == (PHONE, BSUID, 3)
    make_due(db, older)
    assert [row["body"] for row in claim_answer(db, older)["unanswered"]] == [
        "por teléfono",
        "con usuario",
        "y ahora con ambos",
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_the_older_conversation_stays_whatever_the_order_of_the_arguments(
    db: Connection, office: Office, turned: bool
) -> None:
    older, newer = two_threads(db, office)
    arguments = (newer, older) if turned else (older, newer)

    first, again = merge(db, office, *arguments), merge(db, office, *arguments)

    assert first == again == {"outcome": "merged", "conversation_id": str(older)}
    assert len(rows(db, "marketing_audit_logs", action="contact.merged")) == 1


def test_everything_that_hangs_on_a_merged_conversation_moves_along(db: Connection, office: Office) -> None:
    older, newer = two_threads(db, office)
    patient = make_patient(db, office.clinic)
    update(db, "marketing_conversations", newer, patient_id=patient)
    hour = {"starts_at": utc_now() + timedelta(days=1), "ends_at": utc_now() + timedelta(days=1, hours=1)}
    owned = {"professional_id": office.id, "conversation_id": newer}
    insert(db, "appointments", **owned, **hour)
    insert(db, "marketing_slot_offers", **owned, **hour, batch_id=uuid4(), expires_at=utc_now() + timedelta(hours=1))
    record_consent(db, office, newer, "marketing", "granted")

    merge(db, office, older, newer)

    for table in ("appointments", "marketing_slot_offers", "marketing_consent_events"):
        assert {row["conversation_id"] for row in rows(db, table)} == {older}, table
    assert find(db, "marketing_conversations", older)["patient_id"] == patient
    assert consent(db, older) == (True, True)


@pytest.mark.parametrize("repetition", range(5))
def test_merges_from_both_directions_and_messages_at_once_end_in_one_conversation_without_a_deadlock(
    db: Connection, connect: Connect, office: Office, repetition: int
) -> None:
    older, newer = two_threads(db, office)
    events = [message(office, f"ambos {number}", phone=PHONE, user_id=BSUID) for number in range(3)]
    apart = [message(office, phone=PHONE), message(office, phone=None, user_id=BSUID)]

    race(
        connect,
        [
            lambda connection: merge(connection, office, older, newer),
            lambda connection: merge(connection, office, newer, older),
            *[lambda connection, event=event: ingest(connection, event) for event in (*events, *apart)],  # type: ignore[misc]
        ],
    )

    assert [row["id"] for row in live(db)] == [older]
    assert {row["conversation_id"] for row in rows(db, "marketing_messages")} == {older}
    make_due(db, older)
    assert len(claim_answer(db, older)["unanswered"]) == 7


def test_conversations_of_two_professionals_or_two_numbers_are_never_merged(db: Connection, office: Office) -> None:
    mine = write(db, office)
    theirs = write(db, make_office(db))

    assert merge(db, office, mine, theirs)["outcome"] == "not_found"
    assert merge(db, office, theirs, mine)["outcome"] == "not_found"
    assert len(live(db)) == 2


def test_a_job_that_still_holds_the_old_id_works_on_the_conversation_that_stayed(
    db: Connection, office: Office
) -> None:
    older, newer = two_threads(db, office)
    merge(db, office, older, newer)

    rpc(db, "take_over", professional_id=office.id, conversation_id=newer, actor_id=uuid4())

    assert find(db, "marketing_conversations", older)["ai_enabled"] is False
    assert find(db, "marketing_conversations", newer)["ai_enabled"] is True


# ---- what was owed when they merged ----------------------------------------------------------------------------------


def answer(db: Connection, office: Office, conversation: UUID) -> None:
    """The assistant answers everything."""
    make_due(db, conversation)
    held = claim_answer(db, conversation)
    granted = claim(db, office.clinic, conversation, answer_of_ai(answer_epoch=held["epoch"]))
    assert granted["outcome"] == "granted", granted
    settle(db, office.clinic, granted["message_id"])
    assert finish_answer(db, conversation, held)["outcome"] == "finished"


def bodies_owed(db: Connection, conversation: UUID) -> list[str]:
    make_due(db, conversation)
    return [row["body"] for row in claim_answer(db, conversation)["unanswered"]]


def test_what_was_answered_in_one_is_not_owed_again_after_the_merge(db: Connection, office: Office) -> None:
    older, newer = two_threads(db, office)
    answer(db, office, older)

    merge(db, office, older, newer)

    assert bodies_owed(db, older) == ["con usuario"]


def test_a_merge_of_two_answered_conversations_owes_nothing(db: Connection, office: Office) -> None:
    older, newer = two_threads(db, office)
    answer(db, office, older)
    answer(db, office, newer)

    merge(db, office, older, newer)

    assert claim_answer(db, older) == {"outcome": "nothing"}


def test_an_answer_being_written_for_the_merged_one_cannot_pass_for_an_answer_to_the_other(
    db: Connection, office: Office
) -> None:
    older, newer = two_threads(db, office)
    write(db, office, "sigo con usuario", phone=None, user_id=BSUID)
    make_due(db, newer)
    held = claim_answer(db, newer)
    merge(db, office, older, newer)
    # past the time in which it would be written again
    update(db, "marketing_conversations", older, first_unanswered_at=minutes_ago(5))

    claim(db, office.clinic, newer, answer_of_ai(answer_epoch=held["epoch"]))

    assert finish_answer(db, newer, held)["outcome"] == "lost"
    assert "por teléfono" in bodies_owed(db, older)


# ---- another number, another id --------------------------------------------------------------------------------------


def test_a_new_number_is_the_same_contact_and_is_written_down_for_people_and_in_the_audit(
    db: Connection, office: Office
) -> None:
    conversation = write(db, office, phone=PHONE, user_id=BSUID)
    event = new_identity(office, "number", phone=PHONE, new_phone="+5491155550999", new_user_id="AR.777")

    assert ingest(db, event)["outcome"] == "stored"
    assert ingest(db, event)["outcome"] == "duplicate"

    row = find(db, "marketing_conversations", conversation)
    assert (row["contact_phone"], row["contact_user_id"]) == ("+5491155550999", "AR.777")
    assert rows(db, "marketing_messages", type="system")[0]["direction"] == "system"
    (audit,) = rows(db, "marketing_audit_logs", action="contact.identity_changed")
    assert audit["entity_id"] == conversation
    assert "5550" not in str(audit["payload"])
    assert write(db, office, phone="+5491155550999", user_id="AR.777") == conversation


def test_a_contact_who_wrote_from_the_new_number_before_we_heard_of_it_is_merged(
    db: Connection, office: Office
) -> None:
    older = write(db, office, phone=PHONE)
    write(db, office, phone="+5491155550999")

    ingest(db, new_identity(office, "number", phone=PHONE, new_phone="+5491155550999"))

    assert [row["id"] for row in live(db)] == [older]


def test_a_new_security_code_is_only_a_line_in_the_conversation(db: Connection, office: Office) -> None:
    conversation = write(db, office, phone=PHONE)

    ingest(db, new_identity(office, "security_code", phone=PHONE))

    assert find(db, "marketing_conversations", conversation)["contact_phone"] == PHONE
    assert rows(db, "marketing_audit_logs", action="contact.identity_changed") == []
    assert len(rows(db, "marketing_messages", type="system")) == 1


# ---- who else finds or begins conversations --------------------------------------------------------------------------


def test_a_send_by_phone_and_the_contacts_first_message_at_once_meet_in_one_conversation(
    db: Connection, connect: Connect, office: Office
) -> None:
    def opens(connection: Connection) -> Row:
        opened: Row = rpc(
            connection, "open_conversation", professional_id=office.id, channel_id=office.channel_id, phone=PHONE
        )
        return opened

    event = message(office, phone=PHONE, user_id=BSUID)
    answers = race(connect, [opens, lambda connection: ingest(connection, event), opens])

    assert len({answer["conversation_id"] for answer in answers}) == 1
    assert len(rows(db, "marketing_conversations")) == 1


def test_a_contact_without_any_identity_is_refused_instead_of_filed_under_nobody(
    db: Connection, office: Office
) -> None:
    event = message(office)
    row = db.execute(
        "select app.conversation_of(channel, app.event_identities(%s)) as found from marketing_channels as channel",
        [Jsonb({**event, "contact_phone": None, "contact_user_id": None})],
    ).fetchone()

    assert row == {"found": None}
    assert rows(db, "marketing_conversations") == []


def test_a_conversation_begun_by_hand_is_found_by_the_contacts_first_message(db: Connection, office: Office) -> None:
    conversation = make_conversation(db, office.clinic, wrote=False, contact_phone="+543415550204")

    assert write(db, office, phone="+5493415550204") == conversation


def test_an_echo_to_somebody_new_begins_their_conversation(db: Connection, office: Office) -> None:
    stored = ingest(db, echo(office))

    assert find(db, "marketing_conversations", stored["conversation_id"])["contact_phone"] == PHONE
