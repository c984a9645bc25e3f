"""A contact is forgotten: every row in one transaction, then their files, as often as it takes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from uuid import UUID

from dentalist.domain.errors import ConversationNotFound, StoreUnavailable
from dentalist.domain.privacy import Erasure
from dentalist.domain.sending_errors import ConversationBusy
from dentalist.services.ports_privacy import ContactFiles, ContactRecords, ReadableConversations

_FILES_AT_ONCE = 100
_PAUSE = 0.25  # seconds
_WAIT = 10.0  # seconds; most sends take less than one

logger = logging.getLogger(__name__)


def erase_contact(
    conversation_id: UUID,
    *,
    actor_id: UUID,
    readable: ReadableConversations,
    records: ContactRecords,
    files: ContactFiles,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Erasure:
    """Forget a conversation's contact. Asked again, it answers the same request and finishes what is left of it.

    Args:
        conversation_id: merges are followed.
        actor_id: who asks.
        readable: the conversations that the person may read.
        records: what is stored.
        files: the bucket.
        pause: waits between two attempts while a message to the contact is leaving.
        clock: seconds.

    Returns:
        ``completed``, or ``pending_media`` while files could not be deleted.

    Raises:
        ConversationNotFound: the person may see no such conversation, and it was none that was erased.
        ConversationBusy: a message to the contact is leaving for longer than anybody waits.
        StoreUnavailable: the store cannot be reached; not known whether the rows are gone.
    """
    try:
        conversation = readable.get(conversation_id)
    except ConversationNotFound:
        erasure = records.find_erasure(conversation_id)
        if erasure is None:
            raise
    else:
        erasure = _erase(conversation.id, actor_id, records, pause, clock)
    return _delete_files(erasure, records, files)


def _erase(
    conversation_id: UUID,
    actor_id: UUID,
    records: ContactRecords,
    pause: Callable[[float], None],
    clock: Callable[[], float],
) -> Erasure:
    give_up_at = clock() + _WAIT
    while (erasure := records.erase(conversation_id, actor_id=actor_id)) is None:
        if clock() > give_up_at:
            raise ConversationBusy(retry_after=timedelta(seconds=_WAIT))
        pause(_PAUSE)
    return erasure


def _delete_files(erasure: Erasure, records: ContactRecords, files: ContactFiles) -> Erasure:
    paths = iter(erasure.pending_paths)
    while batch := list(islice(paths, _FILES_AT_ONCE)):
        try:
            files.remove(batch)
            erasure = records.finish_erasure(erasure.request_id, batch)
        except StoreUnavailable:
            # The rows are gone and the request knows the rest: asking again deletes it.
            told = {"request_id": str(erasure.request_id), "files": len(erasure.pending_paths)}
            logger.warning("files of an erased contact are left", extra=told)
            return erasure
    return erasure
