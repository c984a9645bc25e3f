"""Where the browser is sent to, and what is kept of it."""

from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import uuid4

import pytest

from dentalist.domain.accounts import ChannelType
from dentalist.services.accounts.begin_linking import Beginning, Dialog, begin_linking, with_query
from tests.builders import NOON
from tests.fakes_accounts import FakeOAuthStates, challenge_of

REDIRECT = "https://api.example.com/api/marketing/channels/oauth/callback"
META = "https://www.facebook.com/v25.0/dialog/oauth"
PROFESSIONAL, ACTOR = uuid4(), uuid4()


def begin(states: FakeOAuthStates, channel: ChannelType, dialog: Dialog) -> Beginning:
    return begin_linking(PROFESSIONAL, channel, actor_id=ACTOR, dialog=dialog, redirect_uri=REDIRECT, states=states)


def query_of(beginning: Beginning) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(beginning.authorization_url).query, strict_parsing=True))


@pytest.fixture
def states() -> FakeOAuthStates:
    return FakeOAuthStates()


def test_whatsapp_asks_by_its_configuration(states: FakeOAuthStates) -> None:
    beginning = begin(states, ChannelType.WHATSAPP, Dialog(META, "app", "config-7"))

    assert beginning.authorization_url.startswith(META + "?")
    assert query_of(beginning) == {
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "state": beginning.state,
        "response_type": "code",
        "config_id": "config-7",
        "override_default_response_type": "true",
    }


def test_whatsapp_without_a_configuration_names_its_scopes(states: FakeOAuthStates) -> None:
    beginning = begin(states, ChannelType.WHATSAPP, Dialog(META, "app"))

    assert query_of(beginning) == {
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "state": beginning.state,
        "response_type": "code",
        "scope": "whatsapp_business_management,whatsapp_business_messaging",
    }


def test_instagram_asks_by_its_own_app_and_without_facebook(states: FakeOAuthStates) -> None:
    beginning = begin(
        states, ChannelType.INSTAGRAM, Dialog("https://www.instagram.com/oauth/authorize", "instagram-app")
    )

    assert query_of(beginning) == {
        "client_id": "instagram-app",
        "redirect_uri": REDIRECT,
        "state": beginning.state,
        "response_type": "code",
        "scope": (
            "instagram_business_basic,instagram_business_content_publish,"
            "instagram_business_manage_messages,instagram_business_manage_comments"
        ),
        "enable_fb_login": "0",
    }


def test_google_asks_for_lasting_access_with_pkce(states: FakeOAuthStates) -> None:
    beginning = begin(
        states, ChannelType.GOOGLE_CALENDAR, Dialog("https://accounts.google.com/o/oauth2/v2/auth", "client")
    )

    verifier = states.kept[beginning.state].attempt.code_verifier
    assert verifier is not None
    assert 43 <= len(verifier) <= 128
    assert query_of(beginning) == {
        "client_id": "client",
        "redirect_uri": REDIRECT,
        "state": beginning.state,
        "response_type": "code",
        "scope": "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.freebusy",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    assert "scope=https%3A%2F%2F" in beginning.authorization_url
    assert "+" not in beginning.authorization_url


@pytest.mark.parametrize("channel", ChannelType)
def test_an_attempt_is_kept_for_ten_minutes_with_all_that_ending_it_needs(
    states: FakeOAuthStates, channel: ChannelType
) -> None:
    beginning = begin(states, channel, Dialog(META, "app"))

    attempt = states.claim(beginning.state, professional_id=PROFESSIONAL, channel=channel)
    assert (attempt.actor_id, attempt.redirect_uri) == (ACTOR, REDIRECT)
    assert (attempt.code_verifier is not None) == (channel is ChannelType.GOOGLE_CALENDAR)
    assert beginning.expires_at == NOON + timedelta(minutes=10)


def test_every_attempt_has_a_state_of_256_bits_of_its_own(states: FakeOAuthStates) -> None:
    made = {begin(states, ChannelType.WHATSAPP, Dialog(META, "app")).state for _ in range(50)}

    assert len(made) == 50
    assert all(len(state) == 43 for state in made), "256 bits in base64url"


def test_a_query_that_the_address_has_is_kept() -> None:
    address = with_query("https://panel.example.com/canales?tab=1&empty=#top", {"error": "x y&z"})

    assert parse_qs(urlsplit(address).query, keep_blank_values=True) == {
        "tab": ["1"],
        "empty": [""],
        "error": ["x y&z"],
    }
    assert address.endswith("#top")


def test_neither_state_nor_address_is_in_what_a_log_would_print(states: FakeOAuthStates) -> None:
    beginning = begin(states, ChannelType.GOOGLE_CALENDAR, Dialog(META, "app"))

    assert beginning.state not in repr(beginning)
    assert repr(states.kept[beginning.state].attempt.code_verifier) not in repr(states.kept[beginning.state].attempt)
