"""Facebook Login for Business: tokens with which a clinic's WhatsApp accounts are used."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from dentalist.domain.accounts import SCOPES, ChannelType, Grant, TokenFacts, TokenKind
from dentalist.domain.errors import MetaError, MetaFault
from dentalist.domain.sending_errors import TokenDead
from dentalist.outbound.grants import AppRefused, exchange_once, parse_grant
from dentalist.outbound.loose import identifier, instant, integer, objects, texts
from dentalist.outbound.meta.errors import cause_of
from dentalist.outbound.meta.graph import ATTEMPTS, GraphClient


class FacebookLoginClient:
    """One app of ours at Meta, and the tokens that people give it.

    Codes, tokens and the app's secret travel in the query where they are what is asked about: Meta documents these
    calls as GET alone. That is why nothing ever logs an address of this client.
    """

    def __init__(
        self,
        *,
        base_url: str,
        version: str,
        app_id: str,
        app_secret: str,
        http: httpx.Client,
        attempts: int = ATTEMPTS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the app; nothing is sent yet.

        Args:
            base_url: Graph's host without version.
            version: as ``v25.0``.
            app_id: of the app that people link through.
            app_secret: its secret.
            http: from ``GraphClient.http_client``.
            attempts: at what may be asked again.
            now: when lifetimes begin.
            pause: sleeps between attempts.
        """
        self._app_id = app_id
        self._app_secret = app_secret
        self._now = now
        self._graph = GraphClient(
            base_url=base_url, version=version, app_secret=app_secret, http=http, attempts=attempts, pause=pause
        )
        self._as_app = self._graph.as_holder_of(f"{app_id}|{app_secret}")

    def exchange(self, code: str, *, redirect_uri: str | None) -> Grant:
        """The token behind a code, asked for once.

        Args:
            code: from the redirect, or from Embedded Signup, where it lives for thirty seconds.
            redirect_uri: exactly that of the dialog; None for a code from Embedded Signup, which has none.

        Raises:
            ExchangeFailed: refused, not answered, or answered without a token.

        Source:
            https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
        """
        where = {} if redirect_uri is None else {"redirect_uri": redirect_uri}

        def ask(usable: str) -> Mapping[str, Any]:
            return self._graph.get("/oauth/access_token", {**self._credentials, "code": usable, **where}, attempts=1)

        return exchange_once("facebook", code, ask, now=self._now())

    def extend(self, token: str) -> Grant:
        """The longest-lived token for this one: sixty days for a person's, itself again for one that never ends.

        Raises:
            TokenDead: it has ended already; only logging in again helps.
            MetaRateLimited, MetaTransient, MetaUnreachable, MetaError: not extended, the old one stays as it is.

        Source:
            https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived
        """
        asked = {"grant_type": "fb_exchange_token", **self._credentials, "fb_exchange_token": token}
        answer = self._graph.get("/oauth/access_token", asked)
        grant = parse_grant(answer, now=self._now())
        if grant is None:
            raise MetaError(MetaFault(code=0, message="An answer without a token."))
        return grant

    def inspect(self, token: str) -> TokenFacts:
        """What Meta says about a token. A dead one, or another app's, is an answer: ``is_valid`` is false.

        Raises:
            MetaRateLimited, MetaTransient, MetaUnreachable, MetaError: no answer; it tells nothing about the token.
            AppRefused: it is our own token that Meta refuses.

        Source:
            https://developers.facebook.com/docs/graph-api/reference/debug_token
        """
        try:
            answer = self._as_app.get("/debug_token", {"input_token": token})
        except TokenDead:
            # A dead ``input_token`` is described in a 200, so this is about who asks.
            raise AppRefused("Meta refuses META_APP_ID with META_APP_SECRET") from None
        told = answer.get("data")
        if not isinstance(told, dict) or not isinstance(told.get("is_valid"), bool):
            raise MetaError(MetaFault(code=0, message="A token that was not described."))
        return self._facts_of(told)

    def _facts_of(self, told: Mapping[str, Any]) -> TokenFacts:
        app_id = identifier(told.get("app_id"))
        cause = None
        if not told["is_valid"]:
            cause = _cause_in(told.get("error"))
        elif app_id != self._app_id:
            cause = "permission"
        scopes = SCOPES[ChannelType.WHATSAPP]
        granted = [item for item in objects(told.get("granular_scopes")) if item.get("scope") in scopes]
        return TokenFacts(
            is_valid=cause is None,
            app_id=app_id,
            kind=TokenKind.SYSTEM if told.get("type") == "SYSTEM_USER" else TokenKind.USER,
            scopes=texts(told.get("scopes")),
            granted_ids=frozenset().union(*(texts(item.get("target_ids")) for item in granted)),
            issued_at=instant(told.get("issued_at")),
            expires_at=instant(told.get("expires_at")),
            data_access_expires_at=instant(told.get("data_access_expires_at")),
            user_id=identifier(told.get("user_id")),
            cause=cause,
        )

    @property
    def _credentials(self) -> dict[str, str]:
        return {"client_id": self._app_id, "client_secret": self._app_secret}


def _cause_in(error: Any) -> str:
    told = error if isinstance(error, dict) else {}
    return cause_of(integer(told.get("subcode", told.get("error_subcode"))))
