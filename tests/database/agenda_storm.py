"""Many who want the same day at once, in every way there is: choosing, with a family, moving, cancelling, by hand.

The rules are checked against what each was told, and not by the constraint, so that the check also fails without it.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import psycopg

from tests.database.agenda_builders import (
    Slot,
    book_by_hand,
    busy,
    cancel,
    commit,
    hold,
    offer,
    offer_family,
    offer_move,
    tomorrow,
)
from tests.database.outbound_builders import (
    Clinic,
    Connect,
    Connection,
    Row,
    insert,
    make_clinic,
    make_conversation,
    rows,
)

LENGTHS = (10, 15, 20, 30, 45, 60, 90, 120)
STORIES = ("choose",) * 8 + ("family",) * 4 + ("move",) * 4 + ("cancel", "reception", "host")
OPENS, DAY_LONG = 8, timedelta(hours=12)
ATTEMPTS = 4  # a loser looks for another time


@dataclass(frozen=True)
class Told:
    """What somebody was told of one attempt: the wish, the outcome, and the rows it was about."""

    wish: list[Slot]
    outcome: str
    rows: list[Row] = field(default_factory=list)


@dataclass
class Patient:
    """Somebody with a wish; ``had`` is the appointment they have already."""

    number: int
    story: str
    chat: UUID
    dice: random.Random
    had: str | None = None
    told: list[Told] = field(default_factory=list)


class AgendaStorm:
    """One clinic's day and all that happens to it."""

    def __init__(self, db: Connection, connect: Connect, *, patients: int, workers: int, seed: int) -> None:
        """Prepare the contacts, and the appointments of those who will move or cancel one."""
        self.dice = random.Random(seed)
        self.db = db
        self.clinic: Clinic = make_clinic(db)
        self.connections = [connect() for _ in range(workers)]
        self.occupied: list[Slot] = []  # at any moment, by anybody
        self.repeated = 0
        self.patients = [self._arrive(number) for number in range(patients)]

    def _arrive(self, number: int) -> Patient:
        chat = make_conversation(self.db, self.clinic, contact_phone=f"+54911555{number:05}", wrote=False)
        patient = Patient(number, self.dice.choice(STORIES), chat, random.Random(self.dice.random()))
        if patient.story in ("move", "cancel"):
            patient.had = self._had(patient)
        return patient

    def _had(self, patient: Patient) -> str | None:
        """In the day itself where there is room, so that moves meet; else on a day of their own."""
        length = timedelta(minutes=patient.dice.choice((15, 30, 45)))
        start = self._some_start(patient)
        slot = (start, start + length)
        if _overlaps_any(slot, self.occupied):
            far = tomorrow(0)[0] + timedelta(days=10 + patient.number)
            slot = (far, far + length)
        owner = {"professional_id": self.clinic.professional_id, "conversation_id": patient.chat}
        made = insert(self.db, "appointments", **owner, starts_at=slot[0], ends_at=slot[1])
        self.occupied.append(slot)
        return str(made["id"])

    # ---- the storm

    def blow(self) -> None:
        """Everybody at once, as many as there are connections at the same moment."""
        start = threading.Barrier(len(self.connections))
        shares = [self.patients[worker :: len(self.connections)] for worker in range(len(self.connections))]

        def work(connection: Connection, share: list[Patient]) -> None:
            start.wait(60)
            for patient in share:
                self._live(connection, patient)

        with ThreadPoolExecutor(len(self.connections)) as pool:
            list(pool.map(work, self.connections, shares))

    def _live(self, own: Connection, patient: Patient) -> None:
        for _ in range(ATTEMPTS):
            wish = self._wish(own, patient)
            if not wish:
                return  # the day is full
            answer = self._asked(lambda wish=wish: self._ask(own, patient, wish))  # type: ignore[misc]
            patient.told.append(Told(wish, answer["outcome"], answer.get("appointments", [])))
            if answer["outcome"] != "taken":
                return

    def _wish(self, own: Connection, patient: Patient) -> list[Slot]:
        """At first anything; who lost looks where there is room."""
        parts = patient.dice.choice((2, 3)) if patient.story == "family" else 1
        length = timedelta(minutes=patient.dice.choice(LENGTHS))
        if not patient.told:
            return _in_a_row(self._some_start(patient), length, parts)
        opens = tomorrow(OPENS)[0]
        taken = busy(own, self.clinic, opens, opens + DAY_LONG, but=patient.had)
        free = [wish for wish in self._all_wishes(length, parts) if not any(_overlaps_any(one, taken) for one in wish)]
        return patient.dice.choice(free) if free else []

    def _all_wishes(self, length: timedelta, parts: int) -> Iterator[list[Slot]]:
        start = tomorrow(OPENS)[0]
        while start + parts * length <= tomorrow(OPENS)[0] + DAY_LONG:
            yield _in_a_row(start, length, parts)
            start += timedelta(minutes=15)

    def _some_start(self, patient: Patient) -> datetime:
        return tomorrow(OPENS)[0] + timedelta(minutes=5 * patient.dice.randrange(120))

    def _ask(self, own: Connection, patient: Patient, wish: list[Slot]) -> Row:
        if patient.story == "cancel":
            return cancel(own, self.clinic, patient.chat, patient.had)
        if patient.story == "reception":
            return book_by_hand(own, self.clinic, wish[0], conversation_id=patient.chat)
        if patient.story == "host":
            return self._insert(own, wish[0])
        if patient.story == "family":
            chosen = offer_family(own, self.clinic, patient.chat, *wish)
        elif patient.story == "move":
            assert patient.had is not None
            [chosen] = offer_move(own, self.clinic, patient.chat, patient.had, wish[0])
        else:
            [chosen] = offer(own, self.clinic, patient.chat, wish[0])
        if patient.dice.random() < 0.5:
            held = hold(own, self.clinic, patient.chat, chosen)
            if held["outcome"] != "held":
                return held
        return commit(own, self.clinic, patient.chat, chosen)

    def _insert(self, own: Connection, slot: Slot) -> Row:
        """The host application, which knows nothing of our functions."""
        row_id = uuid4()
        owner = {"id": row_id, "professional_id": self.clinic.professional_id}
        try:
            insert(own, "appointments", **owner, starts_at=slot[0], ends_at=slot[1])
        except psycopg.errors.ExclusionViolation:
            return {"outcome": "taken"}
        shown = {"id": str(row_id), "starts_at": slot[0].isoformat(), "ends_at": slot[1].isoformat()}
        return {"outcome": "booked", "appointments": [shown]}

    def _asked(self, ask: Callable[[], Row]) -> Row:
        """As a worker would: PostgreSQL ends a deadlock, which only the host application's plain inserts can bring
        about, and what it ended is asked again."""
        while True:
            try:
                return ask()
            except psycopg.errors.DeadlockDetected:
                self.repeated += 1

    # ---- what must hold afterwards

    def check(self) -> None:
        """No overlap; whoever was told so has exactly that row; whoever lost was told so, and with reason."""
        stored = {str(row["id"]): row for row in rows(self.db, "appointments")}
        standing = sorted(_span(row) for row in stored.values() if row["status"] in ("held", "booked"))
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(standing)), standing
        assert set(self.outcomes) <= {"booked", "moved", "taken", "cancelled"}, self.outcomes

        told = [(patient, answer) for patient in self.patients for answer in patient.told]
        for patient, answer in told:
            self._check_rows(patient, answer, stored)
        known = {row["id"] for _, answer in told for row in answer.rows} | {one.had for one in self.patients}
        assert {row_id for row_id, row in stored.items() if row["status"] == "booked"} <= known  # nobody has it unknown

        occupied = [*self.occupied, *(_as_slot(row) for _, answer in told for row in answer.rows)]
        lost = [answer for _, answer in told if answer.outcome == "taken"]
        assert all(any(_overlaps_any(one, occupied) for one in answer.wish) for answer in lost)  # nobody for nothing

    def _check_rows(self, patient: Patient, answer: Told, stored: dict[str, Row]) -> None:
        if answer.outcome == "taken":
            assert answer.rows == []
            return
        status = "cancelled" if answer.outcome == "cancelled" else "booked"
        assert [stored[row["id"]]["status"] for row in answer.rows] == [status] * len(answer.rows)
        assert [_span(stored[row["id"]]) for row in answer.rows] == [_as_slot(row) for row in answer.rows]
        if status == "booked":
            assert [_as_slot(row) for row in answer.rows] == answer.wish
        if answer.outcome in ("moved", "cancelled"):
            assert [row["id"] for row in answer.rows] == [patient.had]

    @property
    def outcomes(self) -> Counter[str]:
        """How many attempts ended how."""
        return Counter(answer.outcome for patient in self.patients for answer in patient.told)


def _in_a_row(start: datetime, length: timedelta, parts: int) -> list[Slot]:
    return [(start + part * length, start + (part + 1) * length) for part in range(parts)]


def _overlaps_any(slot: Slot, taken: list[Slot]) -> bool:
    return any(slot[0] < end and start < slot[1] for start, end in taken)


def _span(row: Row) -> Slot:
    return row["starts_at"], row["ends_at"]


def _as_slot(row: Row) -> Slot:
    return datetime.fromisoformat(row["starts_at"]), datetime.fromisoformat(row["ends_at"])
