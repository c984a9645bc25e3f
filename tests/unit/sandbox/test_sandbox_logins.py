"""The logins' parts by themselves: what is read of an address, what is kept of a call, how much is held."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sandbox.clock import Clock
from infra.sandbox.config import Config
from infra.sandbox.journal import answer_without_secrets, fingerprint, without_secrets
from infra.sandbox.logins import asked, codes
from infra.sandbox.logins.codes import Codes, GoogleGrant, InstagramGrant

CONFIG = Config.from_environment({"META_APP_SECRET": "x", "SANDBOX_STATE_DIR": "unused"})
GRANT = InstagramGrant("17841400000000001", (), 3600)


def question(provider: str = "facebook", state: str | None = "s", redirect_uri: str = "http://a.test/b") -> asked.Asked:
    return asked.Asked(provider, redirect_uri, state, ())  # type: ignore[arg-type]


@given(st.text(min_size=0, max_size=60).filter(lambda text: not any(0xD800 <= ord(c) <= 0xDFFF for c in text)))
def test_whatever_the_state_is_it_comes_back(state: str) -> None:
    target = question("instagram", state).back(code="AQ1")

    assert parse_qs(urlsplit(target).query, keep_blank_values=True) == {"code": ["AQ1"], "state": [state]}


def test_without_a_state_none_comes_back() -> None:
    assert question(state=None).back(code="AQ1") == "http://a.test/b?code=AQ1"


@pytest.mark.parametrize(
    ("path", "scope", "provider"),
    [
        ("/dialog/oauth", "whatsapp_business_messaging", "facebook"),
        ("/v25.0/dialog/oauth", "whatsapp_business_messaging", "facebook"),
        ("/dialog/oauth", "instagram_business_basic,instagram_business_manage_messages", "instagram"),
        ("/oauth/authorize", "instagram_business_basic", "instagram"),
        ("/google/auth", "openid https://www.googleapis.com/auth/calendar.events", "google"),
    ],
)
def test_the_path_and_the_scopes_tell_whose_dialog_it_is(path: str, scope: str, provider: str) -> None:
    client = CONFIG.google_client_id if provider == "google" else CONFIG.app_id
    query = {"client_id": client, "redirect_uri": "http://a.test", "response_type": "code", "scope": scope}

    assert asked.parse(path, query, CONFIG).provider == provider


def test_there_is_no_dialog_elsewhere() -> None:
    with pytest.raises(asked.BadDialog):
        asked.parse("/v25.0/me", {}, CONFIG)


def test_instagram_and_google_have_defaults() -> None:
    assert (CONFIG.instagram_app_id, CONFIG.instagram_app_secret) == (CONFIG.app_id, "x")
    assert CONFIG.google_client_secret == ""


def test_the_oldest_code_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "_MOST_CODES", 2)
    kept = Codes(Clock())
    first, second, third = (kept.issue(GRANT, redirect_uri=None, seconds=60, prefix="AQ") for _ in range(3))

    assert kept.find(first, InstagramGrant) is None
    assert kept.find(second, InstagramGrant) is not None
    assert kept.find(third, GoogleGrant) is None


def test_secrets_are_kept_by_a_short_name_only() -> None:
    call = {"code": "AQ1", "client_id": "9", "pin": "123456", "state": "", "limit": 3}

    assert without_secrets(call) == {**call, "code": fingerprint("AQ1"), "pin": fingerprint("123456")}


def test_tokens_are_found_inside_of_an_answer() -> None:
    answer = {"data": [{"access_token": "IGAA1", "user_id": 1}], "error": {"code": 190}}

    shown = answer_without_secrets(answer)

    assert shown == {"data": [{"access_token": fingerprint("IGAA1"), "user_id": 1}], "error": {"code": 190}}
