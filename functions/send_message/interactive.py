"""Buttons, lists and links as Meta takes them, with Meta's limits.

Source:
    https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages
    https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

_MOST_ROWS = 10


def sendable(text: str) -> str:
    """Refuse what neither Meta nor the store can hold."""
    if "\0" in text:
        raise ValueError("must not contain NUL characters")
    return text


Short = Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=r"\S"), AfterValidator(sendable)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"\S"), AfterValidator(sendable)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"\S"), AfterValidator(sendable)]
Description = Annotated[str, StringConstraints(min_length=1, max_length=72), AfterValidator(sendable)]
Paragraph = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"\S"), AfterValidator(sendable)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"\S"), AfterValidator(sendable)]
ButtonId = Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(sendable)]
RowId = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(sendable)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2048)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Header(_Model):
    type: Literal["text"]
    text: Line


class _Footer(_Model):
    text: Line


class _Paragraph(_Model):
    text: Paragraph


class _Long(_Model):
    text: Long


class _Reply(_Model):
    id: ButtonId
    title: Short


class _Button(_Model):
    type: Literal["reply"]
    reply: _Reply


class _Buttons(_Model):
    buttons: Annotated[list[_Button], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        _all_different("button ids", (button.reply.id for button in self.buttons))
        _all_different("button titles", (button.reply.title for button in self.buttons))
        return self


class ButtonMessage(_Model):
    """One to three buttons."""

    type: Literal["button"]
    header: _Header | None = None
    body: _Paragraph
    footer: _Footer | None = None
    action: _Buttons


class _Row(_Model):
    id: RowId
    title: Title
    description: Description | None = None


class _Section(_Model):
    title: Title | None = None
    rows: Annotated[list[_Row], Field(min_length=1, max_length=_MOST_ROWS)]


class _Sections(_Model):
    button: Short
    sections: Annotated[list[_Section], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _within_the_list(self) -> Self:
        rows = [row for section in self.sections for row in section.rows]
        if len(rows) > _MOST_ROWS:
            raise ValueError(f"a list has at most {_MOST_ROWS} rows in all its sections together")
        if len(self.sections) > 1 and any(section.title is None for section in self.sections):
            raise ValueError("every section needs a title when there are several")
        _all_different("row ids", (row.id for row in rows))
        return self


class ListMessage(_Model):
    """A list of up to ten rows behind a button."""

    type: Literal["list"]
    header: _Header | None = None
    body: _Long
    footer: _Footer | None = None
    action: _Sections


class _LinkParameters(_Model):
    display_text: Short
    url: Url


class _Link(_Model):
    name: Literal["cta_url"]
    parameters: _LinkParameters


class LinkMessage(_Model):
    """A button that opens a page."""

    type: Literal["cta_url"]
    header: _Header | None = None
    body: _Paragraph
    footer: _Footer | None = None
    action: _Link


Interactive = Annotated[ButtonMessage | ListMessage | LinkMessage, Field(discriminator="type")]


def _all_different(what: str, values: Iterable[str]) -> None:
    found = list(values)
    if len(set(found)) != len(found):
        raise ValueError(f"{what} must differ")
