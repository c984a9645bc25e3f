"""Everything that is kept of a contact, for whoever has the right to see it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from dentalist.domain.errors import ConversationNotFound
from dentalist.domain.privacy import ContactExport
from dentalist.services.ports_privacy import ContactFiles, ContactRecords, ReadableConversations

# A function may answer 6 MB, of which a text in base64 would be a third more:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST_BYTES = 4 * 1024 * 1024
LINK_SECONDS = 15 * 60


def export_contact(
    conversation_id: UUID,
    *,
    actor_id: UUID,
    professional_id: UUID,
    readable: ReadableConversations,
    records: ContactRecords,
    files: ContactFiles,
    most_bytes: int = MOST_BYTES,
) -> ContactExport:
    """The rows about a conversation's contact with links to their files; audited.

    Args:
        conversation_id: merges are followed.
        actor_id: who asks.
        professional_id: whose contact it is.
        readable: the conversations that the person may read.
        records: what is stored.
        files: the bucket, where a document lies that is too large to be answered.
        most_bytes: from where on it is.

    Raises:
        ConversationNotFound: the person may see no such conversation, or its contact is being erased.
        StoreUnavailable: the store cannot be reached.
    """
    conversation = readable.get(conversation_id)
    document = records.export(conversation.id, actor_id=actor_id)
    document = {
        "conversation_id": str(conversation.id),
        "exported_at": datetime.now(UTC).isoformat(),
        **document,
        "files": _files_in(document, files),
        "links_expire_in": LINK_SECONDS,
    }
    content = json.dumps(document, ensure_ascii=False).encode()
    if len(content) <= most_bytes:
        return ContactExport(document)
    # One name per contact: an erasure finds it, and a later export replaces it.
    path = f"{professional_id}/exports/{conversation.id}.json"
    files.store(path, content, content_type="application/json")
    try:
        readable.get(conversation.id)
    except ConversationNotFound:  # erased since it was read: nothing may be left of it
        files.remove([path])
        raise
    return ContactExport(download_url=files.links([path])[path], expires_in=LINK_SECONDS)


def _files_in(document: Mapping[str, Any], files: ContactFiles) -> list[dict[str, Any]]:
    named = dict(_paths_in(document["messages"]))
    links = files.links(list(named.values()))
    return [
        {"message_id": message_id, "storage_path": path, "url": links.get(path)} for message_id, path in named.items()
    ]


def _paths_in(messages: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for message in messages:
        sent = message["payload"].get(message["type"]) if isinstance(message["payload"], dict) else None
        path = message["storage_path"] or (sent.get("storage_path") if isinstance(sent, dict) else None)
        if path:
            yield message["id"], path
