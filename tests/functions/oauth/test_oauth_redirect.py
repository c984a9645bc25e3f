"""GET /api/marketing/channels/oauth/callback: whatever a browser comes back with, it ends on the dashboard."""

import io
import logging
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain import errors, linking_errors
from dentalist.domain.errors import MetaFault
from dentalist.domain.identity import Caller, Role
from dentalist.domain.sending_errors import MetaRateLimited, MetaUnreachable, TokenDead
from dentalist.runtime import wiring
from oauth import handler
from tests.fakes_accounts import STATE_LIFETIME, StoredAccount, make_token_facts
from tests.functions.oauth.oauth_world import World, landed

CHANNELS = ["whatsapp", "instagram", "google_calendar"]


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_link_ends_on_the_dashboard_with_the_channel(world: World, channel: str) -> None:
    state = world.begun(channel)
    world.issue(channel, state)

    answer = world.come_back(state=state, code="code")

    assert landed(answer) == {"connected": channel}
    assert (world.row.channel.value, world.row.professional_id) == (channel, world.caller.professional_id)
    assert world.row.linked_by == world.caller.user_id


def test_the_redirect_needs_no_bearer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    state = world.begun("whatsapp")
    world.issue("whatsapp", state)

    def nobody(_: object) -> Caller:
        raise errors.Unauthenticated

    monkeypatch.setattr(wiring, "authenticate", nobody)

    assert landed(world.come_back(state=state, code="code")) == {"connected": "whatsapp"}


# ---- states


def expired(world: World, _state: str) -> None:
    world.states.now += STATE_LIFETIME


def replayed(world: World, state: str) -> None:
    world.come_back(state=state, error="access_denied")


def owner_no_more(world: World, _state: str) -> None:
    world.states.former_owners.add(world.caller.user_id)


@pytest.mark.parametrize(
    ("arrange", "changes", "code"),
    [
        (None, {"state": "A" * 43}, "state_invalid"),
        (None, {"state": ""}, "state_invalid"),
        (None, {"state": "\udcff\0" * 9}, "state_invalid"),
        (None, {"state": "x" * 5000}, "state_invalid"),
        (None, {"state": None}, "state_invalid"),
        (owner_no_more, {}, "state_invalid"),
        (expired, {}, "state_expired"),
        (expired, {"error": "access_denied"}, "state_expired"),
        (replayed, {}, "state_used"),
    ],
)
def test_a_state_that_is_not_good_changes_nothing(
    *,
    world: World,
    arrange: Callable[[World, str], None] | None,
    changes: dict[str, str | None],
    code: str,
) -> None:
    state = world.begun("whatsapp")
    world.issue("whatsapp", state)
    if arrange is not None:
        arrange(world, state)
    query = {"state": state, "code": "code", **changes}

    answer = world.come_back(**{name: value for name, value in query.items() if value is not None})

    assert landed(answer) == {"error": code}, "whose attempt it was is nobody's business"
    assert (world.book.rows, world.facebook.called("exchange")) == ([], [])


def test_a_denied_permission_uses_the_state_up(world: World) -> None:
    state = world.begun("instagram")
    world.issue("instagram", state)

    denied = world.come_back(state=state, error="access_denied", error_reason="user_denied")

    assert landed(denied) == {"error": "access_denied", "channel": "instagram"}
    assert landed(world.come_back(state=state, code="code")) == {"error": "state_used"}
    assert world.book.rows == []


def test_of_two_callbacks_one_links(world: World) -> None:
    state = world.begun("whatsapp")
    world.issue("whatsapp", state)

    endings = [landed(world.come_back(state=state, code="code")) for _ in range(2)]

    assert endings == [{"connected": "whatsapp"}, {"error": "state_used"}]
    assert len(world.book.rows) == 1


def test_a_code_of_one_channel_is_worth_nothing_to_another(world: World) -> None:
    whatsapp, instagram = world.begun("whatsapp"), world.begun("instagram")
    world.issue("whatsapp", whatsapp)

    assert landed(world.come_back(state=instagram, code="code")) == {"error": "exchange_failed", "channel": "instagram"}
    assert world.book.rows == []


# ---- the providers


def raising(failure: Exception) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        world.facebook.failures["exchange"] = failure

    return arrange


def scope_missing(world: World) -> None:
    world.facebook.facts["EAA-canary"] = make_token_facts(scopes=frozenset())


def not_visible(world: World) -> None:
    world.businesses.visible.clear()


def other_app(world: World) -> None:
    world.facebook.facts["EAA-canary"] = make_token_facts(app_id="another")


def already_linked(world: World) -> None:
    world.book.add(uuid4())


def registration_refused(world: World) -> None:
    world.businesses.failures["register"] = linking_errors.RegistrationFailed()


def store_gone(world: World) -> None:
    world.book.failures["places"] = errors.StoreUnavailable()


def broken(world: World) -> None:
    world.book.failures["places"] = KeyError("a bug")


@pytest.mark.parametrize(
    ("arrange", "code"),
    [
        (raising(linking_errors.ExchangeFailed()), "exchange_failed"),
        (raising(MetaUnreachable()), "exchange_failed"),
        (raising(MetaRateLimited(MetaFault(4), retry_after=STATE_LIFETIME)), "exchange_failed"),
        (raising(errors.MetaError(MetaFault(100, message="Meta's secret words"))), "exchange_failed"),
        (raising(TokenDead(MetaFault(190), reason="token_expired")), "exchange_failed"),
        (raising(linking_errors.ProviderUnreachable()), "exchange_failed"),
        (other_app, "exchange_failed"),
        (scope_missing, "scope_missing"),
        (not_visible, "account_not_visible"),
        (already_linked, "account_already_linked"),
        (registration_refused, "registration_failed"),
        (store_gone, "temporarily_unavailable"),
        (broken, "internal_error"),
        (raising(errors.IdempotencyConflict()), "internal_error"),
    ],
)
def test_every_failure_ends_on_the_dashboard_with_its_word_alone(
    world: World, arrange: Callable[[World], None], code: str
) -> None:
    state = world.begun("whatsapp")
    world.issue("whatsapp", state)
    arrange(world)
    theirs: list[StoredAccount] = list(world.book.rows)

    assert landed(world.come_back(state=state, code="code")) == {"error": code, "channel": "whatsapp"}
    assert world.book.rows == theirs


@pytest.mark.parametrize(
    "query",
    [
        {"error": "server_error"},
        {"error": '"><script>alert(1)</script>', "error_description": "<b>x</b>"},
        {"error_code": "200", "error_message": "Meta's own words"},
        {"code": ""},
        {},
    ],
)
def test_nothing_that_came_with_the_redirect_is_repeated(world: World, query: dict[str, str]) -> None:
    state = world.begun("whatsapp")

    answer = world.come_back(state=state, **query)

    assert landed(answer) == {"error": "exchange_failed", "channel": "whatsapp"}
    assert answer["body"] == ""


# ---- secrets


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the function logs."""
    written = io.StringIO()
    monkeypatch.setattr(handler.logger.registered_handler, "stream", written)
    monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])
    return written


@pytest.mark.parametrize("arrange", [lambda _: None, already_linked, registration_refused, broken])
def test_no_secret_is_in_a_log_line(world: World, lines: io.StringIO, arrange: Callable[[World], Any]) -> None:
    state = world.begun("whatsapp")
    world.issue("whatsapp", state, code="code-canary")
    arrange(world)

    world.come_back(state=state, code="code-canary")

    text = lines.getvalue()
    assert '"service":"oauth"' in text
    assert [secret for secret in (state, "canary", "app-secret") if secret in text] == []
    assert [pin for pin in world.businesses.pins.values() if re.search(rf"\b{pin}\b", text)] == []


def test_a_bug_is_logged_with_its_trace(world: World, lines: io.StringIO) -> None:
    state = world.begun("whatsapp")
    world.issue("whatsapp", state)
    broken(world)

    world.come_back(state=state, code="code")

    assert "KeyError" in lines.getvalue()
    assert "unexpected error" in lines.getvalue()


# ---- several professionals


def test_two_professionals_who_link_side_by_side_do_not_mix(world: World) -> None:
    first = world.caller
    state_of_first = world.begun("instagram")
    second = world.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
    state_of_second = world.begun("whatsapp")
    world.issue("instagram", state_of_first, code="code-1")
    world.issue("whatsapp", state_of_second, code="code-2")

    assert landed(world.come_back(state=state_of_second, code="code-2")) == {"connected": "whatsapp"}
    assert landed(world.come_back(state=state_of_first, code="code-1")) == {"connected": "instagram"}

    assert {row.channel.value: row.professional_id for row in world.book.rows} == {
        "instagram": first.professional_id,
        "whatsapp": second.professional_id,
    }
