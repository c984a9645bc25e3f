"""What is on a clinic's phone reaches the application: its contacts, and its chats in phases and chunks."""

import secrets
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from infra.sandbox.accounts import Account
from infra.sandbox.errors import webhook_error
from infra.sandbox.phone_app import AppMessage
from infra.sandbox.platform import Platform
from infra.sandbox.wamid import new_wamid
from infra.sandbox.webhooks import Update, number_value

SYNC_SECONDS = 24 * 3600
_DAY = 24 * 3600
# The newest day comes first, then the rest of three months, then of six: older chats are not shared.
_PHASES = ((0, _DAY), (_DAY, 90 * _DAY), (90 * _DAY, 180 * _DAY))
_CHUNK_MESSAGES = 100
_BETWEEN_SECONDS = 0.05

_Line = tuple[str, AppMessage]


def share_contacts(platform: Platform, account: Account) -> str:
    """Send the address book in one webhook; an empty one sends nothing. The id of the request is answered."""
    now = int(platform.clock.now())
    items = [
        {
            "type": "contact",
            "contact": {
                "full_name": contact.full_name,
                "first_name": contact.first_name or contact.full_name.split()[0],
                "phone_number": contact.phone_number,
            },
            "action": "add",
            "metadata": {"timestamp": str(now)},
        }
        for contact in account.phone_app.contacts
    ]
    if items:
        _publish_later(platform, account, 0, "smb_app_state_sync", number_value(account, state_sync=items))
    return _request_id()


def share_history(platform: Platform, account: Account) -> str:
    """Send the chats, newest phase first, or the error that their owner does not share them."""
    if not account.phone_app.shares_history:
        declined = number_value(account, history=[{"errors": [webhook_error(2593109)]}])
        _publish_later(platform, account, 0, "history", declined)
        return _request_id()
    for position, item in enumerate(_history(platform, account)):
        _publish_later(platform, account, position, "history", number_value(account, history=[item]))
    return _request_id()


def _publish_later(platform: Platform, account: Account, position: int, field: str, value: dict[str, Any]) -> None:
    publish: Callable[[Update, Account], Any] = platform.publish
    platform.later(position * _BETWEEN_SECONDS, publish, Update(account.waba_id, field, value), account)


def _history(platform: Platform, account: Account) -> list[dict[str, Any]]:
    lines = [(thread.id, message) for thread in account.phone_app.threads for message in thread.messages]
    chunks = [
        (phase, order, chunk)
        for phase, (youngest, oldest) in enumerate(_PHASES)
        for order, chunk in enumerate(_chunks([x for x in lines if youngest <= x[1].age_seconds < oldest]), start=1)
    ]
    total, told, items = sum(len(chunk) for _, _, chunk in chunks), 0, []
    for phase, order, chunk in chunks or [(len(_PHASES) - 1, 1, [])]:
        told += len(chunk)
        metadata = {"phase": phase, "chunk_order": order, "progress": 100 * told // total if total else 100}
        items.append({"metadata": metadata, "threads": _threads(platform, account, chunk)})
    return items


def _chunks(lines: list[_Line]) -> Iterator[list[_Line]]:
    waiting = iter(lines)
    while chunk := list(islice(waiting, _CHUNK_MESSAGES)):
        yield chunk


def _threads(platform: Platform, account: Account, lines: list[_Line]) -> list[dict[str, Any]]:
    threads: dict[str, list[dict[str, Any]]] = {}
    for contact, message in lines:
        threads.setdefault(contact, []).append(_shown(platform, account, contact, message))
    return [{"id": contact, "messages": messages} for contact, messages in threads.items()]


def _shown(platform: Platform, account: Account, contact: str, message: AppMessage) -> dict[str, Any]:
    people = {"from": account.digits, "to": contact} if message.from_me else {"from": contact}
    message_id = message.id or (new_wamid(contact, "outbound") if message.from_me else new_wamid(contact, "inbound"))
    content = message.content if message.text is None else {"body": message.text}
    return {
        **people,
        "id": message_id,
        "timestamp": str(int(platform.clock.now() - message.age_seconds)),
        "type": message.type,
        **({} if content is None else {message.type: content}),
        "history_context": {"status": message.status},
    }


def _request_id() -> str:
    return secrets.token_hex(16)
