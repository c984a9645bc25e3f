"""Google: consent with PKCE, tokens for an hour, their refresh and revocation, and the calendar behind them."""

from typing import Any

import httpx
import pytest

from tests.integration.sandbox import logins
from tests.integration.sandbox.logins import DAY, EMAIL, GOOGLE, STATE, SUAREZ
from tests.integration.sandbox.world import GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, Sandbox

WINDOW = {"timeMin": "2026-11-23T09:00:00-03:00", "timeMax": "2026-11-23T18:00:00-03:00"}


def granted(sandbox: Sandbox, **choice: Any) -> dict[str, Any]:
    answer = logins.google_exchange(sandbox, logins.google_code(sandbox, **choice))
    assert answer.status_code == 200, answer.text
    return answer.json()


def events(sandbox: Sandbox, token: str, calendar: str = "primary") -> httpx.Response:
    path = f"/google/calendar/v3/calendars/{calendar}/events"
    return sandbox.http.get(path, headers={"Authorization": f"Bearer {token}"})


def free_busy(sandbox: Sandbox, token: str, **body: Any) -> httpx.Response:
    whole = {**WINDOW, "items": [{"id": EMAIL}], **body}
    return sandbox.http.post("/google/calendar/v3/freeBusy", headers={"Authorization": f"Bearer {token}"}, json=whole)


def reason(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return answer.status_code, error["errors"][0]["reason"]


def oauth_error(answer: httpx.Response) -> tuple[int, str]:
    assert answer.json()["error_description"]
    return answer.status_code, answer.json()["error"]


def test_consent_gives_access_and_refresh_token(sandbox: Sandbox) -> None:
    back = logins.decide(sandbox, logins.google_url(sandbox), person=SUAREZ["person"])

    token = logins.google_exchange(sandbox, back["code"]).json()

    assert back["state"] == STATE
    assert (token["expires_in"], token["token_type"]) == (3599, "Bearer")
    assert token["scope"].split() == list(GOOGLE)
    assert token["refresh_token"] != token["access_token"]


def test_a_denied_permission_comes_back_as_such(sandbox: Sandbox) -> None:
    assert logins.decide(sandbox, logins.google_url(sandbox), decision="deny") == {
        "error": "access_denied",
        "state": STATE,
    }


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_id": "otro"}, "client_id"),
        ({"redirect_uri": None}, "redirect_uri"),
        ({"response_type": "token"}, "response_type"),
        ({"scope": None}, "scope"),
        ({"scope": "https://www.googleapis.com/auth/drive"}, "drive"),
        ({"code_challenge_method": "plain"}, "S256"),
        ({"code_challenge": "corto"}, "S256"),
    ],
)
def test_a_wrong_address_opens_no_dialog(sandbox: Sandbox, changes: dict[str, str | None], word: str) -> None:
    answer = sandbox.http.get(logins.google_url(sandbox, **changes))

    assert (answer.status_code, word in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "otro"}, (400, "invalid_grant")),
        ({"code_verifier": None}, (400, "invalid_grant")),
        ({"redirect_uri": logins.REDIRECT + "/"}, (400, "redirect_uri_mismatch")),
        ({"redirect_uri": None}, (400, "invalid_request")),
        ({"client_secret": "otro"}, (401, "invalid_client")),
        ({"client_id": "otro"}, (401, "invalid_client")),
        ({"code": "4/0inventado"}, (400, "invalid_grant")),
        ({"code": None}, (400, "invalid_request")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"grant_type": None}, (400, "invalid_request")),
    ],
)
def test_an_exchange_with_anything_wrong_is_refused(
    sandbox: Sandbox, changes: dict[str, str | None], error: tuple[int, str]
) -> None:
    answer = logins.google_exchange(sandbox, **{"code": logins.google_code(sandbox), **changes})

    assert oauth_error(answer) == error


def test_a_code_is_good_once_and_for_ten_minutes(sandbox: Sandbox) -> None:
    code, old = logins.google_code(sandbox), logins.google_code(sandbox)
    assert logins.google_exchange(sandbox, code).status_code == 200
    assert oauth_error(logins.google_exchange(sandbox, code)) == (400, "invalid_grant")

    logins.advance(sandbox, 601)

    assert oauth_error(logins.google_exchange(sandbox, old)) == (400, "invalid_grant")


def test_a_verifier_without_a_challenge_is_refused(sandbox: Sandbox) -> None:
    url = logins.google_url(sandbox, code_challenge=None, code_challenge_method=None)

    code = logins.google_code(sandbox, url)

    assert oauth_error(logins.google_exchange(sandbox, code)) == (400, "invalid_grant")
    assert logins.google_exchange(sandbox, code, code_verifier=None).status_code == 200


def test_the_refresh_token_comes_with_the_first_consent_only_unless_asked_again(sandbox: Sandbox) -> None:
    first = logins.google_code(sandbox, logins.google_url(sandbox, prompt=None))
    second = logins.google_code(sandbox, logins.google_url(sandbox, prompt=None))
    asked = logins.google_code(sandbox)
    online = logins.google_code(sandbox, logins.google_url(sandbox, access_type=None))

    codes = (first, second, asked, online)

    answers = [logins.google_exchange(sandbox, code).json() for code in codes]
    assert ["refresh_token" in answer for answer in answers] == [True, False, True, False]


def test_the_client_may_prove_itself_in_a_header(sandbox: Sandbox) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": logins.REDIRECT, "code_verifier": logins.VERIFIER}
    form["code"] = logins.google_code(sandbox)

    answer = sandbox.http.post("/google/oauth/token", data=form, auth=(GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET))

    assert answer.status_code == 200


def test_an_access_token_lives_an_hour_and_is_refreshed(sandbox: Sandbox) -> None:
    token = granted(sandbox)
    logins.advance(sandbox, 3600)
    assert reason(events(sandbox, token["access_token"])) == (401, "authError")

    answer = logins.google_refresh(sandbox, token["refresh_token"]).json()

    assert answer.keys() == {"access_token", "expires_in", "scope", "token_type"}
    assert events(sandbox, answer["access_token"]).status_code == 200


def test_a_refresh_token_dies_of_six_idle_months(sandbox: Sandbox) -> None:
    refresh = granted(sandbox)["refresh_token"]
    logins.advance(sandbox, 180 * DAY)
    assert logins.google_refresh(sandbox, refresh).status_code == 200
    logins.advance(sandbox, 184 * DAY)

    assert oauth_error(logins.google_refresh(sandbox, refresh)) == (400, "invalid_grant")


def test_only_a_refresh_token_refreshes(sandbox: Sandbox) -> None:
    token = granted(sandbox)

    assert oauth_error(logins.google_refresh(sandbox, token["access_token"])) == (400, "invalid_grant")
    assert reason(events(sandbox, token["refresh_token"])) == (401, "authError")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_permission(sandbox: Sandbox, which: str) -> None:
    token = granted(sandbox)

    assert sandbox.http.post("/google/oauth/revoke", data={"token": token[which]}).status_code == 200

    assert reason(events(sandbox, token["access_token"])) == (401, "authError")
    assert oauth_error(logins.google_refresh(sandbox, token["refresh_token"])) == (400, "invalid_grant")
    again = sandbox.http.post("/google/oauth/revoke", data={"token": token[which]})
    assert oauth_error(again) == (400, "invalid_token")


def test_a_person_can_take_the_permission_back(sandbox: Sandbox) -> None:
    token = granted(sandbox)

    sandbox.control("PATCH", f"/google/{EMAIL}", {"token_state": "revoked"})

    assert oauth_error(logins.google_refresh(sandbox, token["refresh_token"])) == (400, "invalid_grant")
    assert reason(events(sandbox, token["access_token"])) == (401, "authError")
    assert events(sandbox, granted(sandbox)["access_token"]).status_code == 200


def test_the_calendar_tells_its_name(sandbox: Sandbox) -> None:
    answer = events(sandbox, granted(sandbox)["access_token"]).json()

    assert (answer["summary"], answer["items"]) == ("Agenda Dra. Suárez", [])


def test_an_unknown_or_unshared_calendar_is_not_found(sandbox: Sandbox) -> None:
    token = granted(sandbox)["access_token"]
    assert reason(events(sandbox, token, "otra@gmail.example")) == (404, "notFound")

    sandbox.control("PATCH", f"/google/{EMAIL}", {"shared": False})

    assert reason(events(sandbox, token)) == (404, "notFound")
    calendars = free_busy(sandbox, token).json()["calendars"]
    assert calendars[EMAIL]["errors"][0]["reason"] == "notFound"


def test_busy_stretches_are_told_within_the_range_asked_for(sandbox: Sandbox) -> None:
    token = granted(sandbox)["access_token"]
    ten = 1795438800  # 2026-11-23, 10:00 in Buenos Aires
    busy = [{"start": ten, "end": ten + 1800}, {"start": ten - 7200, "end": ten - 1800}, {"start": 0, "end": 10}]
    sandbox.control("PATCH", f"/google/{EMAIL}", {"busy": busy})

    calendars = free_busy(sandbox, token).json()["calendars"]

    assert calendars[EMAIL]["busy"] == [
        {"start": "2026-11-23T12:00:00Z", "end": "2026-11-23T12:30:00Z"},
        {"start": "2026-11-23T13:00:00Z", "end": "2026-11-23T13:30:00Z"},
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"timeMin": None}, "required"),
        ({"timeMin": "2026-11-23T09:00:00"}, "invalid"),
        ({"timeMin": "mañana"}, "invalid"),
        ({"timeMax": WINDOW["timeMin"]}, "timeRangeEmpty"),
        ({"items": []}, "invalid"),
        ({"items": [{"id": str(n)} for n in range(51)]}, "invalid"),
    ],
)
def test_a_wrong_question_about_free_time_is_refused(sandbox: Sandbox, body: dict[str, Any], error: str) -> None:
    assert reason(free_busy(sandbox, granted(sandbox)["access_token"], **body)) == (400, error)


def test_each_call_needs_its_permission(sandbox: Sandbox) -> None:
    only_events = granted(sandbox, without_scopes=[GOOGLE[1]])["access_token"]
    only_busy = granted(sandbox, without_scopes=[GOOGLE[0]])["access_token"]

    assert reason(free_busy(sandbox, only_events)) == (403, "insufficientPermissions")
    assert events(sandbox, only_events).status_code == 200
    assert reason(events(sandbox, only_busy)) == (403, "insufficientPermissions")
    assert free_busy(sandbox, only_busy).status_code == 200


def test_a_permission_taken_back_is_missing_after_the_next_refresh_too(sandbox: Sandbox) -> None:
    token = granted(sandbox)
    sandbox.control("PATCH", f"/google/{EMAIL}", {"revoked_scopes": [GOOGLE[0]]})

    refreshed = logins.google_refresh(sandbox, token["refresh_token"]).json()

    assert refreshed["scope"] == GOOGLE[1]
    assert reason(events(sandbox, token["access_token"])) == (403, "insufficientPermissions")
    assert reason(events(sandbox, refreshed["access_token"])) == (403, "insufficientPermissions")


def test_an_account_can_be_added(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/google", {"calendar_id": "otra@gmail.example", "summary": "Otra"}, expect=201)
    token = granted(sandbox, google_email="otra@gmail.example")["access_token"]

    assert events(sandbox, token, "otra@gmail.example").json()["summary"] == "Otra"
    assert sandbox.http.post("/control/google", json={"calendar_id": "sin-arroba"}).status_code == 422
