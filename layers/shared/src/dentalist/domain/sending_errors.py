"""What the send gate and Meta may say to a message besides the refusals that clients know from ``errors.py``.

Most concern automatic messages only: whoever writes them decides whether to write again, wait or stop.
"""

from __future__ import annotations

from datetime import timedelta

from dentalist.domain.errors import (
    ChannelDisconnected,
    DomainError,
    MetaError,
    MetaFault,
    NotFound,
    RateLimited,
    ServiceWindowClosed,
)


class AnswerOutdated(DomainError):
    """The contact wrote again meanwhile: write the answer anew, with the new messages."""

    detail = "The contact wrote again; the answer has to be rewritten."


class OutdatedHuman(DomainError):
    """A person wrote or took over meanwhile: the assistant stays silent."""

    detail = "A person has answered this conversation."


class AlreadyAnswered(DomainError):
    """This part of this answer was sent before."""

    detail = "This has been answered already."


class TooLate(DomainError):
    """The message's not-after time has passed; late is worse than never."""

    detail = "It is too late to send this message."


class ConversationBusy(RateLimited):
    """Another message of this conversation is being sent right now."""

    detail = "Another message of this conversation is being sent; try again."


class Paced(RateLimited):
    """Our own pace for this number or contact, asked before anything was stored."""

    def __init__(self, scope: str, *, retry_after: timedelta) -> None:
        super().__init__(retry_after=retry_after)
        self.scope = scope


class MetaUnreachable(DomainError):
    """No connection to Meta could be opened, so nothing was sent: it may be asked again."""

    detail = "Meta cannot be reached right now; nothing was sent. Try again."


class MediaNotFound(NotFound):
    detail = "There is no such file."


class MediaRefused(DomainError):
    """A file that we do not take: its type, its size, or where it lies."""

    detail = "This file cannot be accepted."


class MediaGone(DomainError):
    """Meta no longer has the file."""

    detail = "The file is no longer available."


class MetaRateLimited(RateLimited):
    """Meta's limit for this app, account, number or contact; ``fault`` says which."""

    def __init__(self, fault: MetaFault, *, retry_after: timedelta) -> None:
        super().__init__(retry_after=retry_after)
        self.fault = fault


class MetaWindowClosed(ServiceWindowClosed):
    """131047: the window that we believed open is closed at Meta."""

    def __init__(self, fault: MetaFault) -> None:
        super().__init__()
        self.fault = fault


class AccessLost(ChannelDisconnected):
    """An account's token expired or was taken back; ``reason`` is one of the causes that a channel's test names."""

    def __init__(self, *, reason: str) -> None:
        super().__init__()
        self.reason = reason


class TokenDead(AccessLost):
    """Meta's word that a token is no longer good."""

    def __init__(self, fault: MetaFault, *, reason: str) -> None:
        super().__init__(reason=reason)
        self.fault = fault


class MetaTransient(MetaError):
    """Meta's own trouble, and a definite no for now: the same request may pass later."""
