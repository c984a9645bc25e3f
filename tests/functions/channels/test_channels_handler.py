"""The channels API by whole events: who sees what, what is refused before anything happens, and no secret leaves."""

import io
import json
import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from channels import handler
from dentalist.domain import model_key_errors
from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.identity import Caller, Role
from dentalist.domain.standard_templates import StandardTemplate, standard_template
from dentalist.runtime import wiring, wiring_care, wiring_channels
from dentalist.services.accounts import test_channel as self_test
from dentalist.services.accounts.change_channel import SettingsDesk
from dentalist.services.accounts.ports_care import Care, Providers
from tests.builders import LambdaContext, make_channel, make_event
from tests.fakes import FakeChannels, FakeIdempotency
from tests.fakes_accounts import (
    WABA_ID,
    FakeAccountBook,
    FakeBusinesses,
    FakeFacebookLogin,
    FakeGoogleLogin,
    FakeInstagramLogin,
    make_number,
    make_token_facts,
)
from tests.fakes_channels import FakeChannelSettings, FakeKeyCheck, FakeModelKeys, make_overview

PATH = "/api/marketing/channels"
KEY = "sk-canary-0123456789"
ENDS = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)


class FakeTestEvents:
    """Our webhook, which takes and delivers every test event."""

    def __init__(self) -> None:
        self.nonces: list[tuple[UUID, str]] = []

    def begin(self, channel_id: UUID, nonce: str) -> None:
        assert (channel_id, nonce) not in self.nonces

    def send(self, account: Any, nonce: str) -> bool:
        self.nonces.append((account.channel_id, nonce))
        return True

    def received(self, channel_id: UUID, nonce: str) -> bool:
        return (channel_id, nonce) in self.nonces


class World:
    """A professional with one WhatsApp number that works."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
        professional_id = self.caller.professional_id
        self.accounts = FakeAccountBook()
        self.account = self.accounts.add(professional_id, access_token="EAAG-canary-token")
        self.facebook = FakeFacebookLogin(facts={"EAAG-canary-token": make_token_facts()})
        self.meta = FakeBusinesses(
            numbers={WABA_ID: [make_number(is_registered=True)]},
            visible={"EAAG-canary-token": {WABA_ID}},
            subscribed={WABA_ID},
        )
        channel = make_channel(
            id=self.account.channel_id, professional_id=professional_id, credential_id=self.account.credential_id
        )
        self.channels = FakeChannels({channel.id: channel})
        self.settings = FakeChannelSettings()
        self.overview = self.settings.add(make_overview(id=channel.id, token_kind="user", token_expires_at=ENDS))
        self.keys, self.check = FakeModelKeys(), FakeKeyCheck()
        self.idempotency = FakeIdempotency()
        self.events = FakeTestEvents()
        care = Care(
            self.accounts.of(professional_id),
            Providers(self.facebook, self.meta.business_for, FakeInstagramLogin(), FakeGoogleLogin()),
        )
        monkeypatch.setattr(wiring, "idempotency", lambda _: self.idempotency)
        monkeypatch.setattr(wiring, "user_channels", lambda _: self.channels)
        monkeypatch.setattr(wiring_channels, "authenticate", lambda _: self.caller)
        monkeypatch.setattr(wiring_channels, "channel_settings", lambda _: self.settings)
        monkeypatch.setattr(wiring_channels, "settings_desk", lambda _: self.desk)
        monkeypatch.setattr(wiring_care, "care", lambda _: care)
        monkeypatch.setattr(wiring_care, "test_bench", lambda _: self_test.SelfTestBench(self.events, self.events))

    @property
    def desk(self) -> SettingsDesk:
        return SettingsDesk(self.channels, self.settings, self.keys, self.check, {"openai": "the-default"})

    @property
    def channel_id(self) -> UUID:
        return self.overview.id

    def is_called_by(self, role: Role) -> None:
        self.caller = Caller(self.caller.professional_id, self.caller.user_id, role, "token")

    def asks(self, method: str, path: str = "", body: Any = None, **headers: str) -> dict[str, Any]:
        event = make_event(method, PATH + path, body, headers={"authorization": "Bearer token", **headers})
        answer: dict[str, Any] = handler.lambda_handler(event, LambdaContext())
        assert answer["headers"]["x-correlation-id"] == "request-1"
        return answer

    def patches(self, body: Any) -> dict[str, Any]:
        return self.asks("PATCH", f"/{self.channel_id}", body)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def told(answer: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def refusal(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], told(answer)["code"]


# ---- the list --------------------------------------------------------------------------------------------------------


def test_the_owner_sees_health_usage_features_and_settings(world: World) -> None:
    usage = {"month": "2026-11", "service_messages": 950, "free": 1000}
    world.settings.add(
        make_overview(
            id=world.channel_id,
            quality_rating="YELLOW",
            messaging_limit="TIER_2K",
            usage=usage,
            payment_problem_at=ENDS,
            token_expires_at=ENDS,
            ai_persona={"name": "Sofi"},
            templates=[{**standard_template(StandardTemplate.REMINDER, "es_AR"), "status": "APPROVED"}],
        )
    )

    answer = world.asks("GET")

    assert answer["statusCode"] == 200
    [item] = told(answer)["items"]
    assert (item["id"], item["type"], item["status"]) == (str(world.channel_id), "whatsapp", "connected")
    assert item["health"] == "Tu número de WhatsApp funciona."
    assert (item["messaging_tier"], item["messaging_limit"], item["quality"]) == ("TIER_2K", 2000, "media")
    assert item["usage"] == {**usage, "percent": 95, "warning": "warning"}
    assert item["payment_problem"] is True
    assert {feature["name"]: feature["enabled"] for feature in item["features"]} == {
        "appointment_reminders": True,
        "appointment_confirmations": False,
        "reschedules": False,
        "reopening": False,
        "urgent_notice": False,
    }
    assert (item["ai_persona"], item["ai_enabled"], item["has_own_key"]) == ({"name": "Sofi"}, True, False)
    assert datetime.fromisoformat(item["token_expires_at"]) == ENDS


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_the_team_sees_health_but_neither_the_assistants_settings_nor_when_access_ends(
    world: World, role: Role
) -> None:
    world.is_called_by(role)

    [item] = told(world.asks("GET"))["items"]

    assert item["health"] == "Tu número de WhatsApp funciona."
    assert item["display_phone_number"] == "+5491150320001"
    private = [name for name in item if name.startswith(("ai_", "token_"))]
    assert private == []
    assert not {"has_own_key", "settings", "scopes", "data_access_expires_at"} & set(item)


def test_a_dead_channel_says_what_to_do(world: World) -> None:
    world.settings.add(make_overview(id=world.channel_id, status="reauth_required", status_reason="password_changed"))

    [item] = told(world.asks("GET"))["items"]

    assert "contraseña" in item["health"]
    assert {feature["enabled"] for feature in item["features"]} == {False}


def test_only_a_whatsapp_number_has_free_messages_to_count(world: World) -> None:
    world.settings.channels.clear()
    world.settings.add(make_overview(type="instagram"))

    [item] = told(world.asks("GET"))["items"]

    assert (item["usage"], item["features"]) == (None, [])


# ---- changing --------------------------------------------------------------------------------------------------------

PERSONA = {
    "name": "Sofi",
    "tone": "cercano",
    "style": "frases cortas",
    "instructions": "Ofrecé siempre el primer turno de la mañana.",
    "language": "es_AR",
    "hours": {"mon": [["09:00", "13:00"], ["15:00", "19:00"]], "sun": []},
    "max_output_tokens": 300,
}


def test_everything_of_the_contract_can_be_changed_at_once(world: World) -> None:
    body = {
        "ai_enabled": False,
        "ai_mode": "suggest",
        "ai_persona": PERSONA,
        "ai_provider": "openai",
        "ai_model": "gpt-5-mini",
        "ai_api_key": KEY,
        "settings": {"handoff_after_hours": 4},
    }

    answer = world.patches(body)

    assert answer["statusCode"] == 200
    item = told(answer)
    assert (item["ai_enabled"], item["ai_mode"], item["ai_persona"]) == (False, "suggest", PERSONA)
    assert (item["ai_provider"], item["ai_model"], item["has_own_key"]) == ("openai", "gpt-5-mini", True)
    assert item["settings"] == {"handoff_after_hours": 4}
    assert world.check.asked == [("openai", "gpt-5-mini", KEY)]
    [(channel_id, changes, actor_id)] = world.settings.written
    assert (channel_id, actor_id) == (world.channel_id, world.caller.user_id)
    assert changes["ai_api_key_encrypted"] == world.keys.seal(world.account.credential_id, KEY)


def test_what_is_left_out_stays(world: World) -> None:
    world.patches({"ai_mode": "suggest"})

    [(_, changes, _)] = world.settings.written
    assert changes == {"ai_mode": "suggest"}


def test_a_persona_may_leave_out_or_empty_any_of_its_parts(world: World) -> None:
    blank = {"tone": "", "style": " ", "language": "", "instructions": "\n", "hours": None, "max_output_tokens": None}

    answer = world.patches({"ai_persona": {"name": "Sofi", **blank}})

    assert told(answer)["ai_persona"] == {"name": "Sofi"}
    for nothing in ({}, None, {"name": ""}):
        assert told(world.patches({"ai_persona": nothing}))["ai_persona"] == {}


@pytest.mark.parametrize("language", ["es", "es_AR", "es-AR", "es-419", "pt-BR"])
def test_a_persona_speaks_a_language_by_its_code(world: World, language: str) -> None:
    assert told(world.patches({"ai_persona": {"language": language}}))["ai_persona"] == {"language": language}


def test_settings_are_the_dashboards_own_kept_as_they_are_and_null_takes_one_away(world: World) -> None:
    kept = {"anything": 1, "late.policy": {"hours": 2.5, "ask": None}, "quiet-hours": [["22:00", "08:00"]]}

    assert told(world.patches({"settings": kept}))["settings"] == kept
    assert told(world.patches({"settings": {}}))["settings"] == kept
    answer = world.patches({"settings": {"anything": None, "quiet-hours": []}})

    assert (answer["statusCode"], told(answer)["settings"]) == (
        200,
        {"late.policy": {"hours": 2.5, "ask": None}, "quiet-hours": []},
    )


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else 1


@pytest.mark.parametrize(
    "settings",
    [
        None,
        [],
        "on",
        {"": 1},
        {"two words": 1},
        {"x" * 65: 1},
        {"a": "NUL \0"},
        {"a": {"NUL \0": 1}},
        {"a": "half \ud800"},
        {"a": "x" * 8_000},
        {f"a{number}": 1 for number in range(51)},
        {"a": nested(8)},
        {"a": nested(300)},
    ],
    ids=lambda settings: str(settings)[:30],
)
def test_settings_that_cannot_be_kept_are_named(world: World, settings: Any) -> None:
    answer = world.patches({"settings": settings})

    assert refusal(answer) == (422, "validation_error")
    assert told(answer)["errors"][0]["loc"][:2] == ["body", "settings"]
    assert world.settings.written == []


def test_a_setting_beyond_all_numbers_is_refused(world: World) -> None:
    event = make_event("PATCH", f"{PATH}/{world.channel_id}", {}, headers={"authorization": "Bearer token"})
    event["body"] = '{"settings": {"a": 1e999}}'

    assert refusal(handler.lambda_handler(event, LambdaContext())) == (422, "validation_error")


def test_a_key_that_was_copied_with_a_line_end_is_the_key(world: World) -> None:
    world.patches({"ai_provider": "openai", "ai_model": "m", "ai_api_key": f" {KEY}\n"})

    assert world.check.asked == [("openai", "m", KEY)]


def test_null_erases_the_key(world: World) -> None:
    world.patches({"ai_provider": "openai", "ai_model": "m", "ai_api_key": KEY})

    answer = world.patches({"ai_api_key": None})

    assert (answer["statusCode"], told(answer)["has_own_key"]) == (200, False)
    assert "no tiene clave" in told(answer)["ai_notice"]
    assert world.settings.sealed_keys == {}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (model_key_errors.AiKeyRefused(), 422),
        (model_key_errors.AiModelUnknown(), 422),
        (model_key_errors.AiKeyWithoutCredit(), 422),
        (model_key_errors.AiProviderUnreachable(), 503),
    ],
)
def test_a_key_that_its_provider_does_not_take_is_not_stored(
    world: World, error: model_key_errors.ModelChoiceRefused, status: int
) -> None:
    world.check.refusal = error

    answer = world.patches({"ai_provider": "openai", "ai_model": "m", "ai_api_key": KEY})

    assert refusal(answer) == (status, error.code)
    assert world.settings.written == []


def test_the_codes_of_a_refused_key_are_those_that_the_dashboard_knows() -> None:
    errors = ("AiKeyRefused", "AiModelUnknown", "AiKeyWithoutCredit", "AiProviderUnreachable")

    assert [getattr(model_key_errors, name)().code for name in errors] == [
        "ai_key_refused",
        "ai_model_unknown",
        "ai_key_without_credit",
        "ai_provider_unreachable",
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"ai_api_key": KEY}, "ai_key_without_provider"),
        ({"ai_provider": "rules", "ai_api_key": KEY}, "ai_key_without_provider"),
        ({"ai_provider": "openrouter", "ai_api_key": KEY}, "ai_model_required"),
        ({"ai_provider": "openai", "ai_model": "m"}, "ai_key_required"),
        ({"ai_model": "m"}, "ai_model_without_provider"),
    ],
)
def test_half_a_choice_of_model_is_refused(world: World, body: dict[str, Any], code: str) -> None:
    assert refusal(world.patches(body)) == (422, code)
    assert (world.check.asked, world.settings.written) == ([], [])


def hours(**days: Any) -> dict[str, Any]:
    return {"ai_persona": {"hours": days}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"ai_enabld": True},
        {"ai_enabled": None},
        {"ai_enabled": "false"},
        {"ai_enabled": 1},
        {"ai_mode": "off"},
        {"ai_mode": None},
        {"ai_persona": "amable"},
        {"ai_persona": {"mood": "good"}},
        {"ai_persona": {"name": "x" * 61}},
        {"ai_persona": {"name": "So\0fi"}},
        {"ai_persona": {"name": "So\ud800fi"}},
        {"ai_persona": {"tone": "x" * 301}},
        {"ai_persona": {"style": "x" * 301}},
        {"ai_persona": {"instructions": "x" * 4001}},
        {"ai_persona": {"language": "español"}},
        {"ai_persona": {"max_output_tokens": 0}},
        {"ai_persona": {"max_output_tokens": 59}},
        {"ai_persona": {"max_output_tokens": 4001}},
        {"ai_persona": {"max_output_tokens": "300"}},
        {"ai_persona": {"max_output_tokens": True}},
        hours(),
        hours(lunes=[["09:00", "13:00"]]),
        hours(mon=[["9", "13:00"]]),
        hours(mon=[["09:00"]]),
        hours(mon=[["09:00", "25:00"]]),
        hours(mon=[["09:00", "09:00"]]),
        hours(mon=[["24:00", "09:00"]]),
        hours(mon=[["09:00", "10:00"]] * 7),
        hours(mon="09:00-13:00"),
        {"ai_provider": "acme", "ai_model": "m"},
        {"ai_provider": "https://evil.example.com", "ai_model": "m"},
        {"ai_provider": "openai", "ai_model": ""},
        {"ai_provider": "openai", "ai_model": "x" * 201},
        {"ai_provider": "openai", "ai_model": "m\nHost: evil"},
        {"ai_provider": "openai", "ai_model": "m", "ai_api_key": ""},
        {"ai_provider": "openai", "ai_model": "m", "ai_api_key": "sk canary 0123456789"},
        {"ai_provider": "openai", "ai_model": "m", "ai_api_key": "sk-canary-\r\nX-Evil: 1"},
        {"ai_provider": "openai", "ai_model": "m", "ai_api_key": "sk-canary-ñandú"},
        {"ai_provider": "openai", "ai_model": "m", "ai_api_key": "sk-canary-" + "x" * 512},
        {"ai_provider": "openai", "ai_model": "m", "ai_api_key": 12345678},
        {"ai_base_url": "http://169.254.169.254/"},
        {"base_url": "http://169.254.169.254/"},
    ],
)
def test_what_the_contract_does_not_know_is_refused_and_changes_nothing(world: World, body: Any) -> None:
    answer = world.patches(body)

    assert refusal(answer) == (422, "validation_error")
    assert told(answer)["errors"]
    assert "canary" not in answer["body"]
    assert (world.check.asked, world.settings.written) == ([], [])


# ---- renewing, testing, disconnecting --------------------------------------------------------------------------------


def test_renewing_says_what_came_of_it_and_how_the_channel_stands(world: World) -> None:
    answer = world.asks("POST", f"/{world.channel_id}/refresh")

    assert answer["statusCode"] == 200
    document = told(answer)
    assert (document["refreshed"], document["reason"]) == (False, "never_expires")
    assert document["detail"] == "Este permiso no vence: no hace falta renovarlo."
    assert document["channel"]["id"] == str(world.channel_id)


def test_renewing_a_dead_token_names_the_cause_and_marks_the_channel(world: World) -> None:
    world.facebook.facts["EAAG-canary-token"] = make_token_facts(is_valid=False, cause="password_changed")

    document = told(world.asks("POST", f"/{world.channel_id}/refresh"))

    assert (document["refreshed"], document["reason"]) == (False, "password_changed")
    assert "contraseña" in document["detail"]
    assert world.account.status is ChannelStatus.REAUTH_REQUIRED


def test_a_test_walks_the_whole_chain(world: World) -> None:
    answer = world.asks("POST", f"/{world.channel_id}/test")

    assert answer["statusCode"] == 200
    document = told(answer)
    assert (document["ok"], document["cause"]) == (True, None)
    assert [check["name"] for check in document["checks"]] == ["token", "scopes", "number", "webhook", "test_event"]
    assert {check["code"] for check in document["checks"]} == {"ok"}


def test_a_test_names_the_first_broken_link(world: World) -> None:
    world.meta.subscribed.clear()

    document = told(world.asks("POST", f"/{world.channel_id}/test"))

    assert (document["ok"], document["cause"]) == (False, "not_subscribed")
    assert [check["ok"] for check in document["checks"]] == [True, True, True, False, False]


def test_the_same_key_tests_once(world: World) -> None:
    first = world.asks("POST", f"/{world.channel_id}/test", **{"idempotency-key": "k1"})
    again = world.asks("POST", f"/{world.channel_id}/test", **{"idempotency-key": "k1"})

    assert told(again) == told(first)
    assert len(world.events.nonces) == 1


def test_disconnecting_erases_and_answers_with_nothing(world: World) -> None:
    answer = world.asks("DELETE", f"/{world.channel_id}")

    assert (answer["statusCode"], answer.get("body") or "") == (204, "")
    assert (world.account.status, world.account.access_token) == (ChannelStatus.DISCONNECTED, None)
    assert world.account.disconnected_by == world.caller.user_id
    assert world.meta.subscribed == set()


def test_disconnecting_again_changes_nothing(world: World) -> None:
    world.asks("DELETE", f"/{world.channel_id}")

    assert world.asks("DELETE", f"/{world.channel_id}")["statusCode"] == 204


@pytest.mark.parametrize("action", ["refresh", "test"])
def test_a_disconnected_channel_is_neither_renewed_nor_tested(world: World, action: str) -> None:
    world.asks("DELETE", f"/{world.channel_id}")

    assert refusal(world.asks("POST", f"/{world.channel_id}/{action}")) == (409, "channel_disconnected")


# ---- who may ---------------------------------------------------------------------------------------------------------

CHANGING = [
    ("PATCH", "", {"ai_enabled": False}),
    ("DELETE", "", None),
    ("POST", "/refresh", None),
    ("POST", "/test", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGING)
@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_only_the_owner_changes_renews_tests_and_disconnects(
    world: World, method: str, path: str, body: Any, role: Role
) -> None:
    world.is_called_by(role)

    assert refusal(world.asks(method, f"/{world.channel_id}{path}", body)) == (403, "role_not_allowed")
    assert (world.settings.written, world.facebook.calls, world.meta.calls) == ([], [], [])
    assert world.account.status is ChannelStatus.CONNECTED


@pytest.mark.parametrize(("method", "path", "body"), CHANGING)
def test_another_professionals_channel_does_not_exist(world: World, method: str, path: str, body: Any) -> None:
    foreign = world.accounts.add(uuid4(), ChannelType.INSTAGRAM)
    world.settings.add(make_overview(id=foreign.channel_id))

    assert refusal(world.asks(method, f"/{foreign.channel_id}{path}", body)) == (404, "channel_not_found")
    assert (world.settings.written, world.facebook.calls, world.meta.calls) == ([], [], [])
    assert foreign.status is ChannelStatus.CONNECTED


@pytest.mark.parametrize(
    ("method", "disabled_may"), [("DELETE", True), ("GET", False), ("PATCH", False), ("POST", False)]
)
def test_only_disconnecting_works_where_the_feature_was_switched_off(
    monkeypatch: pytest.MonkeyPatch, method: str, disabled_may: bool
) -> None:
    asked: list[bool] = []

    class Authenticator:
        def caller(self, _event: Any, *, even_if_disabled: bool = False) -> Caller:
            asked.append(even_if_disabled)
            return Caller(uuid4(), uuid4(), Role.OWNER, "token")

    monkeypatch.setattr(wiring, "authenticator", Authenticator)
    monkeypatch.setattr(wiring, "user_channels", lambda _: FakeChannels())
    monkeypatch.setattr(wiring, "idempotency", lambda _: FakeIdempotency())
    monkeypatch.setattr(wiring_channels, "channel_settings", lambda _: FakeChannelSettings())
    path = PATH if method == "GET" else f"{PATH}/{uuid4()}" + ("/test" if method == "POST" else "")

    handler.lambda_handler(make_event(method, path, {} if method == "PATCH" else None), LambdaContext())

    assert asked == [disabled_may]


# ---- what never leaves -----------------------------------------------------------------------------------------------


def test_neither_a_key_nor_a_token_is_in_any_answer_or_log_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.StringIO()
    monkeypatch.setattr(handler.logger.registered_handler, "stream", lines)
    monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])
    chosen = {"ai_provider": "openai", "ai_model": "m", "ai_api_key": KEY}

    answers = [world.patches(chosen), world.asks("GET"), world.patches({**chosen, "unknown": 1})]
    world.check.refusal = model_key_errors.AiKeyRefused()
    answers += [world.patches({**chosen, "ai_api_key": KEY + "2"})]
    answers += [world.asks("POST", f"/{world.channel_id}/{action}") for action in ("refresh", "test")]
    answers += [world.asks("DELETE", f"/{world.channel_id}")]

    assert [answer["statusCode"] for answer in answers] == [200, 200, 422, 422, 200, 200, 204]
    assert "channel changed" in lines.getvalue()
    for text in (lines.getvalue(), *(json.dumps(answer) for answer in answers)):
        assert "canary" not in text
        assert KEY[::-1] not in text, "nor its sealed form"
