"""The agenda of an answer that a person will decide on: it reads what is there, and only notes what would be changed.

The answer is written as if it were done. When a person sends it, ``suggestions.send_suggestion`` does what was noted
and compares the rows with those the answer tells of.
"""
# ruff: noqa: ARG002 - the names are those of the port, also where a rehearsal needs no such thing

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from dentalist.domain.answering import AnswerClaim, Appointment, Offer
from dentalist.domain.clinic import Clinic
from dentalist.domain.hours import Interval
from dentalist.domain.suggestions import AgendaChange, ChangeVerb
from dentalist.domain.wording.times import clock
from dentalist.services.answering.ports_agenda import Agenda, Booking, SlotToOffer
from dentalist.services.ports_patients import PhoneTrust


class RehearsedAgenda:
    """One claimed conversation's agenda, unchanged."""

    def __init__(self, agenda: Agenda, claim: AnswerClaim, *, clinic: Clinic, now: datetime) -> None:
        """Read with ``agenda``; offers and appointments are those of the claim."""
        self._agenda = agenda
        self._claim = claim
        self._zone = clinic.timezone
        self._limit = clinic.policies.max_future_appointments
        self._now = now
        self._is_doubted = claim.conversation.phone_unverified_at is not None
        self.changes: list[AgendaChange] = []

    def busy(self, start: datetime, end: datetime, *, but: UUID | None = None) -> list[Interval]:
        """What is booked or held; as ``Agenda.busy``."""
        return self._agenda.busy(start, end, but=but)

    def offer(
        self, conversation_id: UUID, slots: Sequence[SlotToOffer], *, ttl_seconds: int, moves: UUID | None = None
    ) -> list[Offer]:
        """Issue ids: they take no time from anybody, and the person sends them with the answer."""
        return self._agenda.offer(conversation_id, slots, ttl_seconds=ttl_seconds, moves=moves)

    def hold(self, conversation_id: UUID, offer_id: UUID) -> Booking:
        """Whether the times could be held now."""
        parts = self._parts(offer_id)
        if not parts:
            return Booking("expired")
        moved = parts[0].moves_appointment_id
        if moved is not None and (refusal := self._refusal(moved)) is not None:
            return refusal
        if any(self._agenda.busy(part.starts_at, part.ends_at, but=moved) for part in parts):
            return Booking("taken")
        held = tuple(row.model_copy(update={"status": "held"}) for row in self._rows(parts, None))
        return _booking("held", held)

    def commit(self, conversation_id: UUID, offer_id: UUID, *, attendee_name: str | None, source: str) -> Booking:
        """Note the booking or the move, and answer as if it had been done."""
        held = self.hold(conversation_id, offer_id)
        if held.outcome != "held":
            return held
        parts = self._parts(offer_id)
        moves = parts[0].moves_appointment_id is not None
        if not moves and len(self._claim.appointments) + len(parts) > self._limit:
            return Booking("too_many")
        done = _booking("moved" if moves else "booked", self._rows(parts, attendee_name))
        return self._noted(ChangeVerb.BOOK, offer_id, done, attendee_name)

    def cancel(self, conversation_id: UUID, appointment_id: UUID, *, source: str) -> Booking:
        """Note the cancellation, and answer as if it had been done."""
        return self._change(ChangeVerb.CANCEL, appointment_id, "cancelled")

    def confirm(self, conversation_id: UUID, appointment_id: UUID) -> Booking:
        """Note that they come, and answer as if it had been kept."""
        return self._change(ChangeVerb.CONFIRM, appointment_id, "confirmed")

    def name_attendee(self, conversation_id: UUID, appointment_id: UUID, *, attendee_name: str) -> Booking:
        """Never: a name is corrected by the person who decides on the answer."""
        return Booking("not_found")

    def book_by_hand(
        self,
        *,
        conversation_id: UUID | None,
        patient_id: UUID | None,
        starts_at: datetime,
        ends_at: datetime,
        reason: str | None,
        attendee_name: str | None,
        actor_id: UUID,
    ) -> Booking:
        """Never: no answer of the assistant books like this."""
        return Booking("not_found")

    def trusting(self, trust: PhoneTrust | None) -> PhoneTrust:
        """Who writes is heard and not answered: it is kept at once in ``trust``, and holds for this rehearsal too."""
        return _HeardTrust(trust, self)

    def believe(self) -> None:
        """The contact gave the name that is on the appointments."""
        self._is_doubted = False

    def _change(self, verb: ChangeVerb, appointment_id: UUID, outcome: str) -> Booking:
        refusal = self._refusal(appointment_id)
        if refusal is not None:
            return refusal
        row = self._appointment(appointment_id)
        status = "cancelled" if verb is ChangeVerb.CANCEL else row.status
        return self._noted(verb, appointment_id, _booking(outcome, (row.model_copy(update={"status": status}),)), None)

    def _refusal(self, appointment_id: UUID) -> Booking | None:
        if all(row.id != appointment_id for row in self._claim.appointments):
            return Booking("not_found")
        if self._is_doubted:
            return Booking("unverified")
        return Booking("past") if self._appointment(appointment_id).starts_at <= self._now else None

    def _appointment(self, appointment_id: UUID) -> Appointment:
        return next(row for row in self._claim.appointments if row.id == appointment_id)

    def _noted(self, verb: ChangeVerb, target: UUID, done: Booking, attendee_name: str | None) -> Booking:
        change = AgendaChange(
            verb=verb,
            target=target,
            outcome=done.outcome,
            attendee_name=attendee_name,
            expected=done.appointments,
            said=tuple(self._said(done.appointments)),
        )
        if change not in self.changes:
            self.changes.append(change)
        return done

    def _said(self, rows: Sequence[Appointment]) -> Iterator[str]:
        for row in rows:
            yield str(row.starts_at.astimezone(self._zone).day)
            yield clock(row.starts_at, self._zone)

    def _parts(self, offer_id: UUID) -> list[Offer]:
        """The offer and those beside it, in the order of time; none when it is no longer open."""
        offers = self._claim.open_offers
        chosen = next((offer for offer in offers if offer.id == offer_id), None)
        if chosen is None:
            return []
        if chosen.group_id is None:
            return [chosen]
        beside = [offer for offer in offers if offer.group_id == chosen.group_id]
        return sorted(beside, key=lambda offer: offer.starts_at)

    def _rows(self, parts: Sequence[Offer], attendee_name: str | None) -> tuple[Appointment, ...]:
        """The rows as the store would make them: a family is named slot by slot, else who comes was said last."""
        moved = parts[0].moves_appointment_id
        if moved is not None:
            to = {"starts_at": parts[0].starts_at, "ends_at": parts[0].ends_at, "chat_change": "moved"}
            return (self._appointment(moved).model_copy(update=to),)
        family = len(parts) > 1
        return tuple(
            Appointment(
                id=part.id,
                patient_id=part.patient_id,
                conversation_id=self._claim.conversation.id,
                attendee_name=part.attendee_name or attendee_name if family else attendee_name or part.attendee_name,
                starts_at=part.starts_at,
                ends_at=part.ends_at,
                reason=part.reason,
                status="booked",
                offer_id=part.id,
                chat_change="booked",
            )
            for part in parts
        )


def _booking(outcome: str, rows: tuple[Appointment, ...]) -> Booking:
    return Booking(outcome, rows[0], rows[0].id, rows)


class _HeardTrust:
    def __init__(self, trust: PhoneTrust | None, agenda: RehearsedAgenda) -> None:
        self._trust = trust
        self._agenda = agenda

    def doubt(self, conversation_id: UUID, reason: str) -> None:
        if self._trust is not None:
            self._trust.doubt(conversation_id, reason)

    def trust(self, conversation_id: UUID) -> None:
        if self._trust is not None:
            self._trust.trust(conversation_id)
        self._agenda.believe()
