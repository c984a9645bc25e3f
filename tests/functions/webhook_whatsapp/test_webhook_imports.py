"""A cold start is part of Meta's wait: what the webhook may import, and what a package may import by being named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dentalist
from tests.functions.webhook_whatsapp.conftest import ENVIRONMENT

PACKAGE = Path(dentalist.__file__).parent
FUNCTIONS = Path(__file__).parents[3] / "functions"

# botocore with what it stands on, and the Logger with what it stands on.
ALLOWED_LIBRARIES = {
    *("botocore", "jmespath", "dateutil", "six", "urllib3", "certifi", "awscrt"),
    *("aws_lambda_powertools", "typing_extensions"),
}
ALLOWED_OF_OURS = {
    *("dentalist", "dentalist.domain", "dentalist.domain.errors", "dentalist.domain.phones"),
    *("dentalist.inbound", "dentalist.inbound.body", "dentalist.inbound.queue_message", "dentalist.inbound.shapes"),
    *("dentalist.inbound.signatures", "dentalist.inbound.split", "dentalist.inbound.split_history"),
    *(
        "dentalist.outbound",
        "dentalist.outbound.aws",
        "dentalist.outbound.aws.clients",
        "dentalist.outbound.aws.queues",
    ),
}
REPORT = """
import json, sys
before = set(sys.modules)
import {module}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def imported_by(module: str) -> set[str]:
    """The modules that importing ``module`` brings into a fresh interpreter."""
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(FUNCTIONS)}
    run = subprocess.run(
        [sys.executable, "-c", REPORT.format(module=module)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(run.stdout))


@pytest.fixture(scope="module")
def modules() -> set[str]:
    return imported_by("webhook_whatsapp.handler")


def test_the_webhook_imports_the_standard_library_an_sqs_client_and_the_logger_only(modules: set[str]) -> None:
    vendored = "six"  # registers moved modules of the standard library under its own name
    libraries = {name.partition(".")[0] for name in modules if not name.startswith(vendored)}
    foreign = libraries - sys.stdlib_module_names - ALLOWED_LIBRARIES - {"dentalist", "webhook_whatsapp"}
    assert foreign == set()


def test_of_our_own_code_the_webhook_imports_what_it_uses(modules: set[str]) -> None:
    assert {name for name in modules if name.partition(".")[0] == "dentalist"} == ALLOWED_OF_OURS


def test_of_the_logger_library_the_router_and_the_utilities_stay_out(modules: set[str]) -> None:
    utilities = ("batch", "data_classes", "idempotency", "parameters", "parser")
    heavy = ("aws_lambda_powertools.event_handler", *(f"aws_lambda_powertools.utilities.{name}" for name in utilities))
    assert {name for name in modules if name.startswith(heavy)} == set()


PACKAGES = sorted(
    ".".join(("dentalist", *path.parent.relative_to(PACKAGE).parts)) for path in PACKAGE.rglob("__init__.py")
)


def test_naming_a_package_of_ours_imports_nothing_else() -> None:
    brought = imported_by(", ".join(PACKAGES))
    assert brought == set(PACKAGES)
