"""The webhook's door: who may come in, and what becomes of everything that does."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.demo.outside import Number, eventually
from infra.local.paths import ROOT
from tests.integration.e2e.support.webhooks import change, encode, new_message_id, text_value
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

VECTORS = json.loads((ROOT / "tests/data/meta/signature_vectors.json").read_text())["x_hub_signature_256"]
CHALLENGE = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "…"}


def expected_status(vector: dict[str, Any]) -> int:
    if not vector["valid"]:
        return 401
    return 200 if vector["body_base64"] else 400


@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream"])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_signature_vector_is_judged_over_the_raw_bytes(
    world: World, vector: dict[str, Any], content_type: str
) -> None:
    answer = world.post_webhook(base64.b64decode(vector["body_base64"]), vector["header"], content_type=content_type)

    assert answer.status_code == expected_status(vector)
    if answer.status_code != 200:
        assert answer.json()["code"] == {401: "signature_invalid", 400: "malformed_body"}[answer.status_code]


def test_the_instagram_address_takes_signed_events_too(world: World) -> None:
    body = encode({"object": "instagram", "entry": []})

    assert world.post_webhook(body, world.signature(body), path="instagram").status_code == 200
    assert world.post_webhook(body, None, path="instagram").status_code == 401


def challenge(world: World, **overrides: str) -> Any:
    query = {**CHALLENGE, "hub.verify_token": world.description["meta_webhook_verify_token"], **overrides}
    return world.get("/api/webhooks/whatsapp", params=query)


def test_metas_challenge_is_answered_as_plain_text(world: World) -> None:
    answer = challenge(world)

    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("wrong", [{"hub.verify_token": "guess"}, {"hub.mode": "unsubscribe"}])
def test_a_challenge_of_somebody_else_is_refused(world: World, wrong: dict[str, str]) -> None:
    answer = challenge(world, **wrong)

    assert (answer.status_code, answer.json()["code"]) == (403, "verify_token_mismatch")
    assert "1158201444" not in answer.text


# ---- what must never come in


@pytest.mark.parametrize("forgery", ["unsigned", "mutated", "signed for another app"])
def test_what_meta_did_not_sign_is_refused_and_leaves_nothing(world: World, forgery: str) -> None:
    message_id = new_message_id()
    number = world.ferreyra.numbers[0]
    body = encode(change(number, text_value("5491144440009", "Hola", message_id)))
    signature: str | None = world.signature(body)
    if forgery == "unsigned":
        signature = None
    elif forgery == "mutated":
        body = body.replace(b"Hola", b"Chau")
    else:
        signature = f"sha256={'ab' * 32}"
    answer = world.post_webhook(body, signature)
    world.calm()

    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")
    assert world.rows("select id from marketing_messages where external_id = %s", message_id) == []
    assert number.access_token not in answer.text


@pytest.mark.parametrize("body", [b"", b"hola", b"{", b'{"object": "whatsapp_business_account"', b"\xff\xfe"])
def test_a_signed_body_that_is_no_json_is_a_clear_error(world: World, body: bytes) -> None:
    answer = world.post_webhook(body, world.signature(body))

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-correlation-id"] == answer.json()["correlation_id"]


# ---- what is kept although it is not understood

Making = Callable[[Number, Number, str], Any]


def _nested(levels: int, marker: str) -> Any:
    value: Any = marker
    for _ in range(levels):
        value = [value]
    return value


PARKED: dict[str, tuple[str, Making]] = {
    "a list": ("malformed", lambda *_: [_[2]]),
    "a text": ("malformed", lambda *_: _[2]),
    "no entry": ("malformed", lambda *_: {"object": "whatsapp_business_account", "marker": _[2]}),
    "an unknown object": ("unknown_object", lambda *_: {"object": "page", "entry": [{"id": _[2]}]}),
    "an unknown field": ("unknown_field", lambda own, _, marker: change(own, {"marker": marker}, field="new_in_2027")),
    "an unknown number": (
        "unknown_tenant",
        lambda *_: change(
            Number("", "319999999999999", "+5491150329999", "219999999999999", ""),
            text_value("5491144440010", "Hola", _[2]),
        ),
    ),
    "our number in the account of another clinic": (
        "unknown_tenant",
        lambda own, other, marker: change(
            own, text_value("5491144440011", "Hola", marker), id=other.business_account_id
        ),
    ),
    "nested deeper than anybody reads": (
        "malformed",
        lambda *_: {"object": "whatsapp_business_account", "entry": _nested(900, _[2])},
    ),
}


@pytest.mark.parametrize("name", PARKED)
def test_signed_but_strange_is_kept_raw_with_its_reason(world: World, name: str) -> None:
    reason, make = PARKED[name]
    marker = new_message_id()
    body = encode(make(world.ferreyra.numbers[0], world.salgado.numbers[0], marker))
    answer = world.post_webhook(body, world.signature(body))
    rows = eventually(
        lambda: world.rows("select * from marketing_webhook_events where payload::text like %s", f"%{marker}%"),
        "the event parked",
    )

    assert answer.status_code == 200
    assert [row["reason"] for row in rows] == [reason]
    assert world.rows("select id from marketing_messages where external_id = %s", marker) == []


def test_a_body_nested_beyond_every_parser_is_kept_and_answered_with_200(world: World) -> None:
    body = b'{"object":"whatsapp_business_account","entry":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    before = len(world.rows("select id from marketing_webhook_events where reason in ('malformed', 'too_large')"))
    answer = world.post_webhook(body, world.signature(body))

    assert answer.status_code == 200
    eventually(
        lambda: (
            len(world.rows("select id from marketing_webhook_events where reason in ('malformed', 'too_large')"))
            > before
        ),
        "the event parked",
    )


# ---- what is big or ill-written, and stored all the same


def delivered_text(world: World, text: str) -> dict[str, Any]:
    """Deliver a text message of the past; its stored row."""
    message_id = new_message_id()
    body = encode(change(world.ferreyra.numbers[0], text_value("5491144440012", text, message_id)))
    answer = world.post_webhook(body, world.signature(body))
    assert answer.status_code == 200
    (row,) = eventually(
        lambda: world.rows("select * from marketing_messages where external_id = %s", message_id), "the message stored"
    )
    return row


def test_a_body_of_three_megabytes_is_taken_in(world: World) -> None:
    message_ids = [new_message_id() for _ in range(250)]
    values = [text_value("5491144440013", "ñ" * 2200, message_id) for message_id in message_ids]
    whole = change(world.ferreyra.numbers[0], {})
    whole["entry"][0]["changes"] = [
        change(world.ferreyra.numbers[0], value)["entry"][0]["changes"][0] for value in values
    ]
    body = encode(whole)
    answer = world.post_webhook(body, world.signature(body))

    assert len(body) > 3 * 1024 * 1024
    assert answer.status_code == 200
    eventually(
        lambda: (
            world.rows("select count(*) from marketing_messages where external_id = any(%s)", message_ids)[0]["count"]
            == len(message_ids)
        ),
        "all its messages stored",
        patience=90,
    )


def test_one_message_larger_than_a_queue_takes_is_stored_whole(world: World) -> None:
    assert len(delivered_text(world, "x" * 600_000)["body"]) == 600_000


def test_one_message_larger_than_the_store_should_take_is_kept_raw(world: World) -> None:
    marker = new_message_id()
    body = encode(change(world.ferreyra.numbers[0], text_value("5491144440012", "x" * 1_500_000, marker)))
    answer = world.post_webhook(body, world.signature(body))
    (row,) = eventually(
        lambda: world.rows("select reason from marketing_webhook_events where payload::text like %s", f"%{marker}%"),
        "the event parked",
    )

    assert (answer.status_code, row["reason"]) == (200, "too_large")


@pytest.mark.parametrize("text", ["mitad \ud83d de un emoji", "cero\u0000byte", "\ud800", "fin\u0000"])
def test_text_that_no_database_takes_is_made_storable(world: World, text: str) -> None:
    body = delivered_text(world, text)["body"]

    assert "\u0000" not in body
    body.encode()  # no half of a pair is left


def test_a_message_with_another_tenants_conversation_stays_with_its_own(world: World) -> None:
    digits = "5491144440014"
    for number in (world.ferreyra.numbers[0], world.salgado.numbers[0]):
        body = encode(change(number, text_value(digits, "Hola", new_message_id())))
        assert world.post_webhook(body, world.signature(body)).status_code == 200
    owners = eventually(
        lambda: (
            found
            if len(
                found := world.rows(
                    "select professional_id from marketing_conversations where contact_phone = %s", f"+{digits}"
                )
            )
            == 2
            else None
        ),
        "both conversations",
    )

    assert {str(row["professional_id"]) for row in owners or []} == {world.ferreyra.id, world.salgado.id}
