"""Forgetting a contact: the rows once, the files as often as it takes."""

from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.errors import ConversationNotFound
from dentalist.domain.privacy import Erasure, ErasureStatus, explain_kept
from dentalist.domain.sending_errors import ConversationBusy
from dentalist.services.erase_contact import erase_contact
from tests.builders import make_conversation
from tests.fakes_privacy import FakeDesk, FakeFiles, FakeRecords


class Case:
    """One contact with files."""

    def __init__(self, *, files: int = 2, **records: Any) -> None:
        self.desk = FakeDesk(make_conversation())
        paths = tuple(f"{self.desk.conversation.professional_id}/inbound/{index}.jpg" for index in range(files))
        self.records = FakeRecords(paths=paths, **records)
        self.files = FakeFiles(dict.fromkeys(paths, b"jpeg"))
        self.pauses: list[float] = []

    def erase(self) -> Erasure:
        return erase_contact(
            self.desk.conversation.id,
            actor_id=uuid4(),
            readable=self.desk,
            records=self.records,
            files=self.files,
            pause=self.pauses.append,
            clock=lambda: sum(self.pauses),
        )


def test_the_rows_go_first_and_then_the_files() -> None:
    case = Case()

    erasure = case.erase()

    assert (erasure.status, erasure.pending_paths) == (ErasureStatus.COMPLETED, ())
    assert case.files.stored == {}


def test_a_bucket_that_is_away_leaves_the_request_pending_and_asking_again_finishes_it() -> None:
    case = Case()
    case.files.away = True
    pending = case.erase()
    case.desk.gone, case.files.away = True, False

    finished = case.erase()

    assert pending.status is ErasureStatus.PENDING_MEDIA
    assert finished.status is ErasureStatus.COMPLETED
    assert finished.request_id == pending.request_id
    assert case.records.log == ["erase"]
    assert case.files.stored == {}


def test_many_files_are_deleted_in_batches_and_what_was_deleted_is_not_asked_for_again() -> None:
    case = Case(files=250)
    case.files.works = 2
    pending = case.erase()
    case.files.works = None

    finished = case.erase()

    assert len(pending.pending_paths) == 50
    assert finished.status is ErasureStatus.COMPLETED
    assert [len(batch) for batch in case.files.removals] == [100, 100, 50]


def test_a_message_that_is_leaving_is_waited_for() -> None:
    case = Case(busy=3)

    assert case.erase().status is ErasureStatus.COMPLETED
    assert len(case.pauses) == 3


def test_nobody_waits_for_longer_than_ten_seconds() -> None:
    case = Case(busy=1000)

    with pytest.raises(ConversationBusy):
        case.erase()
    assert sum(case.pauses) < 11
    assert len(case.files.stored) == 2


def test_a_conversation_that_the_person_may_not_see_is_not_erased() -> None:
    case = Case()
    case.desk.gone = True

    with pytest.raises(ConversationNotFound):
        case.erase()
    assert case.records.log == []


def test_only_what_there_is_is_explained() -> None:
    kept = explain_kept({"patients": 1, "appointments": 0, "audit": 2})

    assert [(item.what, item.count) for item in kept] == [("patients", 1), ("audit", 2)]
    assert all(item.why for item in kept)
