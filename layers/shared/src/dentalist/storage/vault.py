"""Envelope encryption of tenants' secrets: AES-256-GCM under a data key per tenant and purpose, wrapped by KMS.

The key service unwraps only in the context it wrapped for (professional, purpose), so IAM can say which function may
read which kind of secret. The ciphertext is bound to its place: copied to another row, column or tenant, or under
another key version, it does not open.
"""

from __future__ import annotations

import base64
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dentalist.domain.errors import ChannelDisconnected, WrappedKeyUnreadable
from dentalist.services.ports import Keys
from dentalist.storage.database import Database

Purpose = Literal["meta", "google", "llm"]
CACHE_LIFETIME = timedelta(minutes=5)
_FORMAT = "v1"
_NONCE_BYTES = 12  # NIST SP 800-38D, and random: far below 2^32 secrets under one key
_TABLE = "tenant_data_keys"

logger = logging.getLogger(__name__)

_Row = dict[str, Any]


class SecretUnreadable(ChannelDisconnected):
    """A stored secret does not open: altered, moved, or sealed under a key that is gone. Linking again replaces it."""

    detail = "The stored access cannot be read; link the channel again."


@dataclass(frozen=True)
class Place:
    """Where a secret is stored; it opens nowhere else."""

    professional_id: UUID
    table: str
    row_id: UUID
    column: str

    def bound_to(self, version: int) -> bytes:
        """The additional data that AES-GCM authenticates."""
        return f"{self.professional_id}|{self.table}|{self.row_id}|{self.column}|{version}".encode()


class _DataKey(NamedTuple):
    version: int
    key: bytes
    expires_at: float

    def __repr__(self) -> str:
        return f"_DataKey(version={self.version})"


class Vault:
    """Seals and opens secrets. Data keys are kept in memory for at most five minutes."""

    def __init__(self, db: Database, keys: Keys, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Read and write data keys with the secret key's ``db``."""
        self._db = db
        self._keys = keys
        self._clock = clock
        self._newest: dict[tuple[UUID, Purpose], _DataKey] = {}
        self._by_version: dict[tuple[UUID, Purpose, int], _DataKey] = {}

    def seal(self, purpose: Purpose, place: Place, secret: str) -> str:
        """Encrypt a secret for one place: ``v1.<key version>.<base64url of nonce, ciphertext and tag>``.

        Where the newest data key does not open, another one is made: what was sealed under the old one is lost, and
        its owner, who is told to link the channel again, must be able to.

        Raises:
            KeyRefused: no right to use the key service's key.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        data_key = self._newest_key(place.professional_id, purpose)
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = AESGCM(data_key.key).encrypt(nonce, secret.encode(), place.bound_to(data_key.version))
        return _pack(data_key.version, nonce + ciphertext)

    def open(self, purpose: Purpose, place: Place, sealed: str) -> str:
        """The secret that was sealed for this place.

        Raises:
            SecretUnreadable: altered, moved here from elsewhere, or its data key is gone or altered.
            KeyRefused: no right to use the key service's key; the secret itself may be in order.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        try:
            version, packed = _unpack(sealed)
            key = self._key_of_version(place.professional_id, purpose, version).key
            plaintext = AESGCM(key).decrypt(packed[:_NONCE_BYTES], packed[_NONCE_BYTES:], place.bound_to(version))
        except (InvalidTag, ValueError, LookupError, WrappedKeyUnreadable) as exc:
            logger.exception("stored secret does not open", extra={"row_id": str(place.row_id), "column": place.column})
            raise SecretUnreadable from exc
        return plaintext.decode()

    def _newest_key(self, professional_id: UUID, purpose: Purpose) -> _DataKey:
        known = self._newest.get((professional_id, purpose))
        if known is None or known.expires_at <= self._clock():
            known = self._read_or_create(professional_id, purpose)
            self._newest[professional_id, purpose] = known
        return known

    def _read_or_create(self, professional_id: UUID, purpose: Purpose) -> _DataKey:
        newest = self._newest_row(professional_id, purpose)
        if newest is None:
            return self._create(professional_id, purpose, version=1)
        try:
            return self._unwrapped(professional_id, purpose, newest)
        except WrappedKeyUnreadable:
            told = {"professional_id": str(professional_id), "purpose": purpose, "version": newest["version"]}
            logger.exception("data key does not open, another one is made", extra=told)
            return self._create(professional_id, purpose, version=newest["version"] + 1)

    def _key_of_version(self, professional_id: UUID, purpose: Purpose, version: int) -> _DataKey:
        known = self._by_version.get((professional_id, purpose, version))
        if known is None or known.expires_at <= self._clock():
            row = self._newest_row(professional_id, purpose, version)
            if row is None:
                raise LookupError(version)
            known = self._unwrapped(professional_id, purpose, row)
            self._by_version[professional_id, purpose, version] = known
        return known

    def _newest_row(self, professional_id: UUID, purpose: Purpose, version: int | None = None) -> _Row | None:
        rows = self._db.select(_TABLE, "version,wrapped_key", professional_id=professional_id, purpose=purpose)
        wanted = [row for row in rows if version in (None, row["version"])]
        return max(wanted, key=lambda row: int(row["version"]), default=None)

    def _unwrapped(self, professional_id: UUID, purpose: Purpose, row: _Row) -> _DataKey:
        key = self._keys.unwrap(_wrapped_in(row), _context(professional_id, purpose))
        return _DataKey(row["version"], key, self._clock() + CACHE_LIFETIME.total_seconds())

    def _create(self, professional_id: UUID, purpose: Purpose, *, version: int) -> _DataKey:
        made = self._keys.generate_data_key(_context(professional_id, purpose))
        row = {
            "professional_id": professional_id,
            "purpose": purpose,
            "version": version,
            "wrapped_key": base64.b64encode(made.wrapped).decode(),
        }
        self._db.insert_if_absent(_TABLE, row, unique="professional_id,purpose,version")
        # Two containers may have made a key at once; whichever row stands is the key of both.
        kept = self._newest_row(professional_id, purpose)
        if kept is None:
            raise LookupError("the data key was not kept")
        return self._unwrapped(professional_id, purpose, kept)


def _context(professional_id: UUID, purpose: Purpose) -> dict[str, str]:
    return {"professional_id": str(professional_id), "purpose": purpose}


def _wrapped_in(row: _Row) -> bytes:
    try:
        wrapped = base64.b64decode(row["wrapped_key"], validate=True)
    except ValueError as exc:
        raise WrappedKeyUnreadable from exc
    if not wrapped:  # which the client of the key service would not even send
        raise WrappedKeyUnreadable
    return wrapped


def _pack(version: int, ciphertext: bytes) -> str:
    return f"{_FORMAT}.{version}.{base64.urlsafe_b64encode(ciphertext).rstrip(b'=').decode()}"


def _unpack(sealed: str) -> tuple[int, bytes]:
    marker, number, packed = sealed.split(".")
    if marker != _FORMAT:
        raise ValueError("unknown format")
    try:
        version = int(number)
        ciphertext = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise ValueError("not a number and base64url") from None  # whose message would quote what it could not read
    # Of several ways to write the same, one: no character can be changed without being noticed.
    if _pack(version, ciphertext) != sealed:
        raise ValueError("not as it was written")
    return version, ciphertext
