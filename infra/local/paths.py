"""Where the local stack keeps its things."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"  # nothing of the local stack is reachable from another machine

# What is installed rather than stored: shared by every stack of this checkout, like .venv and node_modules.
LAYERS_DIR = ROOT / ".local" / "layers"
AWS_VENV = ROOT / ".venv-aws"
TEMPLATE = ROOT / "template.yaml"


@dataclass(frozen=True, slots=True)
class StackPaths:
    """The files of one stack, all below ``STACK_DIR``."""

    directory: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "StackPaths":
        """``STACK_DIR`` (absolute, or relative to the project's root), else ``.local``."""
        return cls((ROOT / (environment.get("STACK_DIR") or ".local")).resolve())

    @property
    def stack_file(self) -> Path:
        return self.directory / "stack.json"

    @property
    def state_file(self) -> Path:
        return self.directory / "state.json"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def data(self) -> Path:
        """What `make reset` erases: the database, stored files, queues, keys, the sandbox's memory."""
        return self.directory / "data"

    @property
    def run(self) -> Path:
        """What only a running stack has."""
        return self.directory / "run"

    @property
    def tasks(self) -> Path:
        """One folder per function that holds nothing but a link to its code: what Lambda shows as /var/task."""
        return self.directory / "tasks"

    def create(self) -> None:
        for folder in (self.directory, self.logs, self.data, self.run, self.tasks):
            folder.mkdir(parents=True, exist_ok=True)
