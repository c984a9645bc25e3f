"""What can go wrong with a mail."""

from __future__ import annotations

from dentalist.domain.errors import DomainError


class MailRefused(DomainError):
    """This mail, to this address, will never be taken."""

    detail = "The mail was refused."


class MailUnavailable(DomainError):
    """Mails cannot be sent now: an outage, a limit, or a setting of ours that somebody has to put right."""

    detail = "Mails cannot be sent right now."
