"""Google's OAuth and the proof that a calendar can be read."""

import json
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import httpx
import pytest

from dentalist.domain.errors import DomainError
from dentalist.domain.linking_errors import ExchangeFailed, ProviderUnreachable, ScopeMissing
from dentalist.domain.sending_errors import AccessLost
from dentalist.outbound.google.login import GoogleLoginClient
from dentalist.outbound.grants import AppRefused
from tests.builders import NOON
from tests.clients.meta.recorded import connections, in_turn

CLIENT_ID = "dentalist.apps.googleusercontent.com"
SECRET = "GOCSPX-secret"
CODE = "4/0A-code"
TOKEN = "ya29.token"
REFRESH = "1//refresh"
VERIFIER = "v" * 43
CALLBACK = "https://api.example.com/api/marketing/channels/oauth/callback"
SCOPES = "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.freebusy"
GRANTED = {
    "access_token": TOKEN,
    "expires_in": 3599,
    "token_type": "Bearer",
    "scope": SCOPES,
    "refresh_token": REFRESH,
}
FREE = httpx.Response(200, json={"calendars": {"primary": {"busy": []}}})


class Login:
    """A client with what it was asked and how long it paused."""

    def __init__(self, *answers: httpx.Response | httpx.RequestError) -> None:
        http, self.requests = connections(in_turn(*answers))
        http.follow_redirects = True  # whatever the connections would do
        self.pauses: list[float] = []
        self.client = GoogleLoginClient(
            api_base_url="https://www.googleapis.com",
            oauth_base_url="https://oauth2.googleapis.com",
            client_id=CLIENT_ID,
            client_secret=SECRET,
            http=http,
            now=lambda: NOON,
            pause=self.pauses.append,
        )

    def form(self) -> dict[str, str]:
        """What the first request posted."""
        return dict(parse_qsl(self.requests[0].content.decode()))


def refused(word: str, *, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error": word, "error_description": f"Bad: {CODE} {REFRESH} {SECRET}"})


def calendar_refused(status: int, reason: str) -> httpx.Response:
    error = {"code": status, "message": "No.", "errors": [{"domain": "global", "reason": reason, "message": TOKEN}]}
    return httpx.Response(status, json={"error": error})


def test_a_code_is_exchanged_with_its_verifier() -> None:
    login = Login(httpx.Response(200, json=GRANTED))

    grant = login.client.exchange(CODE, redirect_uri=CALLBACK, code_verifier=VERIFIER)

    assert (grant.token, grant.refresh_token) == (TOKEN, REFRESH)
    assert grant.expires_at == NOON + timedelta(seconds=3599)
    assert grant.scopes == set(SCOPES.split())
    assert str(login.requests[0].url) == "https://oauth2.googleapis.com/token"
    assert login.form() == {
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "code": CODE,
    }


@pytest.mark.parametrize(
    "answer",
    [
        refused("invalid_grant"),
        refused("redirect_uri_mismatch"),
        refused("invalid_request"),
        httpx.Response(500, text=""),
        httpx.Response(429, text="slow down"),
        httpx.Response(200, text="<html>ok</html>"),
        httpx.Response(200, json={"access_token": TOKEN, "error": "strange"}),
        httpx.Response(302, headers={"location": "https://elsewhere.example.com"}),
        httpx.ReadTimeout("lost"),
    ],
    ids=str,
)
def test_a_code_is_tried_once(answer: httpx.Response | httpx.RequestError, caplog: pytest.LogCaptureFixture) -> None:
    login = Login(answer)

    with pytest.raises(ExchangeFailed) as raised:
        login.client.exchange(CODE, redirect_uri=CALLBACK, code_verifier=VERIFIER)

    assert len(login.requests) == 1
    told = f"{raised.value!r} {[record.__dict__ for record in caplog.records]}"
    assert not any(secret in told for secret in (CODE, SECRET, VERIFIER))


@pytest.mark.parametrize("word", ["invalid_client", "unauthorized_client", "deleted_client"])
def test_our_own_wrong_client_is_nobodys_lost_access(word: str) -> None:
    login = Login(refused(word, status=401))

    with pytest.raises(AppRefused) as raised:
        login.client.refresh(REFRESH)
    with pytest.raises(AppRefused):
        login.client.exchange(CODE, redirect_uri=CALLBACK, code_verifier=VERIFIER)

    assert word in str(raised.value)
    assert SECRET not in str(raised.value)
    assert len(login.requests) == 2


def test_a_refreshed_token_lives_another_hour() -> None:
    login = Login(httpx.Response(200, json={"access_token": TOKEN, "expires_in": "3599"}))

    grant = login.client.refresh(REFRESH)

    assert (grant.token, grant.refresh_token, grant.scopes) == (TOKEN, None, None)
    assert grant.expires_at == NOON + timedelta(seconds=3599)
    assert login.form() == {
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "grant_type": "refresh_token",
        "refresh_token": REFRESH,
    }


@pytest.mark.parametrize(
    ("word", "reason"),
    [("invalid_grant", "token_expired"), ("access_denied", "permission"), ("admin_policy_enforced", "permission")],
)
def test_access_that_was_taken_back_is_lost(word: str, reason: str) -> None:
    login = Login(refused(word))

    with pytest.raises(AccessLost) as raised:
        login.client.refresh(REFRESH)

    assert raised.value.reason == reason
    assert REFRESH not in f"{raised.value!r} {vars(raised.value)}"
    assert len(login.requests) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(500, text="<html>"),
        httpx.Response(503, json={"error": "temporarily_unavailable"}),
        httpx.Response(503, json={"error": "invalid_grant"}),
        httpx.Response(429, json={"error": "rate_limit_exceeded"}),
        httpx.Response(200, text=""),
        httpx.Response(200, json=[]),
        httpx.Response(404, text="<html>"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("lost"),
    ],
    ids=str,
)
def test_a_refresh_is_tried_three_times_with_growing_pauses(trouble: httpx.Response | httpx.RequestError) -> None:
    login = Login(trouble)

    with pytest.raises(ProviderUnreachable):
        login.client.refresh(REFRESH)

    assert len(login.requests) == 3
    assert all(0 <= pause <= ceiling for pause, ceiling in zip(login.pauses, (1, 2), strict=True))


def test_a_refresh_recovers() -> None:
    login = Login(httpx.ReadTimeout("lost"), httpx.Response(502, text=""), httpx.Response(200, json=GRANTED))

    assert login.client.refresh(REFRESH).token == TOKEN


@pytest.mark.parametrize(
    "answer", [httpx.Response(200, json={}), httpx.Response(200, text=""), refused("invalid_token")]
)
def test_what_is_revoked_is_gone_also_when_it_was_before(answer: httpx.Response) -> None:
    login = Login(answer)

    login.client.revoke(REFRESH)

    assert str(login.requests[0].url) == "https://oauth2.googleapis.com/revoke"
    assert login.form() == {"token": REFRESH}


def test_a_revocation_without_an_answer_is_told() -> None:
    login = Login(httpx.Response(503, text=""))

    with pytest.raises(ProviderUnreachable):
        login.client.revoke(REFRESH)

    assert len(login.requests) == 3


def test_a_calendar_is_proven_by_asking_when_it_is_free() -> None:
    login = Login(FREE, httpx.Response(200, json={"summary": "Consultorio", "items": []}))

    assert login.client.calendar_name(TOKEN) == "Consultorio"

    proof, name = login.requests
    assert (proof.method, str(proof.url)) == ("POST", "https://www.googleapis.com/calendar/v3/freeBusy")
    asked = json.loads(proof.content)
    assert asked["items"] == [{"id": "primary"}]
    assert datetime.fromisoformat(asked["timeMin"]).utcoffset() is not None
    assert datetime.fromisoformat(asked["timeMin"]) < datetime.fromisoformat(asked["timeMax"])
    assert name.url.path == "/calendar/v3/calendars/primary/events"
    assert dict(name.url.params) == {"maxResults": "1", "fields": "summary"}
    assert {request.headers["authorization"] for request in login.requests} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={}),
        httpx.Response(200, text="<html>"),
        httpx.Response(500, text=""),
        calendar_refused(403, "insufficientPermissions"),
        httpx.ReadTimeout("lost"),
    ],
    ids=str,
)
def test_a_proven_calendar_needs_no_name(answer: httpx.Response | httpx.RequestError) -> None:
    login = Login(FREE, answer)

    assert login.client.calendar_name(TOKEN) is None
    assert len(login.requests) == 2


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (calendar_refused(401, "authError"), AccessLost, "token_expired"),
        (httpx.Response(401, text=""), AccessLost, "token_expired"),
        (calendar_refused(403, "insufficientPermissions"), ScopeMissing, None),
        (calendar_refused(403, "forbidden"), AccessLost, "permission"),
        (calendar_refused(404, "notFound"), AccessLost, "permission"),
        (
            httpx.Response(
                403, json={"error": {"code": 403, "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}
            ),
            ScopeMissing,
            None,
        ),
        (
            httpx.Response(200, json={"calendars": {"primary": {"errors": [{"reason": "notFound"}]}}}),
            AccessLost,
            "permission",
        ),
    ],
)
def test_a_calendar_that_cannot_be_read_says_why_at_once(
    answer: httpx.Response, error: type[DomainError], reason: str | None
) -> None:
    login = Login(answer)

    with pytest.raises(error) as raised:
        login.client.calendar_name(TOKEN)

    assert getattr(raised.value, "reason", None) == reason
    assert TOKEN not in f"{raised.value!r} {vars(raised.value)}"
    assert len(login.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        *[
            calendar_refused(403, reason)
            for reason in ("userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "calendarUsageLimits")
        ],
        calendar_refused(429, "rateLimitExceeded"),
        calendar_refused(500, "backendError"),
        httpx.Response(403, text="<html>"),
        httpx.Response(200, json={"calendars": []}),
        httpx.Response(200, json={"calendars": {}}),
        httpx.Response(302, headers={"location": "https://elsewhere.example.com"}),
        httpx.ConnectError("refused"),
    ],
    ids=str,
)
def test_googles_limits_and_troubles_cost_nobody_their_link(answer: httpx.Response | httpx.RequestError) -> None:
    login = Login(answer)

    with pytest.raises(ProviderUnreachable):
        login.client.calendar_name(TOKEN)

    assert len(login.requests) == 3
    assert {request.url.host for request in login.requests} == {"www.googleapis.com"}


@pytest.mark.parametrize(
    "calendars", [{"primary": []}, {"primary": {"errors": [{"reason": "internalError"}]}}], ids=["shape", "trouble"]
)
def test_trouble_with_one_calendar_is_no_lost_access(calendars: object) -> None:
    login = Login(httpx.Response(200, json={"calendars": calendars}))

    with pytest.raises(ProviderUnreachable):
        login.client.calendar_name(TOKEN)

    assert len(login.requests) == 3


def test_a_project_without_the_calendar_api_is_our_mistake() -> None:
    login = Login(calendar_refused(403, "accessNotConfigured"))

    with pytest.raises(AppRefused):
        login.client.calendar_name(TOKEN)
