"""PostgREST on behalf of one key or one person, with failures sorted into "try again" and "our mistake"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import httpx
from postgrest import APIError, SyncPostgrestClient

from dentalist.domain.errors import StoreRefused, StoreUnavailable, Unauthenticated

# PostgreSQL's classes of "not now": connection, out of resources, operator intervention (57014 is a timeout),
# system error, serialization and lock conflicts. https://www.postgresql.org/docs/17/errcodes-appendix.html
_TRANSIENT_CLASSES = ("08", "53", "57", "58", "40", "55")
# PostgREST without a database, with its pool exhausted, or while it reloads its schema.
# https://docs.postgrest.org/en/stable/references/errors.html
_TRANSIENT_CODES = {"PGRST000", "PGRST001", "PGRST002", "PGRST003"}
_LENGTH_OF_HTTP_STATUS = 3
_LENGTH_OF_SQLSTATE = 5
# The person's token ended between our own verification and the store's.
_TOKEN_CODES = {"PGRST301", "PGRST302", "PGRST303"}


class Query(Protocol):
    """A request that postgrest has built."""

    def execute(self) -> Any:
        """Send it."""


class Database:
    """One way into the store: a key, and perhaps a signed-in person on top of it."""

    def __init__(self, supabase_url: str, key: str, *, http: httpx.Client, token: str | None = None) -> None:
        """Keep the way in; nothing is sent yet.

        Args:
            supabase_url: without a slash at its end.
            key: the secret key, or the publishable one.
            http: shared by every database of this container.
            token: a person's access token: row level security decides as for that person.
        """
        self._url = supabase_url
        self._key = key
        self.http = http
        self._is_person = token is not None
        self._client = SyncPostgrestClient(
            f"{supabase_url}/rest/v1",
            headers={"apikey": key, "Authorization": f"Bearer {token or key}"},
            http_client=http,
            retry_enabled=False,  # it would sleep for seconds within a request somebody waits for
        )

    def signed_in(self, token: str) -> Database:
        """The same store as the person with this token sees it."""
        return Database(self._url, self._key, http=self.http, token=token)

    def rpc(self, function: str, arguments: Mapping[str, Any]) -> Any:
        """Call a SQL function and answer its JSON.

        Raises:
            StoreUnavailable: not reached, or it cannot work now. What was asked may still have happened.
            StoreRefused: a mistake of ours.
        """
        named = {f"p_{name}": _plain(value) for name, value in arguments.items()}
        return self.run(self._client.rpc(function, named), what=function)

    def select(self, table: str, columns: str, **equals: UUID | str | None) -> list[dict[str, Any]]:
        """The rows whose columns equal these values; None is null.

        Raises:
            StoreUnavailable, StoreRefused: as ``rpc``.
        """
        query = self._client.from_(table).select(columns)
        for column, value in equals.items():
            query = query.is_(column, None) if value is None else query.eq(column, str(value))
        rows: list[dict[str, Any]] = self.run(query, what=table)
        return rows

    def insert_if_absent(self, table: str, row: Mapping[str, Any], *, unique: str) -> None:
        """Insert a row; where one with the same ``unique`` columns exists, that one stays.

        Raises:
            StoreUnavailable, StoreRefused: as ``rpc``.
        """
        plain = {name: _plain(value) for name, value in row.items()}
        self.run(self._client.from_(table).upsert(plain, on_conflict=unique, ignore_duplicates=True), what=table)

    def update(self, table: str, values: Mapping[str, Any], **equals: UUID | str) -> list[dict[str, Any]]:
        """Change the rows whose columns equal these values, and answer them.

        Raises:
            StoreUnavailable, StoreRefused: as ``rpc``.
        """
        query = self._client.from_(table).update({name: _plain(value) for name, value in values.items()})
        for column, value in equals.items():
            query = query.eq(column, str(value))
        rows: list[dict[str, Any]] = self.run(query, what=table)
        return rows

    def run(self, query: Query, *, what: str) -> Any:
        """Send a request and answer its data.

        Raises:
            Unauthenticated: the person's token is no longer valid.
            StoreUnavailable, StoreRefused: as ``rpc``.
        """
        try:
            data = query.execute().data
        except httpx.RequestError as exc:
            raise StoreUnavailable from exc
        except APIError as exc:
            if _is_transient(exc.code):
                raise StoreUnavailable from None
            if self._is_person and exc.code in _TOKEN_CODES:
                raise Unauthenticated from None
            # Not chained: its message quotes the row, and the log would print it.
            raise StoreRefused(exc.code, what) from None
        if isinstance(
            data, str
        ):  # no table and no function of ours answers a text: a proxy's page that calls itself 200
            raise StoreUnavailable
        return data


def _is_transient(code: str | None) -> bool:
    """PostgREST always names its errors: a bare HTTP status is the page of a proxy in front of it, and an outage."""
    if code is None or code in _TRANSIENT_CODES:
        return True
    if len(code) == _LENGTH_OF_HTTP_STATUS:
        return code.isdigit()
    return len(code) == _LENGTH_OF_SQLSTATE and code.startswith(_TRANSIENT_CLASSES)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value
