"""Bytes and signatures: as Meta's recorded ones, to the byte."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox.errors import GraphError, graph_error, webhook_error
from infra.sandbox.samples import sample_file
from infra.sandbox.wamid import new_wamid
from infra.sandbox.webhooks import Update, encode, payload_of, sign

META = Path(__file__).parents[2] / "data" / "meta"
VECTORS = json.loads((META / "signature_vectors.json").read_text())["x_hub_signature_256"]
_MADE_BY_META = ("escaped_unicode_compact", "escaped_unicode_and_slashes")


def vector(name: str) -> tuple[dict[str, Any], bytes]:
    found = next(v for v in VECTORS if v["name"] == name)
    return found, base64.b64decode(found["body_base64"])


@pytest.mark.parametrize("name", _MADE_BY_META)
def test_a_body_is_encoded_and_signed_like_the_recorded_one(name: str) -> None:
    recorded, body = vector(name)

    encoded = encode(json.loads(body), escape_slashes=b"\\/" in body)

    assert encoded == body
    assert sign(encoded, recorded["app_secret"]) == recorded["header"]


@pytest.mark.parametrize("name", [v["name"] for v in VECTORS if v["valid"]])
def test_valid_vectors_are_what_we_would_sign(name: str) -> None:
    recorded, body = vector(name)

    assert sign(body, recorded["app_secret"]) == recorded["header"]


def test_slashes_are_escaped_by_default_and_json_stays_the_same() -> None:
    payload = {"url": "https://ejemplo.test/a", "text": 'barra / y \\ y "comillas"'}

    assert b"\\/" in encode(payload)
    assert json.loads(encode(payload)) == payload


def test_updates_of_one_number_are_merged_and_others_kept_apart() -> None:
    first = Update("1", "messages", {"metadata": {"phone_number_id": "10"}, "contacts": ["a"], "messages": [1]})
    second = Update("1", "messages", {"metadata": {"phone_number_id": "10"}, "contacts": ["a"], "messages": [2]})
    status = Update("1", "messages", {"metadata": {"phone_number_id": "10"}, "statuses": [3]})
    other_number = Update("1", "messages", {"metadata": {"phone_number_id": "11"}, "messages": [4]})
    account = Update("1", "account_update", {"event": "X"}, time=5)

    payload = payload_of([first, second, status, other_number, account])

    messages, changes = payload["entry"]
    assert [change["value"].get("messages") for change in messages["changes"]] == [[1, 2], [4]]
    assert messages["changes"][0]["value"]["statuses"] == [3]
    assert messages["changes"][0]["value"]["contacts"] == ["a"]
    assert (changes["time"], changes["changes"][0]["field"]) == (5, "account_update")
    assert first.value["messages"] == [1]


def test_a_wamid_holds_the_phone_and_the_direction() -> None:
    inbound, outbound = new_wamid("5491155550201", "inbound"), new_wamid("5491155550201", "outbound")

    assert inbound.startswith("wamid.HBgNNTQ5MTE1NTU1MDIwMRUCABIYFDNB")
    assert outbound.startswith("wamid.HBgNNTQ5MTE1NTU1MDIwMRUCABEYFDNB")
    assert inbound != new_wamid("5491155550201", "inbound")


def test_an_error_is_a_new_one_each_time() -> None:
    assert graph_error(131056) is not graph_error(131056)
    assert isinstance(graph_error(190, subcode=467), GraphError)


def test_an_error_nobody_knows_cannot_be_raised() -> None:
    with pytest.raises(LookupError):
        graph_error(42)


def test_a_webhook_error_has_no_code_in_its_title() -> None:
    error = webhook_error(131049)

    assert error["title"] == error["message"]
    assert not error["title"].startswith("(#")
    assert error["error_data"]["details"]


@pytest.mark.parametrize(
    ("kind", "mime_type", "beginning"),
    [
        ("image", "image/jpeg", b"\xff\xd8\xff"),
        ("audio", "audio/ogg; codecs=opus", b"OggS"),
        ("document", "application/pdf", b"%PDF-1.4"),
        ("sticker", "image/webp", b"RIFF"),
    ],
)
def test_samples_are_files_of_their_type(kind: str, mime_type: str, beginning: bytes) -> None:
    content, given = sample_file(kind)

    assert given == mime_type
    assert content.startswith(beginning)


def test_a_sample_video_says_what_it_is() -> None:
    assert sample_file("video")[0][4:12] == b"ftypisom"
