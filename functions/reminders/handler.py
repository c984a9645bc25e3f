"""EventBridge, every hour: whoever has an appointment tomorrow is reminded of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.runtime import wiring_reminders
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.runtime.schedules import moment_of
from dentalist.services.remind import remind

_RESERVE = timedelta(seconds=45)  # for the message that is on its way when the time is over

logger = make_logger("reminders")
metrics = make_metrics("reminders")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Send what is due; StoreUnavailable fails the invocation, and the next hour goes on."""
    logger.set_correlation_id(context.aws_request_id)
    metrics.add_metric(name="runs", unit=MetricUnit.Count, value=1)  # also one that fails is counted
    reminded = remind(
        wiring_reminders.reminders(),
        desk_for=wiring_reminders.desk,
        now=moment_of(event, otherwise=datetime.now(UTC)),
        budget=timedelta(milliseconds=context.get_remaining_time_in_millis()) - _RESERVE,
    )._asdict()
    for name, count in reminded.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    logger.info("reminded", extra=reminded)
    return reminded
