"""A professional's account in the store and at its provider, looked after day by day."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.accounts import ChannelType, LinkedAccount, TokenKind
from dentalist.services.accounts.look_after_account import Look, look_after_account
from dentalist.services.accounts.ports_care import Care
from tests.fakes_accounts import Alerted, FakeAccountBook, FakeAccounts, Marked, StoredAccount
from tests.strict_providers import HOUR, LIFE, IssuedToken, StrictWorld

KINDS = {
    ChannelType.WHATSAPP: TokenKind.SYSTEM,
    ChannelType.INSTAGRAM: TokenKind.INSTAGRAM,
    ChannelType.GOOGLE_CALENDAR: TokenKind.GOOGLE,
}
DAY = timedelta(days=1)


class CareWorld:
    """One account of a kind, linked at NOON and in order. ``world`` is its provider, ``book`` the store."""

    def __init__(
        self,
        channel: ChannelType = ChannelType.WHATSAPP,
        *,
        kind: TokenKind | None = None,
        life: timedelta | None = LIFE,
        **token: Any,
    ) -> None:
        self.world = StrictWorld()
        self.book = FakeAccountBook()
        self.professional_id: UUID = uuid4()
        self.channel = channel
        self.kind = kind or KINDS[channel]
        issued = self.world.issue(self.kind, life=HOUR if self.kind is TokenKind.GOOGLE else life, **token)
        refresh_token = None
        if channel is ChannelType.GOOGLE_CALENDAR:
            refresh_token = "refresh-1"
            self.world.refresh_tokens[refresh_token] = None
        self.row: StoredAccount = self.book.add(
            self.professional_id,
            channel,
            access_token=issued.text,
            refresh_token=refresh_token,
            token_kind=self.kind,
            token_issued_at=issued.issued_at,
            facts={
                "token_expires_at": issued.ends_at,
                "data_access_expires_at": issued.data_access_ends_at,
                "scopes": issued.scopes,
            },
        )

    @property
    def accounts(self) -> FakeAccounts:
        return self.book.of(self.professional_id)

    @property
    def care(self) -> Care:
        return Care(self.accounts, self.world.providers())

    @property
    def account(self) -> LinkedAccount:
        return self.row.as_linked()

    @property
    def token(self) -> IssuedToken:
        """The stored token as its provider knows it."""
        assert self.row.access_token is not None
        return self.world.tokens[self.row.access_token]

    def look(self, account: LinkedAccount | None = None, **options: Any) -> Look:
        """Today's look, at the account as it is or as it was read before."""
        return look_after_account(account or self.account, care=self.care, now=self.world.now, **options)

    def look_after(self, days: float, **options: Any) -> Look:
        """The look of so many days later, without any in between."""
        self.world.now += timedelta(days=days)
        return self.look(**options)

    @property
    def marked(self) -> list[Marked]:
        return self.book.marked

    @property
    def alerts(self) -> list[Alerted]:
        return self.book.alerts

    def told(self) -> list[str]:
        """The kinds of alerts, in order."""
        return [alert.kind for alert in self.alerts]
