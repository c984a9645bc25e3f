"""Instagram Login: tokens for professional accounts, without a Facebook page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from dentalist.domain.accounts import Grant, InstagramAccount
from dentalist.domain.errors import MetaError, MetaFault
from dentalist.outbound.grants import exchange_once, parse_grant
from dentalist.outbound.loose import identifier, objects, text, unwrapped
from dentalist.outbound.meta.business import graph_id
from dentalist.outbound.meta.graph import ATTEMPTS, GraphClient

_ACCOUNT_FIELDS = "user_id,username,name,account_type"
# What the inbox and the comments are made of. Echoes come with ``messages``.
_SUBSCRIBED_FIELDS = "messages,messaging_postbacks,message_reactions,messaging_seen,comments"


class InstagramLoginClient:
    """Our Instagram app, which has an id and a secret of its own, and the tokens that accounts give it.

    The code is posted in a form. Extending and refreshing take the token, and extending the secret, in the query:
    Instagram documents no other way. Everything else sends the token in the header.
    """

    def __init__(
        self,
        *,
        api_base_url: str,
        oauth_base_url: str,
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
            api_base_url: Instagram's Graph host without version.
            oauth_base_url: the host that exchanges codes.
            version: as ``v25.0``.
            app_id: Instagram's id of the app, not Meta's.
            app_secret: the secret that belongs to it.
            http: from ``GraphClient.http_client``.
            attempts: at what may be asked again.
            now: when lifetimes begin.
            pause: sleeps between attempts.
        """
        self._app_id = app_id
        self._app_secret = app_secret
        self._now = now

        def client(base_url: str, version: str | None) -> GraphClient:
            return GraphClient(
                base_url=base_url, version=version, app_secret=app_secret, http=http, attempts=attempts, pause=pause
            )

        self._graph = client(api_base_url, version)
        self._tokens = client(api_base_url, None)
        self._codes = client(oauth_base_url, None)

    def exchange(self, code: str, *, redirect_uri: str) -> Grant:
        """The one-hour token behind a code, asked for once; ``user_id`` is the app-scoped one of Meta's callbacks.

        Raises:
            ExchangeFailed: refused, not answered, or answered without a token.

        Source:
            https://developers.facebook.com/docs/instagram-platform/reference/oauth-access-token
        """
        fields = {
            "client_id": self._app_id,
            "client_secret": self._app_secret,
            "grant_type": "authorization_code",
            "redirect_uri": redirect_uri,
        }

        def ask(usable: str) -> Mapping[str, Any]:
            return self._codes.post_form("/oauth/access_token", {**fields, "code": usable})

        return exchange_once("instagram", code, ask, now=self._now())

    def extend(self, token: str) -> Grant:
        """A sixty-day token for a one-hour one.

        Raises:
            TokenDead: the hour is over.
            MetaRateLimited, MetaTransient, MetaUnreachable, MetaError: not extended.

        Source:
            https://developers.facebook.com/docs/instagram-platform/reference/access_token
        """
        asked = {"grant_type": "ig_exchange_token", "client_secret": self._app_secret, "access_token": token}
        return self._grant(self._tokens.get("/access_token", asked))

    def refresh(self, token: str) -> Grant:
        """Another sixty days for a token that is at least a day old and has not ended.

        Raises:
            TooYoungToRefresh: refused with code 10, as within the first day. Of an older token it means that the
                account no longer grants ``instagram_business_basic``.
            TokenDead: it ended or was taken back; only logging in again helps.
            MetaRateLimited, MetaTransient, MetaUnreachable, MetaError: not refreshed, the token stays as it is.

        Source:
            https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
        """
        asked = {"grant_type": "ig_refresh_token", "access_token": token}
        return self._grant(self._tokens.get("/refresh_access_token", asked))

    def account(self, token: str) -> InstagramAccount:
        """Whose token it is. The ``id`` next to ``user_id`` is app-scoped; webhooks never name it.

        Raises:
            TokenDead, MetaRateLimited, MetaTransient, MetaUnreachable, MetaError: not told.

        Source:
            https://developers.facebook.com/docs/instagram-platform/reference/me
        """
        told = unwrapped(self._graph.as_holder_of(token).get("/me", {"fields": _ACCOUNT_FIELDS}))
        account_id, username = identifier(told.get("user_id")), text(told.get("username"))
        if account_id is None or username is None:
            raise MetaError(MetaFault(code=0, message="An account without an id or a name."))
        return InstagramAccount(account_id, username, text(told.get("name")), text(told.get("account_type")))

    def is_subscribed(self, token: str, account_id: str) -> bool:
        """Whether our app receives the account's messages.

        The answer is about the app that the token was given to, so it is not compared with an id of ours: Instagram
        names the app by either of its two.

        Raises:
            AccountNotVisible: no id of Instagram's.
            TokenDead, MetaRateLimited, MetaTransient, MetaUnreachable, MetaError: not told.

        Source:
            https://developers.facebook.com/docs/instagram-platform/webhooks
        """
        answer = self._graph.as_holder_of(token).get(f"/{graph_id(account_id)}/subscribed_apps")
        return any(_has_messages(app.get("subscribed_fields")) for app in objects(answer.get("data")))

    def subscribe(self, token: str, account_id: str) -> None:
        """Receive the account's webhooks: messages, what happens to them, and comments.

        Raises:
            AccountNotVisible: no id of Instagram's.
            TokenDead, MetaRateLimited, MetaTransient, MetaUnreachable, MetaError: not subscribed.

        Source:
            https://developers.facebook.com/docs/instagram-platform/webhooks
        """
        self._graph.as_holder_of(token).post(
            f"/{graph_id(account_id)}/subscribed_apps",
            params={"subscribed_fields": _SUBSCRIBED_FIELDS},
            attempts=ATTEMPTS,
        )

    def unsubscribe(self, token: str, account_id: str) -> None:
        """Receive them no longer.

        Raises:
            As ``subscribe``.
        """
        self._graph.as_holder_of(token).delete(f"/{graph_id(account_id)}/subscribed_apps")

    def _grant(self, answer: Mapping[str, Any]) -> Grant:
        grant = parse_grant(answer, now=self._now())
        if grant is None:
            raise MetaError(MetaFault(code=0, message="An answer without a token."))
        return grant


def _has_messages(fields: Any) -> bool:
    return fields is None or (isinstance(fields, list) and "messages" in fields)
