"""EventBridge, every five minutes: appointments become events, and what clinics change in Google reaches the agenda."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.runtime import wiring_calendar
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.services.sync_calendar import sync_calendars

# For the turn that has begun: a calendar that was linked just now has many events to write.
_RESERVE = timedelta(minutes=2)

logger = make_logger("calendar_sync")
metrics = make_metrics("calendar_sync")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Give every linked calendar its turn; StoreUnavailable fails the invocation, and the next one begins anew."""
    logger.set_correlation_id(context.aws_request_id)
    metrics.add_metric(name="runs", unit=MetricUnit.Count, value=1)  # also one that fails is counted
    synced = sync_calendars(
        wiring_calendar.sync_turns(),
        desk_for=wiring_calendar.sync_desk,
        budget=timedelta(milliseconds=context.get_remaining_time_in_millis()) - _RESERVE,
    )._asdict()
    for name, count in synced.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    logger.info("calendars synchronised", extra=synced)
    return synced
