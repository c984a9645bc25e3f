"""The body of ``POST /{phone_number_id}/messages``, checked against every limit Meta documents.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/messages
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.sandbox.errors import GraphError, graph_error, invalid, missing
from infra.sandbox.shapes import choice, fields, number, optional_text, text, url
from infra.sandbox.validation_interactive import check_interactive
from infra.sandbox.validation_template import check_template_message

MEDIA_TYPES = ("image", "video", "audio", "document", "sticker")

_PHONE = re.compile(r"\+?[1-9][0-9]{6,14}")
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,256}")
_COMMON = {
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
}
_CAPTIONED = ("image", "video", "document")
_TEXT_LENGTH = 4096
_CAPTION_LENGTH = 1024
_FILENAME_LENGTH = 240
_CALLBACK_LENGTH = 512
_ID_LENGTH = 256
_EMOJI_LENGTH = 16
_PLACE_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A valid message. Exactly one of ``phone`` (digits) and ``user_id`` is set; ``input`` is what the caller wrote."""

    type: str
    content: dict[str, Any]
    input: str
    phone: str | None
    user_id: str | None
    context_id: str | None
    callback_data: str | None

    @property
    def address(self) -> str:
        """Phone digits or user id: whom the message is for."""
        return self.phone or self.user_id or ""


@dataclass(frozen=True, slots=True)
class ReadReceipt:
    """A valid ``status: read`` call, with or without the typing indicator."""

    message_id: str
    typing: bool


def parse_call(body: Any) -> Outgoing | ReadReceipt:
    """Check a body of the messages edge, whichever of its two uses it is.

    Raises:
        GraphError: the first thing that is wrong, as Meta would report it.
    """
    if not isinstance(body, dict):
        raise invalid("The request body must be a JSON object.")
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, 400, "(#100) The parameter messaging_product is required.")
    return _parse_receipt(body) if "status" in body else _parse_message(body)


def _parse_receipt(body: dict[str, Any]) -> ReadReceipt:
    fields(body, "body", ("messaging_product", "status", "message_id"), ("typing_indicator",))
    choice(body["status"], "status", ("read",))
    typing = body.get("typing_indicator")
    if typing is not None:
        fields(typing, "typing_indicator", ("type",))
        choice(typing["type"], "typing_indicator.type", ("text",))
    return ReadReceipt(text(body["message_id"], "message_id", _ID_LENGTH), typing is not None)


def _parse_message(body: dict[str, Any]) -> Outgoing:
    message_type = body.get("type")
    if message_type is None:
        raise missing("type")
    check = _CHECKS.get(message_type) if isinstance(message_type, str) else None
    if check is None:
        raise graph_error(131051)
    for key in body:
        if key not in _COMMON and key != message_type:
            raise invalid(f'Unexpected key "{key}" on param "body".')
    if body.get(message_type) is None:
        raise invalid(f"Param {message_type} is required when type is {message_type}.")
    phone, user_id = _recipient(body)
    if "recipient_type" in body:
        choice(body["recipient_type"], "recipient_type", ("individual",))
    check(body[message_type])
    return Outgoing(
        type=message_type,
        content=body[message_type],
        input=body.get("to") or body["recipient"],
        phone=phone,
        user_id=user_id,
        context_id=_context(body, message_type),
        callback_data=_callback_data(body),
    )


def _recipient(body: dict[str, Any]) -> tuple[str | None, str | None]:
    to, recipient = body.get("to"), body.get("recipient")
    if to is None and recipient is None:
        raise missing("to")
    if to is not None and recipient is not None:
        raise invalid("Only one of the params to and recipient is allowed.")
    if recipient is not None:
        if not isinstance(recipient, str) or not _USER_ID.fullmatch(recipient):
            raise graph_error(131009, "Business-scoped user ID in parameter recipient is not valid.")
        return None, recipient
    if not isinstance(to, str) or not _PHONE.fullmatch(to):
        raise graph_error(131009)
    return to.removeprefix("+"), None


def _context(body: dict[str, Any], message_type: str) -> str | None:
    context = body.get("context")
    if context is None:
        return None
    if message_type == "reaction":
        raise invalid('Unexpected key "context" on param "body": a reaction cannot have a context.')
    fields(context, "context", ("message_id",))
    return text(context["message_id"], "context.message_id", _ID_LENGTH)


def _callback_data(body: dict[str, Any]) -> str | None:
    data = body.get("biz_opaque_callback_data")
    return None if data is None else text(data, "biz_opaque_callback_data", _CALLBACK_LENGTH)


def _check_text(content: Any) -> None:
    fields(content, "text", ("body",), ("preview_url",))
    text(content["body"], "text.body", _TEXT_LENGTH)
    if not isinstance(content.get("preview_url", False), bool):
        raise invalid("Param text.preview_url must be a boolean.")


def _media_check(kind: str) -> Callable[[Any], None]:
    optional = ("id", "link", *(("caption",) if kind in _CAPTIONED else ()))
    if kind == "document":
        optional += ("filename",)

    def check(content: Any) -> None:
        fields(content, kind, (), optional)
        if (content.get("id") is None) == (content.get("link") is None):
            raise invalid(f"Param {kind} must have exactly one of id and link.")
        if content.get("id") is not None:
            text(content["id"], f"{kind}.id", _ID_LENGTH)
        else:
            url(content["link"], f"{kind}.link")
        optional_text(content, "caption", kind, _CAPTION_LENGTH)
        optional_text(content, "filename", kind, _FILENAME_LENGTH)

    return check


def _check_reaction(content: Any) -> None:
    fields(content, "reaction", ("message_id", "emoji"))
    text(content["message_id"], "reaction.message_id", _ID_LENGTH)
    text(content["emoji"], "reaction.emoji", _EMOJI_LENGTH, shortest=0)


def _check_location(content: Any) -> None:
    fields(content, "location", ("latitude", "longitude"), ("name", "address"))
    number(content["latitude"], "location.latitude", -90, 90)
    number(content["longitude"], "location.longitude", -180, 180)
    for key in ("name", "address"):
        optional_text(content, key, "location", _PLACE_LENGTH)


_CHECKS: dict[str, Callable[[Any], None]] = {
    "text": _check_text,
    **{kind: _media_check(kind) for kind in MEDIA_TYPES},
    "reaction": _check_reaction,
    "interactive": check_interactive,
    "location": _check_location,
    "template": check_template_message,
}
