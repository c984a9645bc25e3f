"""Misbehaviour on demand: rules that change how the next matching Graph calls are answered."""

import itertools
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from infra.sandbox.errors import GraphError, graph_error
from infra.sandbox.google.errors import CalendarError
from infra.sandbox.journal import fingerprint

_LONGEST_SECONDS = 600

Route = Literal[
    "messages",
    "media_upload",
    "media",
    "media_delete",
    "media_bytes",
    "templates",
    "template_create",
    "template_delete",
    "phone_number",
    "phone_numbers",
    "debug_token",
    "subscribed_apps",
    "oauth_access_token",
    "me",
    "me_permissions",
    "me_businesses",
    "owned_wabas",
    "client_wabas",
    "register",
    "deregister",
    "smb_app_data",
    "dialog",
    "instagram_exchange",
    "instagram_extend",
    "instagram_refresh",
    "instagram_me",
    "instagram_account",
    "instagram_subscribed_apps",
    "google_token",
    "google_revoke",
    "google_freebusy",
    "google_events",
    "google_event",
    "google_event_insert",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Match(_Strict):
    """Which calls; everything given must fit, nothing given fits all."""

    route: Route | None = None
    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"] | None = None
    path_contains: str | None = None
    phone_number_id: str | None = None
    to: str | None = None
    token: str | None = None
    message_type: str | None = Field(None, description="text, template…, or read for receipts")

    def fits(self, call: "Call") -> bool:
        """Whether a call is one of these."""
        return (
            self.route in (None, call.route)
            and self.method in (None, call.method)
            and (self.path_contains is None or self.path_contains in call.path)
            and self.phone_number_id in (None, call.phone_number_id)
            and (self.to is None or self.to.removeprefix("+") == call.to)
            and (self.token is None or fingerprint(self.token) == call.token)
            and self.message_type in (None, call.message_type)
        )


class AnswerError(_Strict):
    """One of Meta's own errors, instead of doing what was asked."""

    kind: Literal["error"]
    code: int
    subcode: int | None = None
    http_status: int | None = Field(None, ge=200, le=599)
    details: str | None = None
    error_data_as_string: bool = False

    @model_validator(mode="after")
    def _known(self) -> "AnswerError":
        try:
            graph_error(self.code)
        except LookupError as exc:
            raise ValueError(str(exc)) from exc
        return self

    def error(self) -> GraphError:
        """The error to answer."""
        error = graph_error(self.code, self.details, subcode=self.subcode)
        error.http_status = self.http_status or error.http_status
        error.details_as_string = self.error_data_as_string
        return error


class AnswerGoogle(_Strict):
    """One of Google Calendar's errors by its reason; ``inside``: told of each calendar, inside of a 200 of freeBusy."""

    kind: Literal["google"]
    status: int = Field(403, ge=400, le=599)
    reason: str = Field(min_length=1)
    message: str = "Simulated by the sandbox."
    inside: bool = False
    commit: Literal[False] = False

    def error(self) -> CalendarError:
        """The error to answer."""
        return CalendarError(self.status, self.reason, self.message)

    def told_inside(self, body: Any) -> dict[str, Any]:
        """The answer of freeBusy in which every calendar that was asked for has this error."""
        asked = body.get("items", []) if isinstance(body, dict) else []
        errors = [{"domain": "global", "reason": self.reason}]
        return {
            "kind": "calendar#freeBusy",
            "calendars": {str(item["id"]): {"errors": errors, "busy": []} for item in asked if "id" in item},
        }


class AnswerRaw(_Strict):
    """Any HTTP answer, instead of doing what was asked (or, with ``commit``, after doing it)."""

    kind: Literal["http"]
    status: int = Field(500, ge=200, le=599)
    body: str = ""
    content_type: str = "text/html"
    headers: dict[str, str] = Field(default_factory=dict)
    commit: bool = False


class NoAnswer(_Strict):
    """The connection is closed without an answer, at once (``drop``) or after ``seconds`` (``timeout``)."""

    kind: Literal["drop", "timeout"]
    commit: bool = True
    seconds: float = Field(60, gt=0, le=_LONGEST_SECONDS)


class SlowAnswer(_Strict):
    """The right answer, late: ``headers`` waits before it starts, ``body`` sends it byte by byte over the time."""

    kind: Literal["slow"]
    seconds: float = Field(3, gt=0, le=_LONGEST_SECONDS)
    part: Literal["headers", "body"] = "headers"


Action = Annotated[AnswerError | AnswerGoogle | AnswerRaw | NoAnswer | SlowAnswer, Field(discriminator="kind")]


class FaultRequest(_Strict):
    """A rule as the control interface takes it; ``count`` null lasts until it is cleared."""

    match: Match = Field(default_factory=Match)
    action: Action
    count: int | None = Field(1, ge=1)


@dataclass(slots=True)
class Call:
    """What is known of a call when the rules are looked up."""

    route: str
    method: str
    path: str
    phone_number_id: str | None = None
    to: str | None = None
    token: str | None = None
    message_type: str | None = None


@dataclass(slots=True)
class Fault:
    """A rule in force."""

    id: int
    request: FaultRequest
    remaining: int | None
    hits: int = 0

    def described(self) -> dict[str, Any]:
        """The rule with its counters."""
        request = self.request.model_dump(exclude_none=True)
        return {"id": self.id, **request, "remaining": self.remaining, "hits": self.hits}


class Faults:
    """The rules, the oldest matching one is used; a used-up rule stays listed so that a test can see its hits."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._ids = itertools.count(1)

    def add(self, request: FaultRequest) -> Fault:
        """Put a rule in force."""
        fault = Fault(next(self._ids), request, request.count)
        self._faults[fault.id] = fault
        return fault

    def take(self, call: Call) -> Fault | None:
        """The rule for this call, counted down, or None."""
        for fault in self._faults.values():
            if fault.remaining != 0 and fault.request.match.fits(call):
                fault.hits += 1
                if fault.remaining is not None:
                    fault.remaining -= 1
                return fault
        return None

    def listed(self) -> list[Fault]:
        """All rules, used-up ones too."""
        return list(self._faults.values())

    def remove(self, fault_id: int) -> bool:
        """Take one rule out; False when there is none of that id."""
        return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Take all rules out."""
        self._faults.clear()
