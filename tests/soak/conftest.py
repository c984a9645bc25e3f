"""The full-size runs use the same stack and the same storms as the small ones."""

from tests.database.stack import connect, database_server, database_url, db, postgres_server
from tests.integration.e2e.support.fixtures import fault_free, show, world

__all__ = ["connect", "database_server", "database_url", "db", "fault_free", "postgres_server", "show", "world"]
