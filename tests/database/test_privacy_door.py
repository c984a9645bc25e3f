"""What was on its way when a contact was erased: it does not bring them back, and what they write later does."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database.inbound_builders import (
    DEBOUNCE,
    Office,
    comment,
    echo,
    edit,
    ingest,
    make_instagram,
    make_office,
    message,
    minutes_ago,
    new_identity,
    on_instagram,
    preference,
    reaction,
    revoke,
    status,
    unknown,
    wamid,
    write,
)
from tests.database.outbound_builders import (
    Connect,
    Connection,
    claim,
    find,
    race,
    rows,
    rpc,
    settle,
    text_of_person,
    update,
    utc_now,
)
from tests.database.privacy_builders import BSUID, DIGITS, INSTAGRAM_ID, PHONE, TRACES, WHO, WORDS, erase, found_in

ERASED = {
    "outcome": "erased",
    "reason": None,
    "professional_id": None,
    "channel_id": None,
    "conversation_id": None,
    "message_id": None,
    "wake": None,
    "media": False,
}
EARLIER = {"received_at": minutes_ago(1)}


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


@pytest.fixture
def erased(db: Connection, office: Office) -> Office:
    """A clinic that erased the contact a moment ago."""
    assert erase(db, office, write(db, office, WORDS, **WHO))["outcome"] == "erased"
    return office


# ---- received before, taken in after ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda office: message(office, WORDS, **WHO, **EARLIER), id="message"),
        pytest.param(lambda office: message(office, WORDS, **{**WHO, "user_id": None}, **EARLIER), id="by number"),
        pytest.param(lambda office: message(office, WORDS, **{**WHO, "phone": None}, **EARLIER), id="by user id"),
        pytest.param(lambda office: echo(office, WORDS, phone=PHONE, **EARLIER), id="echo"),
        pytest.param(lambda office: reaction(office, wamid(), **WHO, **EARLIER), id="reaction"),
        pytest.param(lambda office: edit(office, wamid(), WORDS, **WHO, **EARLIER), id="edit"),
        pytest.param(lambda office: revoke(office, wamid(), **WHO, **EARLIER), id="revoke"),
        pytest.param(lambda office: preference(office, "stop", **WHO, **EARLIER), id="preference"),
        pytest.param(lambda office: status(office, wamid(), "delivered", phone=PHONE, **EARLIER), id="status"),
        pytest.param(
            lambda office: new_identity(office, "number", phone=PHONE, new_phone="+5491100000000", **EARLIER),
            id="new number",
        ),
        pytest.param(
            lambda office: new_identity(office, "number", phone="+5491100000000", new_phone=PHONE, **EARLIER),
            id="number of before",
        ),
        pytest.param(
            lambda office: unknown(office, "malformed", raw={"from": DIGITS, "said": WORDS}, **EARLIER), id="unknown"
        ),
        pytest.param(
            lambda office: unknown(office, "malformed", raw=f'{{"user_id": "{BSUID}", broken', **EARLIER), id="broken"
        ),
    ],
)
def test_an_event_that_waited_in_a_queue_meanwhile_leaves_nothing(db: Connection, erased: Office, make: Any) -> None:
    assert ingest(db, make(erased)) == ERASED
    assert found_in(db) == {}


def test_a_comment_that_waited_leaves_nothing(db: Connection, office: Office) -> None:
    account = "17841400000000098"
    make_instagram(db, office, account)
    written = on_instagram(message(office, WORDS), account)
    erase(db, office, UUID(ingest(db, written)["conversation_id"]))

    waited = {**comment(office, body=WORDS), "account_id": account, "received_at": minutes_ago(1).isoformat()}

    assert ingest(db, waited) == ERASED
    assert found_in(db, (INSTAGRAM_ID, *TRACES)) == {}


def test_an_event_that_waited_and_lost_its_number_is_not_parked(db: Connection, erased: Office) -> None:
    for table, row_id in (
        ("marketing_channels", erased.channel_id),
        ("marketing_channel_credentials", erased.clinic.credential_id),
    ):
        update(db, table, row_id, status="disconnected")

    assert ingest(db, message(erased, WORDS, **WHO, **EARLIER)) == ERASED
    assert found_in(db) == {}


def test_a_number_that_is_somebody_else_s_now_answers_to_them_alone(db: Connection, erased: Office) -> None:
    for table, row_id in (
        ("marketing_channels", erased.channel_id),
        ("marketing_channel_credentials", erased.clinic.credential_id),
    ):
        update(db, table, row_id, status="disconnected")
    heir = make_office(db)
    update(
        db, "marketing_channel_credentials", heir.clinic.credential_id, phone_number_id=erased.clinic.phone_number_id
    )

    assert ingest(db, message(erased, WORDS, **WHO, **EARLIER))["outcome"] == "parked"


def test_the_same_event_of_somebody_else_is_taken_in(db: Connection, erased: Office) -> None:
    other = message(erased, "Hola", phone="+5491144443333", **EARLIER)
    strange = unknown(erased, "malformed", raw={"from": "5491144443333"}, **EARLIER)

    assert [ingest(db, event)["outcome"] for event in (other, strange)] == ["stored", "parked"]


def test_the_same_contact_of_another_clinic_is_taken_in(db: Connection, erased: Office) -> None:
    assert ingest(db, message(make_office(db), WORDS, **WHO, **EARLIER))["outcome"] == "stored"


# ---- received after --------------------------------------------------------------------------------------------------


def test_what_they_write_after_the_erasure_begins_a_new_conversation(db: Connection, erased: Office) -> None:
    stored = ingest(db, message(erased, "Hola de nuevo", **WHO))

    assert (stored["outcome"], bool(stored["wake"])) == ("stored", True)
    assert len(rows(db, "marketing_messages", professional_id=erased.id)) == 1


def test_a_message_written_long_before_that_meta_delivers_late_does_not(db: Connection, erased: Office) -> None:
    assert ingest(db, message(erased, WORDS, sent_at=minutes_ago(30), **WHO)) == ERASED


def test_a_message_written_while_clocks_may_differ_does(db: Connection, erased: Office) -> None:
    assert ingest(db, message(erased, "Hola", sent_at=minutes_ago(1), **WHO))["outcome"] == "stored"


def test_what_became_of_an_erased_message_is_nobody_s_business(db: Connection, office: Office) -> None:
    conversation = write(db, office, **WHO)
    granted = claim(db, office.clinic, conversation, text_of_person())
    sent = wamid()
    settle(db, office.clinic, granted["message_id"], external_id=sent)
    erase(db, office, conversation)

    for recipient in ({"phone": PHONE}, {}):
        read = status(office, sent, "read", reference=granted["message_id"], **recipient)
        assert ingest(db, read) == ERASED
    assert rows(db, "message_status_events", professional_id=office.id) == []


def test_a_status_of_a_message_to_the_contact_who_came_back_counts(db: Connection, erased: Office) -> None:
    conversation = write(db, erased, **WHO)
    granted = claim(db, erased.clinic, conversation, text_of_person())
    sent = wamid()
    settle(db, erased.clinic, granted["message_id"], external_id=sent)

    delivered = ingest(db, status(erased, sent, "delivered", phone=PHONE))

    assert delivered["outcome"] == "applied"
    assert find(db, "marketing_messages", granted["message_id"])["status"] == "delivered"


@pytest.mark.parametrize("make", [reaction, revoke, lambda *about, **who: edit(*about, WORDS, **who)])
def test_a_change_of_a_message_that_is_gone_brings_nobody_back(db: Connection, erased: Office, make: Any) -> None:
    assert ingest(db, make(erased, wamid(), **WHO)) == ERASED
    assert rows(db, "marketing_conversations", professional_id=erased.id) == []


def test_what_is_about_the_account_is_taken_in_as_ever(db: Connection, erased: Office) -> None:
    tested = {**unknown(erased, "malformed"), "kind": "self_test", "nonce": "n"}

    assert ingest(db, tested)["outcome"] in {"applied", "duplicate"}


# ---- at the same moment ----------------------------------------------------------------------------------------------


def test_whatever_is_being_taken_in_when_they_are_erased_is_erased_or_never_comes(
    db: Connection, connect: Connect, office: Office
) -> None:
    """Messages received before and after, and an erasure in between: only what was received after it may be there."""
    conversation = write(db, office, WORDS, **WHO)
    received: list[dict[str, Any]] = []
    stop = threading.Event()

    def keep_writing(own: Connection) -> None:
        while not stop.is_set():
            event = message(office, "escribo y escribo", **WHO)
            received.append(event)
            ingest(own, event)

    def erase_once(own: Connection) -> str:
        time.sleep(0.3)
        answer = erase(own, office, conversation)
        time.sleep(0.2)
        stop.set()
        return str(answer["outcome"])

    outcomes = race(connect, [*[keep_writing] * 4, erase_once])

    assert outcomes[-1] == "erased"
    (suppression,) = {row["erased_at"] for row in rows(db, "contact_suppressions", professional_id=office.id)}
    kept = {row["external_id"] for row in rows(db, "marketing_messages", professional_id=office.id)}
    came_after = {event["external_id"] for event in received if event["received_at"] > suppression.isoformat()}
    assert kept <= came_after
    assert kept, "the contact went on writing, so a new conversation has begun"
    assert conversation not in {row["id"] for row in rows(db, "marketing_conversations", professional_id=office.id)}


def test_one_message_and_one_erasure_at_once_leave_either_nothing_or_a_conversation_that_began_after(
    db: Connection, connect: Connect, office: Office
) -> None:
    for attempt in range(15):
        conversation = write(db, office, WORDS, **WHO)
        event = message(office, WORDS, received_at=utc_now() - timedelta(milliseconds=5), **WHO)
        race(
            connect,
            [
                lambda own, event=event: ingest(own, event, DEBOUNCE),
                lambda own, conversation=conversation: erase(own, office, conversation),
            ],
        )
        assert found_in(db) == {}, f"attempt {attempt}"


def test_a_person_who_writes_to_the_number_at_that_moment_gets_a_new_conversation(
    db: Connection, connect: Connect, office: Office
) -> None:
    who = {"professional_id": office.id, "channel_id": office.channel_id, "phone": PHONE}
    for _ in range(10):
        conversation = write(db, office, **WHO)
        _, opened = race(
            connect,
            [
                lambda own, conversation=conversation: erase(own, office, conversation),
                lambda own: rpc(own, "open_conversation", **who),
            ],
        )
        assert opened["conversation_id"] is not None
        if UUID(opened["conversation_id"]) != conversation:
            assert find(db, "marketing_conversations", opened["conversation_id"])["contact_phone"] == PHONE


def test_two_erasures_at_once_are_one(db: Connection, connect: Connect, office: Office) -> None:
    conversation = write(db, office, **WHO)

    first, second = race(connect, [lambda own: erase(own, office, conversation)] * 2)

    assert first == second
    assert len(rows(db, "marketing_data_requests", professional_id=office.id)) == 1


def test_an_erasure_waits_for_an_event_that_is_being_taken_in_and_then_takes_it_too(
    db: Connection, connect: Connect, office: Office
) -> None:
    conversation, own = write(db, office, **WHO), connect()
    with ThreadPoolExecutor(1) as pool:
        with own.transaction():
            ingest(own, message(office, WORDS, **WHO))
            erasing = pool.submit(erase, connect(), office, conversation)
            time.sleep(0.2)
            assert not erasing.done()
        assert erasing.result(10)["outcome"] == "erased"

    assert found_in(db) == {}


def test_the_professional_s_other_contacts_are_only_held_up_for_the_moment_of_the_erasure(
    db: Connection, connect: Connect, office: Office
) -> None:
    own = connect()
    with own.transaction():
        ingest(own, message(office, "Hola", phone="+5491144445555"))
        # Both only share the lock: neither waits for the other.
        assert ingest(connect(), message(office, "Hola", phone="+5491144446666"))["outcome"] == "stored"


def test_an_event_id_of_nobody_is_no_error(db: Connection, erased: Office) -> None:
    strange = unknown(erased, "unknown_object", waba_id=None, phone_number_id=None, channel_type=None, **EARLIER)

    assert ingest(db, {**strange, "correlation_id": uuid4().hex})["outcome"] == "parked"
