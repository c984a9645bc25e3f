"""EventBridge, every minute: what time made due."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.runtime import wiring, wiring_handover
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.services.sweep import sweep

logger = make_logger("sweeper")
metrics = make_metrics("sweeper")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Sweep once; StoreUnavailable fails the invocation, and the next minute tries again."""
    logger.set_correlation_id(context.aws_request_id)
    metrics.add_metric(name="sweeps", unit=MetricUnit.Count, value=1)  # also one that fails is counted
    swept = sweep(
        wiring.sweeps(),
        watched=wiring_handover.watched_conversations(),
        bell=wiring.alerts_queue(),
        wake_ups=wiring.replies_queue(),
        media_jobs=wiring.media_queue(),
        dead_letters=wiring.dead_letters(),
        correlation_id=context.aws_request_id,
        now=datetime.now(UTC),
    )._asdict()
    for name, count in swept.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    logger.info("swept", extra=swept)
    return swept
