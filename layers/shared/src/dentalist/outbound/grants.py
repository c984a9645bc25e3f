"""Tokens as login providers hand them out: whatever the shape, either a usable grant or none.

Source:
    https://datatracker.ietf.org/doc/html/rfc6749#section-5
    https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from dentalist.domain.accounts import Grant
from dentalist.domain.errors import DomainError, MetaError
from dentalist.domain.linking_errors import ExchangeFailed
from dentalist.outbound.loose import identifier, integer, texts, unwrapped

# What may stand in a header and a form as it is: a line feed in a token would end in the text of httpx's exception.
_USABLE = re.compile(r"[\x21-\x7e]{1,4096}")
_SEPARATORS = re.compile(r"[,\s]+")
_FRAGMENTS = ("#_=_", "#_")  # Facebook's and Instagram's, appended to the address that a browser comes back to
_LONGEST = timedelta(days=3660)  # a lifetime beyond it is a mistake of whoever told it

logger = logging.getLogger(__name__)


class AppRefused(RuntimeError):
    """A provider does not know our app by its id and secret: a setting of ours is wrong, and nobody's account is.

    No domain error, so that nothing takes it for an answer about an account. Names the provider and its word alone.
    """


def exchange_once(provider: str, code: str, ask: Callable[[str], Any], *, now: datetime) -> Grant:
    """Trade a code for a token. Codes are good for one use, so a lost answer is a failed exchange and not repeated.

    Args:
        provider: for the log.
        code: as the browser brought it; a fragment that was appended to it is cut off.
        ask: makes the request, once.
        now: when lifetimes begin.

    Raises:
        ExchangeFailed: refused, not answered, or answered without a token.
    """
    usable = _without_fragment(code)
    if not _USABLE.fullmatch(usable):
        raise ExchangeFailed
    try:
        answer = ask(usable)
    except DomainError as exc:
        fault = exc.fault if isinstance(exc, MetaError) else None
        told = {"meta_code": fault.code, "meta_subcode": fault.subcode} if fault else {}
        logger.warning("code not exchanged", extra={"provider": provider, "cause": exc.code, **told})
        raise ExchangeFailed from None  # a refusal may quote the code
    grant = parse_grant(answer, now=now)
    if grant is None:
        logger.warning("code exchanged for nothing", extra={"provider": provider})
        raise ExchangeFailed
    return grant


def parse_grant(answer: Any, *, now: datetime) -> Grant | None:
    """The grant in a token answer: flat, or below ``data`` as an object or a list of one.

    Returns:
        None when there is no token that could be sent again as it is. A lifetime that is missing or no number is not
        told, as are scopes; an id is always text, because some are beyond what JSON numbers carry elsewhere.
    """
    told = unwrapped(answer)
    token = _usable(told.get("access_token"))
    if token is None:
        return None
    seconds = integer(told.get("expires_in"))
    expires_at = now + timedelta(seconds=seconds) if seconds and 0 < seconds <= _LONGEST.total_seconds() else None
    return Grant(
        token=token,
        expires_at=expires_at,
        refresh_token=_usable(told.get("refresh_token")),
        scopes=_scopes_of(told.get("permissions", told.get("scope"))),
        user_id=identifier(told.get("user_id")),
    )


def _without_fragment(code: str) -> str:
    stripped = code.strip()
    return next((stripped.removesuffix(tail) for tail in _FRAGMENTS if stripped.endswith(tail)), stripped)


def _usable(value: Any) -> str | None:
    return value if isinstance(value, str) and _USABLE.fullmatch(value) else None


def _scopes_of(told: Any) -> frozenset[str] | None:
    if isinstance(told, str):
        told = _SEPARATORS.split(told)
    return texts(told) if isinstance(told, list) else None
