"""The store, the queues and Meta as the inbox and the sweeper see them, in memory."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from dentalist.services.ports import Ingested, MediaFile, MediaJob, Wake
from dentalist.services.ports_handover import Resumed, WaitingConversation
from tests.builders import NOON

JPEG = b"\xff\xd8\xff\xe0 a photo"


@dataclass
class FakeInbox:
    """Stores everything, unless told to fail on an event; each failure is used once."""

    answer: Ingested = field(default_factory=lambda: Ingested("stored"))
    failures: list[Exception] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    debounce_seconds: int | None = None

    def ingest(self, event: Mapping[str, Any], *, debounce_seconds: int) -> Ingested:
        self.debounce_seconds = debounce_seconds
        if self.failures:
            raise self.failures.pop(0)
        self.events.append(json.loads(json.dumps(event)))  # as it would leave
        return Ingested("parked", event["reason"]) if event["kind"] == "unknown" else self.answer


@dataclass
class FakeBodies:
    """Bodies that lie in the record itself, unless the bucket is to fail."""

    failure: Exception | None = None
    discarded: list[str] = field(default_factory=list)

    def discard(self, queue_body: str) -> None:
        self.discarded.append(queue_body)

    def load(self, queue_body: str) -> Any:
        if self.failure is not None:
            raise self.failure
        try:
            return json.loads(queue_body)
        except ValueError:
            return queue_body


@dataclass
class FakeQueue:
    """A queue that remembers; ``failure`` happens to every call."""

    failure: Exception | None = None
    log: list[tuple[str, Any]] = field(default_factory=list)

    def send_wake_up(self, conversation_id: UUID, *, delay_seconds: int, correlation_id: str) -> None:
        self._do("wake", (conversation_id, delay_seconds, correlation_id))

    def send_media_job(self, message_id: UUID, *, correlation_id: str) -> None:
        self._do("media", (message_id, correlation_id))

    def send_bell(self, *, correlation_id: str) -> None:
        self._do("bell", correlation_id)

    def change_visibility(self, receipt_handle: str, *, seconds: int) -> None:
        self._do("visibility", (receipt_handle, seconds))

    def _do(self, what: str, told: Any) -> None:
        if self.failure is not None:
            raise self.failure
        self.log.append((what, told))


@dataclass
class FakeMediaRecords:
    """The media columns of at most one message."""

    job: MediaJob | None
    failure: Exception | None = None
    erased: bool = False
    recorded: list[tuple[str, str | None]] = field(default_factory=list)

    def find_media(self, message_id: UUID) -> MediaJob | None:
        return self.job if self.job is not None and self.job.message_id == message_id else None

    def record_media(self, job: MediaJob, status: str, *, storage_path: str | None = None) -> bool:
        if self.failure is not None:
            raise self.failure
        assert job is self.job
        self.recorded.append((status, storage_path))
        return not self.erased


@dataclass
class FakeMediaStore:
    """The bucket of one professional."""

    professional_id: UUID | None = None
    failure: Exception | None = None
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def store(self, storage_path: str, content: bytes, *, content_type: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.files[storage_path] = (content, content_type)

    def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            self.files.pop(path, None)

    def link(self, storage_path: str) -> str:
        raise AssertionError(f"nobody asked for a link to {storage_path}")


@dataclass
class FakeNumber:
    """A number at which one file waits."""

    file: MediaFile | Exception = field(default_factory=lambda: MediaFile(JPEG, "image/jpeg"))
    asked: list[tuple[str, int]] = field(default_factory=list)

    def fetch_media(self, media_id: str, *, max_bytes: int, allowed_types: Collection[str] | None = None) -> MediaFile:
        assert allowed_types, "every type would be taken"
        self.asked.append((media_id, max_bytes))
        if isinstance(self.file, Exception):
            raise self.file
        return self.file

    def send(self, *_arguments: Any, **_named: Any) -> str:
        raise AssertionError("fetching a file sends nothing")

    def mark_read(self, *_arguments: Any, **_named: Any) -> None:
        raise AssertionError("fetching a file marks nothing")


@dataclass
class FakeSweeps:
    """What is due in the store; ``log`` is what was asked, in order."""

    log: list[str]
    overdue: list[UUID] = field(default_factory=list)
    retries: list[UUID] = field(default_factory=list)
    media: list[UUID] = field(default_factory=list)
    alert_due: bool = False
    failing: str | None = None
    failure: Exception | None = None

    def overdue_answers(self, limit: int) -> list[UUID]:
        self._ask("overdue_answers")
        return self.overdue[:limit]

    def pending_media(self, limit: int) -> list[UUID]:
        self._ask("pending_media")
        return self.media[:limit]

    def due_retries(self, limit: int) -> list[UUID]:
        self._ask("due_retries")
        return self.retries[:limit]

    def match_statuses(self, limit: int) -> int:
        return min(self._ask("match_statuses"), limit)

    def expire_sends(self) -> int:
        return self._ask("expire_sends")

    def expire_holds(self) -> int:
        return self._ask("expire_holds")

    def expire_idempotency(self) -> int:
        return self._ask("expire_idempotency")

    def purge_pace(self) -> int:
        return self._ask("purge_pace")

    def alert_notices_due(self) -> bool:
        self._ask("alert_notices_due")
        return self.alert_due

    def _ask(self, what: str) -> int:
        self.log.append(what)
        if what == self.failing:
            assert self.failure is not None
            raise self.failure
        return 1


@dataclass
class FakeWatched:
    """Conversations that wait for a person; those to resume owe an answer, nobody has been reminded of the others."""

    log: list[str] = field(default_factory=list)
    idle: list[UUID] = field(default_factory=list)
    unheard_ids: list[UUID] = field(default_factory=list)
    waiting_ids: list[UUID] = field(default_factory=list)
    failure: Exception | None = None

    def resume_idle(self, limit: int) -> list[Resumed]:
        self.log.append("resume_idle")
        if self.failure is not None:
            raise self.failure
        return [Resumed(conversation_id, owes=True) for conversation_id in self.idle[:limit]]

    def waiting(self, limit: int, *, after: WaitingConversation | None) -> list[WaitingConversation]:
        assert after is None, "one page is enough here"
        professional = {"id": str(uuid4()), "name": "Consultorio", "timezone": "America/Argentina/Buenos_Aires"}
        since = NOON - timedelta(hours=1)
        return [
            WaitingConversation(conversation_id, professional, "requested", since, since, None, None)
            for conversation_id in self.waiting_ids[:limit]
        ]

    def remind(self, waiting: WaitingConversation, *, of_window: bool) -> bool:
        return waiting.conversation_id in self.waiting_ids and not of_window

    def unheard(self, limit: int) -> list[UUID]:
        return self.unheard_ids[:limit]


@dataclass
class FakeDeadLetters:
    """A dead-letter queue with this many messages."""

    log: list[str]
    waiting: int = 2
    failure: Exception | None = None

    def redrive(self, *, limit: int) -> int:
        self.log.append("redrive")
        if self.failure is not None:
            raise self.failure
        return min(self.waiting, limit)


def make_media_job(**overrides: Any) -> MediaJob:
    """A photo that came a minute before NOON and was not asked for yet."""
    defaults: dict[str, Any] = {
        "message_id": uuid4(),
        "professional_id": uuid4(),
        "conversation_id": uuid4(),
        "channel_id": uuid4(),
        "credential_id": uuid4(),
        "phone_number_id": "310000000000001",
        "type": "image",
        "media_id": "1003383421380001",
        "media_mime": "image/jpeg",
        "media_sha256": None,
        "media_status": "pending",
        "media_attempts": 0,
        "created_at": NOON - timedelta(minutes=1),
    }
    return MediaJob(**{**defaults, **overrides})


def owing(delay_seconds: int = 4, *, media: bool = False) -> Ingested:
    """The answer to an event that owes an answer."""
    conversation_id = uuid4()
    return Ingested(
        "stored",
        professional_id=uuid4(),
        channel_id=uuid4(),
        conversation_id=conversation_id,
        message_id=uuid4(),
        wake=Wake(conversation_id, delay_seconds),
        media=media,
    )
