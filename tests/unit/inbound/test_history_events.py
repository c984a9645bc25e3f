"""What the phone app had before it was linked, from a webhook's body to typed events."""

import json
import time
from typing import Any

import pytest

from dentalist.inbound.events import ContactsChanged, HistoryProgressed, HistoryReceived, Unintelligible
from dentalist.inbound.queue_message import MAX_EVENT_BYTES, QueueMessage
from dentalist.inbound.split import split
from tests.unit.inbound.bodies import (
    BSUID,
    DISPLAY,
    NUMBER,
    PHONE,
    RECEIVED_AT,
    WABA,
    event,
    events,
    make_body,
    make_message,
    make_value,
    queued,
)

OTHER = "5493515550202"
INLINE_BYTES = 200 * 1024


def past(**overrides: Any) -> dict[str, Any]:
    """A message of the contact."""
    return make_message(**{"history_context": {"status": "READ"}, **overrides})


def own(**overrides: Any) -> dict[str, Any]:
    return past(**{"from": DISPLAY, "to": PHONE, **overrides})


def thread(*messages: Any, contact: str = PHONE, **more: Any) -> dict[str, Any]:
    return {"id": contact, "messages": list(messages), **more}


def history(*threads: Any, **metadata: Any) -> dict[str, Any]:
    chunk = {"metadata": {"phase": 1, "chunk_order": 2, "progress": 40, **metadata}, "threads": list(threads)}
    return make_body(make_value(history=[chunk]), field="history")


def address_book(*entries: Any) -> dict[str, Any]:
    return make_body(make_value(state_sync=list(entries)), field="smb_app_state_sync")


def entry(**overrides: Any) -> dict[str, Any]:
    contact = {"full_name": "Ana Paz", "first_name": "Ana", "phone_number": "+54 9 11 5555-0201"}
    return {
        "type": "contact",
        "contact": contact,
        "action": "add",
        "metadata": {"timestamp": "1794009637"},
        **overrides,
    }


def raw(body: Any) -> list[QueueMessage]:
    return split(body, received_at=RECEIVED_AT, correlation_id="c-1")


def only_past(body: Any) -> Any:
    """The only message of the only thread of a body."""
    [received, *_] = events(body)
    assert isinstance(received, HistoryReceived)
    [message] = received.messages
    return message


# ---- split -----------------------------------------------------------------------------------------------------------


def test_a_thread_is_one_event_and_the_chunk_another() -> None:
    first, second, chunk = queued(history(thread(past(), own(id="b")), thread(past(id="c"), contact=OTHER)))

    assert (first["kind"], first["field"], first["phone_number_id"]) == ("history", "history", NUMBER)
    assert first["event"] == {"thread": {"id": PHONE}, "messages": [past(), own(id="b")]}
    assert second["event"]["thread"] == {"id": OTHER}
    assert (chunk["kind"], chunk["event"]) == (
        "history_state",
        {"metadata": {"phase": 1, "chunk_order": 2, "progress": 40}, "threads": 2, "messages": 3},
    )


def test_a_long_thread_is_portioned_in_order() -> None:
    messages = [past(id=f"wamid.{number}") for number in range(250)]

    *portions, _ = queued(history(thread(*messages)))

    assert [len(portion["event"]["messages"]) for portion in portions] == [100, 100, 50]
    assert [message for portion in portions for message in portion["event"]["messages"]] == messages


def test_long_messages_make_smaller_portions_that_a_queue_takes() -> None:
    messages = [past(id=f"wamid.{number}", text={"body": "ñ" * 4000}) for number in range(60)]

    sizes = [len(message.body) for message in raw(history(thread(*messages)))]

    assert max(sizes) < INLINE_BYTES
    assert sum(len(portion["event"]["messages"]) for portion in queued(history(thread(*messages)))[:-1]) == 60


def test_a_huge_message_travels_alone() -> None:
    huge = past(id="huge", text={"body": "x" * 300_000})

    *portions, _ = queued(history(thread(past(id="a"), huge, past(id="b"))))

    assert [[message["id"] for message in portion["event"]["messages"]] for portion in portions] == [
        ["a"],
        ["huge"],
        ["b"],
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [({"body": "x" * MAX_EVENT_BYTES}, "too_large"), (json.loads("[" * 100 + "]" * 100), "malformed")],
)
def test_a_message_that_cannot_be_kept_does_not_take_the_others_with_it(content: Any, reason: str) -> None:
    kinds = [
        (message["kind"], message["reason"])
        for message in queued(history(thread(past(id="a"), past(text=content), past(id="b"))))
    ]
    assert kinds == [("history", None), ("unknown", reason), ("history", None), ("history_state", None)]


@pytest.mark.parametrize(
    ("thread_id", "live"),
    [
        ({"contact": PHONE}, {}),
        ({"contact": PHONE.replace("549", "54", 1)}, {}),
        ({"contact": PHONE, "context": {"user_id": BSUID}}, {"from_user_id": BSUID}),
    ],
)
def test_the_past_of_a_contact_is_queued_behind_what_they_write_now(
    thread_id: dict[str, Any], live: dict[str, Any]
) -> None:
    [message] = raw(make_body(make_value(messages=[make_message(**live)])))
    past_one, state = raw(history(thread(past(), **thread_id)))

    assert past_one.group_id == message.group_id
    assert state.group_id != message.group_id


def test_a_delivery_again_is_the_same_events() -> None:
    body = history(*(thread(past(id=str(number)), contact=f"54911555502{number:02}") for number in range(5)))

    ids = [message.deduplication_id for message in raw(body)]

    assert [message.deduplication_id for message in raw(body)] == ids
    assert len(set(ids)) == len(ids) == 6


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"history": []}, [("unknown", "malformed")]),
        ({"history": "x"}, [("unknown", "malformed")]),
        ({"history": [1]}, [("unknown", "malformed")]),
        ({"history": [{"threads": "x"}]}, [("unknown", "malformed")]),
        ({"history": [{"threads": [1]}]}, [("unknown", "malformed"), ("history_state", None)]),
        ({"history": [{"threads": [{"id": PHONE}]}]}, [("unknown", "malformed"), ("history_state", None)]),
        (
            {"history": [{"threads": [thread(1, past())]}]},
            [("history", None), ("unknown", "malformed"), ("history_state", None)],
        ),
        ({"history": {"threads": thread(past())}}, [("history", None), ("history_state", None)]),
        ({"history": [{"metadata": {"progress": 100}}]}, [("history_state", None)]),
        ({"messages": past()}, [("history", None)]),
        ({"messages": [1]}, [("unknown", "malformed")]),
        ({"errors": [{"code": 2593109}]}, [("history_state", None)]),
    ],
)
def test_every_shape_of_a_history_has_its_place(value: dict[str, Any], expected: list[tuple[str, str | None]]) -> None:
    found = [(message["kind"], message["reason"]) for message in queued(make_body(value, field="history"))]
    assert found == expected


def test_three_megabytes_are_split_in_a_moment() -> None:
    """The figure is printed (``pytest -s``); Meta waits some seconds."""
    threads = [
        thread(
            *(past(id=f"{contact}-{number}", text={"body": "texto " * 75}) for number in range(250)), contact=contact
        )
        for contact in (f"54911{number:08}" for number in range(20))
    ]
    body = history(*threads)

    started = time.perf_counter()
    messages = raw(body)
    seconds = time.perf_counter() - started

    size = sum(len(message.body) for message in messages)
    print(f"\n{size / 1e6:.1f} MB, {len(messages)} events, {seconds * 1000:.0f} ms")  # noqa: T201 - for whoever asks
    assert (len(messages), size > 2_800_000, seconds < 1) == (61, True, True)


# ---- messages --------------------------------------------------------------------------------------------------------


def test_a_message_of_the_past_says_everything_about_itself() -> None:
    [received, _] = events(history(thread(past())))

    arguments = received.as_arguments()

    assert {key: arguments[key] for key in ("kind", "waba_id", "phone_number_id", "contact_phone")} == {
        "kind": "history",
        "waba_id": WABA,
        "phone_number_id": NUMBER,
        "contact_phone": f"+{PHONE}",
    }
    assert arguments["messages"] == [
        {
            "external_id": "wamid.1",
            "sent_at": "2026-11-07T00:00:37Z",
            "from_business": False,
            "type": "text",
            "body": "Hola",
            "payload": make_message(),
            "reply_id": None,
            "media": None,
            "reply_to_external_id": None,
            "opens_window": True,
            "opts_out": False,
            "status": None,
        }
    ]
    assert arguments["not_understood"] == []


@pytest.mark.parametrize(
    ("message", "from_business"),
    [
        pytest.param(past(), False, id="contact"),
        pytest.param(past(**{"from": PHONE.replace("549", "54", 1)}), False, id="contact, another spelling"),
        pytest.param(past(**{"from": OTHER}), False, id="a number they had before"),
        pytest.param(past(**{"from": "", "from_user_id": BSUID}), False, id="contact by user id"),
        pytest.param(own(), True, id="business"),
        pytest.param(own(to=None), True, id="business, nobody named"),
        pytest.param(own(**{"from": OTHER}), True, id="a number the business had before"),
        pytest.param(past(**{"from": PHONE, "to": DISPLAY}), False, id="contact, both named"),
    ],
)
def test_who_wrote_a_message(message: dict[str, Any], from_business: bool) -> None:
    found = only_past(history(thread(message, context={"user_id": BSUID})))

    assert (found.from_business, found.opens_window) == (from_business, not from_business)
    assert found.status == ("read" if from_business else None)


@pytest.mark.parametrize(
    ("kind", "content", "body", "target"),
    [
        ("reaction", {"message_id": "wamid.0", "emoji": "👍"}, "👍", "wamid.0"),
        ("reaction", {"message_id": "wamid.0"}, None, "wamid.0"),
        ("revoke", {"original_message_id": "wamid.0"}, None, "wamid.0"),
        (
            "edit",
            {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "Nuevo"}}},
            "Nuevo",
            "wamid.0",
        ),
    ],
)
def test_what_is_about_another_message_names_it(kind: str, content: Any, body: str | None, target: str) -> None:
    found = only_past(history(thread(past(type=kind, **{kind: content}))))
    assert (found.type, found.body, found.reply_to_external_id, found.opens_window) == (kind, body, target, False)


@pytest.mark.parametrize(
    ("message", "opts_out"),
    [
        (past(text={"body": "BAJA"}), True),
        (past(text={"body": "por favor no me escriban más"}), True),
        (past(text={"body": "me dieron de baja en el trabajo"}), False),
        (own(text={"body": "BAJA"}), False),
        (past(type="image", text=None, image={"caption": "baja"}), False),
    ],
)
def test_a_contact_who_asked_not_to_be_written_to_is_understood(message: dict[str, Any], opts_out: bool) -> None:
    assert only_past(history(thread(message))).opts_out is opts_out


def test_a_reply_names_what_it_answers() -> None:
    found = only_past(history(thread(past(context={"id": "wamid.0"}))))
    assert found.reply_to_external_id == "wamid.0"


def test_a_placeholder_has_a_line_and_no_file() -> None:
    found = only_past(history(thread(past(type="media_placeholder", text=None))))
    assert (found.body, found.media) == ("📎 Archivo anterior a la vinculación", None)


@pytest.mark.parametrize("sender", [{"from": PHONE}, {"from": DISPLAY, "to": PHONE}])
def test_a_file_of_the_past_names_its_contact_itself(sender: dict[str, str]) -> None:
    image = {"id": "100", "mime_type": "image/jpeg", "caption": "Mi muela"}
    body = make_body(make_value(messages=[past(**sender, type="image", image=image)]), field="history")

    received = event(body)

    assert received.contact.phone == f"+{PHONE}"
    assert received.messages[0].media.id == "100"
    assert received.messages[0].from_business is ("to" in sender)


@pytest.mark.parametrize(
    "strange", [past(id=None), past(id="x" * 600), past(type="reaction", reaction={}), past(type="edit")]
)
def test_a_message_that_is_not_understood_does_not_take_the_others_with_it(strange: dict[str, Any]) -> None:
    received = events(history(thread(past(id="a"), strange, past(id="b"))))[0]

    assert isinstance(received, HistoryReceived)
    assert [message.external_id for message in received.messages] == ["a", "b"]
    assert received.not_understood == [strange]


def test_a_thread_with_nobody_is_not_understood() -> None:
    found = events(history({"messages": [past()]}))[0]
    assert isinstance(found, Unintelligible)
    assert found.reason == "malformed"


# ---- the import ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("progress", [100, "100"])
def test_a_chunk_says_how_far_the_import_is(progress: Any) -> None:
    state = events(history(thread(past()), progress=progress))[-1]

    assert isinstance(state, HistoryProgressed)
    assert (state.phase, state.progress, state.messages, state.declined) == (1, 100, 1, False)


@pytest.mark.parametrize("progress", [None, True, "half", -1, 10**30, [100], "1" * 5000])
def test_a_strange_progress_is_none(progress: Any) -> None:
    assert event(history(progress=progress)).progress is None


@pytest.mark.parametrize("code", [2593109, "2593109"])
def test_a_clinic_may_decline(code: Any) -> None:
    body = make_body(make_value(history=[{"errors": [{"code": code, "title": "declined"}]}]), field="history")
    assert event(body).declined is True


@pytest.mark.parametrize("errors", [[{"code": 1}], [{"code": 2593109}, {"code": 1}], [{}], ["x"]])
def test_an_error_nobody_knows_is_kept_as_it_came(errors: list[Any]) -> None:
    body = make_body(make_value(history=[{"errors": errors}]), field="history")
    assert isinstance(event(body), Unintelligible)


# ---- the address book ------------------------------------------------------------------------------------------------


def test_entries_come_many_at_a_time() -> None:
    messages = queued(address_book(*(entry() for _ in range(250))))

    assert [len(message["event"]["state_sync"]) for message in messages] == [100, 100, 50]
    assert {(message["kind"], message["field"]) for message in messages} == {("contacts", "smb_app_state_sync")}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (entry(), "Ana Paz"),
        (entry(contact={"first_name": "Ana", "phone_number": PHONE}), "Ana"),
        (entry(contact={"phone_number": PHONE}), None),
        (entry(action="remove", contact={"phone_number": PHONE}), None),
        (entry(action="REMOVE"), None),
    ],
)
def test_an_entry_is_a_number_with_a_name_or_without(change: dict[str, Any], name: str | None) -> None:
    changed = event(address_book(change))

    assert isinstance(changed, ContactsChanged)
    assert changed.as_arguments()["changes"] == [
        {"phone": f"+{PHONE}", "name": name, "changed_at": "2026-11-07T00:00:37Z"}
    ]


@pytest.mark.parametrize("value", [{}, {"state_sync": []}, {"state_sync": "x"}, {"state_sync": [1]}])
def test_an_address_book_without_entries_is_kept_as_malformed(value: dict[str, Any]) -> None:
    assert isinstance(event(make_body(value, field="smb_app_state_sync")), Unintelligible)


def test_a_field_that_is_not_named_is_known_by_what_it_holds() -> None:
    bodies = [
        make_body(make_value(history=[{"threads": [thread(past())]}]), field=None),
        make_body(make_value(state_sync=[entry()]), field=None),
    ]
    assert [queued(body)[0]["kind"] for body in bodies] == ["history", "contacts"]
