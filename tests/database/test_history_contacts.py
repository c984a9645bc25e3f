"""The address book of a phone app: whoever is in it is shown by name, and nothing else follows from it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from tests.database.history_builders import (
    DIGITS,
    ago,
    conversation,
    entry,
    import_thread,
    past,
    removed,
    sync,
)
from tests.database.inbound_builders import (
    BSUID,
    PHONE,
    Office,
    echo,
    ingest,
    make_office,
    make_second_number,
    message,
    write,
)
from tests.database.outbound_builders import Connection, rows, rpc, utc_now
from tests.database.privacy_builders import erase, export

LISTED = "Óscar (proveedor)"


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


def named(db: Connection, conversation_id: object) -> tuple[str | None, bool]:
    """How a conversation's contact is called, and whether by the address book alone."""
    row = conversation(db, str(conversation_id))
    return row["contact_name"], row["name_from_phone_app"]


def listed(db: Connection) -> list[tuple[str, str | None]]:
    return sorted((row["phone"], row["name"]) for row in rows(db, "phone_app_contacts"))


# ---- the list --------------------------------------------------------------------------------------------------------


def test_being_in_the_address_book_begins_no_conversation(db: Connection, office: Office) -> None:
    [answer] = sync(db, office, entry(LISTED), entry("Ana", phone="5493410000001"))

    assert (answer["outcome"], answer["wake"]) == ("applied", None)
    assert rows(db, "marketing_conversations") == rows(db, "marketing_contact_identities") == []
    assert listed(db) == [("+543410000001", "Ana"), ("+543415550204", LISTED)]


def test_it_has_no_effect_on_the_assistant(db: Connection, office: Office) -> None:
    sync(db, office, entry(LISTED))
    assert conversation(db, write(db, office))["ai_enabled"] is True


def test_the_newest_change_of_an_entry_stands_in_whatever_order_they_come(db: Connection) -> None:
    at = ago(days=2)
    changes = [entry("Óscar", at), removed(at + timedelta(hours=1)), entry("Óscar N.", at + timedelta(hours=2))]
    for order in permutations([*changes, removed(at)]):
        office = make_office(db)
        for change in order:
            sync(db, office, change)
        [row] = rows(db, "phone_app_contacts", channel_id=office.channel_id)
        assert row["name"] == "Óscar N."


def test_several_changes_of_one_entry_in_one_delivery_are_one(db: Connection, office: Office) -> None:
    at = ago(days=2)
    sync(db, office, entry("B", at), entry("A", at - timedelta(hours=1)), entry("C", at + timedelta(hours=1)))
    assert listed(db) == [("+543415550204", "C")]


def test_the_same_change_twice_is_one(db: Connection, office: Office) -> None:
    at = ago(days=1)
    assert [sync(db, office, entry(LISTED, at))[0]["outcome"] for _ in range(2)] == ["applied", "duplicate"]


def test_a_removed_name_is_forgotten_and_in_time_the_number_too(db: Connection, office: Office) -> None:
    sync(db, office, entry(LISTED, ago(days=32)))
    sync(db, office, removed(ago(days=31)), entry("Ana", phone="5493410000001"))

    assert listed(db) == [("+543410000001", "Ana")]


def test_what_is_no_entry_is_parked_and_the_others_are_kept(db: Connection, office: Office) -> None:
    strange = [
        {"type": "contact", "contact": {"full_name": "Sin número"}, "action": "add"},
        {**entry("Ana"), "action": "merge"},
        {**entry("Ana"), "type": "label"},
    ]
    sync(db, office, *strange, entry(LISTED))

    assert listed(db) == [("+543415550204", LISTED)]
    [parked] = rows(db, "marketing_webhook_events", professional_id=office.id)
    assert (parked["reason"], parked["payload"]["raw"]) == ("malformed", strange)


def test_the_list_goes_when_the_number_is_disconnected(db: Connection, office: Office) -> None:
    other = make_second_number(db, office)
    for each in (office, other):
        sync(db, each, entry(LISTED))

    arguments = {"professional_id": office.id, "channel_id": office.channel_id, "actor_id": office.id}
    assert rpc(db, "disconnect_channel", reason="user", **arguments)["outcome"] == "disconnected"

    assert [row["channel_id"] for row in rows(db, "phone_app_contacts")] == [other.channel_id]


# ---- the name of a conversation --------------------------------------------------------------------------------------


def test_a_conversation_that_begins_shows_the_listed_name(db: Connection, office: Office) -> None:
    sync(db, office, entry(LISTED))

    assert named(db, import_thread(db, office, past())) == (LISTED, True)


def test_a_conversation_that_a_person_begins_shows_it_too(db: Connection, office: Office) -> None:
    sync(db, office, entry(LISTED))
    opened = rpc(db, "open_conversation", professional_id=office.id, channel_id=office.channel_id, phone=PHONE)
    assert named(db, opened["conversation_id"]) == (LISTED, True)


def test_a_name_that_comes_later_is_shown_from_then_on(db: Connection, office: Office) -> None:
    imported = import_thread(db, office, past())
    sync(db, office, entry(LISTED, phone=DIGITS.replace("549", "54")))  # the same number, as written by hand
    assert named(db, imported) == (LISTED, True)


def test_how_contacts_call_themselves_wins_whichever_comes_first(db: Connection, office: Office) -> None:
    first = write(db, office, name="Óscar Núñez")
    sync(db, office, entry(LISTED), entry("Ana", phone="5493410000001"))
    other = import_thread(db, office, past(**{"from": "5493410000001"}), contact="5493410000001")
    write(db, office, phone="+5493410000001", name="Ana Paz", sent_at=ago(days=20))

    assert named(db, first) == ("Óscar Núñez", False)
    assert named(db, other) == ("Ana Paz", False)


def test_a_renamed_entry_is_followed_and_a_removed_one_forgotten(db: Connection, office: Office) -> None:
    sync(db, office, entry(LISTED, ago(days=3)))
    imported = import_thread(db, office, past())

    sync(db, office, entry("Óscar Dental", ago(days=2)))
    assert named(db, imported) == ("Óscar Dental", True)
    sync(db, office, removed(ago(days=1)))
    assert named(db, imported) == (None, False)


def test_a_removed_entry_takes_no_name_that_the_contact_gave(db: Connection, office: Office) -> None:
    sync(db, office, entry(LISTED, ago(days=3)))
    written = write(db, office, name="Óscar Núñez")
    sync(db, office, removed(ago(days=1)))
    assert named(db, written) == ("Óscar Núñez", False)


def test_an_event_without_a_name_leaves_the_listed_one(db: Connection, office: Office) -> None:
    sync(db, office, entry(LISTED))
    assert named(db, ingest(db, echo(office))["conversation_id"]) == (LISTED, True)


def test_two_conversations_that_are_one_contacts_keep_the_name_that_they_gave(db: Connection, office: Office) -> None:
    sync(db, office, entry(LISTED))
    by_number = import_thread(db, office, past())
    write(db, office, phone=None, user_id=BSUID, name="Óscar Núñez", sent_at=ago(days=20))

    ingest(db, message(office, phone=PHONE, user_id=BSUID, name=None))

    assert named(db, by_number) == ("Óscar Núñez", False)
    sync(db, office, removed())
    assert named(db, by_number) == ("Óscar Núñez", False)


def test_a_listed_name_stays_one_when_conversations_are_merged(db: Connection, office: Office) -> None:
    sync(db, office, entry(LISTED, ago(days=2)))
    by_number = import_thread(db, office, past())
    write(db, office, phone=None, user_id=BSUID, name=None)

    ingest(db, message(office, phone=PHONE, user_id=BSUID, name=None))

    assert named(db, by_number) == (LISTED, True)
    sync(db, office, removed(ago(days=1)))
    assert named(db, by_number) == (None, False)


def test_the_address_book_of_one_number_says_nothing_on_another(db: Connection, office: Office) -> None:
    sync(db, make_second_number(db, office), entry(LISTED))
    assert named(db, import_thread(db, office, past())) == (None, False)


# ---- exported and erased ---------------------------------------------------------------------------------------------


def test_the_entry_is_part_of_what_is_kept_of_a_contact(db: Connection, office: Office) -> None:
    sync(db, office, entry(LISTED), entry("Ana", phone="5493410000001"))
    imported = import_thread(db, office, past())

    assert [item["name"] for item in export(db, office, imported)["document"]["address_book"]] == [LISTED]
    erase(db, office, imported)

    assert listed(db) == [("+543410000001", "Ana")]


def test_somebody_who_was_erased_is_not_put_down_again(db: Connection, office: Office) -> None:
    erase(db, office, write(db, office))

    sync(db, office, entry(LISTED, utc_now()), removed(utc_now(), phone=DIGITS), entry("Ana", phone="5493410000001"))

    assert listed(db) == [("+543410000001", "Ana")]
