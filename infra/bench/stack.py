"""The stack that is measured: one of its own, empty at the beginning and erased at the end."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from infra.local import aws
from infra.local.__main__ import reset, up
from infra.local.files import read_json
from infra.local.paths import StackPaths
from infra.local.stack import Stack, settings_of_caller

_POLL_SECONDS = 0.25
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
# The sandbox's own limits would be measured instead of ours.
_NO_LIMITS = {"limits": {"enforce": False}, "window": {"mode": "off"}}


class NotMeasured(Exception):
    """Something stood in the way; the message is for whoever typed the command."""


@dataclass(frozen=True)
class BenchStack:
    """A running stack, as stack.json describes it."""

    paths: StackPaths
    description: Mapping[str, Any]

    @property
    def api_url(self) -> str:
        return str(self.description["api_url"])

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """phone_number_id and business account of every linked WhatsApp number."""
        return [
            (number["phone_number_id"], number["business_account_id"])
            for professional in self.description["professionals"]
            for number in professional["whatsapp"]
        ]

    @property
    def pids(self) -> dict[str, int]:
        """As stack.json says now: it is rewritten whenever a process is started."""
        pids: dict[str, int] = read_json(self.paths.stack_file)["pids"]
        return pids

    @property
    def state(self) -> Stack:
        """Ports, secrets and parameters."""
        return Stack(self.paths, settings_of_caller())

    def sqs(self) -> Any:
        return aws.client("sqs", self.description["aws_endpoint_url"])

    @contextmanager
    def database(self) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        with psycopg.connect(self.description["database_url"], autocommit=True) as connection:
            yield connection

    def sandbox(self, method: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """One call of the sandbox's control interface."""
        url = f"{self.description['sandbox_url']}/control{path}"
        answer = httpx.request(method, url, json=body, params=query, timeout=30, trust_env=False)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def waiting(self) -> int:
        """Messages in the product's queues: visible, in flight, delayed; in those of dead letters too."""
        sqs, count = self.sqs(), 0
        for queue in self.state.resources().queues:
            url = sqs.get_queue_url(QueueName=queue.name)["QueueUrl"]
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))["Attributes"]
            count += sum(int(attributes.get(name, 0)) for name in _COUNTS)
        return count


@contextmanager
def bench_stack(paths: StackPaths) -> Iterator[BenchStack]:
    """Bring up an empty stack; nothing is left of it afterwards."""
    reset(paths)
    try:
        yield with_settings(paths, {})
    finally:
        print("taking the stack down …", flush=True)
        reset(paths)


def with_settings(paths: StackPaths, settings: Mapping[str, str]) -> BenchStack:
    """The stack with these settings; only the parts that follow them are started anew."""
    os.environ.update(settings)
    stack = BenchStack(paths, up(paths))
    stack.sandbox("PATCH", "/settings", _NO_LIMITS)
    return stack


def wait_until(done: Callable[[], bool], *, patience: float) -> bool:
    """Whether ``done`` became true in time."""
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
