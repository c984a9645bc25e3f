import base64
import json
from typing import Any

import pytest

from dentalist.inbound.signatures import SignatureInvalid, appsecret_proof, parse_signed_request, verify_signature
from tests.unit.inbound.bodies import DATA

VECTORS = json.loads((DATA / "signature_vectors.json").read_text())
BODY_VECTORS = VECTORS["x_hub_signature_256"]
SECRET = BODY_VECTORS[0]["app_secret"]


def named(vectors: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in vectors]


@pytest.mark.parametrize("vector", named(BODY_VECTORS))
def test_the_signature_of_the_raw_bytes_decides(vector: dict[str, Any]) -> None:
    body = base64.b64decode(vector["body_base64"])
    if vector["valid"]:
        assert verify_signature(body, vector["header"], [vector["app_secret"]]) == 0
    else:
        with pytest.raises(SignatureInvalid):
            verify_signature(body, vector["header"], [vector["app_secret"]])


def test_the_second_secret_is_accepted_and_named() -> None:
    body = base64.b64decode(BODY_VECTORS[0]["body_base64"])
    assert verify_signature(body, BODY_VECTORS[0]["header"], ["another", SECRET]) == 1


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha256=ñ", "sha256=" + "0" * 64, "sha256=\ud800"])
def test_a_missing_or_malformed_header_is_refused(header: str | None) -> None:
    with pytest.raises(SignatureInvalid):
        verify_signature(b"{}", header, [SECRET])


def test_uppercase_digits_are_no_signature_of_meta() -> None:
    vector = BODY_VECTORS[0]
    with pytest.raises(SignatureInvalid):
        verify_signature(base64.b64decode(vector["body_base64"]), "sha256=" + vector["header"][7:].upper(), [SECRET])


@pytest.mark.parametrize("secrets", [[], [""]])
def test_without_a_secret_nothing_is_genuine(secrets: list[str]) -> None:
    # The HMAC of b"{}" under the empty key: somebody who guesses that no secret is set must not get in.
    header = "sha256=22f8eea909400af98adf3681a9f31923ef6b7fcba4abb553d92823a3e9d5c25e"
    with pytest.raises(SignatureInvalid):
        verify_signature(b"{}", header, secrets)


@pytest.mark.parametrize("vector", named(VECTORS["signed_request"]))
def test_a_signed_request_gives_its_payload_or_is_refused(vector: dict[str, Any]) -> None:
    if vector["valid"]:
        assert parse_signed_request(vector["signed_request"], ["other", vector["app_secret"]]) == vector["payload"]
    else:
        with pytest.raises(SignatureInvalid):
            parse_signed_request(vector["signed_request"], [vector["app_secret"]])


@pytest.mark.parametrize("text", [".", "a.b.c", "ñ.ñ", "AAAA.bm8ganNvbg", "AAAA." + "W1tb" * 3])
def test_a_signed_request_of_any_other_shape_is_refused(text: str) -> None:
    with pytest.raises(SignatureInvalid):
        parse_signed_request(text, [SECRET])


@pytest.mark.parametrize("vector", VECTORS["appsecret_proof"])
def test_the_proof_is_the_hmac_of_the_token(vector: dict[str, Any]) -> None:
    assert appsecret_proof(vector["access_token"], vector["app_secret"]) == vector["proof"]
