"""SQS: a critical alert may be due to be told outside of the product."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.runtime import wiring, wiring_alerts
from dentalist.runtime.batches import handle_batch
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.services.notify_alerts import notify_alerts

# For the notices that have begun: mail and WhatsApp are waited for some fifteen seconds each.
_RESERVE = timedelta(seconds=45)

logger = make_logger("alert_notifier")
metrics = make_metrics("alert_notifier")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Handle one batch; a record that met an outage comes back, later each time."""

    def notify(_record: SQSRecord) -> None:
        # What a record says does not matter: which notices are due is known to the store.
        left = timedelta(milliseconds=context.get_remaining_time_in_millis())
        notified = notify_alerts(wiring_alerts.notices(), desk=wiring_alerts.desk(), budget=left - _RESERVE)._asdict()
        for name, count in notified.items():
            metrics.add_metric(name=f"notices_{name}", unit=MetricUnit.Count, value=count)
        if any(notified.values()):
            logger.info("alerts told", extra=notified)

    response = handle_batch(event, context, handle=notify, queue=wiring.alerts_queue(), logger=logger)
    metrics.add_metric(name="records_returned", unit=MetricUnit.Count, value=len(response["batchItemFailures"]))
    return response
