"""Meta's errors: one catalogue of what the Graph API says, and the envelope it says it in."""

import json
import secrets
import string
from dataclasses import dataclass, field, replace
from typing import Any

_TRACE_ALPHABET = string.ascii_letters + string.digits + "_-"
_TRACE_LENGTH = 22


def new_trace_id() -> str:
    """An id of the form Meta puts into every error and its ``x-fb-trace-id`` header."""
    return "A" + "".join(secrets.choice(_TRACE_ALPHABET) for _ in range(_TRACE_LENGTH))


class Refusal(Exception):
    """Whatever a simulated product refuses, in the shape that product answers it."""

    http_status: int
    headers: dict[str, str]

    def body(self, trace_id: str) -> dict[str, Any]:
        """The JSON body of the answer."""
        raise NotImplementedError


@dataclass(eq=False)  # not frozen: the interpreter writes the traceback on a raised exception
class GraphError(Refusal):
    """One refusal of the Graph API. ``details`` becomes ``error_data`` in the shape of the Cloud API."""

    code: int
    http_status: int
    message: str
    details: str | None = None
    type: str = "OAuthException"
    subcode: int | None = None
    is_transient: bool | None = None
    user_title: str | None = None
    user_message: str | None = None
    details_as_string: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, trace_id: str) -> dict[str, Any]:
        """The JSON body, with only the keys Meta sends for this error."""
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.details is not None:
            structured = {"messaging_product": "whatsapp", "details": self.details}
            error["error_data"] = self.details if self.details_as_string else structured
        if self.is_transient is not None:
            error["is_transient"] = self.is_transient
        if self.user_title is not None:
            error["error_user_title"] = self.user_title
            error["error_user_msg"] = self.user_message
        error["fbtrace_id"] = trace_id
        return {"error": error}


def _plain(code: int, http_status: int, title: str, details: str | None = None) -> GraphError:
    return GraphError(code, http_status, f"(#{code}) {title}", details)


def _token(subcode: int | None, reason: str, http_status: int = 401) -> GraphError:
    return GraphError(190, http_status, reason, subcode=subcode)


_VALIDATING = "Error validating access token: "
_SAME_REDIRECT = "Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"
_APP_USAGE = {"X-App-Usage": json.dumps({"call_count": 101, "total_cputime": 20, "total_time": 31})}

# Code, subcode → what Meta answers. HTTP status and wording follow Meta's error reference:
# https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
_CATALOGUE = {
    (error.code, error.subcode): error
    for error in (
        GraphError(0, 401, "AuthException"),
        GraphError(1, 400, "An unknown error occurred"),
        replace(_plain(2, 503, "Service temporarily unavailable"), is_transient=True),
        _plain(3, 500, "Application does not have the capability to make this API call."),
        replace(_plain(4, 400, "Application request limit reached"), is_transient=True, headers=_APP_USAGE),
        GraphError(4, 429, "Application request limit reached", subcode=2446079, is_transient=True),
        _plain(10, 403, "Application does not have permission for this action"),
        replace(_plain(17, 400, "User request limit reached"), is_transient=True),
        _plain(32, 400, "Page request limit reached"),
        _plain(33, 400, "This object does not exist or does not support this action"),
        _plain(100, 400, "Invalid parameter"),
        GraphError(100, 400, "This authorization code has expired.", subcode=36007),
        GraphError(100, 400, f"Error validating verification code. {_SAME_REDIRECT}", subcode=36008),
        GraphError(100, 400, "This authorization code has been used.", subcode=36009),
        GraphError(101, 400, "Error validating application. Invalid application ID."),
        GraphError(102, 401, "Session key invalid or no longer valid"),
        _token(None, "Invalid OAuth access token - Cannot parse access token"),
        _token(458, _VALIDATING + "The user has not authorized application.", http_status=400),
        _token(459, _VALIDATING + "The session was invalidated because the user must pass a checkpoint."),
        _token(460, _VALIDATING + "The session has been invalidated because the user changed their password."),
        _token(463, _VALIDATING + "Session has expired on Friday, 06-Nov-26 10:00:00 PST."),
        _token(467, _VALIDATING + "The access token is invalid since the user has logged out."),
        _plain(
            200,
            403,
            "You do not have the necessary permissions required to send messages on behalf of"
            " this WhatsApp Business Account",
        ),
        _plain(368, 403, "Temporarily blocked for policies violations"),
        _plain(613, 400, "Calls to this api have exceeded the rate limit."),
        _plain(803, 404, "Some of the aliases you requested do not exist: 0000"),
        _plain(80007, 400, "Rate limit issues"),
        _plain(130429, 400, "Rate limit hit", "Cloud API message throughput has been reached."),
        _plain(131000, 500, "Something went wrong", "Message failed to send due to an unknown error."),
        _plain(131005, 403, "Access denied", "Permission is either not granted or has been removed."),
        _plain(131008, 400, "Required parameter is missing", "A required parameter is missing."),
        _plain(131009, 400, "Parameter value is not valid", "Phone number in parameter to is not valid."),
        _plain(131016, 500, "Service unavailable", "A service is temporarily unavailable."),
        _plain(131021, 400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
        _plain(131026, 400, "Message undeliverable", "Unable to deliver message."),
        _plain(
            131030,
            400,
            "Recipient phone number not in allowed list",
            "Add recipient phone number to recipient list and try again.",
        ),
        _plain(131031, 403, "Account has been locked", "Business account has been locked."),
        _plain(
            131042,
            400,
            "Business eligibility payment issue",
            "There was an error related to your payment method.",
        ),
        _plain(
            131047,
            400,
            "Re-engagement message",
            "More than 24 hours have passed since the recipient last replied to the sender number.",
        ),
        _plain(
            131048,
            400,
            "Spam rate limit hit",
            "Message failed to send because there are restrictions on how many messages can be sent"
            " from this phone number.",
        ),
        _plain(
            131049,
            400,
            "This message was not delivered to maintain healthy ecosystem engagement.",
            "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
        ),
        _plain(
            131050,
            400,
            "User has stopped receipt of marketing messages",
            "Recipient chose to stop marketing messages from this business.",
        ),
        _plain(131051, 400, "Unsupported message type", "Message type is currently not supported."),
        _plain(131052, 400, "Media download error", "Media file size too big."),
        _plain(
            131053,
            400,
            "Media upload error",
            "Media file has type application/octet-stream but image/jpeg was expected.",
        ),
        _plain(
            131056,
            400,
            "(Business Account, Consumer Account) pair rate limit hit",
            "Too many messages sent from the sender phone number to the same recipient phone number"
            " in a short period of time.",
        ),
        _plain(131057, 500, "Account in maintenance mode", "Business Account is in maintenance mode"),
        _plain(131062, 400, "Business-scoped User ID recipients are not supported for this message"),
        _plain(
            132000,
            400,
            "Number of parameters does not match the expected number of params",
            "body: number of localizable_params (0) does not match the expected number of params (1)",
        ),
        _plain(
            132001,
            404,
            "Template name does not exist in the translation",
            "template name does not exist in the language",
        ),
        _plain(132005, 400, "Translated text too long"),
        _plain(132007, 400, "Template format character policy violated"),
        _plain(
            132012,
            400,
            "Parameter format does not match format in the created template",
            "header: Format mismatch, expected IMAGE, received UNKNOWN",
        ),
        _plain(132015, 400, "Template is paused"),
        _plain(132016, 400, "Template is disabled"),
        _plain(133004, 503, "Server Temporarily Unavailable", "Server is temporarily unavailable."),
        _plain(133005, 400, "Two step verification PIN mismatch"),
        _plain(133010, 400, "Phone number not registered"),
        _plain(133015, 400, "Please wait a few minutes before attempting to register this phone number"),
        _plain(
            133016,
            400,
            "Account register deregister rate limit exceeded",
            "Registration failed because there were too many attempts for this phone number.",
        ),
        _plain(2593107, 400, "Synchronization request limit exceeded"),
        _plain(2593108, 400, "Synchronization request made outside of the allowed time window"),
        _plain(2593109, 400, "History sync is turned off by the business from the WhatsApp Business App"),
    )
}


def graph_error(code: int, details: str | None = None, *, subcode: int | None = None) -> GraphError:
    """The error Meta answers for a code; ``details`` replaces the usual ones.

    Raises:
        LookupError: the catalogue has no such error.
    """
    error = _CATALOGUE.get((code, subcode)) or _CATALOGUE.get((code, None))
    if error is None:
        raise LookupError(f"The sandbox knows no error {code}.")
    # Always a copy: raising the same instance again would chain the tracebacks of all calls.
    return replace(
        error,
        subcode=error.subcode if subcode is None else subcode,
        details=error.details if details is None else details,
    )


def invalid(details: str) -> GraphError:
    """100: a parameter has the wrong type, length or value."""
    return graph_error(100, details)


def missing(parameter: str) -> GraphError:
    """131008: a required parameter is absent."""
    return graph_error(131008, f"Parameter '{parameter}' is missing.")


def not_visible(method: str, object_id: str) -> GraphError:
    """100/33: no such object, or one that this token may not see; Meta does not tell which."""
    return GraphError(
        100,
        400,
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, "
        "cannot be loaded due to missing permissions, or does not support this operation.",
        type="GraphMethodException",
        subcode=33,
    )


def unknown_alias(alias: str) -> GraphError:
    """803: the path names something that is no id at all."""
    return GraphError(803, 404, f"(#803) Some of the aliases you requested do not exist: {alias}")


def invalid_proof() -> GraphError:
    """100 without subcode: ``appsecret_proof`` was not made with this app's secret and this token."""
    return GraphError(100, 400, "Invalid appsecret_proof provided in the API argument", type="GraphMethodException")


def template_refused(subcode: int, title: str, message: str) -> GraphError:
    """100/2388xxx: a template that cannot be submitted, in words for the person who wrote it."""
    return GraphError(
        100,
        400,
        "Invalid parameter",
        subcode=subcode,
        is_transient=False,
        user_title=title,
        user_message=message,
    )


def business_usage(object_id: str, call_count: int, minutes_to_regain: int) -> dict[str, str]:
    """The header that tells how much of the hourly allowance of a business object is used, in percent."""
    usage = {
        "type": "whatsapp",
        "call_count": call_count,
        "total_cputime": 12,
        "total_time": 18,
        "estimated_time_to_regain_access": minutes_to_regain,
    }
    return {"X-Business-Use-Case-Usage": json.dumps({object_id: [usage]})}


def webhook_error(code: int, details: str | None = None) -> dict[str, Any]:
    """The shape errors have inside webhooks: a title equal to the message, a link, no trace id."""
    error = graph_error(code, details)
    title = error.message.removeprefix(f"(#{code}) ")
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": error.details or title},
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    }
