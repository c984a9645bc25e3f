"""What people of the clinic read about a task."""

import pytest

from dentalist.domain.wording.drafts import Task, TaskKind
from dentalist.domain.wording.tasks import describe_tasks


@pytest.mark.parametrize("kind", TaskKind)
def test_every_task_has_a_sentence(kind: TaskKind) -> None:
    [(name, sentence)] = describe_tasks([Task(kind)])

    assert name == kind.value
    assert sentence.endswith(".")
    assert "{" not in sentence


def test_several_missing_facts_are_one_sentence_that_names_them() -> None:
    facts = [Task(TaskKind.MISSING_FACT, "el estacionamiento"), Task(TaskKind.MISSING_FACT, "las coberturas")]

    [(_, sentence), (kind, _)] = describe_tasks([facts[0], Task(TaskKind.RUNNING_LATE), facts[1]])

    assert "el estacionamiento y las coberturas" in sentence
    assert kind == "running_late"
