"""POST /api/marketing/whatsapp/send, called with whole events of API Gateway."""

import io
import json
import logging
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain import errors
from dentalist.domain.errors import MetaFault
from dentalist.domain.identity import Caller, Role
from dentalist.domain.sending_errors import (
    ConversationBusy,
    MetaRateLimited,
    MetaUnreachable,
    MetaWindowClosed,
    TokenDead,
)
from dentalist.runtime import wiring
from dentalist.services.sending import Sending
from send_message import handler
from tests.builders import PHONE, WAMID, LambdaContext, make_channel, make_conversation, make_event, make_template
from tests.fakes import (
    FakeChannels,
    FakeConversations,
    FakeIdempotency,
    FakeLinks,
    FakeOpener,
    FakeSendGate,
    FakeTemplates,
    FakeWhatsApp,
)

PATH = "/api/marketing/whatsapp/send"
FAULT = MetaFault(131056, message="pair rate limit hit", fbtrace_id="A1")


class World:
    """One professional with a channel, a conversation on it and a template."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
        self.channel = make_channel(professional_id=self.caller.professional_id)
        self.conversation = make_conversation(channel_id=self.channel.id)
        self.gate = FakeSendGate()
        self.whatsapp = FakeWhatsApp()
        self.links = FakeLinks()
        self.keys = FakeIdempotency()
        self.opener = FakeOpener(self.conversation.id)
        channels = FakeChannels({self.channel.id: self.channel})
        sending = Sending(gate=self.gate, sender_for=lambda _: self.whatsapp, channels=channels, links=self.links)
        conversations = FakeConversations({self.conversation.id: self.conversation}, {"first_name": "Lucía"})
        templates = FakeTemplates([make_template(channel_id=self.channel.id)])
        for name, fake in {
            "idempotency": self.keys,
            "user_conversations": conversations,
            "user_channels": channels,
            "user_templates": templates,
            "conversation_opener": self.opener,
            "sending": sending,
        }.items():
            monkeypatch.setattr(wiring, name, lambda _, fake=fake: fake)
        monkeypatch.setattr(wiring, "authenticate", lambda _: self.caller)

    def post(self, body: Any, **headers: str) -> dict[str, Any]:
        event = make_event("POST", PATH, body, headers={"authorization": "Bearer token", **headers})
        answer: dict[str, Any] = handler.lambda_handler(event, LambdaContext())
        assert answer["headers"]["x-correlation-id"] == "request-1"
        return answer

    def text(self, **overrides: Any) -> dict[str, Any]:
        return {"conversation_id": str(self.conversation.id), "type": "text", "text": {"body": "Hola"}, **overrides}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def told(answer: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def test_an_accepted_message_is_created_with_its_wamid(world: World) -> None:
    answer = world.post(world.text())

    assert answer["statusCode"] == 201
    claim = world.gate.settled[0][0]
    assert told(answer) == {
        "message_id": str(claim.message_id),
        "wamid": WAMID,
        "conversation_id": str(world.conversation.id),
        "status": "sent",
    }


def test_a_lost_answer_is_accepted_as_unknown(world: World) -> None:
    world.whatsapp.next_answer = errors.OutcomeUnknown()

    answer = world.post(world.text())

    assert answer["statusCode"] == 202
    assert (told(answer)["status"], told(answer)["wamid"]) == ("unknown", None)


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (errors.ConsentRequired(), 403, "consent_required"),
        (errors.FeatureDisabled(), 403, "feature_disabled"),
        (errors.ServiceWindowClosed(), 409, "service_window_closed"),
        (errors.ChannelDisconnected(), 409, "channel_disconnected"),
        (ConversationBusy(), 429, "rate_limited"),
        (errors.StoreUnavailable(), 503, "store_unavailable"),
    ],
)
def test_a_refusal_of_the_gate_is_its_problem_and_nothing_is_sent(
    world: World, refusal: Exception, status: int, code: str
) -> None:
    world.gate.refusal = refusal

    answer = world.post(world.text())

    assert (answer["statusCode"], told(answer)["code"]) == (status, code)
    assert world.whatsapp.attempts == []


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (MetaRateLimited(FAULT, retry_after=timedelta(seconds=6)), 429, "rate_limited"),
        (MetaWindowClosed(MetaFault(131047)), 409, "service_window_closed"),
        (TokenDead(MetaFault(190), reason="token_expired"), 409, "channel_disconnected"),
        (errors.MetaError(MetaFault(131026, message="undeliverable")), 502, "meta_error"),
        (MetaUnreachable(), 503, "meta_unreachable"),
    ],
)
def test_a_refusal_of_meta_is_the_problem_of_the_contract(
    world: World, refusal: Exception, status: int, code: str
) -> None:
    world.whatsapp.next_answer = refusal

    answer = world.post(world.text())

    assert (answer["statusCode"], told(answer)["code"]) == (status, code)
    assert world.gate.settled[0][1].status == "failed"


def test_metas_own_words_reach_the_professional(world: World) -> None:
    world.whatsapp.next_answer = errors.MetaError(MetaFault(131026, message="undeliverable", fbtrace_id="A1"))

    assert told(world.post(world.text()))["meta"] == {
        "code": 131026,
        "subcode": None,
        "message": "undeliverable",
        "fbtrace_id": "A1",
    }


def test_a_limit_says_when_to_try_again(world: World) -> None:
    world.whatsapp.next_answer = MetaRateLimited(FAULT, retry_after=timedelta(seconds=6))

    assert world.post(world.text())["headers"]["Retry-After"] == "6"


def test_the_same_key_sends_one_message(world: World) -> None:
    first = world.post(world.text(), **{"idempotency-key": "k1"})
    again = world.post(world.text(), **{"idempotency-key": "k1"})

    assert len(world.whatsapp.attempts) == 1
    assert (again["statusCode"], told(again)) == (201, told(first))


def test_a_request_repeated_after_a_crash_is_known_by_its_key_and_body(world: World) -> None:
    for body, headers in [
        (world.text(), {"idempotency-key": "k-1"}),
        (world.text(), {"idempotency-key": "k-1"}),
        (world.text(), {"idempotency-key": "k-2"}),
        (world.text(text={"body": "Otra cosa"}), {"idempotency-key": "k-1"}),
        (world.text(), {}),
    ]:
        world.keys.forget()  # the function died before it could note its answer
        world.post(body, **headers)

    first, again, other_key, other_body, without = [draft.request_key for draft in world.gate.drafts]
    assert first is not None
    assert first == again
    assert len({first, other_key, other_body, without}) == 4
    assert without is None


def test_a_key_whose_message_was_throttled_may_be_used_again(world: World) -> None:
    world.whatsapp.next_answer = MetaRateLimited(FAULT, retry_after=timedelta(seconds=6))
    world.post(world.text(), **{"idempotency-key": "k1"})
    world.whatsapp.next_answer = WAMID

    assert world.post(world.text(), **{"idempotency-key": "k1"})["statusCode"] == 201


def test_reception_may_write_and_marketing_may_not(world: World) -> None:
    person = world.caller
    world.caller = Caller(person.professional_id, person.user_id, Role.RECEPTION, "token")
    assert world.post(world.text())["statusCode"] == 201

    world.caller = Caller(person.professional_id, person.user_id, Role.MARKETING, "token")
    answer = world.post(world.text())

    assert (answer["statusCode"], told(answer)["code"]) == (403, "role_not_allowed")


@pytest.mark.parametrize(
    ("overrides", "status", "code"),
    [
        ({"conversation_id": str(uuid4())}, 404, "conversation_not_found"),
        ({"conversation_id": None, "channel_id": str(uuid4()), "to": {"phone": PHONE}}, 404, "channel_not_found"),
    ],
)
def test_what_the_person_cannot_read_does_not_exist(
    world: World, overrides: dict[str, Any], status: int, code: str
) -> None:
    answer = world.post(world.text(**overrides))

    assert (answer["statusCode"], told(answer)["code"]) == (status, code)


def test_a_number_is_written_to_through_its_conversation(world: World) -> None:
    to_number = {"conversation_id": None, "channel_id": str(world.channel.id), "to": {"phone": PHONE}}

    answer = world.post(world.text(**to_number))

    assert told(answer)["conversation_id"] == str(world.conversation.id)
    assert world.opener.opened == [(world.channel.id, PHONE)]


def test_a_template_is_filled_and_sent(world: World) -> None:
    template = {"name": "recordatorio_turno", "language": "es_AR", "variables": {"1": "{{first_name}}", "2": "jueves"}}

    answer = world.post(world.text(type="template", text=None, template=template))

    assert answer["statusCode"] == 201
    parameters = world.whatsapp.attempts[0].body["template"]["components"][0]["parameters"]
    assert [parameter["text"] for parameter in parameters] == ["Lucía", "jueves"]


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ({"name": "no_existe", "language": "es_AR"}, "template_not_found"),
        ({"name": "recordatorio_turno", "language": "es_AR"}, "template_variables_mismatch"),
    ],
)
def test_a_template_that_cannot_be_sent_is_named(world: World, template: dict[str, Any], code: str) -> None:
    answer = world.post(world.text(type="template", text=None, template=template))

    assert (answer["statusCode"], told(answer)["code"]) == (422, code)


def test_a_stored_file_goes_out_by_a_short_lived_link(world: World) -> None:
    path = f"{world.caller.professional_id}/x.pdf"
    world.links.known = {path}

    answer = world.post(world.text(type="document", text=None, media={"storage_path": path, "filename": "x.pdf"}))

    assert answer["statusCode"] == 201
    assert world.whatsapp.attempts[0].body["document"]["link"].startswith("https://files.example.com/")


def test_a_file_that_is_not_the_professionals_does_not_exist(world: World) -> None:
    answer = world.post(world.text(type="image", text=None, media={"storage_path": f"{uuid4()}/x.jpg"}))

    assert (answer["statusCode"], told(answer)["code"]) == (404, "media_not_found")


def buttons(**overrides: Any) -> dict[str, Any]:
    reply = [{"type": "reply", "reply": {"id": str(number), "title": f"Opción {number}"}} for number in range(2)]
    return {"type": "button", "body": {"text": "¿Qué preferís?"}, "action": {"buttons": reply}, **overrides}


def rows(*counts: int) -> dict[str, Any]:
    sections = [
        {"title": f"S{index}", "rows": [{"id": f"{index}-{row}", "title": f"Fila {row}"} for row in range(count)]}
        for index, count in enumerate(counts)
    ]
    return {"type": "list", "body": {"text": "Elegí"}, "action": {"button": "Ver", "sections": sections}}


@pytest.mark.parametrize("interactive", [buttons(), rows(10), rows(5, 5)])
def test_buttons_and_lists_within_metas_limits_are_sent_as_they_are(world: World, interactive: dict[str, Any]) -> None:
    answer = world.post(world.text(type="interactive", text=None, interactive=interactive))

    assert answer["statusCode"] == 201
    assert world.whatsapp.attempts[0].body["interactive"] == interactive


LONG_CAPTION = {"link": "https://x", "caption": "y" * 1025}
STRANGE_NAME = {"name": "Not Valid", "language": "es"}
LONG_TITLE = [{"type": "reply", "reply": {"id": "1", "title": "x" * 21}}]
TWINS = [{"type": "reply", "reply": {"id": str(number), "title": "Sí"}} for number in range(2)]
FOUR = [{"type": "reply", "reply": {"id": str(number), "title": str(number)}} for number in range(4)]


@pytest.mark.parametrize(
    ("overrides", "loc"),
    [
        ({"text": {"body": ""}}, ["body", "text", "body"]),
        ({"text": {"body": "   \n"}}, ["body", "text", "body"]),
        ({"text": {"body": "x" * 4097}}, ["body", "text", "body"]),
        ({"text": {"body": "nul\0"}}, ["body", "text", "body"]),
        ({"text": {"body": "Hola", "preview": True}}, ["body", "text", "preview"]),
        ({"text": None}, ["body"]),
        ({"type": "fax"}, ["body", "type"]),
        ({"type": "image"}, ["body"]),
        ({"conversation_id": "7"}, ["body", "conversation_id"]),
        ({"conversation_id": None}, ["body"]),
        ({"to": {"phone": PHONE}}, ["body"]),
        ({"conversation_id": None, "to": {"phone": PHONE}}, ["body"]),
        ({"to": {"phone": "1155550100"}}, ["body", "to", "phone"]),
        ({"unknown": 1}, ["body", "unknown"]),
        ({"type": "image", "text": None, "media": {}}, ["body", "media"]),
        ({"type": "image", "text": None, "media": {"link": "ftp://x"}}, ["body", "media", "link"]),
        ({"type": "image", "text": None, "media": {"link": "https://x", "storage_path": "y"}}, ["body", "media"]),
        ({"type": "audio", "text": None, "media": {"link": "https://x", "caption": "y"}}, ["body"]),
        ({"type": "image", "text": None, "media": {"link": "https://x", "filename": "y"}}, ["body"]),
        (
            {"type": "image", "text": None, "media": {"link": "https://x", "caption": "y" * 1025}},
            ["body", "media", "caption"],
        ),
        ({"type": "interactive", "text": None, "interactive": {"type": "flow"}}, ["body", "interactive"]),
        (
            {"type": "template", "text": None, "template": {"name": "Not Valid", "language": "es"}},
            ["body", "template", "name"],
        ),
    ],
)
def test_a_request_beyond_metas_limits_is_invalid_where_it_says(
    world: World, overrides: dict[str, Any], loc: list[str]
) -> None:
    answer = world.post(world.text(**overrides))

    document = told(answer)
    assert (answer["statusCode"], document["code"]) == (422, "validation_error")
    assert loc in [error["loc"] for error in document["errors"]]
    assert world.gate.log == []


@pytest.mark.parametrize(
    "interactive",
    [
        buttons(action={"buttons": []}),
        buttons(action={"buttons": LONG_TITLE}),
        buttons(action={"buttons": TWINS}),
        buttons(action={"buttons": FOUR}),
        buttons(body={"text": "x" * 1025}),
        buttons(footer={"text": "x" * 61}),
        rows(11),
        rows(6, 5),
        rows(0),
    ],
)
def test_buttons_and_lists_beyond_metas_limits_are_invalid(world: World, interactive: dict[str, Any]) -> None:
    answer = world.post(world.text(type="interactive", text=None, interactive=interactive))

    assert (answer["statusCode"], told(answer)["code"]) == (422, "validation_error")
    assert world.gate.log == []


def test_what_was_written_is_in_no_log_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.StringIO()
    monkeypatch.setattr(handler.logger.registered_handler, "stream", lines)
    monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])

    world.post(world.text(text={"body": "mi secreto"}))
    world.post(world.text(text={"body": "mi secreto" * 500}))

    assert "message sent" in lines.getvalue()
    for private in ("secreto", WAMID, PHONE):
        assert private not in lines.getvalue()
