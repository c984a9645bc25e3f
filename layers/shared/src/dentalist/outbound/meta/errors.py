"""Meta's error codes: what each asks of us, as data, and the domain error it becomes.

Branch on code and subcode, never on the message or the HTTP status: the same throttle comes as 400 and as 429.

Source:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
    https://developers.facebook.com/docs/graph-api/guides/error-handling
    https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from dentalist.domain.errors import DomainError, MetaError, MetaFault, RateLimited
from dentalist.domain.linking_errors import TooYoungToRefresh
from dentalist.domain.sending_errors import MetaRateLimited, MetaTransient, MetaWindowClosed, TokenDead
from dentalist.outbound.loose import integer


class Action(StrEnum):
    """What an answer of Meta asks of us."""

    RETRY = "retry"
    RETRY_LIMITED = "retry_limited"
    RETRY_5MIN = "retry_5min"
    RETRY_THEN_RECREATE = "retry_then_recreate"
    RECREATE = "recreate"
    KEEP_POLLING = "keep_polling"
    RATE_LIMIT = "rate_limit"
    RATE_LIMIT_APP = "rate_limit_app"
    RATE_LIMIT_USER = "rate_limit_user"
    RATE_LIMIT_PAGE = "rate_limit_page"
    RATE_LIMIT_EDGE = "rate_limit_edge"
    RATE_LIMIT_WABA = "rate_limit_waba"
    RATE_LIMIT_NUMBER = "rate_limit_number"
    RATE_LIMIT_PAIR = "rate_limit_pair"
    RATE_LIMIT_HOURS = "rate_limit_hours"
    RATE_LIMIT_DAY = "rate_limit_day"
    WAIT_72H = "wait_72h"
    TOKEN_DEAD = "token_dead"  # noqa: S105 - an action
    TOKEN_CHECK = "token_check"  # noqa: S105 - an action
    PERMISSION = "permission"
    WAIT_HUMAN = "wait_human"
    ASK_USER = "ask_user"
    USE_TEMPLATE = "use_template"
    WINDOW_CLOSED = "window_closed"
    SUPPRESS_MARKETING = "suppress_marketing"
    REGISTER_FIRST = "register_first"
    RESTART_OAUTH = "restart_oauth"
    SKIP_REFRESH = "skip_refresh"
    REFRESH_MEDIA_URL = "refresh_media_url"
    PERMANENT = "permanent"
    PERMANENT_24H = "permanent_24h"
    PERMANENT_RESYNC = "permanent_resync"
    AMBIGUOUS_SEND = "ambiguous_send"


# What is not listed is permanent for this request.
_ACTIONS: dict[int, Action] = {
    -2: Action.RETRY,
    -1: Action.RETRY,
    0: Action.TOKEN_DEAD,
    1: Action.RETRY_LIMITED,
    2: Action.RETRY,
    3: Action.PERMISSION,
    4: Action.RATE_LIMIT_APP,
    9: Action.RATE_LIMIT_DAY,
    10: Action.PERMISSION,
    17: Action.RATE_LIMIT_USER,
    24: Action.RECREATE,
    25: Action.WAIT_HUMAN,
    32: Action.RATE_LIMIT_PAGE,
    102: Action.TOKEN_DEAD,
    104: Action.PERMISSION,
    190: Action.TOKEN_DEAD,
    341: Action.RATE_LIMIT_APP,
    368: Action.WAIT_HUMAN,
    613: Action.RATE_LIMIT_EDGE,
    9007: Action.KEEP_POLLING,
    80001: Action.RATE_LIMIT_PAGE,
    80002: Action.RATE_LIMIT_APP,
    80007: Action.RATE_LIMIT_WABA,
    130429: Action.RATE_LIMIT_NUMBER,
    131000: Action.RETRY,
    131005: Action.PERMISSION,
    131016: Action.RETRY,
    131031: Action.WAIT_HUMAN,
    131037: Action.WAIT_HUMAN,
    131042: Action.WAIT_HUMAN,
    131045: Action.REGISTER_FIRST,
    131047: Action.USE_TEMPLATE,
    131048: Action.RATE_LIMIT_HOURS,
    131049: Action.PERMANENT_24H,
    131050: Action.SUPPRESS_MARKETING,
    131056: Action.RATE_LIMIT_PAIR,
    131057: Action.RETRY,
    131064: Action.WAIT_HUMAN,
    132001: Action.PERMANENT_RESYNC,
    132015: Action.WAIT_HUMAN,
    132069: Action.RATE_LIMIT_HOURS,
    133000: Action.RETRY,
    133004: Action.RETRY,
    133005: Action.ASK_USER,
    133008: Action.RATE_LIMIT_HOURS,
    133009: Action.RATE_LIMIT_HOURS,
    133010: Action.REGISTER_FIRST,
    133015: Action.RETRY_5MIN,
    133016: Action.WAIT_72H,
    2494100: Action.RETRY_5MIN,
    **dict.fromkeys(range(200, 300), Action.PERMISSION),
}
# Instagram's codes mean little without their subcode.
_BY_SUBCODE: dict[tuple[int, int], Action] = {
    (-2, 2207020): Action.RECREATE,
    (4, 2207051): Action.WAIT_HUMAN,  # a spam block, no limit that time lifts
    (10, 2534022): Action.WINDOW_CLOSED,
    (10, 1893063): Action.WAIT_HUMAN,
    (24, 2207008): Action.RETRY_THEN_RECREATE,
    (100, 36007): Action.RESTART_OAUTH,
    (100, 36009): Action.RESTART_OAUTH,
    (200, 2534041): Action.WAIT_HUMAN,
}
_CAUSES = {458: "app_removed", 459: "checkpoint", 460: "password_changed", 463: "token_expired", 464: "checkpoint"}

_LIMITS: dict[Action, timedelta] = {
    Action.RATE_LIMIT: timedelta(seconds=30),
    Action.RATE_LIMIT_APP: timedelta(minutes=5),
    Action.RATE_LIMIT_USER: timedelta(minutes=5),
    Action.RATE_LIMIT_PAGE: timedelta(minutes=5),
    Action.RATE_LIMIT_EDGE: timedelta(minutes=1),
    Action.RATE_LIMIT_WABA: timedelta(minutes=5),
    Action.RATE_LIMIT_NUMBER: timedelta(seconds=2),
    Action.RATE_LIMIT_PAIR: timedelta(seconds=6),
}
RETRIED = {Action.RETRY, Action.RETRY_LIMITED}
_LONGEST_WAIT = timedelta(hours=1)
_MASK = "[masked]"


@dataclass(frozen=True)
class GraphFault:
    """An error body of Meta with what it asks of us; ``advice`` is Meta's sentence for a person, if it gave one."""

    fault: MetaFault
    action: Action
    advice: str | None = None


def parse_fault(body: Any, *, path: str = "", secrets: Collection[str] = ()) -> GraphFault | None:
    """The error in an answer, in any of its shapes, or None when there is none that Meta would write.

    Args:
        body: the parsed JSON of the answer.
        path: of the request; on some the same code means something else.
        secrets: of the request; Meta quotes a malformed token in its message, and the message goes on to logs.
    """
    if not isinstance(body, Mapping):
        return None
    error = body.get("error")
    if isinstance(error, Mapping):
        return _fault_of(error, path, secrets)
    if "error_type" in body and "error_message" in body:  # api.instagram.com, flat
        fault = MetaFault(code=integer(body.get("code")) or 0, message=_masked(body["error_message"], secrets))
        return GraphFault(fault, Action.RESTART_OAUTH)
    return None


def _fault_of(error: Mapping[str, Any], path: str, secrets: Collection[str]) -> GraphFault | None:
    code = integer(error.get("code"))
    if code is None:
        return None
    fault = MetaFault(
        code=code,
        subcode=integer(error.get("error_subcode")),
        message=_masked(error.get("message") or error.get("title"), secrets),
        fbtrace_id=_masked(error.get("fbtrace_id"), secrets) or None,
    )
    advice = _masked(error.get("error_user_msg"), secrets) or None
    return GraphFault(fault, _action_of(fault, error.get("type"), path), advice)


def _masked(text: Any, secrets: Collection[str]) -> str:
    told = str(text or "")
    for secret in sorted(secrets, key=len, reverse=True):  # one may begin with another
        told = told.replace(secret, _MASK)
    return told


def _action_of(fault: MetaFault, kind: Any, path: str) -> Action:
    if path.endswith("/refresh_access_token") and fault.code == 10:  # noqa: PLR2004 - a token younger than a day
        return Action.SKIP_REFRESH
    if kind == "GraphMethodException" and "appsecret_proof" in fault.message:
        # The only way to tell our wrong secret from a wrong parameter: Meta gives it no code of its own.
        return Action.PERMISSION
    if fault.subcode is not None and (fault.code, fault.subcode) in _BY_SUBCODE:
        return _BY_SUBCODE[fault.code, fault.subcode]
    return _ACTIONS.get(fault.code, Action.PERMANENT)


def domain_error(told: GraphFault, headers: Mapping[str, str]) -> DomainError:
    """The error that the rest of the product knows.

    Returns:
        TokenDead, TooYoungToRefresh, MetaRateLimited, MetaWindowClosed, MetaTransient, or MetaError for any other
        refusal, with Meta's sentence for a person as its detail.
    """
    if told.action is Action.TOKEN_DEAD:
        return TokenDead(told.fault, reason=cause_of(told.fault.subcode))
    if told.action is Action.SKIP_REFRESH:
        return TooYoungToRefresh()
    if told.action in _LIMITS:
        return MetaRateLimited(told.fault, retry_after=wait_asked(headers) or _LIMITS[told.action])
    if told.action in (Action.USE_TEMPLATE, Action.WINDOW_CLOSED):
        return MetaWindowClosed(told.fault)
    if told.action in RETRIED:
        return MetaTransient(told.fault)
    return MetaError(told.fault, told.advice)


def cause_of(subcode: int | None) -> str:
    """Why a token is dead, as a channel's test names it; most often it simply ran out."""
    return _CAUSES.get(subcode or 0, "token_expired")


def bare_throttle(headers: Mapping[str, str]) -> RateLimited:
    """HTTP 429 without an error body: some proxy on the way said it, and passed nothing on."""
    fault = MetaFault(code=HTTPStatus.TOO_MANY_REQUESTS, message="Too Many Requests")
    return MetaRateLimited(fault, retry_after=wait_asked(headers) or _LIMITS[Action.RATE_LIMIT])


def wait_asked(headers: Mapping[str, str]) -> timedelta | None:
    """How long Meta asks to wait: ``Retry-After`` in seconds, or the usage header's minutes. At most an hour.

    Source:
        https://developers.facebook.com/docs/graph-api/overview/rate-limiting
    """
    seconds = integer(headers.get("retry-after"))
    if seconds is None:
        told = [integer(entry.get("estimated_time_to_regain_access")) or 0 for entry in _use_cases(headers)]
        seconds = max(told, default=0) * 60 or None
    return timedelta(seconds=min(max(seconds, 1), _LONGEST_WAIT.total_seconds())) if seconds is not None else None


def highest_usage(headers: Mapping[str, str]) -> int:
    """The percentage of the nearest limit that is used up; Meta throttles at 100."""
    entries = [_json(headers.get("x-app-usage")), *_use_cases(headers)]
    counters = ("call_count", "total_cputime", "total_time")
    found = [integer(entry.get(counter)) for entry in entries if isinstance(entry, Mapping) for counter in counters]
    return max((value for value in found if value is not None), default=0)


def _use_cases(headers: Mapping[str, str]) -> list[Mapping[str, Any]]:
    usage = _json(headers.get("x-business-use-case-usage"))
    lists = usage.values() if isinstance(usage, Mapping) else []
    return [entry for entries in lists if isinstance(entries, list) for entry in entries if isinstance(entry, Mapping)]


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
