"""A batch of SQS records: what failed is named, logged without anybody's words, and comes back later and later."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, SqsFifoPartialProcessor
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.domain.backoff import outage_pause
from dentalist.domain.errors import StoreUnavailable

# One more record than time allows would cost the whole batch: the function is killed, and everything comes back.
_TIME_FOR_A_RECORD = timedelta(seconds=12)


class Visibility(Protocol):
    """The queue of the records."""

    def change_visibility(self, receipt_handle: str, *, seconds: int) -> None:
        """Let a record come back after ``seconds``."""


def handle_batch(
    event: dict[str, Any],
    context: LambdaContext,
    *,
    handle: Callable[[SQSRecord], None],
    queue: Visibility,
    logger: Logger,
    in_order: bool = False,
) -> PartialItemFailureResponse:
    """Handle every record of a batch and answer which ones must come back; nothing is raised.

    A record's correlation id is the logger's while it is handled. One that fails comes back after 5 seconds, growing
    to 5 minutes with each time it does: most failures mean that somebody is down.

    Args:
        event: the event of SQS, whose source reports item failures.
        context: of the invocation; a record that time no longer suffices for comes back.
        handle: does the work of one record, or raises.
        queue: where the records came from.
        logger: of the function.
        in_order: for FIFO queues. After the first failure the rest is not tried: it keeps each group's order, and
            spares the rest its timeouts.
    """
    processor = SqsFifoPartialProcessor() if in_order else BatchProcessor(EventType.SQS)
    # Raising when every record failed would return them too, but as one crash without their names.
    processor.raise_on_entire_batch_failure = False
    with processor(event["Records"], handler=_Step(handle, context, logger)):
        processor.process()
    _bring_back_later([SQSRecord(record) for record in event["Records"]], processor.response(), queue, logger)
    return processor.response()


def correlation_id_of(record: SQSRecord) -> str:
    """The id of the request that a record began with, else the record's own."""
    # Not by get(): this dict makes its objects when it is indexed.
    attribute = record.message_attributes["correlation_id"]
    return (attribute.string_value if attribute else None) or record.message_id


def told_of(error: BaseException) -> dict[str, str]:
    """What a log line may say of an unexpected error. Not its message: that may quote what a person wrote."""
    steps = traceback.extract_tb(error.__traceback__)
    place = {"error_at": f"{steps[-1].name}:{steps[-1].lineno}"} if steps else {}
    code = getattr(error, "code", None)
    return {"error_type": type(error).__name__, **({"error_code": str(code)} if code else {}), **place}


class _Step:
    def __init__(self, handle: Callable[[SQSRecord], None], context: LambdaContext, logger: Logger) -> None:
        self._handle = handle
        self._context = context
        self._logger = logger

    def __call__(self, record: SQSRecord) -> None:
        self._logger.set_correlation_id(correlation_id_of(record))
        try:
            self._require_time()
            self._handle(record)
        except StoreUnavailable as exc:
            self._logger.warning("record comes back, somebody is down", extra=told_of(exc.__cause__ or exc))
            raise
        except Exception as exc:
            self._logger.error("record comes back, unexpected error", extra=told_of(exc))  # noqa: TRY400 - no message
            raise

    def _require_time(self) -> None:
        left = timedelta(milliseconds=self._context.get_remaining_time_in_millis())
        if left < _TIME_FOR_A_RECORD:
            raise StoreUnavailable("The time left does not suffice for another record.")


def _bring_back_later(
    records: list[SQSRecord], response: PartialItemFailureResponse, queue: Visibility, logger: Logger
) -> None:
    failed = {item["itemIdentifier"] for item in response["batchItemFailures"]}
    for record in records:
        if record.message_id not in failed:
            continue
        pause = outage_pause(int(record.attributes.approximate_receive_count or 1))
        try:
            queue.change_visibility(record.receipt_handle, seconds=round(pause.total_seconds()))
        except StoreUnavailable:
            logger.warning("visibility not changed, the queue's own applies", extra={"records": len(failed)})
            return
