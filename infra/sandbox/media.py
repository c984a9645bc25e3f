"""Files on the simulated platform: kept on disk, found by id, downloaded through links that live five minutes."""

import base64
import hashlib
import hmac
import itertools
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel

from infra.sandbox.clock import Clock
from infra.sandbox.store import Store

URL_SECONDS = 5 * 60
_INBOUND_SECONDS = 7 * 24 * 3600
_UPLOAD_SECONDS = 30 * 24 * 3600
_MOST_FILES = 1_000
_MOST_BYTES = 300 * 1024 * 1024
_FIRST_ID = 1_003_383_421_380_001
_MB = 1024 * 1024

# What each message type may carry and how big it may be.
# https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
_DOCUMENTS = (
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "text/plain",
)
KINDS: dict[str, tuple[tuple[str, ...], int]] = {
    "image": (("image/jpeg", "image/png"), 5 * _MB),
    "audio": (("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * _MB),
    "video": (("video/mp4", "video/3gpp"), 16 * _MB),
    "document": (_DOCUMENTS, 100 * _MB),
    "sticker": (("image/webp",), 500 * 1024),
}


def base_type(mime_type: str) -> str:
    """The type without its parameters: ``audio/ogg; codecs=opus`` is ``audio/ogg``."""
    return mime_type.partition(";")[0].strip().lower()


def kind_of(mime_type: str) -> str | None:
    """The kind of message that can carry a type, or None when nothing can."""
    return next((kind for kind, (types, _) in KINDS.items() if base_type(mime_type) in types), None)


class Media(BaseModel):
    """One file; ``waba_id`` says whose tokens may see it."""

    id: str
    waba_id: str
    mime_type: str
    sha256_hex: str
    size: int
    filename: str | None = None
    expires_at: float

    @property
    def sha256_base64(self) -> str:
        """The digest as webhooks write it (``GET /{media_id}`` writes hex)."""
        return base64.b64encode(bytes.fromhex(self.sha256_hex)).decode()


class MediaShelf:
    """All files, the oldest deleted first when there are too many or they get too big together."""

    def __init__(self, store: Store, folder: Path, clock: Clock) -> None:
        self._store = store
        self._folder = folder / "media"
        self._clock = clock
        self._url_key = secrets.token_bytes(32)
        self._folder.mkdir(parents=True, exist_ok=True)
        loaded = (Media.model_validate(body) for body in store.load("media").values())
        self._files = {media.id: media for media in sorted(loaded, key=lambda media: int(media.id))}
        self._bytes = sum(media.size for media in self._files.values())
        self._ids = itertools.count(max((int(i) for i in self._files), default=_FIRST_ID) + 1)

    def add(
        self, waba_id: str, content: bytes, mime_type: str, *, filename: str | None = None, inbound: bool = False
    ) -> Media:
        """Keep a file; one a patient sent lives 7 days, an upload 30."""
        lifetime = _INBOUND_SECONDS if inbound else _UPLOAD_SECONDS
        media = Media(
            id=str(next(self._ids)),
            waba_id=waba_id,
            mime_type=mime_type,
            sha256_hex=hashlib.sha256(content).hexdigest(),
            size=len(content),
            filename=filename,
            expires_at=self._clock.now() + lifetime,
        )
        self.path(media).write_bytes(content)
        self._files[media.id] = media
        self._bytes += media.size
        self._store.put("media", media.id, media.model_dump())
        while len(self._files) > _MOST_FILES or self._bytes > _MOST_BYTES:
            self.delete(next(iter(self._files)))
        return media

    def find(self, media_id: str) -> Media | None:
        """A file that still exists and has not expired, or None."""
        media = self._files.get(media_id)
        return media if media is not None and media.expires_at > self._clock.now() else None

    def path(self, media: Media) -> Path:
        """Where the bytes of a file are."""
        return self._folder / media.id

    def delete(self, media_id: str) -> None:
        """Forget a file and its bytes."""
        media = self._files.pop(media_id)
        self._bytes -= media.size
        (self._folder / media_id).unlink(missing_ok=True)
        self._store.remove("media", media_id)

    def clear(self) -> None:
        """Forget all files."""
        for media_id in list(self._files):
            self.delete(media_id)

    def link(self, base_url: str, media: Media) -> str:
        """An address of the bytes that works for five minutes, of the form of Meta's own."""
        expires = int(self._clock.now()) + URL_SECONDS
        query = urlencode({"mid": media.id, "ext": expires, "hash": self._seal(media.id, expires)})
        return f"{base_url}/whatsapp_business/attachments/?{query}"

    def behind_link(self, query: Any) -> Media | None:
        """The file a link's query names, or None when the link is expired, forged or its file is gone."""
        media_id, expires = query.get("mid", ""), query.get("ext", "")
        if not expires.isdecimal() or int(expires) <= self._clock.now():
            return None
        genuine = hmac.compare_digest(self._seal(media_id, int(expires)).encode(), query.get("hash", "").encode())
        return self.find(media_id) if genuine else None

    def _seal(self, media_id: str, expires: int) -> str:
        digest = hmac.new(self._url_key, f"{media_id}|{expires}".encode(), hashlib.sha256).digest()
        return "AR" + base64.urlsafe_b64encode(digest[:12]).decode()
