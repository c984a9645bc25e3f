"""What the template describes, as typed objects: what has to exist, and what runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.intrinsics import ACCOUNT_ID, REGION


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """``method`` may be ANY; ``path`` may hold ``{name}`` and ``{name+}``, or be ``$default``."""

    method: str
    path: str

    @property
    def key(self) -> str:
        return self.path if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class QueueSource:
    """An SQS event source mapping."""

    queue_arn: str
    batch_size: int
    reports_item_failures: bool
    max_concurrency: int | None = None

    @property
    def queue_name(self) -> str:
        return self.queue_arn.rsplit(":", 1)[-1]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rate or cron expression, and which service fires it."""

    name: str
    expression: str
    timezone: str
    source: str  # aws.scheduler or aws.events
    enabled: bool = True
    input: str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda. ``name`` is its folder, ``full_name`` what AWS calls it."""

    name: str
    full_name: str
    code: Path
    handler: str
    environment: Mapping[str, str]
    timeout_seconds: int
    memory_mb: int
    layers: tuple[str, ...]
    max_concurrency: int | None = None
    routes: tuple[HttpRoute, ...] = ()
    sources: tuple[QueueSource, ...] = ()
    schedules: tuple[Schedule, ...] = ()

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{self.full_name}"


@dataclass(frozen=True, slots=True)
class Queue:
    logical_id: str
    name: str
    attributes: Mapping[str, str]  # as CreateQueue wants them

    @property
    def dead_letter_arn(self) -> str | None:
        policy = self.attributes.get("RedrivePolicy")
        return json.loads(policy)["deadLetterTargetArn"] if policy else None

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{self.name}"


@dataclass(frozen=True, slots=True)
class Bucket:
    logical_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Key:
    logical_id: str
    description: str


@dataclass(frozen=True, slots=True)
class Cors:
    allow_origins: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None
    allow_credentials: bool = False


@dataclass(frozen=True, slots=True)
class Resources:
    """What has to exist before the functions run."""

    queues: tuple[Queue, ...]
    buckets: tuple[Bucket, ...]
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Application:
    """What runs."""

    functions: tuple[Function, ...]
    cors: Cors | None
