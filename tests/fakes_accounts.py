"""The store of linked accounts in memory, as strict as the real one about what a test relies on.

States work once, a link stores all of its accounts or none, a token is replaced only where it is still the one that was
read, and nobody sees another professional's account. The providers' fakes are offered here too.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from dentalist.domain.accounts import (
    AccountKey,
    AccountToLink,
    Availability,
    ChannelType,
    Facts,
    Grant,
    LinkedAccount,
    OAuthAttempt,
    Place,
    RemoteTemplate,
    TokenKind,
)
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelDisconnected, ChannelNotFound
from dentalist.domain.linking_errors import (
    AccountAlreadyLinked,
    StateExpired,
    StateInvalid,
    StateUsed,
)
from tests.builders import NOON
from tests.fakes_providers import (
    GOOGLE_SCOPES,
    INSTAGRAM_ID,
    INSTAGRAM_SCOPES,
    PHONE_NUMBER_ID,
    WABA_ID,
    WHATSAPP_SCOPES,
    FakeBusinesses,
    FakeFacebookLogin,
    FakeGoogleLogin,
    FakeInstagramLogin,
    FakeWhatsAppBusiness,
    challenge_of,
    make_number,
    make_token_facts,
)

__all__ = [
    "GOOGLE_SCOPES",
    "INSTAGRAM_ID",
    "INSTAGRAM_SCOPES",
    "PHONE_NUMBER_ID",
    "WABA_ID",
    "WHATSAPP_SCOPES",
    "FakeAccountBook",
    "FakeAccounts",
    "FakeBusinesses",
    "FakeFacebookLogin",
    "FakeGoogleLogin",
    "FakeInstagramLogin",
    "FakeOAuthStates",
    "FakeTemplateBook",
    "FakeWhatsAppBusiness",
    "StoredAccount",
    "challenge_of",
    "make_number",
    "make_token_facts",
]
STATE_LIFETIME = timedelta(minutes=10)
_USABLE = {ChannelStatus.CONNECTED, ChannelStatus.PENDING, ChannelStatus.RESTRICTED}
_LOOKED_AFTER = _USABLE
_CAN_HEAL = {"checkpoint", "permission", "scope_missing", "not_registered", "not_subscribed"}


@dataclass
class _StoredState:
    attempt: OAuthAttempt
    expires_at: datetime
    is_used: bool = False


@dataclass
class FakeOAuthStates:
    """Link attempts. ``now`` is moved by tests; ``former_owners`` are people who may not link any more."""

    now: datetime = NOON
    former_owners: set[UUID] = field(default_factory=set)
    kept: dict[str, _StoredState] = field(default_factory=dict)

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
        assert state not in self.kept, "a state is made for one attempt"
        attempt = OAuthAttempt(uuid4(), professional_id, channel, actor_id, redirect_uri, code_verifier)
        expires_at = self.now + STATE_LIFETIME
        self.kept[state] = _StoredState(attempt, expires_at)
        return expires_at

    def claim(
        self, state: str, *, professional_id: UUID | None = None, channel: ChannelType | None = None
    ) -> OAuthAttempt:
        known = self.kept.get(state)
        if known is None or known.attempt.actor_id in self.former_owners:
            raise StateInvalid
        if professional_id not in (None, known.attempt.professional_id) or channel not in (None, known.attempt.channel):
            raise StateInvalid
        if known.is_used:
            raise StateUsed
        if known.expires_at <= self.now:
            raise StateExpired
        known.is_used = True
        return known.attempt


@dataclass
class StoredAccount:
    """A credential and its channel, with the secrets that the real store only has sealed."""

    professional_id: UUID
    channel: ChannelType
    key: AccountKey
    access_token: str | None
    credential_id: UUID = field(default_factory=uuid4)
    channel_id: UUID = field(default_factory=uuid4)
    status: ChannelStatus = ChannelStatus.CONNECTED
    status_reason: str | None = None
    refresh_token: str | None = None
    registration_pin: str | None = None
    meta_user_id: str | None = None
    token_kind: TokenKind | None = None
    token_issued_at: datetime | None = None
    linked_at: datetime = NOON
    linked_by: UUID | None = None
    disconnected_by: UUID | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    checked_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        return self.status is not ChannelStatus.DISCONNECTED

    def is_account(self, channel: ChannelType, key: AccountKey) -> bool:
        """Whether this row is that account; of calendars, one without a name is nobody's in particular."""
        if self.channel is not channel:
            return False
        if channel is ChannelType.WHATSAPP:
            return self.key.phone_number_id == key.phone_number_id
        return key.external_business_id is not None and self.key.external_business_id == key.external_business_id

    def shares_account(self, other: "StoredAccount") -> bool:
        """Whether both may be of one account at the provider; of calendars only their names are known."""
        if self.channel is not other.channel:
            return False
        if self.channel is ChannelType.GOOGLE_CALENDAR:
            names = {row.facts.get("display_name") for row in (self, other)}
            return len(names) == 1 or None in names
        return self.key.external_business_id == other.key.external_business_id

    def as_linked(self) -> LinkedAccount:
        scopes = self.facts.get("scopes")
        return LinkedAccount(
            credential_id=self.credential_id,
            channel_id=self.channel_id,
            professional_id=self.professional_id,
            channel=self.channel,
            status=self.status,
            status_reason=self.status_reason,
            linked_at=self.linked_at,
            external_business_id=self.key.external_business_id,
            phone_number_id=self.key.phone_number_id,
            display_phone_number=self.facts.get("display_phone_number"),
            token_kind=self.token_kind,
            token_issued_at=self.token_issued_at,
            token_expires_at=self.facts.get("token_expires_at"),
            data_access_expires_at=self.facts.get("data_access_expires_at"),
            has_refresh_token=self.refresh_token is not None,
            scopes=None if scopes is None else tuple(sorted(scopes)),
            on_phone_app=self.facts.get("on_phone_app", False),
        )


class Marked(NamedTuple):
    """A status that was recorded, and what the professional is told."""

    channel_id: UUID
    status: ChannelStatus
    reason: str | None
    message: str
    severity: str


class Alerted(NamedTuple):
    """An alert that was raised."""

    channel_id: UUID
    kind: str
    severity: str
    message: str
    dedup_key: str


@dataclass
class FakeAccountBook:
    """The linked accounts of all professionals; ``of`` is the port ``AccountsOf``. Itself it is ``LiveAccounts``."""

    rows: list[StoredAccount] = field(default_factory=list)
    marked: list[Marked] = field(default_factory=list)
    alerts: list[Alerted] = field(default_factory=list)
    failures: dict[str, Exception] = field(default_factory=dict)
    on_link: Any = None  # what happens in the store between asking for places and linking

    def of(self, professional_id: UUID) -> "FakeAccounts":
        return FakeAccounts(self, professional_id)

    def add(
        self, professional_id: UUID, channel: ChannelType = ChannelType.WHATSAPP, **overrides: Any
    ) -> StoredAccount:
        """An account that is linked already."""
        keys = {
            ChannelType.WHATSAPP: AccountKey(WABA_ID, PHONE_NUMBER_ID),
            ChannelType.INSTAGRAM: AccountKey(INSTAGRAM_ID),
            ChannelType.GOOGLE_CALENDAR: AccountKey(None),
        }
        kinds = {
            ChannelType.WHATSAPP: TokenKind.SYSTEM,
            ChannelType.INSTAGRAM: TokenKind.INSTAGRAM,
            ChannelType.GOOGLE_CALENDAR: TokenKind.GOOGLE,
        }
        defaults: dict[str, Any] = {
            "key": keys[channel],
            "access_token": "old-token",
            "token_kind": kinds[channel],
            "token_issued_at": NOON,
        }
        row = StoredAccount(professional_id, channel, **{**defaults, **overrides})
        self.rows.append(row)
        return row

    def to_look_after(self, *, limit: int, after: UUID | None = None) -> list[LinkedAccount]:
        found = [row for row in self.rows if row.status in _LOOKED_AFTER or self._can_heal(row)]
        found.sort(key=lambda row: row.credential_id)
        return [row.as_linked() for row in found if after is None or row.credential_id > after][:limit]

    @staticmethod
    def _can_heal(row: StoredAccount) -> bool:
        return row.status is ChannelStatus.REAUTH_REQUIRED and row.status_reason in _CAN_HEAL


@dataclass
class FakeAccounts:
    """The linked accounts of one professional."""

    book: FakeAccountBook
    professional_id: UUID

    def _fail(self, method: str) -> None:
        if method in self.book.failures:
            raise self.book.failures[method]

    def _own_rows(self) -> list[StoredAccount]:
        return [row for row in self.book.rows if row.professional_id == self.professional_id]

    def _of_channel(self, channel_id: UUID) -> StoredAccount:
        for row in self._own_rows():
            if row.channel_id == channel_id:
                return row
        raise ChannelNotFound

    def _place(self, channel: ChannelType, key: AccountKey) -> tuple[Place, StoredAccount | None]:
        own = [
            row
            for row in self._own_rows()
            if row.is_account(channel, key) or row.channel is channel is ChannelType.GOOGLE_CALENDAR
        ]
        live = [row for row in own if row.is_live]
        elsewhere = [row for row in self.book.rows if row.is_live and row not in own and row.is_account(channel, key)]
        if elsewhere and not live:
            return Place(Availability.TAKEN, uuid4()), None
        if not own:
            return Place(Availability.FREE, uuid4()), None
        row = live[0] if live else own[-1]
        return Place(Availability.OWN, row.credential_id, row.channel_id), row

    def places(self, channel: ChannelType, keys: Sequence[AccountKey]) -> list[Place]:
        self._fail("places")
        return [self._place(channel, key)[0] for key in keys]

    def link(self, accounts: Sequence[tuple[Place, AccountToLink]], *, actor_id: UUID) -> list[UUID]:
        self._fail("link")
        assert accounts, "linking nothing is a mistake of the caller"
        assert len({(account.channel, account.key) for _, account in accounts}) == len(accounts)
        assert all(place.availability is not Availability.TAKEN for place, _ in accounts)
        if self.book.on_link is not None:
            self.book.on_link()
        now = [self._place(account.channel, account.key) for _, account in accounts]
        if any(place.availability is Availability.TAKEN for place, _ in now):
            raise AccountAlreadyLinked
        return [
            self._store(place, row, account, actor_id) for (place, row), (_, account) in zip(now, accounts, strict=True)
        ]

    def _store(self, place: Place, row: StoredAccount | None, account: AccountToLink, actor_id: UUID) -> UUID:
        if row is None:
            row = StoredAccount(self.professional_id, account.channel, account.key, None, place.credential_id)
            self.book.rows.append(row)
        row.key, row.access_token, row.meta_user_id = account.key, account.grant.token, account.grant.user_id
        row.refresh_token = account.grant.refresh_token or row.refresh_token
        row.registration_pin = account.registration_pin or row.registration_pin
        row.status, row.status_reason = ChannelStatus.CONNECTED, None
        row.token_kind, row.token_issued_at, row.linked_by = account.token_kind, account.issued_at, actor_id
        row.linked_at += timedelta(seconds=1)
        row.facts |= {
            "token_expires_at": account.grant.expires_at,
            "data_access_expires_at": account.data_access_expires_at,
            "scopes": account.grant.scopes,
            "display_name": account.display_name,
            "display_phone_number": account.display_phone_number,
            "quality_rating": account.quality_rating,
            "messaging_limit": account.messaging_limit,
            "throughput_per_second": account.throughput_per_second,
            "on_phone_app": account.on_phone_app,
        }
        return row.channel_id

    def get(self, channel_id: UUID) -> LinkedAccount:
        self._fail("get")
        return self._of_channel(channel_id).as_linked()

    def _of_credential(self, credential_id: UUID) -> StoredAccount:
        for row in self._own_rows():
            if row.credential_id == credential_id:
                return row
        raise ChannelDisconnected

    def access_token(self, credential_id: UUID, *, even_if_dead: bool = False) -> str:
        self._fail("access_token")
        row = self._of_credential(credential_id)
        if row.access_token is None or not row.is_live or (row.status not in _USABLE and not even_if_dead):
            raise ChannelDisconnected
        return row.access_token

    def refresh_token(self, credential_id: UUID) -> str | None:
        self._fail("refresh_token")
        return self._of_credential(credential_id).refresh_token

    def registration_pin(self, credential_id: UUID) -> str | None:
        self._fail("registration_pin")
        return next((row.registration_pin for row in self._own_rows() if row.credential_id == credential_id), None)

    def replace_token(
        self, account: LinkedAccount, grant: Grant, *, replaces: str, facts: Facts, now: datetime
    ) -> bool:
        self._fail("replace_token")
        row = self._of_credential(account.credential_id)
        if not row.is_live or row.access_token != replaces:
            return False
        row.access_token, row.token_issued_at = grant.token, facts.get("token_issued_at", now)
        row.refresh_token = grant.refresh_token or row.refresh_token
        row.facts["token_expires_at"] = grant.expires_at or facts.get("token_expires_at")
        scopes = facts.get("scopes") if grant.scopes is None else grant.scopes
        row.facts |= {} if scopes is None else {"scopes": scopes}
        if "data_access_expires_at" in facts:
            row.facts["data_access_expires_at"] = facts["data_access_expires_at"]
        return True

    def record_check(self, account: LinkedAccount, facts: Facts, *, now: datetime) -> None:
        self._fail("record_check")
        row = self._of_credential(account.credential_id)
        if account.linked_at != row.linked_at:
            return
        row.facts |= facts
        row.checked_at = now

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
        """The same status and reason again changes and tells nothing; a disconnected channel, and one that was linked
        again since, stays so.
        """
        self._fail("mark")
        row = self._of_channel(channel_id)
        if not row.is_live or (row.status, row.status_reason) == (status, reason):
            return
        if linked_at not in (None, row.linked_at):
            return
        row.status, row.status_reason = status, reason
        self.book.marked.append(Marked(channel_id, status, reason, message, severity))

    def alert(self, channel_id: UUID, kind: str, severity: str, message: str, *, dedup_key: str) -> None:
        self._fail("alert")
        self._of_channel(channel_id)
        if dedup_key not in [alert.dedup_key for alert in self.book.alerts]:
            self.book.alerts.append(Alerted(channel_id, kind, severity, message, dedup_key))

    def disconnect(self, channel_id: UUID, *, actor_id: UUID | None, reason: str) -> int:
        self._fail("disconnect")
        row = self._of_channel(channel_id)
        row.status, row.status_reason, row.disconnected_by = ChannelStatus.DISCONNECTED, reason, actor_id
        row.access_token = row.refresh_token = row.registration_pin = row.meta_user_id = None
        return sum(1 for other in self.book.rows if other.is_live and other.shares_account(row))


@dataclass
class FakeTemplateBook:
    """The templates of one professional's channels, by channel, name and language."""

    kept: dict[tuple[UUID, str, str], RemoteTemplate] = field(default_factory=dict)

    def keep(self, channel_id: UUID, templates: Collection[RemoteTemplate], *, complete: bool) -> None:
        told = {(channel_id, template.name, template.language): template for template in templates}
        if complete:
            for key, known in self.kept.items():
                if key[0] == channel_id and key not in told:
                    told[key] = known._replace(status="DELETED")
        self.kept |= told
