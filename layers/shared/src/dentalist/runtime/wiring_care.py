"""Which adapter stands behind looking after linked accounts. See ``wiring.py``.

care, bench = wiring_care.care(professional_id), wiring_care.test_bench(professional_id)
refresh_channel(channel_id, care=care, now=…)
test_channel(channel_id, care=care, bench=bench, now=…)
disconnect_channel(channel_id, care=care, actor_id=…)
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from uuid import UUID

import httpx

from dentalist.domain.accounts import Grant
from dentalist.outbound.meta.graph import GraphClient
from dentalist.outbound.own_webhook import OwnWebhook
from dentalist.runtime import wiring, wiring_accounts
from dentalist.services.accounts.look_after_accounts import CareOf
from dentalist.services.accounts.ports_accounts import InstagramLogin, LiveAccounts
from dentalist.services.accounts.ports_care import Care, Providers
from dentalist.services.accounts.test_channel import SelfTestBench
from dentalist.storage.channel_tests import SupabaseChannelTests


def care(professional_id: UUID) -> Care:
    """What looking after the professional's accounts needs, now."""
    return Care(wiring_accounts.accounts(professional_id), _providers(wiring_accounts.instagram_login()))


def care_at(moment: datetime) -> CareOf:
    """The same for many professionals, at the moment that a run stands for: the lives of new tokens begin then."""
    wiring.credentials()  # made before threads share it
    providers = _providers(wiring_accounts.instagram_login_at(lambda: moment))
    return lambda professional_id: Care(wiring_accounts.accounts(professional_id), providers)


def live_accounts() -> LiveAccounts:
    """The accounts of all professionals."""
    return wiring_accounts.live_accounts()


def test_bench(professional_id: UUID) -> SelfTestBench:
    """Our own webhook, and what came in by it for the professional's channels."""
    settings = wiring.settings()
    return SelfTestBench(
        tests=SupabaseChannelTests(wiring.service_db(), professional_id),
        events=OwnWebhook(settings.webhook_public_url, app_secret=settings.meta_app_secret, http=_http()),
    )


def _providers(instagram: InstagramLogin) -> Providers:
    return Providers(
        facebook=wiring_accounts.facebook_login(),
        business_for=wiring_accounts.business_for,
        instagram=instagram,
        google=_Google(),
    )


class _Google:
    """Google's OAuth, made when it is used: a stage without a client at Google looks after all other accounts."""

    def exchange(self, code: str, *, redirect_uri: str, code_verifier: str) -> Grant:
        return wiring_accounts.google_login().exchange(code, redirect_uri=redirect_uri, code_verifier=code_verifier)

    def refresh(self, refresh_token: str) -> Grant:
        return wiring_accounts.google_login().refresh(refresh_token)

    def revoke(self, token: str) -> None:
        wiring_accounts.google_login().revoke(token)

    def calendar_name(self, token: str) -> str | None:
        return wiring_accounts.google_login().calendar_name(token)


@cache
def _http() -> httpx.Client:
    # Short waits, and no redirect that would carry a token to another host.
    return GraphClient.http_client()
