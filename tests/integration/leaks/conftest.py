"""Functions over the real store and a real key service, with a server in Meta's place that must not be asked."""

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest
from pytest_httpserver import HTTPServer

from dentalist.outbound.aws.clients import aws_client
from infra.local.paths import HOST
from tests.integration.leaks.practice import Practice, forget_clients
from tests.integration.stack.toy_stack import answers, eventually, free_ports, running
from tests.integration.storage.conftest import AWS, database_server, db, postgres_server, store, supabase

__all__ = ["database_server", "db", "postgres_server", "store", "supabase"]


@pytest.fixture(scope="session")
def kms_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The key service of the local stack: what it wrapped is authenticated, with the context it was wrapped for."""
    (port,) = free_ports(1)
    folder = tmp_path_factory.mktemp("kms")
    environment = {"KMS_PORT": str(port), "KMS_STATE_DIR": str(folder), "KMS_MASTER_KEY": secrets.token_hex(32)}
    command = [sys.executable, "-m", "infra.local.kms"]
    with running(command, {**os.environ, **environment}, Path(folder) / "log"):
        url = f"http://{HOST}:{port}"
        eventually(lambda: answers(f"{url}/health"))
        yield url


@pytest.fixture
def practice(
    supabase: Any, db: "psycopg.Connection[dict[str, Any]]", kms_url: str, httpserver: HTTPServer
) -> Iterator[Practice]:
    """A clinic with a linked number, and the functions with an environment as the template gives it to them."""
    server = httpserver.url_for("").rstrip("/")
    with mock.patch.dict(os.environ, {**AWS, "AWS_ENDPOINT_URL_KMS": kms_url}):
        kms = aws_client("kms")
        environment = {
            "SUPABASE_URL": supabase.url,
            "SUPABASE_SECRET_KEY": supabase.secret_key,
            "SUPABASE_PUBLISHABLE_KEY": supabase.publishable_key,
            "SUPABASE_JWT_SECRET": supabase.jwt_secret,
            "CREDENTIALS_KMS_KEY_ID": kms.create_key()["KeyMetadata"]["KeyId"],
            "META_APP_ID": "900000000000001",
            "META_APP_SECRET": "app-secret",
            "GOOGLE_CLIENT_ID": "g",
            "GOOGLE_CLIENT_SECRET": "g",
            "WEBHOOK_PUBLIC_URL": server,
            **dict.fromkeys(("WHATSAPP_API_BASE_URL", "INSTAGRAM_API_BASE_URL"), server),
            **dict.fromkeys(("GOOGLE_API_BASE_URL", "GOOGLE_OAUTH_BASE_URL"), server),
        }
        with mock.patch.dict(os.environ, environment):
            forget_clients()
            yield Practice(supabase, db, httpserver, kms)
        forget_clients()
