"""A queue message becomes a typed event; whatever cannot becomes ``Unintelligible``, and nothing raises."""

from __future__ import annotations

import json
from typing import Any, get_args

from pydantic import ValidationError

from dentalist.inbound.common import NotUnderstood, origin_of
from dentalist.inbound.events import ChannelType, Event, Reason, Unintelligible
from dentalist.inbound.instagram import parse_instagram
from dentalist.inbound.sanitize import storable
from dentalist.inbound.shapes import depth_exceeds
from dentalist.inbound.whatsapp import parse_whatsapp

_CHANNELS: dict[str, ChannelType] = {"whatsapp_business_account": "whatsapp", "instagram": "instagram"}
_REASONS: dict[str, Reason] = {reason: reason for reason in get_args(Reason)}
_MAX_DEPTH = 100  # the webhook keeps deeper events as text


def parse_event(message: Any) -> Event:
    """The typed event of a message of the inbound queue, its texts made storable.

    Args:
        message: the JSON of a queue message (``inbound/queue_message.py``); anything else is unintelligible too.
    """
    if depth_exceeds(message, _MAX_DEPTH):
        return _unintelligible({"event": _as_text(message)}, "malformed")
    message = storable(message)
    if not isinstance(message, dict):
        return _unintelligible({"event": message}, "malformed")
    if message.get("kind") == "unknown":
        return _unintelligible(message, _REASONS.get(str(message.get("reason")), "malformed"))
    try:
        return _parse(message)
    except (NotUnderstood, ValidationError):
        return _unintelligible(message, "malformed")


def _parse(message: dict[str, Any]) -> Event:
    channel_type = _CHANNELS.get(str(message.get("object")))
    if channel_type is None:
        return _unintelligible(message, "unknown_object")
    parse = parse_whatsapp if channel_type == "whatsapp" else parse_instagram
    return parse(message, origin_of(message))


def _unintelligible(message: dict[str, Any], reason: Reason) -> Unintelligible:
    origin = origin_of(message)
    channel_type = _CHANNELS.get(str(origin["object"]))
    account = {"whatsapp": "waba_id", "instagram": "account_id"}.get(channel_type or "")
    owner = {account: message["entry_id"]} if account and isinstance(message.get("entry_id"), str) else {}
    return Unintelligible(**origin, **owner, channel_type=channel_type, reason=reason)


def _as_text(message: Any) -> str:
    try:
        return json.dumps(message)
    except RecursionError:
        return "nested too deeply to be kept"
