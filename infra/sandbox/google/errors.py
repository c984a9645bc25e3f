"""How Google refuses: one shape for OAuth, another for the Calendar API; neither has trace ids."""

from dataclasses import dataclass, field
from typing import Any

from infra.sandbox.errors import Refusal


@dataclass(eq=False)
class OAuthError(Refusal):
    """RFC 6749's shape."""

    error: str
    description: str
    http_status: int = 400
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, _trace_id: str) -> dict[str, Any]:
        """The JSON body."""
        return {"error": self.error, "error_description": self.description}


@dataclass(eq=False)
class CalendarError(Refusal):
    """The Calendar API's shape: ``errors[0].reason`` tells what is the matter."""

    http_status: int
    reason: str
    message: str
    location: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, _trace_id: str) -> dict[str, Any]:
        """The JSON body."""
        first: dict[str, Any] = {"domain": "global", "reason": self.reason, "message": self.message}
        if self.location is not None:
            first |= {"locationType": "header", "location": self.location}
        return {"error": {"code": self.http_status, "message": self.message, "errors": [first]}}


def invalid_grant(description: str) -> OAuthError:
    """The code or the refresh token is not worth anything (any more)."""
    return OAuthError("invalid_grant", description)


def not_authenticated() -> CalendarError:
    """401 authError: the access token is missing, unknown, expired or revoked."""
    return CalendarError(401, "authError", "Invalid Credentials", location="Authorization")


def insufficient_permissions() -> CalendarError:
    """403: the person did not give (or took back) the permission for this."""
    return CalendarError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")


def not_found() -> CalendarError:
    """404: there is no such calendar, or it is not shared with this account."""
    return CalendarError(404, "notFound", "Not Found")


def bad_request(message: str, reason: str = "badRequest") -> CalendarError:
    """400: the request itself is wrong."""
    return CalendarError(400, reason, message)


def duplicate() -> CalendarError:
    """409: the id was used before in this calendar, also by an event that was deleted."""
    return CalendarError(409, "duplicate", "The requested identifier already exists.")


def deleted() -> CalendarError:
    """410: it was deleted before."""
    return CalendarError(410, "deleted", "Resource has been deleted")


def full_sync_required() -> CalendarError:
    """410: the sync token is no longer known."""
    return CalendarError(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")


def condition_not_met() -> CalendarError:
    """412: another version stands there."""
    return CalendarError(412, "conditionNotMet", "Precondition Failed", location="If-Match")


def not_the_organizer() -> CalendarError:
    """403: somebody else's event."""
    return CalendarError(403, "forbiddenForNonOrganizer", "Shared properties can only be changed by the organizer.")
