"""The inbox worker and the sweeper over the real local Supabase, with queues and bucket of an AWS in process."""

import io
import logging
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import psycopg
import pytest
from moto import mock_aws
from psycopg.rows import dict_row

from dentalist.outbound.aws.clients import aws_client
from inbox_worker import handler as inbox_worker
from sweeper import handler as sweeper
from tests.database.stack import (
    DatabaseServer,
    SupabaseServer,
    database_server,
    postgres_server,
    start_supabase,
    stop_process,
)
from tests.integration.inbox.world import QUEUES, Cloud, Tenants, World, forget_clients, make_queues, make_tenants

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}

__all__ = ["database_server", "postgres_server"]


@pytest.fixture(scope="session")
def own_supabase(database_server: DatabaseServer) -> Iterator[SupabaseServer]:
    """A Supabase of these tests alone: the numbers of the webhook samples belong to one professional at a time."""
    server = start_supabase(database_server, database_server.clone())
    yield server
    stop_process(server.process)


@pytest.fixture
def db(own_supabase: SupabaseServer) -> Iterator["psycopg.Connection[dict[str, Any]]"]:
    """Behind the API's back: what a test arranges and looks at."""
    with psycopg.connect(own_supabase.database_url, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture
def tenants(db: "psycopg.Connection[dict[str, Any]]") -> Iterator[Tenants]:
    """The three professionals of a local stack. Afterwards they give their numbers up to the next test.

    On a slow machine what one test left owed would be overdue, and swept, in another.
    """
    yield make_tenants(db)
    db.execute("update marketing_channels set status = 'disconnected'")
    db.execute("update marketing_channel_credentials set status = 'disconnected'")
    db.execute("delete from marketing_webhook_events")
    db.execute("update marketing_conversations set answer_due_at = null where answer_due_at is not null")
    db.execute("update marketing_messages set media_status = 'failed' where media_status = 'pending'")
    db.execute("update marketing_alerts set acknowledged_at = now() where acknowledged_at is null")


@pytest.fixture(scope="module")
def cloud(own_supabase: SupabaseServer) -> Iterator[Cloud]:
    """What a container of the two functions finds in its environment."""
    with mock.patch.dict(os.environ, {**CREDENTIALS, "AWS_ENDPOINT_URL": ""}), mock_aws():
        sqs, s3 = aws_client("sqs"), aws_client("s3")
        s3.create_bucket(Bucket="large")
        environment = {
            "SUPABASE_URL": own_supabase.url,
            "SUPABASE_SECRET_KEY": own_supabase.secret_key,
            "LARGE_EVENTS_BUCKET": "large",
            "REPLY_DEBOUNCE_SECONDS": "0",
        }
        forget_clients()
        with mock.patch.dict(os.environ, environment):
            yield Cloud(sqs, s3)
        forget_clients()


@pytest.fixture
def world(
    cloud: Cloud, db: "psycopg.Connection[dict[str, Any]]", tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> World:
    """Everything that the two functions reach, with queues of this test's own, and what they log."""
    urls = make_queues(cloud.sqs)
    for name, url in urls.items():
        monkeypatch.setenv(QUEUES[name], url)
    lines = io.StringIO()
    for handler in (inbox_worker, sweeper):
        monkeypatch.setattr(handler.logger.registered_handler, "stream", lines)
    monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [inbox_worker.logger.registered_handler])
    return World(db, tenants, cloud, urls, lines)
