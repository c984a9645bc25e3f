"""Meta's callbacks and the page about them, called with whole events of API Gateway."""

import base64
import io
import json
import logging
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dentalist.domain.errors import StoreUnavailable
from dentalist.runtime import wiring_privacy
from meta_callbacks import handler
from tests.builders import LambdaContext, make_event
from tests.fakes_privacy import FakeMetaUsers
from tests.unit.services.test_meta_callbacks import SECRET, USER, request_of, signed

DEAUTHORIZE, DELETION = "/api/meta/deauthorize", "/api/meta/data-deletion"
FORM = "application/x-www-form-urlencoded"
PUBLIC = "https://api.example.com"
AT = datetime(2026, 11, 22, 15, 4, tzinfo=UTC)


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> FakeMetaUsers:
    users = FakeMetaUsers({USER: 2})
    monkeypatch.setattr(wiring_privacy, "meta_users", lambda: users)
    monkeypatch.setattr(wiring_privacy, "meta_secrets", lambda: ("another", SECRET))
    monkeypatch.setattr(wiring_privacy, "public_url", lambda: PUBLIC)
    return users


def fresh(**overrides: Any) -> str:
    """Signed just now."""
    return request_of(**{"issued_at": int(datetime.now(UTC).timestamp()), **overrides})


def post(path: str, body: str | bytes, *, is_base64: bool = True) -> dict[str, Any]:
    """A form, in base64 as API Gateway hands it over."""
    raw = body.encode() if isinstance(body, str) else body
    text = base64.b64encode(raw).decode() if is_base64 else raw.decode()
    event = {**make_event("POST", path, text, headers={"content-type": FORM}), "isBase64Encoded": is_base64}
    answer: dict[str, Any] = handler.lambda_handler(event, LambdaContext())
    return answer


def post_signed(path: str, signed_request: str, **how: Any) -> dict[str, Any]:
    return post(path, urlencode({"signed_request": signed_request}), **how)


def get(code: str, accept: str = "text/html,application/xhtml+xml,*/*;q=0.8") -> dict[str, Any]:
    event = make_event("GET", f"{DELETION}/{code}", headers={"accept": accept})
    answer: dict[str, Any] = handler.lambda_handler(event, LambdaContext())
    return answer


def told(answer: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer["body"])
    return body


@pytest.mark.parametrize("is_base64", [True, False])
def test_somebody_who_removed_the_app_is_deauthorized(users: FakeMetaUsers, *, is_base64: bool) -> None:
    answer = post_signed(DEAUTHORIZE, fresh(), is_base64=is_base64)

    assert answer["statusCode"] == 200
    assert [(what, request.user_id) for what, request in users.asked] == [("deauthorize", USER)]


def test_somebody_who_never_linked_anything_is_nothing_to_do(users: FakeMetaUsers) -> None:
    assert post_signed(DEAUTHORIZE, fresh(user_id="stranger"))["statusCode"] == 200


def test_a_deletion_answers_where_its_status_is_shown(users: FakeMetaUsers) -> None:
    answer = post_signed(DELETION, fresh())

    (code,) = users.deletions
    assert answer["statusCode"] == 200
    assert told(answer) == {"url": f"{PUBLIC}{DELETION}/{code}", "confirmation_code": code}


@pytest.mark.parametrize("path", [DEAUTHORIZE, DELETION])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 400, "malformed_body"),
        ("signed=1", 400, "malformed_body"),
        ("signed_request", 401, "signature_invalid"),
        ("signed_request=", 401, "signature_invalid"),
        ("signed_request=a.b", 401, "signature_invalid"),
        ("signed_request=a.b&signed_request=a.b", 400, "malformed_body"),
        ('{"signed_request": "a.b"}', 400, "malformed_body"),
    ],
)
def test_what_is_no_signed_form_is_refused(users: FakeMetaUsers, path: str, body: str, status: int, code: str) -> None:
    answer = post(path, body)

    assert (answer["statusCode"], told(answer)["code"]) == (status, code)
    assert users.asked == []


@pytest.mark.parametrize("path", [DEAUTHORIZE, DELETION])
def test_an_old_request_and_one_of_another_secret_are_refused(users: FakeMetaUsers, path: str) -> None:
    old = fresh(issued_at=int((datetime.now(UTC) - timedelta(days=1, minutes=1)).timestamp()))
    forged = signed({"algorithm": "HMAC-SHA256", "issued_at": int(datetime.now(UTC).timestamp()), "user_id": USER}, "x")

    for signed_request in (old, forged):
        answer = post_signed(path, signed_request)
        assert (answer["statusCode"], told(answer)["code"]) == (401, "signature_invalid")
    assert users.asked == []


def test_a_genuine_request_that_names_nobody_is_malformed(users: FakeMetaUsers) -> None:
    answer = post_signed(DEAUTHORIZE, fresh(user_id=None))

    assert (answer["statusCode"], told(answer)["code"]) == (400, "malformed_body")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_other_byte_in_the_signed_request_is_a_forgery(users: FakeMetaUsers, data: st.DataObject) -> None:
    genuine = fresh()
    position = data.draw(st.integers(0, len(genuine) - 1))
    byte = data.draw(st.characters(max_codepoint=255))
    altered = genuine[:position] + byte + genuine[position + 1 :]
    assume(altered != genuine)

    answer = post_signed(DEAUTHORIZE, altered)

    assert (answer["statusCode"], told(answer)["code"]) == (401, "signature_invalid")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_whatever_bytes_come_are_refused_and_never_a_crash(users: FakeMetaUsers, body: bytes) -> None:
    assert post(DELETION, body)["statusCode"] in {400, 401, 422}
    assert users.asked == []


def test_a_store_that_is_away_is_an_error_so_that_meta_asks_again(users: FakeMetaUsers) -> None:
    users.failure = StoreUnavailable()

    assert post_signed(DELETION, fresh())["statusCode"] == 503


def test_nobody_is_named_in_the_log(users: FakeMetaUsers, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.StringIO()
    monkeypatch.setattr(handler.logger.registered_handler, "stream", lines)
    monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])

    post_signed(DEAUTHORIZE, fresh())
    post_signed(DEAUTHORIZE, "forged." + fresh())

    assert lines.getvalue()
    assert USER not in lines.getvalue()


# ---- the page --------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The words of a page, and what of it could load or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: dict[str, list[dict[str, str | None]]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.setdefault(tag, []).append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def with_deletion(users: FakeMetaUsers, *, completed: bool = True) -> str:
    code = "0123456789abcdef" * 2
    users.deletions[code] = users.deletion(code, AT, completed=completed)
    return code


def test_the_page_says_to_a_person_in_two_languages_what_became_of_their_request(users: FakeMetaUsers) -> None:
    code = with_deletion(users)

    answer = get(code)

    page = Page(answer["body"])
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert {code, "Completado", "Completed", "22/11/2026 15:04 (UTC)", "2026-11-22 15:04 (UTC)"} <= set(page.words)
    assert page.tags["html"] == [{"lang": "es"}]
    assert {"lang": "en"} in page.tags["section"]
    assert page.tags["main"] and page.tags["h1"] and page.tags["title"]


def test_a_request_under_way_is_not_told_as_done(users: FakeMetaUsers) -> None:
    page = Page(get(with_deletion(users, completed=False))["body"])

    assert {"En curso", "In progress"} <= set(page.words)
    assert "Completado" not in page.words


def test_the_page_loads_nothing_runs_nothing_and_is_kept_nowhere(users: FakeMetaUsers) -> None:
    answer = get(with_deletion(users))

    policy = answer["headers"]["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert not {"script", "img", "link", "iframe", "form"} & set(Page(answer["body"]).tags)


@pytest.mark.parametrize("code", ["f" * 32, "F" * 32, "short", "f" * 33, "..", "'; drop table patients"])
def test_an_unknown_code_is_told_to_a_person_as_a_page(users: FakeMetaUsers, code: str) -> None:
    answer = get(code)

    assert answer["statusCode"] == 404
    assert "No encontramos ese pedido" in answer["body"]
    assert answer["headers"]["Cache-Control"] == "no-store"


def test_whoever_asks_for_json_gets_json(users: FakeMetaUsers) -> None:
    code = with_deletion(users)

    known, unknown = get(code, "application/json"), get("f" * 32, "application/json")

    assert told(known) == {
        "confirmation_code": code,
        "status": "completed",
        "requested_at": "2026-11-22T15:04:00Z",
        "completed_at": "2026-11-22T15:04:00Z",
    }
    assert known["headers"]["Cache-Control"] == "no-store"
    assert (unknown["statusCode"], told(unknown)["code"]) == (404, "not_found")
