"""People and the assistant pass a conversation to each other, and a person always wins."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database.inbound_builders import (
    Office,
    claim_answer,
    echo,
    edit,
    finish_answer,
    ingest,
    make_due,
    make_instagram,
    make_office,
    message,
    minutes_ago,
    on_instagram,
    reaction,
    revoke,
    write,
)
from tests.database.outbound_builders import (
    Connect,
    Connection,
    Row,
    answer_of_ai,
    claim,
    find,
    race,
    rows,
    rpc,
    settle,
    text_of_person,
    update,
)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


@pytest.fixture
def conversation(db: Connection, office: Office) -> UUID:
    return write(db, office)


def get(db: Connection, conversation: UUID) -> Row:
    return find(db, "marketing_conversations", conversation)


def ask(db: Connection, function: str, office: Office, conversation: UUID, **arguments: object) -> Row:
    answer: Row = rpc(db, function, professional_id=office.id, conversation_id=conversation, **arguments)
    return answer


# ---- a person answers from the phone ---------------------------------------------------------------------------------


def test_an_echo_takes_over_and_clears_what_is_owed(db: Connection, office: Office, conversation: UUID) -> None:
    answer = ingest(db, echo(office))

    assert (answer["outcome"], answer["wake"]) == ("stored", None)
    row = get(db, conversation)
    assert (row["ai_enabled"], row["handoff_reason"], row["human_epoch"]) == (False, "human_reply", 1)
    assert row["answered_epoch"] == row["epoch"] == 1
    assert (row["answer_due_at"], row["first_unanswered_at"], row["unread_count"]) == (None, None, 0)
    assert row["handoff_at"] is not None and row["last_human_at"] is not None
    sent = find(db, "marketing_messages", answer["message_id"])
    assert (sent["direction"], sent["sender"], sent["status"]) == ("outbound", "professional", "sent")
    (audit,) = rows(db, "marketing_audit_logs", action="conversation.handed_over")
    assert audit["payload"] == {"reason": "human_reply"}


def test_an_echo_delivered_five_times_at_once_takes_over_once(
    db: Connection, connect: Connect, office: Office, conversation: UUID
) -> None:
    event = echo(office)

    answers = race(connect, [lambda connection: ingest(connection, event)] * 5)

    assert sorted(answer["outcome"] for answer in answers) == ["duplicate"] * 4 + ["stored"]
    assert get(db, conversation)["human_epoch"] == 1


def test_every_message_of_a_person_moves_human_epoch_but_only_the_first_is_a_hand_over(
    db: Connection, office: Office, conversation: UUID
) -> None:
    ingest(db, echo(office))
    ingest(db, echo(office))

    assert get(db, conversation)["human_epoch"] == 2
    assert len(rows(db, "marketing_audit_logs", action="conversation.handed_over")) == 1


def test_an_answer_written_before_the_echo_is_refused(db: Connection, office: Office, conversation: UUID) -> None:
    make_due(db, conversation)
    held = claim_answer(db, conversation)
    ingest(db, echo(office))

    refused = claim(db, office.clinic, conversation, answer_of_ai(human_epoch=held["human_epoch"]))

    assert refused == {"outcome": "refused", "code": "outdated_human"}
    assert finish_answer(db, conversation, held)["outcome"] == "finished"


def test_an_echo_of_a_message_of_ours_is_nobodys_answer(db: Connection, office: Office, conversation: UUID) -> None:
    granted = claim(db, office.clinic, conversation, answer_of_ai())
    settle(db, office.clinic, granted["message_id"], external_id="wamid.ours")

    answer = ingest(db, echo(office, external_id="wamid.ours"))

    assert (answer["outcome"], answer["message_id"]) == ("duplicate", granted["message_id"])
    assert (get(db, conversation)["ai_enabled"], get(db, conversation)["human_epoch"]) == (True, 0)


def test_an_instagram_echo_during_a_send_of_ours_comes_back_later(db: Connection, office: Office) -> None:
    make_instagram(db, office)
    conversation = UUID(ingest(db, on_instagram(message(office)))["conversation_id"])
    update(db, "marketing_conversations", conversation, send_lease_until=minutes_ago(-1))
    event = on_instagram(echo(office))

    with pytest.raises(Exception, match="a send is in flight") as caught:
        ingest(db, event)
    assert getattr(caught.value, "sqlstate", None) == "55P03"

    update(db, "marketing_conversations", conversation, send_lease_until=None)
    assert ingest(db, event)["outcome"] == "stored"
    assert get(db, conversation)["ai_enabled"] is False


def test_a_person_edits_and_revokes_and_reacts_on_the_phone_without_taking_over(
    db: Connection, office: Office, conversation: UUID
) -> None:
    event = echo(office, "nos vemos el martes")
    ingest(db, event)
    before = get(db, conversation)["human_epoch"]

    ingest(db, edit(office, event["external_id"], "nos vemos el jueves", sender="business"))
    ingest(db, revoke(office, event["external_id"], sender="business"))
    ingest(db, reaction(office, event["external_id"], sender="business"))

    row = rows(db, "marketing_messages", external_id=event["external_id"])[0]
    assert (row["body"], row["revoked_at"] is not None) == ("nos vemos el jueves", True)
    assert get(db, conversation)["human_epoch"] == before
    assert {row["direction"] for row in rows(db, "marketing_messages", sender="professional")} == {"outbound"}


# ---- handing over, taking over, handing back -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "alerted"),
    [
        ("emergency", ("emergency", "critical")),
        ("complaint", ("handoff", "critical")),
        ("human_handoff", ("handoff", "warning")),
    ],
)
def test_the_assistant_hands_over_once_and_asks_for_a_person(
    db: Connection, office: Office, conversation: UUID, reason: str, alerted: tuple[str, str]
) -> None:
    first = ask(db, "hand_over", office, conversation, reason=reason)
    again = ask(db, "hand_over", office, conversation, reason=reason)

    assert (first["outcome"], again["outcome"]) == ("handed_over", "already_handed_over")
    row = get(db, conversation)
    assert (row["ai_enabled"], row["handoff_reason"], row["human_epoch"]) == (False, reason, 0)
    (alert,) = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["entity_id"]) == (*alerted, conversation)
    (audit,) = rows(db, "marketing_audit_logs", action="conversation.handed_over")
    assert (audit["payload"], audit["entity_id"]) == ({"reason": reason}, conversation)


def test_an_emergency_in_a_conversation_handed_over_for_less_still_raises_its_alert(
    db: Connection, office: Office, conversation: UUID
) -> None:
    ask(db, "hand_over", office, conversation, reason="human_handoff")

    ask(db, "hand_over", office, conversation, reason="emergency")

    assert [row["severity"] for row in rows(db, "marketing_alerts")] == ["warning", "critical"]


def test_a_person_who_takes_over_silences_the_assistant_but_loses_no_emergency(
    db: Connection, office: Office, conversation: UUID
) -> None:
    actor = uuid4()
    ask(db, "take_over", office, conversation, actor_id=actor)

    row = get(db, conversation)
    assert (row["ai_enabled"], row["handoff_reason"], row["human_epoch"]) == (False, "human_takeover", 1)
    (audit,) = rows(db, "marketing_audit_logs", action="conversation.handed_over")
    assert audit["actor_id"] == actor
    make_due(db, conversation)
    held = claim_answer(db, conversation)
    assert (held["mode"], len(held["unanswered"])) == ("triage", 1)


def test_resuming_undoes_the_hand_over_and_owes_what_nobody_answered(
    db: Connection, office: Office, conversation: UUID
) -> None:
    ingest(db, echo(office))
    ingest(db, message(office, "¿y el precio?"))
    make_due(db, conversation)
    finish_answer(db, conversation, claim_answer(db, conversation))  # observed, not answered

    resumed = ask(db, "resume_ai", office, conversation, actor_id=uuid4())

    assert resumed["wake"] == {"conversation_id": str(conversation), "delay_seconds": 0}
    row = get(db, conversation)
    assert (row["ai_enabled"], row["handoff_reason"], row["handoff_at"]) == (True, None, None)
    assert row["human_epoch"] == 2 and row["handed_back_at"] is not None
    held = claim_answer(db, conversation)
    assert (held["mode"], held["first_answer"]) == ("answer", True)
    assert [one["body"] for one in held["unanswered"]] == ["¿y el precio?"]
    assert len(rows(db, "marketing_audit_logs", action="conversation.resumed")) == 1


def test_resuming_answers_nothing_that_a_person_answered_or_that_is_two_hours_old(
    db: Connection, office: Office, conversation: UUID
) -> None:
    ask(db, "take_over", office, conversation, actor_id=uuid4())
    ingest(db, message(office, "hace mucho", sent_at=minutes_ago(121)))
    ingest(db, echo(office))
    ingest(db, message(office, "también hace mucho", sent_at=minutes_ago(121)))
    make_due(db, conversation)
    for _ in ("what the person answered", "what came after"):
        finish_answer(db, conversation, claim_answer(db, conversation))

    assert ask(db, "resume_ai", office, conversation, actor_id=uuid4())["wake"] is None
    assert claim_answer(db, conversation)["outcome"] == "nothing"


def test_resuming_an_active_conversation_changes_nothing(db: Connection, office: Office, conversation: UUID) -> None:
    before = get(db, conversation)

    assert ask(db, "resume_ai", office, conversation, actor_id=uuid4())["outcome"] == "already_active"
    assert get(db, conversation) == before


def test_marking_read_clears_the_counter_alone(db: Connection, office: Office, conversation: UUID) -> None:
    ask(db, "mark_read", office, conversation)

    row = get(db, conversation)
    assert (row["unread_count"], row["ai_enabled"], row["human_epoch"]) == (0, True, 0)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("hand_over", {"reason": "emergency"}),
        ("take_over", {"actor_id": UUID(int=1)}),
        ("resume_ai", {"actor_id": UUID(int=1)}),
        ("mark_read", {}),
        ("record_consent", {"scope": "marketing", "action": "granted", "source": "form"}),
    ],
)
def test_another_professionals_conversation_is_not_found_and_stays_as_it_was(
    db: Connection, office: Office, conversation: UUID, function: str, arguments: dict[str, object]
) -> None:
    before = get(db, conversation)

    answer = ask(db, function, make_office(db), conversation, **arguments)

    assert answer["outcome"] == "not_found"
    assert get(db, conversation) == before
    assert rows(db, "marketing_alerts") == rows(db, "marketing_audit_logs") == []


def test_of_a_person_and_the_assistant_at_once_no_answer_is_granted_after_the_persons_message(
    db: Connection, connect: Connect, office: Office
) -> None:
    for number in range(8):
        phone = f"+54341555{number:04}"
        conversation = write(db, office, phone=phone)
        event = echo(office, phone=phone)

        person, assistant = race(
            connect,
            [
                lambda connection, event=event: ingest(connection, event),  # type: ignore[misc]
                lambda connection, held=conversation: claim(connection, office.clinic, held, answer_of_ai()),  # type: ignore[misc]
            ],
        )

        if assistant["outcome"] == "granted":
            written = find(db, "marketing_messages", person["message_id"])["created_at"]
            assert get(db, conversation)["last_ai_at"] < written
        else:
            assert assistant == {"outcome": "refused", "code": "outdated_human"}


def test_a_message_from_the_dashboard_and_one_from_the_phone_count_as_two(
    db: Connection, office: Office, conversation: UUID
) -> None:
    claim(db, office.clinic, conversation, text_of_person())
    ingest(db, echo(office))

    assert get(db, conversation)["human_epoch"] == 2
