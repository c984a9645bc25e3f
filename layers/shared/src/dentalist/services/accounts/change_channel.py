"""The owner changes how a channel's assistant behaves, and which model answers with whose key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from dentalist.domain.channel import ChannelStatus
from dentalist.domain.channel_errors import ChannelSettingsTooLarge
from dentalist.domain.channel_view import ChannelOverview
from dentalist.domain.errors import ChannelDisconnected
from dentalist.domain.model_key_errors import (
    AiKeyRequired,
    AiKeyWithoutProvider,
    AiModelRequired,
    AiModelWithoutProvider,
)
from dentalist.services.accounts.list_channels import find_channel
from dentalist.services.accounts.ports_channels import ChannelSettings, KeyCheck, ModelKeys
from dentalist.services.ports import Channels

_WITHOUT_OWN_MODEL = (None, "rules")
_KEYLESS = "ollama"
_SEALED_KEY = "ai_api_key_encrypted"
_MOST_SETTINGS = 16_000  # characters as JSON: they come with every list of channels


@dataclass(frozen=True)
class Changes:
    """What a request names; what it does not name stays.

    ``values``: any of ai_enabled, ai_mode, ai_persona, ai_provider, ai_model, settings (those named; None takes one
    away). ``key`` is a new key in the clear, in memory only.
    """

    values: Mapping[str, Any]
    key: str | None = field(default=None, repr=False)
    erases_key: bool = False


@dataclass(frozen=True)
class SettingsDesk:
    """What changing a channel needs: ``channels`` are those that the person may read.

    ``default_models``: what a provider is asked for by whoever has a key and knows no model by name.
    """

    channels: Channels
    settings: ChannelSettings
    keys: ModelKeys
    check: KeyCheck
    default_models: Mapping[str, str]


def change_channel(channel_id: UUID, changes: Changes, *, actor_id: UUID, desk: SettingsDesk) -> ChannelOverview:
    """Change a channel, all or nothing.

    A new key, and a new model for a key that is kept, are tried at the provider before anything is stored. A key stays
    with the provider it was entered for: choosing another one needs its own key, and forgets the old.

    Raises:
        ChannelNotFound: the person sees no such channel.
        ChannelDisconnected: it is no longer linked.
        AiModelRequired, AiModelWithoutProvider, AiKeyRequired, AiKeyWithoutProvider: the choice is not complete.
        AiKeyRefused, AiModelUnknown, AiKeyWithoutCredit, AiProviderUnreachable: the provider's answer.
        ChannelSettingsTooLarge: with what is kept already.
        StoreUnavailable: the store or the key service cannot be reached.
    """
    channel = desk.channels.get(channel_id)
    before = find_channel(channel_id, desk.settings)
    if before.status is ChannelStatus.DISCONNECTED:
        raise ChannelDisconnected
    _verify_room(before.settings, changes.values.get("settings", {}))
    values = {name: value for name, value in changes.values.items() if name not in ("ai_provider", "ai_model")}
    values |= _model_changes(before, changes, credential_id=channel.credential_id, desk=desk)
    return desk.settings.update(channel_id, values, actor_id=actor_id) if values else before


def _verify_room(kept: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    left = {name: value for name, value in {**kept, **changed}.items() if value is not None}
    if changed and len(json.dumps(left)) > _MOST_SETTINGS:
        raise ChannelSettingsTooLarge


def _model_changes(
    before: ChannelOverview, changes: Changes, *, credential_id: UUID, desk: SettingsDesk
) -> dict[str, Any]:
    """The columns of the choice of model that change, once the provider has agreed to them."""
    if changes.key is None and not {"ai_provider", "ai_model"} & set(changes.values):
        # Switching the assistant off or erasing a key must work whatever state the choice of model is in.
        return {_SEALED_KEY: None} if changes.erases_key else {}
    provider = changes.values.get("ai_provider", before.ai_provider)
    is_other = provider != before.ai_provider
    forgotten = {_SEALED_KEY: None} if changes.erases_key or (is_other and before.has_own_key) else {}
    if provider in _WITHOUT_OWN_MODEL:
        _verify_nothing_of_a_provider(changes)
        return {"ai_provider": provider, "ai_model": None, **forgotten} if is_other else dict(forgotten)
    # A model's name means nothing at another provider.
    model = changes.values.get("ai_model", None if is_other else before.ai_model) or desk.default_models.get(provider)
    if not model:
        raise AiModelRequired
    if not is_other and model == before.ai_model and changes.key is None:
        return dict(forgotten)
    key = changes.key
    if key is None and not forgotten and before.has_own_key:
        key = _kept_key(credential_id, desk.keys)
    if key is None and provider != _KEYLESS:
        raise AiKeyRequired
    desk.check.check(provider, model, key)
    sealed = {_SEALED_KEY: desk.keys.seal(credential_id, changes.key)} if changes.key is not None else forgotten
    return {"ai_provider": provider, "ai_model": model, **sealed}


def _verify_nothing_of_a_provider(changes: Changes) -> None:
    if changes.key is not None:
        raise AiKeyWithoutProvider
    if changes.values.get("ai_model"):
        raise AiModelWithoutProvider


def _kept_key(credential_id: UUID, keys: ModelKeys) -> str | None:
    try:
        return keys.kept(credential_id)
    except ChannelDisconnected as exc:
        raise AiKeyRequired("The stored key can no longer be read: enter it again.") from exc
