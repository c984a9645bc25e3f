"""The one table from domain errors to HTTP."""

from datetime import timedelta

import pytest

from dentalist.domain import calendars, errors, sending_errors
from dentalist.domain.errors import DomainError, MetaFault
from dentalist.domain.feed_url import FeedUrlInvalid
from dentalist.runtime.problems import problem_of

FAULT = MetaFault(131026, subcode=None, message="undeliverable", fbtrace_id="A1")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.Unauthenticated(), 401, "unauthenticated"),
        (errors.FeatureDisabled(), 403, "feature_disabled"),
        (errors.RoleNotAllowed(), 403, "role_not_allowed"),
        (errors.ConsentRequired(), 403, "consent_required"),
        (errors.ConversationNotFound(), 404, "conversation_not_found"),
        (sending_errors.MediaNotFound(), 404, "media_not_found"),
        (errors.ServiceWindowClosed(), 409, "service_window_closed"),
        (sending_errors.MetaWindowClosed(FAULT), 409, "service_window_closed"),
        (errors.ChannelDisconnected(), 409, "channel_disconnected"),
        (sending_errors.TokenDead(FAULT, reason="token_expired"), 409, "channel_disconnected"),
        (errors.IdempotencyConflict(), 409, "idempotency_conflict"),
        (errors.IdempotencyInProgress(), 409, "idempotency_in_progress"),
        (errors.TemplateNotFound(), 422, "template_not_found"),
        (errors.TemplateNotApproved(), 422, "template_not_approved"),
        (errors.TemplateVariablesMismatch(), 422, "template_variables_mismatch"),
        (errors.RateLimited(), 429, "rate_limited"),
        (sending_errors.ConversationBusy(), 429, "rate_limited"),
        (sending_errors.MetaRateLimited(FAULT, retry_after=timedelta(seconds=6)), 429, "rate_limited"),
        (errors.MetaError(FAULT), 502, "meta_error"),
        (sending_errors.MetaTransient(FAULT), 502, "meta_error"),
        (errors.StoreUnavailable(), 503, "store_unavailable"),
        (sending_errors.MetaUnreachable(), 503, "meta_unreachable"),
        (FeedUrlInvalid(), 422, "feed_url_invalid"),
        (calendars.FeedUnreadable("too_large"), 422, "feed_unreadable"),
        (calendars.CalendarUnreadable("access_lost"), 503, "calendar_unreadable"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, DomainError) else None,
)
def test_every_error_has_the_status_and_code_of_the_contract(error: DomainError, status: int, code: str) -> None:
    document = problem_of(error).document("request-1")

    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"/problems/{code}"
    assert document["correlation_id"] == "request-1"
    assert document["title"]
    assert document["detail"]


def test_an_error_that_no_route_expects_is_ours() -> None:
    class SomethingNew(DomainError):
        """Nobody has put it into the table."""

    assert problem_of(SomethingNew()).status == 500


def test_a_limit_says_in_whole_seconds_when_to_come_back() -> None:
    assert problem_of(errors.RateLimited(retry_after=timedelta(milliseconds=1200))).headers == {"Retry-After": "2"}
    assert problem_of(errors.RateLimited(retry_after=timedelta(0))).headers == {"Retry-After": "1"}


def test_a_refusal_of_meta_carries_what_meta_said() -> None:
    assert problem_of(errors.MetaError(FAULT)).document("r")["meta"] == {
        "code": 131026,
        "subcode": None,
        "message": "undeliverable",
        "fbtrace_id": "A1",
    }
