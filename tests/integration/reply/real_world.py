"""One conversation in the real store, and a worker that answers it and may die between any two of its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.answering import AnswerClaim
from dentalist.services.answering.answer_conversation import Desk, Turn, answer_conversation
from dentalist.services.sending import Sending
from dentalist.storage.agenda import SupabaseAgenda
from dentalist.storage.answers import SupabaseAnswers, SupabaseConsent, SupabaseHandover
from dentalist.storage.database import Database
from dentalist.storage.send_gate import SupabaseSendGate
from dentalist.storage.tasks import SupabaseTasks
from tests.database.inbound_builders import Office, ingest, make_office, message
from tests.database.outbound_builders import (
    Connection,
    Row,
    claim,
    find,
    rows,
    rpc,
    settle,
    text_of_person,
)
from tests.fakes import FakeChannels, FakeLinks
from tests.fakes_answers import PROFESSIONAL, Crash

_HOST_COLUMNS = {key: value for key, value in PROFESSIONAL.items() if key != "marketing_enabled"}


class _Watched(Database):
    """The store, which tells of every call before and after it."""

    watch: Callable[[str], None]

    def rpc(self, function: str, arguments: Mapping[str, Any]) -> Any:
        self.watch(f"before {function}")
        answer = super().rpc(function, arguments)
        self.watch(f"after {function}")
        return answer


class RealWorld:
    """A clinic, one contact, and what reached Meta."""

    def __init__(self, db: Connection, store: Database) -> None:
        self.db = db
        self.office: Office = make_office(db, **_HOST_COLUMNS)
        self.phone = f"+54911{uuid4().int % 10**8:08d}"
        self.moments: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.send_answers: list[Exception] = []
        self.crash_at: int | None = None
        self.happens: tuple[int, Callable[[], None]] | None = None
        self._store = _Watched(store._url, store._key, http=store.http)
        self._store.watch = self.pass_by
        self.conversation_id: UUID = uuid4()

    # ---- what happens

    def writes(self, body: str, **overrides: Any) -> None:
        """The contact writes, and the quiet time is over."""
        event = message(self.office, body, phone=self.phone, name="Lucía Pérez", **overrides)
        stored = ingest(self.db, event, debounce=0)
        assert stored["outcome"] == "stored", stored
        self.conversation_id = UUID(stored["conversation_id"])

    def taps(self, offer_id: str) -> None:
        self.writes("lun 23/11 · 10:00", type="interactive", reply_id=offer_id)

    def person_writes(self) -> None:
        """A member of the clinic sends from the dashboard; while something is in flight they wait, but have spoken."""
        self.moments.append("person writes")
        asked = claim(self.db, self.office.clinic, self.conversation_id, text_of_person())
        if asked["outcome"] == "granted":
            settle(self.db, self.office.clinic, asked["message_id"])
        else:
            assert asked["outcome"] == "busy", asked

    def turn(self) -> Turn:
        return answer_conversation(self.conversation_id, answers=SupabaseAnswers(self._store), desk_for=self._desk_for)

    def settle_down(self) -> None:
        """Wake-ups until nothing is owed; leases of workers that died run out in between."""
        for _ in range(12):
            try:
                self.turn()
            except Crash:
                self.crash_at = None
            self.let_leases_end()
            waiting = rows(self.db, "marketing_messages", conversation_id=self.conversation_id, status="sending")
            if self.row["answer_due_at"] is None and not waiting:
                return
        raise AssertionError("it never settles down")

    def let_leases_end(self) -> None:
        """Half a minute passes."""
        for table, key, columns in (
            ("marketing_conversations", "id", ("answer_lease_until", "send_lease_until", "answer_due_at")),
            ("marketing_messages", "conversation_id", ("send_lease_until", "next_attempt_at")),
        ):
            for column in columns:  # least() would make a moment of null
                self.db.execute(
                    f"update {table} set {column} = now() where {key} = %s and {column} > now()",  # noqa: S608 - constants
                    [self.conversation_id],
                )
        rpc(self.db, "expire_sends")

    # ---- what a test looks at

    @property
    def row(self) -> Row:
        return find(self.db, "marketing_conversations", self.conversation_id)

    def messages(self, **equals: Any) -> list[Row]:
        return rows(self.db, "marketing_messages", conversation_id=self.conversation_id, **equals)

    @property
    def answers(self) -> list[Row]:
        return self.messages(sender="ai")

    @property
    def booked(self) -> list[Row]:
        return rows(self.db, "appointments", professional_id=self.office.id, status="booked")

    @property
    def alerts(self) -> set[tuple[str, str]]:
        return {
            (row["kind"], row["severity"]) for row in rows(self.db, "marketing_alerts", professional_id=self.office.id)
        }

    @property
    def consents(self) -> list[tuple[str, str]]:
        found = rows(self.db, "marketing_consent_events", conversation_id=self.conversation_id)
        return [(row["scope"], row["action"]) for row in found]

    def audits(self, action: str) -> int:
        return len(rows(self.db, "marketing_audit_logs", professional_id=self.office.id, action=action))

    def shown(self) -> list[str]:
        """The ids of the last list that the contact got."""
        sections = self.answers[-1]["payload"]["interactive"]["action"]["sections"]
        return [row["id"] for section in sections for row in section["rows"]]

    # ---- the machinery

    def pass_by(self, what: str) -> None:
        index = len(self.moments)
        self.moments.append(what)
        if self.happens is not None and self.happens[0] == index:
            self.happens[1]()
        if self.crash_at == index:
            raise Crash(what)

    def _desk_for(self, claimed: AnswerClaim) -> Desk:
        professional_id = claimed.conversation.professional_id
        assert professional_id == self.office.id
        gate = SupabaseSendGate(self._store, professional_id, pause=lambda _: None)
        sending = Sending(
            gate=gate,
            sender_for=lambda _: _Meta(self),
            channels=FakeChannels(),
            links=FakeLinks(),
            pause=lambda _: None,
        )
        return Desk(
            sending=sending,
            presence=lambda: _Meta(self),
            agenda=SupabaseAgenda(self._store, professional_id),
            consent=SupabaseConsent(self._store, professional_id),
            handover=SupabaseHandover(self._store, professional_id),
            tasks=SupabaseTasks(self._store, professional_id),
            interpreter=lambda: None,
        )


class _Meta:
    def __init__(self, world: RealWorld) -> None:
        self._world = world

    def send(self, _recipient: Any, body: Mapping[str, Any], **_named: Any) -> str:
        self._world.pass_by("before send")
        if self._world.send_answers:
            raise self._world.send_answers.pop(0)
        self._world.sent.append(dict(body))
        self._world.pass_by("after send")
        return f"wamid.{uuid4().hex}"

    def mark_read(self, _wamid: str, **_named: Any) -> None:
        self._world.pass_by("mark_read")


def moments_of(world: RealWorld) -> Iterator[tuple[int, str]]:
    """What happens from here until nothing is owed, by number and name."""
    first = len(world.moments)
    world.turn()
    yield from enumerate(world.moments[first:], first)
