"""A container of a function as the cloud would make it, over the local Supabase."""

import importlib
import os
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import dentalist.runtime
from dentalist.runtime import wiring
from dentalist.storage.credentials import Credentials
from tests.database.stack import SupabaseServer


def forget_clients() -> None:
    """A new container: every client is made again from the environment."""
    for found in pkgutil.iter_modules(dentalist.runtime.__path__):
        if found.name.startswith("wiring"):
            for made in vars(importlib.import_module(f"dentalist.runtime.{found.name}")).values():
                if hasattr(made, "cache_clear"):
                    made.cache_clear()


@contextmanager
def container(supabase: SupabaseServer, *, credentials: Credentials | None = None, **variables: str) -> Iterator[None]:
    """What runs inside finds this store, and what else the variables name; nothing is kept for whoever comes next."""
    environment = {
        "SUPABASE_URL": supabase.url,
        "SUPABASE_SECRET_KEY": supabase.secret_key,
        "SUPABASE_PUBLISHABLE_KEY": supabase.publishable_key,
        "SUPABASE_JWT_SECRET": supabase.jwt_secret,
        **variables,
    }
    with mock.patch.dict(os.environ, environment):
        forget_clients()
        try:
            if credentials is None:
                yield
            else:
                with mock.patch.object(wiring, "credentials", lambda: credentials):
                    yield
        finally:
            forget_clients()
