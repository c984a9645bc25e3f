"""``POST /{phone_number_id}/messages``: send, mark as read, show the typing indicator."""

from typing import Any

from infra.sandbox import sending
from infra.sandbox.errors import GraphError
from infra.sandbox.graph.calls import GraphCall
from infra.sandbox.tokens import MESSAGING
from infra.sandbox.validation import Outgoing, ReadReceipt, parse_call


async def post_message(call: GraphCall) -> dict[str, Any]:
    """Send a message or mark one as read."""
    account = call.platform.accounts.number_seen_by(call.token(MESSAGING), call.segment("object_id"), call.method)
    if call.body is None and call.raw.strip() not in (b"null", b""):
        raise GraphError(100, 400, "(#100) The request body is not valid JSON.")
    message = parse_call(call.body)
    if isinstance(message, ReadReceipt):
        sending.receipt(call.platform, account, message)
        return {"success": True}
    accepted = await sending.send(call.platform, account, message)
    sent: dict[str, Any] = {"id": accepted.message_id}
    if accepted.is_template:
        sent["message_status"] = "accepted"
    return {"messaging_product": "whatsapp", "contacts": [_contact(message)], "messages": [sent]}


def _contact(message: Outgoing) -> dict[str, str]:
    if message.user_id is not None:
        return {"input": message.input, "wa_id": "", "user_id": message.user_id}
    return {"input": message.input, "wa_id": message.phone or ""}
