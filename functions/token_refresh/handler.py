"""EventBridge, every day: every linked account is looked at, repaired, renewed in time, or told about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.runtime import wiring_care
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.runtime.schedules import moment_of
from dentalist.services.accounts.look_after_accounts import look_after_accounts

# For the looks that have begun: a provider that does not answer is asked again and again for over a minute.
_RESERVE = timedelta(minutes=3)

logger = make_logger("token_refresh")
metrics = make_metrics("token_refresh")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Look after all accounts; StoreUnavailable fails the invocation, and Lambda tries it again."""
    logger.set_correlation_id(context.aws_request_id)
    metrics.add_metric(name="runs", unit=MetricUnit.Count, value=1)  # also one that fails is counted
    now = moment_of(event, otherwise=datetime.now(UTC))
    looked = look_after_accounts(
        wiring_care.live_accounts(),
        care_of=wiring_care.care_at(now),
        now=now,
        budget=timedelta(milliseconds=context.get_remaining_time_in_millis()) - _RESERVE,
    )._asdict()
    for name, count in looked.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    logger.info("accounts looked after", extra={"moment": now.isoformat(), **looked})
    return looked
