"""What the API takes, checked as strictly as a provider does: what one would refuse is refused here."""

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_NAME = r"^[a-zA-Z0-9_-]{1,64}$"
# Words of JSON Schema that strict mode refuses.
_REFUSED_WORDS = frozenset(
    {"minimum", "maximum", "minLength", "maxLength", "pattern", "default", "minItems", "maxItems", "uniqueItems"}
    | {"patternProperties", "propertyNames", "minProperties", "maxProperties", "oneOf", "allOf", "not", "if"}
)


class _Open(BaseModel):
    """Providers ignore what they do not know."""

    model_config = ConfigDict(extra="ignore")


class Function(_Open):
    """A function as it is offered or called."""

    name: Annotated[str, Field(pattern=_NAME)]
    description: str = ""
    parameters: dict[str, Any] = {}
    arguments: str = ""
    strict: bool = False

    @model_validator(mode="after")
    def _check(self) -> "Function":
        if self.strict and self.parameters:
            check_strict(self.parameters)
        return self


class Tool(_Open):
    """A function that may be called."""

    type: Literal["function"]
    function: Function


class ToolCall(_Open):
    """A call that the model made in an earlier round."""

    id: str
    type: Literal["function"]
    function: Function


class Message(_Open):
    """One message of the conversation with the model."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[ToolCall] = []
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The words of it."""
        if isinstance(self.content, list):
            return "\n".join(str(part.get("text", "")) for part in self.content)
        return self.content or ""


class JsonSchema(_Open):
    """The type of the answer."""

    name: Annotated[str, Field(pattern=_NAME)]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    strict: bool = False

    @model_validator(mode="after")
    def _check(self) -> "JsonSchema":
        if self.strict:
            check_strict(self.schema_)
        return self


class ResponseFormat(_Open):
    """Whether the answer is text or JSON of a type."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class ChatRequest(_Open):
    """``POST /chat/completions``."""

    model: Annotated[str, Field(min_length=1)]
    messages: Annotated[list[Message], Field(min_length=1)]
    response_format: ResponseFormat | None = None
    tools: list[Tool] = []
    tool_choice: str | dict[str, Any] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stream: Literal[False] | None = None  # nobody of ours streams

    @field_validator("messages")
    @classmethod
    def _answered(cls, messages: list[Message]) -> list[Message]:
        asked = {call.id for message in messages for call in message.tool_calls}
        told = {message.tool_call_id for message in messages if message.role == "tool"}
        if asked != told:
            raise ValueError("each tool call must be followed by a tool message that answers it, and by no other")
        return messages

    @property
    def instructions(self) -> str:
        """What the developer says."""
        return "\n".join(message.text for message in self.messages if message.role in ("system", "developer"))

    @property
    def content(self) -> str:
        """What the last user says."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def material(self) -> dict[str, Any]:
        """The content where it is a JSON object, else nothing."""
        try:
            value = json.loads(self.content)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def told(self) -> list[str]:
        """What tools answered so far."""
        return [message.text for message in self.messages if message.role == "tool"]

    @property
    def may_call(self) -> bool:
        """Whether a tool may be called now."""
        return bool(self.tools) and self.tool_choice != "none"

    @property
    def fields(self) -> dict[str, Any]:
        """The properties of the answer that is asked for."""
        schema = self.response_format.json_schema if self.response_format else None
        properties = schema.schema_.get("properties") if schema else None
        return properties if isinstance(properties, dict) else {}


def check_strict(schema: Any) -> None:
    """Refuse what strict mode refuses.

    Raises:
        ValueError: a word that is not known, an object that is open, or a property that is not required.
    """
    if isinstance(schema, list):
        for item in schema:
            check_strict(item)
    if isinstance(schema, dict):
        _check_object(schema)
        for key, value in schema.items():
            # Below these stand names of the caller's, not words of the schema.
            for inner in value.values() if key in ("properties", "$defs") else [value]:
                check_strict(inner)


def _check_object(schema: dict[str, Any]) -> None:
    refused = _REFUSED_WORDS & set(schema)
    if refused:
        raise ValueError(f"{sorted(refused)} is not permitted in a strict schema")
    if "properties" not in schema and schema.get("type") != "object":
        return
    if schema.get("additionalProperties") is not False:
        raise ValueError("'additionalProperties' is required to be supplied and to be false")
    if set(schema.get("required", [])) != set(schema.get("properties", {})):
        raise ValueError("'required' must include every key in properties")


def words_in(text: str) -> int:
    """About how many tokens a text is."""
    return max(1, round(len(re.findall(r"\w+|[^\w\s]", text)) * 1.3))
