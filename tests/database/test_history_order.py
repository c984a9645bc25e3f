"""The parts of an import, live messages and the address book come in any order and end in the same state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from tests.database.history_builders import (
    BUSINESS,
    ago,
    entry,
    import_file,
    import_threads,
    own,
    past,
    photo,
    placeholder,
    removed,
    sync,
    thread,
)
from tests.database.inbound_builders import Office, echo, ingest, make_office, message, status
from tests.database.outbound_builders import Connection, Row, make_patient, rows

Step = Callable[[], Any]

# Differs with every row, or is a moment of this very run: of the latter only whether there is one is compared.
_IDS = {"id", "conversation_id", "channel_id", "professional_id", "patient_id", "updated_at", "raw"}
_MOMENTS = {
    *("handoff_at", "answer_due_at", "first_unanswered_at", "last_human_at", "imported_at", "created_at"),
    *("contact_phone",),
}


class Scene:
    """One contact of one clinic, whose ids are their own, and the steps that may happen in any order."""

    def __init__(self, db: Connection, office: Office, number: int, began_at: datetime) -> None:
        self.db = db
        self.office = office
        self.contact = f"54934{number:08}"
        self.number = number
        self._began_at = began_at

    def at(self, days: float) -> datetime:
        return self._began_at + timedelta(days=days)

    def text(self, name: str, body: str, day: float, **more: Any) -> Row:
        return past(body, self.at(day), **{"id": self.id(name), "from": self.contact, **more})

    def answer(self, name: str, body: str, day: float, state: str) -> Row:
        return own(body, self.at(day), state, id=self.id(name), to=self.contact)

    def id(self, name: str) -> str:
        return f"wamid.{name}-{self.number}"

    def chunk(self, *messages: Row) -> Step:
        return lambda: import_threads(self.db, self.office, thread(*messages, contact=self.contact))

    def file(self, file: Row) -> Step:
        return lambda: import_file(self.db, self.office, file)

    def listed(self, change: Row) -> Step:
        change["contact"]["phone_number"] = self.contact
        return lambda: sync(self.db, self.office, change)

    def live(self, make: Callable[..., Row], key: str, day: float, **more: Any) -> Step:
        fields = {"external_id": self.id(key), "sent_at": self.at(day), "phone": f"+{self.contact}"}
        return lambda: ingest(self.db, make(self.office, **{**fields, **more}))

    def reported(self, name: str, word: str, day: float) -> Step:
        return lambda: ingest(self.db, status(self.office, self.id(name), word, self.at(day)))

    def state(self) -> tuple[Row, list[Row], list[Row]]:
        """What became of it, without what is different by nature."""
        [identity] = rows(self.db, "marketing_contact_identities", value=f"+54{self.contact[3:]}")
        [conversation] = rows(self.db, "marketing_conversations", id=identity["conversation_id"])
        messages = rows(self.db, "marketing_messages", conversation_id=identity["conversation_id"])
        consent = self.db.execute("select * from app.consent_state(%s)", [identity["conversation_id"]]).fetchone()
        contacts = rows(self.db, "phone_app_contacts", phone=f"+54{self.contact[3:]}")
        return (
            {**self._comparable(conversation), **(consent or {})},
            sorted(map(self._comparable, messages), key=lambda row: str(row["external_id"])),
            [{"name": row["name"], "changed_at": row["changed_at"]} for row in contacts],
        )

    def _comparable(self, row: Row) -> Row:
        told = {key: value for key, value in row.items() if key not in _IDS}
        told |= {key: told[key] is not None for key in _MOMENTS & told.keys()}
        told["external_id"] = str(told.get("external_id")).removesuffix(f"-{self.number}")
        for key in ("payload", "reply_to_external_id"):
            told[key] = str(told.get(key)).replace(f"-{self.number}", "").replace(self.contact, "")
        if told.pop("direction", None) and row["imported_at"] is not None:
            told["is_in_its_place"] = row["created_at"] == row["sent_at"]
        return told


def of_somebody_who_writes(scene: Scene) -> list[Step]:
    """A message that came live is also in the history; one of the past is edited, one had a file."""
    asked = scene.text("asked", "¿Presio?", 1)
    opted_out = scene.text("baja", "BAJA", 1.2)
    edited = {"original_message_id": asked["id"], "message": {"type": "text", "text": {"body": "¿Precio?"}}}
    change = scene.text("edit", "", 1.1, type="edit", edit=edited)
    file = {**photo(), **{key: scene.text("photo", "", 2)[key] for key in ("id", "from", "timestamp")}}
    announced = {**placeholder(), **{key: file[key] for key in ("id", "from", "timestamp")}}
    written = scene.text("live", "¿Están?", 5)
    return [
        scene.chunk(asked, announced, written, scene.answer("told", "100", 1.5, "PENDING"), opted_out),
        scene.chunk(scene.answer("told", "100", 1.5, "READ"), change, asked),
        scene.file(file),
        scene.live(message, "live", 5, body="¿Están?", name="Óscar Núñez"),
        scene.listed(entry("Óscar (proveedor)", scene.at(0))),
    ]


def of_somebody_who_is_answered(scene: Scene) -> list[Step]:
    """A person answered in the app; that too is in the history, and its statuses come by themselves."""
    return [
        scene.chunk(scene.text("asked", "¿Precio?", 1), scene.answer("told", "100", 5, "DELIVERED")),
        scene.live(echo, "told", 5, body="100"),
        scene.reported("told", "read", 5.1),
        scene.listed(entry("Óscar (proveedor)", scene.at(0))),
        scene.listed(removed(scene.at(1))),
    ]


@pytest.mark.parametrize("patient", [False, True], ids=["no patient", "patient"])
@pytest.mark.parametrize("story", [of_somebody_who_writes, of_somebody_who_is_answered])
def test_every_order_ends_in_the_same_state(
    db: Connection, story: Callable[[Scene], Sequence[Step]], *, patient: bool
) -> None:
    office, began_at = make_office(db), ago(days=6)
    count = len(story(Scene(db, office, 0, began_at)))
    states: list[tuple[Row, list[Row], list[Row]]] = []
    for number, order in enumerate(permutations(range(count))):
        scene = Scene(db, office, number, began_at)
        if patient:
            make_patient(db, office.clinic, phone=f"+{scene.contact}")
        steps = story(scene)
        for position in order:
            steps[position]()
        states.append(scene.state())
        assert states[-1] == states[0], f"order {order}"
    conversation, messages, _ = states[0]
    assert conversation["ai_enabled"] is (patient and story is of_somebody_who_writes)
    assert {row["external_id"] for row in messages} >= {"wamid.asked", "wamid.told"}
    assert BUSINESS not in str(conversation)
