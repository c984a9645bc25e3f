"""What a voice note says is kept once, beside its message."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database.inbound_builders import Office, ingest, make_office, message, revoke, voice_note
from tests.database.outbound_builders import Connection, Row, rows, rpc

SAID = {"text": "quiero un turno", "provider": "openai", "model": "gpt-4o-mini-transcribe"}


def received(db: Connection, event: Row) -> UUID:
    return UUID(ingest(db, event)["message_id"])


def save(db: Connection, office: Office, message_id: UUID, transcript: Any = SAID) -> str:
    answer: Row = rpc(db, "save_transcript", professional_id=office.id, message_id=message_id, transcript=transcript)
    return str(answer["outcome"])


def only_message(db: Connection) -> Row:
    [row] = rows(db, "marketing_messages")
    return row


def test_a_transcript_lies_beside_its_recording_and_in_the_line_people_read(db: Connection) -> None:
    office = make_office(db)
    note = received(db, voice_note(office))

    assert save(db, office, note) == "saved"
    row = only_message(db)
    assert row["payload"]["transcript"] == SAID
    assert row["payload"]["media"]["id"] == "1803459827345981"
    assert row["body"] == "🎤 Mensaje de voz: quiero un turno"


def test_the_first_transcript_stays(db: Connection) -> None:
    office = make_office(db)
    note = received(db, voice_note(office))
    save(db, office, note)

    assert save(db, office, note, {**SAID, "text": "otra cosa"}) == "kept"
    assert only_message(db)["payload"]["transcript"] == SAID
    assert only_message(db)["body"] == "🎤 Mensaje de voz: quiero un turno"


def test_a_note_in_which_nothing_was_said_keeps_its_line(db: Connection) -> None:
    office = make_office(db)
    note = received(db, voice_note(office))

    assert save(db, office, note, {**SAID, "text": ""}) == "saved"
    assert only_message(db)["body"] == "🎤 Mensaje de voz"


def test_only_a_voice_note_of_this_professional_that_was_not_taken_back_gets_one(db: Connection) -> None:
    office, stranger = make_office(db), make_office(db)
    event = voice_note(office)
    note, text = received(db, event), received(db, message(office))

    assert save(db, stranger, note) == "not_found"
    assert save(db, office, text) == "not_found"
    assert save(db, office, uuid4()) == "not_found"
    ingest(db, revoke(office, event["external_id"]))
    assert save(db, office, note) == "not_found"
    assert not any("transcript" in row["payload"] for row in rows(db, "marketing_messages"))


@pytest.mark.parametrize("transcript", [{}, {"text": None}, {"text": 7}, []])
def test_a_transcript_without_a_text_is_a_mistake_of_ours(db: Connection, transcript: Any) -> None:
    office = make_office(db)
    note = received(db, voice_note(office))

    with pytest.raises(Exception, match="a transcript has a text"):
        save(db, office, note, transcript)


def test_the_next_claim_reads_the_transcript(db: Connection) -> None:
    office = make_office(db)
    stored = ingest(db, voice_note(office), debounce=0)
    save(db, office, UUID(stored["message_id"]))

    claim: Row = rpc(db, "claim_answer", conversation_id=UUID(stored["conversation_id"]), lease_seconds=60, history=20)

    assert claim["unanswered"][0]["payload"]["transcript"]["text"] == "quiero un turno"
