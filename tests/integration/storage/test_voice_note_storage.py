"""Recordings out of the bucket, and transcripts beside their messages, over the real local Supabase."""

from typing import Any

import httpx
import psycopg
import pytest

from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.sending_errors import MediaNotFound, MediaRefused
from dentalist.domain.voice_notes import Transcript
from dentalist.storage.database import Database
from dentalist.storage.media import SupabaseMedia
from dentalist.storage.voice_notes import SupabaseVoiceNotes
from tests.database.outbound_builders import Clinic, find, make_clinic, make_conversation, make_inbound
from tests.database.stack import SupabaseServer

Connection = psycopg.Connection[dict[str, Any]]
RECORDING = b"OggS\x00\x02 a recording"


def files_of(supabase: SupabaseServer, store: Database, clinic: Clinic) -> SupabaseMedia:
    return SupabaseMedia(supabase.url, supabase.secret_key, clinic.professional_id, http=store.http)


@pytest.fixture
def notes(supabase: SupabaseServer, store: Database, clinic: Clinic) -> SupabaseVoiceNotes:
    return SupabaseVoiceNotes(store, files_of(supabase, store, clinic), clinic.professional_id, http=store.http)


@pytest.fixture
def path(supabase: SupabaseServer, store: Database, clinic: Clinic) -> str:
    """Where a recording lies."""
    path = f"{clinic.professional_id}/inbound/nota.ogg"
    files_of(supabase, store, clinic).store(path, RECORDING, content_type="audio/ogg")
    return path


def test_a_recording_is_read_as_it_was_stored(notes: SupabaseVoiceNotes, path: str) -> None:
    assert notes.read(path, max_bytes=len(RECORDING), seconds=5) == RECORDING


def test_a_recording_that_is_too_large_is_not_read_to_its_end(notes: SupabaseVoiceNotes, path: str) -> None:
    with pytest.raises(MediaRefused):
        notes.read(path, max_bytes=len(RECORDING) - 1, seconds=5)


def test_no_file_and_another_professionals_are_not_found(
    supabase: SupabaseServer, store: Database, db: Connection, clinic: Clinic, notes: SupabaseVoiceNotes
) -> None:
    stranger = make_clinic(db)
    theirs = f"{stranger.professional_id}/inbound/nota.ogg"
    files_of(supabase, store, stranger).store(theirs, RECORDING, content_type="audio/ogg")

    for path in (theirs, f"{clinic.professional_id}/inbound/none.ogg", ""):
        with pytest.raises(MediaNotFound):
            notes.read(path, max_bytes=100, seconds=5)


def test_a_store_that_is_not_there_is_unavailable(store: Database, clinic: Clinic) -> None:
    with httpx.Client() as http:
        nowhere = SupabaseMedia("http://127.0.0.1:9", "key", clinic.professional_id, http=http)
        notes = SupabaseVoiceNotes(store, nowhere, clinic.professional_id, http=http)

        with pytest.raises(StoreUnavailable):
            notes.read(f"{clinic.professional_id}/inbound/nota.ogg", max_bytes=100, seconds=1)


def test_a_transcript_is_kept_beside_its_message_once(
    notes: SupabaseVoiceNotes, clinic: Clinic, db: Connection
) -> None:
    note = make_inbound(db, clinic, make_conversation(db, clinic), type="audio", body="🎤 Nota de voz")

    for text in ("quiero un turno", "otra cosa"):
        notes.save_transcript(note["id"], Transcript(text, "openai", "gpt-4o-mini-transcribe"))

    row = find(db, "marketing_messages", note["id"])
    assert row["payload"]["transcript"]["text"] == "quiero un turno"
    assert row["body"] == "🎤 Nota de voz: quiero un turno"
