"""A professional, or somebody of their team, writes to a contact, or sends once more what has failed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.domain.identity import Role
from dentalist.domain.message import Message, MessageStatus
from dentalist.runtime import wiring, wiring_retry
from dentalist.runtime.http_api import http_api
from dentalist.runtime.idempotency import Idempotent, request_key
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.services.retry_message import retry_message
from dentalist.services.send_message import Readable, send_message
from send_message.models import SendMessageRequest, SendMessageResponse

logger = make_logger("send_message")
metrics = make_metrics("send_message")
# Looked up at each request, not now: nothing is connected on import, and a test can stand in for either.
app = http_api(authenticate=lambda event: wiring.authenticate(event))  # noqa: PLW0108
idempotent = Idempotent(lambda professional_id: wiring.idempotency(professional_id))  # noqa: PLW0108
_ANSWERS: dict[int, OpenAPIResponse] = {
    201: {"description": "Accepted by Meta", "content": {"application/json": {"model": SendMessageResponse}}},
    202: {
        "description": "Meta's answer was lost: status is `unknown`, and it must not be sent again",
        "content": {"application/json": {"model": SendMessageResponse}},
    },
}


@app.post(
    "/api/marketing/whatsapp/send",
    middlewares=[idempotent],
    summary="Send a message to a contact",
    status_code=HTTPStatus.CREATED,
    responses=_ANSWERS,
)
def post_message(request: SendMessageRequest) -> tuple[SendMessageResponse, int]:
    """Text, template, file, buttons or list; free text and files need an open customer service window."""
    caller = app.caller
    caller.require(Role.RECEPTION)
    logger.append_keys(professional_id=str(caller.professional_id))
    message = send_message(
        request.recipient,
        request.content,
        actor_id=caller.user_id,
        readable=Readable(
            wiring.user_conversations(caller), wiring.user_channels(caller), wiring.user_templates(caller)
        ),
        opener=wiring.conversation_opener(caller.professional_id),
        sending=wiring.sending(caller.professional_id),
        request_key=request_key(app),
    )
    return _told(message)


@app.post(
    "/api/marketing/messages/<message_id>/retry",
    middlewares=[idempotent],
    summary="Send a failed message once more",
    status_code=HTTPStatus.CREATED,
    responses=_ANSWERS,
)
def post_retry(message_id: UUID) -> tuple[SendMessageResponse, int]:
    """As it was, in a row of its own; the same rules hold as for any message of a person."""
    caller = app.caller
    caller.require(Role.RECEPTION)
    logger.append_keys(professional_id=str(caller.professional_id), retried_message_id=str(message_id))
    return _told(retry_message(message_id, actor_id=caller.user_id, desk=wiring_retry.retry_desk(caller)))


def _told(message: Message) -> tuple[SendMessageResponse, int]:
    metrics.add_metric(name=f"manual_messages_{message.status.value}", unit=MetricUnit.Count, value=1)
    logger.info("message sent", extra={"message_id": str(message.message_id), "status": message.status.value})
    is_confirmed = message.status is not MessageStatus.UNKNOWN
    return SendMessageResponse.of(message), HTTPStatus.CREATED if is_confirmed else HTTPStatus.ACCEPTED


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one API Gateway event."""
    metrics.add_metric(name="send_requests", unit=MetricUnit.Count, value=1)
    return app.resolve(event, context)
