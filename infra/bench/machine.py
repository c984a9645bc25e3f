"""On what was measured: a figure means nothing without it."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil

from infra.local.paths import ROOT

_GIB = 1024**3


def describe() -> dict[str, Any]:
    """Processor, memory, system, Python and commit, and how busy the machine is right now."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / _GIB, 1),
        "os": platform.platform(),
        "python": platform.python_version(),
        "commit": _git("rev-parse", "--short", "HEAD") or "unknown",
        "uncommitted_changes": bool(_git("status", "--porcelain")),
        "load_before": load(),
    }


def load() -> float:
    """How many processes wanted a processor, on average over the last minute."""
    return round(os.getloadavg()[0], 2)


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
