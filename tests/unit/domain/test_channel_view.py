"""How a linked account looks to its people."""

from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.channel_view import ChannelOverview, Usage
from dentalist.domain.standard_templates import StandardTemplate, standard_template


def overview(**overrides: Any) -> ChannelOverview:
    defaults = {"id": str(uuid4()), "type": "whatsapp", "status": "connected", "ai_enabled": True, "ai_mode": "auto"}
    return ChannelOverview.model_validate({**defaults, **overrides})


def state(name: str, status: str = "APPROVED", *, language: str = "es_AR", **more: Any) -> dict[str, Any]:
    """A template of a channel; with a name of the standard set, as it is there."""
    ours = standard_template(StandardTemplate(name), language) if name in list(StandardTemplate) else {}
    return {**ours, "name": name, "language": language, "status": status, **more}


@pytest.mark.parametrize(
    ("sent", "percent", "warning"),
    [
        (0, 0, None),
        (699, 69, None),
        (700, 70, "info"),
        (899, 89, "info"),
        (900, 90, "warning"),
        (999, 99, "warning"),
        (1000, 100, "critical"),
        (1500, 150, "critical"),
    ],
)
def test_a_warning_grows_at_70_90_and_100_percent_of_the_free_messages(
    sent: int, percent: int, warning: str | None
) -> None:
    usage = Usage(month="2026-11", service_messages=sent, free=1000)

    assert (usage.percent, usage.warning) == (percent, warning)


def test_where_nothing_is_free_the_warning_is_always_there() -> None:
    assert Usage(month="2026-11", service_messages=0, free=0).warning == "critical"


@pytest.mark.parametrize(
    ("tier", "number", "unlimited"),
    [
        ("TIER_250", 250, False),
        ("TIER_1K", 1000, False),
        ("TIER_2K", 2000, False),
        ("TIER_10K", 10_000, False),
        ("TIER_100K", 100_000, False),
        ("TIER_UNLIMITED", None, True),
        ("TIER_NEW", None, False),
        (None, None, False),
    ],
)
def test_a_messaging_tier_is_a_number_of_people(tier: str | None, number: int | None, unlimited: bool) -> None:
    channel = overview(messaging_limit=tier)

    assert (channel.daily_contacts, channel.is_unlimited) == (number, unlimited)


@pytest.mark.parametrize(
    ("rating", "word"), [("GREEN", "alta"), ("YELLOW", "media"), ("RED", "baja"), ("UNKNOWN", None), (None, None)]
)
def test_a_quality_rating_is_a_word(rating: str | None, word: str | None) -> None:
    assert overview(quality_rating=rating).quality_text == word


FEATURES = {
    "appointment_reminders": "appointment_reminder",
    "appointment_confirmations": "appointment_confirmation",
    "reschedules": "appointment_reschedule",
    "reopening": "reopen_conversation",
    "urgent_notice": "urgent_notice",
}


@pytest.mark.parametrize(("feature", "template"), FEATURES.items())
def test_a_feature_is_on_exactly_when_its_template_is_approved(feature: str, template: str) -> None:
    channel = overview(templates=[state(template)])

    assert {found.name: found.enabled for found in channel.features} == {name: name == feature for name in FEATURES}
    assert [found.reason for found in channel.features if found.enabled] == [None]


@pytest.mark.parametrize(
    ("templates", "words"),
    [
        ([], "todavía no enviaste la plantilla"),
        ([state("appointment_reminder", "DELETED")], "todavía no enviaste la plantilla"),
        ([state("promo")], "todavía no enviaste la plantilla"),
        ([state("appointment_reminder", "PENDING")], "todavía la está revisando"),
        ([state("appointment_reminder", "REJECTED", rejection_reason="PROMOTIONAL")], "la consideró una promoción"),
        ([state("appointment_reminder", "PAUSED")], "la pausó"),
        ([state("appointment_reminder", "DISABLED")], "la deshabilitó"),
    ],
)
def test_a_feature_that_is_off_says_why(templates: list[dict[str, Any]], words: str) -> None:
    reminders = overview(templates=templates).features[0]

    assert not reminders.enabled
    assert str(reminders.reason).startswith("Apagado")
    assert words in str(reminders.reason)


BODY = {"type": "BODY", "text": "Hola {{name}}, tu turno en {{clinic}} es el {{date}} a las {{time}}. Te esperamos."}


@pytest.mark.parametrize(
    "other",
    [
        {"parameter_format": "POSITIONAL", "components": []},
        {"components": [{"type": "BODY", "text": "Hola {{first_name}}, te esperamos en {{clinic}}."}]},
        {"components": [{"type": "BODY", "text": "Mañana tenés turno."}]},
        {"components": [BODY, {"type": "HEADER", "format": "IMAGE"}]},
        {"components": [BODY, {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://a.example/{{1}}"}]}]},
        {"language": "en"},
    ],
    ids=["positional", "other names", "none", "picture", "link", "language"],
)
def test_a_template_of_the_clinics_own_under_our_name_switches_nothing_on(other: dict[str, Any]) -> None:
    reminders = overview(templates=[{**state("appointment_reminder"), **other}]).features[0]

    assert not reminders.enabled
    assert "ya tiene en Meta otra plantilla que se llama «appointment_reminder»" in str(reminders.reason)


def test_our_template_in_other_words_is_still_ours() -> None:
    assert overview(templates=[{**state("appointment_reminder"), "components": [BODY]}]).features[0].enabled


def test_one_approved_language_is_enough() -> None:
    rejected = state("appointment_reminder", "REJECTED")
    approved = state("appointment_reminder", language="es")

    assert overview(templates=[rejected, approved]).features[0].enabled


@pytest.mark.parametrize("status", ["pending", "reauth_required", "restricted", "disconnected"])
def test_nothing_works_on_a_number_that_is_not_connected(status: str) -> None:
    channel = overview(status=status, templates=[state(name) for name in FEATURES.values()])

    assert {feature.enabled for feature in channel.features} == {False}
    assert {feature.reason for feature in channel.features} == {"Apagado: el número no está conectado."}


@pytest.mark.parametrize("kind", ["instagram", "google_calendar"])
def test_only_whatsapp_has_features_that_need_templates(kind: str) -> None:
    assert overview(type=kind).features == []


@pytest.mark.parametrize(
    ("provider", "has_key", "told"),
    [
        (None, False, False),
        ("rules", False, False),
        ("ollama", False, False),
        ("openai", True, False),
        ("openai", False, True),
        ("huggingface", False, True),
    ],
)
def test_a_provider_without_its_key_is_pointed_out(provider: str | None, has_key: bool, told: bool) -> None:
    notice = overview(ai_provider=provider, has_own_key=has_key).model_notice

    assert (notice is not None) is told
