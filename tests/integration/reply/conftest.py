"""Turns of the assistant over the real local Supabase, with a fake of Meta."""

from tests.integration.storage.conftest import database_server, db, postgres_server, store, supabase

__all__ = ["database_server", "db", "postgres_server", "store", "supabase"]
