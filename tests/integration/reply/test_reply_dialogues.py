"""Conversations about appointments over the real store: what the contact reads is what the rows say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from dentalist.domain.answering import AnswerClaim
from dentalist.services.answering.answer_conversation import Desk
from dentalist.storage.database import Database
from dentalist.storage.patients import SupabasePhoneTrust
from tests.database.inbound_builders import ingest, message
from tests.database.outbound_builders import Connection, Row, make_patient, rows, update
from tests.integration.reply.real_world import RealWorld, moments_of

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")


class Chat(RealWorld):
    """A contact and what they read."""

    is_patient = True
    profile = "Lulú"  # what a lead is called on WhatsApp

    def writes(self, body: str, **overrides: Any) -> None:
        """A patient has a record with the clinic, a lead has none."""
        if self.is_patient:
            if not rows(self.db, "patients", professional_id=self.office.id, phone=self.phone):
                make_patient(self.db, self.office.clinic, phone=self.phone, full_name="Lucía Pérez")
            super().writes(body, **overrides)
            return
        stored = ingest(
            self.db, message(self.office, body, phone=self.phone, name=self.profile, **overrides), debounce=0
        )
        self.conversation_id = UUID(stored["conversation_id"])

    def __call__(self, step: str | int) -> str:
        """Words, a row of the last list, or the title of a button; the one answer to it."""
        before = len(self.answers)
        if isinstance(step, int):
            self.writes("un horario", type="interactive", reply_id=self.shown()[step - 1])
        elif before and step in self.buttons:
            self.writes(step, type="interactive", reply_id=self.buttons[step])
        else:
            self.writes(step)
        self.settle_down()
        [answer] = self.answers[before:]
        return str(answer["body"])

    def play(self, *steps: str | int) -> str:
        return [self(step) for step in steps][-1]

    @property
    def answers(self) -> list[Row]:
        return sorted(super().answers, key=lambda row: row["created_at"])

    @property
    def buttons(self) -> dict[str, str]:
        action = self.answers[-1]["payload"].get("interactive", {}).get("action", {})
        return {item["reply"]["title"]: item["reply"]["id"] for item in action.get("buttons", [])}

    @property
    def agenda(self) -> list[Row]:
        """What is booked, in order."""
        return sorted(self.booked, key=lambda row: row["starts_at"])

    def _desk_for(self, claimed: AnswerClaim) -> Desk:
        desk = super()._desk_for(claimed)
        return replace(desk, trust=SupabasePhoneTrust(self._store, claimed.conversation.professional_id))


@pytest.fixture
def patient(db: Connection, store: Database) -> Chat:
    return Chat(db, store)


@pytest.fixture
def lead(db: Connection, store: Database) -> Chat:
    chat = Chat(db, store)
    chat.is_patient = False
    return chat


def said(row: Row) -> str:
    """How an answer says when an appointment is."""
    local = row["starts_at"].astimezone(ZONE)
    return f"{local.day} de "


def hour(row: Row) -> str:
    return f"{row['starts_at'].astimezone(ZONE):%H:%M}"


def test_a_lead_is_booked_under_the_name_they_give(lead: Chat) -> None:
    asked = lead.play("hola, quiero un turno para una limpieza", 1)
    assert lead.booked == []

    confirmed = lead("Ana Pérez")

    [row] = lead.booked
    assert "¿A nombre de quién lo reservo?" in asked
    assert "Turno confirmado para Ana Pérez" in confirmed
    assert hour(row) in confirmed
    assert said(row) in confirmed
    assert (row["attendee_name"], row["patient_id"], row["reason"]) == ("Ana Pérez", None, "Limpieza")


def test_a_profile_with_a_full_name_is_booked_at_once_and_corrected_in_place(lead: Chat) -> None:
    lead.profile = "Marina Sosa"

    confirmed = lead.play("hola, quiero un turno", 1)
    [before] = lead.booked
    corrected = lead("no, es para Juan Gómez")

    [after] = lead.booked
    assert "Turno confirmado para Marina Sosa" in confirmed
    assert (before["attendee_name"], after["attendee_name"]) == ("Marina Sosa", "Juan Gómez")
    assert (after["id"], after["starts_at"]) == (before["id"], before["starts_at"])
    assert corrected.startswith("Listo: el turno del ")
    assert "está a nombre de Juan Gómez" in corrected


def test_a_list_of_before_a_doubt_is_no_list_of_whoever_has_the_phone_now(patient: Chat) -> None:
    patient("quiero un turno")
    shown = patient.shown()[0]
    patient("no soy Lucía")

    patient.writes("un horario", type="interactive", reply_id=shown)
    patient.settle_down()

    answer = patient.answers[-1]["body"]
    assert "Esa lista de horarios ya no vale." in answer
    assert "Lucía" not in answer
    assert patient.booked == []


def test_a_family_is_booked_whole_and_one_of_it_cancelled_by_name(patient: Chat) -> None:
    confirmed = patient.play("quiero turno para mis hijos", "Tomás y Sofía", 2)

    tomas, sofia = patient.agenda
    assert (tomas["attendee_name"], sofia["attendee_name"]) == ("Tomás", "Sofía")
    assert tomas["ends_at"] == sofia["starts_at"]
    assert re.search(rf"Tomás: .* a las {hour(tomas)}\n• Sofía: .* a las {hour(sofia)}", confirmed)
    assert "cancelé el turno de Sofía del " in patient("cancelá el turno de Sofía")
    assert [row["attendee_name"] for row in patient.agenda] == ["Tomás"]


def test_an_appointment_is_moved_and_stays_the_same_row(patient: Chat) -> None:
    patient.play("quiero un turno", 1)
    [before] = patient.booked

    offered = patient("quiero cambiar mi turno")
    moved = patient(3)

    [after] = patient.booked
    assert f"a las {hour(before)} sigue en pie" in offered
    assert after["id"] == before["id"]
    assert after["starts_at"] != before["starts_at"]
    assert "tu turno quedó para el " in moved
    assert hour(after) in moved


def test_one_is_cancelled_and_another_offered_in_one_message(patient: Chat) -> None:
    patient.play("quiero un turno", 1)
    [before] = patient.booked

    answer = patient("cancelá mi turno y dame uno para la semana que viene")
    patient(1)

    [after] = patient.booked
    assert "cancelé tu turno del " in answer
    assert hour(before) in answer
    assert "Elegí el que te quede mejor:" in answer
    assert after["id"] != before["id"]


def test_who_says_that_they_are_somebody_else_learns_nothing_until_the_name_is_given(patient: Chat) -> None:
    patient.play("quiero un turno", 1)
    [row] = patient.booked

    thanked = patient("número equivocado")
    asked = patient("cancelá el turno")
    refused = patient("Juan Gómez")
    assert patient.booked
    cancelled = patient("Lucía Pérez")

    assert "Gracias por avisar" in thanked
    assert not any(hour(row) in answer or "Lucía" in answer for answer in (thanked, asked, refused))
    assert "cancelé tu turno del " in cancelled
    assert patient.booked == []
    assert patient.row["phone_unverified_at"] is None


def test_a_confirmation_is_kept(patient: Chat) -> None:
    patient.play("quiero un turno", 1)

    assert "¡Gracias por confirmar!" in patient("confirmo mi turno")
    assert patient.booked[0]["confirmed_at"] is not None


def cancellation(chat: Chat) -> None:
    chat.play("quiero un turno", 1)
    chat.writes("cancelá mi turno")


def cancellation_and_another(chat: Chat) -> None:
    chat.play("quiero un turno", 1)
    chat.writes("cancelá mi turno y dame uno para la semana que viene")


def move(chat: Chat) -> None:
    chat.play("quiero un turno", 1, "quiero cambiar mi turno")
    chat.writes("un horario", type="interactive", reply_id=chat.shown()[1])


def family(chat: Chat) -> None:
    chat.play("quiero turno para mis hijos Tomás y Sofía")
    chat.writes("el primero")


CRASHES = [
    (cancellation, "cancel_appointment"),
    (cancellation, "gate_claim"),
    (cancellation_and_another, "cancel_appointment"),
    (cancellation_and_another, "create_offers"),
    (cancellation_and_another, "gate_claim"),
    (move, "commit_slot"),
    (move, "gate_claim"),
    (family, "commit_slot"),
    (family, "gate_claim"),
]


@pytest.mark.parametrize(("begin", "called"), CRASHES)
def test_a_change_whose_worker_died_is_made_once_and_told(
    db: Connection, store: Database, begin: Callable[[Chat], None], called: str
) -> None:
    undisturbed = Chat(db, store)
    begin(undisturbed)
    moments = [index for index, what in moments_of(undisturbed) if what == f"before {called}"]
    chat = Chat(db, store)
    begin(chat)
    earlier = len(chat.answers)
    chat.crash_at = moments[0] + (called != "gate_claim")  # the change was made, the answer never left

    chat.settle_down()

    [answer] = chat.answers[earlier:]
    assert answer["body"] == undisturbed.answers[-1]["body"]
    assert len(chat.booked) == len(undisturbed.booked)


def test_a_hold_that_ran_out_is_asked_of_the_store_again(lead: Chat) -> None:
    lead.play("quiero un turno", 1)
    [held] = rows(lead.db, "appointments", professional_id=lead.office.id, status="held")
    update(lead.db, "appointments", held["id"], hold_expires_at=datetime.now(UTC) - timedelta(minutes=1))

    assert "Turno confirmado para Ana Pérez" in lead("Ana Pérez")
