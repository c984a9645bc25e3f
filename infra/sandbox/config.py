"""What the sandbox is told by its environment, read once at start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"  # a development tool: never reachable from another machine


@dataclass(frozen=True, slots=True)
class Config:
    """Where the sandbox listens, where it keeps its state and how it signs."""

    port: int
    state_dir: Path
    webhook_url: str
    app_id: str
    app_secret: str
    verify_token: str
    graph_version: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Config":
        """Read the configuration.

        Raises:
            ValueError: a variable without a sensible default is missing; the message names all of them.
        """
        missing = [name for name in ("META_APP_SECRET", "SANDBOX_STATE_DIR") if not environment.get(name)]
        if missing:
            raise ValueError(f"The sandbox needs {' and '.join(missing)} in its environment.")
        return cls(
            port=int(environment.get("SANDBOX_PORT", "0")),
            state_dir=Path(environment["SANDBOX_STATE_DIR"]),
            webhook_url=environment.get("SANDBOX_WEBHOOK_URL", ""),
            app_id=environment.get("META_APP_ID", "900000000000001"),
            app_secret=environment["META_APP_SECRET"],
            verify_token=environment.get("META_WEBHOOK_VERIFY_TOKEN", ""),
            graph_version=environment.get("META_GRAPH_VERSION", "v25.0"),
        )
