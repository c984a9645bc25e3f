"""What can go wrong, in the words clients rely on: the class name in snake_case is the problem's ``code``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta


class DomainError(Exception):
    """A rule said no, or somebody we depend on did.

    The class name in snake_case is the stable ``code`` of the answer; ``detail`` is one sentence for a person. Neither
    ever holds a name, a phone or a message's text.
    """

    detail = "The request could not be carried out."

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or type(self).detail
        super().__init__(self.detail)

    @property
    def code(self) -> str:
        """The stable snake_case word for this kind of error."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()


class NotFound(DomainError):
    """Also for another professional's object: its existence is nobody else's business."""

    detail = "There is no such object."


class ConversationNotFound(NotFound):
    detail = "There is no such conversation."


class ChannelNotFound(NotFound):
    detail = "There is no such channel."


class MessageNotFound(NotFound):
    detail = "There is no such message."


class ProfessionalNotFound(NotFound):
    detail = "There is no such professional."


class Unauthenticated(DomainError):
    detail = "Sign in first: the access token is missing, invalid or expired."


class FeatureDisabled(DomainError):
    detail = "Marketing is not enabled for this professional."


class RoleNotAllowed(DomainError):
    detail = "Your role in this team does not allow this."


class ConsentRequired(DomainError):
    detail = "The contact has not agreed to receive this kind of message."


class ServiceWindowClosed(DomainError):
    detail = "The contact last wrote 24 hours ago or more; send a template instead."


class ChannelDisconnected(DomainError):
    detail = "The channel is not connected; link it again."


class TemplateNotFound(DomainError):
    detail = "There is no template with this name and language on this channel."


class TemplateNotApproved(DomainError):
    detail = "The template has not been approved by Meta."


class TemplateVariablesMismatch(DomainError):
    detail = "The variables do not match those of the template."


class IdempotencyConflict(DomainError):
    detail = "This idempotency key was used with another body."


class IdempotencyInProgress(DomainError):
    detail = "The first request with this idempotency key has not ended yet."


class RateLimited(DomainError):
    """Slow down: ours or Meta's limit."""

    detail = "Too many messages; try again later."

    def __init__(self, detail: str | None = None, *, retry_after: timedelta = timedelta(seconds=6)) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class OutcomeUnknown(DomainError):
    """The request left, its answer was lost: what it asked for may have happened and must not be repeated."""

    detail = "The answer was lost; the message may have been sent."


class StoreUnavailable(DomainError):
    """The store or the key service cannot be reached; nothing is wrong with what was asked."""

    detail = "The service is briefly unavailable; try again."


class KeyRefused(DomainError):
    """The key service answered, and said no: no right to use the key, or it is disabled. A setting of ours is wrong."""

    detail = "The key service refused to use the key; nothing was changed."


class WrappedKeyUnreadable(KeyRefused):
    """A stored data key that the key service does not open: altered, or wrapped for somebody or something else."""

    detail = "A stored key cannot be read."


class StoreRefused(Exception):
    """The store understood and refused: a missing grant, a violated constraint, an unknown function. A mistake of ours.

    Holds the code alone: PostgreSQL's message and details quote the values of the row.
    """

    def __init__(self, code: str | None, what: str) -> None:
        """Name the error's code and the function or table that was asked."""
        self.code = code
        super().__init__(f"the store refused {what} with code {code}")


@dataclass(frozen=True)
class MetaFault:
    """What Meta said, as it said it."""

    code: int
    subcode: int | None = None
    message: str = ""
    fbtrace_id: str | None = None


class MetaError(DomainError):
    """Meta refused for a reason that has no name of its own here."""

    detail = "Meta refused the request."

    def __init__(self, fault: MetaFault, detail: str | None = None) -> None:
        super().__init__(detail)
        self.fault = fault
