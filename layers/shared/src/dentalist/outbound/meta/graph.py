"""The Graph API: one way to ask, one way to be refused, and the care that sending needs."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import httpx

from dentalist.domain.errors import DomainError, MetaError, MetaFault, OutcomeUnknown
from dentalist.domain.sending_errors import MetaTransient, MetaUnreachable
from dentalist.inbound.signatures import appsecret_proof
from dentalist.outbound.loose import json_of
from dentalist.outbound.meta.errors import GraphFault, bare_throttle, domain_error, highest_usage, parse_fault

TIMEOUT = httpx.Timeout(connect=3, write=2, read=10, pool=1)
UPLOAD_TIMEOUT = httpx.Timeout(connect=3, write=30, read=20, pool=1)
COURTESY_TIMEOUT = httpx.Timeout(2, connect=1)  # for what nobody should wait for
SLOWEST_CALL = timedelta(seconds=15)  # connect, write and read; the send gate's lease outlives it
ATTEMPTS = 4  # at what may be asked again
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_BUSY_PERCENT = 80
_PAGE_SIZE = "100"
_MOST_PAGES = 100
# What is sent as a parameter, in a query (where Meta takes codes and tokens in no other place), a form or JSON.
_SECRET_PARAMETERS = ("access_token", "client_secret", "code", "fb_exchange_token", "input_token", "pin")

logger = logging.getLogger(__name__)


class GraphClient:
    """Graph on behalf of one access token. Made once per container, and derived for each token."""

    def __init__(
        self,
        *,
        base_url: str,
        version: str | None,
        app_secret: str,
        http: httpx.Client,
        token: str | None = None,
        attempts: int = ATTEMPTS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep what every call needs.

        Args:
            base_url: the host without version.
            version: as ``v25.0``; unversioned calls are served by the oldest version alive. None only for the few
                that have no version: Instagram's for tokens.
            app_secret: of the app that issued the tokens; signs their proof.
            http: from ``http_client``.
            token: on whose behalf.
            attempts: at most so many, whatever a call would allow; fewer where a person waits.
            pause: sleeps between attempts.
        """
        self.base_url = httpx.URL(base_url)
        self._version = version
        self._app_secret = app_secret
        self._http = http
        self._token = token
        self._attempts = attempts
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
            attempts=self._attempts,
            pause=self._pause,
        )

    def get(self, path: str, params: Mapping[str, str] | None = None, *, attempts: int = ATTEMPTS) -> dict[str, Any]:
        """Read; tried up to four times while Meta has trouble of its own.

        Raises:
            TokenDead, MetaRateLimited, MetaError: refused.
            MetaTransient, MetaUnreachable: still no answer after the last attempt.

        Source:
            https://developers.facebook.com/docs/graph-api/guides/error-handling
        """
        return self._repeated(
            lambda: self._http.get(self._url(path), params=self._params(params), headers=self._auth), attempts=attempts
        )

    def pages(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[Mapping[str, Any]]:
        """The objects of a list, over all its pages. Only cursors are followed, never the address of the next page.

        Raises:
            MetaError: refused, or no whole list; who takes half of one for all would drop the rest.
            As ``get`` otherwise.

        Source:
            https://developers.facebook.com/docs/graph-api/results
        """
        after: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            answer = self.get(path, {"limit": _PAGE_SIZE, **(params or {}), **after})
            data = answer.get("data")
            if not isinstance(data, list):
                raise MetaError(MetaFault(code=0, message="A list without data."))
            yield from (item for item in data if isinstance(item, Mapping))
            paging = answer.get("paging")
            if not isinstance(paging, Mapping) or not paging.get("next"):
                return  # a page may be empty and still have a next
            after = _cursor_after(paging, after)
        raise MetaError(MetaFault(code=0, message="A list without an end."))

    def post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        attempts: int = 1,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> dict[str, Any]:
        """Change something where doing it twice does no harm: marking as read, subscribing.

        Raises:
            As ``get``.
        """
        return self._repeated(
            lambda: self._http.post(
                self._url(path),
                params=self._params(params),
                json=None if body is None else dict(body),
                headers=self._auth,
                timeout=timeout,
            ),
            attempts=attempts,
        )

    def post_form(self, path: str, fields: Mapping[str, str]) -> dict[str, Any]:
        """Post a form, once: what is asked this way, exchanging a code, cannot be asked twice.

        Raises:
            As ``get``.
        """
        return self._once(
            lambda: self._http.post(self._url(path), params=self._params(), data=dict(fields), headers=self._auth)
        )

    def delete(self, path: str) -> dict[str, Any]:
        """Take something away; gone is gone, so it is tried like a read.

        Raises:
            As ``get``.
        """
        return self._repeated(lambda: self._http.delete(self._url(path), params=self._params(), headers=self._auth))

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
        told = json_of(response)
        if response.status_code == HTTPStatus.OK and isinstance(told, dict) and "error" not in told:
            return told
        if response.is_client_error:
            raise self._definite_refusal(response, told)
        raise OutcomeUnknown

    def stream(self, url: str) -> Any:
        """Open a download with the token. The caller has checked that ``url`` is one of Meta's."""
        return self._http.stream("GET", url, headers=self._auth, timeout=UPLOAD_TIMEOUT)

    def _repeated(self, call: Callable[[], httpx.Response], *, attempts: int = ATTEMPTS) -> dict[str, Any]:
        last = min(attempts, self._attempts)
        for attempt in range(1, last + 1):
            try:
                return self._once(call)
            except (MetaTransient, MetaUnreachable):
                if attempt == last:
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
        told = json_of(response)
        # Meta has been seen to answer 200 with an error in the body.
        if fault := self._fault_in(response, told):
            raise domain_error(fault, response.headers)
        if response.is_success and isinstance(told, dict) and not told.get("error"):
            return told
        raise _foreign(response)

    def _definite_refusal(self, response: httpx.Response, told: Any) -> DomainError:
        if fault := self._fault_in(response, told):
            return domain_error(fault, response.headers)
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return bare_throttle(response.headers)
        return OutcomeUnknown()

    def _fault_in(self, response: httpx.Response, told: Any) -> GraphFault | None:
        sent = _parameters_of(response.request)
        secrets = {self._token, self._app_secret, *(sent.get(name) for name in _SECRET_PARAMETERS)}
        used = {secret for secret in secrets if isinstance(secret, str) and secret}
        return parse_fault(told, path=response.request.url.path, secrets=used)

    def _url(self, path: str) -> str:
        host = str(self.base_url).rstrip("/")
        return f"{host}/{self._version}{path}" if self._version else f"{host}{path}"

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


def _parameters_of(request: httpx.Request) -> Mapping[str, Any]:
    """What a request said in its query and, but for a file's, in its body."""
    query = dict(request.url.params)
    match request.headers.get("content-type"):
        case "application/json":
            body = json.loads(request.content)
            return {**query, **body} if isinstance(body, dict) else query
        case "application/x-www-form-urlencoded":
            return {**query, **dict(parse_qsl(request.content.decode()))}
    return query


def _cursor_after(paging: Mapping[str, Any], before: Mapping[str, str]) -> dict[str, str]:
    cursors = paging.get("cursors")
    cursor = cursors.get("after") if isinstance(cursors, Mapping) else None
    if not isinstance(cursor, str) or not cursor or cursor == before.get("after"):
        raise MetaError(MetaFault(code=0, message="A page without a way to the next."))
    return {"after": cursor}


def _foreign(response: httpx.Response) -> DomainError:
    """An answer that Meta's application did not write: a proxy's page, or nothing."""
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return bare_throttle(response.headers)
    fault = MetaFault(code=response.status_code, message="An answer without Meta's error body.")
    return MetaError(fault) if response.is_client_error else MetaTransient(fault)
