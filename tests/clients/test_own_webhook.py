"""The test event as our own webhook gets it."""

import json

import httpx
import pytest

from dentalist.domain.accounts import ChannelType
from dentalist.inbound.events import SelfTested
from dentalist.inbound.parse import parse_event
from dentalist.inbound.signatures import verify_signature
from dentalist.inbound.split import split
from dentalist.outbound.own_webhook import OwnWebhook
from tests.care_world import CareWorld
from tests.fakes_providers import INSTAGRAM_ID, PHONE_NUMBER_ID, WABA_ID

SECRET = "app-secret"
URL = "https://api.example.com"


class Door:
    """Our webhook, which answers as told."""

    def __init__(self, answer: int | Exception = 200) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []
        self.webhook = OwnWebhook(URL, app_secret=SECRET, http=httpx.Client(transport=httpx.MockTransport(self.open)))

    def open(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return httpx.Response(self.answer, text="EVENT_RECEIVED")


def account(channel: ChannelType) -> CareWorld:
    care = CareWorld(channel)
    care.row.facts["display_phone_number"] = "+5491150320009"
    return care


@pytest.mark.parametrize(
    ("channel", "path"),
    [(ChannelType.WHATSAPP, "/api/webhooks/whatsapp"), (ChannelType.INSTAGRAM, "/api/webhooks/instagram")],
)
def test_a_test_event_is_signed_and_says_whose_it_is(channel: ChannelType, path: str) -> None:
    door = Door()

    assert door.webhook.send(account(channel).account, "nonce-1")

    [request] = door.requests
    assert str(request.url) == URL + path
    assert request.headers["content-type"] == "application/json"
    verify_signature(request.content, request.headers["x-hub-signature-256"], [SECRET])
    [message] = split(json.loads(request.content), received_at="2026-11-22T16:00:00Z", correlation_id="c-1")
    told = parse_event(json.loads(message.body))
    assert isinstance(told, SelfTested)
    assert told.nonce == "nonce-1"
    whose = (told.waba_id, told.phone_number_id, told.account_id)
    assert whose == (
        (WABA_ID, PHONE_NUMBER_ID, None) if channel is ChannelType.WHATSAPP else (None, None, INSTAGRAM_ID)
    )


def test_a_number_whose_digits_are_not_known_is_tested_too() -> None:
    door = Door()

    assert door.webhook.send(CareWorld().account, "nonce-1")

    metadata = json.loads(door.requests[0].content)["entry"][0]["changes"][0]["value"]["metadata"]
    assert metadata == {"display_phone_number": "", "phone_number_id": PHONE_NUMBER_ID}


@pytest.mark.parametrize("answer", [401, 404, 503, httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
def test_anything_but_200_means_it_was_not_taken(answer: int | Exception) -> None:
    door = Door(answer)

    assert not door.webhook.send(account(ChannelType.WHATSAPP).account, "nonce-1")
    assert len(door.requests) == 1
