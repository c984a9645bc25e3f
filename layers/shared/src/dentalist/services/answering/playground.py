"""What the assistant of a channel would answer. Nothing is sent, stored, booked or asked of people.

The same code answers as in a real conversation, with the clinic's own data and agenda; only the hands are tied: offered
times have ids that nobody can choose, and whatever would change an appointment finds none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from dentalist.domain.answering import AnswerClaim, AnswerMode, Offer, StoredMessage
from dentalist.domain.clinic import Clinic
from dentalist.domain.conversation import Conversation
from dentalist.domain.hours import Interval
from dentalist.domain.understanding.intents import Understanding
from dentalist.domain.wording.drafts import Draft, Effect, Task
from dentalist.services.answering.hear_burst import hear
from dentalist.services.answering.ports_agenda import Agenda, Booking, SlotToOffer
from dentalist.services.answering.ports_models import Interpreter, Wordsmith
from dentalist.services.answering.understand import understand
from dentalist.services.answering.word_answer import word_answer
from dentalist.services.answering.write_answer import write_answer

ANSWER_SECONDS = 8.0  # for all that a model is asked


class Playgrounds(Protocol):
    """What is known of the professional's channels, as their assistant needs it."""

    def material(self, channel_id: UUID) -> Mapping[str, Any]:
        """``professional``, ``channel`` and ``credential`` as rows, or ChannelNotFound."""


@dataclass(frozen=True)
class Rehearsal:
    """What would be said, and everything that the channel's owner wants to know about it.

    Attributes:
        draft: None when nothing would be said.
        understanding: of the text.
        metadata: ``ai_metadata`` as the answer would keep it.
    """

    draft: Draft | None
    understanding: Understanding
    metadata: Mapping[str, Any]

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What would be asked of people."""
        return self.draft.tasks if self.draft else ()

    @property
    def handoff(self) -> str | None:
        """Why a person would take over; None when the assistant keeps the conversation."""
        if self.draft is None or self.draft.handoff is None:
            return None
        return str(self.draft.handoff.value)

    @property
    def is_urgent(self) -> bool:
        """Whether the safety text would be sent."""
        return self.draft is not None and Effect.RAISE_EMERGENCY_ALERT in self.draft.effects


def rehearse(
    claim: AnswerClaim,
    *,
    agenda: Agenda,
    interpreter: Callable[[], Interpreter | None],
    wordsmith: Callable[[], Wordsmith | None],
    now: datetime,
    clock: Callable[[], float] = time.monotonic,
) -> Rehearsal:
    """Answer a claim made by ``rehearsal_claim``.

    Args:
        claim: whose one unanswered message is the text.
        agenda: of the professional; only what is busy is read.
        interpreter: the model that understands, made when it is needed.
        wordsmith: the model that words.
        now: the instant.
        clock: seconds.

    Raises:
        StoreUnavailable: agenda, keys or budget cannot be read.
    """
    give_up_at = clock() + ANSWER_SECONDS
    clinic, burst = Clinic.from_row(claim.professional), hear(claim.unanswered)
    understood = understand(burst.words, clinic=clinic, interpreter=interpreter())
    understanding = understood.understanding
    written = write_answer(claim, understanding, burst, clinic=clinic, agenda=UntouchedAgenda(agenda), now=now)
    metadata = understood.engine.as_metadata(understanding, clock=time.perf_counter)
    if written.draft is None:
        return Rehearsal(None, understanding, metadata)
    worded = word_answer(
        written.draft,
        claim=claim,
        understanding=understanding,
        burst=burst,
        clinic=clinic,
        wordsmith=wordsmith(),
        give_up_at=give_up_at,
        now=now,
        clock=clock,
    )
    return Rehearsal(worded.draft, understanding, worded.as_metadata(metadata))


def rehearsal_claim(
    material: Mapping[str, Any], text: str, *, settings: Mapping[str, Any], now: datetime
) -> AnswerClaim:
    """A conversation that does not exist, in which somebody unknown has just written ``text``.

    Args:
        material: as ``Playgrounds`` answers it.
        text: what they write.
        settings: ``ai_persona``, ``ai_provider`` and ``ai_model`` to try instead of the stored ones. Another provider
            than the stored one has no key here, so that only ``rules`` may be named besides it.
        now: the instant.
    """
    channel_id, conversation_id = UUID(str(material["channel"]["id"])), uuid4()
    conversation = Conversation(
        id=conversation_id,
        professional_id=UUID(str(material["professional"]["id"])),
        channel_id=channel_id,
        last_inbound_at=now,
        epoch=1,
        first_unanswered_at=now,
    )
    message = StoredMessage(
        id=uuid4(),
        conversation_id=conversation_id,
        channel_id=channel_id,
        direction="inbound",
        sender="contact",
        type="text",
        body=text,
        sent_at=now,
        created_at=now,
    )
    return AnswerClaim(
        lease_id=uuid4(),
        epoch=1,
        human_epoch=0,
        mode=AnswerMode.ANSWER,
        professional=dict(material["professional"]),
        channel=dict(material["channel"]),
        credential={**material["credential"], **settings},
        conversation=conversation,
        unanswered=[message],
        first_answer=True,
    )


class UntouchedAgenda:
    """An agenda that is only looked at."""

    def __init__(self, agenda: Agenda) -> None:
        """Look at ``agenda``."""
        self._agenda = agenda

    def busy(self, start: datetime, end: datetime, *, but: UUID | None = None) -> list[Interval]:
        """As the agenda says."""
        return self._agenda.busy(start, end, but=but)

    def offer(self, conversation_id: UUID, slots: Sequence[SlotToOffer], **_: Any) -> list[Offer]:  # noqa: ARG002 - Agenda's
        """Ids that nothing knows."""
        return [
            Offer(
                id=uuid4(),
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                reason=slot.reason,
                attendee_name=slot.attendee_name,
            )
            for slot in slots
        ]

    def _nothing(self, *_: Any, **__: Any) -> Booking:
        """Nothing is found that could be changed."""
        return Booking.of("not_found")

    hold = commit = cancel = confirm = name_attendee = book_by_hand = _nothing
