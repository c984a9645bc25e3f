"""Envelope encryption of tenants' secrets: AES-256-GCM under a data key per tenant and purpose, wrapped by KMS.

The key service unwraps only in the context it wrapped for (professional, purpose), so IAM can say which function may
read which kind of secret. The ciphertext is bound to its place: copied to another row, column or tenant, or under
another key version, it does not open.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dentalist.domain.errors import ChannelDisconnected
from dentalist.services.ports import Keys
from dentalist.storage.database import Database

Purpose = Literal["meta", "google", "llm"]
CACHE_LIFETIME = timedelta(minutes=5)
_FORMAT = "v1"
_NONCE_BYTES = 12  # NIST SP 800-38D, and random: far below 2^32 secrets under one key
_TABLE = "tenant_data_keys"

logger = logging.getLogger(__name__)


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

        Raises:
            StoreUnavailable: the store or the key service cannot be reached.
        """
        data_key = self._newest_key(place.professional_id, purpose)
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = AESGCM(data_key.key).encrypt(nonce, secret.encode(), place.bound_to(data_key.version))
        packed = base64.urlsafe_b64encode(nonce + ciphertext).rstrip(b"=").decode()
        return f"{_FORMAT}.{data_key.version}.{packed}"

    def open(self, purpose: Purpose, place: Place, sealed: str) -> str:
        """The secret that was sealed for this place.

        Raises:
            SecretUnreadable: altered, moved here from elsewhere, or its data key is gone.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        try:
            version, packed = _unpack(sealed)
            key = self._key_of_version(place.professional_id, purpose, version).key
            plaintext = AESGCM(key).decrypt(packed[:_NONCE_BYTES], packed[_NONCE_BYTES:], place.bound_to(version))
        except (InvalidTag, ValueError, LookupError) as exc:
            logger.exception("stored secret does not open", extra={"row_id": str(place.row_id), "column": place.column})
            raise SecretUnreadable from exc
        return plaintext.decode()

    def _newest_key(self, professional_id: UUID, purpose: Purpose) -> _DataKey:
        known = self._newest.get((professional_id, purpose))
        if known is None or known.expires_at <= self._clock():
            known = self._read(professional_id, purpose) or self._create(professional_id, purpose)
            self._newest[professional_id, purpose] = known
        return known

    def _key_of_version(self, professional_id: UUID, purpose: Purpose, version: int) -> _DataKey:
        known = self._by_version.get((professional_id, purpose, version))
        if known is None or known.expires_at <= self._clock():
            known = self._read(professional_id, purpose, version)
            if known is None:
                raise LookupError(version)
            self._by_version[professional_id, purpose, version] = known
        return known

    def _read(self, professional_id: UUID, purpose: Purpose, version: int | None = None) -> _DataKey | None:
        rows = self._db.select(_TABLE, "version,wrapped_key", professional_id=professional_id, purpose=purpose)
        wanted = [row for row in rows if version in (None, row["version"])]
        if not wanted:
            return None
        newest = max(wanted, key=lambda row: row["version"])
        wrapped = base64.b64decode(newest["wrapped_key"], validate=True)
        key = self._keys.unwrap(wrapped, _context(professional_id, purpose))
        return _DataKey(newest["version"], key, self._clock() + CACHE_LIFETIME.total_seconds())

    def _create(self, professional_id: UUID, purpose: Purpose) -> _DataKey:
        made = self._keys.generate_data_key(_context(professional_id, purpose))
        row = {
            "professional_id": professional_id,
            "purpose": purpose,
            "version": 1,
            "wrapped_key": base64.b64encode(made.wrapped).decode(),
        }
        self._db.insert_if_absent(_TABLE, row, unique="professional_id,purpose,version")
        # Two containers may have made the first key at once; whichever row stands is the key of both.
        kept = self._read(professional_id, purpose)
        if kept is None:
            raise LookupError("the data key was not kept")
        return kept


def _context(professional_id: UUID, purpose: Purpose) -> dict[str, str]:
    return {"professional_id": str(professional_id), "purpose": purpose}


def _unpack(sealed: str) -> tuple[int, bytes]:
    marker, version, packed = sealed.split(".")
    if marker != _FORMAT:
        raise ValueError("unknown format")
    try:
        return int(version), base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    except binascii.Error as exc:
        raise ValueError("not base64url") from exc
