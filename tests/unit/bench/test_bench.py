"""The parts that need no running stack: which floor stands beside a function, who used the processor, the exit code."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from infra.bench import __main__ as bench
from infra.bench.figures import Figure
from infra.bench.gateway import FLOORS
from infra.bench.options import Sizes
from infra.bench.probes import floor_of, start_once, working
from infra.bench.results import Part
from infra.bench.stack import BenchStack, NotMeasured
from infra.bench.startup import floor_for
from infra.bench.usage import OTHERS, ProcessorUse
from infra.local.gateway.workers import Launcher
from infra.local.model import Function, HttpRoute, QueueSource, Schedule
from infra.local.paths import ROOT, StackPaths

FUNCTION = Function(
    name="made_up",
    full_name="dentalist-local-made_up",
    code=Path("/nowhere"),
    handler="made_up.handler.lambda_handler",
    environment={},
    timeout_seconds=3,
    memory_mb=128,
    layers=(),
)
ROUTE = HttpRoute("GET", "/")
QUEUE = QueueSource("arn:aws:sqs:us-east-1:1:jobs", 1, reports_item_failures=True)
SCHEDULE = Schedule("every minute", "rate(1 minute)", "UTC", "aws.scheduler")


@pytest.mark.parametrize(
    ("function", "floor"),
    [
        (replace(FUNCTION, name="webhook_whatsapp", routes=(ROUTE,)), "sqs_client"),
        (replace(FUNCTION, sources=(QUEUE,), environment={"SUPABASE_SECRET_KEY": "k"}), "worker"),
        (replace(FUNCTION, schedules=(SCHEDULE,)), "scheduled"),
        (replace(FUNCTION, routes=(ROUTE,), environment={"SUPABASE_SECRET_KEY": "k"}), "http_store"),
        (replace(FUNCTION, routes=(ROUTE,)), "http"),
    ],
)
def test_a_function_stands_beside_the_floor_of_its_role(function: Function, floor: str) -> None:
    assert floor_for(function) == floor
    assert (FLOORS / f"{floor}.py").exists()


def test_a_floor_has_the_layers_and_the_variables_of_its_function() -> None:
    function = replace(FUNCTION, layers=("CoreLayer", "AiLayer"), environment={"STAGE": "local"})
    floor = floor_of(function, "worker")
    assert (floor.layers, floor.environment) == (function.layers, function.environment)
    assert floor.handler == "floors.worker.lambda_handler"


@pytest.fixture
def launcher(tmp_path: Path) -> Launcher:
    return Launcher(tasks=tmp_path / "tasks", logs=tmp_path, aws_environment={})


def make_function(tmp_path: Path, source: str) -> Function:
    code = tmp_path / "made_up"
    code.mkdir()
    (code / "__init__.py").touch()
    (code / "handler.py").write_text(source)
    return replace(FUNCTION, code=code)


def test_a_start_is_the_import_of_the_function_in_a_process_that_sees_only_its_own(
    launcher: Launcher, tmp_path: Path
) -> None:
    function = make_function(tmp_path, "import sys\nassert 'pytest' not in sys.modules\nprint('a log line')\n")
    took = start_once(launcher, function)
    assert set(took) == {"wall_ms", "cpu_ms"}
    assert (tmp_path / "made_up" / "__pycache__").is_dir()  # found by every later start


def test_a_function_that_cannot_be_imported_is_not_measured(launcher: Launcher, tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="no_such_module"):
        start_once(launcher, make_function(tmp_path, "import no_such_module\n"))


def test_a_handler_works_on_every_event_and_tells_what_one_cost(launcher: Launcher, tmp_path: Path) -> None:
    source = f"""
def lambda_handler(event, _context):
    print("a log line")
    with open({str(tmp_path / "seen")!r}, "a") as seen:
        seen.write(event["n"])
    return {{"statusCode": 200}}
"""
    with working(launcher, make_function(tmp_path, source)) as process:
        costs = [process.cpu_ms([{"n": "a"}, {"n": "b"}]), process.cpu_ms([{"n": "c"}])]
    assert (tmp_path / "seen").read_text() == "abc"
    assert all(cost >= 0 for cost in costs)


def test_a_handler_that_refuses_is_not_measured(launcher: Launcher, tmp_path: Path) -> None:
    source = "def lambda_handler(event, _context):\n    return {'statusCode': event['status']}\n"
    function = make_function(tmp_path, source)
    with working(launcher, function) as process, pytest.raises(NotMeasured, match="refused 1 of 2"):
        process.cpu_ms([{"status": 200}, {"status": 401}])


def test_the_workers_of_one_function_are_one_part_and_the_dead_are_left_out() -> None:
    pids = {"worker:inbox_worker": os.getpid(), "worker:inbox_worker:2": os.getppid(), "aws": 2**22 + 1}
    use = ProcessorUse(pids)
    assert set(use.taken(pids)) == {"inbox_worker", OTHERS}


@pytest.fixture
def bench_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, Part | Exception]]:
    """The command with parts that need no stack; the test says what each finds."""
    found: dict[str, Part | Exception] = {}

    @contextmanager
    def no_stack(paths: StackPaths) -> Iterator[BenchStack]:
        yield BenchStack(paths, {})

    def part(_: BenchStack, __: Sizes) -> Part:
        outcome = found["part"]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(bench, "bench_stack", no_stack)
    monkeypatch.setattr(bench, "RESULTS", tmp_path)
    monkeypatch.setattr(bench, "PARTS", {"part": part})
    yield found


def test_a_figure_that_is_not_met_is_reported_and_no_failure(
    bench_with: dict[str, Part | Exception], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench_with["part"] = Part("slow", [Figure("anything", 9.0, limit=1.0)], {})
    assert bench.main([]) == 0
    last = capsys.readouterr().out.splitlines()
    kept = Path(last[-1])
    assert kept.parent == tmp_path
    assert any("NOT MET" in line for line in last)
    assert json.loads(kept.read_text())["machine"]["cores"] == os.cpu_count()


def test_something_lost_is_a_failure(bench_with: dict[str, Part | Exception]) -> None:
    bench_with["part"] = Part("lossy", [], {}, failures=["1 acknowledged messages are not stored"])
    assert bench.main([]) == 1


def test_what_cannot_be_measured_is_a_failure_that_says_why(
    bench_with: dict[str, Part | Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    bench_with["part"] = NotMeasured("the gateway did not come up")
    assert bench.main([]) == 1
    assert "the gateway did not come up" in capsys.readouterr().err


def test_there_is_nothing_to_record_before_the_first_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "RESULTS", tmp_path)
    assert bench.main(["--record"]) == 1
    assert "no run is kept" in capsys.readouterr().err


@pytest.mark.parametrize("directory", [str(ROOT / ".local"), "/tmp/of-somebody"])  # noqa: S108 - never made
def test_a_stack_that_somebody_works_with_is_never_measured_because_it_would_be_erased(
    monkeypatch: pytest.MonkeyPatch, bench_with: dict[str, Part | Exception], directory: str
) -> None:
    bench_with["part"] = AssertionError("it was measured")
    monkeypatch.setenv("STACK_DIR", "/tmp/of-somebody")  # noqa: S108
    with pytest.raises(SystemExit) as refusal:
        bench.main(["--stack-dir", directory])
    assert refusal.value.code == 2


@pytest.mark.parametrize("option", ["--rate", "--seconds"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "many"])
def test_a_load_of_nothing_is_refused(option: str, value: str) -> None:
    with pytest.raises(SystemExit) as refusal:
        bench.main([f"{option}={value}"])
    assert refusal.value.code == 2
