"""What the sandbox is told by its environment, read once at start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"  # a development tool: never reachable from another machine
_GOOGLE_CLIENT = "dentalist.apps.googleusercontent.example"


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
    instagram_app_id: str
    instagram_app_secret: str
    google_client_id: str
    google_client_secret: str  # empty: nobody can prove to be the client

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Config":
        """Read the configuration.

        Raises:
            ValueError: a variable without a sensible default is missing; the message names all of them.
        """
        missing = [name for name in ("META_APP_SECRET", "SANDBOX_STATE_DIR") if not environment.get(name)]
        if missing:
            raise ValueError(f"The sandbox needs {' and '.join(missing)} in its environment.")
        app_id, app_secret = environment.get("META_APP_ID", "900000000000001"), environment["META_APP_SECRET"]
        return cls(
            port=int(environment.get("SANDBOX_PORT", "0")),
            state_dir=Path(environment["SANDBOX_STATE_DIR"]),
            webhook_url=environment.get("SANDBOX_WEBHOOK_URL", ""),
            app_id=app_id,
            app_secret=app_secret,
            verify_token=environment.get("META_WEBHOOK_VERIFY_TOKEN", ""),
            graph_version=environment.get("META_GRAPH_VERSION", "v25.0"),
            instagram_app_id=environment.get("INSTAGRAM_APP_ID") or app_id,
            instagram_app_secret=environment.get("INSTAGRAM_APP_SECRET") or app_secret,
            google_client_id=environment.get("GOOGLE_CLIENT_ID") or _GOOGLE_CLIENT,
            google_client_secret=environment.get("GOOGLE_CLIENT_SECRET", ""),
        )
