"""Why an account could not be linked: the codes with which a browser comes back to the dashboard."""

from __future__ import annotations

from dentalist.domain.errors import DomainError


class LinkingError(DomainError):
    """Linking ended without a link; nothing was changed."""


class AccessDenied(LinkingError):
    detail = "The permission was not given."


class StateInvalid(LinkingError):
    """Unknown, forged, another professional's or another channel's: one answer for all, so that it tells nothing."""

    detail = "This link attempt is not known; begin again."


class StateExpired(LinkingError):
    detail = "This link attempt began more than ten minutes ago; begin again."


class StateUsed(LinkingError):
    detail = "This link attempt has already ended; begin again."


class ScopeMissing(LinkingError):
    detail = "Not every permission was given; begin again and leave all of them ticked."


class AccountAlreadyLinked(LinkingError):
    """To somebody else; whom is nobody's business."""

    detail = "This account is already linked in another place; unlink it there first."


class AccountNotVisible(LinkingError):
    detail = "The account that gave the permission cannot use this number or account."


class ExchangeFailed(LinkingError):
    detail = "The permission could not be exchanged for access; begin again."


class RegistrationFailed(LinkingError):
    detail = "The number could not be registered for the API."


class ProviderUnreachable(DomainError):
    """An account's provider other than Meta does not answer; nothing is wrong with the account."""

    detail = "The provider cannot be reached right now; try again."


class TooYoungToRefresh(DomainError):
    """Instagram renews a token only from its second day on; the one there is stays good."""

    detail = "This access was given less than a day ago and cannot be renewed yet."
