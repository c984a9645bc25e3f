"""S3: where the bodies wait that are too large for a queue."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from dentalist.domain.errors import NotFound, StoreUnavailable

_GONE = {"NoSuchKey", "404"}

logger = logging.getLogger(__name__)


class LargeBodyGone(NotFound):
    detail = "The stored body has expired or was deleted."


class LargeEvents:
    """The private bucket of large events, named by day and by what makes the event unique."""

    def __init__(self, bucket: str, *, s3: Any, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Keep the bucket's name and the client."""
        self._bucket = bucket
        self._s3 = s3
        self._now = now

    def store(self, body: str, *, deduplication_id: str) -> str:
        """Keep a body and answer its key; the same event on the same day has the same key.

        Raises:
            StoreUnavailable: S3 did not confirm.
        """
        key = f"inbound/{self._now():%Y/%m/%d}/{UUID(hex=deduplication_id[:32])}.json"
        try:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body.encode("ascii"), ContentType="application/json")
        except (BotoCoreError, ClientError) as exc:
            raise StoreUnavailable from exc
        return key

    def load(self, queue_body: str) -> Any:
        """What a record of the inbound queue says, wherever it lies: inline, or in the bucket behind ``s3_key``.

        Returns:
            The JSON value; the text itself when it is none.

        Raises:
            LargeBodyGone: the pointer leads nowhere, for good.
            StoreUnavailable: S3 cannot be reached or refused.
        """
        content = _parse(queue_body)
        key = _pointer_in(content)
        return content if key is None else _parse(self._read(key))

    def discard(self, queue_body: str) -> None:
        """Delete the body that a record of the inbound queue points to; nothing for a record that holds its own.

        What cannot be deleted now is left to the bucket's expiry.
        """
        key = _pointer_in(_parse(queue_body))
        if key is None:
            return
        try:
            self._s3.delete_object(Bucket=self._bucket, Key=key)
        except (BotoCoreError, ClientError) as exc:
            logger.warning("stored body not deleted", extra={"s3_key": key, "error": type(exc).__name__})

    def _read(self, key: str) -> str:
        try:
            body: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as exc:
            if exc.response.get("Error", {}).get("Code") in _GONE:
                raise LargeBodyGone from exc
            raise StoreUnavailable from exc
        except BotoCoreError as exc:
            raise StoreUnavailable from exc
        return body.decode("utf-8", "replace")


def _pointer_in(content: Any) -> str | None:
    if not isinstance(content, dict) or "event" in content:
        return None
    key = content.get("s3_key")
    return key if isinstance(key, str) else None


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
