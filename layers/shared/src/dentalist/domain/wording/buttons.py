"""A question with answers to tap: up to three buttons, else a list, within Meta's limits by construction.

Sources: https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages and
https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dentalist.domain.wording.offers import MAX_BODY, MAX_BUTTON, MAX_ROW_DESCRIPTION, MAX_ROW_TITLE, MAX_ROWS, cut

MAX_BUTTONS = 3
MAX_BUTTON_BODY = 1024

_BUTTON = "Elegir"
_SECTION = "Opciones"


@dataclass(frozen=True)
class Option:
    """Something to tap. ``id`` is what a tap returns; one that code does not know counts as the words of ``title``."""

    id: str
    title: str
    description: str = ""


def body_limit(options: Sequence[Option]) -> int:
    """How long the text above these may be."""
    return MAX_BUTTON_BODY if options and _fit_on_buttons(options) else MAX_BODY


def _fit_on_buttons(options: Sequence[Option]) -> bool:
    """Two children at the same time: only a row tells in its description who is who, and titles must differ."""
    titles = {cut(option.title, MAX_BUTTON) for option in options}
    return len(options) <= MAX_BUTTONS and len(titles) == len(options)


def tappable(body: str, options: Sequence[Option]) -> dict[str, Any]:
    """The ``interactive`` object of a question.

    Args:
        body: the question, at most ``body_limit`` long; cut there.
        options: at least one; of more than ten the first are shown.

    Raises:
        ValueError: without an option.
    """
    if not options:
        raise ValueError("a question to tap needs an option")
    text = {"text": cut(body, body_limit(options))}
    if _fit_on_buttons(options):
        buttons = [
            {"type": "reply", "reply": {"id": option.id, "title": cut(option.title, MAX_BUTTON)}} for option in options
        ]
        return {"type": "button", "body": text, "action": {"buttons": buttons}}
    rows = [_row(option) for option in options[:MAX_ROWS]]
    return {
        "type": "list",
        "body": text,
        "action": {"button": _BUTTON, "sections": [{"title": _SECTION, "rows": rows}]},
    }


def _row(option: Option) -> dict[str, str]:
    row = {"id": option.id, "title": cut(option.title, MAX_ROW_TITLE)}
    return {**row, "description": cut(option.description, MAX_ROW_DESCRIPTION)} if option.description else row


def spelled_out(body: str, options: Sequence[Option]) -> str:
    """The same question as text, for a channel without buttons."""
    lines = [f"{number}. {option.title}" for number, option in enumerate(options[:MAX_ROWS], 1)]
    return "\n".join([body, *lines])
