"""What Meta tells us about people who linked their accounts: they removed the app, or want their data deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel_health import Cause, diagnose
from dentalist.domain.privacy import MetaUserRequest
from dentalist.inbound.body import MalformedBody
from dentalist.inbound.signatures import SignatureInvalid, parse_signed_request
from dentalist.services.ports_privacy import MetaUsers

_OLDEST = timedelta(days=1)
_CLOCK_SKEW = timedelta(minutes=1)
# 32 bytes in base64url, in the one spelling whose last bits, which mean nothing, are zero: no second text is accepted.
_SIGNATURE = re.compile("[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]=?[.]")
_USER_ID = re.compile("[!-~]{1,300}")


def read_request(signed_request: str, *, secrets: Sequence[str], now: datetime) -> MetaUserRequest:
    """Verify a callback of Meta's.

    Args:
        signed_request: as it came.
        secrets: of the app and of Instagram's app: either may have signed.
        now: one that was signed more than a day before is a replay, one from the future is none of Meta's.

    Raises:
        SignatureInvalid: forged, altered, too old, or without an age.
        MalformedBody: genuine, but it names nobody.

    Source:
        https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
    """
    if not _SIGNATURE.match(signed_request):
        raise SignatureInvalid
    payload = parse_signed_request(signed_request, secrets)
    issued_at = _instant_of(payload.get("issued_at"))
    if issued_at is None or not now - _OLDEST <= issued_at <= now + _CLOCK_SKEW:
        raise SignatureInvalid
    return MetaUserRequest(_user_of(payload.get("user_id")), issued_at)


def deauthorize(request: MetaUserRequest, *, users: MetaUsers) -> int:
    """Drop every token of a person who removed the app. Told again, or of a stranger, it does nothing.

    Returns:
        How many accounts had a token.

    Raises:
        StoreUnavailable: not done; Meta's callback is answered with an error.
    """
    types = (ChannelType.WHATSAPP, ChannelType.INSTAGRAM)
    sentences = {kind.value: diagnose(Cause.APP_REMOVED.value, kind).sentence for kind in types}
    return users.deauthorize(request, sentences=sentences)


def _instant_of(value: Any) -> datetime | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _user_of(value: Any) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    user_id = str(value) if is_number else value
    if not isinstance(user_id, str) or not _USER_ID.fullmatch(user_id):
        raise MalformedBody("The signed request names nobody.")
    return user_id
