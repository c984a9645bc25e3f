"""A person sends, changes or throws away the answer that the assistant suggests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from dentalist.domain.answering import Appointment
from dentalist.domain.conversation import Conversation
from dentalist.domain.errors import ServiceWindowClosed
from dentalist.domain.message import Author, Draft, Message
from dentalist.domain.sending_errors import ConversationBusy
from dentalist.domain.suggestions import AgendaChange, ChangeVerb, Suggestion, SuggestionNotFound, SuggestionOutdated
from dentalist.domain.wording.tasks import UNTOLD_BOOKING, UNTOLD_BOOKING_SENTENCE
from dentalist.services.answering.agenda_talk import SOURCE
from dentalist.services.answering.ports_agenda import Agenda, Booking
from dentalist.services.ports import Tasks
from dentalist.services.ports_handover import Suggestions
from dentalist.services.ports_privacy import ReadableConversations
from dentalist.services.sending import Sending


@dataclass(frozen=True)
class SuggestionDesk:
    """What deciding on a suggestion needs, for its professional and as the person who decides may read."""

    readable: ReadableConversations
    suggestions: Suggestions
    agenda: Agenda
    tasks: Tasks
    sending: Sending
    follow_up: Callable[[UUID], object] = lambda _: None  # on an appointment, once its contact was told


def send_suggestion(
    conversation_id: UUID,
    *,
    body: str | None,
    actor_id: UUID,
    desk: SuggestionDesk,
    suggestion_id: UUID | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Message:
    """Send the answer that waits in a conversation, as the person who decided so.

    What its text states as done in the agenda is done first. Sending it again, after a crash or by a second person,
    sends nothing again: the message is named by the suggestion.

    Args:
        conversation_id: merges are followed.
        body: the person's own words in its place, which still say when what is changed in the agenda; None sends it
            as it is.
        actor_id: the person.
        desk: what it needs.
        suggestion_id: the one that the person has read; None takes whichever waits.
        now: the instant the window is looked at.

    Raises:
        ConversationNotFound: the person may see no such conversation.
        SuggestionNotFound: none waits.
        SuggestionOutdated: another waits than the one they read, or its time was taken; nothing was sent.
        SuggestionTooLong, SuggestionUnclear, ServiceWindowClosed: it could not be sent, so nothing was changed.
        CalendarUnreadable: a linked calendar cannot be read, so nothing was booked.
        Whatever ``Sending.send`` raises; a change that was made and not told is kept as a system row, with an alert.
    """
    conversation = desk.readable.get(conversation_id)
    suggestion = _waiting(conversation, suggestion_id, desk)
    if not conversation.is_window_open(now()):  # before anything is changed that could not be told
        raise ServiceWindowClosed
    content = suggestion.content(body)
    changed = _change_agenda(suggestion, desk)
    draft = Draft(
        content=content,
        author=Author.PERSON,
        actor_id=actor_id,
        effect=bool(changed),
        ai_metadata=suggestion.metadata(body),
        request_key=suggestion.id,
    )
    message = _send(conversation.id, draft, desk)
    for appointment in changed:
        desk.follow_up(appointment.id)
    return message


def _send(conversation_id: UUID, draft: Draft, desk: SuggestionDesk) -> Message:
    try:
        return desk.sending.send(conversation_id, draft)
    except ConversationBusy:
        # The person has spoken for the gate, which ends the suggestion, and no row says what was changed.
        if draft.effect:
            desk.tasks.raise_task(conversation_id, UNTOLD_BOOKING, UNTOLD_BOOKING_SENTENCE)
        raise


def discard_suggestion(
    conversation_id: UUID, *, actor_id: UUID, desk: SuggestionDesk, suggestion_id: UUID | None = None
) -> Conversation:
    """Throw away the answer that waits; nothing is sent, booked or cancelled.

    Raises:
        ConversationNotFound, SuggestionNotFound, SuggestionOutdated: as ``send_suggestion``.
        StoreUnavailable: the store cannot be reached.
    """
    conversation = desk.readable.get(conversation_id)
    suggestion = _waiting(conversation, suggestion_id, desk)
    if not desk.suggestions.discard(suggestion.id, actor_id=actor_id):
        raise SuggestionOutdated
    return conversation


def _waiting(conversation: Conversation, suggestion_id: UUID | None, desk: SuggestionDesk) -> Suggestion:
    waiting = desk.suggestions.find_waiting(conversation.id)
    if suggestion_id is not None and (waiting is None or waiting.id != suggestion_id):
        raise SuggestionOutdated
    if waiting is None:
        raise SuggestionNotFound
    return waiting


def _change_agenda(suggestion: Suggestion, desk: SuggestionDesk) -> tuple[Appointment, ...]:
    """Do what the text states, all of it or nothing: the times it books are held before anything is given up."""
    agenda, conversation_id = desk.agenda, suggestion.conversation_id
    for change in suggestion.changes:
        if change.verb is ChangeVerb.BOOK and agenda.hold(conversation_id, change.target).outcome != "held":
            raise _outdated(suggestion, desk)
    changed: list[Appointment] = []
    for change in suggestion.changes:
        done = _do(change, conversation_id, agenda)
        rows = _rows(done)
        if done.outcome == change.outcome and change.is_told_right(rows):
            changed += rows
            continue
        if changed or done.outcome == change.outcome:  # something was done of which the contact will not read here
            desk.tasks.raise_task(conversation_id, UNTOLD_BOOKING, UNTOLD_BOOKING_SENTENCE)
        raise _outdated(suggestion, desk)
    return tuple(changed)


def _do(change: AgendaChange, conversation_id: UUID, agenda: Agenda) -> Booking:
    if change.verb is ChangeVerb.BOOK:
        return agenda.commit(conversation_id, change.target, attendee_name=change.attendee_name, source=SOURCE)
    if change.verb is ChangeVerb.CANCEL:
        return agenda.cancel(conversation_id, change.target, source=SOURCE)
    return agenda.confirm(conversation_id, change.target)


def _rows(done: Booking) -> tuple[Appointment, ...]:
    if done.appointments:
        return done.appointments
    return () if done.appointment is None else (done.appointment,)


def _outdated(suggestion: Suggestion, desk: SuggestionDesk) -> SuggestionOutdated:
    desk.suggestions.withdraw(suggestion.id)
    return SuggestionOutdated()
