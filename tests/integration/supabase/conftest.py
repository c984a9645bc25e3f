"""What the tests of the local Supabase server may ask for."""

from tests.database.stack import connect, database_server, database_url, db, postgres_server, supabase

__all__ = ["connect", "database_server", "database_url", "db", "postgres_server", "supabase"]
