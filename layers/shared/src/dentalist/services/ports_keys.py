"""What rotating keys asks of the outside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID


class DataKeyRow(NamedTuple):
    """A tenant's data key as it is stored, wrapped."""

    id: UUID
    professional_id: UUID
    purpose: str
    version: int
    wrapped_key: bytes

    def __repr__(self) -> str:
        return f"DataKeyRow({self.id}, {self.purpose}, version {self.version})"


class SealedSecret(NamedTuple):
    """A secret in its column."""

    credential_id: UUID
    professional_id: UUID
    column_name: str
    purpose: str
    sealed: str

    def __repr__(self) -> str:
        return f"SealedSecret({self.credential_id}, {self.column_name})"


class KeyStore(Protocol):
    """The wrapped data keys of all tenants, and what is sealed under them. Every change compares before it swaps."""

    def to_rewrap(self, *, before: datetime) -> Iterator[DataKeyRow]:
        """Keys that were last wrapped before this instant."""

    def rewrap(self, row: DataKeyRow) -> bool:
        """Have the key service wrap a key anew; False when somebody else did meanwhile; WrappedKeyUnreadable."""

    def renew(self, *, before: datetime) -> int:
        """Give every tenant whose newest key is older a new one; how many were made."""

    def to_reseal(self) -> Iterator[SealedSecret]:
        """Secrets that are not sealed under their tenant's newest key."""

    def reseal(self, secret: SealedSecret) -> bool:
        """Seal a secret under the newest key; False when it was replaced or erased meanwhile."""

    def drop_unused(self, *, idle: timedelta) -> int:
        """Delete keys that open nothing, once a newer one is this old; how many."""
