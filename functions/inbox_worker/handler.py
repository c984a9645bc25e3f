"""SQS: events of webhooks become rows, files of messages are fetched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from dentalist.inbound.jobs import parse_media_job
from dentalist.runtime import wiring
from dentalist.runtime.batches import correlation_id_of, handle_batch, told_of
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.services.fetch_media import fetch_media
from dentalist.services.receive_event import Outlets, receive_event

logger = make_logger("inbox_worker")
metrics = make_metrics("inbox_worker")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Handle one batch of either queue; what must come back is named as failed."""
    if _is_from(wiring.settings().media_queue_url, event):
        response = handle_batch(event, context, handle=_media_job, queue=wiring.media_queue(), logger=logger)
    else:
        # Everything permanent is parked and succeeds, so a failure means that somebody is down.
        response = handle_batch(
            event, context, handle=_inbound_event, queue=wiring.inbound_queue(), logger=logger, in_order=True
        )
    metrics.add_metric(name="records_returned", unit=MetricUnit.Count, value=len(response["batchItemFailures"]))
    return response


def _inbound_event(record: SQSRecord) -> None:
    ingested = receive_event(
        record.body,
        outlets=Outlets(wiring.large_events(), wiring.inbox(), wiring.replies_queue(), wiring.media_queue()),
        debounce=wiring.settings().reply_debounce,
        correlation_id=correlation_id_of(record),
        on_error=_report_parking,
    )
    ids = ("professional_id", "channel_id", "conversation_id", "message_id")
    named = {name: str(value) for name in ids if (value := getattr(ingested, name))}
    metrics.add_metric(name=f"events_{ingested.outcome}", unit=MetricUnit.Count, value=1)
    logger.info("event ingested", extra={"outcome": ingested.outcome, "reason": ingested.reason, **named})


def _media_job(record: SQSRecord) -> None:
    try:
        job = parse_media_job(record.body)
    except ValidationError as exc:  # nobody of ours wrote it, and asking again will not make it a job
        logger.warning("media job is none", extra={"problems": exc.error_count()})
        return
    outcome = fetch_media(
        job.message_id,
        now=datetime.now(UTC),
        records=wiring.media_records(),
        number=wiring.number_of,
        store=wiring.media,
    )
    metrics.add_metric(name=f"media_{outcome}", unit=MetricUnit.Count, value=1)
    logger.info("media job done", extra={"message_id": str(job.message_id), "outcome": outcome})


def _report_parking(error: Exception) -> None:
    metrics.add_metric(name="events_refused", unit=MetricUnit.Count, value=1)
    logger.error("event cannot be taken in, parked", extra=told_of(error))


def _is_from(queue_url: str, event: dict[str, Any]) -> bool:
    arn: str = event["Records"][0]["eventSourceARN"]
    return arn.rpartition(":")[2] == queue_url.rpartition("/")[2]
