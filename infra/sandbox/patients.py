"""What people do: write to a business number, react, edit, change their number; and the business's own phone app."""

import base64
import binascii
from typing import Any

from infra.sandbox.accounts import Account, digits_of
from infra.sandbox.contacts import Contact
from infra.sandbox.control.models import EchoRequest, PatientMessage, PreferenceRequest
from infra.sandbox.media import Media
from infra.sandbox.platform import Platform
from infra.sandbox.samples import sample_file
from infra.sandbox.validation import MEDIA_TYPES
from infra.sandbox.wamid import new_wamid
from infra.sandbox.webhooks import Update, message_update, number_value

# These arrive as messages but add nothing of their own to a thread, and do not open the window.
_ABOUT_OTHERS = ("reaction", "edit", "revoke")
_NO_BODY = ("request_welcome",)


def write(platform: Platform, account: Account, request: PatientMessage) -> tuple[dict[str, Any], Update]:
    """Let a patient write: the thread, the window and the update that tells the application.

    Raises:
        ValueError: the content of a file is not base64.
    """
    contact = _meet(platform, account, request)
    now = platform.clock.now()
    message = _build(platform, account, contact, request, now)
    if request.type == "system":
        system = message["system"]
        platform.contacts.rename(contact, phone=system.get("wa_id"), user_id=system.get("user_id"))
    elif request.type in _ABOUT_OTHERS:
        _change_item(platform, request.type, message[request.type])
    else:
        contact.last_inbound_at = now
        platform.conversations.add(
            contact,
            message_id=message["id"],
            author="patient",
            message_type=request.type,
            content=message.get(request.type),
            at=now,
            context_id=message.get("context", {}).get("id"),
        )
    platform.contacts.save(contact)
    platform.limits.count_inbound(platform.behaviour.limits, account.phone_number_id)
    return message, message_update(account, contact, message)


def echo(platform: Platform, account: Account, request: EchoRequest) -> tuple[dict[str, Any], Update]:
    """Somebody at the clinic writes from the phone app: the patient sees it, the application gets an echo."""
    phone = digits_of(request.to) if request.to else None
    contact = platform.contacts.meet(account.phone_number_id, phone=phone, user_id=request.to_user_id)
    message_id = request.id or new_wamid(account.digits, "outbound")
    now = platform.clock.now()
    content = request.content()
    message: dict[str, Any] = {"from": account.digits}
    if phone:
        message["to"] = phone
    if request.to_user_id:
        message["to_user_id"] = request.to_user_id
    message |= {"id": message_id, "timestamp": str(int(now)), "type": request.type, request.type: content}
    platform.conversations.add(
        contact, message_id=message_id, author="clinic", message_type=request.type, content=content, at=now
    )
    update = Update(account.waba_id, "smb_message_echoes", number_value(account, message_echoes=[message]))
    return message, update


def prefer(platform: Platform, account: Account, request: PreferenceRequest) -> Update:
    """A patient stops or resumes marketing in the app's own settings."""
    contact = platform.contacts.meet(
        account.phone_number_id, phone=digits_of(request.sender or "") or None, user_id=request.user_id
    )
    contact.name = request.name or contact.name
    contact.marketing_stopped = request.value == "stop"
    platform.contacts.save(contact)
    preference: dict[str, Any] = {}
    if contact.phone:
        preference["wa_id"] = contact.phone
    if contact.user_id:
        preference["user_id"] = contact.user_id
    preference |= {
        "detail": f"User requested to {request.value} marketing messages",
        "category": "marketing_messages",
        "value": request.value,
        "timestamp": int(platform.clock.now()),
    }
    names = {"profile": {"name": contact.name}, "wa_id": contact.phone or ""}
    value = number_value(account, contacts=[names], user_preferences=[preference])
    return Update(account.waba_id, "user_preferences", value)


def _meet(platform: Platform, account: Account, request: PatientMessage) -> Contact:
    phone = digits_of(request.sender) if request.sender else None
    contact = platform.contacts.meet(account.phone_number_id, phone=phone, user_id=request.user_id)
    contact.name = request.name or contact.name or "Paciente"
    contact.username = request.username or contact.username
    contact.hides_phone = phone is None
    return contact


def _build(
    platform: Platform, account: Account, contact: Contact, request: PatientMessage, now: float
) -> dict[str, Any]:
    message: dict[str, Any] = {"from": "" if contact.hides_phone else contact.phone}
    message["id"] = request.id or new_wamid(contact.phone or contact.key, "inbound")
    message["timestamp"] = str(request.timestamp or int(now))
    message["type"] = request.type
    if request.type in MEDIA_TYPES:
        message[request.type] = _file(platform, account, request)
    elif request.type not in _NO_BODY:
        message[request.type] = request.content()
    if request.type == "unsupported":
        details = "Message type is currently not supported."
        title = "Message type unknown"
        message["errors"] = [{"code": 131051, "title": title, "message": title, "error_data": {"details": details}}]
    if request.context is not None:
        message["context"] = request.context.as_webhook(account.digits)
    if request.referral is not None:
        message["referral"] = request.referral
    if contact.user_id:
        message["from_user_id"] = contact.user_id
    return message


def _file(platform: Platform, account: Account, request: PatientMessage) -> dict[str, Any]:
    """Keep a patient's file and return what the webhook says of it."""
    file = request.file()
    if file.content_base64 is None:
        content, mime_type = sample_file(request.type)
    else:
        try:
            content = base64.b64decode(file.content_base64, validate=True)
        except binascii.Error as exc:
            raise ValueError(f"{request.type}.content_base64 is not base64.") from exc
        mime_type = file.mime_type or sample_file(request.type)[1]
    media = platform.media.add(
        account.waba_id, content, file.mime_type or mime_type, filename=file.filename, inbound=True
    )
    return _described(platform, request.type, media, file.caption, voice=file.voice)


def _described(platform: Platform, kind: str, media: Media, caption: str | None, *, voice: bool) -> dict[str, Any]:
    described: dict[str, Any] = {"caption": caption} if caption else {}
    if kind == "document" and media.filename:
        described["filename"] = media.filename
    described |= {"mime_type": media.mime_type, "sha256": media.sha256_base64, "id": media.id}
    described["url"] = platform.media.link(platform.base_url, media)
    if kind == "audio":
        described["voice"] = voice
    if kind == "sticker":
        described["animated"] = False
    return described


def _change_item(platform: Platform, kind: str, change: dict[str, Any]) -> None:
    item = platform.conversations.find(change.get("message_id") or change.get("original_message_id", ""))
    if item is None:
        return
    if kind == "reaction" and change.get("emoji"):
        item.reactions["patient"] = change["emoji"]
    elif kind == "reaction":
        item.reactions.pop("patient", None)
    elif kind == "revoke":
        item.revoked = True
    else:
        edited = change["message"]
        item.type, item.content, item.edited = edited["type"], edited.get(edited["type"]), True
    platform.conversations.changed(item)
