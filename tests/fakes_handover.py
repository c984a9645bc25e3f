"""A number on which a person decides what is sent, and conversations that wait, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.message import Message
from dentalist.domain.suggestions import Suggestion
from dentalist.services.answering.answer_desk import Desk
from dentalist.services.ports_handover import DraftedAnswer, Resumed, WaitingConversation
from dentalist.services.sending import Sending
from dentalist.services.suggestions import SuggestionDesk, send_suggestion
from tests.builders import NOON
from tests.fakes import FakeChannels, FakeConversations, FakeLinks, FakeSendGate, FakeWhatsApp
from tests.fakes_answers import World, _Agenda, _People


@dataclass
class FakeSuggestions:
    """The last answer that was drafted in a world waits, until somebody decides."""

    world: World
    ended: list[tuple[str, UUID]] = field(default_factory=list)
    ids: dict[int, UUID] = field(default_factory=dict)

    def find_waiting(self, conversation_id: UUID) -> Suggestion | None:
        if not self.world.suggestions or conversation_id != self.world.conversation.id:
            return None
        number = len(self.world.suggestions)
        waiting = _suggestion(
            self.ids.setdefault(number, uuid4()), conversation_id, self.world.suggestions[-1], self.world.now
        )
        return None if any(ended == waiting.id for _, ended in self.ended) else waiting

    def discard(self, suggestion_id: UUID, *, actor_id: UUID) -> bool:
        assert actor_id
        return self._end("discarded", suggestion_id)

    def withdraw(self, suggestion_id: UUID) -> None:
        self._end("withdrawn", suggestion_id)

    def _end(self, how: str, suggestion_id: UUID) -> bool:
        is_new = all(ended != suggestion_id for _, ended in self.ended)
        self.ended.append((how, suggestion_id))
        return is_new


def _suggestion(id_: UUID, conversation_id: UUID, drafted: DraftedAnswer, at: datetime) -> Suggestion:
    """As the store gives it back: through JSON."""
    return Suggestion.model_validate(
        {
            "id": id_,
            "conversation_id": conversation_id,
            "type": drafted.content.type,
            "body": drafted.content.body,
            "payload": dict(drafted.content.payload),
            "changes": [change.model_dump(mode="json") for change in drafted.changes],
            "ai_metadata": dict(drafted.ai_metadata),
            "created_at": at,
        }
    )


class Clinic:
    """A clinic that reads what the assistant suggests in one conversation, and decides."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.gate = FakeSendGate()
        self.meta = FakeWhatsApp()
        self.suggestions = FakeSuggestions(world)
        self.followed_up: list[UUID] = []
        self.person = uuid4()

    @property
    def desk(self) -> SuggestionDesk:
        sending = Sending(
            gate=self.gate,
            sender_for=lambda _: self.meta,
            channels=FakeChannels(),
            links=FakeLinks(),
            pause=lambda _: None,
        )
        return SuggestionDesk(
            readable=FakeConversations({self.world.conversation.id: self.world.conversation}),
            suggestions=self.suggestions,
            agenda=_Agenda(self.world),
            tasks=_People(self.world),
            sending=sending,
            follow_up=self.followed_up.append,
        )

    @property
    def waiting(self) -> Suggestion:
        waiting = self.suggestions.find_waiting(self.world.conversation.id)
        assert waiting is not None
        return waiting

    def sends(self, body: str | None = None, **named: Any) -> Message:
        """Somebody sends what waits; it stands in the thread as theirs."""
        world, waiting = self.world, self.suggestions.find_waiting(self.world.conversation.id)
        message = send_suggestion(
            world.conversation.id, body=body, actor_id=self.person, desk=self.desk, now=lambda: world.now, **named
        )
        assert waiting is not None
        self.suggestions.ended.append(("sent", waiting.id))
        self._stands_in_the_thread()
        return message

    def _stands_in_the_thread(self) -> None:
        world, draft = self.world, self.gate.drafts[-1]
        world.person_writes()
        row = world.writes(draft.content.body)
        as_sent = {
            "direction": "outbound",
            "sender": "professional",
            "status": "sent",
            "payload": dict(draft.content.payload),
            "ai_metadata": dict(draft.ai_metadata or {}),
        }
        world.rows[world.rows.index(row)] = row.model_copy(update=as_sent)
        world.person_writes()  # nothing is owed for it


class SuggestingWorld(World):
    """A person who has written does not silence the suggestions."""

    def _mode(self) -> str:
        return "answer" if self.conversation.handoff_reason == "human_reply" else super()._mode()


def suggesting(**world: Any) -> World:
    """A world on whose number a person decides."""
    begun = SuggestingWorld(**world)
    begun.channel = {**begun.channel, "ai_mode": "suggest"}
    return begun


def desk_with(world: World, **fields: Any) -> None:
    """Let the desk of every turn have these."""
    plain = world.desk_for

    def desk_for(claim: Any) -> Desk:
        return Desk(**{**vars(plain(claim)), **fields})

    world.desk_for = desk_for  # type: ignore[method-assign]


def make_waiting(**columns: Any) -> WaitingConversation:
    """Handed over at NOON, and nobody has been reminded."""
    defaults: dict[str, Any] = {
        "conversation_id": uuid4(),
        "professional": {"id": str(uuid4()), "timezone": "America/Argentina/Buenos_Aires"},
        "reason": "requested",
        "since": NOON,
        "last_inbound_at": NOON - timedelta(minutes=1),
        "told_at": None,
        "told_of_window_at": None,
    }
    return WaitingConversation(**{**defaults, **columns})


@dataclass
class FakeWatched:
    """Conversations that wait, and what was done about them."""

    conversations: list[WaitingConversation] = field(default_factory=list)
    idle: list[Resumed] = field(default_factory=list)
    not_heard: list[UUID] = field(default_factory=list)
    reminders: list[tuple[UUID, bool]] = field(default_factory=list)
    written_meanwhile: bool = False

    def resume_idle(self, limit: int) -> list[Resumed]:
        return self.idle[:limit]

    def waiting(self, limit: int, *, after: WaitingConversation | None) -> list[WaitingConversation]:
        begins = 0 if after is None else self.conversations.index(after) + 1
        return self.conversations[begins : begins + limit]

    def remind(self, waiting: WaitingConversation, *, of_window: bool) -> bool:
        if self.written_meanwhile:
            return False
        self.reminders.append((waiting.conversation_id, of_window))
        return True

    def unheard(self, limit: int) -> list[UUID]:
        return self.not_heard[:limit]
