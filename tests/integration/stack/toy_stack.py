"""The gateway over a template of toy functions and a real emulator, on free ports and in a folder of its own."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from infra.local import aws
from infra.local.dependencies import install_aws_emulator, install_layers
from infra.local.files import read_json, write_json
from infra.local.gateway.config import GatewayConfig
from infra.local.model import Application
from infra.local.paths import HOST, ROOT
from infra.local.template import Cloud, Template

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

T = TypeVar("T")
TEMPLATE = Path(__file__).parent / "toy" / "template.yaml"
PATIENCE = 20.0


@dataclass(frozen=True)
class ToyStack:
    """A running gateway and what it runs on."""

    directory: Path
    config: GatewayConfig
    sqs: "SQSClient"

    @property
    def api_url(self) -> str:
        return f"http://{HOST}:{self.config.api_port}"

    @property
    def control_url(self) -> str:
        return f"http://{HOST}:{self.config.control_port}"

    @property
    def results_file(self) -> Path:
        return self.directory / "results.jsonl"

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(f"{self.api_url}{path}", timeout=PATIENCE, **options)

    def pids(self) -> dict[str, int]:
        pids: dict[str, int] = read_json(self.directory / "stack.json")["pids"]
        return pids

    def queue_url(self, name: str) -> str:
        return self.sqs.get_queue_url(QueueName=f"dentalist-toy-{name}")["QueueUrl"]

    def depth(self, name: str) -> int:
        """Messages in the queue, those in flight included."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue_url(name), AttributeNames=list(names))
        return sum(int(attributes["Attributes"][name]) for name in names)

    def results(self) -> list[dict[str, Any]]:
        """What the consumer and the tick wrote down."""
        lines = self.results_file.read_text().splitlines() if self.results_file.exists() else []
        return [json.loads(line) for line in lines]

    def bodies(self) -> list[str]:
        return [result["body"] for result in self.results()]


def eventually(check: Callable[[], T], *, patience: float = PATIENCE) -> T:
    """The first truthy answer of ``check``; fails when there is none in time."""
    deadline = time.monotonic() + patience
    while not (answer := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return answer


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that is stopped at the end, in an orderly way if it can."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def toy_stack(directory: Path) -> Iterator[ToyStack]:
    """Everything the toys need, running until the end of the block."""
    for name in ("tasks", "logs", "aws"):
        (directory / name).mkdir(parents=True)
    api_port, control_port, aws_port = free_ports(3)
    aws_url = f"http://{HOST}:{aws_port}"
    config = GatewayConfig(
        template=str(TEMPLATE),
        parameters={"ResultsFile": str(directory / "results.jsonl")},
        key_ids={},
        aws_endpoint_url=aws_url,
        kms_endpoint_url="http://127.0.0.1:1",
        ses_endpoint_url="http://127.0.0.1:1",
        api_port=api_port,
        control_port=control_port,
        tasks=str(directory / "tasks"),
        logs=str(directory / "logs"),
        stack_file=str(directory / "stack.json"),
        workers_per_function=3,
    )
    config.write(directory / "gateway.json")
    write_json(directory / "stack.json", {"pids": {"postgres": 1}})
    install_aws_emulator()
    install_layers(_application(config).functions)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    emulator = {**aws.without_aws_settings(environment), **aws.emulator_environment(aws_port, directory / "aws")}
    with running(aws.emulator_command(), emulator, directory / "logs" / "aws.log"):
        eventually(lambda: answers(f"{aws_url}/_ministack/health"))
        resources = Template(TEMPLATE, config.parameters).resources()
        aws.provision(resources, endpoint_url=aws_url, kms_endpoint_url=aws_url, key_ids={})
        command = [sys.executable, "-m", "infra.local.gateway", str(directory / "gateway.json")]
        with running(command, environment, directory / "logs" / "gateway.log"):
            stack = ToyStack(directory, config, aws.client("sqs", aws_url))
            eventually(lambda: answers(f"{stack.control_url}/health"))
            yield stack


def _application(config: GatewayConfig) -> Application:
    return Template(TEMPLATE, config.parameters, Cloud(config.aws_endpoint_url)).application()
