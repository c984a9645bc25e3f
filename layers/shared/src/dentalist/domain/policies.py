"""What a clinic decides about its assistant: limits, when it may come back, when it reminds.

The column belongs to a table of the host application, so what cannot be read counts as not decided. ``app.policy``
gives the same defaults to SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Policies(BaseModel):
    """Every decision with the product's own answer as its default.

    Attributes:
        max_future_appointments: booked in one chat at the same time; a person books the next.
        ask_name: somebody without a patient's record gives their name before anything is booked.
        resume_after_hours: without a message of a person for so long, the assistant has the conversation again; None:
            only when somebody gives it back. Never after an emergency or a complaint.
        ai_answers_per_day: to one contact, in any 24 hours; then a person is asked. Emergencies and opt-outs are
            answered all the same.
        waiting_alert_minutes: a conversation that waits for a person is told again, counted in opening hours.
        reminder_hours: before an appointment; None: no reminders.
        late_after_minutes: an answer later than this is left to a person.
        ai_budget_cents: of a US dollar, a day, for language models; then the rules engine answers. None: no limit.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    max_future_appointments: Annotated[int, Field(strict=True, ge=1, le=20)] = 3
    ask_name: Annotated[bool, Field(strict=True)] = True
    resume_after_hours: Annotated[int, Field(strict=True, ge=1, le=168)] | None = None
    ai_answers_per_day: Annotated[int, Field(strict=True, ge=1, le=200)] = 40
    waiting_alert_minutes: Annotated[int, Field(strict=True, ge=5, le=240)] = 15
    reminder_hours: Annotated[int, Field(strict=True, ge=2, le=72)] | None = 24
    late_after_minutes: Annotated[int, Field(strict=True, ge=10, le=1380)] = 120
    ai_budget_cents: Annotated[int, Field(strict=True, ge=0, le=100_000)] | None = 100

    @classmethod
    def of(cls, value: object) -> Self:
        """Read ``professionals.policies``; each decision that cannot be read is the default."""
        if not isinstance(value, Mapping):
            return cls()
        readable: dict[str, Any] = {}
        for name in cls.model_fields:
            if name in value and _is_readable(cls, name, value[name]):
                readable[name] = value[name]
        return cls.model_validate(readable)


def _is_readable(model: type[BaseModel], name: str, value: object) -> bool:
    try:
        model.model_validate({name: value})
    except ValidationError:
        return False
    return True
