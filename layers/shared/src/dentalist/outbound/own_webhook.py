"""Our own webhook as Meta uses it: a signed event, from outside, for the self-test of a channel."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx

from dentalist.domain.accounts import ChannelType, LinkedAccount
from dentalist.inbound.split import INSTAGRAM, SELF_TEST_FIELD, WHATSAPP

_TIMEOUT = httpx.Timeout(5, connect=3)  # a cold start included
_PATHS = {ChannelType.WHATSAPP: "/api/webhooks/whatsapp", ChannelType.INSTAGRAM: "/api/webhooks/instagram"}


class OwnWebhook:
    """Delivers test events to the public address that Meta delivers to."""

    def __init__(
        self,
        public_url: str,
        *,
        app_secret: str,
        http: httpx.Client,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep the address of our API without a slash at its end, and the secret that signs Meta's events."""
        self._public_url = public_url
        self._app_secret = app_secret
        self._http = http
        self._now = now

    def send(self, account: LinkedAccount, nonce: str) -> bool:
        """Deliver a test event for a WhatsApp number or an Instagram account, once; whether it was taken.

        Source:
            https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads
        """
        body = json.dumps(self._event(account, nonce), separators=(",", ":")).encode()
        signature = hmac.digest(self._app_secret.encode(), body, "sha256").hex()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        try:
            response = self._http.post(
                self._public_url + _PATHS[account.channel], content=body, headers=headers, timeout=_TIMEOUT
            )
        except httpx.RequestError:
            return False
        return response.status_code == HTTPStatus.OK

    def _event(self, account: LinkedAccount, nonce: str) -> dict[str, Any]:
        value: dict[str, Any] = {"nonce": nonce}
        if account.channel is ChannelType.WHATSAPP:
            digits = (account.display_phone_number or "").removeprefix("+")
            metadata = {"display_phone_number": digits, "phone_number_id": account.phone_number_id}
            value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        entry = {
            "id": account.external_business_id,
            "time": int(self._now().timestamp()),
            "changes": [{"field": SELF_TEST_FIELD, "value": value}],
        }
        name = WHATSAPP if account.channel is ChannelType.WHATSAPP else INSTAGRAM
        return {"object": name, "entry": [entry]}
