"""What a local stack consists of, as a table: to add a part, add an entry."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from infra.local import aws, postgres
from infra.local.dependencies import install_aws_emulator, install_layers
from infra.local.paths import ROOT, TEMPLATE
from infra.local.processes import STACK_VARIABLE
from infra.local.stack import Stack, environment_name, fingerprint
from infra.local.template import Cloud, Template

LOCKED_REQUIREMENTS = (ROOT / "requirements" / "core.txt", ROOT / "requirements" / "ai.txt")
_HEALTH_PATIENCE = 3.0
# In the cloud the store and Meta have machines of their own. Here they come after what answers requests, and before
# the workers of queues and schedules.
_ELSEWHERE = 10


class PartError(Exception):
    """A part of the stack cannot run; the message is for whoever typed `make up`."""


@dataclass(frozen=True, slots=True)
class Service:
    """A process that runs as long as the stack does.

    ``start`` returns at once or when the process is up; ``check`` returns why the part is not healthy, or None.
    ``identity`` changes when the part has to be started anew to follow its settings; ``niceness`` is how much it
    yields the processor.
    """

    name: str
    start: Callable[[], "subprocess.Popen[bytes]"]
    check: Callable[[], str | None]
    identity: str = ""
    after: tuple[str, ...] = ()
    stop_signal: int = signal.SIGTERM
    stop_patience: float = 10.0
    start_patience: float = 60.0
    niceness: int = 0
    when_up: Callable[[], None] = field(default=lambda: None)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done once at every `make up`, and again when one of the ``again_with`` services was restarted."""

    name: str
    run: Callable[[], None]
    after: tuple[str, ...] = ()
    again_with: tuple[str, ...] = ()


Part = Service | Job


def make_parts(stack: Stack) -> tuple[Part, ...]:
    """The parts of the product's local stack, in an order in which they can be started."""
    return (
        _postgres(stack),
        Job("emulator", install_aws_emulator),
        Job("layers", lambda: _install_layers(stack)),
        _aws(stack),
        _kms(stack),
        _sandbox(stack),
        _supabase(stack),
        Job("provision", lambda: _provision(stack), after=("aws", "kms"), again_with=("aws", "kms")),
        Job("seed", lambda: _seed(stack), after=("supabase", "sandbox", "provision")),
        _gateway(stack),
    )


def spawn(
    stack: Stack, name: str, command: tuple[str, ...], environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """Start a part in the background, marked as belonging to this stack, its output in a log of its own."""
    with (stack.paths.logs / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**base_environment(), STACK_VARIABLE: str(stack.paths.directory), **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def base_environment() -> dict[str, str]:
    """The caller's environment without what would lead a part astray."""
    environment = aws.without_aws_settings(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # every start would compile everything again
    for name in ("NO_PROXY", "no_proxy"):  # the parts talk to each other over loopback
        environment[name] = ",".join(filter(None, (environment.get(name), "127.0.0.1", "localhost")))
    return environment


def http_check(url: str) -> Callable[[], str | None]:
    """Healthy when ``url`` answers 200. A 500 is final: waiting would not help."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def check() -> str | None:
        try:
            opener.open(url, timeout=_HEALTH_PATIENCE).close()
        except urllib.error.HTTPError as answer:
            body = answer.read().decode(errors="replace")
            if answer.code == 500:  # noqa: PLR2004 - Internal Server Error
                raise PartError(f"{url} answers 500: {body}") from answer
            return body
        except OSError as error:
            return str(error)
        return None

    return check


def _postgres(stack: Stack) -> Service:
    data, port = stack.paths.data / "postgres", stack.ports["postgres"]

    def check() -> str | None:
        try:
            postgres.wait_ready(port, timeout=_HEALTH_PATIENCE)
        except postgres.PostgresError as error:
            return str(error)
        return None

    return Service(
        "postgres",
        start=lambda: postgres.start(data, port, stack.paths.logs / "postgres.log"),
        check=check,
        identity=str(port),
        stop_signal=signal.SIGINT,  # PostgreSQL's fast stop: it waits for no client
        niceness=_ELSEWHERE,
        when_up=lambda: postgres.bootstrap(port),
    )


def _aws(stack: Stack) -> Service:
    data = stack.paths.data / "aws"
    environment = aws.emulator_environment(stack.ports["aws"], data)
    return Service(
        "aws",
        start=lambda: spawn(stack, "aws", tuple(aws.emulator_command()), environment),
        check=http_check(f"{stack.url('aws')}/_ministack/health"),
        identity=_identity(environment),
        after=("emulator",),
        when_up=lambda: aws.forget_saved_queues(data),
    )


def _kms(stack: Stack) -> Service:
    environment = {
        "KMS_PORT": str(stack.ports["kms"]),
        "KMS_STATE_DIR": str(stack.paths.data / "kms"),
        "KMS_MASTER_KEY": stack.secrets["kms_master_key"],
    }
    return _python_service(stack, "kms", "infra.local.kms", environment)


def _sandbox(stack: Stack) -> Service:
    apps = {
        environment_name(name): value
        for name, value in stack.parameters().items()
        if name.startswith(("Meta", "InstagramApp", "GoogleClient"))
    }
    environment = {
        **apps,
        "SANDBOX_PORT": str(stack.ports["sandbox"]),
        "SANDBOX_STATE_DIR": str(stack.paths.data / "sandbox"),
        "SANDBOX_WEBHOOK_URL": f"{stack.url('api')}/api/webhooks/whatsapp",
    }
    return replace(_python_service(stack, "sandbox", "infra.sandbox", environment), niceness=_ELSEWHERE)


def _supabase(stack: Stack) -> Service:
    environment = {
        "DATABASE_URL": stack.database_url,
        "SUPABASE_PORT": str(stack.ports["supabase"]),
        "SUPABASE_JWT_SECRET": stack.secrets["supabase_jwt_secret"],
        "SUPABASE_PUBLISHABLE_KEY": stack.secrets["supabase_publishable_key"],
        "SUPABASE_SECRET_KEY": stack.secrets["supabase_secret_key"],
        "STORAGE_DIR": str(stack.paths.data / "storage"),
        "MIGRATIONS_DIR": str(ROOT / "supabase" / "migrations"),
        "SANDBOX_URL": stack.url("sandbox"),  # its mailbox
        "SITE_URL": stack.parameters()["DashboardPublicUrl"],
    }
    command = ("node", str(ROOT / "infra" / "local" / "supabase" / "serve.mjs"), "--migrate")
    return Service(
        "supabase",
        start=lambda: spawn(stack, "supabase", command, environment),
        check=http_check(f"{stack.url('supabase')}/health"),
        identity=_identity(environment) + _migrations(),
        after=("postgres",),
        niceness=_ELSEWHERE,
    )


def _gateway(stack: Stack) -> Service:
    config = stack.paths.run / "gateway.json"

    def start() -> "subprocess.Popen[bytes]":
        stack.gateway_config().write(config)
        return spawn(stack, "gateway", (sys.executable, "-m", "infra.local.gateway", str(config)), {})

    return Service(
        "gateway",
        start=start,
        check=http_check(f"{stack.url('control')}/health"),
        identity=_identity({**stack.parameters(), "WORKERS": stack.setting("WORKERS_PER_FUNCTION", "")})
        + fingerprint(TEMPLATE, ROOT / "functions", ROOT / "layers" / "shared" / "src", *LOCKED_REQUIREMENTS),
        after=("layers", "provision", "supabase", "sandbox", "seed"),
    )


def _python_service(stack: Stack, name: str, module: str, environment: Mapping[str, str]) -> Service:
    return Service(
        name,
        start=lambda: spawn(stack, name, (sys.executable, "-m", module), environment),
        check=http_check(f"{stack.url(name)}/health"),
        identity=_identity(environment) + fingerprint(ROOT / "infra" / "sandbox"),
    )


def _install_layers(stack: Stack) -> None:
    cloud = Cloud(stack.url("aws"), {key.logical_id: "" for key in stack.resources().keys})
    install_layers(Template(TEMPLATE, stack.parameters(), cloud).application().functions)


def _provision(stack: Stack) -> None:
    stack.remember(
        key_ids=aws.provision(
            stack.resources(),
            endpoint_url=stack.url("aws"),
            kms_endpoint_url=stack.url("kms"),
            key_ids=stack.key_ids,
        )
    )


def _seed(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.local.seed"],
        cwd=ROOT,
        env={**base_environment(), **stack.application_environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    with (stack.paths.logs / "seed.log").open("a") as log:
        log.write(done.stderr)
    if done.returncode != 0:
        raise PartError(f"seeding failed:\n{done.stderr.strip()[-2000:]}")
    stack.remember(professionals=json.loads(done.stdout))


def _identity(settings: Mapping[str, str]) -> str:
    return json.dumps(dict(sorted(settings.items())))


def _migrations() -> str:
    """The migrations there are: a new one is applied by starting the Supabase server again."""
    return ",".join(sorted(path.name for path in Path(ROOT / "supabase" / "migrations").glob("*.sql")))
