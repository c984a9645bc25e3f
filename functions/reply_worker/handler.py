"""SQS: a conversation that may be owed an answer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from dentalist.inbound.jobs import parse_wake_up
from dentalist.runtime import wiring, wiring_assistant
from dentalist.runtime.batches import correlation_id_of, handle_batch
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.services.answering.answer_conversation import Turn, answer_conversation

logger = make_logger("reply_worker")
metrics = make_metrics("reply_worker")
_LAST_TRY = 4  # a turn that failed three times of a mistake of ours is left to a person


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Handle one batch; a wake-up that met an outage comes back, later each time."""
    response = handle_batch(event, context, handle=_wake_up, queue=wiring.replies_queue(), logger=logger)
    metrics.add_metric(name="records_returned", unit=MetricUnit.Count, value=len(response["batchItemFailures"]))
    return response


def _wake_up(record: SQSRecord) -> None:
    try:
        job = parse_wake_up(record.body)
    except ValidationError as exc:  # nobody of ours wrote it, and asking again will not make it a job
        logger.warning("wake-up is none", extra={"problems": exc.error_count()})
        return
    correlation_id = job.correlation_id or correlation_id_of(record)
    logger.set_correlation_id(correlation_id)
    turn = answer_conversation(
        job.conversation_id,
        answers=wiring.answers(),
        desk_for=wiring_assistant.desk_for,
        last_try=int(record.attributes.approximate_receive_count or 1) >= _LAST_TRY,
    )
    _report(turn)
    if turn.again_in is not None:
        wiring.replies_queue().send_wake_up(
            turn.conversation_id, delay_seconds=turn.again_in, correlation_id=correlation_id
        )


def _report(turn: Turn) -> None:
    metrics.add_metric(name=f"turns_{turn.outcome}", unit=MetricUnit.Count, value=1)
    told: dict[str, Any] = {"conversation_id": str(turn.conversation_id), "outcome": turn.outcome}
    if turn.engine is not None:
        told |= {"intent": turn.intent, "provider": turn.engine.provider, "fallback": turn.engine.fallback}
        if turn.engine.cause is not None:
            told |= {"fallback_cause": turn.engine.cause}
            metrics.add_metric(name="model_failures", unit=MetricUnit.Count, value=1)
    if turn.message_id is not None:
        told |= {"message_id": str(turn.message_id)}
    logger.info("turn done", extra=told)
