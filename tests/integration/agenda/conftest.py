"""The real database, straight."""

from tests.database.stack import connect, database_server, database_url, db, postgres_server

__all__ = ["connect", "database_server", "database_url", "db", "postgres_server"]
