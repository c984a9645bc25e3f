"""What the gateway is told by whoever starts it, in one file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.files import write_json


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """Where the template is, with which values it is read, and where everything else is."""

    template: str
    parameters: dict[str, str]
    key_ids: dict[str, str]
    aws_endpoint_url: str
    kms_endpoint_url: str
    ses_endpoint_url: str
    api_port: int
    control_port: int
    tasks: str
    logs: str
    stack_file: str | None = None  # where the workers' process ids are kept up to date
    workers_per_function: int = 4

    @classmethod
    def read(cls, path: Path) -> "GatewayConfig":
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        write_json(path, asdict(self))
