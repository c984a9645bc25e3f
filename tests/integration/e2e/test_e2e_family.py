"""A family in one chat: a time for each child, one cancelled by words, the other moved by a tap."""

import pytest

from infra.demo.outside import Patient, Row
from tests.integration.e2e.support.world import World, offered, text_of

pytestmark = pytest.mark.xdist_group("stack")


class Agenda:
    """The appointments of one conversation by whom they are for."""

    def __init__(self, world: World, patient: Patient) -> None:
        self._world, self._patient = world, patient

    def of(self, name: str) -> Row:
        [found] = self._world.rows(
            "select * from appointments where conversation_id = %s and attendee_name = %s",
            self._world.conversation(self._patient)["id"],
            name,
        )
        return found

    def clock(self, name: str) -> str:
        """When theirs begins, as the clinic's people and patients read it."""
        return f"{self.of(name)['starts_at'].astimezone(self._world.ferreyra.timezone):%H:%M}"


def test_two_children_are_booked_one_is_cancelled_by_words_and_the_other_moved_by_a_tap(world: World) -> None:
    mother = world.patient("Carolina Prueba")
    agenda = Agenda(world, mother)

    offer = offered(world.converse(mother, "Hola, necesito turnos de limpieza para mis hijos Tomás y Sofía"))
    mother.taps(offer[0])
    booked = text_of(mother.waits_for(2)[-1])
    world.calm()
    for name in ("Tomás", "Sofía"):
        assert agenda.of(name)["status"] == "booked"
        assert f"{name}: " in booked
        assert agenda.clock(name) in booked
    assert agenda.of("Tomás")["ends_at"] == agenda.of("Sofía")["starts_at"], "one after the other"

    cancelled = text_of(world.converse(mother, "Perdón, cancelá el de Tomás por favor"))
    assert agenda.of("Tomás")["status"] == "cancelled"
    assert agenda.of("Sofía")["status"] == "booked"
    assert "Tomás" in cancelled
    assert "Sofía" not in cancelled

    before = agenda.of("Sofía")
    other_times = offered(world.converse(mother, "¿Y el de Sofía lo podemos cambiar a otro día?"))
    mother.taps(other_times[-1])
    moved = text_of(mother.waits_for(5)[-1])
    world.calm()
    after = agenda.of("Sofía")
    assert after["id"] == before["id"], "moved in place, not booked anew"
    assert after["status"] == "booked"
    assert after["starts_at"] != before["starts_at"]
    assert agenda.clock("Sofía") in other_times[-1]["title"]
    assert agenda.clock("Sofía") in moved
    assert "Sofía" in moved
