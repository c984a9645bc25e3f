"""Who answers somebody with history, and how the history goes with what is written live."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.database.history_builders import (
    ago,
    body_of,
    chunk,
    conversation,
    events_of,
    import_thread,
    import_threads,
    message_of,
    own,
    past,
    placeholder,
    thread,
)
from tests.database.inbound_builders import (
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
    record_consent,
    status,
    write,
)
from tests.database.outbound_builders import (
    Connection,
    Row,
    answer_of_ai,
    claim,
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


def messages_of(db: Connection, conversation_id: UUID) -> list[Row]:
    return sorted(rows(db, "marketing_messages", conversation_id=conversation_id), key=lambda row: row["created_at"])


def audits(db: Connection, office: Office, action: str) -> list[Row]:
    return rows(db, "marketing_audit_logs", professional_id=office.id, action=action)


# ---- who answers -----------------------------------------------------------------------------------------------------


def test_somebody_with_history_who_is_no_patient_starts_without_the_assistant(db: Connection, office: Office) -> None:
    row = conversation(db, import_thread(db, office, past()))

    assert (row["ai_enabled"], row["handoff_reason"]) == (False, "history")
    assert row["handoff_at"] is not None
    assert rows(db, "marketing_alerts") == []


@pytest.mark.parametrize("patients", [1, 2])
def test_a_patient_keeps_the_assistant_also_where_a_family_shares_the_number(
    db: Connection, office: Office, patients: int
) -> None:
    ids = [make_patient(db, office.clinic, phone=PHONE) for _ in range(patients)]

    row = conversation(db, import_thread(db, office, past(), own()))

    assert (row["ai_enabled"], row["handoff_reason"]) == (True, None)
    assert row["patient_id"] == (ids[0] if patients == 1 else None)


def test_another_professionals_patient_is_nobodys_patient_here(db: Connection, office: Office) -> None:
    make_patient(db, make_office(db).clinic, phone=PHONE)
    assert conversation(db, import_thread(db, office, past()))["ai_enabled"] is False


def test_what_the_assistant_has_begun_it_goes_on_with(db: Connection, office: Office) -> None:
    answered = write(db, office)
    granted = claim(db, office.clinic, answered, answer_of_ai(human_epoch=0, answer_epoch=1))
    settle(db, office.clinic, granted["message_id"])

    import_threads(db, office, thread(past()))

    assert conversation(db, answered)["ai_enabled"] is True


def test_what_a_person_gave_back_to_the_assistant_stays_given_back(db: Connection, office: Office) -> None:
    imported = import_thread(db, office, past())
    decision = {"professional_id": office.id, "conversation_id": imported, "actor_id": office.id}
    assert rpc(db, "resume_ai", **decision)["outcome"] == "resumed"

    import_threads(db, office, thread(past(at=ago(days=40))), phase=1)

    row = conversation(db, imported)
    assert (row["ai_enabled"], row["handoff_reason"]) == (True, None)


def test_a_conversation_from_before_the_number_was_linked_again_keeps_what_it_has(
    db: Connection, office: Office
) -> None:
    known = write(db, office)
    update(db, "marketing_channels", office.channel_id, linked_at=utc_now())

    import_threads(db, office, thread(past()))

    assert conversation(db, known)["ai_enabled"] is True


def test_a_later_message_is_unread_and_only_what_cannot_wait_is_answered(db: Connection, office: Office) -> None:
    imported = import_thread(db, office, past())

    assert write(db, office, "No puedo respirar") == imported

    row = conversation(db, imported)
    assert (row["unread_count"], row["epoch"], row["ai_enabled"]) == (1, 1, False)
    make_due(db, imported)
    claimed = claim_answer(db, imported)
    assert (claimed["outcome"], claimed["mode"]) == ("claimed", "triage")
    assert [owed["body"] for owed in claimed["unanswered"]] == ["No puedo respirar"]
    assert [told["body"] for told in claimed["history"]] == ["Hola, ¿me pasás el precio?"]


def test_an_opt_out_of_somebody_with_history_is_recorded_as_of_anybody(db: Connection, office: Office) -> None:
    imported = import_thread(db, office, past())
    write(db, office, "BAJA")
    make_due(db, imported)
    claimed = claim_answer(db, imported)
    record_consent(db, office, imported, "care", "withdrawn")
    understood = {claimed["unanswered"][0]["id"]: {"intent": "opt_out"}}
    assert finish_answer(db, imported, claimed, classifications=understood)["outcome"] == "finished"

    assert consent(db, imported) == (False, False)


def test_a_person_lets_the_assistant_in_and_it_answers_what_waits_but_not_the_past(
    db: Connection, office: Office
) -> None:
    imported = import_thread(db, office, past(at=ago(minutes=20)))
    write(db, office, "¿Tienen turno?")
    make_due(db, imported)
    assert finish_answer(db, imported, claim_answer(db, imported))["outcome"] == "finished"

    decision = {"professional_id": office.id, "conversation_id": imported, "actor_id": office.id}
    assert rpc(db, "resume_ai", **decision)["wake"] is not None

    claimed = claim_answer(db, imported)
    assert (claimed["mode"], claimed["first_answer"]) == ("answer", True)
    assert [owed["body"] for owed in claimed["unanswered"]] == ["¿Tienen turno?"]


def test_a_person_who_answers_in_the_app_has_the_conversation_as_anywhere_else(db: Connection, office: Office) -> None:
    imported = import_thread(db, office, past())
    write(db, office)

    ingest(db, echo(office))

    row = conversation(db, imported)
    assert (row["handoff_reason"], row["unread_count"], row["answer_due_at"]) == ("human_reply", 0, None)
    assert len(audits(db, office, "conversation.handed_over")) == 1


# ---- twice, and beside live messages ---------------------------------------------------------------------------------


def test_an_import_twice_changes_nothing(db: Connection, office: Office) -> None:
    written = [past(), own(), placeholder()]
    imported = import_thread(db, office, *written)
    before = (conversation(db, imported), messages_of(db, imported))

    [answer] = import_threads(db, office, thread(*written))

    assert answer["outcome"] == "duplicate"
    after = (conversation(db, imported), messages_of(db, imported))
    moved = {"updated_at"}
    assert {**after[0], "updated_at": None} == {**before[0], "updated_at": None}
    assert [{key: row[key] for key in row.keys() - moved} for row in after[1]] == [
        {key: row[key] for key in row.keys() - moved} for row in before[1]
    ]


def test_history_over_a_live_message_changes_nothing_of_it(db: Connection, office: Office) -> None:
    make_patient(db, office.clinic, phone=PHONE)
    live = message(office, "¿Hay turno hoy?", external_id=(copy := past("¿Hay turno hoy?", ago(minutes=1)))["id"])
    stored = ingest(db, live)
    before = message_of(db, office, copy)

    [answer] = import_threads(db, office, thread(copy))

    assert answer["outcome"] == "duplicate"
    assert answer["wake"] is None
    assert message_of(db, office, copy) == before
    row = conversation(db, stored["conversation_id"])
    assert (row["epoch"], row["unread_count"], row["ai_enabled"]) == (1, 1, True)
    assert row["answer_due_at"] is not None


def test_a_live_message_that_the_history_had_already_is_still_answered(db: Connection, office: Office) -> None:
    make_patient(db, office.clinic, phone=PHONE)
    imported = import_thread(db, office, copy := past("¿Hay turno hoy?", ago(minutes=1)))

    live = message(office, "¿Hay turno hoy?", external_id=copy["id"])
    assert [ingest(db, live)["outcome"] for _ in range(2)] == ["stored", "duplicate"]

    row = conversation(db, imported)
    assert (row["epoch"], row["unread_count"]) == (1, 1)
    assert (message_of(db, office, copy)["imported_at"], message_of(db, office, copy)["owed_epoch"]) == (None, 1)


def test_history_leaves_what_we_sent_ourselves_alone(db: Connection, office: Office) -> None:
    answered = write(db, office)
    granted = claim(db, office.clinic, answered, answer_of_ai(human_epoch=0, answer_epoch=1))
    settle(db, office.clinic, granted["message_id"], external_id=(copy := own(status="READ"))["id"])

    import_threads(db, office, thread(copy))

    row = message_of(db, office, copy)
    assert (row["sender"], row["status"], row["imported_at"]) == ("ai", "sent", None)


def test_a_status_that_came_before_its_message_is_applied(db: Connection, office: Office) -> None:
    sent = own(status="SENT")
    ingest(db, status(office, sent["id"], "read"))

    import_thread(db, office, sent)

    assert message_of(db, office, sent)["status"] == "read"


def test_two_workers_import_one_thread_at_once(
    db: Connection, office: Office, connect: Callable[[], Connection]
) -> None:
    written = [past(f"número {n}", ago(days=2, minutes=n)) for n in range(30)]
    [event, _] = events_of(body_of(office, "history", history=[chunk(thread(*written))]))

    answers = race(connect, [lambda own_db: ingest(own_db, event)] * 8)

    assert {answer["conversation_id"] for answer in answers} == {answers[0]["conversation_id"]}
    assert sorted(answer["outcome"] for answer in answers) == ["duplicate"] * 7 + ["stored"]
    assert len(rows(db, "marketing_messages")) == 30
