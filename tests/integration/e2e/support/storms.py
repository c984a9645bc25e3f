"""Storms over the running stack: webhooks repeated and shuffled while processes die, and what must be true afterwards.

The same storms run small in ``make test`` and at full size in ``make soak``.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psycopg

from infra.demo.outside import NotInTime, Patient, Row, eventually
from tests.integration.e2e.support.world import World, kill

MOST_COPIES = 5
_QUESTIONS = ("¿A qué hora abren?", "¿Cuánto sale una limpieza?", "¿Dónde están?", "Quiero un turno", "Hola 😊")
_VICTIMS = ("worker:webhook_whatsapp", "worker:inbox_worker", "worker:reply_worker")
_REACHED = {"sent", "delivered", "read"}
_SWEEP_SECONDS = 10  # once a minute in life; a test need not wait that long


@dataclass
class Storm:
    """Patients who write once each, and what happened to their messages."""

    name: str
    world: World
    chance: random.Random
    patients: dict[str, Patient] = field(default_factory=dict)  # by the id of their message
    deliveries: int = 0
    kills: int = 0
    outages: int = 0
    _delivering: list[int] = field(default_factory=list)
    started_at: float = field(default_factory=time.monotonic)

    def rain(self, messages: int) -> None:
        """So many patients write; each webhook is prepared in one to five copies, none of which leaves yet."""
        numbers = [*self.world.ferreyra.numbers, *self.world.salgado.numbers]
        for index in range(messages):
            patient = self.world.patient(f"Tormenta {index}", self.chance.choice(numbers))
            copies = self.chance.randint(1, MOST_COPIES)
            message_id = patient.writes(self.chance.choice(_QUESTIONS), delivery={"copies": copies, "hold": True})
            self.patients[message_id] = patient
            self.deliveries += copies
        held = self.world.sandbox.call("GET", "/deliveries", state="held", limit=10_000)["deliveries"]
        self._delivering = [delivery["id"] for delivery in held]
        self.chance.shuffle(self._delivering)

    def pour(self, seconds: float) -> None:
        """Let all copies go, in any order, spread over some time."""
        groups = max(1, min(len(self._delivering), int(seconds / 0.2)))
        for start in range(groups):
            released = self._delivering[start::groups]
            self.world.sandbox.post("/deliveries/release", {"ids": released, "order": "shuffled"})
            time.sleep(seconds / groups)

    # ---- what goes wrong meanwhile

    def kill_a_worker(self) -> None:
        """SIGKILL a random process of a function that has to do with messages."""
        workers = {name: pid for name, pid in self.world.pids.items() if name.startswith(_VICTIMS)}
        victim = self.chance.choice(sorted(workers))
        try:
            kill(workers[victim])
        except ProcessLookupError:  # it had just been replaced
            return
        self.kills += 1

    def take_the_store_away(self, seconds: float) -> None:
        """Supabase hangs, then it and PostgreSQL die; the supervisor starts them again."""
        supabase = self.world.pids["supabase"]
        os.kill(supabase, signal.SIGSTOP)
        time.sleep(seconds)
        for pid in (supabase, self.world.pids["postgres"]):
            kill(pid)
        self.outages += 1

    @contextmanager
    def meanwhile(self, act: Callable[[], None], *, every: tuple[float, float]) -> Iterator[None]:
        """Do something again and again, after a random pause each time, until the end of the block."""
        over, failures = threading.Event(), list[BaseException]()

        def repeat() -> None:
            try:
                while not over.wait(self.chance.uniform(*every)):
                    act()
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that asked for it
                failures.append(error)

        thread = threading.Thread(target=repeat)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        if failures:
            raise failures[0]

    # ---- afterwards

    def settle(self, *, patience: float) -> None:
        """Wait until the queues are empty and nothing is owed, sweeping as EventBridge would."""
        deadline = time.monotonic() + patience
        while not self._is_over():
            if time.monotonic() > deadline:
                raise NotInTime(f"{self.name} did not settle: {self.world.queue_depths()}, {self.table()}")
            next_sweep = time.monotonic() + _SWEEP_SECONDS
            while time.monotonic() < next_sweep and not self._is_over():
                time.sleep(0.5)
            self._sweep()

    def _is_over(self) -> bool:
        try:
            return self.world.is_settled() and not self.world.owed() and not self.world.rows(_UNSETTLED)
        except psycopg.OperationalError:  # still starting
            return False

    def _sweep(self) -> None:
        try:
            self.world.fire("sweeper")
        except httpx.HTTPError:  # its process was killed, or the store is away: the next one tries again
            time.sleep(1)

    def check(self) -> None:
        """Stored once, answered at most once, none lost, nothing left in a queue."""
        assert Counter(self._stored()) == Counter(list(self.patients)), "every message is stored exactly once"
        sent = self._accepted()
        references = Counter(message["biz_opaque_callback_data"] for message in sent)
        assert [reference for reference, times in references.items() if times > 1] == [], "no message left twice"
        answered = Counter(message["to"] for message in sent)
        assert [to for to, times in answered.items() if times > 1] == [], "nobody was answered twice"
        for patient in self.patients.values():
            self._was_not_lost(patient, has_reached=answered[patient.digits] == 1)
        assert not any(self.world.queue_depths().values()), "queues and dead letters are empty"

    def _was_not_lost(self, patient: Patient, *, has_reached: bool) -> None:
        rows = self.world.messages(patient, "outbound")
        assert len(rows) == 1, f"one answer for {patient.digits}, not {[row['status'] for row in rows]}"
        if rows[0]["status"] in _REACHED:
            assert has_reached
        else:
            entities = (rows[0]["id"], rows[0]["conversation_id"])
            found = self.world.rows("select id from marketing_alerts where entity_id = any(%s::uuid[])", list(entities))
            assert found, f"an answer that is {rows[0]['status']} has an alert"

    def _stored(self) -> list[str]:
        rows = self.world.rows(
            "select external_id from marketing_messages where external_id = any(%s)", list(self.patients)
        )
        return [row["external_id"] for row in rows]

    def _accepted(self) -> list[Row]:
        digits = {patient.digits for patient in self.patients.values()}
        return [message for message in self.world.sandbox.accepted() if message["to"] in digits]

    def table(self) -> str:
        """What happened, on one line."""
        statuses = Counter(
            row["status"] for patient in self.patients.values() for row in self.world.messages(patient, "outbound")
        )
        lost_sight = statuses["unknown"] + statuses["failed"]
        figures = {
            "messages": len(self.patients),
            "webhooks": self.deliveries,
            "kills": self.kills,
            "outages": self.outages,
            "stored": len(self._stored()),
            "answered": len(self._accepted()),
            "unknown or failed": lost_sight,
            "seconds": round(time.monotonic() - self.started_at),
        }
        return f"{self.name:<24}" + "  ".join(f"{name} {value}" for name, value in figures.items())


_UNSETTLED = "select id from marketing_messages where status = 'sending' and direction = 'outbound'"


def storm_of_copies(world: World, *, messages: int, seconds: float, seed: int) -> Storm:
    """Every webhook one to five times, shuffled."""
    storm = Storm("copies", world, random.Random(seed))
    storm.rain(messages)
    storm.pour(seconds)
    return storm


def storm_of_kills(world: World, *, messages: int, seconds: float, seed: int) -> Storm:
    """The same, while functions die at random moments."""
    storm = Storm("killed functions", world, random.Random(seed))
    storm.rain(messages)
    with storm.meanwhile(storm.kill_a_worker, every=(0.2, 0.8)):
        storm.pour(seconds)
        time.sleep(3)  # while the answers are being written
    return storm


def storm_without_store(world: World, *, messages: int, seconds: float, seed: int) -> Storm:
    """The same, while the store hangs, dies and comes back."""
    storm = Storm("store away", world, random.Random(seed))
    storm.rain(messages)
    raining = threading.Thread(target=storm.pour, args=(seconds,))
    raining.start()
    time.sleep(seconds / 4)
    storm.take_the_store_away(seconds / 2)
    raining.join()
    eventually(world.is_healthy, "the store back", patience=30)
    return storm
