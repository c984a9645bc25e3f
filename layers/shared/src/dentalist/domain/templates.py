"""Templates: what variables one has, and how values become Meta's components and the text that the contact reads.

Source:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from dentalist.domain.errors import TemplateNotApproved, TemplateVariablesMismatch
from dentalist.domain.message import Content, TemplateRef

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_WHITESPACE = re.compile(r"\s+")
_MEDIA_FORMATS = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}
APPROVED = "APPROVED"
MARKETING = "MARKETING"


class Template(BaseModel):
    """A template of one channel, as Meta reported it last."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    channel_id: UUID
    name: str
    language: str
    category: str
    status: str
    parameter_format: str = "POSITIONAL"
    components: list[dict[str, Any]] = []

    @property
    def ref(self) -> TemplateRef:
        """How a message names this template."""
        return TemplateRef(name=self.name, language=self.language, category=self.category)

    @property
    def variables(self) -> list[str]:
        """Every key that ``fill`` needs: the body's as Meta writes them ("1" or a name), named ones of the header too.

        Positional ones elsewhere begin anew at 1, so they say where they belong: ``header.1``, ``button.0.1``. A header
        with a picture, video or file takes its public link as ``header.image``, ``header.video``, ``header.document``.
        """
        return [key for part in self._parts() for key, _ in part.slots]

    def fill(
        self,
        values: Mapping[str, str],
        recipient: Mapping[str, str] | None = None,
        *,
        taps: Sequence[str] = (),
    ) -> Content:
        """The message with every variable filled in.

        Args:
            values: one text per variable; it may hold ``{{first_name}}``, ``{{full_name}}``, ``{{clinic_name}}``.
            recipient: what those three are for this contact.
            taps: what the quick-reply buttons return when they are tapped, in their order. A template with another
                number of them keeps its own: they return the words on them.

        Raises:
            TemplateNotApproved: Meta would refuse it.
            TemplateVariablesMismatch: one is missing, empty, unknown, or needs something not known of the contact.
        """
        if self.status != APPROVED:
            raise TemplateNotApproved
        wanted = self.variables
        if set(wanted) != set(values):
            raise TemplateVariablesMismatch(f"The template's variables are: {', '.join(wanted) or 'none'}.")
        texts = {key: _personal(value, recipient or {}) for key, value in values.items()}
        components = [part.component(texts, named=self.parameter_format == "NAMED") for part in self._parts()]
        components += self._taps(taps)
        return Content.of_template(self.ref, [filled for filled in components if filled], self._readable(texts))

    def _taps(self, payloads: Sequence[str]) -> list[dict[str, Any] | None]:
        buttons = [index for index, button in enumerate(self._buttons()) if button.get("type") == "QUICK_REPLY"]
        if len(buttons) != len(payloads):
            return []
        return [
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": str(index),
                "parameters": [{"type": "payload", "payload": payload}],
            }
            for index, payload in zip(buttons, payloads, strict=True)
        ]

    def _buttons(self) -> list[dict[str, Any]]:
        found = [item.get("buttons") for item in self.components if str(item.get("type", "")).upper() == "BUTTONS"]
        return [button for buttons in found for button in buttons or []]

    def _readable(self, texts: Mapping[str, str]) -> str:
        lines = []
        for component in self.components:
            if component.get("type") in ("HEADER", "BODY", "FOOTER") and component.get("text"):
                prefix = self._prefix(component["type"])
                lines.append(
                    _PLACEHOLDER.sub(
                        lambda found, prefix=prefix: texts.get(prefix + found[1], ""),  # type: ignore[misc]
                        component["text"],
                    )
                )
        return "\n".join(lines)

    def _prefix(self, component_type: str) -> str:
        return "header." if component_type == "HEADER" and self.parameter_format != "NAMED" else ""

    def _parts(self) -> Iterator[_Part]:
        for component in self.components:
            kind = str(component.get("type", "")).upper()
            if kind == "HEADER" and component.get("format") in _MEDIA_FORMATS:
                media = _MEDIA_FORMATS[component["format"]]
                yield _Part({"type": "header"}, [(f"header.{media}", media)])
            elif kind in ("HEADER", "BODY"):
                prefix = self._prefix(kind)
                yield _Part({"type": kind.lower()}, _slots(component.get("text"), prefix))
            elif kind == "BUTTONS":
                yield from _button_parts(component.get("buttons") or [])


class _Part:
    """One component of the send body with the variables that belong to it."""

    def __init__(self, head: dict[str, Any], slots: list[tuple[str, str]]) -> None:
        self.head = head
        self.slots = slots  # (key of the caller, name or number within the component, or the kind of media)

    def component(self, texts: Mapping[str, str], *, named: bool) -> dict[str, Any] | None:
        if not self.slots:
            return None
        return {**self.head, "parameters": [_parameter(texts[key], name, named=named) for key, name in self.slots]}


def _parameter(text: str, name: str, *, named: bool) -> dict[str, Any]:
    if name in _MEDIA_FORMATS.values():
        return {"type": name, name: {"link": text}}
    parameter = {"type": "text", "text": text}
    return {**parameter, "parameter_name": name} if named and not name.isdigit() else parameter


def _button_parts(buttons: list[dict[str, Any]]) -> Iterator[_Part]:
    for index, button in enumerate(buttons):
        if str(button.get("type", "")).upper() == "URL":
            slots = _slots(button.get("url"), f"button.{index}.")
            yield _Part({"type": "button", "sub_type": "url", "index": str(index)}, slots)


def _slots(text: str | None, prefix: str) -> list[tuple[str, str]]:
    names = list(dict.fromkeys(_PLACEHOLDER.findall(text or "")))
    ordered = sorted(names, key=int) if all(name.isdigit() for name in names) else names
    return [(prefix + name, name) for name in ordered]


def _personal(value: str, recipient: Mapping[str, str]) -> str:
    filled = _PLACEHOLDER.sub(lambda found: recipient.get(found[1], ""), value)
    # Meta refuses parameters with line breaks, tabs or more than four spaces in a row, and empty ones.
    text = _WHITESPACE.sub(" ", filled).strip()
    if not text or any(not recipient.get(name) for name in _PLACEHOLDER.findall(value)):
        raise TemplateVariablesMismatch("A variable is empty, or needs something that is not known of this contact.")
    return text
