import json
from typing import Any

import pytest

from dentalist.inbound.queue_message import MAX_EVENT_BYTES, QueueMessage
from dentalist.inbound.split import split
from tests.unit.inbound.bodies import (
    ACCOUNT,
    BSUID,
    FAN,
    NUMBER,
    PHONE,
    RECEIVED_AT,
    WABA,
    instagram_body,
    make_body,
    make_message,
    make_value,
    messaging,
    queued,
    sample,
)

KEYS = {
    *("v", "object", "kind", "field", "entry_id", "entry_time", "phone_number_id", "display_phone_number"),
    *("contact", "errors", "event", "reason", "received_at", "correlation_id"),
}


def raw(body: Any) -> list[QueueMessage]:
    return split(body, received_at=RECEIVED_AT, correlation_id="c-1")


def only(body: Any) -> QueueMessage:
    (message,) = raw(body)
    return message


def outline(body: Any) -> list[tuple[str, str | None, str | None]]:
    return [(message["kind"], message["field"], message["reason"]) for message in queued(body)]


def test_a_queue_message_says_everything_about_its_event() -> None:
    (message,) = queued(sample("01_text"))

    assert set(message) == KEYS
    assert message["v"] == 1
    assert (message["object"], message["kind"], message["field"]) == (
        "whatsapp_business_account",
        "message",
        "messages",
    )
    assert (message["entry_id"], message["phone_number_id"]) == (WABA, NUMBER)
    assert message["contact"]["wa_id"] == PHONE
    assert message["event"]["text"]["body"].startswith("Hola! Quería")
    assert (message["received_at"], message["correlation_id"]) == (RECEIVED_AT, "c-1")


def test_queue_bodies_are_ascii_so_that_every_character_is_allowed_in_sqs() -> None:
    assert only(make_body(make_value(messages=[make_message(text={"body": "ñ \ud800 \x00 😀"})]))).body.isascii()


def test_every_event_of_a_batch_is_its_own_message_in_order() -> None:
    statuses = [{"id": "wamid.s", "status": "read", "timestamp": "1", "recipient_id": PHONE}]
    body = make_body(make_value(messages=[make_message(id="a"), make_message(id="b")], statuses=statuses))
    body["entry"] += sample("28_account")["entry"] + sample("30_smb")["entry"]

    assert outline(body) == [
        ("message", "messages", None),
        ("message", "messages", None),
        ("status", "messages", None),
        ("change", "account_update", None),
        ("echo", "smb_message_echoes", None),
    ]


def test_contacts_are_matched_by_id_and_not_by_position() -> None:
    contacts = [
        {"wa_id": "5493515550202", "profile": {"name": "Juan"}},
        {"wa_id": "", "user_id": BSUID, "profile": {"name": "Sin número"}},
        {"wa_id": "541155550201", "profile": {"name": "Ana"}},
    ]
    messages = [
        make_message(),
        make_message(**{"from": "", "from_user_id": BSUID}),
        make_message(**{"from": "34600000000"}),
    ]

    found = [message["contact"] for message in queued(make_body(make_value(contacts=contacts, messages=messages)))]

    assert [contact and contact["profile"]["name"] for contact in found] == ["Ana", "Sin número", None]


def test_a_lone_contact_belongs_to_the_lone_message() -> None:
    value = make_value(contacts=[{"wa_id": "541155550201"}], messages=[make_message()])
    assert queued(make_body(value))[0]["contact"] == {"wa_id": "541155550201"}


def test_errors_of_the_value_travel_with_its_events() -> None:
    errors = [{"code": 131000}]
    assert queued(make_body(make_value(errors=errors, messages=[make_message()])))[0]["errors"] == errors


def test_errors_without_events_speak_about_the_account() -> None:
    assert outline(make_body(make_value(errors=[{"code": 131031}]))) == [("change", "messages", None)]


STATUS = {"id": "wamid.s", "status": "read", "timestamp": "1", "recipient_id": PHONE}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(None, [("unknown", None, "malformed")], id="null"),
        pytest.param("hola", [("unknown", None, "malformed")], id="text"),
        pytest.param([], [("unknown", None, "malformed")], id="empty list"),
        pytest.param({}, [("unknown", None, "malformed")], id="empty object"),
        pytest.param({"object": "page", "entry": []}, [("unknown", None, "unknown_object")], id="another product"),
        pytest.param({"object": "instagram"}, [("unknown", None, "malformed")], id="no entry"),
        pytest.param({"object": "instagram", "entry": "x"}, [("unknown", None, "malformed")], id="entry is text"),
        pytest.param({"object": "instagram", "entry": [1]}, [("unknown", None, "malformed")], id="entry of numbers"),
        pytest.param(make_body(None), [("unknown", "messages", "malformed")], id="no value"),
        pytest.param(make_body("x"), [("unknown", "messages", "malformed")], id="value is text"),
        pytest.param(make_body({}), [("unknown", "messages", "malformed")], id="empty value"),
        pytest.param(make_body({"messages": "x"}), [("unknown", "messages", "malformed")], id="messages is text"),
        pytest.param(make_body({"messages": [1]}), [("unknown", "messages", "malformed")], id="messages of numbers"),
        pytest.param(make_body({}, field="new_one"), [("unknown", "new_one", "unknown_field")], id="unknown field"),
        pytest.param(make_body({}, field="history"), [("unknown", "history", "malformed")], id="empty history"),
        pytest.param(make_body({}, field=None), [("unknown", None, "malformed")], id="nothing at all"),
        pytest.param(make_body({"messages": make_message()}), [("message", "messages", None)], id="lone object"),
        pytest.param(
            make_body({"statuses": [STATUS]}, field=None), [("status", "messages", None)], id="no field: status"
        ),
        pytest.param(
            make_body({"message_echoes": [make_message()]}, field=None),
            [("echo", "smb_message_echoes", None)],
            id="no field: echo",
        ),
        pytest.param(
            make_body({"event": "APPROVED", "message_template_id": 1}, field=None),
            [("change", "message_template_status_update", None)],
            id="no field: template",
        ),
        pytest.param(
            {"entry": {"id": "1", "changes": {"value": {"field": "account_update", "waba_info": {}, "object": "x"}}}},
            [("unknown", None, "unknown_object")],
            id="object inside the value",
        ),
        pytest.param(
            {"entry": [{"id": "1", "object": "whatsapp_business_account", "field": "account_update", "value": {}}]},
            [("change", "account_update", None)],
            id="flat entry with its object",
        ),
        pytest.param(
            {"entry": [{"changes": [{"value": make_value(messages=[make_message()])}]}]},
            [("message", "messages", None)],
            id="no object, no field",
        ),
        pytest.param(
            [sample("01_text"), sample("31_instagram")],
            [("message", "messages", None), ("message", "messaging", None)],
            id="list around everything",
        ),
        pytest.param(
            instagram_body(messaging=[messaging(read={"mid": "m"})]), [("status", "messaging", None)], id="read"
        ),
        pytest.param(instagram_body(messaging=[7]), [("unknown", "messaging", "malformed")], id="messaging of numbers"),
        pytest.param(
            instagram_body(standby=[messaging(message={"mid": "m"})]), [("message", "standby", None)], id="standby"
        ),
        pytest.param(
            instagram_body(field="comments", value={"id": "1"}), [("change", "comments", None)], id="flat comment"
        ),
        pytest.param(
            instagram_body(changes=[{"field": "messages", "value": messaging(message={"mid": "m"})}]),
            [("message", "messaging", None)],
            id="message as a change",
        ),
        pytest.param(
            instagram_body(changes=[{"field": "story_insights", "value": {}}]),
            [("unknown", "story_insights", "unknown_field")],
            id="unknown Instagram field",
        ),
        pytest.param(
            {"entry": [{"id": ACCOUNT, "messaging": [messaging(message={"mid": "m", "is_echo": True})]}]},
            [("echo", "messaging", None)],
            id="no object: Instagram",
        ),
    ],
)
def test_every_shape_has_its_place(body: Any, expected: list[tuple[str, str | None, str | None]]) -> None:
    assert outline(body) == expected


def test_the_good_events_of_a_half_broken_body_are_not_lost() -> None:
    body = make_body(make_value(messages=[None, make_message(), "x"]))
    body["entry"].append(None)
    kinds = [message["kind"] for message in queued(body)]
    assert kinds == ["unknown", "message", "unknown", "unknown"]


def test_what_is_not_understood_is_kept_whole() -> None:
    body = make_body({"a": [1, {"b": None}]}, field="new_one")
    assert queued(body)[0]["event"] == body["entry"][0]["changes"][0]


def test_an_event_nested_too_deeply_is_kept_as_text() -> None:
    nested: Any = "fondo"
    for _ in range(200):
        nested = [nested]
    bad, good = queued(make_body(make_value(messages=[make_message(id="bad", extra=nested), make_message(id="good")])))

    assert (bad["kind"], bad["reason"], good["kind"]) == ("unknown", "malformed", "message")
    assert "fondo" in bad["event"]


def test_an_event_that_nobody_could_have_written_is_too_large() -> None:
    (message,) = queued(make_body(make_value(messages=[make_message(text={"body": "a" * MAX_EVENT_BYTES})])))
    assert (message["kind"], message["reason"], message["event"]["id"]) == ("unknown", "too_large", "wamid.1")


@pytest.mark.parametrize(
    "change",
    [
        {"id": "wamid.2"},
        {"value": {"metadata": {"phone_number_id": "310000000000002"}}},
    ],
)
def test_another_message_or_the_same_on_another_number_is_not_a_duplicate(change: dict[str, Any]) -> None:
    value = make_value(messages=[make_message(**{k: v for k, v in change.items() if k != "value"})])
    other = make_body({**value, **change.get("value", {})})
    assert only(other).deduplication_id != only(make_body(make_value(messages=[make_message()]))).deduplication_id


def test_a_redelivery_has_the_same_deduplication_id() -> None:
    for name in ("01_text", "21_status", "25_template", "29_user", "30_smb", "31_inst", "33_inst"):
        first = only(sample(name))
        again = split(sample(name), received_at="2026-11-22T17:00:00.000Z", correlation_id="c-2")[0]
        assert again.deduplication_id == first.deduplication_id, name


def test_each_status_of_a_message_is_an_event_of_its_own() -> None:
    ids = {only(sample(name)).deduplication_id for name in ("20_", "21_", "22_")}
    assert len(ids) == 3


def test_statuses_of_the_same_second_and_of_other_participants_are_told_apart() -> None:
    changes = ({}, {"status": "delivered"}, {"timestamp": "2"}, {"recipient_participant_id": "34600000001"})
    bodies = [make_body(make_value(statuses=[{**STATUS, **change}])) for change in changes]
    assert len({only(body).deduplication_id for body in bodies}) == len(changes)


def test_a_deleted_instagram_message_is_not_the_duplicate_of_itself() -> None:
    written = only(instagram_body(messaging=[messaging(message={"mid": "m", "text": "a"})]))
    deleted = only(instagram_body(messaging=[messaging(message={"mid": "m", "is_deleted": True})]))
    assert written.deduplication_id != deleted.deduplication_id


def test_both_spellings_of_a_phone_share_a_group_with_its_statuses_and_echoes() -> None:
    bodies = [
        make_body(make_value(messages=[make_message()])),
        make_body(make_value(messages=[make_message(**{"from": "541155550201"})])),
        make_body(make_value(statuses=[STATUS])),
        make_body(make_value(message_echoes=[make_message(**{"from": "5491150320001", "to": PHONE})])),
        make_body(make_value(user_preferences=[{"wa_id": PHONE, "value": "stop"}]), field="user_preferences"),
    ]
    assert len({only(body).group_id for body in bodies}) == 1


def test_contacts_numbers_and_account_fields_have_groups_of_their_own() -> None:
    by_user_id = make_body(make_value(messages=[make_message(from_user_id=BSUID)]))
    other_number = make_value(messages=[make_message()], metadata={"phone_number_id": "310000000000002"})
    bodies = [sample("01_"), sample("03_"), by_user_id, make_body(other_number), sample("25_"), sample("28_")]
    assert len({only(body).group_id for body in bodies}) == len(bodies)


def test_an_instagram_echo_waits_in_the_group_of_the_person_it_went_to() -> None:
    to_person = {"sender": {"id": ACCOUNT}, "recipient": {"id": FAN}, "message": {"mid": "e", "is_echo": True}}
    echo = only(instagram_body(messaging=[to_person]))
    assert echo.group_id == only(instagram_body(messaging=[messaging(message={"mid": "m"})])).group_id


def test_the_bodies_are_json_objects() -> None:
    assert all(isinstance(json.loads(message.body), dict) for message in raw([1, {}, sample("01_")]))
