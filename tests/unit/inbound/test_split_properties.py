"""Whatever JSON comes: nothing raises, nothing is lost, and the worker's half understands or parks it."""

import json
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.inbound.parse import parse_event
from dentalist.inbound.split import split
from tests.unit.inbound.bodies import RECEIVED_AT, make_value

NAMES = [
    *("object", "entry", "changes", "field", "value", "messages", "statuses", "message_echoes", "user_preferences"),
    *("metadata", "contacts", "errors", "messaging", "standby", "id", "from", "type", "text", "message", "mid", "time"),
    *("sender", "recipient", "interactive", "image", "system", "timestamp", "reaction", "edit", "status", "wa_id"),
    *("history", "threads", "thread", "state_sync", "contact", "phone_number", "action", "progress", "context"),
]
WORDS = [
    *(
        "whatsapp_business_account",
        "instagram",
        "messages",
        "comments",
        "account_update",
        "5491155550201",
        "1794009637",
    ),
    *("history", "smb_app_state_sync", "contact", "add"),
    *("text", "image", "interactive", "reaction", "edit", "revoke", "system", "user_changed_number", "AR.1"),
]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(WORDS)
) | st.text(max_size=8)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner),
    max_leaves=25,
)
KINDS = {"messages": "message", "statuses": "status", "message_echoes": "echo", "user_preferences": "preference"}


def split_and_parse(body: Any) -> list[dict[str, Any]]:
    messages = [json.loads(item.body) for item in split(body, received_at=RECEIVED_AT, correlation_id="c")]
    for message in messages:
        json.dumps(parse_event(message).as_arguments(), allow_nan=False).encode("ascii")
    return messages


@given(json_values)
@settings(max_examples=300, deadline=None)
def test_any_json_is_kept_without_an_error(body: Any) -> None:
    assert split_and_parse(body)


@given(st.sampled_from(["whatsapp_business_account", "instagram"]), json_values)
@settings(max_examples=300, deadline=None)
def test_any_entry_is_kept_without_an_error(name: str, entry: Any) -> None:
    assert split_and_parse({"object": name, "entry": [entry]})


@given(
    st.lists(st.dictionaries(st.sampled_from(list(KINDS)), st.lists(json_values, max_size=4), max_size=4), max_size=3)
)
@settings(max_examples=200, deadline=None)
def test_every_item_comes_out_exactly_once(values: list[dict[str, list[Any]]]) -> None:
    changes = [{"field": "messages", "value": make_value(**value)} for value in values]
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}

    came_out = Counter(
        (message["kind"], json.dumps(message["event"], sort_keys=True))
        for message in split_and_parse(body)
        if not (isinstance(message["event"], dict) and {"field", "changes"} & message["event"].keys())
    )

    went_in: Counter[tuple[str, str]] = Counter()
    for value in values:
        for name, items in value.items():
            for item in items:
                kind = KINDS[name] if isinstance(item, dict) else "unknown"
                if not (isinstance(item, dict) and {"field", "changes"} & item.keys()):
                    went_in[kind, json.dumps(item, sort_keys=True)] += 1
    assert came_out == went_in


@given(json_values)
@settings(max_examples=300, deadline=None)
def test_any_queue_message_becomes_an_event(message: Any) -> None:
    assert parse_event(message).as_arguments()["kind"]


@given(
    st.sampled_from(
        ["message", "status", "echo", "preference", "change", "self_test", "history", "history_state", "contacts"]
    ),
    st.sampled_from(["whatsapp_business_account", "instagram"]),
    st.dictionaries(st.sampled_from(NAMES), json_values, max_size=8),
)
@settings(max_examples=300, deadline=None)
def test_any_event_of_a_known_kind_becomes_an_event(kind: str, name: str, event: dict[str, Any]) -> None:
    message = {"kind": kind, "object": name, "entry_id": "1", "phone_number_id": "2", "event": event}
    arguments = parse_event(message).as_arguments()
    json.dumps(arguments, allow_nan=False)


@given(st.sampled_from(["history", "smb_app_state_sync"]), st.dictionaries(st.sampled_from(NAMES), json_values))
@settings(max_examples=300, deadline=None)
def test_any_history_and_any_address_book_are_kept_without_an_error(field: str, value: dict[str, Any]) -> None:
    changes = [{"field": field, "value": make_value(**value)}]
    assert split_and_parse({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]})
