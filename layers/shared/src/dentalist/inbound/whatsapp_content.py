"""What a WhatsApp message says and who it is about: the same in a live message, an echo and one of the past.

Source:
    https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dentalist.domain.phones import parse_phone
from dentalist.inbound.common import NotUnderstood, id_of
from dentalist.inbound.events import Contact, MediaRef
from dentalist.inbound.readable import readable_whatsapp
from dentalist.inbound.shapes import object_of, text_of

_MEDIA_TYPES = {"image", "video", "audio", "document", "sticker"}
_BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+")


def type_of(event: dict[str, Any]) -> str:
    """The type of a message; of one that does not name it, what it holds."""
    return text_of(event.get("type")) or ("text" if "text" in event else "unknown")


def content_of(message: dict[str, Any], event: dict[str, Any], kind: str) -> dict[str, Any]:
    """What a message of type ``kind`` says, under the names of ``MessageReceived``.

    Args:
        message: the queue message, for the contact and the errors that came along.
        event: the message itself.
        kind: its type.
    """
    extras = {"contact": message.get("contact"), "value_errors": message.get("errors")}
    return {
        "type": kind,
        "body": readable_whatsapp(event, kind),
        "payload": event | {name: value for name, value in extras.items() if value},
        "reply_id": _reply_id(event),
        "media": _media(event, kind),
        "context_external_id": id_of(object_of(event.get("context")).get("id")),
    }


def _reply_id(event: dict[str, Any]) -> str | None:
    interactive = object_of(event.get("interactive"))
    chosen = object_of(interactive.get("button_reply")) or object_of(interactive.get("list_reply"))
    return text_of(chosen.get("id")) or text_of(object_of(event.get("button")).get("payload"))


def _media(event: dict[str, Any], kind: str) -> MediaRef | None:
    content = object_of(event.get(kind)) if kind in _MEDIA_TYPES else {}
    media_id = id_of(content.get("id"))
    if media_id is None:
        return None
    return MediaRef(
        id=media_id,
        mime=text_of(content.get("mime_type")),
        sha256=text_of(content.get("sha256")),
        filename=text_of(content.get("filename")),
        voice=content.get("voice") is True,
        url=text_of(content.get("url")),
    )


def contact_of(message: dict[str, Any], user_id: str | None, phone: str | None, *, required: bool = True) -> Contact:
    """Who an event is about: by the event's own ids, else by those of the contact that came along.

    A phone can be missing since contacts may hide it behind a username; then it is "" or absent.
    """
    card = object_of(message.get("contact"))
    profile = object_of(card.get("profile"))
    if phone and _BSUID.fullmatch(phone):
        user_id, phone = user_id or phone, None
    contact = Contact(
        phone=parse_phone(phone) or parse_phone(text_of(card.get("wa_id"))),
        user_id=id_of(user_id) or id_of(card.get("user_id")),
        username=text_of(profile.get("username")),
        name=text_of(profile.get("name")),
    )
    if required and contact.phone is None and contact.user_id is None:
        raise NotUnderstood
    return contact


def first_text(source: dict[str, Any], *names: str) -> str | None:
    """The first of these keys that holds a text or an id."""

    def texts() -> Iterator[str]:
        for name in names:
            if text := text_of(source.get(name)):
                yield text

    return next(texts(), None)
