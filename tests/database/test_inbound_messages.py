"""What a contact sends becomes rows once, moves the counters it should, and owes one answer a burst."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest

from tests.database.inbound_builders import (
    Office,
    echo,
    edit,
    ingest,
    make_due,
    make_instagram,
    make_office,
    message,
    minutes_ago,
    on_instagram,
    reaction,
    revoke,
    voice_note,
    write,
)
from tests.database.outbound_builders import (
    Connect,
    Connection,
    Row,
    find,
    make_patient,
    race,
    rows,
    update,
    utc_now,
)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


def only_conversation(db: Connection) -> Row:
    (conversation,) = rows(db, "marketing_conversations")
    return conversation


# ---- once ------------------------------------------------------------------------------------------------------------


def test_the_same_message_delivered_five_times_at_once_is_one_row_and_owes_one_answer(
    db: Connection, connect: Connect, office: Office
) -> None:
    event = message(office)

    answers = race(connect, [lambda connection: ingest(connection, event)] * 5)

    assert sorted(answer["outcome"] for answer in answers) == ["duplicate"] * 4 + ["stored"]
    assert len({(answer["conversation_id"], answer["message_id"]) for answer in answers}) == 1
    assert len(rows(db, "marketing_messages")) == 1
    conversation = only_conversation(db)
    assert (conversation["epoch"], conversation["unread_count"]) == (1, 1)


def test_twelve_first_messages_of_one_contact_at_once_make_one_conversation(
    db: Connection, connect: Connect, office: Office
) -> None:
    events = [message(office, f"mensaje {number}") for number in range(12)]

    race(connect, [lambda connection, event=event: ingest(connection, event) for event in events])  # type: ignore[misc]

    conversation = only_conversation(db)
    assert (conversation["epoch"], conversation["unread_count"]) == (12, 12)
    owed = [row["owed_epoch"] for row in rows(db, "marketing_messages")]
    assert sorted(owed) == list(range(1, 13))


def test_the_same_wamid_on_two_numbers_is_two_messages(db: Connection, office: Office) -> None:
    other = make_office(db)
    event = message(office, external_id="wamid.same")

    ingest(db, event)
    second = ingest(db, message(other, external_id="wamid.same"))

    assert second["outcome"] == "stored"
    assert {row["professional_id"] for row in rows(db, "marketing_messages")} == {office.id, other.id}


def test_a_duplicate_wakes_again_while_the_answer_is_owed_and_no_longer_once_it_was_given(
    db: Connection, office: Office
) -> None:
    event = message(office)
    conversation = ingest(db, event)["conversation_id"]

    assert ingest(db, event)["wake"] == {"conversation_id": conversation, "delay_seconds": 4}
    make_due(db, conversation)
    assert ingest(db, event)["wake"] == {"conversation_id": conversation, "delay_seconds": 0}
    ingest(db, echo(office))
    assert ingest(db, event)["wake"] is None


def test_a_file_is_asked_for_until_it_was_fetched(db: Connection, office: Office) -> None:
    event = voice_note(office)

    first = ingest(db, event)

    row = find(db, "marketing_messages", first["message_id"])
    assert (row["media_status"], row["media_id"], row["media_mime"]) == (
        "pending",
        "1803459827345981",
        "audio/ogg; codecs=opus",
    )
    assert row["payload"]["media"]["voice"] is True
    assert first["media"] and ingest(db, event)["media"]
    update(db, "marketing_messages", row["id"], media_status="stored")
    assert ingest(db, event)["media"] is False


def test_a_message_is_kept_as_it_was_written(db: Connection, office: Office) -> None:
    body = "¿Me duele la muela 😬🦷, qué hago? \\u0000 'ñ' \"comillas\"\nsegunda línea"

    stored = ingest(db, message(office, body, context_external_id="wamid.before", reply_id="slot:1"))

    row = find(db, "marketing_messages", stored["message_id"])
    assert row["body"] == row["payload"]["text"]["body"] == body
    assert (row["direction"], row["sender"], row["status"], row["type"]) == ("inbound", "contact", "received", "text")
    assert (row["reply_to_external_id"], row["payload"]["reply_id"]) == ("wamid.before", "slot:1")


# ---- the answer that is owed -----------------------------------------------------------------------------------------


def due_in(conversation: Row) -> float:
    return float((conversation["answer_due_at"] - utc_now()).total_seconds())


def test_each_message_of_a_burst_postpones_the_answer_but_never_beyond_thirty_seconds_after_the_first(
    db: Connection, office: Office
) -> None:
    conversation = write(db, office)
    assert 3 < due_in(only_conversation(db)) <= 4
    update(db, "marketing_conversations", conversation, first_unanswered_at=utc_now() - timedelta(seconds=28))

    ingest(db, message(office, "otra cosa"))

    assert 1 < due_in(only_conversation(db)) <= 2
    update(db, "marketing_conversations", conversation, first_unanswered_at=utc_now() - timedelta(minutes=5))
    late = ingest(db, message(office, "y otra"))
    assert late["wake"] == {"conversation_id": str(conversation), "delay_seconds": 0}


def test_without_a_debounce_the_answer_is_due_at_once(db: Connection, office: Office) -> None:
    assert ingest(db, message(office), debounce=0)["wake"]["delay_seconds"] == 0


@pytest.mark.parametrize(
    ("quiet", "unread"), [({"type": "request_welcome"}, 0), ({"type": "text", "group_id": "g-1"}, 1)]
)
def test_what_nobody_said_to_us_owes_no_answer_and_opens_no_window(
    db: Connection, office: Office, quiet: dict[str, str], unread: int
) -> None:
    stored = ingest(db, message(office, owes_answer=False, opens_window=False, **quiet))

    assert stored["outcome"] == "stored" and stored["wake"] is None
    conversation = only_conversation(db)
    assert (conversation["epoch"], conversation["last_inbound_at"]) == (0, None)
    assert conversation["unread_count"] == unread
    assert rows(db, "marketing_messages")[0]["owed_epoch"] is None


def test_a_message_that_arrives_hours_late_is_stored_and_owed_but_opens_no_window_of_its_own(
    db: Connection, office: Office
) -> None:
    sent_at = minutes_ago(60 * 30)

    stored = ingest(db, message(office, sent_at=sent_at))

    assert stored["wake"] is not None
    assert only_conversation(db)["last_inbound_at"] == sent_at


def test_messages_out_of_order_leave_the_newest_window_and_the_newest_way_to_reach_the_contact(
    db: Connection, office: Office
) -> None:
    newest = minutes_ago(1)
    write(db, office, sent_at=newest, phone="+5493415550204", name="Óscar")

    write(db, office, sent_at=minutes_ago(10), phone="+543415550204", name="Oscar viejo")

    conversation = only_conversation(db)
    assert conversation["last_inbound_at"] == newest
    assert (conversation["contact_phone"], conversation["contact_name"]) == ("+5493415550204", "Óscar")


def test_a_clock_of_meta_that_runs_ahead_does_not_keep_the_window_open_longer(db: Connection, office: Office) -> None:
    write(db, office, sent_at=utc_now() + timedelta(hours=9))

    assert only_conversation(db)["last_inbound_at"] <= utc_now()


def test_an_instagram_message_is_stored_by_account_and_owes_nothing_yet(db: Connection, office: Office) -> None:
    channel = make_instagram(db, office)

    stored = ingest(db, on_instagram(message(office)))

    assert (stored["outcome"], stored["wake"]) == ("stored", None)
    conversation = only_conversation(db)
    assert (conversation["channel_id"], conversation["epoch"], conversation["unread_count"]) == (channel, 0, 1)
    assert (conversation["contact_phone"], conversation["contact_user_id"]) == (None, "880000000000201")


# ---- who it is -------------------------------------------------------------------------------------------------------


def test_the_one_patient_with_the_number_is_linked_also_across_54_and_549(db: Connection, office: Office) -> None:
    patient = make_patient(db, office.clinic, phone="+543415550204")

    write(db, office, phone="+5493415550204")

    assert only_conversation(db)["patient_id"] == patient


def test_a_number_that_two_patients_share_links_neither(db: Connection, office: Office) -> None:
    make_patient(db, office.clinic, phone="+5493415550204")
    make_patient(db, office.clinic, phone="+543415550204")

    write(db, office, phone="+5493415550204")

    assert only_conversation(db)["patient_id"] is None


def test_a_patient_of_another_professional_is_nobody_here(db: Connection, office: Office) -> None:
    make_patient(db, make_office(db).clinic, phone="+5493415550204")

    write(db, office, phone="+5493415550204")

    assert only_conversation(db)["patient_id"] is None


# ---- reactions, edits, revokes ---------------------------------------------------------------------------------------


def test_a_reaction_is_a_row_that_owes_nothing(db: Connection, office: Office) -> None:
    event = message(office)
    ingest(db, event)
    before = only_conversation(db)

    event = reaction(office, event["external_id"])
    assert ingest(db, event)["outcome"] == "stored"
    assert ingest(db, event)["outcome"] == "duplicate"

    row = rows(db, "marketing_messages", type="reaction")[0]
    assert (row["body"], row["direction"], row["owed_epoch"]) == ("👍", "inbound", None)
    after = only_conversation(db)
    for kept in ("epoch", "human_epoch", "last_inbound_at", "unread_count", "answer_due_at"):
        assert after[kept] == before[kept]


def test_an_edited_message_says_the_last_edit_and_keeps_what_it_said_before_in_whatever_order_they_come(
    db: Connection, office: Office
) -> None:
    for number, order in enumerate(permutations(range(3))):
        phone, original = f"+54341555{number:04}", f"wamid.original.{number}"
        events = [
            message(office, "martes", external_id=original, phone=phone, sent_at=minutes_ago(9)),
            edit(office, original, "miércoles", phone=phone, sent_at=minutes_ago(8)),
            edit(office, original, "jueves", phone=phone, sent_at=minutes_ago(7)),
        ]
        for index in order:
            ingest(db, events[index])

        (row,) = rows(db, "marketing_messages", external_id=original)
        assert (row["body"], row["payload"]["previous_bodies"]) == ("jueves", ["martes", "miércoles"]), order
        assert row["edited_at"].isoformat() == events[2]["sent_at"].replace("Z", "+00:00")


@pytest.mark.parametrize("revoke_first", [False, True])
def test_a_revoked_message_is_marked_also_when_the_revoke_comes_first(
    db: Connection, office: Office, revoke_first: bool
) -> None:
    event = message(office)
    events = [event, revoke(office, event["external_id"])]

    for one in reversed(events) if revoke_first else events:
        ingest(db, one)

    row = rows(db, "marketing_messages", type="text")[0]
    assert row["revoked_at"] is not None and row["body"] == event["body"]
    assert only_conversation(db)["epoch"] == 1


def test_nobody_edits_a_message_of_the_other_side(db: Connection, office: Office) -> None:
    event = message(office, "martes")
    ingest(db, event)

    ingest(db, edit(office, event["external_id"], "nunca", sender="business"))

    assert rows(db, "marketing_messages", type="text")[0]["body"] == "martes"


def test_the_answer_names_what_was_stored(db: Connection, office: Office) -> None:
    stored = ingest(db, message(office))

    assert set(stored) == {
        "outcome",
        "reason",
        "professional_id",
        "channel_id",
        "conversation_id",
        "message_id",
        "wake",
        "media",
    }
    assert UUID(stored["professional_id"]) == office.id and UUID(stored["channel_id"]) == office.channel_id
