"""GET and POST /api/webhooks/whatsapp and …/instagram: prove it is Meta, store every event, then say 200.

Nothing is imported here but the standard library, an SQS client and the Logger: a cold start is part of Meta's wait.
"""

from __future__ import annotations

import base64
import functools
import hmac
import json
import os
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.logging import Logger

from dentalist.domain.errors import DomainError
from dentalist.inbound.body import MalformedBody, parse_body
from dentalist.inbound.queue_message import Origin, QueueMessage, unreadable
from dentalist.inbound.signatures import SignatureInvalid, verify_signature
from dentalist.inbound.split import split
from dentalist.outbound.aws.clients import aws_client
from dentalist.outbound.aws.queues import FifoOutbox, LargeBodies, NotDurable

logger = Logger()

# The Instagram app may sign with a secret of its own; Meta's documentation says only "app secret".
APP_SECRETS = [os.environ["META_APP_SECRET"], os.environ.get("INSTAGRAM_APP_SECRET", "")]
VERIFY_TOKEN = os.environ["META_WEBHOOK_VERIFY_TOKEN"]


class VerifyTokenMismatch(DomainError):
    detail = "This is not the verify token of the webhook."


STATUS_OF = {
    SignatureInvalid: HTTPStatus.UNAUTHORIZED,
    MalformedBody: HTTPStatus.BAD_REQUEST,
    VerifyTokenMismatch: HTTPStatus.FORBIDDEN,
    NotDurable: HTTPStatus.SERVICE_UNAVAILABLE,
}


@functools.cache
def _large_bodies() -> LargeBodies:
    from dentalist.outbound.aws.objects import LargeEvents  # noqa: PLC0415 - rare, and S3's model is slow to load

    return LargeEvents(os.environ["LARGE_EVENTS_BUCKET"], s3=aws_client("s3"))


outbox = FifoOutbox(os.environ["INBOUND_QUEUE_URL"], sqs=aws_client("sqs"), large_bodies=_large_bodies)


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request of API Gateway (payload format 2.0)."""
    started = time.perf_counter()
    request = event["requestContext"]
    correlation_id = request["requestId"]
    figures: dict[str, Any] = {"correlation_id": correlation_id, "events": 0}
    try:
        if request["http"]["method"] == "GET":
            status, content_type, body = HTTPStatus.OK, "text/plain", _challenge(event)
        else:
            _keep(event, correlation_id, figures)
            status, content_type, body = HTTPStatus.OK, "text/plain", "EVENT_RECEIVED"
    except tuple(STATUS_OF) as refusal:
        status = STATUS_OF[type(refusal)]
        content_type, body = "application/problem+json", _problem(refusal, status, correlation_id)
        figures["code"] = refusal.code
    _log(status, figures, milliseconds=(time.perf_counter() - started) * 1000)
    headers = {"content-type": content_type, "x-content-type-options": "nosniff", "x-correlation-id": correlation_id}
    return {"statusCode": status.value, "headers": headers, "body": body}


def _challenge(event: dict[str, Any]) -> str:
    """The challenge of whoever knows our verify token.

    Source:
        https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests
    """
    query = event.get("queryStringParameters") or {}
    token = query.get("hub.verify_token", "").encode("utf-8", "replace")
    known = hmac.compare_digest(token, VERIFY_TOKEN.encode()) and VERIFY_TOKEN != ""
    challenge: str | None = query.get("hub.challenge")
    if not known or query.get("hub.mode") != "subscribe" or not challenge:
        raise VerifyTokenMismatch
    return challenge


def _keep(event: dict[str, Any], correlation_id: str, figures: dict[str, Any]) -> None:
    """Return once every event of the body is durable; ``figures`` gets what the log line tells about it."""
    body = _raw_body(event)
    figures["bytes"] = len(body)
    figures["secret"] = verify_signature(body, event.get("headers", {}).get("x-hub-signature-256"), APP_SECRETS)
    messages = _messages(body, correlation_id)
    figures["events"] = len(messages)
    outbox.enqueue(messages, correlation_id=correlation_id)


def _messages(body: bytes, correlation_id: str) -> list[QueueMessage]:
    received_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    try:
        return split(parse_body(body), received_at=received_at, correlation_id=correlation_id)
    except RecursionError:
        return [unreadable(Origin(received_at, correlation_id), body)]


def _raw_body(event: dict[str, Any]) -> bytes:
    """The bytes that Meta signed. API Gateway encodes bodies of non-text content types, and leaves out empty ones."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")


def _problem(refusal: DomainError, status: HTTPStatus, correlation_id: str) -> str:
    return json.dumps(
        {
            "type": f"/problems/{refusal.code}",
            "title": refusal.code.replace("_", " ").capitalize(),
            "status": status.value,
            "code": refusal.code,
            "detail": refusal.detail,
            "correlation_id": correlation_id,
        }
    )


def _log(status: HTTPStatus, figures: dict[str, Any], *, milliseconds: float) -> None:
    """One line for reader and machine: CloudWatch takes the metrics out of it by the key ``_aws``."""
    metrics = [{"Name": "events", "Unit": "Count"}, {"Name": "milliseconds", "Unit": "Milliseconds"}]
    directive = {"Namespace": "Dentalist", "Dimensions": [["service", "status"]], "Metrics": metrics}
    embedded = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    extra = {**figures, "status": str(status.value), "milliseconds": round(milliseconds, 1), "_aws": embedded}
    logger.info("webhook answered", extra=extra)
