"""The knobs of the simulated platform; defaults are how Meta behaves, only faster."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = float


class Knobs(BaseModel):
    """Base of every group: a misspelt knob is an error, not a test that proves nothing."""

    model_config = ConfigDict(extra="forbid")


class Statuses(Knobs):
    """How the life of an accepted message is reported."""

    emit: list[Literal["sent", "delivered", "read"]] = ["sent", "delivered", "read"]
    sent_after_seconds: Seconds = Field(0.05, ge=0, le=3600)
    delivered_after_seconds: Seconds = Field(0.2, ge=0, le=3600)
    read_after_seconds: Seconds = Field(0.6, ge=0, le=3600)
    order: Literal["in_order", "reversed", "shuffled"] = "in_order"
    copies: int = Field(1, ge=1, le=10)
    before_answer: bool = False  # the webhook arrives while the caller still waits for the answer of its POST


class Webhooks(Knobs):
    """How updates reach the application."""

    batch_max: int = Field(1, ge=1, le=1000)
    batch_linger_seconds: Seconds = Field(0.05, ge=0, le=60)
    timeout_seconds: Seconds = Field(20, gt=0, le=120)
    backoff_seconds: list[Seconds] = Field(default=[1, 2, 4, 8, 16, 30], min_length=1)
    escape_slashes: bool = True


class Window(Knobs):
    """The 24 h customer service window: refused later by a failed status (as Meta does), at once, or not at all."""

    mode: Literal["status", "sync", "off"] = "status"


class Limits(Knobs):
    """Rates above which calls are refused."""

    enforce: bool = True
    pair_burst: int = Field(45, ge=1)
    pair_interval_seconds: Seconds = Field(6, ge=0)
    throughput_per_second: int = Field(80, ge=1)
    waba_calls_per_hour: int = Field(5000, ge=1)
    free_service_messages: int = Field(1000, ge=0)


class Templates(Knobs):
    """Review of submitted templates; null never decides by itself."""

    approve_after_seconds: Seconds | None = Field(5, ge=0)


class Logins(Knobs):
    """Instagram documents one shape of its code exchange and answers another."""

    instagram_response: Literal["flat", "wrapped"] = "flat"


class Behaviour(Knobs):
    """Everything a test may change while the sandbox runs."""

    statuses: Statuses = Field(default_factory=Statuses)
    webhooks: Webhooks = Field(default_factory=Webhooks)
    window: Window = Field(default_factory=Window)
    limits: Limits = Field(default_factory=Limits)
    templates: Templates = Field(default_factory=Templates)
    logins: Logins = Field(default_factory=Logins)
    require_appsecret_proof: bool = False
    fetch_media_links: bool = True

    def merged(self, changes: dict[str, Any]) -> "Behaviour":
        """A copy with the given groups changed key by key.

        Raises:
            pydantic.ValidationError: a knob does not exist or is out of range; nothing changes.
        """
        current = self.model_dump()
        for name, value in changes.items():
            group = current.get(name)
            current[name] = {**group, **value} if isinstance(group, dict) and isinstance(value, dict) else value
        return Behaviour.model_validate(current)
