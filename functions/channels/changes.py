"""What the owner may change of a channel: the assistant's manner, its model and key, and the dashboard's settings."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    StrictBool,
    StrictInt,
    StringConstraints,
    field_validator,
    model_validator,
)

from dentalist.domain.hours import parse_opening_hours
from dentalist.services.accounts.change_channel import Changes

_LONGEST_KEY = 512
_MOST_SETTINGS = 50
_LONGEST_SETTINGS = 8_000
_DEEPEST_SETTING = 8


class _Request(BaseModel):
    # A misspelt field would silently stay as it was.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL characters")
    return text


def _none_if_blank(value: Any) -> Any:
    """A form sends the fields that nobody filled in as empty texts."""
    return None if isinstance(value, str) and not value.strip() else value


def _header_safe(secret: SecretStr) -> SecretStr:
    """A key travels in a header: printable ASCII without spaces, or the request that carries it breaks."""
    key = secret.get_secret_value().strip()  # what is copied from a page often brings a blank or a line's end along
    if not 1 <= len(key) <= _LONGEST_KEY or not all("!" <= character <= "~" for character in key):
        raise ValueError(f"must be 1 to {_LONGEST_KEY} visible ASCII characters without spaces")
    return SecretStr(key)


def _keepable(settings: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Whatever a dashboard wants to remember, as long as the store can hold it and a list of channels can carry it."""
    _verify_keepable(settings, levels=_DEEPEST_SETTING)
    try:
        size = len(json.dumps(settings, ensure_ascii=False, allow_nan=False).encode())
    except ValueError:  # a number beyond all bounds, or half a character
        raise ValueError("must be JSON that can be stored") from None
    if size > _LONGEST_SETTINGS:
        raise ValueError(f"must have at most {_LONGEST_SETTINGS} bytes as JSON")
    return settings


def _verify_keepable(value: JsonValue, *, levels: int) -> None:
    if isinstance(value, str):
        _storable(value)
    if not isinstance(value, dict | list):
        return
    if not levels:
        raise ValueError(f"must not be nested more than {_DEEPEST_SETTING} levels deep")
    for inner in (*value, *value.values()) if isinstance(value, dict) else value:
        _verify_keepable(inner, levels=levels - 1)


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Time = Annotated[str, StringConstraints(pattern=r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Spans = Annotated[list[tuple[Time, Time]], Field(max_length=6)]
Name = Annotated[str, StringConstraints(max_length=60), AfterValidator(_storable)]
Line = Annotated[str, StringConstraints(max_length=300), AfterValidator(_storable)]
Text = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_storable)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(?:[_-](?:[A-Za-z]{2,4}|[0-9]{3}))?$")]
Blank = BeforeValidator(_none_if_blank)
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}$")]
Key = Annotated[SecretStr, AfterValidator(_header_safe)]
SettingName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
Settings = Annotated[dict[SettingName, JsonValue], Field(max_length=_MOST_SETTINGS), AfterValidator(_keepable)]


class Persona(_Request):
    """Who the assistant is on this channel; what is left out, or blank, is the product's own."""

    name: Annotated[Name | None, Blank] = None
    tone: Annotated[Line | None, Blank] = None
    style: Annotated[Line | None, Blank] = None
    instructions: Annotated[Text | None, Blank] = None
    language: Annotated[Language | None, Blank] = None
    hours: dict[Day, Spans] | None = None
    max_output_tokens: Annotated[StrictInt, Field(ge=60, le=4000)] | None = None

    @field_validator("hours")
    @classmethod
    def _readable_hours(cls, hours: dict[Day, Spans] | None) -> dict[Day, Spans] | None:
        if hours is not None and parse_opening_hours(hours) is None:
            raise ValueError("each day takes spans of two different times, as opening_hours does")
        return hours


class TriedSettings(_Request):
    """Settings to try before they are kept. A key belongs to its provider, so that only ``rules`` may replace that."""

    ai_persona: Persona | None = None
    ai_provider: Literal["rules"] | None = None
    ai_model: ModelName | None = None


class PlaygroundRequest(_Request):
    """A text as a patient would write it."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_storable)]
    settings: TriedSettings | None = None

    @field_validator("text")
    @classmethod
    def _words(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("must not be blank")
        return text

    @property
    def overrides(self) -> dict[str, Any]:
        """What replaces the stored settings, in the columns' names."""
        return self.settings.model_dump(mode="json", exclude_none=True) if self.settings else {}


class ChannelChange(_Request):
    """What is left out stays. ``ai_api_key`` is write-only; null erases it, and it makes a persona the product's own.

    ``settings`` is the dashboard's own column: what is named is kept as it is and answered again, the rest stays, and
    null takes a name away.
    """

    ai_enabled: StrictBool | None = None
    ai_mode: Literal["auto", "suggest"] | None = None
    ai_persona: Persona | None = None
    ai_provider: Literal["openai", "openrouter", "huggingface", "ollama", "rules"] | None = None
    ai_model: ModelName | None = None
    ai_api_key: Annotated[Key | None, Field(json_schema_extra={"writeOnly": True})] = None
    settings: Settings | None = None

    @field_validator("ai_enabled", "ai_mode", "settings", mode="before")
    @classmethod
    def _never_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("must not be null: leave it out to keep what is there")
        return value

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least one setting")
        return self

    @property
    def changes(self) -> Changes:
        """What the request names, in the words of the service."""
        values = {name: getattr(self, name) for name in self.model_fields_set - {"ai_api_key"}}
        if "ai_persona" in values:
            persona = self.ai_persona
            values["ai_persona"] = persona.model_dump(mode="json", exclude_none=True) if persona else {}
        key = self.ai_api_key.get_secret_value() if self.ai_api_key is not None else None
        return Changes(values, key=key, erases_key="ai_api_key" in self.model_fields_set and key is None)
