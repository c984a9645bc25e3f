"""The templates API by whole events."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.accounts import ChannelType, RemoteTemplate
from dentalist.domain.errors import MetaError, MetaFault
from dentalist.domain.identity import Caller, Role
from dentalist.domain.sending_errors import MetaRateLimited, TokenDead
from dentalist.domain.standard_templates import StandardTemplate, standard_template
from dentalist.domain.template_review import ReviewedTemplate
from dentalist.runtime import wiring, wiring_channels
from dentalist.services.accounts.submit_templates import TemplateDesk
from infra.sandbox.template_rules import check_new_template
from templates import handler
from tests.builders import LambdaContext, make_channel, make_event
from tests.fakes import FakeChannels, FakeIdempotency
from tests.fakes_accounts import WABA_ID, FakeAccountBook, FakeBusinesses, FakeTemplateBook
from tests.fakes_channels import FakeReadableTemplates

PATH = "/api/marketing/templates"
NAMES = [name.value for name in StandardTemplate]
OWN: dict[str, Any] = {
    "name": "aviso_feriado",
    "language": "es_AR",
    "category": "UTILITY",
    "components": [
        {
            "type": "BODY",
            "text": "Hola {{1}}, el lunes no atendemos por feriado.",
            "example": {"body_text": [["Ana"]]},
        }
    ],
}


class World:
    """A professional in Argentina with one WhatsApp number, and what Meta has of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
        professional_id = self.caller.professional_id
        self.accounts = FakeAccountBook()
        self.account = self.accounts.add(professional_id, access_token="EAAG")
        self.channel = make_channel(id=self.account.channel_id, professional_id=professional_id)
        self.channels = FakeChannels({self.channel.id: self.channel})
        self.meta = FakeBusinesses(visible={"EAAG": {WABA_ID}})
        self.book = FakeTemplateBook()
        self.readable = FakeReadableTemplates()
        self.idempotency = FakeIdempotency()
        monkeypatch.setattr(wiring, "authenticate", lambda _: self.caller)
        monkeypatch.setattr(wiring, "idempotency", lambda _: self.idempotency)
        monkeypatch.setattr(wiring, "user_channels", lambda _: self.channels)
        monkeypatch.setattr(wiring_channels, "user_templates", lambda _: self.readable)
        monkeypatch.setattr(wiring_channels, "template_desk", self.desk_of)

    def desk_of(self, professional_id: Any) -> TemplateDesk:
        assert professional_id == self.caller.professional_id
        return TemplateDesk(self.accounts.of(professional_id), self.meta.business_for, self.book)

    def is_called_by(self, role: Role) -> None:
        self.caller = Caller(self.caller.professional_id, self.caller.user_id, role, "token")

    def has(self, name: str, status: str, **overrides: Any) -> None:
        defaults: dict[str, Any] = {
            "id": uuid4(),
            "channel_id": self.channel.id,
            "name": name,
            "language": "es_AR",
            "category": "UTILITY",
            "status": status,
            "components": OWN["components"],
        }
        ours = standard_template(StandardTemplate(name), "es_AR") if name in NAMES else {}
        template = ReviewedTemplate(**{**defaults, **ours, **overrides})
        self.readable.templates.setdefault(self.channel.id, []).append(template)

    def lists(self, channel_id: Any = None, **query: str) -> dict[str, Any]:
        event = make_event("GET", PATH, headers={"authorization": "Bearer token"})
        event["queryStringParameters"] = query or {"channel_id": str(channel_id or self.channel.id)}
        return self._answer(event)

    def posts(self, body: Any, path: str = "", **headers: str) -> dict[str, Any]:
        named = {"channel_id": str(self.channel.id), **body} if isinstance(body, dict) else body
        return self._answer(make_event("POST", PATH + path, named, headers={"authorization": "Bearer t", **headers}))

    def _answer(self, event: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = handler.lambda_handler(event, LambdaContext())
        assert answer["headers"]["x-correlation-id"] == "request-1"
        return answer


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def told(answer: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def refusal(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], told(answer)["code"]


# ---- the list --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_everybody_of_the_team_sees_the_templates_and_what_is_proposed(world: World, role: Role) -> None:
    world.is_called_by(role)
    world.has("aviso_feriado", "APPROVED")
    world.has("appointment_reminder", "REJECTED", rejection_reason="PROMOTIONAL")

    answer = world.lists()

    assert answer["statusCode"] == 200
    own, reminder = told(answer)["items"]
    assert (own["name"], own["status"], own["variables"], own["standard"]) == (
        "aviso_feriado",
        "APPROVED",
        ["1"],
        False,
    )
    assert own["components"] == OWN["components"]
    assert own["channel_id"] == str(world.channel.id)
    assert (own["rejection_reason"], own["rejection_text"]) == (None, None)
    assert (reminder["standard"], reminder["rejection_reason"]) == (True, "PROMOTIONAL")
    assert "promoción" in reminder["rejection_text"]
    assert told(answer)["proposed"] == [standard_template(name, "es_AR") for name in list(StandardTemplate)[1:]]
    assert world.meta.calls == []


def test_proposals_speak_the_clinics_spanish(world: World) -> None:
    world.readable.of_country = "MX"

    assert {item["language"] for item in told(world.lists())["proposed"]} == {"es_MX"}


def test_without_a_channel_those_of_all_are_listed_and_nothing_is_proposed(world: World) -> None:
    second = uuid4()
    world.has("aviso_feriado", "APPROVED")
    world.readable.templates[second] = [
        item.model_copy(update={"channel_id": second}) for item in world.readable.templates[world.channel.id]
    ]

    answer = told(world.lists(page="1"))

    assert [item["channel_id"] for item in answer["items"]] == [str(world.channel.id), str(second)]
    assert answer["proposed"] == []


def test_what_is_no_channels_id_is_refused(world: World) -> None:
    assert refusal(world.lists(channel_id="7")) == (422, "validation_error")


# ---- submitting ------------------------------------------------------------------------------------------------------


def test_the_standard_set_is_submitted_with_one_call(world: World) -> None:
    answer = world.posts({"standard": True})

    assert answer["statusCode"] == 201
    assert told(answer)["items"] == [
        {"name": name, "language": "es_AR", "outcome": "submitted", "status": "PENDING", "reason": None}
        for name in NAMES
    ]
    assert [template for _, template in world.meta.called("create_template")] == [
        standard_template(name, "es_AR") for name in StandardTemplate
    ]
    assert {template.status for template in world.book.kept.values()} == {"PENDING"}


def test_some_of_the_set_can_be_submitted_by_name_each_once(world: World) -> None:
    answer = world.posts({"standard": ["urgent_notice", "appointment_reminder", "urgent_notice"]})

    assert [item["name"] for item in told(answer)["items"]] == ["urgent_notice", "appointment_reminder"]


def test_a_template_of_ones_own_goes_out_as_it_is(world: World) -> None:
    answer = world.posts({"template": OWN})

    assert answer["statusCode"] == 201
    [(waba_id, sent)] = world.meta.called("create_template")
    assert (waba_id, sent) == (WABA_ID, {**OWN, "parameter_format": "POSITIONAL"})


def test_what_is_there_and_what_meta_refuses_is_told_per_template(world: World) -> None:
    there = standard_template(StandardTemplate.REMINDER, "es_AR")
    world.meta.templates[WABA_ID] = [RemoteTemplate(external_id="1", status="APPROVED", **there)]
    world.meta.failures["create_template"] = MetaError(MetaFault(100, 2388293, "Invalid"), "Too many variables.")

    answer = world.posts({"standard": ["appointment_reminder", "urgent_notice"]})

    assert answer["statusCode"] == 201
    assert [(item["outcome"], item["status"], item["reason"]) for item in told(answer)["items"]] == [
        ("already_there", "APPROVED", None),
        ("refused", None, "Too many variables."),
    ]


def test_a_limit_of_metas_says_when_to_try_again(world: World) -> None:
    world.meta.failures["create_template"] = MetaRateLimited(MetaFault(80007), retry_after=timedelta(minutes=5))

    answer = world.posts({"standard": True})

    assert refusal(answer) == (429, "rate_limited")
    assert answer["headers"]["Retry-After"] == "300"


def test_a_dead_token_is_a_disconnected_channel(world: World) -> None:
    world.meta.failures["templates"] = TokenDead(MetaFault(190), reason="token_expired")

    assert refusal(world.posts({"standard": True})) == (409, "channel_disconnected")
    assert [marked.reason for marked in world.accounts.marked] == ["token_expired"]


def test_the_same_key_submits_once(world: World) -> None:
    first = world.posts({"standard": True}, **{"idempotency-key": "k1"})
    again = world.posts({"standard": True}, **{"idempotency-key": "k1"})

    assert (again["statusCode"], told(again)) == (201, told(first))
    assert len(world.meta.called("create_template")) == len(NAMES)


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_only_the_owner_submits(world: World, role: Role) -> None:
    world.is_called_by(role)

    assert refusal(world.posts({"standard": True})) == (403, "role_not_allowed")
    assert world.meta.calls == []


# ---- reading again ---------------------------------------------------------------------------------------------------


def test_reading_again_keeps_all_and_answers_the_list(world: World) -> None:
    world.meta.templates[WABA_ID] = [RemoteTemplate("1", "aviso", "es_AR", "UTILITY", "APPROVED", "NAMED", [])]
    world.has("aviso", "APPROVED")

    answer = world.posts({}, "/sync")

    assert answer["statusCode"] == 200
    assert [item["name"] for item in told(answer)["items"]] == ["aviso"]
    assert list(world.book.kept) == [(world.channel.id, "aviso", "es_AR")]


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 200), (Role.MARKETING, 200), (Role.RECEPTION, 403)])
def test_owner_and_marketing_may_read_again(world: World, role: Role, status: int) -> None:
    world.is_called_by(role)

    assert world.posts({}, "/sync")["statusCode"] == status


# ---- whose -----------------------------------------------------------------------------------------------------------


def test_another_professionals_channel_does_not_exist(world: World) -> None:
    foreign = world.accounts.add(uuid4(), ChannelType.INSTAGRAM)
    named = {"channel_id": str(foreign.channel_id)}

    answers = [
        world.lists(channel_id=foreign.channel_id),
        world.posts({**named, "standard": True}),
        world.posts({**named, "template": OWN}),
        world.posts(named, "/sync"),
    ]

    assert [refusal(answer) for answer in answers] == [(404, "channel_not_found")] * 4
    assert world.meta.calls == []


def test_an_instagram_account_has_no_templates(world: World) -> None:
    account = world.accounts.add(world.caller.professional_id, ChannelType.INSTAGRAM)
    world.channels.known[account.channel_id] = make_channel(id=account.channel_id, type="instagram")
    named = {"channel_id": str(account.channel_id)}

    assert told(world.lists(channel_id=account.channel_id)) == {"items": [], "proposed": []}
    assert refusal(world.posts({**named, "standard": True})) == (422, "templates_need_whatsapp")
    assert refusal(world.posts(named, "/sync")) == (422, "templates_need_whatsapp")


# ---- what is no template ---------------------------------------------------------------------------------------------


def own(*components: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"template": {**OWN, "components": [*OWN["components"], *components], **changes}}


def body(text: str) -> dict[str, Any]:
    return {"template": {**OWN, "components": [{"type": "BODY", "text": text}]}}


def buttons(*of: dict[str, Any]) -> dict[str, Any]:
    return own({"type": "BUTTONS", "buttons": list(of)})


QUICK = {"type": "QUICK_REPLY", "text": "Sí"}
LINK = {"type": "URL", "text": "Ver", "url": "https://clinica.example.com"}
CALL = {"type": "PHONE_NUMBER", "text": "Llamar", "phone_number": "+541150320001"}


@pytest.mark.parametrize(
    "request_body",
    [
        {},
        {"standard": True, "template": OWN},
        {"standard": False},
        {"standard": []},
        {"standard": ["appointment_remainder"]},
        {"standard": True, "dry_run": True},
        {"standard": True, "channel_id": "7"},
        {"template": None},
        own(name="Aviso Feriado"),
        own(name=""),
        own(language="spanish!"),
        own(category="AUTHENTICATION"),
        own(category="SERVICE"),
        own(parameter_format="MIXED"),
        own(components=[]),
        own(components=[{"type": "FOOTER", "text": "Chau"}]),
        own(OWN["components"][0]),
        own({"type": "CAROUSEL"}),
        own({"type": "FOOTER", "text": "x" * 61}),
        own({"type": "HEADER", "format": "TEXT"}),
        own({"type": "HEADER", "format": "TEXT", "text": "x" * 61}),
        own({"type": "HEADER", "format": "IMAGE", "text": "Hola"}),
        body(""),
        body("  "),
        body("x" * 1025),
        body("{{1}}, hola."),
        body("Hola {{1}}"),
        body("Hola \0 a todos."),
        buttons(),
        buttons(*[QUICK] * 11),
        buttons({**QUICK, "text": "x" * 26}),
        buttons({"type": "QUICK_REPLY"}),
        buttons({**QUICK, "url": "https://x.example.com"}),
        buttons({**LINK, "url": "ftp://x.example.com"}),
        buttons(CALL, CALL),
        buttons(QUICK, LINK, QUICK),
    ],
)
def test_what_meta_would_refuse_is_refused_before_it_is_asked(world: World, request_body: dict[str, Any]) -> None:
    answer = world.posts(request_body)

    assert refusal(answer) == (422, "validation_error")
    assert told(answer)["errors"]
    assert world.meta.calls == []


@pytest.mark.parametrize(
    "request_body",
    [
        own({"type": "HEADER", "format": "TEXT", "text": "Feriado"}, {"type": "FOOTER", "text": "Gracias"}),
        own({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}}, category="MARKETING"),
        buttons(QUICK, QUICK, LINK, CALL, {"type": "COPY_CODE", "example": "VERANO"}),
        buttons({**LINK, "url": "https://clinica.example.com/{{1}}", "example": ["https://clinica.example.com/a"]}),
    ],
)
def test_what_meta_takes_is_passed_on_whole(world: World, request_body: dict[str, Any]) -> None:
    assert world.posts(request_body)["statusCode"] == 201

    [(_, sent)] = world.meta.called("create_template")
    assert sent["components"] == request_body["template"]["components"]
    assert check_new_template(sent) == sent
