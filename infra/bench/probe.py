"""Runs inside the process that is measured, with the standard library only: it must cost the function nothing.

``probe.py start MODULE`` prints how long the import took; ``probe.py work MODULE`` reads one JSON list of events per
line, runs the handler on each and prints the processor time of the batch.
"""

import importlib
import json
import os
import sys
import time
from typing import TextIO


def main() -> None:
    what, module = sys.argv[1:]
    report = os.fdopen(os.dup(1), "w")
    # What the function itself prints (its log) is written as in Lambda, but not to be read by anybody.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    start(module, report) if what == "start" else work(module, report)


def start(module: str, report: TextIO) -> None:
    """Wall and processor time of the import, the interpreter's own start not counted."""
    wall, processor = time.perf_counter(), time.process_time()
    importlib.import_module(module)
    told = {"wall_ms": (time.perf_counter() - wall) * 1000, "cpu_ms": (time.process_time() - processor) * 1000}
    print(json.dumps(told), file=report, flush=True)


def work(module: str, report: TextIO) -> None:
    """Processor time per batch, all threads of the process included."""
    handler = importlib.import_module(module).lambda_handler
    for line in sys.stdin:
        events = json.loads(line)
        before = time.process_time()
        statuses = [handler(event, None)["statusCode"] for event in events]
        spent = (time.process_time() - before) * 1000
        refused = sum(status != 200 for status in statuses)  # noqa: PLR2004 - HTTP's OK
        print(json.dumps({"cpu_ms": spent, "refused": refused}), file=report, flush=True)


if __name__ == "__main__":
    main()
