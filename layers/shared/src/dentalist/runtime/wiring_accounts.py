"""Which adapter stands behind linking accounts and looking after them. See ``wiring.py``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

import httpx

from dentalist.domain.accounts import ChannelType, OAuthAttempt
from dentalist.outbound.meta.business import WhatsAppBusinessClient
from dentalist.outbound.meta.facebook_login import FacebookLoginClient
from dentalist.outbound.meta.graph import GraphClient
from dentalist.outbound.meta.instagram_login import InstagramLoginClient
from dentalist.runtime import wiring
from dentalist.services.accounts.begin_linking import Dialog
from dentalist.services.accounts.connect_calendar import connect_calendar
from dentalist.services.accounts.connect_channel import EmbeddedSignup, Linked
from dentalist.services.accounts.connect_instagram import connect_instagram
from dentalist.services.accounts.connect_whatsapp import MetaApp, connect_whatsapp

if TYPE_CHECKING:
    from dentalist.outbound.google.login import GoogleLoginClient
    from dentalist.storage.accounts import SupabaseAccounts, SupabaseLiveAccounts
    from dentalist.storage.oauth_states import SupabaseOAuthStates

# A person waits at their browser, for at most the thirty seconds of API Gateway: Meta hanging twice has to fit in. The
# daily look asks again tomorrow.
_ATTEMPTS = 2
CALLBACK_PATH = "/api/marketing/channels/oauth/callback"


# ---- the store


def accounts(professional_id: UUID) -> SupabaseAccounts:
    """The professional's linked accounts."""
    from dentalist.storage.accounts import SupabaseAccounts  # noqa: PLC0415 - cryptography only where it is used

    return SupabaseAccounts(wiring.service_db(), professional_id, wiring.credentials())


def live_accounts() -> SupabaseLiveAccounts:
    """The linked accounts of all professionals, to be looked after."""
    from dentalist.storage.accounts import SupabaseLiveAccounts  # noqa: PLC0415 - see accounts

    return SupabaseLiveAccounts(wiring.service_db())


def oauth_states() -> SupabaseOAuthStates:
    """The link attempts under way."""
    from dentalist.storage.oauth_states import SupabaseOAuthStates  # noqa: PLC0415 - see accounts

    return SupabaseOAuthStates(wiring.service_db(), wiring.credentials().vault)


# ---- the providers


@cache
def _providers_http() -> httpx.Client:
    # Google's too: short waits, and no redirect that would carry a token to another host.
    return GraphClient.http_client()


@cache
def facebook_login() -> FacebookLoginClient:
    """Tokens for WhatsApp accounts."""
    settings = wiring.settings()
    return FacebookLoginClient(
        base_url=settings.whatsapp_api_base_url,
        version=settings.meta_graph_version,
        app_id=settings.meta_app_id,
        app_secret=settings.meta_app_secret,
        http=_providers_http(),
        attempts=_ATTEMPTS,
    )


def business_for(token: str) -> WhatsAppBusinessClient:
    """The WhatsApp accounts that a token sees."""
    return WhatsAppBusinessClient(_graph().as_holder_of(token), app_id=wiring.settings().meta_app_id)


@cache
def _graph() -> GraphClient:
    settings = wiring.settings()
    return GraphClient(
        base_url=settings.whatsapp_api_base_url,
        version=settings.meta_graph_version,
        app_secret=settings.meta_app_secret,
        http=_providers_http(),
        attempts=_ATTEMPTS,
    )


@cache
def instagram_login() -> InstagramLoginClient:
    """Tokens for Instagram accounts."""
    return instagram_login_at(lambda: datetime.now(UTC))


def instagram_login_at(now: Callable[[], datetime]) -> InstagramLoginClient:
    """The same by another clock: of Instagram's tokens Meta tells how long they live, not when they end."""
    settings = wiring.settings()
    return InstagramLoginClient(
        api_base_url=settings.instagram_api_base_url,
        oauth_base_url=settings.instagram_oauth_base_url,
        version=settings.meta_graph_version,
        app_id=settings.instagram_app_id,
        app_secret=settings.instagram_app_secret,
        http=_providers_http(),
        attempts=_ATTEMPTS,
        now=now,
    )


@cache
def google_login() -> GoogleLoginClient:
    """Tokens for calendars."""
    from dentalist.outbound.google.login import GoogleLoginClient  # noqa: PLC0415 - most containers never meet Google

    settings = wiring.settings()
    return GoogleLoginClient(
        api_base_url=settings.google_api_base_url,
        oauth_base_url=settings.google_oauth_base_url,
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret,
        http=_providers_http(),
    )


# ---- linking


def redirect_uri() -> str:
    """Where every provider sends the browser back to, as it is registered with each of them."""
    return wiring.settings().webhook_public_url + CALLBACK_PATH


def dialog(channel: ChannelType) -> Dialog:
    """The page that asks for permission."""
    settings = wiring.settings()
    if channel is ChannelType.WHATSAPP:
        return Dialog(settings.meta_oauth_dialog_url, settings.meta_app_id, settings.meta_login_config_id)
    if channel is ChannelType.INSTAGRAM:
        return Dialog(settings.instagram_oauth_dialog_url, settings.instagram_app_id)
    return Dialog(settings.google_oauth_dialog_url, settings.google_client_id)


def linker(attempt: OAuthAttempt, code: str, signup: EmbeddedSignup | None) -> list[Linked]:
    """Link what an attempt was begun for."""
    professional = accounts(attempt.professional_id)
    if attempt.channel is ChannelType.WHATSAPP:
        app = MetaApp(wiring.settings().meta_app_id, facebook_login(), business_for)
        return connect_whatsapp(attempt, code, signup, meta=app, accounts=professional)
    if attempt.channel is ChannelType.INSTAGRAM:
        return connect_instagram(attempt, code, login=instagram_login(), accounts=professional)
    return connect_calendar(attempt, code, login=google_login(), accounts=professional)
