"""Several professionals link at the same moment: tokens, channels and answers stay with whom they belong to."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from tests.integration.e2e.support.browser import Landing
from tests.integration.e2e.support.linking import (
    AccountOwner,
    Professional,
    callback,
    decide,
    new_owner,
    professional,
    query_of,
)
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

KINDS = ("whatsapp", "instagram", "google_calendar")


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Run them all at the same moment; what each returned, in their order."""
    together = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        together.wait(timeout=10)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def test_professionals_who_link_at_the_same_time_are_not_mixed_up(world: World) -> None:
    with ExitStack() as stack:
        clinics = [stack.enter_context(professional(world, f"Consultorio {index}")) for index in range(3)]
        owners = [new_owner(world) for _ in clinics]
        begun = [
            (kind, clinic.begin(kind), owner) for clinic, owner in zip(clinics, owners, strict=True) for kind in KINDS
        ]
        ways: list[Callable[[], object]] = [
            lambda begun=attempt, owner=owner: decide(world, begun["authorization_url"], owner)
            for _, attempt, owner in begun
        ]
        landings = at_once(*ways)
        assert [landing.told for landing in landings if isinstance(landing, Landing)] == [
            {"connected": kind} for kind, *_ in begun
        ]
        patients = []
        for clinic, owner in zip(clinics, owners, strict=True):
            assert [channel["phone_number_id"] for channel in clinic.linked("whatsapp")] == list(owner.numbers)
            assert [channel["external_business_id"] for channel in clinic.linked("instagram")] == [owner.instagram]
            assert len(clinic.linked("google_calendar")) == 1
            patients.append(world.patient("Ana Prueba", clinic.number(owner.numbers[0])))
        for patient in patients:
            patient.writes("¿Dónde están?")
        for clinic, owner, patient in zip(clinics, owners, patients, strict=True):
            clinic.recognises(patient.waits_for(1)[0])
            used = {call["token"] for call in world.sandbox.calls(route="messages", to=patient.digits)}
            assert used == set(owner.tokens()), "each is written to with the token of their own clinic"
        world.calm()
    assert len({mark for owner in owners for mark in owner.tokens()}) == len(owners)


def test_of_two_who_link_the_same_number_at_the_same_time_one_gets_it(world: World) -> None:
    owner = new_owner(world)
    with professional(world, "Consultorio Uno") as one, professional(world, "Consultorio Dos") as two:
        landings = at_once(*(lambda clinic=clinic: clinic.link("whatsapp", owner) for clinic in (one, two)))
        told = [landing.told for landing in landings if isinstance(landing, Landing)]
        winners = [clinic for clinic in (one, two) if clinic.linked()]

        assert len(winners) == 1
        assert sorted(told, key=str)[0] == {"connected": "whatsapp"}
        # Whoever is a moment behind finds the number linked, or registered with a PIN that is not theirs.
        assert sorted(told, key=str)[1]["error"] in {"account_already_linked", "registration_failed"}
        assert owner.account()["subscribed"] is True, "whoever lost takes no webhooks away from whoever won"
        winners[0].answers_on(*owner.numbers)


def test_of_several_browsers_with_one_state_one_links(world: World) -> None:
    owner = new_owner(world)
    with professional(world, "Consultorio Impaciente") as clinic:
        address = _allowed_but_not_yet_back(world, clinic, owner)
        answers = at_once(*[lambda: httpx.get(address, timeout=35, trust_env=False)] * 4)
        told = [query_of(answer.headers["location"]) for answer in answers if isinstance(answer, httpx.Response)]

        assert sorted(one.get("error", "connected") for one in told) == ["connected", *["state_used"] * 3]
        assert len(clinic.linked()) == 1


def _allowed_but_not_yet_back(world: World, clinic: Professional, owner: AccountOwner) -> str:
    choice = {"url": clinic.begin("whatsapp")["authorization_url"], "person": owner.user_id}
    back = world.sandbox.post("/dialog", choice)["redirect_to"]
    return callback(world, **query_of(back))
