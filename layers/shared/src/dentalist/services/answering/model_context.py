"""What a model is told of a conversation: only what its task needs, and whose names must not leave with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dentalist.domain.answering import AnswerClaim, StoredMessage
from dentalist.domain.clinic import Clinic
from dentalist.domain.dialog import Dialog, Question
from dentalist.domain.message import Author
from dentalist.domain.persona import parse_persona
from dentalist.domain.understanding.names import names_given
from dentalist.domain.understanding.said_names import names_said
from dentalist.domain.wording.times import clock, long_date
from dentalist.services.answering.book_slot import shown_offer
from dentalist.services.answering.hear_burst import words_of
from dentalist.services.answering.ports_models import Said, Scene

_CHARACTERS_PER_TOKEN = 3.5
_CONVERSATION_TOKENS = 1200
_ASKS_A_NAME = frozenset(
    {Question.FULL_NAME, Question.WHO_COMES, Question.VERIFY_NAME, Question.WHICH_PATIENT, Question.CORRECT_NAME}
)
_LONGEST_MESSAGE = 4096  # WhatsApp's own limit, so that nothing personal is cut in half before it is recognised


def names_of(claim: AnswerClaim) -> frozenset[str]:
    """Everybody whose name is known or was said in the conversation, by whomever: none of them leaves."""
    texts = [_told_of(message) for message in (*claim.history, *claim.unanswered)]
    assistant = parse_persona(claim.credential.get("ai_persona")).name
    said = names_said(filter(None, texts), clinic=Clinic.from_row(claim.professional), assistant=assistant)
    return said | {name for name in _names_known(claim) if name.strip()}


def _names_known(claim: AnswerClaim) -> Iterator[str]:
    contact = claim.conversation
    yield from filter(None, (contact.contact_name, contact.contact_username, (claim.patient or {}).get("full_name")))
    yield from (patient.full_name for patient in claim.patients)
    yield from (item.attendee_name or "" for item in (*claim.appointments, *claim.changed))
    yield from (offer.attendee_name or "" for offer in claim.open_offers)
    for message in claim.history:
        dialog = Dialog.recall(message.ai_metadata)
        yield from (attendee.name or "" for attendee in (dialog.attendees if dialog else ()))
    yield from _names_answered(claim)


def _names_answered(claim: AnswerClaim) -> Iterator[str]:
    """A word alone is a name only as the answer to the question for one."""
    asked: Question | None = None
    for message in (*claim.history, *claim.unanswered):
        if message.direction == "outbound":
            dialog = Dialog.recall(message.ai_metadata)
            asked = dialog.asks if dialog else None
        elif asked in _ASKS_A_NAME:
            yield from names_given(_told_of(message) or "")


def now_in_words(now: datetime, timezone: ZoneInfo) -> str:
    """ "lunes 23 de noviembre de 2026, 10:15"."""
    return f"{long_date(now, timezone)} de {now.astimezone(timezone).year}, {clock(now, timezone)}"


def scene_of(claim: AnswerClaim, *, now: datetime | None = None) -> Scene:
    """What the contact's words may refer to."""
    zone = Clinic.from_row(claim.professional).timezone
    asked = _last_question(claim)
    return Scene(
        now=now_in_words(now or datetime.now(UTC), zone),
        options=tuple(_in_words(slot.starts_at, zone) for slot in shown_offer(claim.history, claim.open_offers)),
        appointments=tuple(_in_words(item.starts_at, zone) for item in claim.appointments) if may_name(claim) else (),
        asked=asked.value if asked else None,
    )


def _last_question(claim: AnswerClaim) -> Question | None:
    said = [message for message in claim.history if message.direction == "outbound"]
    dialog = Dialog.recall(said[-1].ai_metadata) if said and said[-1].sender == Author.AI.value else None
    return dialog.asks if dialog else None


def may_name(claim: AnswerClaim) -> bool:
    """Whether appointments may be spoken of: this phone is known to be one person's."""
    shared = len(claim.patients) > 1 and claim.conversation.patient_id is None
    return claim.conversation.phone_unverified_at is None and not shared


def conversation_of(claim: AnswerClaim) -> tuple[Said, ...]:
    """The last messages within the budget of tokens, oldest first, the unanswered ones at the end.

    What was said before the phone came to be doubted, or to be another person's, was another person's to know.
    """
    kept: list[Said] = []
    left = int(_CONVERSATION_TOKENS * _CHARACTERS_PER_TOKEN)
    since = claim.conversation.phone_unverified_at or claim.conversation.held_since
    history = [item for item in claim.history if since is None or (item.created_at and item.created_at > since)]
    for message in reversed([*history, *claim.unanswered]):
        text = _told_of(message)
        if not text:
            continue
        if len(text) > left and kept:
            break
        kept.append(Said(message.direction == "inbound", text))
        left -= len(text)
    return tuple(reversed(kept))


def _told_of(message: StoredMessage) -> str | None:
    """Words of people: a summary for the team is none, nor is what a file holds."""
    if message.direction not in ("inbound", "outbound"):
        return None
    words = message.body if message.type == "template" else words_of(message)
    return words[:_LONGEST_MESSAGE] if words else None


def _in_words(starts_at: datetime, zone: ZoneInfo) -> str:
    return f"{long_date(starts_at, zone)} a las {clock(starts_at, zone)}"
