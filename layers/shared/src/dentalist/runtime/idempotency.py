"""``Idempotency-Key``: the first answer again for the same key and body, for 24 hours, per professional and route."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.middlewares import BaseMiddlewareHandler, NextMiddleware

from dentalist.domain.errors import DomainError, StoreUnavailable
from dentalist.runtime.http_api import HttpApi
from dentalist.runtime.problems import CONTENT_TYPE, validation_problem
from dentalist.services.ports import IdempotencyStore, KeptAnswer

logger = logging.getLogger(__name__)
_HEADER = "idempotency-key"
_LONGEST_KEY = 255
# Longer than any request may take, so that a second one never starts while the first may still act.
_LEASE_SECONDS = 60


class Idempotent(BaseMiddlewareHandler[HttpApi]):
    """A middleware for routes that create something. Without the header it does nothing."""

    def __init__(self, stores: Callable[[UUID], IdempotencyStore]) -> None:
        """Find the store of each caller's professional with ``stores``."""
        self._stores = stores

    def handler(self, app: HttpApi, next_middleware: NextMiddleware) -> Response[Any]:
        """Run the route, or answer as the first time."""
        key = app.current_event.headers.get(_HEADER)
        if key is None:
            return next_middleware(app)
        if not 1 <= len(key) <= _LONGEST_KEY:
            wrong = {"loc": ["header", "Idempotency-Key"], "msg": f"must have 1 to {_LONGEST_KEY} characters"}
            return app.as_response(validation_problem([wrong]))
        route = _route(app)
        store = self._stores(app.caller.professional_id)
        claimed = store.claim(route, key, _hash_of(app.current_event.json_body), lease_seconds=_LEASE_SECONDS)
        if isinstance(claimed, KeptAnswer):
            return _again(claimed)
        return _first_time(app, next_middleware, store, _Lease(route, key, claimed))


def request_key(app: HttpApi) -> UUID | None:
    """An id of the request that is the same when it is repeated; None without an ``Idempotency-Key``.

    A function that dies after it acted leaves a key whose lease runs out. Whoever acts stores this id with what it did,
    so that the same request, let through again, finds it.
    """
    key = app.current_event.headers.get(_HEADER)
    if not key:
        return None
    request = (_route(app), key, _hash_of(app.current_event.json_body))
    return uuid5(app.caller.professional_id, json.dumps(request))


def _route(app: HttpApi) -> str:
    return f"{app.current_event.http_method} {app.current_event.path}"


class _Lease(NamedTuple):
    route: str
    key: str
    lease_id: UUID


def _first_time(app: HttpApi, next_middleware: NextMiddleware, store: IdempotencyStore, lease: _Lease) -> Response[Any]:
    try:
        response = next_middleware(app)
    except DomainError as error:
        response = app.refuse(error)
    except Exception:
        _record("release", lambda: store.release(*lease))
        raise
    if _is_final(response.status_code):
        _record("finish", lambda: store.finish(*lease, KeptAnswer(response.status_code, _json_of(response.body))))
    else:
        _record("release", lambda: store.release(*lease))
    return response


def _is_final(status: int) -> bool:
    return status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS


def _record(step: str, call: Callable[[], None]) -> None:
    # What was asked for has happened; losing the note about it must not turn that into an error.
    try:
        call()
    except StoreUnavailable:
        logger.warning("idempotency key not recorded", extra={"step": step})


def _hash_of(body: Any) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _json_of(body: Any) -> Any:
    return json.loads(body) if isinstance(body, str) else body


def _again(kept: KeptAnswer) -> Response[Any]:
    is_problem = kept.status >= HTTPStatus.BAD_REQUEST
    return Response(
        status_code=kept.status,
        content_type=CONTENT_TYPE if is_problem else content_types.APPLICATION_JSON,
        body=json.dumps(kept.body),
    )
