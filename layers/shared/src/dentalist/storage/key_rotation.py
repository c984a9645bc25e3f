"""The wrapped data keys and the sealed secrets, as a rotation works through them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol, cast
from uuid import UUID

from dentalist.domain.errors import WrappedKeyUnreadable
from dentalist.services.ports import Keys
from dentalist.services.ports_keys import DataKeyRow, SealedSecret
from dentalist.storage.database import Database
from dentalist.storage.vault import Place, Purpose, Vault

_CREDENTIALS = "marketing_channel_credentials"
_ELSEWHERE = {"feed_url_encrypted": "calendar_feeds"}  # secrets that are not of a credential, by column
_KEYS = "tenant_data_keys"
_PAGE = 200

Row = dict[str, Any]
PlaceOf = Callable[[Row | None], Row]  # what a page begins after; None: at the start


class RewrappingKeys(Keys, Protocol):
    """A key service that wraps a key anew without showing it."""

    def rewrap(self, wrapped: bytes, context: dict[str, str]) -> bytes:
        """The same key, wrapped by the newest material of the key service."""


class SupabaseKeyStore:
    """Data keys and secrets of all tenants."""

    def __init__(self, db: Database, keys: RewrappingKeys) -> None:
        """Read and write with the secret key's ``db``."""
        self._db = db
        self._keys = keys
        self._vault = Vault(db, keys)

    def to_rewrap(self, *, before: datetime) -> Iterator[DataKeyRow]:
        """Keys that were last wrapped before this instant.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        for row in self._pages("data_keys_to_rewrap", _after_key, before=before):
            wrapped = _bytes(row["wrapped_key"])
            yield DataKeyRow(UUID(row["id"]), UUID(row["professional_id"]), row["purpose"], row["version"], wrapped)

    def rewrap(self, row: DataKeyRow) -> bool:
        """Have the key service wrap a key anew; False when somebody else did meanwhile.

        Raises:
            WrappedKeyUnreadable: it is altered, or another tenant's.
            KeyRefused: no right to use the key service's key.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        if not row.wrapped_key:
            raise WrappedKeyUnreadable
        wrapped = self._keys.rewrap(row.wrapped_key, _context(row.professional_id, row.purpose))
        arguments = {"id": row.id, "expected": _text(row.wrapped_key), "wrapped": _text(wrapped)}
        return bool(self._db.rpc("rewrap_data_key", arguments)["outcome"] == "rewrapped")

    def renew(self, *, before: datetime) -> int:
        """Give every tenant whose newest key is older a new one; how many were made.

        Raises:
            StoreUnavailable: the store or the key service cannot be reached.
        """
        made = 0
        while due := self._db.rpc("data_keys_to_renew", {"before": before, "limit": _PAGE}):
            for tenant in due:
                self._add_version(UUID(tenant["professional_id"]), tenant["purpose"], tenant["version"] + 1)
            made += len(due)
        return made

    def _add_version(self, professional_id: UUID, purpose: str, version: int) -> None:
        key = self._keys.generate_data_key(_context(professional_id, purpose))
        row = {
            "professional_id": professional_id,
            "purpose": purpose,
            "version": version,
            "wrapped_key": _text(key.wrapped),
        }
        # Of two runs at once one row stands; nothing was sealed under the other's key yet.
        self._db.insert_if_absent(_KEYS, row, unique="professional_id,purpose,version")

    def to_reseal(self) -> Iterator[SealedSecret]:
        """Secrets that are not sealed under their tenant's newest key.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        for row in self._pages("secrets_to_reseal", _after_secret):
            ids = (UUID(row["credential_id"]), UUID(row["professional_id"]))
            yield SealedSecret(*ids, row["column_name"], row["purpose"], row["sealed"])

    def reseal(self, secret: SealedSecret) -> bool:
        """Seal a secret under the newest key; False when it was replaced or erased meanwhile.

        Raises:
            SecretUnreadable: it does not open.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        table = _ELSEWHERE.get(secret.column_name, _CREDENTIALS)
        place = Place(secret.professional_id, table, secret.credential_id, secret.column_name)
        purpose = cast("Purpose", secret.purpose)
        sealed = self._vault.seal(purpose, place, self._vault.open(purpose, place, secret.sealed))
        arguments = {
            "credential_id": secret.credential_id,
            "column_name": secret.column_name,
            "expected": secret.sealed,
            "sealed": sealed,
        }
        return bool(self._db.rpc("reseal_secret", arguments)["outcome"] == "resealed")

    def drop_unused(self, *, idle: timedelta) -> int:
        """Delete keys that open nothing, once a newer one is this old; how many.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        return int(self._db.rpc("drop_unused_data_keys", {"idle": f"{idle.total_seconds()} seconds"})["dropped"])

    def _pages(self, function: str, place_of: PlaceOf, **arguments: Any) -> Iterator[Row]:
        """Every row of a function that answers a page after a place: what could not be done is met once per run."""
        place: Row = place_of(None)
        while True:
            page: list[Row] = self._db.rpc(function, {**arguments, **place, "limit": _PAGE})
            yield from page
            if len(page) < _PAGE:
                return
            place = place_of(page[-1])


def _after_key(row: Row | None) -> Row:
    return {"after": row and row["id"]}


def _after_secret(row: Row | None) -> Row:
    return {"after": row and row["credential_id"], "after_column": row and row["column_name"]}


def _context(professional_id: UUID, purpose: str) -> dict[str, str]:
    return {"professional_id": str(professional_id), "purpose": purpose}


def _bytes(stored: str) -> bytes:
    """A wrapped key; empty where what is stored is none."""
    try:
        return base64.b64decode(stored, validate=True)
    except ValueError:
        return b""


def _text(wrapped: bytes) -> str:
    return base64.b64encode(wrapped).decode()
