"""Google's refusals: OAuth's by their word, the calendar's by the reason of their first error, as domain errors.

Branch on the reason and never on the status alone: 403 is a limit, a missing permission or a setting of ours.

Source:
    https://developers.google.com/identity/protocols/oauth2/web-server#errors
    https://developers.google.com/workspace/calendar/api/guides/errors
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from dentalist.domain.calendars import EventRefused
from dentalist.domain.errors import DomainError
from dentalist.domain.linking_errors import ProviderUnreachable, ScopeMissing
from dentalist.domain.sending_errors import AccessLost
from dentalist.outbound.grants import AppRefused
from dentalist.outbound.loose import json_of, objects, text

# Words about our client, not about a person's permission.
_OUR_MISTAKES = {"deleted_client", "disabled_client", "invalid_client", "unauthorized_client"}
# The calendar API is not switched on in our project.
_OUR_SETTINGS = {"accessNotConfigured", "SERVICE_DISABLED"}
_TOO_MUCH = {
    "calendarUsageLimits",
    "dailyLimitExceeded",
    "quotaExceeded",
    "rateLimitExceeded",
    "userRateLimitExceeded",
}
_TOO_LITTLE = {"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions", "insufficientScopes"}
_THEIR_TROUBLE = {"backendError", "internalError"}
# The event was organised by somebody else, or stands where nobody may write.
_NOT_OURS = {"forbidden", "forbiddenForNonOrganizer", "eventTypeRestriction", "cannotChangeOrganizer"}
_WORD = re.compile(r"[A-Za-z_]{1,60}")

logger = logging.getLogger(__name__)


def oauth_error(response: httpx.Response) -> DomainError:
    """What a refusal of the token endpoint means.

    Returns:
        AccessLost for ``invalid_grant`` (revoked, unused for six months, password changed: Google does not say which)
        and for an administrator's no; ProviderUnreachable for everything that is not Google's answer.

    Raises:
        AppRefused: Google's word is about our client.
    """
    word = _word_of(response)
    if response.is_client_error and word == "invalid_grant":
        return AccessLost(reason="token_expired")
    if response.is_client_error and word in ("access_denied", "admin_policy_enforced"):
        return AccessLost(reason="permission")
    if response.is_client_error and word in _OUR_MISTAKES:
        raise AppRefused(f"Google refuses GOOGLE_CLIENT_ID with GOOGLE_CLIENT_SECRET: {word}")
    return _unreachable(response)


def calendar_error(response: httpx.Response) -> DomainError:
    """What a refusal of the calendar API means.

    Returns:
        AccessLost, ScopeMissing, or ProviderUnreachable for limits and for what is not Google's answer.

    Raises:
        AppRefused: the calendar API is not switched on for our project.
    """
    reasons = _reasons_of(response)
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return AccessLost(reason="token_expired")
    if reasons & _OUR_SETTINGS:
        raise AppRefused("the project of GOOGLE_CLIENT_ID has no calendar API")
    if reasons & _TOO_LITTLE:
        return ScopeMissing()
    if not reasons or reasons & (_TOO_MUCH | _THEIR_TROUBLE) or not response.is_client_error:
        return _unreachable(response)
    # What is no word may be something of ours that is repeated to us.
    words = sorted(reason for reason in reasons if _WORD.fullmatch(reason))
    logger.warning("calendar refused", extra={"status": response.status_code, "reasons": words})
    return AccessLost(reason="permission")


def listed_error(errors: Any) -> DomainError | None:
    """The error of one calendar, which freeBusy reports inside a 200."""
    reasons = {text(item.get("reason")) for item in objects(errors)}
    if not reasons:
        return None
    if reasons & (_TOO_MUCH | _THEIR_TROUBLE):
        return ProviderUnreachable()
    return AccessLost(reason="permission")  # notFound and its like: not there for this person


def _unreachable(response: httpx.Response) -> ProviderUnreachable:
    logger.warning("no usable answer of google", extra={"status": response.status_code})
    return ProviderUnreachable()


def _word_of(response: httpx.Response) -> str | None:
    body = json_of(response)
    return text(body.get("error")) if isinstance(body, Mapping) else None


def _reasons_of(response: httpx.Response) -> set[str]:
    """The reasons of both of Google's envelopes, which come together or alone."""
    body = json_of(response)
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return set()
    told = [*objects(error.get("errors")), *objects(error.get("details"))]
    return {reason for item in told if (reason := text(item.get("reason")))}


def event_error(response: httpx.Response) -> DomainError:
    """What a refusal of one event means, which says nothing about the account.

    Returns:
        EventRefused where the event is somebody else's, or not what the API takes; otherwise as ``calendar_error``.

    Raises:
        AppRefused: the calendar API is not switched on for our project.
    """
    reasons = _reasons_of(response)
    is_malformed = response.status_code == HTTPStatus.BAD_REQUEST and bool(reasons)
    if is_malformed or reasons & _NOT_OURS:
        logger.warning("event refused", extra={"status": response.status_code})
        return EventRefused()
    return calendar_error(response)
