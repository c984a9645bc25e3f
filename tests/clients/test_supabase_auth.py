"""Inviting people through Supabase Auth."""

import json
from uuid import UUID

import httpx
import pytest

from dentalist.domain.clinic_errors import InvitationRefused
from dentalist.domain.errors import StoreRefused, StoreUnavailable
from dentalist.outbound.supabase_auth import SupabaseAuthAdmin
from tests.clients.meta.recorded import connections, in_turn

KEY = "sb_secret_key"
EMAIL = "ana@clinica.example"
LINK = "https://panel.example.com/bienvenida?clinica=1"
PERSON = UUID("7d5c1f0e-6a1b-4d0c-9d53-0c5f8f6f0001")
INVITED = {
    "id": str(PERSON),
    "aud": "authenticated",
    "role": "authenticated",
    "email": EMAIL,
    "invited_at": "2026-11-22T16:00:00.123456Z",
    "app_metadata": {"provider": "email", "providers": ["email"]},
    "user_metadata": {"role": "reception"},
    "created_at": "2026-11-22T16:00:00.123456Z",
    "updated_at": "2026-11-22T16:00:00.123456Z",
}


def admin_answering(*answers: httpx.Response | httpx.RequestError) -> tuple[SupabaseAuthAdmin, list[httpx.Request]]:
    http, requests = connections(in_turn(*answers))
    return SupabaseAuthAdmin("https://project.supabase.co", KEY, http=http), requests


def refused(status: int, code: str | None) -> httpx.Response:
    body = {"code": status, "error_code": code, "msg": f"Something about {EMAIL}"}
    return httpx.Response(status, json=body)


def invite(admin: SupabaseAuthAdmin) -> UUID | None:
    return admin.invite(EMAIL, redirect_to=LINK, data={"role": "reception"})


def test_an_invitation_answers_the_new_persons_id() -> None:
    admin, requests = admin_answering(httpx.Response(200, json=INVITED))

    assert invite(admin) == PERSON

    asked = requests[0]
    assert (asked.method, asked.url.path) == ("POST", "/auth/v1/invite")
    assert asked.url.params["redirect_to"] == LINK
    assert (asked.headers["apikey"], asked.headers["authorization"]) == (KEY, f"Bearer {KEY}")
    assert json.loads(asked.content) == {"email": EMAIL, "data": {"role": "reception"}}


@pytest.mark.parametrize("code", ["email_exists", "user_already_exists"])
def test_who_is_known_already_is_not_invited(code: str) -> None:
    admin, _ = admin_answering(refused(422, code))

    assert invite(admin) is None


def test_the_newer_way_of_naming_errors_is_understood() -> None:
    headers = {"x-supabase-api-version": "2024-01-01"}
    admin, _ = admin_answering(httpx.Response(422, headers=headers, json={"code": "email_exists", "message": "known"}))

    assert invite(admin) is None


@pytest.mark.parametrize("code", ["email_address_invalid", "email_address_not_authorized", "validation_failed"])
def test_an_address_that_cannot_be_written_to_is_told(code: str) -> None:
    admin, _ = admin_answering(refused(400, code))

    with pytest.raises(InvitationRefused) as raised:
        invite(admin)

    assert "address" in raised.value.detail
    assert EMAIL not in repr(raised.value)


@pytest.mark.parametrize(
    "answer",
    [
        refused(429, "over_email_send_rate_limit"),
        refused(500, "unexpected_failure"),
        refused(503, None),
        httpx.Response(502, text="<html>"),
        httpx.Response(401, text="<html>"),
        httpx.Response(302, headers={"location": "https://elsewhere.example.com"}),
        httpx.Response(200, text="<html>ok</html>"),
        httpx.Response(200, json={}),
        httpx.Response(200, json={**INVITED, "id": "nobody"}),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("lost"),
    ],
    ids=str,
)
def test_no_usable_answer_is_an_outage_and_asked_for_once(answer: httpx.Response | httpx.RequestError) -> None:
    admin, requests = admin_answering(answer)

    with pytest.raises(StoreUnavailable) as raised:
        invite(admin)

    assert len(requests) == 1
    assert raised.value.__cause__ is None
    assert EMAIL not in repr(raised.value)


@pytest.mark.parametrize(
    ("answer", "code"),
    [(refused(401, "bad_jwt"), "bad_jwt"), (refused(403, "not_admin"), "not_admin"), (refused(422, None), "422")],
)
def test_a_mistake_of_ours_is_named_by_its_code_alone(answer: httpx.Response, code: str) -> None:
    admin, _ = admin_answering(answer)

    with pytest.raises(StoreRefused) as raised:
        invite(admin)

    assert raised.value.code == code
    assert EMAIL not in str(raised.value)
    assert KEY not in str(raised.value)


def test_a_forgotten_password_is_replaced_by_one_that_nobody_knows() -> None:
    admin, requests = admin_answering(httpx.Response(200, json=INVITED), httpx.Response(200, json=INVITED))

    admin.forget_password(PERSON)
    admin.forget_password(PERSON)

    assert {(asked.method, asked.url.path) for asked in requests} == {("PUT", f"/auth/v1/admin/users/{PERSON}")}
    first, second = (json.loads(asked.content)["password"] for asked in requests)
    assert first != second
    assert 60 <= len(first) <= 72


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused(503, None), StoreUnavailable),
        (httpx.ConnectError("refused"), StoreUnavailable),
        (httpx.Response(200, text="<html>"), StoreUnavailable),
        (refused(404, "user_not_found"), StoreRefused),
    ],
    ids=str,
)
def test_a_password_that_could_not_be_forgotten_is_an_error(
    answer: httpx.Response | httpx.RequestError, error: type[Exception]
) -> None:
    admin, requests = admin_answering(answer)

    with pytest.raises(error) as raised:
        admin.forget_password(PERSON)

    assert json.loads(requests[0].content)["password"] not in repr(raised.value)
