"""Which adapter stands behind suggested answers and conversations that wait for a person."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.identity import Caller
from dentalist.runtime import wiring, wiring_calendar
from dentalist.services.suggestions import SuggestionDesk
from dentalist.storage.suggestions import SupabaseSuggestions
from dentalist.storage.watched_conversations import SupabaseWatchedConversations


def suggestion_desk(caller: Caller) -> SuggestionDesk:
    """What a person needs to send or throw away a suggested answer."""
    professional_id = caller.professional_id
    return SuggestionDesk(
        readable=wiring.user_conversations(caller),
        suggestions=suggestions(professional_id),
        agenda=wiring_calendar.agenda(professional_id),
        tasks=wiring.tasks(professional_id),
        sending=wiring.sending(professional_id),
        follow_up=lambda appointment_id: wiring_calendar.write_event(professional_id, appointment_id),
    )


def suggestions(professional_id: UUID) -> SupabaseSuggestions:
    """The professional's suggested answers."""
    return SupabaseSuggestions(wiring.service_db(), professional_id)


def watched_conversations() -> SupabaseWatchedConversations:
    """Conversations of all professionals that wait for a person."""
    return SupabaseWatchedConversations(wiring.service_db())
