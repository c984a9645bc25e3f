"""A contact is erased at every moment of an answer: nothing of them comes back, and the worker ends quietly."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from dentalist.storage.database import Database
from tests.database.outbound_builders import Connection, rows
from tests.database.privacy_builders import erase, found_in
from tests.integration.reply.real_world import RealWorld

NAME = "Lucía Pérez"
Begin = Callable[[Connection, Database], RealWorld]


def question(db: Connection, store: Database) -> RealWorld:
    world = RealWorld(db, store)
    world.writes("hola, ¿cuál es la dirección?")
    return world


def wish_for_an_appointment(db: Connection, store: Database) -> RealWorld:
    world = RealWorld(db, store)
    world.writes("quiero un turno para una limpieza")
    return world


def emergency(db: Connection, store: Database) -> RealWorld:
    world = RealWorld(db, store)
    world.writes("me sangra mucho y no para, no puedo respirar bien")
    return world


def opt_out(db: Connection, store: Database) -> RealWorld:
    world = RealWorld(db, store)
    world.writes("BAJA")
    return world


def booking(db: Connection, store: Database) -> RealWorld:
    world = wish_for_an_appointment(db, store)
    world.settle_down()
    world.writes("el segundo")
    return world


@pytest.mark.parametrize("begin", [question, wish_for_an_appointment, emergency, opt_out, booking])
def test_whenever_it_happens_nothing_of_the_contact_is_left(
    db: Connection, store: Database, begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    undisturbed = begin(db, store)
    first = len(undisturbed.moments)
    undisturbed.turn()

    for index in range(first, len(undisturbed.moments)):
        world = begin(db, store)
        erasures: list[dict[str, Any]] = []
        world.happens = (index, lambda world=world, erasures=erasures: erasures.append(_erase(db, world)))
        caplog.clear()

        world.turn()

        moment = undisturbed.moments[index]
        if erasures[0]["outcome"] == "busy":  # its message was leaving: asked again, as the service does
            erasures.append(_erase(db, world))
        assert erasures[-1]["outcome"] == "erased", moment
        assert _traces(db, world) <= {"appointments"}, moment
        assert rows(db, "marketing_conversations", professional_id=world.office.id) == [], moment
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == [], moment


def _erase(db: Connection, world: RealWorld) -> dict[str, Any]:
    return erase(db, world.office, world.conversation_id)


def _traces(db: Connection, world: RealWorld) -> set[str]:
    """Where this clinic still has something of its contact."""
    found = found_in(db, (world.phone.removeprefix("+"), NAME))
    return {table for table, hits in found.items() if any(str(world.office.id) in hit for hit in hits)}
