"""Conversations, records, files and Meta's users in memory, for the tests of privacy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.conversation import Conversation
from dentalist.domain.errors import ConversationNotFound, StoreUnavailable
from dentalist.domain.privacy import ConsentNow, DataDeletion, Erasure, ErasureStatus, MetaUserRequest, Receipt


@dataclass
class FakeDesk:
    """One conversation as a signed-in person sees it, and what is done with it."""

    conversation: Conversation
    gone: bool = False
    done: list[tuple[str, Any]] = field(default_factory=list)

    def get(self, conversation_id: UUID) -> Conversation:
        if self.gone or conversation_id != self.conversation.id:
            raise ConversationNotFound
        return self.conversation

    def take_over(self, _conversation_id: UUID, *, actor_id: UUID) -> None:
        self._change("take_over", actor_id, ai_enabled=False, handoff_reason="human_takeover")

    def resume(self, _conversation_id: UUID, *, actor_id: UUID) -> None:
        self._change("resume", actor_id, ai_enabled=True, handoff_reason=None)

    def mark_read(self, _conversation_id: UUID) -> None:
        self._change("mark_read", None, unread_count=0)

    def record(self, _conversation_id: UUID, scope: str, action: str, **named: Any) -> ConsentNow:
        self.done.append(("record", {"scope": scope, "action": action, **named}))
        return ConsentNow(care=True, marketing=action == "granted")

    def _change(self, what: str, actor_id: UUID | None, **columns: Any) -> None:
        self.done.append((what, actor_id))
        self.conversation = self.conversation.model_copy(update=columns)


@dataclass
class FakeRecords:
    """What is stored about one contact."""

    document: dict[str, Any] = field(default_factory=lambda: {"messages": []})
    paths: tuple[str, ...] = ()
    busy: int = 0
    erasure: Erasure | None = None
    log: list[str] = field(default_factory=list)

    def export(self, _conversation_id: UUID, **_named: Any) -> dict[str, Any]:
        self.log.append("export")
        return self.document

    def erase(self, _conversation_id: UUID, **_named: Any) -> Erasure | None:
        self.log.append("erase")
        if self.busy:
            self.busy -= 1
            return None
        if self.erasure is None:
            receipt = Receipt(erased={"messages": 2}, kept={"patients": 1, "appointments": 0, "audit": 3})
            status = ErasureStatus.PENDING_MEDIA if self.paths else ErasureStatus.COMPLETED
            self.erasure = Erasure(request_id=uuid4(), status=status, receipt=receipt, pending_paths=self.paths)
        return self.erasure

    def find_erasure(self, _conversation_id: UUID) -> Erasure | None:
        return self.erasure

    def finish_erasure(self, request_id: UUID, removed: Sequence[str]) -> Erasure:
        assert self.erasure is not None
        assert self.erasure.request_id == request_id
        left = tuple(path for path in self.erasure.pending_paths if path not in removed)
        status = ErasureStatus.PENDING_MEDIA if left else ErasureStatus.COMPLETED
        self.erasure = self.erasure.model_copy(update={"pending_paths": left, "status": status})
        return self.erasure


@dataclass
class FakeFiles:
    """A bucket; while ``away`` it deletes nothing, after ``works`` more calls it goes away."""

    stored: dict[str, bytes] = field(default_factory=dict)
    away: bool = False
    works: int | None = None
    removals: list[list[str]] = field(default_factory=list)

    def links(self, paths: Collection[str]) -> Mapping[str, str]:
        return {path: f"https://files.example.com/{path}?token=t" for path in paths if path in self.stored}

    def store(self, storage_path: str, content: bytes, **_named: Any) -> None:
        self.stored[storage_path] = content

    def remove(self, paths: Sequence[str]) -> None:
        if self.away or self.works == 0:
            raise StoreUnavailable
        self.works = None if self.works is None else self.works - 1
        self.removals.append(list(paths))
        for path in paths:
            self.stored.pop(path, None)


@dataclass
class FakeMetaUsers:
    """People who linked accounts: how many each."""

    accounts: dict[str, int] = field(default_factory=dict)
    deletions: dict[str, DataDeletion] = field(default_factory=dict)
    asked: list[tuple[str, MetaUserRequest]] = field(default_factory=list)
    sentences: Mapping[str, str] = field(default_factory=dict)
    failure: Exception | None = None

    def deauthorize(self, request: MetaUserRequest, *, sentences: Mapping[str, str]) -> int:
        self._note("deauthorize", request)
        self.sentences = sentences
        return self.accounts.get(request.user_id, 0)

    def forget(self, request: MetaUserRequest) -> str:
        self._note("forget", request)
        code = uuid4().hex
        self.deletions[code] = self.deletion(code, request.issued_at)
        return code

    def find_deletion(self, code: str) -> DataDeletion | None:
        return self.deletions.get(code)

    @staticmethod
    def deletion(code: str, at: datetime, *, completed: bool = True) -> DataDeletion:
        return DataDeletion(
            confirmation_code=code,
            status="completed" if completed else "pending",
            requested_at=at,
            completed_at=at if completed else None,
        )

    def _note(self, what: str, request: MetaUserRequest) -> None:
        if self.failure is not None:
            raise self.failure
        self.asked.append((what, request))
