"""The stack under the tests' feet: asked for twice, damaged, healed; nothing it knew is lost."""

import time

import psutil
import pytest

from infra.demo.outside import eventually
from infra.local.processes import supervisors_of
from tests.integration.e2e.support.world import World, command, kill, text_of

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]

HEALED_WITHIN = 5.0


def described(world: World) -> dict[str, object]:
    """stack.json without the process ids."""
    return {name: value for name, value in world.reload().items() if name != "pids"}


def answers_a_patient(world: World) -> bool:
    return "Santa Fe" in text_of(world.converse(world.patient(), "¿Dónde están?"))


def test_every_process_id_in_the_description_is_that_of_a_running_process(world: World) -> None:
    pids = world.pids

    assert {"gateway", "postgres", "supabase", "aws", "sandbox"} <= set(pids)
    assert {f"worker:{name}" for name in ("webhook_whatsapp", "inbox_worker", "reply_worker", "send_message")} <= set(
        pids
    )
    assert [name for name, pid in pids.items() if not psutil.pid_exists(pid)] == []


def test_bringing_it_up_again_changes_nothing(world: World) -> None:
    before, pids = described(world), world.pids
    command(world.paths, "infra.local", "up")
    parts = {name: pid for name, pid in pids.items() if not name.startswith("worker:")}

    assert described(world) == before
    assert {name: pid for name, pid in world.pids.items() if name in parts} == parts


@pytest.mark.parametrize("function", ["webhook_whatsapp", "inbox_worker", "reply_worker", "send_message", "sweeper"])
def test_a_killed_function_runs_again_within_five_seconds_under_its_name(world: World, function: str) -> None:
    name = f"worker:{function}"
    before = world.pids[name]
    kill(before)
    started = time.monotonic()
    after = eventually(lambda: pid if (pid := world.pids.get(name, before)) != before else None, "another process")

    assert time.monotonic() - started < HEALED_WITHIN
    assert psutil.pid_exists(after or 0)


@pytest.mark.parametrize("part", ["postgres", "supabase", "gateway", "sandbox"])
def test_a_killed_part_comes_back_by_itself_with_what_it_knew(world: World, part: str) -> None:
    known = described(world)
    people = world.rows("select id from auth.users order by id")
    before = world.pids[part]
    kill(before)
    eventually(lambda: world.pids.get(part, before) != before, f"another {part}")
    eventually(world.is_healthy, "everything healthy")

    assert described(world) == known
    assert world.rows("select id from auth.users order by id") == people
    assert answers_a_patient(world)


def test_up_heals_a_stack_whose_supervisor_and_database_were_killed(world: World) -> None:
    known = described(world)
    stored = world.rows("select count(*) from marketing_messages")[0]["count"]
    for supervisor in supervisors_of(world.paths):
        supervisor.kill()
    for part in ("postgres", "gateway"):
        kill(world.pids[part])
    command(world.paths, "infra.local", "up")

    assert described(world) == known
    assert world.rows("select count(*) from marketing_messages")[0]["count"] == stored
    assert [name for name, pid in world.pids.items() if not psutil.pid_exists(pid)] == []
    assert answers_a_patient(world)
