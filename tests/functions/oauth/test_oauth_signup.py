"""POST /api/marketing/channels/oauth/callback: what Meta's Embedded Signup told the dashboard."""

from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain import errors, linking_errors
from dentalist.domain.errors import MetaFault
from dentalist.domain.identity import Caller, Role
from dentalist.domain.sending_errors import MetaUnreachable, TokenDead
from tests.fakes_accounts import PHONE_NUMBER_ID, STATE_LIFETIME, WABA_ID, make_number
from tests.functions.oauth.oauth_world import World, told


def signup(world: World, **overrides: Any) -> dict[str, Any]:
    """A whole body for a new attempt."""
    named = {"waba_id": WABA_ID, "phone_number_id": PHONE_NUMBER_ID}
    return {"state": world.begun("whatsapp"), "code": "code", **named, **overrides}


def test_a_signup_creates_the_channel_and_shows_it_without_its_token(world: World) -> None:
    world.issue_signup()

    answer = world.post(signup(world))

    assert answer["statusCode"] == 201
    assert told(answer) == {
        "channels": [
            {
                "id": str(world.row.channel_id),
                "type": "whatsapp",
                "status": "connected",
                "display_name": "Consultorio Prueba",
                "display_phone_number": "+5491150320009",
                "phone_number_id": PHONE_NUMBER_ID,
                "external_business_id": WABA_ID,
                "quality_rating": "GREEN",
                "messaging_limit": "TIER_1K",
                "on_phone_app": False,
            }
        ]
    }
    assert "canary" not in answer["body"]


def test_without_ids_every_number_of_the_permission_is_linked(world: World) -> None:
    world.issue_signup()
    world.businesses.numbers[WABA_ID].append(make_number(id="310000000000010"))

    answer = world.post({"state": world.begun("whatsapp"), "code": "code"})

    assert answer["statusCode"] == 201
    assert len(told(answer)["channels"]) == 2


def test_the_pin_that_a_number_has_is_used(world: World) -> None:
    world.issue_signup()
    world.businesses.pins[PHONE_NUMBER_ID] = "123456"

    assert world.post(signup(world, pin="123456"))["statusCode"] == 201
    assert world.row.registration_pin == "123456"


def test_the_same_key_links_once(world: World) -> None:
    world.issue_signup()
    body = signup(world)

    answers = [world.post(body, **{"idempotency-key": "k-1"}) for _ in range(2)]

    assert [answer["statusCode"] for answer in answers] == [201, 201]
    assert told(answers[0]) == told(answers[1])
    assert len(world.facebook.called("exchange")) == 1


# ---- states


def test_a_state_of_another_professional_is_invalid_and_stays_theirs(world: World) -> None:
    world.issue_signup()
    body = signup(world)
    owner, stranger = world.caller, Caller(uuid4(), uuid4(), Role.OWNER, "token")

    world.caller = stranger
    refused = world.post(body)
    world.caller = owner

    assert (refused["statusCode"], told(refused)["code"]) == (400, "state_invalid")
    assert world.post(body)["statusCode"] == 201


@pytest.mark.parametrize("channel", ["instagram", "google_calendar"])
def test_a_state_of_another_channel_is_invalid_and_stays_good(world: World, channel: str) -> None:
    world.issue_signup()
    state = world.begun(channel)

    answer = world.post(signup(world, state=state))

    assert (answer["statusCode"], told(answer)["code"]) == (400, "state_invalid")
    assert not world.states.kept[state].is_used


@pytest.mark.parametrize("state", ["", "forged", "x" * 5000])
def test_a_forged_state_is_invalid(world: World, state: str) -> None:
    answer = world.post(signup(world, state=state))

    assert (answer["statusCode"], told(answer)["code"]) == (400, "state_invalid")


def test_an_expired_and_a_used_state_are_told_apart(world: World) -> None:
    world.issue_signup()
    used, late = signup(world), signup(world)
    world.post(used)
    assert told(world.post(used))["code"] == "state_used"

    world.states.now += STATE_LIFETIME
    answer = world.post(late)

    assert (answer["statusCode"], told(answer)["code"]) == (400, "state_expired")


# ---- refusals


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (linking_errors.ExchangeFailed(), 422, "exchange_failed"),
        (TokenDead(MetaFault(190), reason="token_expired"), 422, "exchange_failed"),
        (MetaUnreachable(), 503, "meta_unreachable"),
        (errors.MetaError(MetaFault(100)), 502, "meta_error"),
    ],
)
def test_a_failed_exchange_is_its_problem(world: World, failure: Exception, status: int, code: str) -> None:
    world.issue_signup()
    world.facebook.failures["exchange"] = failure

    answer = world.post(signup(world))

    assert (answer["statusCode"], told(answer)["code"]) == (status, code)
    assert world.book.rows == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"scopes": frozenset({"whatsapp_business_messaging"})}, "scope_missing"),
        ({"app_id": "another"}, "exchange_failed"),
        ({"granted_ids": frozenset({"210987654300099"})}, "account_not_visible"),
    ],
)
def test_a_token_that_proves_too_little_is_a_422(world: World, facts: dict[str, Any], code: str) -> None:
    world.issue_signup(**facts)

    answer = world.post(signup(world))

    assert (answer["statusCode"], told(answer)["code"]) == (422, code)
    assert world.book.rows == []


def test_a_foreign_number_is_not_visible(world: World) -> None:
    world.issue_signup()

    answer = world.post(signup(world, phone_number_id="310000000000099"))

    assert (answer["statusCode"], told(answer)["code"]) == (422, "account_not_visible")


def test_a_number_that_is_linked_elsewhere_is_a_conflict_that_does_not_say_whose(world: World) -> None:
    world.issue_signup()
    theirs = world.book.add(uuid4())

    answer = world.post(signup(world))

    assert (answer["statusCode"], told(answer)["code"]) == (409, "account_already_linked")
    assert str(theirs.professional_id) not in answer["body"]


def test_a_refused_registration_says_what_to_do(world: World) -> None:
    world.issue_signup()
    world.businesses.failures["register"] = linking_errors.RegistrationFailed("The number has a PIN of its own.")

    answer = world.post(signup(world))

    assert (answer["statusCode"], told(answer)["code"]) == (422, "registration_failed")
    assert told(answer)["detail"] == "The number has a PIN of its own."
    assert (world.book.rows, world.businesses.subscribed) == ([], set())


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_only_the_owner_links(world: World, role: Role) -> None:
    world.issue_signup()
    body = signup(world)
    world.caller = Caller(world.caller.professional_id, world.caller.user_id, role, "token")

    answer = world.post(body)

    assert (answer["statusCode"], told(answer)["code"]) == (403, "role_not_allowed")
    assert not world.states.kept[body["state"]].is_used


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": None}, "code"),
        ({"code": "x" * 4097}, "code"),
        ({"state": None}, "state"),
        ({"waba_id": "210987654300009/../1"}, "waba_id"),
        ({"waba_id": ""}, "waba_id"),
        ({"phone_number_id": 310000000000009}, "phone_number_id"),
        ({"pin": "12345"}, "pin"),
        ({"pin": "12345a"}, "pin"),
        ({"wabaid": "1"}, "wabaid"),
    ],
)
def test_a_body_that_could_mean_something_else_is_invalid_and_quotes_nothing(
    world: World, overrides: dict[str, Any], field: str
) -> None:
    body = signup(world)

    answer = world.post({**body, **overrides})

    document = told(answer)
    assert (answer["statusCode"], document["code"]) == (422, "validation_error")
    assert [error["loc"] for error in document["errors"]] == [["body", field]]
    assert body["state"] not in answer["body"]
    assert not world.states.kept[body["state"]].is_used
