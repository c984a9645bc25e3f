"""``python -m infra.bench``: the figures of the design, measured side by side with their floors.

Exit code 0 when everything could be measured and nothing was lost or doubled, whether or not a figure was met: a
benchmark reports. 1 when it could not be measured, or something was lost or doubled.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from infra.bench import agenda, cpu, machine, replies, startup, store, webhook
from infra.bench.options import QUICK, Sizes
from infra.bench.results import Part, Report, newest, record
from infra.bench.stack import BenchStack, NotMeasured, bench_stack
from infra.local.__main__ import StackError
from infra.local.files import locked
from infra.local.paths import ROOT, StackPaths

RESULTS = ROOT / ".local" / "bench"
DOCUMENT = ROOT / "BENCHMARKS.md"
# Quiet things first: what the later ones leave in the store and in the caches must not be in their way.
PARTS: dict[str, Callable[[BenchStack, Sizes], Part]] = {
    "start": startup.measure,
    "cpu": cpu.measure,
    "agenda": agenda.measure,
    "webhook": webhook.measure,
    "replies": replies.measure,
    "store": store.measure,
}


def main(arguments: Sequence[str]) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.record is not None:
        return _record(Path(options.record) if options.record else newest(RESULTS), options.note)
    sizes = QUICK if options.quick else Sizes()
    chosen = {name: value for name in ("rate", "seconds") if (value := getattr(options, name)) is not None}
    directory = Path(options.stack_dir).resolve() if options.stack_dir else RESULTS / "stack"
    if directory in {ROOT / ".local", StackPaths.from_environment().directory}:
        parser.error(f"{directory} is a stack that somebody works with; the one that is measured is erased")
    try:
        report = _run(StackPaths(directory), replace(sizes, **chosen), options.only or list(PARTS))
    except (NotMeasured, StackError, OSError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"\n{report.as_text()}\n\n{report.write(RESULTS)}")
    return 1 if report.failures else 0


def _run(paths: StackPaths, sizes: Sizes, names: Sequence[str]) -> Report:
    # Settings of the caller's own stack, such as another quiet time, would change what is measured.
    os.environ.pop("REPLY_DEBOUNCE_SECONDS", None)
    started_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    described = machine.describe()
    RESULTS.mkdir(parents=True, exist_ok=True)
    with locked(RESULTS / "run"), bench_stack(paths) as stack:  # one at a time: two would measure each other
        parts = [measure(stack, sizes) for name, measure in PARTS.items() if name in names]
    return Report(started_at, {**described, "load_after": machine.load()}, asdict(sizes), parts)


def _record(path: Path | None, note: str) -> int:
    if path is None:
        print(f"bench: no run is kept in {RESULTS}", file=sys.stderr)
        return 1
    record(Report.read(path), DOCUMENT, note)
    print(f"{path} is the newest entry of {DOCUMENT.name}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.bench", description="Measure the figures of the design.")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run; the figures mean little")
    parser.add_argument("--rate", type=_positive, help="webhooks a second")
    parser.add_argument("--seconds", type=_positive, help="for how long")
    parser.add_argument("--stack-dir", help="where the stack that is measured lives; what is there is ERASED")
    parser.add_argument(
        "--record", nargs="?", const="", metavar="JSON", help="add a kept run, else the newest, to BENCHMARKS.md"
    )
    parser.add_argument("--note", default="", help="a sentence for the entry that --record adds")
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if not number >= 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)  # the stack is taken down then, too
    sys.exit(main(sys.argv[1:]))
