"""Instagram: from a queue message to a typed event.

Source:
    https://developers.facebook.com/docs/instagram-platform/webhooks/examples
"""

from __future__ import annotations

from typing import Any

from dentalist.inbound.common import NotUnderstood, id_of, instant_of, required_id
from dentalist.inbound.events import (
    CommentReceived,
    Contact,
    EchoSeen,
    Event,
    MediaRef,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    ReactionChanged,
    SelfTested,
    Sender,
    StatusChanged,
)
from dentalist.inbound.readable import NO_TEXT, readable_instagram
from dentalist.inbound.shapes import list_of, object_of, text_of

_FILE_TYPES = {"image", "video", "audio", "file"}


def parse_instagram(message: dict[str, Any], origin: dict[str, Any]) -> Event:
    """The typed event of a queue message of an Instagram professional account.

    Raises:
        NotUnderstood: an id is missing, or it is nothing a clinic could act on.
    """
    account_id = id_of(message.get("entry_id"))
    fields = {**origin, "channel_type": "instagram", "account_id": account_id}
    event = object_of(message.get("event"))
    if message.get("kind") == "change":
        return _comment(message, event, fields)
    if message.get("kind") == "self_test":
        return SelfTested(**fields, nonce=required_id(event.get("nonce")))
    sender_id = required_id(object_of(event.get("sender")).get("id"))
    recipient_id = id_of(object_of(event.get("recipient")).get("id"))
    if sender_id == recipient_id:  # the account writing to itself
        raise NotUnderstood
    from_business = sender_id == account_id or object_of(event.get("message")).get("is_echo") is True
    fields["contact"] = Contact(user_id=required_id(recipient_id) if from_business else sender_id)
    sent_at = instant_of(event.get("timestamp"), received_at=origin["received_at"])
    return _messaging(event, fields | {"sent_at": sent_at}, sender="business" if from_business else "contact")


def _messaging(event: dict[str, Any], fields: dict[str, Any], *, sender: Sender) -> Event:
    if "message" in event:
        return _message(event, object_of(event["message"]), fields, sender)
    if "reaction" in event:
        return _reaction(event, object_of(event["reaction"]), fields, sender)
    if "message_edit" in event:
        return _edit(event, object_of(event["message_edit"]), fields, sender)
    if "read" in event:
        mid = required_id(object_of(event["read"]).get("mid"))
        return StatusChanged(**fields, external_id=mid, status="read", occurred_at=fields["sent_at"])
    return _opening(event, fields)


def _message(event: dict[str, Any], message: dict[str, Any], fields: dict[str, Any], sender: Sender) -> Event:
    mid = required_id(message.get("mid"))
    if message.get("is_deleted"):
        return MessageRevoked(**fields, external_id=f"{mid}:revoke", target_external_id=mid, sender=sender)
    attachments = [object_of(item) for item in list_of(message.get("attachments"))]
    reply_to = object_of(message.get("reply_to"))
    content = {
        "external_id": mid,
        "type": (text_of(attachments[0].get("type")) or "attachment") if attachments else "text",
        "body": readable_instagram(message),
        "payload": event,
        "reply_id": text_of(object_of(message.get("quick_reply")).get("payload")),
        "media": _media(attachments),
        "context_external_id": id_of(reply_to.get("mid")),
    }
    if sender == "business":
        return EchoSeen(**fields, **content)
    ours = fields["field"] != "standby"  # there another app owns the thread
    return MessageReceived(**fields, **content, owes_answer=ours, opens_window=ours)


def _media(attachments: list[dict[str, Any]]) -> MediaRef | None:
    for attachment in attachments:
        url = text_of(object_of(attachment.get("payload")).get("url"))
        if url and attachment.get("type") in _FILE_TYPES:
            return MediaRef(url=url)
    return None


def _reaction(event: dict[str, Any], reaction: dict[str, Any], fields: dict[str, Any], sender: Sender) -> Event:
    mid = required_id(reaction.get("mid"))
    taken_back = reaction.get("action") == "unreact"
    return ReactionChanged(
        **fields,
        external_id=f"{mid}:{'unreact' if taken_back else 'react'}:{text_of(event.get('timestamp'))}",
        target_external_id=mid,
        emoji=None if taken_back else text_of(reaction.get("emoji")) or text_of(reaction.get("reaction")),
        sender=sender,
    )


def _edit(event: dict[str, Any], edit: dict[str, Any], fields: dict[str, Any], sender: Sender) -> Event:
    mid = required_id(edit.get("mid"))
    return MessageEdited(
        **fields,
        external_id=f"{mid}:edit:{text_of(edit.get('num_edit'))}",
        target_external_id=mid,
        type="text",
        body=text_of(edit.get("text")) or NO_TEXT,
        payload=event,
        sender=sender,
    )


def _opening(event: dict[str, Any], fields: dict[str, Any]) -> Event:
    """A tapped button, or the thread opened by a link."""
    ours = fields["field"] != "standby"
    if "postback" in event:
        postback = object_of(event["postback"])
        reply_id = text_of(postback.get("payload"))
        return MessageReceived(
            **fields,
            external_id=required_id(postback.get("mid")),
            type="postback",
            body=text_of(postback.get("title")) or reply_id or NO_TEXT,
            payload=event,
            reply_id=reply_id,
            owes_answer=ours,
            opens_window=ours,
        )
    if "referral" in event:
        return MessageReceived(
            **fields,
            external_id=f"{fields['contact'].user_id}:referral:{text_of(event.get('timestamp'))}",
            type="referral",
            body="Abrió el chat desde un enlace",
            payload=event,
            owes_answer=False,
            opens_window=False,
        )
    raise NotUnderstood


def _comment(message: dict[str, Any], value: dict[str, Any], fields: dict[str, Any]) -> Event:
    author = object_of(value.get("from"))
    media = object_of(value.get("media"))
    author_id = required_id(author.get("id"))
    return CommentReceived(
        **fields,
        contact=Contact(user_id=author_id, username=text_of(author.get("username"))),
        external_id=required_id(value.get("id")),
        body=text_of(value.get("text")) or NO_TEXT,
        media_id=id_of(media.get("id")),
        media_product_type=text_of(media.get("media_product_type")),
        parent_external_id=id_of(value.get("parent_id")),
        from_business=author_id == fields["account_id"],
        occurred_at=instant_of(message.get("entry_time"), received_at=fields["received_at"]),
    )
