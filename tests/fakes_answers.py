"""A conversation in memory whose store keeps the rules of the SQL functions, for tests of answering.

Every call of a port passes two moments, before and after. A test may let the worker die at any of them, or let
something happen there, such as a person who writes.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from dentalist.domain.answering import AnswerClaim, Appointment, KnownPatient, NoClaim, Offer, StoredMessage
from dentalist.domain.conversation import Conversation
from dentalist.domain.errors import ConsentRequired, ServiceWindowClosed
from dentalist.domain.hours import Interval
from dentalist.domain.message import Claim, Draft, Message, MessageStatus, Recipient
from dentalist.domain.sending_errors import AlreadyAnswered, AnswerOutdated, ConversationBusy, OutdatedHuman, Paced
from dentalist.services.answering.answer_conversation import Desk, Turn, answer_conversation
from dentalist.services.answering.ports_agenda import Booking, SlotToOffer
from dentalist.services.answering.ports_models import Interpretation, ModelUnavailable
from dentalist.services.ports import Settlement
from dentalist.services.ports_handover import DraftedAnswer
from dentalist.services.sending import Sending
from tests.builders import NOON, PHONE, make_claim
from tests.fakes import FakeChannels, FakeLinks
from tests.fakes_agenda import AgendaRules

LATER = timedelta(seconds=31)  # longer than any lease
TZ = "America/Argentina/Buenos_Aires"
OPEN = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
LUCIA: dict[str, Any] = {
    "id": "5b7c9f0e-1c3d-4f5a-8b6d-2e4f6a8c0b1d",
    "full_name": "Lucía Pérez",
    "is_minor": False,
}
PROFESSIONAL: dict[str, Any] = {
    "name": "Consultorio Prueba",
    "timezone": TZ,
    "country": "AR",
    "opening_hours": OPEN,
    "price_list": [
        {"treatment": "Limpieza", "price": 30000, "currency": "ARS", "minutes": 45},
        {"treatment": "Ortodoncia", "price": 90000, "currency": "ARS", "minutes": 60},
    ],
    "appointment_minutes": 30,
    "address": "Av. Siempreviva 742",
    "marketing_enabled": True,
}
Result = TypeVar("Result")


class Crash(BaseException):
    """The worker is killed: nothing of ours may catch it."""


def moment(method: Callable[..., Result]) -> Callable[..., Result]:
    """A step of the turn: something may happen before and after it."""

    @functools.wraps(method)
    def stepped(self: "World", *arguments: Any, **named: Any) -> Result:
        self.pass_by(f"before {method.__name__}")
        result = method(self, *arguments, **named)
        self.pass_by(f"after {method.__name__}")
        return result

    return stepped


@dataclass
class FakeInterpreter:
    """A model that answers what it is told to, or fails."""

    answer: Interpretation | ModelUnavailable
    provider: str = "openai"
    model: str = "gpt-5-mini"
    asked: list[list[str]] = field(default_factory=list)

    def interpret(self, messages: Sequence[str], **_named: Any) -> Interpretation:
        self.asked.append(list(messages))
        if isinstance(self.answer, ModelUnavailable):
            raise self.answer
        return self.answer


@dataclass
class World(AgendaRules):
    """One conversation with everything that a turn can touch. It is the store, the gate and Meta at once.

    Its contact is a patient with a record of the clinic's; ``World(patient=None)`` is a lead's.
    """

    now: datetime = NOON
    professional: dict[str, Any] = field(default_factory=lambda: dict(PROFESSIONAL))
    channel: dict[str, Any] = field(default_factory=lambda: {"id": str(uuid4()), "ai_mode": "auto", "ai_enabled": True})
    credential: dict[str, Any] = field(default_factory=lambda: {"id": str(uuid4()), "ai_persona": {}})
    patient: dict[str, Any] | None = field(default_factory=lambda: dict(LUCIA))
    others: list[KnownPatient] = field(default_factory=list)  # more patients with the same phone
    interpreter: FakeInterpreter | None = None
    conversation: Conversation = field(init=False)
    rows: list[StoredMessage] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    offers: dict[UUID, Offer] = field(default_factory=dict)
    open_offers: list[UUID] = field(default_factory=list)
    consents: list[tuple[str, str, datetime | None]] = field(default_factory=list)
    alerts: list[tuple[str, str]] = field(default_factory=list)  # kind, severity
    audits: list[str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)  # what reached Meta
    send_answers: list[Exception] = field(default_factory=list)
    gate_refusals: list[Exception] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)  # blue ticks
    failures: dict[str, Exception] = field(default_factory=dict)  # by port method
    moments: list[str] = field(default_factory=list)
    crash_at: int | None = None
    happens: tuple[int, Callable[[], None]] | None = None
    rewrites: int = 0
    answer_lease: tuple[UUID, datetime] | None = None
    send_lease: tuple[UUID, datetime] | None = None
    limit_of_appointments: int | None = None  # None: by the clinic's policies
    suggestions: list[DraftedAnswer] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)  # doubts about the phone and their ends, in order

    def __post_init__(self) -> None:
        self.professional.setdefault("id", str(uuid4()))
        self.conversation = Conversation(
            id=uuid4(),
            professional_id=UUID(self.professional["id"]),
            channel_id=UUID(self.channel["id"]),
            contact_phone=PHONE,
            contact_name="Lucía Pérez",
            patient_id=UUID(self.patient["id"]) if self.patient else None,
        )

    # ---- what happens in it

    def writes(self, body: str | None = None, *, type: str = "text", **fields: Any) -> StoredMessage:  # noqa: A002 - Meta's word
        """The contact writes; an answer is owed and due."""
        self.now += timedelta(seconds=1)
        row = StoredMessage(
            id=uuid4(),
            conversation_id=self.conversation.id,
            channel_id=self.conversation.channel_id,
            direction="inbound",
            sender="contact",
            type=type,
            body=body,
            external_id=f"wamid.{uuid4().hex}",
            sent_at=fields.pop("sent_at", self.now),
            created_at=self.now,
            **{"payload": {}, **fields},
        )
        self.rows.append(row)
        self._owed[row.id] = self.conversation.epoch + 1
        self._set(
            epoch=self.conversation.epoch + 1,
            last_inbound_at=row.sent_at,
            first_unanswered_at=self.conversation.first_unanswered_at or self.now,
            answer_due_at=self.now,
        )
        return row

    def taps(self, offer_id: UUID, title: str = "lun 23/11 · 10:00") -> StoredMessage:
        """The contact taps a row of a list."""
        return self.writes(title, type="interactive", payload={"reply_id": str(offer_id)})

    def presses(self, verb: str, target: UUID | None = None, title: str = "Sí") -> StoredMessage:
        """The contact taps a button of ours that acts on an appointment or asks for a person."""
        reply_id = f"{verb}:{target}" if target else verb
        return self.writes(title, type="interactive", payload={"reply_id": reply_id})

    def says(self, transcript: str) -> StoredMessage:
        """The contact sends a voice note, and somebody wrote down what it says."""
        payload = {"audio": {"id": "1", "voice": True}, "transcript": {"text": transcript}}
        return self.writes("🎤 Nota de voz", type="audio", payload=payload)

    def has_appointment(self, starts_at: datetime, *, minutes: int = 30, **fields: Any) -> Appointment:
        """An appointment that was booked in this conversation a while ago, Lucía's where nothing else is said."""
        mine = {"patient_id": self.conversation.patient_id, "attendee_name": (self.patient or {}).get("full_name")}
        usual = {"conversation_id": self.conversation.id, "status": "booked", "source": "whatsapp_ai"}
        row = Appointment(
            id=uuid4(),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=minutes),
            created_at=self.now - timedelta(days=3),
            **{**usual, **mine, **fields},
        )
        self.appointments.append(row)
        return row

    def person_writes(self) -> None:
        """Somebody of the clinic answers."""
        self._set(
            human_epoch=self.conversation.human_epoch + 1,
            handoff_reason="human_reply" if self.conversation.ai_enabled else self.conversation.handoff_reason,
            handoff_at=self.now if self.conversation.ai_enabled else self.conversation.handoff_at,
            ai_enabled=False,
            last_human_at=self.now,
            answered_epoch=self.conversation.epoch,
            answer_due_at=None,
            first_unanswered_at=None,
        )
        self.moments.append("person writes")

    def person_takes_over(self) -> None:
        """Somebody takes the conversation without writing; what is owed stays owed."""
        self._set(
            human_epoch=self.conversation.human_epoch + 1,
            handoff_reason="human_takeover",
            handoff_at=self.now,
            ai_enabled=False,
        )

    def person_hands_back(self) -> None:
        self._set(
            human_epoch=self.conversation.human_epoch + 1,
            handoff_reason=None,
            handoff_at=None,
            ai_enabled=True,
            handed_back_at=self.now,
        )

    def turn(self, **named: Any) -> Turn:
        """One wake-up."""
        return answer_conversation(
            self.conversation.id, answers=self.answers, desk_for=self.desk_for, now=lambda: self.now, **named
        )

    def settle_down(self) -> list[Turn]:
        """Wake-ups until nothing is owed; a worker that dies is found by its lease, as the sweeper does."""
        turns = []
        for _ in range(12):
            if self.conversation.answer_due_at is None and self._retry_row() is None:
                return turns
            try:
                turns.append(self.turn())
            except Crash:
                self.crash_at = None
            self.now += LATER
            self.sweep()
        raise AssertionError("it never settles down")

    def sweep(self) -> None:
        """A send whose worker died is unknown from now on."""
        for index, row in enumerate(self.rows):
            if row.status == "sending" and row.next_attempt_at is None and self._is_over(self.send_lease):
                self.rows[index] = row.model_copy(update={"status": "unknown"})

    @property
    def answers(self) -> "_Answers":
        """The store as whoever leases answers sees it."""
        return _Answers(self)

    def desk_for(self, claim: AnswerClaim) -> Desk:
        assert claim.conversation.id == self.conversation.id
        sending = Sending(
            gate=_Gate(self),
            sender_for=lambda _: _Number(self),
            channels=FakeChannels(),
            links=FakeLinks(),
            pause=lambda _: None,
        )
        return Desk(
            sending=sending,
            presence=lambda: _Number(self),
            agenda=_Agenda(self),
            trust=_Trust(self),
            consent=_People(self),
            handover=_People(self),
            tasks=_People(self),
            interpreter=lambda: self.interpreter,
        )

    # ---- what a test looks at

    @property
    def outbound(self) -> list[StoredMessage]:
        return [row for row in self.rows if row.direction == "outbound"]

    @property
    def system_rows(self) -> list[StoredMessage]:
        return [row for row in self.rows if row.direction == "system"]

    @property
    def bodies(self) -> list[str]:
        """What the contact reads."""
        return [row.body or "" for row in self.outbound]

    @property
    def alert_kinds(self) -> list[str]:
        return [kind for kind, _ in self.alerts]

    def metadata_of(self, row: StoredMessage) -> dict[str, Any]:
        return next(item for item in self.rows if item.id == row.id).ai_metadata or {}

    def epochs_granted(self) -> list[int | None]:
        return [row.answer_epoch for row in self.outbound]

    # ---- the machinery

    _owed: dict[UUID, int] = field(default_factory=dict)

    def pass_by(self, what: str) -> None:
        index = len(self.moments)
        self.moments.append(what)
        if self.happens is not None and self.happens[0] == index:
            self.happens[1]()
        if self.crash_at == index:
            raise Crash(what)
        name = what.removeprefix("before ")
        if name in self.failures:
            raise self.failures[name]

    def _set(self, **changes: Any) -> None:
        self.conversation = self.conversation.model_copy(update=changes)

    def _is_over(self, lease: tuple[UUID, datetime] | None) -> bool:
        return lease is None or lease[1] <= self.now

    def _retry_row(self) -> StoredMessage | None:
        return next((row for row in self.rows if row.status == "sending" and row.next_attempt_at), None)

    def _alert(self, kind: str, severity: str) -> None:
        if (kind, severity) not in self.alerts:
            self.alerts.append((kind, severity))

    def _replace(self, row_id: UUID, **changes: Any) -> StoredMessage:
        for index, row in enumerate(self.rows):
            if row.id == row_id:
                self.rows[index] = row.model_copy(update=changes)
                return self.rows[index]
        raise AssertionError("no such row")

    def _mode(self) -> str:
        known = self.conversation
        closed = known.last_inbound_at is None or self.now - known.last_inbound_at >= timedelta(hours=24)
        if not self.professional["marketing_enabled"] or not self.channel["ai_enabled"] or closed:
            return "observe"
        if known.ai_enabled:
            return "answer"
        quiet = known.last_human_at is None or (known.handoff_at and known.last_human_at < known.handoff_at)
        return "triage" if known.handoff_reason != "human_reply" and quiet else "observe"

    @moment
    def claim_answer(self, lease_seconds: int) -> AnswerClaim | NoClaim:
        known, retry = self.conversation, self._retry_row()
        dues = [due for due in (known.answer_due_at, retry and retry.next_attempt_at) if due]
        if not dues:
            return NoClaim(outcome="nothing")
        if not self._is_over(self.answer_lease):
            assert self.answer_lease is not None
            return NoClaim(outcome="leased", delay_seconds=int((self.answer_lease[1] - self.now).total_seconds()))
        if min(dues) > self.now:
            return NoClaim(outcome="not_due", delay_seconds=int((min(dues) - self.now).total_seconds()))
        self.answer_lease = (uuid4(), self.now + timedelta(seconds=lease_seconds))
        owed = [row for row in self.rows if self._owed.get(row.id, 0) > known.answered_epoch]
        history = [row for row in self.rows if row.direction != "system" and row.status != "failed" and row not in owed]
        return AnswerClaim(
            lease_id=self.answer_lease[0],
            epoch=known.epoch,
            human_epoch=known.human_epoch,
            rewrites=self.rewrites,
            late=known.last_inbound_at is None or known.last_inbound_at < self.now - timedelta(hours=2),
            mode=self._mode(),
            professional=self.professional,
            channel=self.channel,
            credential=self.credential,
            conversation=known,
            patient=self.patient,
            unanswered=owed,
            history=history,
            open_offers=sorted((self.offers[key] for key in self.open_offers), key=lambda offer: offer.starts_at),
            appointments=[row for row in self.booked if row.starts_at > self.now and self.is_theirs(row)],
            changed=self._changed(),
            patients=self._patients(),
            retry_message=retry,
        )

    def _changed(self) -> list[Appointment]:
        since = self.conversation.first_unanswered_at
        theirs = [row for row in self.appointments if row.chat_changed_at and self.is_theirs(row)]
        return [row for row in theirs if since and row.chat_changed_at and row.chat_changed_at >= since]

    def _patients(self) -> list[KnownPatient]:
        own = [KnownPatient.model_validate(self.patient)] if self.patient else []
        return [*own, *self.others]

    @moment
    def keep_suggestion(self, lease_id: UUID, drafted: DraftedAnswer) -> str:
        if self.answer_lease is None or self.answer_lease[0] != lease_id:
            return "lost"
        if drafted.human_epoch != self.conversation.human_epoch:
            return "outdated_human"
        if drafted.epoch != self.conversation.epoch:
            return "outdated"
        self.suggestions.append(drafted)
        return "kept"

    @moment
    def finish_answer(
        self, lease_id: UUID, epoch: int, classified: Mapping[str, Mapping[str, Any]], *, unanswered: bool
    ) -> NoClaim:
        if self.answer_lease is None or self.answer_lease[0] != lease_id:
            return NoClaim(outcome="lost")
        for row_id, understood in classified.items():
            self._replace(UUID(row_id), ai_metadata=dict(understood))
        known = self.conversation
        answered = max(known.answered_epoch, min(epoch, known.epoch))
        owes = answered < known.epoch
        self.answer_lease, self.rewrites = None, 0
        self._set(
            answered_epoch=answered,
            answer_due_at=(known.answer_due_at or self.now) if owes else None,
            first_unanswered_at=self._first_owed(answered) if owes else None,
        )
        if unanswered:
            self._alert("unanswered", "info")
        return NoClaim(outcome="owed" if owes else "finished")

    @moment
    def release_answer(self, lease_id: UUID, delay_seconds: int) -> None:
        if self.answer_lease is None or self.answer_lease[0] != lease_id:
            return
        owes = self.conversation.answered_epoch < self.conversation.epoch
        self.answer_lease = None
        self._set(answer_due_at=self.now + timedelta(seconds=delay_seconds) if owes else None)

    def _first_owed(self, answered: int) -> datetime | None:
        times = [row.created_at for row in self.rows if self._owed.get(row.id, 0) > answered and row.created_at]
        return min(times, default=None)

    @moment
    def gate_claim(self, draft: Draft) -> Claim:
        known = self.conversation
        retry = self._retry_row() if draft.message_id else None
        if draft.message_id and (retry is None or retry.id != draft.message_id):
            raise AlreadyAnswered
        if draft.human_epoch != known.human_epoch:
            self._keep_untold(draft, retry)
            raise OutdatedHuman
        if self.answer_lease is None or draft.lease_id != self.answer_lease[0]:
            raise AlreadyAnswered
        if retry is None:
            if any(row.answer_epoch == draft.answer_epoch for row in self.rows):
                raise AlreadyAnswered
            assert draft.answer_epoch is not None and known.first_unanswered_at is not None
            young = self.now < known.first_unanswered_at + timedelta(seconds=30)
            if not draft.effect and known.epoch > draft.answer_epoch and self.rewrites < 2 and young:
                self.rewrites += 1
                raise AnswerOutdated
        self._refuse_without_leave(draft)
        if not self._is_over(self.send_lease):
            raise ConversationBusy(retry_after=timedelta(seconds=1))
        if self.gate_refusals:
            raise self.gate_refusals.pop(0)
        return self._grant(draft, retry)

    def _refuse_without_leave(self, draft: Draft) -> None:
        known = self.conversation
        exempt = draft.purpose.value in ("safety", "consent_confirmation")
        if not exempt and not self._consents():
            raise ConsentRequired
        if known.last_inbound_at is None or self.now - known.last_inbound_at >= timedelta(hours=24):
            raise ServiceWindowClosed

    def _consents(self) -> bool:
        withdrawn = [at for scope, action, at in self.consents if (scope, action) == ("care", "withdrawn") and at]
        said = [
            row for row in self.rows if row.direction == "inbound" and self.metadata_of(row).get("intent") != "opt_out"
        ]
        return not withdrawn or any(row.created_at and row.created_at > max(withdrawn) for row in said)

    def _keep_untold(self, draft: Draft, retry: StoredMessage | None) -> None:
        if retry is not None:
            self._replace(retry.id, status="failed", next_attempt_at=None)
        if draft.effect:
            self.rows.append(self._row_of(draft, direction="system", status=None))
            self._alert("effect_not_told", "warning")

    def _row_of(self, draft: Draft, *, direction: str, status: str | None) -> StoredMessage:
        return StoredMessage(
            id=uuid4(),
            conversation_id=self.conversation.id,
            channel_id=self.conversation.channel_id,
            direction=direction,
            sender="ai" if direction == "outbound" else "system",
            type=draft.content.type,
            body=draft.content.body,
            payload=dict(draft.content.payload),
            status=status,
            created_at=self.now,
            ai_metadata=dict(draft.ai_metadata or {}),
            purpose=draft.purpose.value,
            human_epoch=draft.human_epoch,
            answer_epoch=draft.answer_epoch,
            answer_part=draft.answer_part,
            attempt=1,
            not_after=draft.not_after,
        )

    def _grant(self, draft: Draft, retry: StoredMessage | None) -> Claim:
        known = self.conversation
        if retry is not None:
            row = self._replace(retry.id, next_attempt_at=None)
        else:
            row = self._row_of(draft, direction="outbound", status="sending")
            self.rows.append(row)
            self.rewrites = 0
        self.send_lease = (row.id, self.now + timedelta(seconds=20))
        answers_all = (row.answer_epoch or 0) >= known.epoch
        self._set(
            last_ai_at=self.now,
            last_safety_at=self.now if draft.purpose.value == "safety" else known.last_safety_at,
            answered_epoch=max(known.answered_epoch, row.answer_epoch or 0),
            first_unanswered_at=None if answers_all else self._first_owed(row.answer_epoch or 0),
            answer_due_at=None if answers_all else known.answer_due_at,
        )
        self.moments.append("granted")
        return make_claim(
            message_id=row.id, conversation_id=known.id, attempt=row.attempt, recipient=Recipient(phone=PHONE)
        )

    @moment
    def settle_send(self, claim: Claim, settlement: Settlement) -> Message:
        row = next(row for row in self.rows if row.id == claim.message_id)
        changes: dict[str, Any] = {"status": settlement.status, "external_id": settlement.external_id}
        if settlement.status == "throttled":
            last = row.attempt >= 4
            wait = timedelta(seconds=4**row.attempt)
            changes = {"status": "failed"} if last else {"next_attempt_at": self.now + wait, "attempt": row.attempt + 1}
        if changes.get("status") == "failed":
            self._alert("message_failed", "warning")
        row = self._replace(row.id, **changes)
        self.send_lease = None
        return Message(
            message_id=row.id,
            conversation_id=row.conversation_id,
            status=MessageStatus(str(row.status)),
            external_id=row.external_id,
        )

    @moment
    def send(self, body: Mapping[str, Any]) -> str:
        if self.send_answers:
            raise self.send_answers.pop(0)
        self.sent.append(dict(body))
        return f"wamid.{uuid4().hex}"

    @moment
    def mark_read(self, wamid: str) -> None:
        self.seen.append(wamid)

    @moment
    def busy(self, wanted: Interval, but: UUID | None = None) -> list[Interval]:
        return [item for item in self.taken_times(but=but) if item.overlaps(wanted)]

    @moment
    def offer(self, slots: Sequence[SlotToOffer], moves: UUID | None = None) -> list[Offer]:
        return self.issue_offers(slots, moves)

    @moment
    def hold(self, offer_id: UUID) -> Booking:
        return self.hold_offer(offer_id)

    @moment
    def commit(self, offer_id: UUID, attendee_name: str | None, source: str) -> Booking:
        return self.commit_offer(offer_id, attendee_name, source)

    @moment
    def cancel(self, appointment_id: UUID, source: str) -> Booking:
        assert source == "whatsapp_ai"
        return self.cancel_appointment(appointment_id)

    @moment
    def confirm(self, appointment_id: UUID) -> Booking:
        return self.confirm_appointment(appointment_id)

    @moment
    def name_attendee(self, appointment_id: UUID, attendee_name: str) -> Booking:
        return self.rename_attendee(appointment_id, attendee_name)

    @moment
    def doubt(self, reason: str) -> None:
        if self.conversation.phone_unverified_at is None:
            self._withdraw()
            self.verified.append(reason)
            self._set(phone_unverified_at=self.now, phone_unverified_reason=reason)

    @moment
    def trust(self) -> None:
        if self.conversation.phone_unverified_at is not None:
            self.verified.append("trusted")
            self._set(phone_unverified_at=None, phone_unverified_reason=None)

    @moment
    def record_consent(self, scope: str, action: str, occurred_at: datetime | None) -> None:
        if (scope, action, occurred_at) not in self.consents:
            self.consents.append((scope, action, occurred_at))

    @moment
    def hand_over(self, reason: str) -> None:
        critical = reason in ("emergency", "complaint")
        self._alert("emergency" if reason == "emergency" else "handoff", "critical" if critical else "warning")
        if self.conversation.ai_enabled:
            self._set(ai_enabled=False, handoff_reason=reason, handoff_at=self.now)
            self.audits.append("conversation.handed_over")

    @moment
    def raise_task(self, kind: str, sentence: str) -> None:
        assert sentence
        self._alert(kind, "info")


@dataclass
class _Answers:
    world: World

    def claim(self, _conversation_id: UUID, *, lease_seconds: int, history: int) -> AnswerClaim | NoClaim:
        assert history > 0
        return self.world.claim_answer(lease_seconds)

    def finish(
        self,
        _conversation_id: UUID,
        lease_id: UUID,
        epoch: int,
        classifications: Mapping[str, Mapping[str, Any]],
        *,
        unanswered: bool,
    ) -> NoClaim:
        return self.world.finish_answer(lease_id, epoch, classifications, unanswered=unanswered)

    def release(self, _conversation_id: UUID, lease_id: UUID, *, delay_seconds: int) -> None:
        self.world.release_answer(lease_id, delay_seconds)

    def keep_suggestion(self, _conversation_id: UUID, lease_id: UUID, drafted: DraftedAnswer) -> str:
        return self.world.keep_suggestion(lease_id, drafted)


@dataclass
class _Gate:
    world: World

    def claim(self, _conversation_id: UUID, draft: Draft) -> Claim:
        return self.world.gate_claim(draft)

    def settle(self, claim: Claim, settlement: Settlement) -> Message:
        return self.world.settle_send(claim, settlement)


@dataclass
class _Number:
    world: World

    def send(self, _recipient: Recipient, body: Mapping[str, Any], **_named: Any) -> str:
        return self.world.send(body)

    def mark_read(self, wamid: str, *, typing: bool = False) -> None:
        assert typing
        self.world.mark_read(wamid)


@dataclass
class _Agenda:
    world: World

    def busy(self, start: datetime, end: datetime, *, but: UUID | None = None) -> list[Interval]:
        return self.world.busy(Interval(start, end), but)

    def offer(
        self, _conversation_id: UUID, slots: Sequence[SlotToOffer], *, ttl_seconds: int, moves: UUID | None = None
    ) -> list[Offer]:
        assert ttl_seconds > 0
        return self.world.offer(slots, moves)

    def hold(self, _conversation_id: UUID, offer_id: UUID) -> Booking:
        return self.world.hold(offer_id)

    def commit(self, _conversation_id: UUID, offer_id: UUID, *, attendee_name: str | None, source: str) -> Booking:
        return self.world.commit(offer_id, attendee_name, source)

    def cancel(self, _conversation_id: UUID, appointment_id: UUID, *, source: str) -> Booking:
        return self.world.cancel(appointment_id, source)

    def confirm(self, _conversation_id: UUID, appointment_id: UUID) -> Booking:
        return self.world.confirm(appointment_id)

    def name_attendee(self, _conversation_id: UUID, appointment_id: UUID, *, attendee_name: str) -> Booking:
        return self.world.name_attendee(appointment_id, attendee_name)

    def book_by_hand(self, **_named: Any) -> Booking:
        raise AssertionError("the assistant books nothing by hand")


@dataclass
class _Trust:
    world: World

    def doubt(self, _conversation_id: UUID, reason: str) -> None:
        self.world.doubt(reason)

    def trust(self, _conversation_id: UUID) -> None:
        self.world.trust()


@dataclass
class _People:
    world: World

    def record(self, _conversation_id: UUID, scope: str, action: str, **named: Any) -> None:
        assert named["source"] == "chat"
        self.world.record_consent(scope, action, named["occurred_at"])

    def hand_over(self, _conversation_id: UUID, reason: str, **_named: Any) -> None:
        self.world.hand_over(reason)

    def raise_task(self, _conversation_id: UUID, kind: str, message: str) -> None:
        self.world.raise_task(kind, message)


def every_moment(begin: Callable[[], World]) -> Iterator[tuple[int, str]]:
    """The moments of one turn that nothing disturbs, by number and name."""
    world = begin()
    first = len(world.moments)
    world.settle_down()
    yield from enumerate(world.moments[first:], first)


def offered(world: World) -> list[UUID]:
    """Ask for an appointment; the ids of the list that came, as it was shown."""
    world.writes("quiero un turno para una limpieza")
    world.settle_down()
    interactive = world.outbound[-1].payload["interactive"]
    return [UUID(row["id"]) for section in interactive["action"]["sections"] for row in section["rows"]]


def throttle(scope: str = "pair", seconds: float = 5.2) -> Paced:
    """What the gate says when we are too fast."""
    return Paced(scope, retry_after=timedelta(seconds=seconds))


def with_channel(**changes: Any) -> World:
    """A world whose number is set up like this."""
    world = World()
    world.channel = {**world.channel, **changes}
    return world


__all__ = ["Crash", "FakeInterpreter", "World", "every_moment", "offered", "throttle", "with_channel"]
