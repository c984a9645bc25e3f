"""A second gateway, of the same make, with the floor and with the webhook alone: their queues have no reader."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.bench.stack import BenchStack, NotMeasured, wait_until
from infra.local import aws
from infra.local.files import read_json
from infra.local.gateway.config import GatewayConfig
from infra.local.gateway.workers import Launcher
from infra.local.model import Function
from infra.local.parts import PartError, base_environment, http_check
from infra.local.paths import HOST, ROOT
from infra.local.processes import STACK_VARIABLE
from infra.local.template import Cloud, Template

TEMPLATE = Path(__file__).with_name("template.yaml")
FLOORS = Path(__file__).with_name("floors")
FLOOR, ALONE = "floors", "webhook_whatsapp"  # the functions of the template
_START_PATIENCE = 30.0


@dataclass(frozen=True)
class BenchGateway:
    """The running gateway."""

    url: str
    stack_file: Path
    pid: int

    @property
    def pids(self) -> dict[str, int]:
        workers: dict[str, int] = read_json(self.stack_file).get("pids", {})
        return {**workers, "bench gateway": self.pid}


@contextmanager
def bench_gateway(stack: BenchStack) -> Iterator[BenchGateway]:
    """Provision the queues beside the product's and serve ``/floor`` and ``/alone`` until the end of the block."""
    folder = stack.paths.run / "bench"
    api_port, control_port = _free_ports(2)
    config = GatewayConfig(
        template=str(TEMPLATE),
        parameters=_parameters(stack),
        key_ids={},
        aws_endpoint_url=str(stack.description["aws_endpoint_url"]),
        kms_endpoint_url=str(stack.description["kms_endpoint_url"]),
        ses_endpoint_url="http://127.0.0.1:1",  # nothing here sends mails
        api_port=api_port,
        control_port=control_port,
        tasks=str(folder / "tasks"),
        logs=str(folder / "logs"),
        stack_file=str(folder / "stack.json"),
    )
    for name in ("tasks", "logs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    config.write(folder / "gateway.json")
    provision(stack)
    command = [sys.executable, "-m", "infra.local.gateway", str(folder / "gateway.json")]
    environment = {**base_environment(), STACK_VARIABLE: str(stack.paths.directory)}
    with (folder / "logs" / "gateway.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_up(process, f"http://{HOST}:{control_port}/health")
        yield BenchGateway(f"http://{HOST}:{api_port}", folder / "stack.json", process.pid)
    finally:
        process.terminate()
        process.wait(_START_PATIENCE)


def provision(stack: BenchStack) -> None:
    """Create the queues of the floor and of the webhook alone, or empty them."""
    resources = Template(TEMPLATE, _parameters(stack)).resources()
    aws.provision(
        resources,
        endpoint_url=str(stack.description["aws_endpoint_url"]),
        kms_endpoint_url=str(stack.description["kms_endpoint_url"]),
        key_ids={},
    )
    sqs = stack.sqs()
    for queue in resources.queues:
        sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=queue.name)["QueueUrl"])


def functions_of(stack: BenchStack) -> dict[str, Function]:
    """The functions of the bench's own template, by name."""
    cloud = Cloud(str(stack.description["aws_endpoint_url"]))
    return {
        function.name: function for function in Template(TEMPLATE, _parameters(stack), cloud).application().functions
    }


def product_functions(stack: BenchStack) -> tuple[Function, ...]:
    """The functions of the product's template, as the stack runs them."""
    config = stack.state.gateway_config()
    cloud = Cloud(config.aws_endpoint_url, config.key_ids)
    return Template(Path(config.template), config.parameters, cloud).application().functions


def launcher(stack: BenchStack) -> Launcher:
    """Starts processes with the environment and the search path that the stack's functions have."""
    folder = stack.paths.run / "bench"
    return Launcher(tasks=folder / "probes", logs=folder / "logs", aws_environment=stack.state.aws_environment())


def _parameters(stack: BenchStack) -> dict[str, str]:
    return {
        "MetaAppSecret": str(stack.description["meta_app_secret"]),
        "MetaWebhookVerifyToken": str(stack.description["meta_webhook_verify_token"]),
    }


def _wait_until_up(process: "subprocess.Popen[bytes]", health_url: str) -> None:
    check = http_check(health_url)

    def is_up() -> bool:
        if process.poll() is not None:
            raise NotMeasured(f"the bench's gateway ended with {process.returncode}")
        try:
            return check() is None
        except PartError as error:
            raise NotMeasured(str(error)) from error

    if not wait_until(is_up, patience=_START_PATIENCE):
        raise NotMeasured("the bench's gateway did not come up")


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
