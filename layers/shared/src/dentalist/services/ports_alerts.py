"""What telling people about critical alerts asks of the outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

from dentalist.domain.notices import Mail, Notice, NoticeNumber
from dentalist.services.ports import MessageSender


class NoticeOutcome(NamedTuple):
    """What became of a notice.

    ``status`` is ``sent``, ``unknown`` (the answer was lost), ``failed`` (for good), ``skipped`` (there is no way) or
    ``later`` (tried again); ``channel_id`` is the number that it left by.
    """

    status: str
    reason: str | None = None
    external_id: str | None = None
    channel_id: UUID | None = None


class Notices(Protocol):
    """The notices of all professionals."""

    def claim(self, *, limit: int, lease_seconds: int) -> list[Notice]:
        """Those to send now, leased: nobody else gets them meanwhile."""

    def settle(self, notice: Notice, outcome: NoticeOutcome) -> str | None:
        """Keep what became of one; the status it has now, None when the lease was lost."""


class Mailer(Protocol):
    """Sends mails."""

    def send(self, mail: Mail) -> str:
        """Send one and answer its id; MailRefused, MailUnavailable."""


NumberFor = Callable[[UUID, NoticeNumber], MessageSender]  # of a professional; ChannelDisconnected, StoreUnavailable


class AlertBell(Protocol):
    """Wakes whoever sends notices."""

    def send_bell(self, *, correlation_id: str) -> None:
        """Ask for what is due to be sent; lost or doubled, it is harmless."""


@dataclass(frozen=True)
class NoticeDesk:
    """The ways out. ``mailer`` is None where no address to send mails from is set."""

    mailer: Mailer | None
    number_for: NumberFor
    dashboard_url: str
