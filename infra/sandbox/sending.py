"""A valid message of a business: the rules of the platform, then the patient's thread and the status webhooks."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from infra.sandbox import statuses
from infra.sandbox.accounts import Account
from infra.sandbox.contacts import Contact
from infra.sandbox.errors import graph_error
from infra.sandbox.media import KINDS, Media, base_type
from infra.sandbox.platform import Platform
from infra.sandbox.template_rules import fill, find_sendable
from infra.sandbox.validation import MEDIA_TYPES, Outgoing, ReadReceipt
from infra.sandbox.wamid import new_wamid

TYPING_SECONDS = 25
_FETCH_SECONDS = 10
_WINDOW = 131047
_STOPPED = 131050
_MEDIA = 131053
_BLOCKED = ("RESTRICTED", "BANNED")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the caller is told."""

    message_id: str
    is_template: bool


@dataclass(frozen=True, slots=True)
class _Sending:
    """An accepted message on its way: ``entry`` is its line of the journal, ``seen`` what the page will show."""

    platform: Platform
    account: Account
    message: Outgoing
    entry: dict[str, Any]
    seen: dict[str, Any]


async def send(platform: Platform, account: Account, message: Outgoing) -> Accepted:
    """Accept a message, or refuse it as Meta does before anything is sent.

    Raises:
        GraphError: not registered, restricted, to itself, too fast, template or media wrong; 131047 where windows are
            enforced synchronously.
    """
    if not account.registered:
        raise graph_error(133010)
    if account.status in _BLOCKED:
        raise graph_error(131031)
    if message.phone == account.digits:
        raise graph_error(131021)
    template, seen = _seen_by_patient(platform, account, message)
    contact = platform.contacts.find(account.phone_number_id, message.address)
    failure = _failure_after_acceptance(platform, contact, template)
    if failure == _WINDOW and platform.behaviour.window.mode == "sync":
        raise graph_error(_WINDOW)
    # Last, so that only messages that would be accepted count against the pair.
    platform.limits.check_send(platform.behaviour.limits, account.phone_number_id, message.address)

    entry = _record(platform, account, message, failure)
    if failure is not None:
        statuses.fail(platform, account, entry, failure)
    else:
        await _deliver(_Sending(platform, account, message, entry, seen), template)
    return Accepted(entry["id"], is_template=template is not None)


def receipt(platform: Platform, account: Account, call: ReadReceipt) -> None:
    """Mark a patient's message, and the earlier ones, as read; show the typing indicator if asked.

    Raises:
        GraphError: 131009, this number received no such message.
    """
    item = platform.conversations.find(call.message_id)
    if item is None or item.author != "patient" or item.phone_number_id != account.phone_number_id:
        raise graph_error(131009, "Message ID in parameter message_id is not valid.")
    platform.conversations.read_up_to(item)
    if call.typing:
        until = {"seconds": TYPING_SECONDS}
        platform.live.publish(account.phone_number_id, item.contact_key, "typing", lambda: until)


def _failure_after_acceptance(
    platform: Platform, contact: Contact | None, template: dict[str, Any] | None
) -> int | None:
    if template is None:
        open_window = contact is not None and contact.window_open(platform.clock.now())
        return None if open_window or platform.behaviour.window.mode == "off" else _WINDOW
    stopped = contact is not None and contact.marketing_stopped and template["category"] == "MARKETING"
    return _STOPPED if stopped else None


def _seen_by_patient(
    platform: Platform, account: Account, message: Outgoing
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The template in use, if any, and the content as the patient's page shows it."""
    content = message.content
    if message.type in MEDIA_TYPES:
        if content.get("id") is not None:
            content = {**content, **_shown(_uploaded(platform, account, message.type, content["id"]))}
        return None, content
    if message.type != "template":
        return None, content
    name, language = content["name"], content["language"]["code"]
    stored = platform.accounts.wabas[account.waba_id].find_template(name, language)
    template = find_sendable(stored, name, language)
    if message.user_id is not None and template["category"] == "AUTHENTICATION":
        raise graph_error(131062)
    return template, {"name": name, **fill(template, content)}


def _uploaded(platform: Platform, account: Account, message_type: str, media_id: str) -> Media:
    media = platform.media.find(media_id)
    if media is None or media.waba_id != account.waba_id:
        raise graph_error(131009, f"Media ID {media_id} in parameter {message_type}.id is not valid.")
    expected = KINDS[message_type][0]
    if base_type(media.mime_type) not in expected:
        details = f"Media file has type {media.mime_type} but {expected[0]} was expected."
        raise graph_error(131053, details)
    return media


def _shown(media: Media) -> dict[str, Any]:
    return {"media_id": media.id, "mime_type": media.mime_type}


def _record(platform: Platform, account: Account, message: Outgoing, failure: int | None) -> dict[str, Any]:
    known = platform.contacts.find(account.phone_number_id, message.address)
    entry = {
        "id": new_wamid(message.address, "outbound"),
        "at": platform.clock.now(),
        "phone_number_id": account.phone_number_id,
        "input": message.input,
        "to": message.phone,
        "user_id": message.user_id or (known.user_id if known else None),
        "recipient": message.user_id,
        "type": message.type,
        "content": message.content,
        "context_id": message.context_id,
        "biz_opaque_callback_data": message.callback_data,
        "failed": failure,
        "statuses": [],
    }
    platform.journal.record_send(entry)
    return entry


async def _deliver(sending: _Sending, template: dict[str, Any] | None) -> None:
    platform, account, message, entry = sending.platform, sending.account, sending.message, sending.entry
    if message.type == "reaction":
        _react(platform, account, message)
        # Of a reaction only ``sent`` is ever reported.
        sent = statuses.build_status(entry, "sent", platform.clock.now())
        platform.later(0, statuses.publish_built, platform, account, entry, sent)
        return
    contact = platform.contacts.meet(account.phone_number_id, phone=message.phone, user_id=message.user_id)
    if "link" in sending.seen and platform.behaviour.fetch_media_links:
        platform.spawn(_deliver_linked(sending, contact))
        return
    _show(sending, contact, sending.seen)
    pricing = statuses.pricing_of(platform, account, template)
    if platform.behaviour.statuses.before_answer:
        await statuses.report_before_answer(platform, account, entry, pricing)
    statuses.schedule(platform, account, entry, pricing)


def _show(sending: _Sending, contact: Contact, content: dict[str, Any]) -> None:
    sending.platform.conversations.add(
        contact,
        message_id=sending.entry["id"],
        author="clinic",
        message_type=sending.message.type,
        content=content,
        at=sending.entry["at"],
        context_id=sending.message.context_id,
    )


def _react(platform: Platform, account: Account, message: Outgoing) -> None:
    item = platform.conversations.find(message.content["message_id"])
    if item is None or item.phone_number_id != account.phone_number_id:
        return
    if message.content["emoji"]:
        item.reactions["clinic"] = message.content["emoji"]
    else:
        item.reactions.pop("clinic", None)
    platform.conversations.changed(item)


async def _deliver_linked(sending: _Sending, contact: Contact) -> None:
    """Fetch a linked file as Meta does, after the answer; a file that cannot be had fails the message."""
    platform, account, entry = sending.platform, sending.account, sending.entry
    try:
        content, mime_type = await _fetch(sending.message.content["link"])
        _check_fetched(sending.message.type, content, mime_type)
    except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
        entry["failed"] = _MEDIA
        statuses.fail(platform, account, entry, _MEDIA, f"Downloading media from weblink failed: {exc}"[:200])
        return
    media = platform.media.add(account.waba_id, content, mime_type, filename=sending.message.content.get("filename"))
    _show(sending, contact, {**sending.seen, **_shown(media)})
    statuses.schedule(platform, account, entry, statuses.pricing_of(platform, account, None))


def _check_fetched(message_type: str, content: bytes, mime_type: str) -> None:
    expected, longest = KINDS[message_type]
    if base_type(mime_type) not in expected:
        raise ValueError(f"media file has type {mime_type} but {expected[0]} was expected")
    if len(content) > longest:
        raise ValueError(f"media file is bigger than {longest} bytes")


async def _fetch(link: str) -> tuple[bytes, str]:
    timeout = aiohttp.ClientTimeout(total=_FETCH_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(link) as answer:
        answer.raise_for_status()
        return await answer.read(), answer.headers.get("Content-Type", "application/octet-stream")
