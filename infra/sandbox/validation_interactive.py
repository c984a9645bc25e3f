"""Interactive messages: reply buttons, lists and a link button."""

from typing import Any

from infra.sandbox.errors import invalid
from infra.sandbox.shapes import choice, fields, items, optional_text, text, unique, url

_HEADER_MEDIA = ("image", "video", "document")
_HEADER_LENGTH = 60
_FOOTER_LENGTH = 60
_BODY_LENGTH = 1024
_LIST_BODY_LENGTH = 4096
_MOST_BUTTONS = 3
_BUTTON_TITLE_LENGTH = 20
_BUTTON_ID_LENGTH = 256
_MOST_SECTIONS = 10
_MOST_ROWS = 10  # of all sections together
_SECTION_TITLE_LENGTH = 24
_ROW_TITLE_LENGTH = 24
_ROW_DESCRIPTION_LENGTH = 72
_ROW_ID_LENGTH = 200


def check_interactive(content: Any) -> None:
    """Check an ``interactive`` object.

    Raises:
        GraphError: the first thing that is wrong.
    """
    fields(content, "interactive", ("type", "body", "action"), ("header", "footer"))
    kind = choice(content["type"], "interactive.type", ("button", "list", "cta_url"))
    fields(content["body"], "interactive.body", ("text",))
    text(content["body"]["text"], "interactive.body.text", _LIST_BODY_LENGTH if kind == "list" else _BODY_LENGTH)
    if content.get("footer") is not None:
        fields(content["footer"], "interactive.footer", ("text",))
        text(content["footer"]["text"], "interactive.footer.text", _FOOTER_LENGTH)
    if content.get("header") is not None:
        _check_header(content["header"], text_only=kind == "list")
    {"button": _check_buttons, "list": _check_list, "cta_url": _check_link}[kind](content["action"])


def _check_header(header: Any, *, text_only: bool) -> None:
    fields(header, "interactive.header", ("type",), ("text", *_HEADER_MEDIA))
    kind = choice(header["type"], "interactive.header.type", ("text",) if text_only else ("text", *_HEADER_MEDIA))
    fields(header, "interactive.header", ("type", kind))
    if kind == "text":
        text(header["text"], "interactive.header.text", _HEADER_LENGTH)
        return
    fields(header[kind], f"interactive.header.{kind}", (), ("id", "link", "filename"))
    if (header[kind].get("id") is None) == (header[kind].get("link") is None):
        raise invalid(f"Param interactive.header.{kind} must have exactly one of id and link.")


def _check_buttons(action: Any) -> None:
    path = "interactive.action.buttons"
    fields(action, "interactive.action", ("buttons",))
    buttons = items(action["buttons"], path, 1, _MOST_BUTTONS)
    for button in buttons:
        fields(button, path, ("type", "reply"))
        choice(button["type"], f"{path}.type", ("reply",))
        fields(button["reply"], f"{path}.reply", ("id", "title"))
        text(button["reply"]["id"], f"{path}.reply.id", _BUTTON_ID_LENGTH)
        text(button["reply"]["title"], f"{path}.reply.title", _BUTTON_TITLE_LENGTH)
    unique([button["reply"]["id"] for button in buttons], f"{path}.reply.id")
    unique([button["reply"]["title"] for button in buttons], f"{path}.reply.title")


def _check_list(action: Any) -> None:
    path = "interactive.action.sections"
    fields(action, "interactive.action", ("button", "sections"))
    text(action["button"], "interactive.action.button", _BUTTON_TITLE_LENGTH)
    sections = items(action["sections"], path, 1, _MOST_SECTIONS)
    rows: list[dict[str, Any]] = []
    for section in sections:
        # A title is only required where there are several sections to tell apart.
        required = ("title", "rows") if len(sections) > 1 else ("rows",)
        fields(section, path, required, ("title",))
        optional_text(section, "title", path, _SECTION_TITLE_LENGTH)
        rows += items(section["rows"], f"{path}.rows", 1, _MOST_ROWS)
    items(rows, f"{path}.rows", 1, _MOST_ROWS)
    for row in rows:
        _check_row(row, f"{path}.rows")
    unique([row["id"] for row in rows], f"{path}.rows.id")


def _check_row(row: Any, path: str) -> None:
    fields(row, path, ("id", "title"), ("description",))
    text(row["id"], f"{path}.id", _ROW_ID_LENGTH)
    text(row["title"], f"{path}.title", _ROW_TITLE_LENGTH)
    optional_text(row, "description", path, _ROW_DESCRIPTION_LENGTH)


def _check_link(action: Any) -> None:
    path = "interactive.action.parameters"
    fields(action, "interactive.action", ("name", "parameters"))
    choice(action["name"], "interactive.action.name", ("cta_url",))
    fields(action["parameters"], path, ("display_text", "url"))
    text(action["parameters"]["display_text"], f"{path}.display_text", _BUTTON_TITLE_LENGTH)
    url(action["parameters"]["url"], f"{path}.url")
