"""The repositories over the real local Supabase, as the functions use them."""

import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import botocore.session
import httpx
import psycopg
import pytest
from moto import mock_aws
from psycopg.rows import dict_row

from dentalist.outbound.aws.keys import KeyService
from dentalist.storage.database import Database
from tests.database.outbound_builders import Clinic, make_clinic
from tests.database.stack import SupabaseServer, database_server, postgres_server, supabase

__all__ = ["database_server", "postgres_server", "supabase"]

AWS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def db(supabase: SupabaseServer) -> Iterator["psycopg.Connection[dict[str, Any]]"]:
    """Behind the API's back: what a test arranges and looks at."""
    with psycopg.connect(supabase.database_url, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture
def store(supabase: SupabaseServer) -> Iterator[Database]:
    """The store with the secret key."""
    with httpx.Client(timeout=20) as http:
        yield Database(supabase.url, supabase.secret_key, http=http)


@pytest.fixture
def clinic(db: "psycopg.Connection[dict[str, Any]]") -> Clinic:
    """A professional with one connected number."""
    return make_clinic(db)


@pytest.fixture
def person(supabase: SupabaseServer, store: Database, clinic: Clinic) -> Database:
    """The store as the clinic's owner sees it."""
    with_publishable_key = Database(supabase.url, supabase.publishable_key, http=store.http)
    return with_publishable_key.signed_in(supabase.mint(clinic.professional_id))


@pytest.fixture
def keys() -> Iterator[KeyService]:
    """A KMS that authenticates what it wrapped."""
    with mock.patch.dict(os.environ, AWS), mock_aws():
        kms = botocore.session.get_session().create_client("kms", region_name="us-east-1")
        yield KeyService(kms.create_key()["KeyMetadata"]["KeyId"], kms=kms)
