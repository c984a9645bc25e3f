"""Voice notes of one professional: their recordings in the private bucket, and what they say beside their messages."""

from __future__ import annotations

import time
from http import HTTPStatus
from uuid import UUID

import httpx

from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.sending_errors import MediaNotFound, MediaRefused
from dentalist.domain.voice_notes import Transcript
from dentalist.storage.database import Database
from dentalist.storage.media import SupabaseMedia

_CONNECT_SECONDS = 2.0


class SupabaseVoiceNotes:
    """Reads recordings and keeps transcripts."""

    def __init__(self, db: Database, media: SupabaseMedia, professional_id: UUID, *, http: httpx.Client) -> None:
        """Act for one professional with the secret key's ``db`` and ``media``."""
        self._db = db
        self._media = media
        self._professional_id = professional_id
        self._http = http

    def read(self, storage_path: str, *, max_bytes: int, seconds: float) -> bytes:
        """The recording, by a link of its own.

        Raises:
            MediaNotFound: no such file, or not below the professional's prefix.
            MediaRefused: it is larger than ``max_bytes``.
            StoreUnavailable: the store cannot be reached, or not in ``seconds``.
        """
        link = self._media.link(storage_path)
        timeout = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
        give_up_at = time.monotonic() + seconds  # the timeout is of each read
        content = bytearray()
        try:
            with self._http.stream("GET", link, timeout=timeout) as response:
                if response.status_code == HTTPStatus.NOT_FOUND:
                    raise MediaNotFound
                if not response.is_success:
                    raise StoreUnavailable
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > max_bytes:
                        raise MediaRefused
                    if time.monotonic() > give_up_at:
                        raise StoreUnavailable
        except httpx.HTTPError as exc:
            raise StoreUnavailable from exc
        return bytes(content)

    def save_transcript(self, message_id: UUID, transcript: Transcript) -> None:
        """Keep what a voice note says; what is there already, or a message that was erased, stays as it is.

        Raises:
            StoreUnavailable: not known whether it is kept; keeping it again changes nothing.
        """
        self._db.rpc(
            "save_transcript",
            {
                "professional_id": self._professional_id,
                "message_id": message_id,
                "transcript": transcript._asdict(),
            },
        )
