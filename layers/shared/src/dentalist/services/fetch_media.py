"""The file of an inbound message comes into our own storage, while Meta still has it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from dentalist.domain.backoff import FILE_LIFETIME, MOST_FILE_ATTEMPTS, is_file_due
from dentalist.domain.errors import ChannelDisconnected, MetaError, RateLimited, StoreUnavailable
from dentalist.domain.media_types import MAX_BYTES, TYPES, base_type, extension_of, is_what_it_says
from dentalist.domain.sending_errors import MediaGone, MediaRefused, MetaUnreachable
from dentalist.services.ports import MediaFile, MediaJob, MediaRecords, MediaStore, WhatsApp

# Any of them may pass: also a dead token, once the number is linked again.
_PASSING = (StoreUnavailable, MetaUnreachable, RateLimited, ChannelDisconnected, MetaError)
_DIGEST_BYTES = 32
_HEX_LENGTH = 2 * _DIGEST_BYTES

logger = logging.getLogger(__name__)


def fetch_media(
    message_id: UUID,
    *,
    now: datetime,
    records: MediaRecords,
    number: Callable[[MediaJob], WhatsApp],
    store: Callable[[UUID], MediaStore],
) -> str:
    """Bring the file of one message into storage. Doing it again for a stored one does nothing.

    Trouble that will pass is recorded, and the sweeper asks again; the job itself never has to come back for it.

    Args:
        message_id: an inbound message.
        now: the present.
        records: the media columns of messages.
        number: the business number that received it, with its token.
        store: the bucket of a professional.

    Returns:
        What became of the file: ``stored``; ``refused`` (type, size or content that we do not keep); ``failed`` (Meta
        no longer has it, or it could not be had for days); ``pending`` (to be tried again); ``none`` when nothing
        waits, or not now, or the contact was erased meanwhile.

    Raises:
        StoreUnavailable: the outcome could not be recorded, or an erased contact's file not removed; the job must
            come back.
    """
    job = records.find_media(message_id)
    if job is None or job.media_status != "pending":
        return "none"
    age = now - job.created_at
    if age > FILE_LIFETIME:  # before anything is tried: also what kills its worker each time ends here
        records.record_media(job, "failed")
        return "failed"
    if not is_file_due(job.media_attempts, age):
        return "none"
    status, path = _bring(job, number, store)
    if not records.record_media(job, status, storage_path=path):
        # The contact was erased while the file was on its way: it must not stay behind alone.
        if path is not None:
            store(job.professional_id).remove([path])
        return "none"
    return status


def _bring(
    job: MediaJob, number: Callable[[MediaJob], WhatsApp], store: Callable[[UUID], MediaStore]
) -> tuple[str, str | None]:
    """The outcome of one attempt, and where the file lies now."""
    try:
        file = _fetch(job, number(job))
        path = f"{job.professional_id}/inbound/{job.message_id}.{extension_of(file.mime_type)}"
        store(job.professional_id).store(path, file.content, content_type=base_type(file.mime_type))
    except MediaRefused as exc:
        return _without_file(job, "refused", exc.code)
    except MediaGone as exc:
        return _without_file(job, "failed", exc.code)
    except _PASSING as exc:
        is_last = job.media_attempts + 1 >= MOST_FILE_ATTEMPTS
        return _without_file(job, "failed" if is_last else "pending", exc.code)
    return "stored", path


def _without_file(job: MediaJob, status: str, cause: str) -> tuple[str, None]:
    told = {"message_id": str(job.message_id), "outcome": status, "cause": cause, "attempt": job.media_attempts + 1}
    logger.info("file not fetched", extra=told)
    return status, None


def _fetch(job: MediaJob, number: WhatsApp) -> MediaFile:
    if job.type not in MAX_BYTES:
        raise MediaRefused
    file = number.fetch_media(job.media_id, max_bytes=MAX_BYTES[job.type], allowed_types=TYPES)
    if not is_what_it_says(file.content, file.mime_type) or not _is_unaltered(file.content, job.media_sha256):
        raise MediaRefused
    return file


def _is_unaltered(content: bytes, announced: str | None) -> bool:
    """Whether the bytes have the announced sha256; the webhook writes it in base64, Graph in hex.

    What is neither of the two cannot be compared, and says nothing against the file.
    """
    actual = hashlib.sha256(content).digest()
    expected = _digest_of(announced or "")
    return expected is None or hmac.compare_digest(expected, actual)


def _digest_of(text: str) -> bytes | None:
    try:
        digest = bytes.fromhex(text) if len(text) == _HEX_LENGTH else base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return digest if len(digest) == _DIGEST_BYTES else None
