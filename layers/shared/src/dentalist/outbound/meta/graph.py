"""The Graph API: one way to ask, one way to be refused, and the care that sending needs."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import httpx

from dentalist.domain.errors import DomainError, MetaError, MetaFault, OutcomeUnknown
from dentalist.domain.sending_errors import MetaTransient, MetaUnreachable
from dentalist.inbound.signatures import appsecret_proof
from dentalist.outbound.meta.errors import bare_throttle, domain_error, highest_usage, parse_fault

TIMEOUT = httpx.Timeout(connect=3, write=2, read=10, pool=1)
UPLOAD_TIMEOUT = httpx.Timeout(connect=3, write=30, read=20, pool=1)
COURTESY_TIMEOUT = httpx.Timeout(2, connect=1)  # for what nobody should wait for
SLOWEST_CALL = timedelta(seconds=15)  # connect, write and read; the send gate's lease outlives it
_ATTEMPTS = 4
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_BUSY_PERCENT = 80

logger = logging.getLogger(__name__)


class GraphClient:
    """Graph on behalf of one access token. Made once per container, and derived for each token."""

    def __init__(
        self,
        *,
        base_url: str,
        version: str,
        app_secret: str,
        http: httpx.Client,
        token: str | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep what every call needs.

        Args:
            base_url: the host without version.
            version: as ``v25.0``; unversioned calls are served by the oldest version alive.
            app_secret: of the app that issued the tokens; signs their proof.
            http: from ``http_client``.
            token: on whose behalf.
            pause: sleeps between attempts.
        """
        self.base_url = httpx.URL(base_url)
        self._version = version
        self._app_secret = app_secret
        self._http = http
        self._token = token
        self._pause = pause

    @staticmethod
    def http_client() -> httpx.Client:
        """Connections to Meta. Redirects are not followed: a token goes to no other host."""
        return httpx.Client(timeout=TIMEOUT, follow_redirects=False)

    def as_holder_of(self, token: str) -> GraphClient:
        """The same client with this token."""
        return GraphClient(
            base_url=str(self.base_url),
            version=self._version,
            app_secret=self._app_secret,
            http=self._http,
            token=token,
            pause=self._pause,
        )

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Read; tried up to four times while Meta has trouble of its own.

        Raises:
            TokenDead, MetaRateLimited, MetaError: refused.
            MetaTransient, MetaUnreachable: still no answer after four attempts.

        Source:
            https://developers.facebook.com/docs/graph-api/guides/error-handling
        """
        return self._repeated(lambda: self._http.get(self._url(path), params=self._params(params), headers=self._auth))

    def post(
        self, path: str, body: Mapping[str, Any], *, attempts: int = 1, timeout: httpx.Timeout = TIMEOUT
    ) -> dict[str, Any]:
        """Change something where doing it twice does no harm: marking as read, subscribing.

        Raises:
            As ``get``.
        """
        return self._repeated(
            lambda: self._http.post(
                self._url(path), params=self._params(), json=dict(body), headers=self._auth, timeout=timeout
            ),
            attempts=attempts,
        )

    def upload(self, path: str, fields: Mapping[str, str], file: tuple[str, bytes, str]) -> dict[str, Any]:
        """Upload a file (name, bytes, type); an upload that is not used harms nobody, so it is tried again.

        Raises:
            As ``get``.
        """
        return self._repeated(
            lambda: self._http.post(
                self._url(path),
                params=self._params(),
                data=dict(fields),
                files={"file": file},
                headers=self._auth,
                timeout=UPLOAD_TIMEOUT,
            )
        )

    def send(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Do something that must not happen twice, once. Meta has no idempotency key.

        Only a 4xx with Meta's error body (or a bare 429, which no proxy passes on) is a refusal. A connection that
        never opened carried nothing. Everything else may have arrived.

        Raises:
            OutcomeUnknown: timeout, broken connection, any 5xx whatever its body says, a foreign body.
            MetaUnreachable: no connection; it may be tried again.
            TokenDead, MetaRateLimited, MetaWindowClosed, MetaError: refused, nothing was done.
        """
        try:
            response = self._http.post(self._url(path), params=self._params(), json=dict(body), headers=self._auth)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            raise MetaUnreachable from exc
        except httpx.RequestError as exc:
            raise OutcomeUnknown from exc
        self._watch_usage(response)
        told = _json(response)
        if response.status_code == HTTPStatus.OK and isinstance(told, dict) and "error" not in told:
            return told
        if response.is_client_error:
            raise _definite_refusal(response, told, path)
        raise OutcomeUnknown

    def stream(self, url: str) -> Any:
        """Open a download with the token. The caller has checked that ``url`` is one of Meta's."""
        return self._http.stream("GET", url, headers=self._auth, timeout=UPLOAD_TIMEOUT)

    def _repeated(self, call: Callable[[], httpx.Response], *, attempts: int = _ATTEMPTS) -> dict[str, Any]:
        for attempt in range(1, attempts + 1):
            try:
                return self._once(call)
            except (MetaTransient, MetaUnreachable):
                if attempt == attempts:
                    raise
                ceiling = min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
                self._pause(random.uniform(0, ceiling))  # noqa: S311 - full jitter, no secret
        raise AssertionError("unreachable: the last attempt answers or raises")

    def _once(self, call: Callable[[], httpx.Response]) -> dict[str, Any]:
        try:
            response = call()
        except httpx.RequestError as exc:
            raise MetaUnreachable from exc
        self._watch_usage(response)
        told = _json(response)
        # Meta has been seen to answer 200 with an error in the body.
        if fault := parse_fault(told, path=response.request.url.path):
            raise domain_error(fault, response.headers)
        if response.is_success and isinstance(told, dict):
            return told
        raise _foreign(response)

    def _url(self, path: str) -> str:
        return f"{str(self.base_url).rstrip('/')}/{self._version}{path}"

    @property
    def _auth(self) -> dict[str, str]:
        # In the header alone: a query ends up in logs.
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _params(self, params: Mapping[str, str] | None = None) -> dict[str, str]:
        """The query with the proof that this token is used by our app.

        Source:
            https://developers.facebook.com/docs/graph-api/guides/secure-requests
        """
        query = dict(params or {})
        if self._token:
            query["appsecret_proof"] = appsecret_proof(self._token, self._app_secret)
        return query

    def _watch_usage(self, response: httpx.Response) -> None:
        if (percent := highest_usage(response.headers)) >= _BUSY_PERCENT:
            logger.warning("graph limit is near", extra={"percent": percent})


def _definite_refusal(response: httpx.Response, told: Any, path: str) -> DomainError:
    if fault := parse_fault(told, path=path):
        return domain_error(fault, response.headers)
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return bare_throttle(response.headers)
    return OutcomeUnknown()


def _foreign(response: httpx.Response) -> DomainError:
    """An answer that Meta's application did not write: a proxy's page, or nothing."""
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return bare_throttle(response.headers)
    fault = MetaFault(code=response.status_code, message="An answer without Meta's error body.")
    return MetaError(fault) if response.is_client_error else MetaTransient(fault)


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
