"""What looking after linked accounts asks of the outside, besides ``ports_accounts.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from dentalist.domain.accounts import LinkedAccount
from dentalist.services.accounts.ports_accounts import Accounts, BusinessFor, FacebookLogin, GoogleLogin, InstagramLogin


@dataclass(frozen=True)
class Providers:
    """Whom accounts are linked with."""

    facebook: FacebookLogin
    business_for: BusinessFor
    instagram: InstagramLogin
    google: GoogleLogin


@dataclass(frozen=True)
class Care:
    """What looking after the accounts of one professional needs."""

    accounts: Accounts
    providers: Providers


class SelfTestEvents(Protocol):
    """Our own webhook, seen from outside."""

    def send(self, account: LinkedAccount, nonce: str) -> bool:
        """Deliver a signed test event for an account as Meta would; whether our webhook took it."""


class ChannelTests(Protocol):
    """The tests of one professional's channels."""

    def begin(self, channel_id: UUID, nonce: str) -> None:
        """Expect a test event with this nonce."""

    def received(self, channel_id: UUID, nonce: str) -> bool:
        """Whether it has come."""
