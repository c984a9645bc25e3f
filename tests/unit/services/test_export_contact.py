"""Everything about a contact in one document, or behind one link."""

import json
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.errors import ConversationNotFound
from dentalist.domain.privacy import ContactExport
from dentalist.services.export_contact import LINK_SECONDS, export_contact
from tests.builders import make_conversation
from tests.fakes_privacy import FakeDesk, FakeFiles, FakeRecords


class Case:
    """One contact who sent a photo, and whom the clinic sent a document."""

    def __init__(self) -> None:
        self.conversation = make_conversation()
        self.folder = f"{self.conversation.professional_id}"
        self.photo, self.document = f"{self.folder}/inbound/1.jpg", f"{self.folder}/outbound/2.pdf"
        self.messages: list[dict[str, Any]] = [
            self.row("1", "image", storage_path=self.photo),
            self.row("2", "document", payload={"document": {"storage_path": self.document}}),
            self.row("3", "text", payload={"text": {"body": "Hola"}}),
            self.row("4", "image", payload=[]),
        ]
        self.desk = FakeDesk(self.conversation)
        self.records = FakeRecords({"messages": self.messages})
        self.files = FakeFiles({self.photo: b"jpeg"})

    @staticmethod
    def row(message_id: str, kind: str, **columns: Any) -> dict[str, Any]:
        return {"id": message_id, "type": kind, "payload": {}, "storage_path": None, **columns}

    def export(self, **limits: int) -> ContactExport:
        return export_contact(
            self.conversation.id,
            actor_id=uuid4(),
            professional_id=self.conversation.professional_id,
            readable=self.desk,
            records=self.records,
            files=self.files,
            **limits,
        )


def test_files_of_both_sides_come_as_links_and_one_that_is_gone_without() -> None:
    case = Case()

    document = case.export().document

    assert document is not None
    assert document["files"] == [
        {"message_id": "1", "storage_path": case.photo, "url": f"https://files.example.com/{case.photo}?token=t"},
        {"message_id": "2", "storage_path": case.document, "url": None},
    ]
    assert (document["messages"], document["links_expire_in"]) == (case.messages, 900)


def test_a_large_document_lies_in_the_bucket_and_is_linked() -> None:
    case = Case()

    export = case.export(most_bytes=10)

    path = f"{case.folder}/exports/{case.conversation.id}.json"
    assert (export.document, export.expires_in) == (None, LINK_SECONDS)
    assert export.download_url == f"https://files.example.com/{path}?token=t"
    assert json.loads(case.files.stored[path])["messages"] == case.messages


def test_a_document_of_somebody_who_was_erased_meanwhile_does_not_stay() -> None:
    case = Case()
    store = case.files.store

    def erased_while_storing(path: str, content: bytes, *, content_type: str) -> None:
        store(path, content, content_type=content_type)
        case.desk.gone = True

    case.files.store = erased_while_storing  # type: ignore[method-assign]

    with pytest.raises(ConversationNotFound):
        case.export(most_bytes=10)
    assert list(case.files.stored) == [case.photo]


def test_a_conversation_that_the_person_may_not_see_is_not_exported() -> None:
    case = Case()
    case.desk.gone = True

    with pytest.raises(ConversationNotFound):
        case.export()
    assert case.records.log == []
