"""The public contract of ``/api/marketing/templates``, with Meta's limits checked before Meta is asked.

Source:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from dentalist.domain.standard_templates import StandardTemplate
from dentalist.domain.template_review import ReviewedTemplate
from dentalist.services.accounts.submit_templates import Submission, TemplateList

_VARIABLE_AT_EDGE = re.compile(r"^\s*\{\{[^}]*\}\}|\{\{[^}]*\}\}\s*$")
_MOST_OF_A_KIND = {"PHONE_NUMBER": 1, "COPY_CODE": 1}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL characters")
    return text


def _framed(text: str) -> str:
    if _VARIABLE_AT_EDGE.search(text):
        raise ValueError("a variable may be neither at the beginning nor at the end")
    return text


Label = Annotated[str, StringConstraints(min_length=1, max_length=25, pattern=r"\S"), AfterValidator(_storable)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"\S"), AfterValidator(_storable)]
BodyText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024, pattern=r"\S"),
    AfterValidator(_storable),
    AfterValidator(_framed),
]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000), AfterValidator(_storable)]
Sample = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"\S"), AfterValidator(_storable)]


class _NamedSample(_Model):
    param_name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
    example: Sample


class _BodyExample(_Model):
    body_text: list[list[Sample]] | None = None
    body_text_named_params: list[_NamedSample] | None = None


class _HeaderExample(_Model):
    header_text: list[Sample] | None = None
    header_text_named_params: list[_NamedSample] | None = None
    header_handle: list[Sample] | None = None


class _TemplateHeader(_Model):
    type: Literal["HEADER"]
    format: Literal["TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"]
    text: Line | None = None
    example: _HeaderExample | None = None

    @model_validator(mode="after")
    def _text_of_format(self) -> Self:
        if (self.format == "TEXT") != (self.text is not None):
            raise ValueError("a header has text exactly when its format is TEXT")
        return self


class _TemplateBody(_Model):
    type: Literal["BODY"]
    text: BodyText
    example: _BodyExample | None = None


class _TemplateFooter(_Model):
    type: Literal["FOOTER"]
    text: Line


class _TemplateButton(_Model):
    type: Literal["QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE"]
    text: Label | None = None
    url: Url | None = None
    phone_number: Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{6,20}$")] | None = None
    example: list[Sample] | Sample | None = None

    @model_validator(mode="after")
    def _fields_of_type(self) -> Self:
        wanted = {
            "QUICK_REPLY": {"text"},
            "URL": {"text", "url"},
            "PHONE_NUMBER": {"text", "phone_number"},
            "COPY_CODE": {"example"},
        }[self.type]
        given = {name for name in ("text", "url", "phone_number", "example") if getattr(self, name) is not None}
        optional = {"example"} if self.type == "URL" else set()
        if not wanted <= given <= wanted | optional:
            raise ValueError(f"a {self.type} button takes {', '.join(sorted(wanted | optional))}")
        return self


class _TemplateButtons(_Model):
    type: Literal["BUTTONS"]
    buttons: Annotated[list[_TemplateButton], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        kinds = [button.type for button in self.buttons]
        for kind, most in _MOST_OF_A_KIND.items():
            if kinds.count(kind) > most:  # type: ignore[arg-type]
                raise ValueError(f"a template has at most {most} {kind} button")
        if [is_quick for is_quick, _ in groupby(kind == "QUICK_REPLY" for kind in kinds)].count(True) > 1:
            raise ValueError("quick replies stand together")
        return self


Component = Annotated[_TemplateHeader | _TemplateBody | _TemplateFooter | _TemplateButtons, Field(discriminator="type")]


class OwnTemplate(_Model):
    """A template of the professional's own, in Meta's shape."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(?:_[A-Z]{2})?$")]
    category: Literal["UTILITY", "MARKETING"]
    parameter_format: Literal["NAMED", "POSITIONAL"] = "POSITIONAL"
    components: Annotated[list[Component], Field(min_length=1, max_length=4)]

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        kinds = [component.type for component in self.components]
        if "BODY" not in kinds or len(set(kinds)) != len(kinds):
            raise ValueError("components have one BODY and each other type at most once")
        return self


class SubmitRequest(_Model):
    """Either the standard set (all of it, or by name), or one template."""

    channel_id: UUID
    standard: Literal[True] | Annotated[list[StandardTemplate], Field(min_length=1, max_length=10)] | None = None
    template: OwnTemplate | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.standard is None) == (self.template is None):
            raise ValueError("name either standard or template")
        return self

    @property
    def names(self) -> Sequence[StandardTemplate]:
        """Which of the standard set, each once; none when it is a template of one's own."""
        if self.standard is None:
            return []
        return list(StandardTemplate) if self.standard is True else list(dict.fromkeys(self.standard))


class SyncRequest(_Model):
    """Whose templates are read again."""

    channel_id: UUID


class TemplateItem(BaseModel):
    """A template as Meta reported it last; ``rejection_text`` says in words why Meta rejected it."""

    id: UUID
    channel_id: UUID
    name: str
    language: str
    category: str
    status: str
    parameter_format: str
    variables: list[str]
    components: list[dict[str, Any]]
    rejection_reason: str | None
    rejection_text: str | None
    standard: bool

    @classmethod
    def of(cls, template: ReviewedTemplate) -> Self:
        """The item of a template."""
        return cls(
            **template.model_dump(),
            variables=template.variables,
            rejection_text=template.rejection_text,
            standard=template.is_standard,
        )


class ProposedTemplate(BaseModel):
    """One of the standard set that Meta does not have yet, as it would be submitted."""

    name: str
    language: str
    category: str
    parameter_format: str
    components: list[dict[str, Any]]


class TemplatesAnswer(BaseModel):
    """The templates of a channel's account, or of all, and what is proposed besides for that channel."""

    items: list[TemplateItem]
    proposed: list[ProposedTemplate]

    @classmethod
    def of(cls, found: TemplateList) -> Self:
        """The answer for a list."""
        return cls(
            items=[TemplateItem.of(item) for item in found.items],
            proposed=[ProposedTemplate(**template) for template in found.proposed],
        )


class SubmittedItem(BaseModel):
    """``outcome``: submitted, already_there (nothing was sent) or refused, with Meta's ``reason``."""

    name: str
    language: str
    outcome: str
    status: str | None
    reason: str | None


class SubmittedAnswer(BaseModel):
    """What became of each template of the request, in its order."""

    items: list[SubmittedItem]

    @classmethod
    def of(cls, submissions: list[Submission]) -> Self:
        """The answer for what was submitted."""
        return cls(items=[SubmittedItem(**submission._asdict()) for submission in submissions])
