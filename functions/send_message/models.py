"""The public contract of ``POST /api/marketing/whatsapp/send``, with Meta's limits checked before Meta is asked.

Source:
    https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
"""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

from dentalist.domain.message import Content, Message
from dentalist.services.send_message import FromTemplate, ToNumber
from send_message.interactive import Interactive, sendable

Body = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"\S"), AfterValidator(sendable)]
Caption = Annotated[str, StringConstraints(min_length=1, max_length=1024), AfterValidator(sendable)]
Filename = Annotated[str, StringConstraints(min_length=1, max_length=240), AfterValidator(sendable)]
Variable = Annotated[str, StringConstraints(max_length=1024), AfterValidator(sendable)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]


class _Model(BaseModel):
    # A misspelt field would silently be a message that says less than its writer meant.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ToPhone(_Model):
    """A contact by number, in E.164 with its plus sign."""

    phone: Phone


class Text(_Model):
    """Free text, within the customer service window."""

    body: Body
    preview_url: bool = False


class TemplateMessage(_Model):
    """An approved template of the channel; ``variables`` by number ("1") or name."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z]{2,4})?$")]
    variables: dict[str, Variable] = {}


class Media(_Model):
    """A file by its path in the professional's storage, or by a public link."""

    storage_path: Annotated[str, StringConstraints(min_length=1, max_length=1024)] | None = None
    link: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2048)] | None = None
    caption: Caption | None = None
    filename: Filename | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.storage_path is None) == (self.link is None):
            raise ValueError("name the file by either storage_path or link")
        return self


class SendMessageRequest(_Model):
    """To whom (a conversation, or a number on a channel), and one kind of content."""

    conversation_id: UUID | None = None
    channel_id: UUID | None = None
    to: ToPhone | None = None
    type: Literal["text", "template", "image", "document", "audio", "video", "interactive"]
    text: Text | None = None
    template: TemplateMessage | None = None
    media: Media | None = None
    interactive: Interactive | None = None

    @model_validator(mode="after")
    def _one_recipient(self) -> Self:
        by_number = self.channel_id is not None and self.to is not None
        if (self.conversation_id is None) != by_number or (self.conversation_id and (self.channel_id or self.to)):
            raise ValueError("name either conversation_id, or channel_id and to")
        return self

    @model_validator(mode="after")
    def _content_of_type(self) -> Self:
        wanted = self.type if self.type in ("text", "template", "interactive") else "media"
        given = [name for name in ("text", "template", "media", "interactive") if getattr(self, name) is not None]
        if given != [wanted]:
            raise ValueError(f"type {self.type} takes exactly {wanted}")
        if self.media is not None:
            if self.type == "audio" and self.media.caption is not None:
                raise ValueError("audio takes no caption")
            if self.type != "document" and self.media.filename is not None:
                raise ValueError("only a document takes a filename")
        return self

    @property
    def recipient(self) -> UUID | ToNumber:
        """The conversation, or the number on its channel."""
        if self.channel_id is not None and self.to is not None:
            return ToNumber(self.channel_id, self.to.phone)
        if self.conversation_id is None:
            raise AssertionError("the model names a recipient")
        return self.conversation_id

    @property
    def content(self) -> Content | FromTemplate:
        """What is to be sent, in the words of the domain."""
        if self.text is not None:
            return Content.text(self.text.body, preview_url=self.text.preview_url)
        if self.template is not None:
            return FromTemplate(self.template.name, self.template.language, self.template.variables)
        if self.interactive is not None:
            return Content.interactive(self.interactive.model_dump(mode="json", exclude_none=True))
        if self.media is None:
            raise AssertionError("the model has content")
        return Content.media(self.type, **self.media.model_dump())


class SendMessageResponse(BaseModel):
    """``wamid`` is null and ``status`` is ``unknown`` when Meta's answer was lost."""

    message_id: UUID
    wamid: str | None
    conversation_id: UUID
    status: str

    @classmethod
    def of(cls, message: Message) -> Self:
        """The answer for a message."""
        return cls(
            message_id=message.message_id,
            wamid=message.external_id,
            conversation_id=message.conversation_id,
            status=message.status.value,
        )
