"""What survives a restart: a SQLite file of JSON documents, written behind the requests in small batches.

Losing the last fraction of a second in a crash is accepted: this is a development tool, and a write per request
would cost more than the request.
"""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

_FLUSH_SECONDS = 0.2


class Store:
    """Documents by kind and key. Reads happen once, at start; afterwards memory is the truth."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / "sandbox.sqlite3")
        self._database.execute("pragma synchronous = off")
        self._database.execute("pragma journal_mode = wal")
        self._database.execute(
            "create table if not exists documents (kind text, key text, body text, primary key (kind, key))"
        )
        self._unwritten: dict[tuple[str, str], str | None] = {}
        self._writer: asyncio.Task[None] | None = None

    def load(self, kind: str) -> dict[str, Any]:
        """All documents of a kind, by key."""
        rows = self._database.execute("select key, body from documents where kind = ?", (kind,))
        return {key: json.loads(body) for key, body in rows}

    def put(self, kind: str, key: str, document: Any) -> None:
        """Remember a document; the last one put for a key wins."""
        self._unwritten[kind, key] = json.dumps(document)

    def remove(self, kind: str, key: str) -> None:
        """Forget a document."""
        self._unwritten[kind, key] = None

    def clear(self, *kinds: str) -> None:
        """Forget all documents of the kinds, also those not yet written."""
        self._unwritten = {where: body for where, body in self._unwritten.items() if where[0] not in kinds}
        self._database.executemany("delete from documents where kind = ?", [(kind,) for kind in kinds])
        self._database.commit()

    def flush(self) -> None:
        """Write what is waiting, in one transaction."""
        if not self._unwritten:
            return
        waiting, self._unwritten = self._unwritten, {}
        puts = [(kind, key, body) for (kind, key), body in waiting.items() if body is not None]
        removals = [where for where, body in waiting.items() if body is None]
        with self._database:
            self._database.executemany("insert or replace into documents values (?, ?, ?)", puts)
            self._database.executemany("delete from documents where kind = ? and key = ?", removals)

    def start(self) -> None:
        """Begin writing behind the requests."""
        self._writer = asyncio.create_task(self._write_forever())

    async def _write_forever(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            self.flush()

    def close(self) -> None:
        """Write the rest and close the file."""
        if self._writer is not None:
            self._writer.cancel()
        self.flush()
        self._database.close()
