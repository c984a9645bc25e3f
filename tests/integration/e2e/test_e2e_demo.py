"""The demo's story on the running stack: it holds, also a second time, and it says so when it does not."""

import pytest

from infra.demo.story import Story
from infra.demo.transcript import Transcript
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")


def played(world: World, *, patience: float = 45) -> Transcript:
    transcript = Transcript()
    story = Story(world, transcript, patience=patience)
    story.play()
    story.close()
    return transcript


def test_the_story_holds_on_a_stack_that_has_lived(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    transcript = played(world)
    transcript.verdict()
    told = capsys.readouterr().out

    assert transcript.failures == []
    assert transcript.held == 28
    for said in ("Marina Ríos → Consultorio Dra. Ana Ferreyra", "Clínica Dental Salgado → Tomás Herrera", "✓✓", "✔"):
        assert said in told


def test_a_story_in_which_a_clinic_is_silent_does_not_hold(world: World) -> None:
    world.rows("update professionals set marketing_enabled = false where id = %s", world.salgado.id)
    try:
        transcript = played(world, patience=8)
    finally:
        world.rows("update professionals set marketing_enabled = true where id = %s", world.salgado.id)

    assert transcript.failures == ["«Dos pacientes escriben a la vez a dos clínicas» llega a su fin"]
