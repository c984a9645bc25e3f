"""What a model is told of a conversation: only what its task needs, and whose names must not leave with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dentalist.domain.answering import AnswerClaim, StoredMessage
from dentalist.domain.clinic import Clinic
from dentalist.domain.dialog import Dialog
from dentalist.domain.message import Author
from dentalist.domain.persona import parse_persona
from dentalist.domain.understanding.mentioned import names_mentioned
from dentalist.domain.understanding.normalise import bare_words
from dentalist.domain.understanding.people import find_people
from dentalist.domain.wording.times import clock, long_date
from dentalist.services.ports_models import Said, Scene

_WRITTEN = frozenset({"text", "button", "interactive", "template"})  # the rest has no words of a person's
_CHARACTERS_PER_TOKEN = 3.5
_CONVERSATION_TOKENS = 1200
_LONGEST_MESSAGE = 4096  # WhatsApp's own limit, so that nothing personal is cut in half before it is recognised


def names_of(claim: AnswerClaim) -> frozenset[str]:
    """Everybody whose name is known or was said in the conversation: none of them leaves."""
    public = f" {_public_words(claim)} "
    said = (name for name in _names_said(claim) if f" {bare_words(name)} " not in public)
    return frozenset(name for name in (*_names_known(claim), *said) if name.strip())


def _names_known(claim: AnswerClaim) -> Iterator[str]:
    contact = claim.conversation
    yield from filter(None, (contact.contact_name, contact.contact_username, (claim.patient or {}).get("full_name")))
    yield from (patient.full_name for patient in claim.patients)
    yield from (item.attendee_name or "" for item in (*claim.appointments, *claim.changed))
    yield from (offer.attendee_name or "" for offer in claim.open_offers)
    for message in claim.history:
        dialog = Dialog.recall(message.ai_metadata)
        yield from (attendee.name or "" for attendee in (dialog.attendees if dialog else ()))


def _names_said(claim: AnswerClaim) -> Iterator[str]:
    for message in (*claim.history, *claim.unanswered):
        words = (_words_of(message) or "")[:_LONGEST_MESSAGE]
        yield from names_mentioned(words)
        yield from (name for person in find_people(words) for name in person.names)


def _public_words(claim: AnswerClaim) -> str:
    """What the clinic says of itself: a treatment that somebody capitalises is nobody's name."""
    clinic = Clinic.from_row(claim.professional)
    assistant = parse_persona(claim.credential.get("ai_persona")).name
    treatments = (price.treatment for price in clinic.price_list)
    return bare_words(" ".join(filter(None, [clinic.name, assistant, *treatments, *(clinic.insurances or ())])))


def now_in_words(now: datetime, timezone: ZoneInfo) -> str:
    """ "lunes 23 de noviembre de 2026, 10:15"."""
    return f"{long_date(now, timezone)} de {now.astimezone(timezone).year}, {clock(now, timezone)}"


def scene_of(claim: AnswerClaim, *, now: datetime | None = None) -> Scene:
    """What the contact's words may refer to."""
    zone = Clinic.from_row(claim.professional).timezone
    said = [message for message in claim.history if message.direction == "outbound"]
    dialog = Dialog.recall(said[-1].ai_metadata) if said and said[-1].sender == Author.AI.value else None
    return Scene(
        now=now_in_words(now or datetime.now(UTC), zone),
        options=_options_shown(claim, zone),
        appointments=tuple(_in_words(item.starts_at, zone) for item in claim.appointments) if may_name(claim) else (),
        asked=dialog.asks.value if dialog else None,
    )


def may_name(claim: AnswerClaim) -> bool:
    """Whether appointments may be spoken of: this phone is known to be one person's."""
    shared = len(claim.patients) > 1 and claim.conversation.patient_id is None
    return claim.conversation.phone_unverified_at is None and not shared


def conversation_of(claim: AnswerClaim) -> tuple[Said, ...]:
    """The last messages within the budget of tokens, oldest first, the unanswered ones at the end."""
    kept: list[Said] = []
    left = int(_CONVERSATION_TOKENS * _CHARACTERS_PER_TOKEN)
    for message in reversed([*claim.history, *claim.unanswered]):
        text = _words_of(message)
        if not text:
            continue
        if len(text) > left and kept:
            break
        kept.append(Said(message.direction == "inbound", text[:_LONGEST_MESSAGE]))
        left -= len(text)
    return tuple(reversed(kept))


def _words_of(message: StoredMessage) -> str | None:
    if message.direction not in ("inbound", "outbound"):
        return None
    if message.type in _WRITTEN:
        return message.body
    file = message.payload.get(message.type)
    caption = file.get("caption") if isinstance(file, dict) else None
    return caption if isinstance(caption, str) else None


def _options_shown(claim: AnswerClaim, zone: ZoneInfo) -> tuple[str, ...]:
    """The times of the last list sent that can still be chosen, in the order in which the contact sees them."""
    still_open = {str(offer.id): offer for offer in claim.open_offers}
    for message in reversed(claim.history):
        if message.direction == "outbound" and (rows := _rows(message.payload)):
            return tuple(_in_words(still_open[row].starts_at, zone) for row in rows if row in still_open)
    return ()


def _rows(payload: dict[str, Any]) -> Sequence[str]:
    interactive = payload.get("interactive")
    action = interactive.get("action") if isinstance(interactive, dict) else None
    sections = action.get("sections") if isinstance(action, dict) else None
    return [str(row.get("id")) for section in sections or [] for row in section.get("rows") or []]


def _in_words(starts_at: datetime, zone: ZoneInfo) -> str:
    return f"{long_date(starts_at, zone)} a las {clock(starts_at, zone)}"
