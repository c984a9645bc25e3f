"""The history of a number that stays on the phone app: kept as it was, and otherwise as if nothing had happened."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dentalist.inbound.split import split
from tests.database.history_builders import (
    BUSINESS,
    DECLINED,
    DIGITS,
    ago,
    body_of,
    chunk,
    conversation,
    deliver,
    events_of,
    import_file,
    import_thread,
    import_threads,
    message_of,
    own,
    past,
    photo,
    placeholder,
    thread,
)
from tests.database.inbound_builders import (
    BSUID,
    PHONE,
    Office,
    consent,
    ingest,
    make_office,
    record_consent,
    status,
    write,
)
from tests.database.outbound_builders import (
    Connection,
    Row,
    claim,
    make_patient,
    rows,
    rpc,
    text_of_person,
    update,
    utc_now,
)
from tests.database.privacy_builders import erase


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


def messages_of(db: Connection, conversation_id: UUID) -> list[Row]:
    return sorted(rows(db, "marketing_messages", conversation_id=conversation_id), key=lambda row: row["created_at"])


def audits(db: Connection, office: Office, action: str) -> list[Row]:
    return rows(db, "marketing_audit_logs", professional_id=office.id, action=action)


# ---- what is kept ----------------------------------------------------------------------------------------------------


def test_both_sides_of_a_thread_are_kept_with_their_times(db: Connection, office: Office) -> None:
    asked, answered = past("¿Precio?", ago(days=3)), own("100", ago(days=2), status="DELIVERED")

    kept = messages_of(db, import_thread(db, office, answered, asked))

    assert [(row["direction"], row["sender"], row["status"], row["body"]) for row in kept] == [
        ("inbound", "contact", "received", "¿Precio?"),
        ("outbound", "professional", "delivered", "100"),
    ]
    assert [row["created_at"] for row in kept] == [row["sent_at"] for row in kept]
    assert kept[0]["sent_at"].timestamp() == int(asked["timestamp"])
    assert all(row["imported_at"] is not None and row["payload"]["id"] == row["external_id"] for row in kept)


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("PENDING", "unknown"),
        ("SENT", "sent"),
        ("DELIVERED", "delivered"),
        ("READ", "read"),
        ("PLAYED", "read"),
        ("ERROR", "failed"),
        ("A_WORD_OF_TOMORROW", "sent"),
    ],
)
def test_the_status_of_the_clinics_own_message_is_kept(db: Connection, office: Office, word: str, kept: str) -> None:
    sent = own(status=word)
    import_thread(db, office, sent)
    assert message_of(db, office, sent)["status"] == kept


def test_the_history_owes_nothing_wakes_nobody_and_moves_no_counter(db: Connection, office: Office) -> None:
    [answer] = import_threads(db, office, thread(past(), own(), past("¿Están?", ago(minutes=5))))

    row = conversation(db, answer["conversation_id"])
    assert (answer["wake"], answer["media"], answer["message_id"]) == (None, False, None)
    assert (row["epoch"], row["human_epoch"], row["answered_epoch"], row["unread_count"]) == (0, 0, 0, 0)
    assert (row["answer_due_at"], row["first_unanswered_at"], row["last_human_at"]) == (None, None, None)
    assert rpc(db, "claim_answer", conversation_id=row["id"], lease_seconds=60, history=9) == {"outcome": "nothing"}
    assert rows(db, "marketing_alerts") == []


def test_an_imported_answer_of_the_clinic_is_not_counted_as_a_send(db: Connection, office: Office) -> None:
    import_thread(db, office, sent := own(status="SENT"))
    ingest(db, status(office, sent["id"], "delivered"))

    assert message_of(db, office, sent)["status"] == "delivered"
    assert rows(db, "marketing_channel_usage") == []


def test_the_window_is_judged_by_the_true_time(db: Connection, office: Office) -> None:
    asked, answered = ago(hours=30), ago(hours=1)
    imported = import_thread(db, office, past(at=ago(days=9)), past(at=asked), own(at=answered))

    row = conversation(db, imported)
    assert (row["last_inbound_at"], row["last_message_at"]) == (asked, answered)
    refused = claim(db, office.clinic, imported, text_of_person())
    assert (refused["outcome"], refused["code"]) == ("refused", "service_window_closed")


def test_a_message_of_an_hour_ago_opens_the_window_for_a_person(db: Connection, office: Office) -> None:
    imported = import_thread(db, office, past(at=ago(hours=1)))
    assert claim(db, office.clinic, imported, text_of_person())["outcome"] == "granted"


@pytest.mark.parametrize("timestamp", [None, "", "mañana", "99999999999999", "1"])
def test_a_message_that_does_not_say_when_it_was_written_opens_no_window(
    db: Connection, office: Office, timestamp: Any
) -> None:
    kept = past(timestamp=timestamp)

    row = conversation(db, import_thread(db, office, kept))

    assert row["last_inbound_at"] is None
    assert message_of(db, office, kept)["body"] == "Hola, ¿me pasás el precio?"


def test_having_written_before_is_consent_for_care_and_for_nothing_else(db: Connection, office: Office) -> None:
    assert consent(db, import_thread(db, office, past(), own())) == (True, False)
    assert consent(db, import_thread(db, office, own(to="5493410000001"), contact="5493410000001")) == (False, False)


def test_what_was_written_before_a_withdrawal_does_not_undo_it(db: Connection, office: Office) -> None:
    written = write(db, office)
    record_consent(db, office, written, "care", "withdrawn")

    import_threads(db, office, thread(past(at=ago(hours=2))))

    assert consent(db, written) == (False, False)


@pytest.mark.parametrize("written_since", [False, True])
def test_whoever_asked_in_the_past_not_to_be_written_to_asked_for_it_then(
    db: Connection, office: Office, *, written_since: bool
) -> None:
    patient = make_patient(db, office.clinic, phone=PHONE)
    set_opt_in = "update patients set whatsapp_opt_in = true, whatsapp_opt_in_at = now() - interval '90 days'"
    db.execute(set_opt_in)
    db.execute("update marketing_consent_events set occurred_at = now() - interval '90 days'")
    baja = past("BAJA", ago(days=3))
    since = [past("Perdón, ¿tienen turno?", ago(days=2))] if written_since else []

    for _ in range(2):
        imported = import_threads(db, office, thread(past(at=ago(days=4)), *since, baja))[0]["conversation_id"]

    assert consent(db, UUID(imported)) == (written_since, False)
    assert rows(db, "patients", id=patient)[0]["whatsapp_opt_in"] is False
    withdrawn = rows(db, "marketing_consent_events", action="withdrawn")
    assert {(row["scope"], row["source"], row["wording"]) for row in withdrawn} == {
        ("care", "history", "BAJA"),
        ("marketing", "history", "BAJA"),
    }
    assert len(withdrawn) == 2


def test_a_consent_that_was_given_later_stands(db: Connection, office: Office) -> None:
    written = write(db, office)
    record_consent(db, office, written, "marketing", "granted")

    import_threads(db, office, thread(past("BAJA", ago(days=3))))

    assert consent(db, written) == (True, True)


def test_reactions_edits_and_revokes_of_the_past_are_about_their_message(db: Connection, office: Office) -> None:
    written, answer = past("¿Presio?"), own()
    about: dict[str, Row] = {
        "reaction": {"type": "reaction", "reaction": {"message_id": answer["id"], "emoji": "👍"}},
        "edit": {
            "type": "edit",
            "edit": {"original_message_id": written["id"], "message": {"type": "text", "text": {"body": "¿Precio?"}}},
        },
        "revoke": {"type": "revoke", "revoke": {"original_message_id": answer["id"]}},
    }
    changes = [
        past(at=ago(days=2), **about["reaction"]),
        past(at=ago(days=2), **about["edit"]),
        own(at=ago(days=1), **about["revoke"]),
    ]

    imported = import_thread(db, office, *changes, written, answer)

    assert message_of(db, office, written)["body"] == "¿Precio?"
    assert message_of(db, office, answer)["revoked_at"] is not None
    assert message_of(db, office, changes[0])["body"] == "👍"
    assert conversation(db, imported)["last_inbound_at"] == message_of(db, office, written)["sent_at"]


def test_a_contact_without_a_number_is_known_by_user_id(db: Connection, office: Office) -> None:
    hidden = past(**{"from": BSUID})
    imported = import_thread(db, office, hidden, contact=BSUID, context={"username": "oscar.n"})

    row = conversation(db, imported)
    assert (row["contact_user_id"], row["contact_phone"], row["contact_username"]) == (BSUID, None, "oscar.n")
    assert message_of(db, office, hidden)["direction"] == "inbound"


def test_notes_of_the_owner_to_themself_are_no_conversation(db: Connection, office: Office) -> None:
    note = own("comprar guantes", to=BUSINESS)

    [answer] = import_threads(db, office, thread(note, contact=BUSINESS))

    assert answer["outcome"] == "duplicate"
    assert rows(db, "marketing_conversations") == []


def test_one_strange_message_is_parked_and_the_others_are_kept(db: Connection, office: Office) -> None:
    strange = {"from": DIGITS, "type": "text", "text": {"body": "sin id"}}

    for _ in range(2):
        imported = import_threads(db, office, thread(strange, past("con id")))[0]["conversation_id"]

    assert [row["body"] for row in messages_of(db, UUID(imported))] == ["con id"] * 2
    [parked] = rows(db, "marketing_webhook_events", professional_id=office.id)
    assert (parked["reason"], parked["payload"]["raw"]) == ("malformed", [strange])


# ---- files -----------------------------------------------------------------------------------------------------------


def test_a_placeholder_asks_for_no_file(db: Connection, office: Office) -> None:
    announced = placeholder()
    import_thread(db, office, announced)

    row = message_of(db, office, announced)
    assert (row["type"], row["body"]) == ("media_placeholder", "📎 Archivo anterior a la vinculación")
    assert (row["media_id"], row["media_status"]) == (None, None)


@pytest.mark.parametrize("file_first", [False, True])
def test_the_file_of_a_placeholder_completes_it_and_is_fetched(
    db: Connection, office: Office, *, file_first: bool
) -> None:
    announced = placeholder()
    file = {**photo(), "id": announced["id"], "timestamp": announced["timestamp"]}
    if not file_first:
        import_thread(db, office, announced)
    answer = import_file(db, office, file)
    if file_first:
        import_threads(db, office, thread(announced))

    row = message_of(db, office, announced)
    assert (row["type"], row["body"], row["media_id"]) == ("image", "📷 Foto: Mi muela", "1003383421387256")
    assert (row["media_status"], answer["media"], answer["message_id"]) == ("pending", True, str(row["id"]))


def test_a_file_that_was_fetched_is_not_fetched_again(db: Connection, office: Office) -> None:
    file = photo()
    row_id = import_file(db, office, file)["message_id"]
    update(db, "marketing_messages", row_id, media_status="stored", storage_path="x/inbound/y.jpg")

    again = import_file(db, office, file)

    assert (again["outcome"], again["media"]) == ("duplicate", False)
    assert message_of(db, office, file)["storage_path"] == "x/inbound/y.jpg"


def test_an_old_file_that_could_not_be_fetched_yet_is_tried_again(db: Connection, office: Office) -> None:
    row_id = import_file(db, office, photo(at=ago(days=12)))["message_id"]
    assert rpc(db, "pending_media", limit=10) == []

    db.execute("update marketing_messages set imported_at = now() - interval '5 minutes'")

    assert rpc(db, "pending_media", limit=10) == [row_id]


def test_a_file_of_the_clinics_own_belongs_to_whom_it_was_sent(db: Connection, office: Office) -> None:
    file = {**photo(), "from": BUSINESS, "to": DIGITS}
    answer = import_file(db, office, file)

    assert conversation(db, answer["conversation_id"])["contact_phone"] == PHONE
    assert message_of(db, office, file)["direction"] == "outbound"


# ---- the import itself -----------------------------------------------------------------------------------------------


def test_the_end_of_an_import_is_audited_once_with_its_counts(db: Connection, office: Office) -> None:
    threads = [thread(past(), own()), thread(own(to="5493410000001"), contact="5493410000001")]
    whole = body_of(office, "history", history=[chunk(*threads, progress=100)])

    for _ in range(2):
        deliver(db, whole)

    [audit] = audits(db, office, "channel.history_imported")
    assert audit["entity_id"] == office.channel_id
    assert audit["payload"] == {"messages": 3, "conversations": 2}


def test_an_import_after_linking_again_is_audited_again(db: Connection, office: Office) -> None:
    deliver(db, body_of(office, "history", history=[chunk(thread(past()), progress=100)]))
    update(db, "marketing_channels", office.channel_id, linked_at=utc_now())

    deliver(db, body_of(office, "history", history=[chunk(thread(past(), past()), progress=100)]))

    assert sorted(audit["payload"]["messages"] for audit in audits(db, office, "channel.history_imported")) == [1, 2]


def test_half_an_import_is_not_its_end(db: Connection, office: Office) -> None:
    import_threads(db, office, thread(past()), progress=99)
    assert audits(db, office, "channel.history_imported") == []


@pytest.mark.parametrize("value", [{"history": DECLINED}, {"errors": DECLINED[0]["errors"]}])
def test_a_clinic_that_declined_is_told_once_what_that_means(
    db: Connection, office: Office, value: dict[str, Any]
) -> None:
    outcomes = [deliver(db, body_of(office, "history", **value))[0]["outcome"]]
    db.execute("update marketing_alerts set acknowledged_at = now()")
    outcomes += [deliver(db, body_of(office, "history", **value))[0]["outcome"]]

    assert outcomes == ["applied", "duplicate"]
    [alert] = rows(db, "marketing_alerts", professional_id=office.id)
    assert (alert["kind"], alert["severity"], alert["entity_id"]) == ("history_declined", "info", office.channel_id)


def test_another_error_is_kept_for_a_person_to_look_at(db: Connection, office: Office) -> None:
    [answer] = deliver(db, body_of(office, "history", history=[{"errors": [{"code": 1, "title": "?"}]}]))

    assert (answer["outcome"], answer["reason"]) == ("parked", "malformed")
    assert rows(db, "marketing_alerts") == []


def test_the_history_of_a_number_that_is_not_linked_is_parked_whole(db: Connection, office: Office) -> None:
    body = body_of(office, "history", history=[chunk(thread(past()), thread(past(), contact="5493410000001"))])
    db.execute("update marketing_channel_credentials set status = 'disconnected'")

    answers = deliver(db, body)

    assert {(answer["outcome"], answer["reason"]) for answer in answers} == {("parked", "unknown_tenant")}
    assert len(rows(db, "marketing_webhook_events")) == len(answers) == 3


# ---- somebody who was erased -----------------------------------------------------------------------------------------


def test_what_was_written_before_an_erasure_does_not_come_back(db: Connection, office: Office) -> None:
    old, new = past(at=ago(days=9)), past(at=utc_now() + timedelta(minutes=1))
    erase(db, office, write(db, office))

    assert import_threads(db, office, thread(old))[0]["outcome"] == "duplicate"
    assert import_threads(db, office, thread(old), received_at=ago(minutes=1))[0]["outcome"] == "erased"
    assert rows(db, "marketing_conversations") == []
    imported = import_thread(db, office, old, past(timestamp=None), new)

    assert [row["external_id"] for row in messages_of(db, imported)] == [new["id"]]


def test_an_erasure_takes_the_history_with_it(db: Connection, office: Office) -> None:
    receipt = erase(db, office, import_thread(db, office, past(), own()))["receipt"]

    assert receipt["erased"]["messages"] == 2
    assert rows(db, "marketing_messages") == []


# ---- much of it ------------------------------------------------------------------------------------------------------


def test_five_thousand_messages_are_split_and_imported(db: Connection, office: Office) -> None:
    """Figures are printed (``pytest -s``): how long is the machine's matter, that it ends is ours."""
    filler = "texto de una conversación " * 15
    threads = [
        thread(
            *(past(filler, ago(days=5, minutes=n), **{"from": contact}) for n in range(250)),
            contact=contact,
        )
        for contact in (f"54934100{n:05}" for n in range(20))
    ]
    body = body_of(office, "history", history=[chunk(*threads, progress=100)])

    started = time.perf_counter()
    queued = split(body, received_at=utc_now().isoformat(), correlation_id="c-1")
    split_in = time.perf_counter() - started
    events = events_of(body)
    started = time.perf_counter()
    for event in events:
        ingest(db, event)
    imported_in = time.perf_counter() - started

    total = sum(len(message.body) for message in queued)
    told = f"{total / 1e6:.1f} MB, {len(queued)} events: split {split_in:.2f} s, imported {imported_in:.1f} s"
    print(told)  # noqa: T201 - figures for whoever asks
    assert (len(queued), len(rows(db, "marketing_conversations"))) == (20 * 3 + 1, 20)
    assert db.execute("select count(*) from marketing_messages").fetchone() == {"count": 5000}
    assert max(len(message.body) for message in queued) < 200 * 1024
    assert audits(db, office, "channel.history_imported")[0]["payload"] == {"messages": 5000, "conversations": 20}
    assert (split_in, imported_in) < (5, 300)
