import base64
import io
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from moto import mock_aws

from dentalist.inbound.parse import parse_event
from dentalist.outbound.aws.clients import aws_client
from dentalist.outbound.aws.objects import LargeEvents
from dentalist.outbound.aws.queues import FifoOutbox
from tests.functions.webhook_whatsapp.conftest import FakeOutbox
from tests.functions.webhook_whatsapp.gateway_events import (
    INSTAGRAM_SECRET,
    REQUEST_ID,
    VERIFY_TOKEN,
    challenge,
    delivery,
    sign,
)
from tests.unit.inbound.bodies import DATA, WEBHOOKS, make_body, make_message, make_value

Call = Callable[[dict[str, Any]], dict[str, Any]]
PATHS = ["/api/webhooks/whatsapp", "/api/webhooks/instagram"]
TEXT = (DATA / "webhooks" / "01_text.json").read_bytes()


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


def stored(outbox: FakeOutbox) -> list[dict[str, Any]]:
    return [json.loads(message.body) for message in outbox.messages]


def assert_problem(answer: dict[str, Any], status: int, code: str) -> None:
    assert answer["statusCode"] == status
    assert answer["headers"]["content-type"] == "application/problem+json"
    problem = json.loads(answer["body"])
    assert (problem["type"], problem["status"], problem["code"]) == (f"/problems/{code}", status, code)
    assert problem["title"]
    assert problem["detail"]
    assert problem["correlation_id"] == answer["headers"]["x-correlation-id"] == REQUEST_ID


@pytest.mark.parametrize("path", PATHS)
def test_whoever_knows_the_token_gets_the_challenge_back_exactly(call: Call, path: str) -> None:
    answer = call(challenge(path))
    assert (answer["statusCode"], answer["body"]) == (200, "1158201444")
    assert answer["headers"]["content-type"] == "text/plain"
    assert answer["headers"]["x-correlation-id"] == REQUEST_ID


@pytest.mark.parametrize(
    "changes",
    [
        {"verify_token": "wrong"},
        {"verify_token": ""},
        {"verify_token": None},
        {"verify_token": VERIFY_TOKEN + "\u00f1"},
        {"mode": "unsubscribe"},
        {"mode": None},
        {"challenge": None},
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_any_other_challenge_is_a_mismatch(call: Call, path: str, changes: dict[str, str | None]) -> None:
    assert_problem(call(challenge(path, **changes)), 403, "verify_token_mismatch")


def test_a_request_without_any_query_is_a_mismatch(call: Call) -> None:
    event = challenge()
    del event["queryStringParameters"]
    assert_problem(call(event), 403, "verify_token_mismatch")


def test_without_a_verify_token_nobody_knows_it(
    call: Call, handler: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "VERIFY_TOKEN", "")
    assert_problem(call(challenge(verify_token="")), 403, "verify_token_mismatch")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("as_base64", [False, True])
def test_a_signed_delivery_is_stored_and_acknowledged(
    call: Call, outbox: FakeOutbox, path: str, as_base64: bool
) -> None:
    answer = call(delivery(TEXT, path=path, as_base64=as_base64))

    assert answer["statusCode"] == 200
    assert answer["headers"]["x-correlation-id"] == REQUEST_ID
    (message,) = stored(outbox)
    assert message["event"]["text"]["body"].startswith("Hola! Quería")
    assert message["correlation_id"] == outbox.correlation_ids[0] == REQUEST_ID


@pytest.mark.parametrize("path", WEBHOOKS, ids=lambda path: path.stem)
def test_every_sample_is_stored_and_understood_by_the_worker(call: Call, outbox: FakeOutbox, path: Any) -> None:
    assert call(delivery(path.read_bytes()))["statusCode"] == 200
    assert all(parse_event(message).kind != "unknown" for message in stored(outbox))
    assert outbox.messages


def test_the_second_secret_signs_too(call: Call, outbox: FakeOutbox) -> None:
    assert call(delivery(TEXT, signature=sign(TEXT, INSTAGRAM_SECRET)))["statusCode"] == 200
    assert outbox.messages


VECTORS = json.loads((DATA / "signature_vectors.json").read_text())["x_hub_signature_256"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
@pytest.mark.parametrize("as_base64", [False, True])
def test_every_signature_vector_is_judged_over_the_bytes(
    call: Call, handler: ModuleType, monkeypatch: pytest.MonkeyPatch, vector: dict[str, Any], as_base64: bool
) -> None:
    monkeypatch.setattr(handler, "APP_SECRETS", [vector["app_secret"], ""])
    body = base64.b64decode(vector["body_base64"])

    answer = call(delivery(body, signature=vector["header"], as_base64=as_base64))

    accepted = 200 if body else 400
    assert answer["statusCode"] == (accepted if vector["valid"] else 401)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(delivery(TEXT, signature=""), id="unsigned"),
        pytest.param(delivery(TEXT + b" ", signature=sign(TEXT)), id="mutated"),
        pytest.param(delivery(TEXT, signature=sign(TEXT, "another")), id="another secret"),
        pytest.param(delivery(TEXT, signature=sign(TEXT, "")), id="no secret"),
        pytest.param(delivery(b"", signature=""), id="empty and unsigned"),
        pytest.param(delivery(b"not json", signature="sha256=" + "0" * 64), id="not parsed before it is verified"),
        pytest.param(delivery(TEXT) | {"headers": {}}, id="no headers"),
    ],
)
def test_what_meta_did_not_sign_is_refused_and_not_kept(call: Call, outbox: FakeOutbox, event: dict[str, Any]) -> None:
    assert_problem(call(event), 401, "signature_invalid")
    assert not outbox.messages


@pytest.mark.parametrize("body", [b"", b" ", b"hola", b"{", b'{"a":NaN}', b"\xff\xfe\x00"])
def test_a_signed_body_that_is_no_json_is_malformed(call: Call, outbox: FakeOutbox, body: bytes) -> None:
    assert_problem(call(delivery(body, as_base64=True)), 400, "malformed_body")
    assert not outbox.messages


@pytest.mark.parametrize("body", [b"null", b"7", b'"hola"', b"[]", b"{}", b'{"object":"whatsapp_business_account"}'])
def test_signed_json_of_a_strange_shape_is_kept(call: Call, outbox: FakeOutbox, body: bytes) -> None:
    assert call(delivery(body))["statusCode"] == 200
    (message,) = stored(outbox)
    assert (message["kind"], message["reason"], message["event"]) == ("unknown", "malformed", json.loads(body))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"object": "page", "entry": [{"id": "1"}]}, "unknown_object"),
        (make_body({"a": 1}, field="field_of_next_year"), "unknown_field"),
    ],
)
def test_what_is_not_known_yet_is_kept(call: Call, outbox: FakeOutbox, body: Any, reason: str) -> None:
    assert call(delivery(encoded(body)))["statusCode"] == 200
    assert [message["reason"] for message in stored(outbox)] == [reason]


@pytest.mark.parametrize("depth", [100, 900, 100_000])
def test_endless_nesting_is_kept_as_text(call: Call, outbox: FakeOutbox, depth: int) -> None:
    body = b'{"object":"whatsapp_business_account","entry":' + b"[" * depth + b"]" * depth + b"}"
    assert call(delivery(body))["statusCode"] == 200
    (message,) = stored(outbox)
    assert (message["kind"], message["reason"]) == ("unknown", "malformed")
    assert "[" * (depth - 1) in message["event"]


@pytest.mark.parametrize("text", ["NUL \x00", "half \ud83d", "\u2028", "ñandú 😀", "</script>"])
def test_no_character_is_too_strange_to_be_stored(call: Call, outbox: FakeOutbox, text: str) -> None:
    body = encoded(make_body(make_value(messages=[make_message(text={"body": text})])))
    assert call(delivery(body))["statusCode"] == 200
    assert stored(outbox)[0]["event"]["text"]["body"] == text


def test_a_thousand_updates_in_three_megabytes_are_all_stored(call: Call, outbox: FakeOutbox) -> None:
    messages = [make_message(id=f"wamid.{n}", text={"body": "a" * 2900}) for n in range(1000)]
    body = encoded(make_body(make_value(messages=messages)))
    assert len(body) > 3_000_000

    assert call(delivery(body))["statusCode"] == 200
    assert [message["event"]["id"] for message in stored(outbox)] == [f"wamid.{n}" for n in range(1000)]


def test_one_message_of_three_megabytes_is_kept_as_too_large(call: Call, outbox: FakeOutbox) -> None:
    body = encoded(make_body(make_value(messages=[make_message(text={"body": "a" * 3_000_000})])))
    assert call(delivery(body))["statusCode"] == 200
    assert [message["reason"] for message in stored(outbox)] == ["too_large"]


def test_what_is_not_durable_is_not_acknowledged(call: Call, outbox: FakeOutbox) -> None:
    outbox.durable = False
    assert_problem(call(delivery(TEXT)), 503, "not_durable")


def test_the_log_counts_and_names_nobody(call: Call, handler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(handler.logger.registered_handler, "stream", written)
    call(delivery(TEXT))
    call(delivery(b"secreto", as_base64=True))
    call(delivery(TEXT, signature=""))
    call(challenge())

    out = written.getvalue()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["message"], line["status"], line["events"]) for line in lines] == [
        ("webhook answered", "200", 1),
        ("webhook answered", "400", 0),
        ("webhook answered", "401", 0),
        ("webhook answered", "200", 0),
    ]
    assert {line["correlation_id"] for line in lines} == {REQUEST_ID}
    (directive,) = lines[0]["_aws"]["CloudWatchMetrics"]
    named = {metric["Name"] for metric in directive["Metrics"]} | set(directive["Dimensions"][0])
    assert named <= lines[0].keys()
    for private in ("5491155550201", "Ana", "Hola", "wamid", "secreto", VERIFY_TOKEN, "1158201444"):
        assert private not in out


def test_a_delivery_lies_in_the_queue_and_a_large_one_in_the_bucket(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    handler._large_bodies.cache_clear()
    with mock_aws():
        sqs, s3 = aws_client("sqs"), aws_client("s3")
        s3.create_bucket(Bucket="large")
        url = sqs.create_queue(QueueName="in.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        monkeypatch.setattr(handler, "outbox", FifoOutbox(url, sqs=sqs, large_bodies=handler._large_bodies))
        large = make_message(id="wamid.large", text={"body": "a" * 250_000}, **{"from": "34600000001"})
        body = encoded(make_body(make_value(messages=[make_message(id="wamid.small"), large])))

        assert handler.lambda_handler(delivery(body), None)["statusCode"] == 200

        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        events = LargeEvents("large", s3=s3)
        ids = {parse_event(events.load(message["Body"])).external_id for message in received}
        assert ids == {"wamid.small", "wamid.large"}
        assert sum("s3_key" in message["Body"] for message in received) == 1


def test_a_queue_that_is_gone_is_not_durable(handler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        gone = "https://sqs.us-east-1.amazonaws.com/123456789012/gone.fifo"
        outbox = FifoOutbox(gone, sqs=aws_client("sqs"), large_bodies=handler._large_bodies)
        monkeypatch.setattr(handler, "outbox", outbox)
        assert_problem(handler.lambda_handler(delivery(TEXT), None), 503, "not_durable")
