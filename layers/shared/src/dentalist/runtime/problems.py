"""Errors as RFC 9457 problem documents: the one table from domain errors to HTTP."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from dentalist.domain import errors, linking_errors
from dentalist.domain.calendars import CalendarUnreadable, FeedUnreadable
from dentalist.domain.channel_errors import ChannelSettingsTooLarge
from dentalist.domain.clinic_errors import ClinicRefusal
from dentalist.domain.feed_url import FeedUrlInvalid
from dentalist.domain.model_key_errors import ModelChoiceRefused
from dentalist.domain.patient_errors import (
    NotRetryable,
    PatientConflict,
    PhoneNotUnderstood,
    PhoneUnverified,
    SlotInThePast,
    SlotTaken,
)
from dentalist.domain.sending_errors import (
    AlreadyAnswered,
    AnswerOutdated,
    MediaRefused,
    MetaUnreachable,
    OutdatedHuman,
)
from dentalist.domain.sending_errors import TooLate as TooLateToSend
from dentalist.domain.suggestions import SuggestionOutdated, SuggestionTooLong, SuggestionUnclear
from dentalist.domain.template_errors import TemplatesNeedWhatsapp
from dentalist.inbound.signatures import SignatureInvalid

CONTENT_TYPE = "application/problem+json"
_FEWEST_SECONDS = 1

# Looked up along the class hierarchy: a subclass answers like its parent unless it stands here itself.
_STATUS: dict[type[errors.DomainError], HTTPStatus] = {
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.FeatureDisabled: HTTPStatus.FORBIDDEN,
    errors.RoleNotAllowed: HTTPStatus.FORBIDDEN,
    errors.ConsentRequired: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.ServiceWindowClosed: HTTPStatus.CONFLICT,
    errors.ChannelDisconnected: HTTPStatus.CONFLICT,
    errors.IdempotencyConflict: HTTPStatus.CONFLICT,
    errors.IdempotencyInProgress: HTTPStatus.CONFLICT,
    AnswerOutdated: HTTPStatus.CONFLICT,
    OutdatedHuman: HTTPStatus.CONFLICT,
    AlreadyAnswered: HTTPStatus.CONFLICT,
    TooLateToSend: HTTPStatus.CONFLICT,
    SuggestionOutdated: HTTPStatus.CONFLICT,
    PatientConflict: HTTPStatus.CONFLICT,
    PhoneUnverified: HTTPStatus.CONFLICT,
    SlotTaken: HTTPStatus.CONFLICT,
    NotRetryable: HTTPStatus.CONFLICT,
    PhoneNotUnderstood: HTTPStatus.UNPROCESSABLE_ENTITY,
    SlotInThePast: HTTPStatus.UNPROCESSABLE_ENTITY,
    SuggestionTooLong: HTTPStatus.UNPROCESSABLE_ENTITY,
    SuggestionUnclear: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TemplateNotFound: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TemplateNotApproved: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TemplateVariablesMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
    MediaRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    ClinicRefusal: HTTPStatus.UNPROCESSABLE_ENTITY,
    ModelChoiceRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    FeedUrlInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    FeedUnreadable: HTTPStatus.UNPROCESSABLE_ENTITY,
    ChannelSettingsTooLarge: HTTPStatus.UNPROCESSABLE_ENTITY,
    TemplatesNeedWhatsapp: HTTPStatus.UNPROCESSABLE_ENTITY,
    linking_errors.StateInvalid: HTTPStatus.BAD_REQUEST,
    linking_errors.StateExpired: HTTPStatus.BAD_REQUEST,
    linking_errors.StateUsed: HTTPStatus.BAD_REQUEST,
    linking_errors.AccessDenied: HTTPStatus.FORBIDDEN,
    linking_errors.AccountAlreadyLinked: HTTPStatus.CONFLICT,
    linking_errors.TooYoungToRefresh: HTTPStatus.CONFLICT,
    linking_errors.LinkingError: HTTPStatus.UNPROCESSABLE_ENTITY,
    linking_errors.ProviderUnreachable: HTTPStatus.SERVICE_UNAVAILABLE,
    SignatureInvalid: HTTPStatus.UNAUTHORIZED,
    errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    errors.MetaError: HTTPStatus.BAD_GATEWAY,
    errors.OutcomeUnknown: HTTPStatus.BAD_GATEWAY,
    errors.StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.KeyRefused: HTTPStatus.SERVICE_UNAVAILABLE,
    MetaUnreachable: HTTPStatus.SERVICE_UNAVAILABLE,
    CalendarUnreadable: HTTPStatus.SERVICE_UNAVAILABLE,
    # A domain error that no route expects is ours to repair.
    errors.DomainError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
# The contract has one word for all of a family; its members only carry what the inside needs to know.
_FAMILY_CODES: dict[type[errors.DomainError], str] = {
    errors.RateLimited: "rate_limited",
    errors.MetaError: "meta_error",
    errors.ChannelDisconnected: "channel_disconnected",
    errors.ServiceWindowClosed: "service_window_closed",
}


@dataclass(frozen=True)
class Problem:
    """What a client is told, before it has a correlation id."""

    status: HTTPStatus
    code: str
    detail: str
    extra: Mapping[str, Any]
    headers: Mapping[str, str]

    def document(self, correlation_id: str) -> dict[str, Any]:
        """The body."""
        return {
            "type": f"/problems/{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status.value,
            "code": self.code,
            "detail": self.detail,
            "correlation_id": correlation_id,
            **self.extra,
        }


def problem(
    status: HTTPStatus, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any
) -> Problem:
    """A problem that no domain error stands for."""
    return Problem(status, code, detail, extra, headers or {})


def problem_of(error: errors.DomainError) -> Problem:
    """The problem that a domain error is, by the nearest class of the table."""
    status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    headers: dict[str, str] = {}
    extra: dict[str, Any] = {}
    if isinstance(error, errors.RateLimited):
        headers["Retry-After"] = str(max(_FEWEST_SECONDS, math.ceil(error.retry_after.total_seconds())))
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, PatientConflict):
        extra["patient_id"] = str(error.patient_id)
    if isinstance(error, errors.MetaError):
        fault = error.fault
        extra["meta"] = {
            "code": fault.code,
            "subcode": fault.subcode,
            "message": fault.message,
            "fbtrace_id": fault.fbtrace_id,
        }
    return Problem(status, _code_of(error), error.detail, extra, headers)


def _code_of(error: errors.DomainError) -> str:
    return next((code for kind, code in _FAMILY_CODES.items() if isinstance(error, kind)), error.code)


def validation_problem(found: Iterable[Mapping[str, Any]]) -> Problem:
    """A request that its model refused. Never quotes what was sent: pydantic's ``input`` and ``ctx`` stay out."""
    told = [{"loc": list(error["loc"]), "msg": str(error["msg"])} for error in found]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "validation_error", "The request is not valid; see errors.", errors=told
    )


def internal_problem() -> Problem:
    """Something of ours broke; what, is in the log under the correlation id."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong on our side.")
