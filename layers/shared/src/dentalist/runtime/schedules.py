"""What EventBridge Scheduler says about a run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def moment_of(event: Mapping[str, Any], *, otherwise: datetime) -> datetime:
    """The moment that a scheduled run stands for, which a late or repeated one must be judged by.

    Args:
        event: of the schedule; its ``time`` is ISO 8601 in UTC.
        otherwise: for an event that tells none, as when somebody invokes the function by hand.

    Source:
        https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    told = event.get("time")
    if not isinstance(told, str):
        return otherwise
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return otherwise
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
