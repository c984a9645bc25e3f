"""Many patients in one clinic's real agenda, answered by the real assistant: everything of ours but HTTP and Meta."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.errors import StoreUnavailable
from dentalist.services.answering.answer_conversation import Desk, answer_conversation
from dentalist.services.sending import Sending
from dentalist.storage.agenda import SupabaseAgenda
from dentalist.storage.answers import SupabaseAnswers, SupabaseConsent, SupabaseHandover
from dentalist.storage.send_gate import SupabaseSendGate
from dentalist.storage.tasks import SupabaseTasks
from tests.database.inbound_builders import ingest, make_office, message
from tests.database.outbound_builders import Connect, Connection, Row, make_patient, rows, rpc, update
from tests.fakes import FakeChannels, FakeLinks
from tests.fakes_answers import PROFESSIONAL

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
WISHES = (
    "quiero un turno para una limpieza",
    "necesito turno para ortodoncia",
    "hola, quisiera un turno para consulta",
)
ATTEMPTS = 8  # taps until somebody gives up
_CLOCK = re.compile(r"\b(\d{1,2}:\d{2})\b")
_HOST_COLUMNS = {
    **{key: value for key, value in PROFESSIONAL.items() if key != "marketing_enabled"},
    # Of three lengths, so that what is offered to one overlaps several of what is offered to another.
    "price_list": [
        {"treatment": "Consulta", "price": 20000, "currency": "ARS", "minutes": 30},
        {"treatment": "Limpieza", "price": 30000, "currency": "ARS", "minutes": 45},
        {"treatment": "Ortodoncia", "price": 90000, "currency": "ARS", "minutes": 60},
    ],
}


class DirectStore:
    """The store's SQL functions as the service role, without PostgREST in between."""

    def __init__(self, connection: Connection) -> None:
        """Keep a connection; whoever shares it waits for each other."""
        self._connection = connection

    def rpc(self, function: str, arguments: Mapping[str, Any]) -> Any:
        """Call one, as ``Database.rpc`` does."""
        try:
            return rpc(self._connection, function, **arguments)
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as exc:
            raise StoreUnavailable from exc


@dataclass
class Patient:
    """Somebody who writes until they have an appointment."""

    phone: str
    wish: str
    dice: random.Random
    conversation: UUID = field(default_factory=uuid4)
    taps: int = 0


class Crowd:
    """One office and everybody who writes to it."""

    def __init__(self, db: Connection, connect: Connect, *, patients: int, workers: int, seed: int) -> None:
        """Everybody has a record of the clinic's, so that nobody is asked for a name."""
        dice = random.Random(seed)
        self.db = db
        self.office = make_office(db, **_HOST_COLUMNS)
        update(db, "marketing_channels", self.office.clinic.channel_id, throughput_per_second=1000)
        self.connections = [connect() for _ in range(workers)]
        self.sent: dict[str, list[Mapping[str, Any]]] = {}
        self.patients = []
        for number in range(patients):
            phone = f"+54911{number:08}"
            make_patient(db, self.office.clinic, full_name=f"Paciente Número{number}", phone=phone)
            self.patients.append(Patient(phone, dice.choice(WISHES), random.Random(dice.random())))

    def come(self) -> None:
        """Everybody asks; then, all at once, everybody taps a time, and who lost one of the next list."""
        self._each(self._ask)
        self._each(self._choose)

    def _each(self, story: Callable[[Connection, Patient], None]) -> None:
        start = threading.Barrier(len(self.connections))

        def work(number: int) -> None:
            start.wait(60)
            for patient in self.patients[number :: len(self.connections)]:
                story(self.connections[number], patient)

        with ThreadPoolExecutor(len(self.connections)) as pool:
            list(pool.map(work, range(len(self.connections))))

    def _ask(self, own: Connection, patient: Patient) -> None:
        self._write(own, patient, patient.wish)

    def _choose(self, own: Connection, patient: Patient) -> None:
        while (shown := _shown(self.heard(patient)[-1])) and patient.taps < ATTEMPTS:
            patient.taps += 1
            chosen = patient.dice.choice(shown)
            self._write(own, patient, chosen["title"], type="interactive", reply_id=chosen["id"])

    def _write(self, own: Connection, patient: Patient, body: str, **overrides: Any) -> None:
        stored = ingest(own, message(self.office, body, phone=patient.phone, **overrides), debounce=0)
        assert stored["outcome"] == "stored", stored
        patient.conversation = UUID(stored["conversation_id"])
        before = len(self.heard(patient))
        answers: Any = SupabaseAnswers(_as_database(own))
        turn = answer_conversation(patient.conversation, answers=answers, desk_for=lambda claim: self._desk(own, claim))
        assert turn.outcome == "sent", turn
        assert len(self.heard(patient)) == before + 1

    def _desk(self, own: Connection, claim: AnswerClaim) -> Desk:
        store, professional_id = _as_database(own), claim.conversation.professional_id
        number = _Number(self.sent.setdefault(str(claim.conversation.contact_phone), []))
        return Desk(
            sending=Sending(
                gate=SupabaseSendGate(store, professional_id, pause=lambda _: None),
                sender_for=lambda _: number,
                channels=FakeChannels(),
                links=FakeLinks(),
                pause=lambda _: None,
            ),
            presence=lambda: number,
            agenda=SupabaseAgenda(store, professional_id),
            consent=SupabaseConsent(store, professional_id),
            handover=SupabaseHandover(store, professional_id),
            tasks=SupabaseTasks(store, professional_id),
            interpreter=lambda: None,
        )

    def heard(self, patient: Patient) -> Sequence[Mapping[str, Any]]:
        """What reached this patient."""
        return self.sent.get(patient.phone, [])

    # ---- what must hold afterwards

    def check(self) -> None:
        """No overlap; a tap is answered by a confirmation that is a row, or by other times in the same message."""
        booked = rows(self.db, "appointments", professional_id=self.office.id, status="booked")
        standing = sorted(
            (row["starts_at"], row["ends_at"])
            for row in rows(self.db, "appointments", professional_id=self.office.id)
            if row["status"] in ("held", "booked")
        )
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(standing)), standing
        by_chat = {row["conversation_id"]: row for row in booked}
        assert len(by_chat) == len(booked)  # one each
        for patient in self.patients:
            asked, *tapped = self.heard(patient)
            assert _shown(asked)
            assert len(tapped) == patient.taps
            self._check_taps(tapped, by_chat.get(patient.conversation))

    def _check_taps(self, tapped: Sequence[Mapping[str, Any]], row: Row | None) -> None:
        losses = tapped[:-1] if row else tapped
        for lost in losses:
            assert "ya no está disponible" in _text(lost)
            assert len(_shown(lost)) >= 1  # alternatives, in this very message
        if row is not None:
            starts = row["starts_at"].astimezone(ZONE)
            assert _shown(tapped[-1]) == []
            assert f"{starts:%H:%M}" in _CLOCK.findall(_text(tapped[-1]))
            assert str(starts.day) in re.findall(r"\d+", _text(tapped[-1]))
            assert row["ends_at"] - row["starts_at"] >= timedelta(minutes=30)

    @property
    def tally(self) -> Counter[str]:
        """How many taps ended how."""
        taps = [one for patient in self.patients for one in self.heard(patient)[1:]]
        return Counter("lost" if _shown(one) else "confirmed" for one in taps)


class _Number:
    """Meta, which takes everything."""

    def __init__(self, sent: list[Mapping[str, Any]]) -> None:
        self._sent = sent

    def send(self, _recipient: Any, body: Mapping[str, Any], **_named: Any) -> str:
        self._sent.append(body)
        return f"wamid.{uuid4().hex}"

    def mark_read(self, _wamid: str, **_named: Any) -> None:
        """Nobody looks at the ticks here."""


def _as_database(own: Connection) -> Any:
    return DirectStore(own)


def _shown(body: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows of a list; none of any other message."""
    action = body.get("interactive", {}).get("action", {})
    return [row for section in action.get("sections", ()) for row in section["rows"]]


def _text(body: Mapping[str, Any]) -> str:
    text = body.get("text", {}).get("body") or body["interactive"]["body"]["text"]
    return str(text)
