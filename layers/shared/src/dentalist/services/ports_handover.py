"""What suggesting answers, handing over and looking after who waits ask of the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from dentalist.domain.message import Content
from dentalist.domain.suggestions import AgendaChange, Suggestion
from dentalist.services.ports import Answers


@dataclass(frozen=True)
class DraftedAnswer:
    """An answer that is kept for a person instead of being sent: to ``epoch``, before any later ``human_epoch``."""

    epoch: int
    human_epoch: int
    content: Content
    changes: Sequence[AgendaChange] = ()
    ai_metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)


class SuggestingAnswers(Answers, Protocol):
    """Who answers what, also where a person decides what is sent."""

    def keep_suggestion(self, conversation_id: UUID, lease_id: UUID, drafted: DraftedAnswer) -> str:
        """Keep an answer in place of an earlier one: ``kept``.

        Nothing is kept when the contact wrote on (``outdated``), a person acted (``outdated_human``), or the lease is
        no longer ours (``lost``).
        """


class Suggestions(Protocol):
    """The answers of one professional that wait for a person."""

    def find_waiting(self, conversation_id: UUID) -> Suggestion | None:
        """The one that waits in a conversation."""

    def discard(self, suggestion_id: UUID, *, actor_id: UUID) -> bool:
        """A person does not want it; False when it no longer waits."""

    def withdraw(self, suggestion_id: UUID) -> None:
        """What it says is no longer so."""


class WaitingConversation(NamedTuple):
    """A conversation that was handed over and in which no person has written since.

    ``professional`` is the row that ``Clinic`` reads; ``told_at`` and ``told_of_window_at``: when each of the two
    reminders was last given, perhaps of an earlier hand-over.
    """

    conversation_id: UUID
    professional: Mapping[str, Any]
    reason: str
    since: datetime
    last_inbound_at: datetime | None
    told_at: datetime | None
    told_of_window_at: datetime | None


class Resumed(NamedTuple):
    """A conversation that the assistant has again; ``owes``: an answer is due in it."""

    conversation_id: UUID
    owes: bool


class WatchedConversations(Protocol):
    """What time does to conversations that wait for a person."""

    def resume_idle(self, limit: int) -> list[Resumed]:
        """Give back those that people have left alone for as long as their clinic decided."""

    def waiting(self, limit: int, *, after: WaitingConversation | None) -> list[WaitingConversation]:
        """A page of those of which a reminder has not been given, longest waiting first."""

    def remind(self, waiting: WaitingConversation, *, of_window: bool) -> bool:
        """Tell the clinic's people once; False when it was told before, or somebody has written meanwhile."""

    def unheard(self, limit: int) -> list[UUID]:
        """Conversations with messages that nobody looked at for what cannot wait, because a person was faster."""
