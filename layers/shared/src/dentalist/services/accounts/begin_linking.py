"""Begin to link an account: where the browser goes, and what it has to bring back.

The state that travels is 256 random bits, kept as a hash only. It works once, for ten minutes, for one professional and
one kind of channel, and it is all that proves who comes back: the provider's redirect carries no session.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from uuid import UUID

from dentalist.domain.accounts import SCOPES, ChannelType
from dentalist.services.accounts.ports_accounts import OAuthStates

_STATE_BYTES = 32
_VERIFIER_BYTES = 64  # 86 characters; RFC 7636 §4.1 takes 43 to 128


@dataclass(frozen=True)
class Dialog:
    """A provider's page that asks a person for permission, and the app that asks.

    ``config_id`` names the permissions where Facebook Login for Business is configured; without one they are listed.
    """

    url: str
    client_id: str
    config_id: str | None = None


@dataclass(frozen=True)
class Beginning:
    """Where to send the browser."""

    authorization_url: str = field(repr=False)
    state: str = field(repr=False)
    expires_at: datetime


def begin_linking(
    professional_id: UUID,
    channel: ChannelType,
    *,
    actor_id: UUID,
    dialog: Dialog,
    redirect_uri: str,
    states: OAuthStates,
) -> Beginning:
    """Keep a new attempt and say where it continues.

    Args:
        professional_id: for whom an account will be linked.
        channel: which kind.
        actor_id: who links it.
        dialog: the provider's page.
        redirect_uri: where the provider sends the browser back to; exchanging the code repeats it byte by byte.
        states: keeps the attempt.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached.

    Source:
        https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
        https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
        https://developers.google.com/identity/protocols/oauth2/web-server
    """
    state = secrets.token_urlsafe(_STATE_BYTES)
    # Meta's flows know no PKCE: there the app secret alone protects the code.
    verifier = secrets.token_urlsafe(_VERIFIER_BYTES) if channel is ChannelType.GOOGLE_CALENDAR else None
    expires_at = states.begin(
        professional_id,
        channel,
        state=state,
        actor_id=actor_id,
        redirect_uri=redirect_uri,
        code_verifier=verifier,
    )
    common = {
        "client_id": dialog.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "response_type": "code",
    }
    return Beginning(with_query(dialog.url, {**common, **_specific(channel, dialog, verifier)}), state, expires_at)


def _specific(channel: ChannelType, dialog: Dialog, verifier: str | None) -> dict[str, str]:
    scopes = SCOPES[channel]
    if verifier is not None:
        return {
            "scope": " ".join(scopes),
            "access_type": "offline",
            "prompt": "consent",  # Google gives a refresh token again only to whoever is asked again
            "code_challenge": _challenge_of(verifier),
            "code_challenge_method": "S256",
        }
    if channel is ChannelType.INSTAGRAM:
        # Without a Facebook account: the token shall belong to the Instagram account itself.
        return {"scope": ",".join(scopes), "enable_fb_login": "0"}
    if dialog.config_id is not None:
        # A configuration for business tokens answers with a token in the fragment unless told otherwise.
        return {"config_id": dialog.config_id, "override_default_response_type": "true"}
    return {"scope": ",".join(scopes)}


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """An address with these parameters merged into the query it has."""
    parts = urlsplit(url)
    merged = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **parameters}
    return urlunsplit(parts._replace(query=urlencode(merged, quote_via=quote)))
