"""What linking accounts and looking after their tokens asks of the outside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dentalist.domain.accounts import (
    AccountKey,
    AccountToLink,
    ChannelType,
    Facts,
    Grant,
    InstagramAccount,
    LinkedAccount,
    Number,
    OAuthAttempt,
    Place,
    RemoteTemplate,
    TokenFacts,
)
from dentalist.domain.channel import ChannelStatus

# ---- the providers ---------------------------------------------------------------------------------------------------


class FacebookLogin(Protocol):
    """Facebook Login for Business: tokens for WhatsApp accounts."""

    def exchange(self, code: str, *, redirect_uri: str | None) -> Grant:
        """The token behind a code, or ExchangeFailed. No ``redirect_uri`` for a code from Embedded Signup."""

    def extend(self, token: str) -> Grant:
        """The longest-lived token that can be had for this one."""

    def inspect(self, token: str) -> TokenFacts:
        """What Meta says about a token; a dead one is an answer, not an error."""


class WhatsAppBusiness(Protocol):
    """The WhatsApp accounts (WABA) that one token sees."""

    def accounts(self) -> list[str]:
        """The ids of the WABAs of all businesses of the token's holder."""

    def numbers(self, waba_id: str) -> list[Number]:
        """The numbers of a WABA, or AccountNotVisible."""

    def number(self, phone_number_id: str) -> Number:
        """One number, or AccountNotVisible."""

    def is_subscribed(self, waba_id: str) -> bool:
        """Whether our app receives the WABA's webhooks."""

    def subscribe(self, waba_id: str) -> None:
        """Receive the WABA's webhooks."""

    def unsubscribe(self, waba_id: str) -> None:
        """Receive them no longer."""

    def register(self, phone_number_id: str, pin: str) -> None:
        """Make a number usable through the API, or RegistrationFailed. At most ten times in 72 hours."""

    def request_sync(self, phone_number_id: str, sync_type: str) -> None:
        """Ask for a phone-app number's ``smb_app_state_sync`` (contacts) or ``history``: once, the day it is linked."""

    def templates(self, waba_id: str) -> list[RemoteTemplate]:
        """All templates of a WABA."""

    def create_template(self, waba_id: str, template: Mapping[str, Any]) -> RemoteTemplate:
        """Submit a template for approval."""


BusinessFor = Callable[[str], WhatsAppBusiness]  # by token


class InstagramLogin(Protocol):
    """Instagram Login: tokens for professional accounts."""

    def exchange(self, code: str, *, redirect_uri: str) -> Grant:
        """The one-hour token behind a code, or ExchangeFailed."""

    def extend(self, token: str) -> Grant:
        """A sixty-day token for a one-hour one."""

    def refresh(self, token: str) -> Grant:
        """Another sixty days for a token that is at least a day old."""

    def account(self, token: str) -> InstagramAccount:
        """Whose token it is."""

    def is_subscribed(self, token: str, account_id: str) -> bool:
        """Whether our app receives the account's webhooks."""

    def subscribe(self, token: str, account_id: str) -> None:
        """Receive the account's webhooks."""

    def unsubscribe(self, token: str, account_id: str) -> None:
        """Receive them no longer."""


class GoogleLogin(Protocol):
    """Google's OAuth: access to a calendar."""

    def exchange(self, code: str, *, redirect_uri: str, code_verifier: str) -> Grant:
        """Access and refresh token behind a code, or ExchangeFailed."""

    def refresh(self, refresh_token: str) -> Grant:
        """A new access token, or AccessLost when the permission is gone."""

    def revoke(self, token: str) -> None:
        """Give the permission back."""

    def calendar_name(self, token: str) -> str | None:
        """Prove that the calendar can be read and answer its name; ScopeMissing or AccessLost when it cannot."""


# ---- the store -------------------------------------------------------------------------------------------------------


class OAuthStates(Protocol):
    """Link attempts, each usable once within ten minutes."""

    def begin(
        self,
        professional_id: UUID,
        channel: ChannelType,
        *,
        state: str,
        actor_id: UUID,
        redirect_uri: str,
        code_verifier: str | None,
    ) -> datetime:
        """Keep an attempt (the state as a hash, the verifier sealed) and answer when it expires."""

    def claim(
        self, state: str, *, professional_id: UUID | None = None, channel: ChannelType | None = None
    ) -> OAuthAttempt:
        """Use a state up; StateInvalid, StateExpired or StateUsed. One that does not fit what is named stays unused."""


class Accounts(Protocol):
    """The linked accounts of one professional; secrets are sealed on the way in and opened on the way out."""

    def places(self, channel: ChannelType, keys: Sequence[AccountKey]) -> list[Place]:
        """Where each account is stored, or would be; in the order of the keys."""

    def link(self, accounts: Sequence[tuple[Place, AccountToLink]], *, actor_id: UUID) -> list[UUID]:
        """Store proven accounts, all or none, and answer their channels; AccountAlreadyLinked."""

    def get(self, channel_id: UUID) -> LinkedAccount:
        """The credential behind a channel, or ChannelNotFound."""

    def access_token(self, credential_id: UUID, *, even_if_dead: bool = False) -> str:
        """The token, or ChannelDisconnected."""

    def refresh_token(self, credential_id: UUID) -> str | None:
        """The token that renews the other, where the provider has one."""

    def replace_token(
        self, account: LinkedAccount, grant: Grant, *, replaces: str, facts: Facts, now: datetime
    ) -> bool:
        """Put a proven new token in the place of the one read as ``replaces``; False when another came first."""

    def record_check(self, account: LinkedAccount, facts: Facts, *, now: datetime) -> None:
        """Keep what a look at the account told (quality, limit, expiry, scopes), unless it was linked again since."""

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

        ``linked_at`` names the link that this is about: nothing happens to one that was linked again since.
        """

    def alert(self, channel_id: UUID, kind: str, severity: str, message: str, *, dedup_key: str) -> None:
        """Tell the professional something about a channel, once per key."""

    def disconnect(self, channel_id: UUID, *, actor_id: UUID | None, reason: str) -> int:
        """Erase every secret of a channel; how many live channels still use the same account at the provider."""


class LiveAccounts(Protocol):
    """The accounts of all professionals, for the daily look."""

    def to_look_after(self, *, limit: int, after: UUID | None = None) -> list[LinkedAccount]:
        """A page of live accounts in the order of their credential ids, beginning after one."""


AccountsOf = Callable[[UUID], Accounts]  # by professional


class TemplateBook(Protocol):
    """The templates of one professional's channels."""

    def keep(self, channel_id: UUID, templates: Collection[RemoteTemplate], *, complete: bool) -> None:
        """Store what Meta told; with ``complete`` what it did not name is gone."""
