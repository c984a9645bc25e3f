"""What happens to a message after it was accepted: sent, delivered, read, or failed, each a webhook."""

import random
from datetime import UTC, datetime
from typing import Any

from infra.sandbox.accounts import Account
from infra.sandbox.contacts import Contact
from infra.sandbox.errors import webhook_error
from infra.sandbox.platform import Platform
from infra.sandbox.webhooks import Update, status_update

_PRICED = ("sent", "delivered")


def pricing_of(platform: Platform, account: Account, template: dict[str, Any] | None) -> dict[str, Any]:
    """The pricing of a message: its template's category, or service, free for the first of a number and month."""
    if template is not None:
        return {"billable": True, "pricing_model": "PMP", "type": "regular", "category": template["category"].lower()}
    month = datetime.fromtimestamp(platform.clock.now(), UTC).strftime("%Y-%m")
    free = platform.limits.service_message_is_free(platform.behaviour.limits, account.phone_number_id, month)
    kind = "free_customer_service" if free else "regular"
    return {"billable": not free, "pricing_model": "PMP", "type": kind, "category": "service"}


def build_status(
    send: dict[str, Any], status: str, at: float, *, pricing: dict[str, Any] | None = None, error: Any = None
) -> dict[str, Any]:
    """One element of ``statuses``, with only the keys Meta sends for it."""
    built: dict[str, Any] = {
        "id": send["id"],
        "status": status,
        "timestamp": str(int(at)),
        "recipient_id": send["to"] or "",
    }
    if send["user_id"]:
        built["recipient_user_id"] = send["user_id"]
    if send["biz_opaque_callback_data"] is not None:
        built["biz_opaque_callback_data"] = send["biz_opaque_callback_data"]
    if pricing is not None and status in _PRICED:
        built["pricing"] = pricing
    if error is not None:
        built["errors"] = [error]
    return built


def schedule(platform: Platform, account: Account, send: dict[str, Any], pricing: dict[str, Any]) -> None:
    """Report the life of a delivered message, in the order and as often as the settings say."""
    knobs = platform.behaviour.statuses
    delays = {
        "sent": knobs.sent_after_seconds,
        "delivered": knobs.delivered_after_seconds,
        "read": knobs.read_after_seconds,
    }
    planned = sorted((status for status in knobs.emit if status not in send["statuses"]), key=delays.__getitem__)
    moments = [delays[status] for status in planned]
    if knobs.order == "reversed":
        moments.reverse()
    elif knobs.order == "shuffled":
        random.shuffle(moments)
    for status, moment in zip(planned, moments, strict=True):
        # The timestamp is when it happened, also where the webhook of it overtakes another.
        built = build_status(send, status, platform.clock.now() + delays[status], pricing=pricing)
        platform.later(moment, publish_built, platform, account, send, built)


def fail(platform: Platform, account: Account, send: dict[str, Any], code: int, details: str | None = None) -> None:
    """Report that an accepted message was not delivered after all."""
    error = webhook_error(code, details)
    after = platform.behaviour.statuses.sent_after_seconds
    built = build_status(send, "failed", platform.clock.now() + after, error=error)
    platform.later(after, publish_built, platform, account, send, built)


async def report_before_answer(
    platform: Platform, account: Account, send: dict[str, Any], pricing: dict[str, Any]
) -> None:
    """Have ``sent`` at the application before the caller's POST is answered; the rest follows as usual."""
    built = build_status(send, "sent", platform.clock.now(), pricing=pricing)
    send["statuses"].append("sent")
    for delivery in platform.publish(status_update(account, built), account):
        await delivery.first_try.wait()


def report_by_hand(
    platform: Platform, account: Account, contact: Contact | None, *, message_id: str, status: str, code: int | None
) -> Update:
    """A status somebody asks for through the control interface, also for a message never sent from here."""
    logged = next((send for send in reversed(platform.journal.sends) if send["id"] == message_id), None)
    send = logged or {
        "id": message_id,
        "to": contact.phone if contact else None,
        "user_id": contact.user_id if contact else None,
        "biz_opaque_callback_data": None,
        "statuses": [],
    }
    error = webhook_error(code) if code is not None else None
    built = build_status(send, status, platform.clock.now(), error=error)
    send["statuses"].append(status)
    return status_update(account, built)


def publish_built(platform: Platform, account: Account, send: dict[str, Any], built: dict[str, Any]) -> None:
    """Report a status now, as often as the settings say."""
    send["statuses"].append(built["status"])
    for _ in range(platform.behaviour.statuses.copies):
        platform.publish(status_update(account, built), account)
