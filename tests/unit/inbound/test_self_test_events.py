"""The event that a channel's self-test sends through our own webhook."""

from typing import Any

import pytest

from dentalist.inbound.events import SelfTested, Unintelligible
from dentalist.inbound.split import SELF_TEST_FIELD, split
from tests.unit.inbound.bodies import (
    ACCOUNT,
    DISPLAY,
    NUMBER,
    RECEIVED_AT,
    WABA,
    event,
    instagram_body,
    make_body,
    make_value,
    queued,
)

NONCE = "5f0c1e5f0c1e5f0c1e5f0c1e5f0c1e5f"


def whatsapp(**value: Any) -> Any:
    return make_body(make_value(**value), field=SELF_TEST_FIELD)


def instagram(**value: Any) -> Any:
    return instagram_body(changes=[{"field": SELF_TEST_FIELD, "value": value}])


def ids(body: Any) -> tuple[str, str]:
    (message,) = split(body, received_at=RECEIVED_AT, correlation_id="c-1")
    return message.group_id, message.deduplication_id


def test_a_test_event_of_a_number_is_for_that_number() -> None:
    [message] = queued(whatsapp(nonce=NONCE))
    told = event(whatsapp(nonce=NONCE))

    assert (message["kind"], message["field"], message["phone_number_id"]) == ("self_test", SELF_TEST_FIELD, NUMBER)
    assert isinstance(told, SelfTested)
    arguments = told.as_arguments()
    assert {key: arguments[key] for key in ("kind", "nonce", "channel_type", "waba_id", "phone_number_id")} == {
        "kind": "self_test",
        "nonce": NONCE,
        "channel_type": "whatsapp",
        "waba_id": WABA,
        "phone_number_id": NUMBER,
    }
    assert arguments["display_phone_number"] == f"+{DISPLAY}"


def test_a_test_event_of_an_instagram_account_is_for_that_account() -> None:
    arguments = event(instagram(nonce=NONCE)).as_arguments()

    assert {key: arguments[key] for key in ("kind", "nonce", "channel_type", "account_id", "phone_number_id")} == {
        "kind": "self_test",
        "nonce": NONCE,
        "channel_type": "instagram",
        "account_id": ACCOUNT,
        "phone_number_id": None,
    }


@pytest.mark.parametrize("body", [whatsapp(), whatsapp(nonce=""), whatsapp(nonce={}), instagram(), instagram(nonce=[])])
def test_a_test_event_without_a_nonce_is_kept_as_malformed(body: Any) -> None:
    told = event(body)

    assert isinstance(told, Unintelligible)
    assert told.reason == "malformed"


@pytest.mark.parametrize("make", [whatsapp, instagram])
def test_two_tests_are_two_events_and_one_delivered_twice_is_one(make: Any) -> None:
    group, deduplication = ids(make(nonce=NONCE))

    assert ids(make(nonce=NONCE)) == (group, deduplication)
    assert ids(make(nonce="another"))[0] == group
    assert ids(make(nonce="another"))[1] != deduplication
