"""Linked accounts: secrets are sealed for their row on the way in, and opened on the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hmac import compare_digest
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.accounts import (
    AccountKey,
    AccountToLink,
    Availability,
    ChannelType,
    Facts,
    Grant,
    LinkedAccount,
    Place,
)
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelDisconnected, ChannelNotFound, StoreUnavailable
from dentalist.domain.linking_errors import AccountAlreadyLinked
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database
from dentalist.storage.vault import SecretUnreadable

_TABLE = "marketing_channel_credentials"
_TOKEN, _REFRESH_TOKEN, _PIN = "access_token_encrypted", "refresh_token_encrypted", "registration_pin_encrypted"
_ATTEMPTS = 2  # as seen first, and once more where the store changed meanwhile


class SupabaseAccounts:
    """The linked accounts of one professional. Writes only through SQL functions, each one transaction."""

    def __init__(self, db: Database, professional_id: UUID, credentials: Credentials) -> None:
        """Read and write with the secret key's ``db``, for this professional only."""
        self._db = db
        self._professional_id = professional_id
        self._credentials = credentials

    # ---- linking
    def places(self, channel: ChannelType, keys: Sequence[AccountKey]) -> list[Place]:
        """Where each account is stored, or would be, in the order of the keys.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        found = self._rpc("find_links", channel=channel.value, accounts=[key._asdict() for key in keys])
        return [_place_of(row) for row in found]

    def link(self, accounts: Sequence[tuple[Place, AccountToLink]], *, actor_id: UUID) -> list[UUID]:
        """Store proven accounts of one kind, all or none, and answer their channels in the same order.

        Where the store changed since ``places`` was asked, the secrets are sealed anew for the rows as they are now.

        Raises:
            AccountAlreadyLinked: somebody else linked one of them meanwhile; nothing was stored.
            StoreUnavailable: the store or the key service cannot be reached; it may have been stored.
        """
        to_link = [account for _, account in accounts]
        places = [place for place, _ in accounts]
        for attempt in range(_ATTEMPTS):
            if attempt:
                places = self.places(to_link[0].channel, [account.key for account in to_link])
            if any(place.availability is Availability.TAKEN for place in places):
                raise AccountAlreadyLinked
            rows = [self._row_of(place, account) for place, account in zip(places, to_link, strict=True)]
            answer = self._rpc("link_accounts", actor_id=actor_id, accounts=rows)
            if answer["outcome"] == "linked":
                return [UUID(channel_id) for channel_id in answer["channel_ids"]]
            if answer["outcome"] == "taken":
                raise AccountAlreadyLinked
        raise StoreUnavailable("The accounts kept changing while they were being linked; try again.")

    def _row_of(self, place: Place, account: AccountToLink) -> dict[str, Any]:
        grant, channel = account.grant, account.channel.value
        secrets = {
            _TOKEN: grant.token,
            _REFRESH_TOKEN: grant.refresh_token,
            _PIN: account.registration_pin,
        }
        sealed = {
            column: None if secret is None else self._seal(place.credential_id, column, channel, secret)
            for column, secret in secrets.items()
        }
        told = {
            "credential_id": place.credential_id,
            "channel": channel,
            "external_business_id": account.key.external_business_id,
            "phone_number_id": account.key.phone_number_id,
            "meta_user_id": grant.user_id,
            "token_kind": account.token_kind.value,
            "token_issued_at": account.issued_at,
            "token_expires_at": grant.expires_at,
            "data_access_expires_at": account.data_access_expires_at,
            "scopes": grant.scopes,
            "display_name": account.display_name,
            "display_phone_number": account.display_phone_number,
            "quality_rating": account.quality_rating,
            "messaging_limit": account.messaging_limit,
            "throughput_per_second": account.throughput_per_second,
            "on_phone_app": account.on_phone_app,
        }
        return _plain({**told, **sealed})

    def _seal(self, credential_id: UUID, column: str, channel: str, secret: str) -> str:
        return self._credentials.seal(self._professional_id, credential_id, column, secret, channel=channel)

    # ---- reading
    def get(self, channel_id: UUID) -> LinkedAccount:
        """The credential behind a channel, without its secrets.

        Raises:
            ChannelNotFound: none, or another professional's.
            StoreUnavailable: the store cannot be reached.
        """
        row = self._rpc("linked_account", channel_id=channel_id)
        if row is None:
            raise ChannelNotFound
        return LinkedAccount.model_validate(row)

    def access_token(self, credential_id: UUID, *, even_if_dead: bool = False) -> str:
        """The token of a linked account; ``even_if_dead`` also one that is known to work no longer.

        Raises:
            ChannelDisconnected: there is no such credential, it holds no token any more, or it is dead or unreadable.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        return self._credentials.access_token(self._professional_id, credential_id, even_if_dead=even_if_dead)

    def refresh_token(self, credential_id: UUID) -> str | None:
        """The token that renews the other, where the provider has one.

        Raises:
            ChannelDisconnected: there is no such credential, or what it holds does not open.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        row = self._secret_row(credential_id, _REFRESH_TOKEN)
        if row is None:
            raise ChannelDisconnected
        return self._opened(credential_id, row, _REFRESH_TOKEN)

    def registration_pin(self, credential_id: UUID) -> str | None:
        """The two-step PIN that we set for a number, where it is still known.

        Raises:
            StoreUnavailable: the store or the key service cannot be reached.
        """
        row = self._secret_row(credential_id, _PIN)
        try:
            return None if row is None else self._opened(credential_id, row, _PIN)
        except SecretUnreadable:  # logged by the vault; a number without a known PIN asks for one
            return None

    def _secret_row(self, credential_id: UUID, column: str) -> dict[str, Any] | None:
        rows = self._db.select(_TABLE, f"channel,{column}", id=credential_id, professional_id=self._professional_id)
        return rows[0] if rows else None

    def _opened(self, credential_id: UUID, row: Mapping[str, Any], column: str) -> str | None:
        if row[column] is None:
            return None
        return self._credentials.open(self._professional_id, credential_id, column, row[column], channel=row["channel"])

    # ---- looking after
    def replace_token(
        self, account: LinkedAccount, grant: Grant, *, replaces: str, facts: Facts, now: datetime
    ) -> bool:
        """Put a proven new token in the place of the one that was read as ``replaces``.

        Args:
            account: whose.
            grant: the new token; expiry, scopes and refresh token only where it tells them.
            replaces: the token that was used to get the new one.
            facts: what is known of the new token besides: ``token_issued_at``, ``token_expires_at``,
                ``data_access_expires_at``, ``scopes``.
            now: when it was issued, where ``facts`` do not tell.

        Returns:
            False when another token stands there by now, or none: then nothing was changed.

        Raises:
            ChannelDisconnected: what stands there does not open.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        token = self._renewed(account, grant, facts, now)
        for _ in range(_ATTEMPTS):
            # Sealed anew, as by a rotation of keys just now, a token looks different: what is compared is the token,
            # what is swapped is its ciphertext.
            row = self._secret_row(account.credential_id, _TOKEN)
            standing = self._opened(account.credential_id, row, _TOKEN) if row else None
            if row is None or standing is None or not compare_digest(standing.encode(), replaces.encode()):
                return False
            swap = {"credential_id": account.credential_id, "expected": row[_TOKEN], "token": token, "now": now}
            if self._rpc("replace_token", **swap)["outcome"] == "replaced":
                return True
        return False

    def _renewed(self, account: LinkedAccount, grant: Grant, facts: Facts, now: datetime) -> dict[str, Any]:
        credential_id, channel = account.credential_id, account.channel.value
        token = {
            _TOKEN: self._seal(credential_id, _TOKEN, channel, grant.token),
            "token_issued_at": facts.get("token_issued_at", now),
            "token_expires_at": grant.expires_at or facts.get("token_expires_at"),
            "scopes": facts.get("scopes") if grant.scopes is None else grant.scopes,
        }
        if "data_access_expires_at" in facts:
            token["data_access_expires_at"] = facts["data_access_expires_at"]
        if grant.refresh_token is not None:
            token[_REFRESH_TOKEN] = self._seal(credential_id, _REFRESH_TOKEN, channel, grant.refresh_token)
        return _plain(token)

    def record_check(self, account: LinkedAccount, facts: Facts, *, now: datetime) -> None:
        """Keep what a look at the account told, unless it was linked again since.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        looked_at = {"credential_id": account.credential_id, "linked_at": account.linked_at}
        self._rpc("record_check", facts=_plain(facts), now=now, **looked_at)

    def mark(
        self,
        channel_id: UUID,
        status: ChannelStatus,
        reason: str | None,
        *,
        message: str,
        severity: str = "critical",
        linked_at: datetime | None = None,
    ) -> None:
        """Change a channel's status, with an audit row and an alert that says ``message``.

        Args:
            channel_id: of the account.
            status: the new one.
            reason: the cause, of ``domain.channel_health``.
            message: for the professional.
            severity: how loud the alert is.
            linked_at: of the link that this is about; one that was linked again since stays as it is. None: any.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        self._rpc(
            "mark_channel",
            channel_id=channel_id,
            status=status.value,
            reason=reason,
            message=message,
            severity=severity,
            linked_at=linked_at,
        )

    def alert(self, channel_id: UUID, kind: str, severity: str, message: str, *, dedup_key: str) -> None:
        """Tell the professional something about a channel, once per key.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        self._rpc(
            "raise_channel_alert",
            channel_id=channel_id,
            kind=kind,
            severity=severity,
            message=message,
            dedup_key=dedup_key,
        )

    def disconnect(self, channel_id: UUID, *, actor_id: UUID | None, reason: str) -> int:
        """Erase every secret of a channel; how many live channels still use the same account at the provider.

        Raises:
            ChannelNotFound: none, or another professional's.
            StoreUnavailable: the store cannot be reached; it may have been erased.
        """
        answer = self._rpc("disconnect_channel", channel_id=channel_id, actor_id=actor_id, reason=reason)
        if answer["outcome"] == "not_found":
            raise ChannelNotFound
        return int(answer["siblings"])

    def _rpc(self, function: str, **arguments: Any) -> Any:
        return self._db.rpc(function, {"professional_id": self._professional_id, **arguments})


class SupabaseLiveAccounts:
    """The accounts of all professionals, without their secrets."""

    def __init__(self, db: Database) -> None:
        """Read with the secret key's ``db``."""
        self._db = db

    def to_look_after(self, *, limit: int, after: UUID | None = None) -> list[LinkedAccount]:
        """A page of live accounts in the order of their credential ids, beginning after one.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.rpc("credentials_to_look_after", {"limit": limit, "after": after})
        return [LinkedAccount.model_validate(row) for row in rows]


def _place_of(row: Mapping[str, Any]) -> Place:
    channel_id = row["channel_id"]
    return Place(
        Availability(row["availability"]),
        # A new account's id is made here, because its secrets are sealed for it before the row exists.
        UUID(row["credential_id"]) if row["credential_id"] else uuid4(),
        UUID(channel_id) if channel_id else None,
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_json(value) for name, value in values.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return sorted(value) if isinstance(value, set | frozenset | tuple) else value
