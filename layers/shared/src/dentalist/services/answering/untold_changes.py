"""What was done to the agenda for an answer that has not left yet."""

from __future__ import annotations

from dentalist.domain.answering import AnswerClaim, Appointment


def untold_changes(claim: AnswerClaim) -> tuple[Appointment, ...]:
    """What an earlier attempt at this same answer did to the agenda without getting to say so.

    The offer it came from is used up, and a cancelled appointment is not there any more, so the contact's words no
    longer lead to it: without this, a worker that dies between the change and the send would leave one that the patient
    never hears of.
    """
    conversation = claim.conversation
    since, told_at = conversation.first_unanswered_at, conversation.last_ai_at
    found = [
        item
        for item in claim.changed
        if since is not None
        and item.chat_changed_at is not None
        and item.chat_changed_at >= since
        and (told_at is None or told_at < item.chat_changed_at)
    ]
    return tuple(sorted(found, key=lambda item: (item.chat_changed_at or item.starts_at, item.starts_at)))
