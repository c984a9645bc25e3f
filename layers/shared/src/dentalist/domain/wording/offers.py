"""An offer of times as a WhatsApp interactive list, within Meta's limits by construction.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dentalist.domain.agenda import OfferedSlot
from dentalist.domain.wording.facts import clip
from dentalist.domain.wording.times import clock, long_date, short_date

MAX_ROWS = 10
MAX_ROW_TITLE = 24
MAX_ROW_DESCRIPTION = 72
MAX_BUTTON = 20
MAX_SECTION_TITLE = 24
MAX_BODY = 4096
MAX_ID = 200
LONGEST_NAME = 30

_BUTTON = "Ver horarios"
_SECTION = "Horarios disponibles"


def slot_list(body: str, slots: Sequence[OfferedSlot], timezone: ZoneInfo, *, what: str = "") -> dict[str, Any]:
    """The ``interactive`` object of a message that offers these slots.

    Args:
        body: the text above the list; cut at Meta's limit.
        slots: at most ten are shown, in this order; their ids are the caller's.
        what: what the time is for, e.g. the treatment.

    Raises:
        ValueError: without a slot, or with an id that Meta would refuse.
    """
    rows = [slot_row(slot, timezone, what=what) for slot in slots[:MAX_ROWS]]
    if not rows or any(not 0 < len(row["id"]) <= MAX_ID for row in rows):
        raise ValueError("an offer needs slots with ids of 1 to 200 characters")
    return {
        "type": "list",
        "body": {"text": cut(body, MAX_BODY)},
        "action": {
            "button": cut(_BUTTON, MAX_BUTTON),
            "sections": [{"title": cut(_SECTION, MAX_SECTION_TITLE), "rows": rows}],
        },
    }


def slot_row(slot: OfferedSlot, timezone: ZoneInfo, *, what: str = "") -> dict[str, str]:
    """Weekday, date and local HH:MM in the title; below the full date and the length, or who of a family comes when."""
    minutes = int((slot.ends_at - slot.starts_at).total_seconds() // 60)
    title = f"{short_date(slot.starts_at, timezone)} · {clock(slot.starts_at, timezone)}"
    described = (
        [_together(slot, timezone)] if slot.beside else [f"{long_date(slot.starts_at, timezone)}, {minutes} min"]
    )
    if slot.attendee_name and not slot.beside:
        described.append(clip(slot.attendee_name, LONGEST_NAME))
    return {
        "id": slot.id,
        "title": cut(title, MAX_ROW_TITLE),
        "description": cut(" · ".join([*described, *([what] if what else [])]), MAX_ROW_DESCRIPTION),
    }


def _together(slot: OfferedSlot, timezone: ZoneInfo) -> str:
    """ "10:00 Tomás, 10:45 Sofía"."""
    family = (slot, *slot.beside)
    # Each name gets its share of the line, so that the last one is not cut away.
    share = max(MAX_ROW_DESCRIPTION // len(family) - len("00:00 , "), 3)
    return ", ".join(
        f"{clock(one.starts_at, timezone)} {clip(one.attendee_name or '', share)}".rstrip() for one in family
    )


def numbered(body: str, slots: Sequence[OfferedSlot], timezone: ZoneInfo) -> str:
    """The same offer as text, for a channel without lists."""
    lines = [
        f"{number}. {long_date(slot.starts_at, timezone)} a las {clock(slot.starts_at, timezone)}"
        + (f" ({_together(slot, timezone)})" if slot.beside else "")
        for number, slot in enumerate(slots[:MAX_ROWS], 1)
    ]
    return f"{body}\n" + "\n".join(lines)


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
