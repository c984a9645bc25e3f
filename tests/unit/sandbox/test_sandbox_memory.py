"""What the sandbox holds is bounded, and what it keeps comes back."""

from pathlib import Path

import pytest

from infra.sandbox import contacts, conversations, limits, media
from infra.sandbox.behaviour import Behaviour, Limits
from infra.sandbox.clock import Clock
from infra.sandbox.config import Config
from infra.sandbox.contacts import Contact, Contacts
from infra.sandbox.conversations import Conversations
from infra.sandbox.errors import GraphError
from infra.sandbox.journal import Journal
from infra.sandbox.limits import RateLimits
from infra.sandbox.live import Live
from infra.sandbox.media import MediaShelf
from infra.sandbox.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def add(threads: Conversations, contact: Contact, message_id: str) -> None:
    threads.add(contact, message_id=message_id, author="patient", message_type="text", content={"body": "a"}, at=0)


def test_a_thread_forgets_its_oldest_messages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "_MOST_ITEMS", 3)
    threads, ana = Conversations(store, Live()), Contact(phone_number_id="1", key="54")
    for number in range(5):
        add(threads, ana, f"m{number}")

    assert [item.id for item in threads.thread(ana)] == ["m2", "m3", "m4"]
    assert threads.find("m0") is None
    store.flush()
    again = Conversations(store, Live())
    assert [item.id for item in again.thread(ana)] == ["m2", "m3", "m4"]


def test_the_thread_longest_silent_is_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "_MOST_THREADS", 2)
    threads = Conversations(store, Live())
    people = [Contact(phone_number_id="1", key=key) for key in ("54", "55", "56")]
    for person in (people[0], people[1], people[0], people[2]):
        add(threads, person, f"m{len(threads.thread(person))}-{person.key}")

    assert [len(threads.thread(person)) for person in people] == [2, 0, 1]
    assert threads.find("m0-55") is None


def test_a_forgotten_contact_leaves_no_address_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "_MOST_CONTACTS", 1)
    people = Contacts(store)
    people.meet("1", phone="54", user_id="AR.1")
    people.meet("1", phone="55", user_id=None)

    assert people.find("1", "54") is None
    assert people.find("1", "AR.1") is None
    assert people.find("1", "55") is not None


def test_phone_and_user_id_become_one_person_when_seen_together(store: Store) -> None:
    people = Contacts(store)
    by_id = people.meet("1", phone=None, user_id="AR.1")
    both = people.meet("1", phone="54", user_id="AR.1")

    assert both is by_id
    assert people.find("1", "54") is by_id
    assert people.find("2", "54") is None


def test_files_are_deleted_oldest_first(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "_MOST_BYTES", 10)
    shelf = MediaShelf(store, tmp_path, Clock())
    first = shelf.add("1", b"123456", "image/jpeg")
    second = shelf.add("1", b"123456", "image/jpeg")

    assert shelf.find(first.id) is None
    assert not shelf.path(first).exists()
    assert shelf.path(second).read_bytes() == b"123456"


def test_pairs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_PAIRS", 2)
    rates = RateLimits(Clock())
    for recipient in ("a", "b", "c"):
        rates.check_send(Limits(pair_burst=1), "1", recipient)

    rates.check_send(Limits(pair_burst=1), "1", "a")  # forgotten, so it may send again
    with pytest.raises(GraphError):
        rates.check_send(Limits(pair_burst=1), "1", "a")


def test_logs_keep_the_newest_and_count_all(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal()
    for number in range(journal.calls.maxlen + 1):
        journal.record_call({"number": number})

    assert len(journal.calls) == journal.calls.maxlen
    assert journal.calls[0] == {"number": 1}
    assert journal.call_count == journal.calls.maxlen + 1


def test_the_last_write_of_a_document_wins(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("kind", "a", 1)
    store.put("kind", "a", 2)
    store.put("kind", "b", 3)
    store.remove("kind", "b")
    store.close()

    assert Store(tmp_path).load("kind") == {"a": 2}


def test_a_cleared_kind_does_not_come_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("kind", "a", 1)
    store.put("other", "a", 1)
    store.clear("kind")
    store.close()

    assert Store(tmp_path).load("kind") == {}
    assert Store(tmp_path).load("other") == {"a": 1}


def test_settings_change_key_by_key() -> None:
    changed = Behaviour().merged({"statuses": {"copies": 2}})

    assert changed.statuses.copies == 2
    assert changed.statuses.read_after_seconds == Behaviour().statuses.read_after_seconds


def test_a_missing_secret_is_named() -> None:
    with pytest.raises(ValueError, match="META_APP_SECRET and SANDBOX_STATE_DIR"):
        Config.from_environment({})
