"""Google's OAuth for calendars: an hour's access, renewed with a token that lives until it is taken back."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx

from dentalist.domain.accounts import Grant
from dentalist.domain.errors import DomainError
from dentalist.domain.linking_errors import ProviderUnreachable
from dentalist.outbound.google.errors import calendar_error, listed_error, oauth_error
from dentalist.outbound.grants import exchange_once, parse_grant
from dentalist.outbound.loose import json_of, text

_TIMEOUT = httpx.Timeout(connect=3, write=2, read=5, pool=1)  # three tries end before a browser's request does
_ATTEMPTS = 3
_FIRST_PAUSE = 1.0
_PROBE = timedelta(hours=1)


class GoogleLoginClient:
    """One OAuth client of ours at Google, and the calendars that people open to it.

    Codes, tokens and the secret are posted in forms, access tokens go in the header: none is ever in an address.
    """

    def __init__(
        self,
        *,
        api_base_url: str,
        oauth_base_url: str,
        client_id: str,
        client_secret: str,
        http: httpx.Client,
        attempts: int = _ATTEMPTS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the client; nothing is sent yet.

        Args:
            api_base_url: in front of ``/calendar/v3``.
            oauth_base_url: in front of ``/token`` and ``/revoke``.
            client_id: of the OAuth client that people link through.
            client_secret: its secret.
            http: connections; their redirects are not followed, whatever they were made with.
            attempts: how often what may be repeated is tried, where nobody answers.
            now: when lifetimes begin, and the hour that is probed.
            pause: sleeps between attempts.
        """
        self._api = f"{api_base_url.rstrip('/')}/calendar/v3"
        self._oauth = oauth_base_url.rstrip("/")
        self._credentials = {"client_id": client_id, "client_secret": client_secret}
        self._http = http
        self._attempts = attempts
        self._now = now
        self._pause = pause

    def exchange(self, code: str, *, redirect_uri: str, code_verifier: str) -> Grant:
        """Access and refresh token behind a code, asked for once.

        Args:
            code: from the redirect.
            redirect_uri: exactly that of the dialog.
            code_verifier: of which the dialog was told the SHA-256 (PKCE).

        Raises:
            ExchangeFailed: refused, not answered, or answered without a token.
            AppRefused: Google does not know our client.

        Source:
            https://developers.google.com/identity/protocols/oauth2/web-server#exchange-authorization-code
        """
        fields = {"grant_type": "authorization_code", "redirect_uri": redirect_uri, "code_verifier": code_verifier}
        return exchange_once(
            "google", code, lambda usable: self._token_once({**fields, "code": usable}), now=self._now()
        )

    def refresh(self, refresh_token: str) -> Grant:
        """A new access token; its ``refresh_token`` is None unless Google replaced that too.

        Raises:
            AccessLost: taken back, unused for six months, or ended with a change of password.
            ProviderUnreachable: no usable answer after the last attempt.
            AppRefused: Google does not know our client.

        Source:
            https://developers.google.com/identity/protocols/oauth2/web-server#offline
        """
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        grant = parse_grant(self._repeated(lambda: self._token_once(fields)), now=self._now())
        if grant is None:
            raise ProviderUnreachable
        return grant

    def revoke(self, token: str) -> None:
        """Give the permission back, by either token; one that is gone already is fine.

        Raises:
            ProviderUnreachable: no usable answer after the last attempt.
            AppRefused: Google does not know our client.

        Source:
            https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke
        """
        self._repeated(lambda: self._revoke_once(token))

    def calendar_name(self, token: str) -> str | None:
        """Prove that the person's own calendar can be read, and answer its name where it is told.

        Raises:
            ScopeMissing: the permission to see free and busy times was not given.
            AccessLost: the token ended, or the calendar is closed to us.
            ProviderUnreachable: no usable answer after the last attempt, or a limit of Google's.
            AppRefused: the calendar API is not switched on for our project.

        Source:
            https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query
        """
        self._repeated(lambda: self._prove_once(token))
        return self._summary(token)

    def _prove_once(self, token: str) -> dict[str, Any]:
        now = self._now()
        asked = {"timeMin": now.isoformat(), "timeMax": (now + _PROBE).isoformat(), "items": [{"id": "primary"}]}
        answer = self._calendar_once("POST", "/freeBusy", token, json=asked)
        _check_calendars(answer.get("calendars"))
        return answer

    def _summary(self, token: str) -> str | None:
        # The permission to read the list of calendars, which has the names, is more than we ask for.
        params = {"maxResults": "1", "fields": "summary"}
        try:
            answer = self._calendar_once("GET", "/calendars/primary/events", token, params=params)
        except DomainError:  # access was proven; the name is a courtesy
            return None
        return text(answer.get("summary"))

    def _token_once(self, fields: Mapping[str, str]) -> dict[str, Any]:
        response = self._send("POST", f"{self._oauth}/token", data={**self._credentials, **fields})
        answer = json_of(response)
        if response.status_code == HTTPStatus.OK and isinstance(answer, dict) and not answer.get("error"):
            return answer
        raise oauth_error(response)

    def _revoke_once(self, token: str) -> dict[str, Any]:
        response = self._send("POST", f"{self._oauth}/revoke", data={"token": token})
        answer = json_of(response)
        is_gone = isinstance(answer, dict) and answer.get("error") == "invalid_token"
        if response.status_code == HTTPStatus.OK or (response.is_client_error and is_gone):
            return {}
        raise oauth_error(response)

    def _calendar_once(self, method: str, path: str, token: str, **request: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        response = self._send(method, self._api + path, headers=headers, **request)
        answer = json_of(response)
        if response.status_code == HTTPStatus.OK and isinstance(answer, dict) and not answer.get("error"):
            return answer
        raise calendar_error(response)

    def _send(self, method: str, url: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, url, timeout=_TIMEOUT, follow_redirects=False, **request)
        except httpx.RequestError as exc:
            raise ProviderUnreachable from exc

    def _repeated(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        for attempt in range(1, self._attempts):
            try:
                return call()
            except ProviderUnreachable:
                self._pause(random.uniform(0, _FIRST_PAUSE * 2 ** (attempt - 1)))  # noqa: S311 - full jitter, no secret
        return call()


def _check_calendars(calendars: Any) -> None:
    if not isinstance(calendars, dict) or not calendars:
        raise ProviderUnreachable
    for calendar in calendars.values():
        if not isinstance(calendar, dict):
            raise ProviderUnreachable
        if error := listed_error(calendar.get("errors")):
            raise error
