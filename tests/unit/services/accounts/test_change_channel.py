"""Changing a channel: what is stored, what is asked of the provider first, and where a key may go."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.channel_errors import ChannelSettingsTooLarge
from dentalist.domain.errors import ChannelDisconnected, ChannelNotFound
from dentalist.domain.model_key_errors import (
    AiKeyRefused,
    AiKeyRequired,
    AiKeyWithoutCredit,
    AiKeyWithoutProvider,
    AiModelRequired,
    AiModelUnknown,
    AiModelWithoutProvider,
    AiProviderUnreachable,
)
from dentalist.services.accounts.change_channel import Changes, SettingsDesk, change_channel
from tests.builders import make_channel
from tests.fakes import FakeChannels
from tests.fakes_channels import FakeChannelSettings, FakeKeyCheck, FakeModelKeys, make_overview

NEW, KEPT = "sk-new-canary", "sk-kept-canary"


class Office:
    """One professional with one channel, as the owner sets it."""

    def __init__(self, **channel: Any) -> None:
        self.channel = make_channel()
        self.settings = FakeChannelSettings()
        self.keys = FakeModelKeys()
        self.check = FakeKeyCheck()
        self.actor_id = uuid4()
        self.settings.add(make_overview(id=self.channel.id, **channel))
        if channel.get("has_own_key"):
            self.keys.keys[self.channel.credential_id] = KEPT
        channels = FakeChannels({self.channel.id: self.channel})
        self.desk = SettingsDesk(channels, self.settings, self.keys, self.check, {"openai": "the-default"})

    def change(self, key: str | None = None, *, erases_key: bool = False, **values: Any) -> None:
        changes = Changes(values, key=key, erases_key=erases_key)
        change_channel(self.channel.id, changes, actor_id=self.actor_id, desk=self.desk)

    @property
    def written(self) -> dict[str, Any]:
        [(channel_id, changes, actor_id)] = self.settings.written
        assert (channel_id, actor_id) == (self.channel.id, self.actor_id)
        return changes

    def sealed(self, key: str) -> str:
        return self.keys.seal(self.channel.credential_id, key)


def with_own_model(**overrides: Any) -> Office:
    return Office(**{"ai_provider": "openai", "ai_model": "gpt-5-mini", "has_own_key": True, **overrides})


# ---- what has nothing to do with a model -----------------------------------------------------------------------------


def test_only_what_is_named_is_stored() -> None:
    office = Office()

    office.change(ai_enabled=False, ai_persona={"name": "Sofi"})

    assert office.written == {"ai_enabled": False, "ai_persona": {"name": "Sofi"}}
    assert (office.check.asked, office.keys.opened) == ([], [])


@pytest.mark.parametrize("provider", ["openai", "openrouter"])
def test_the_assistant_can_be_switched_off_whatever_its_model_is_in_need_of(provider: str) -> None:
    office = Office(ai_provider=provider)

    office.change(ai_enabled=False)
    office.change(erases_key=True)

    assert [changes for _, changes, _ in office.settings.written] == [
        {"ai_enabled": False},
        {"ai_api_key_encrypted": None},
    ]
    assert (office.check.asked, office.keys.opened) == ([], [])


def test_settings_that_grow_beyond_all_bounds_are_refused_until_some_are_taken_away() -> None:
    office = Office(settings={"old": "x" * 9_000})

    with pytest.raises(ChannelSettingsTooLarge):
        office.change(settings={"new": "x" * 7_900})
    assert office.settings.written == []

    office.change(settings={"new": "x" * 7_900, "old": None})
    assert office.settings.channels[office.channel.id].settings == {"new": "x" * 7_900}


def test_a_channel_that_the_person_does_not_see_does_not_exist() -> None:
    office = Office()
    desk = replace(office.desk, channels=FakeChannels())

    with pytest.raises(ChannelNotFound):
        change_channel(office.channel.id, Changes({"ai_enabled": False}), actor_id=uuid4(), desk=desk)

    assert office.settings.written == []


def test_a_disconnected_channel_takes_no_settings_and_no_key() -> None:
    office = Office(status="disconnected")

    with pytest.raises(ChannelDisconnected):
        office.change(ai_provider="openai", ai_model="gpt-5-mini", key=NEW)

    assert (office.check.asked, office.settings.written) == ([], [])


# ---- a new key -------------------------------------------------------------------------------------------------------


def test_a_new_key_is_tried_with_its_model_and_then_stored_sealed() -> None:
    office = Office()

    office.change(ai_provider="openrouter", ai_model="vendor/model", key=NEW)

    assert office.check.asked == [("openrouter", "vendor/model", NEW)]
    assert office.written == {
        "ai_provider": "openrouter",
        "ai_model": "vendor/model",
        "ai_api_key_encrypted": office.sealed(NEW),
    }


def test_a_new_key_for_the_same_provider_is_tried_with_the_model_that_is_there() -> None:
    office = with_own_model()

    office.change(key=NEW)

    assert office.check.asked == [("openai", "gpt-5-mini", NEW)]
    assert office.written["ai_api_key_encrypted"] == office.sealed(NEW)
    assert office.keys.opened == []


@pytest.mark.parametrize(
    "refusal", [AiKeyRefused(), AiModelUnknown(), AiKeyWithoutCredit(), AiProviderUnreachable()], ids=lambda e: e.code
)
@pytest.mark.parametrize("changes", [{"key": NEW}, {"ai_model": "gpt-5"}], ids=["key", "model"])
def test_what_the_provider_refuses_changes_nothing_at_all(refusal: Exception, changes: dict[str, Any]) -> None:
    office = with_own_model()
    office.check.refusal = refusal

    with pytest.raises(type(refusal)):
        office.change(ai_enabled=False, **changes)

    assert office.settings.written == []


@pytest.mark.parametrize("before", [{}, {"ai_provider": "rules"}])
def test_a_key_needs_a_provider(before: dict[str, Any]) -> None:
    office = Office(**before)

    with pytest.raises(AiKeyWithoutProvider):
        office.change(key=NEW)

    assert (office.check.asked, office.settings.written) == ([], [])


@pytest.mark.parametrize("provider", [None, "rules"])
def test_neither_a_key_nor_a_model_goes_with_the_platforms_default_or_the_rules(provider: str | None) -> None:
    office = with_own_model()

    with pytest.raises(AiKeyWithoutProvider):
        office.change(ai_provider=provider, key=NEW)
    with pytest.raises(AiModelWithoutProvider):
        office.change(ai_provider=provider, ai_model="gpt-5")

    assert (office.check.asked, office.settings.written) == ([], [])


def test_whoever_has_a_key_of_openai_need_not_know_a_model() -> None:
    office = Office()

    office.change(ai_provider="openai", key=NEW)

    assert office.check.asked == [("openai", "the-default", NEW)]
    assert office.written["ai_model"] == "the-default"


def test_taking_the_model_back_means_the_usual_one() -> None:
    office = with_own_model()

    office.change(ai_model=None)

    assert office.check.asked == [("openai", "the-default", KEPT)]
    assert office.written["ai_model"] == "the-default"


@pytest.mark.parametrize("provider", ["openrouter", "huggingface", "ollama"])
def test_a_provider_needs_a_model(provider: str) -> None:
    office = Office()

    with pytest.raises(AiModelRequired):
        office.change(ai_provider=provider, key=NEW)

    assert (office.check.asked, office.settings.written) == ([], [])


def test_a_model_cannot_be_taken_from_a_provider_without_a_usual_one() -> None:
    with pytest.raises(AiModelRequired):
        with_own_model(ai_provider="openrouter").change(ai_model=None)


def test_a_model_without_any_provider_is_refused() -> None:
    with pytest.raises(AiModelWithoutProvider):
        Office().change(ai_model="gpt-5")


# ---- the key that is kept --------------------------------------------------------------------------------------------


def test_another_model_is_tried_with_the_key_that_is_kept() -> None:
    office = with_own_model()

    office.change(ai_model="gpt-5")

    assert office.check.asked == [("openai", "gpt-5", KEPT)]
    assert office.written == {"ai_provider": "openai", "ai_model": "gpt-5"}


def test_the_same_choice_again_asks_nobody_and_changes_nothing() -> None:
    office = with_own_model()

    office.change(ai_provider="openai", ai_model="gpt-5-mini")

    assert (office.check.asked, office.settings.written, office.keys.opened) == ([], [], [])


def test_a_key_that_no_longer_opens_has_to_be_entered_again() -> None:
    office = with_own_model()
    office.keys.is_unreadable = True

    with pytest.raises(AiKeyRequired, match="enter it again"):
        office.change(ai_model="gpt-5")

    assert (office.check.asked, office.settings.written) == ([], [])


@pytest.mark.parametrize("provider", ["openrouter", "huggingface"])
def test_a_key_is_never_shown_to_another_provider(provider: str) -> None:
    office = with_own_model()

    with pytest.raises(AiKeyRequired):
        office.change(ai_provider=provider, ai_model="m")

    assert (office.check.asked, office.keys.opened, office.settings.written) == ([], [], [])


def test_a_provider_that_needs_no_key_is_tried_without_one_and_the_old_key_is_forgotten() -> None:
    office = with_own_model()

    office.change(ai_provider="ollama", ai_model="llama3.2")

    assert office.check.asked == [("ollama", "llama3.2", None)]
    assert office.written == {"ai_provider": "ollama", "ai_model": "llama3.2", "ai_api_key_encrypted": None}


def test_a_local_model_may_have_a_key_too() -> None:
    office = Office()

    office.change(ai_provider="ollama", ai_model="llama3.2", key=NEW)

    assert office.check.asked == [("ollama", "llama3.2", NEW)]
    assert office.written["ai_api_key_encrypted"] == office.sealed(NEW)


@pytest.mark.parametrize("provider", [None, "rules"])
def test_going_back_to_the_default_or_the_rules_forgets_model_and_key(provider: str | None) -> None:
    office = with_own_model()

    office.change(ai_provider=provider)

    assert office.check.asked == []
    assert office.written == {"ai_provider": provider, "ai_model": None, "ai_api_key_encrypted": None}


def test_the_first_provider_needs_a_key() -> None:
    office = Office()

    with pytest.raises(AiKeyRequired):
        office.change(ai_provider="openai", ai_model="gpt-5-mini")

    assert (office.check.asked, office.settings.written) == ([], [])


# ---- erasing ---------------------------------------------------------------------------------------------------------


def test_erasing_a_key_asks_nobody() -> None:
    office = with_own_model()

    office.change(erases_key=True)

    assert office.written == {"ai_api_key_encrypted": None}
    assert office.check.asked == []


@pytest.mark.parametrize("provider", [None, "rules", "openai"])
def test_a_key_can_be_erased_whatever_answers(provider: str | None) -> None:
    office = Office(ai_provider=provider, ai_model="m" if provider == "openai" else None)

    office.change(erases_key=True)

    assert office.written == {"ai_api_key_encrypted": None}


def test_another_model_without_a_key_is_refused_even_while_erasing() -> None:
    office = with_own_model()

    with pytest.raises(AiKeyRequired):
        office.change(ai_model="gpt-5", erases_key=True)

    assert (office.check.asked, office.keys.opened, office.settings.written) == ([], [], [])


def test_a_change_does_not_show_its_key_when_it_is_printed() -> None:
    assert "canary" not in repr(Changes({}, key=NEW))
