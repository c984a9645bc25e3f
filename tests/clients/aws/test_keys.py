from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from dentalist.domain.errors import KeyRefused, StoreUnavailable, WrappedKeyUnreadable
from dentalist.outbound.aws.clients import aws_client
from dentalist.outbound.aws.keys import KeyService

CONTEXT = {"professional": "ana", "purpose": "meta"}


@pytest.fixture
def kms(aws: None) -> Any:
    return aws_client("kms")


@pytest.fixture
def keys(kms: Any) -> KeyService:
    return KeyService(kms.create_key()["KeyMetadata"]["KeyId"], kms=kms)


def test_a_data_key_comes_back_from_its_wrapped_form(keys: KeyService) -> None:
    key = keys.generate_data_key(CONTEXT)
    assert len(key.plaintext) == 32
    assert keys.unwrap(key.wrapped, CONTEXT) == key.plaintext


def test_a_key_wrapped_anew_is_the_same_key_in_another_wrapping(keys: KeyService) -> None:
    key = keys.generate_data_key(CONTEXT)
    rewrapped = keys.rewrap(key.wrapped, CONTEXT)
    assert rewrapped != key.wrapped
    assert keys.unwrap(rewrapped, CONTEXT) == key.plaintext


def test_a_key_is_not_wrapped_anew_for_another_tenant(keys: KeyService) -> None:
    wrapped = keys.generate_data_key(CONTEXT).wrapped
    with pytest.raises(KeyRefused):
        keys.rewrap(wrapped, {**CONTEXT, "professional": "bruno"})


@pytest.mark.parametrize("context", [{"professional": "bruno", "purpose": "meta"}, {"professional": "ana"}, {}])
def test_a_key_of_another_tenant_or_purpose_is_refused(keys: KeyService, context: dict[str, str]) -> None:
    key = keys.generate_data_key(CONTEXT)
    with pytest.raises(KeyRefused):
        keys.unwrap(key.wrapped, context)


def test_no_changed_byte_of_a_wrapped_key_is_accepted(keys: KeyService) -> None:
    wrapped = keys.generate_data_key(CONTEXT).wrapped
    for position in range(len(wrapped)):
        tampered = wrapped[:position] + bytes([wrapped[position] ^ 1]) + wrapped[position + 1 :]
        with pytest.raises(KeyRefused):
            keys.unwrap(tampered, CONTEXT)


def test_a_key_never_shows_itself(keys: KeyService) -> None:
    key = keys.generate_data_key(CONTEXT)
    assert repr(key) == str(key) == f"{key}" == "DataKey(…)"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"Error": {"Code": "AccessDeniedException"}}, KeyRefused),
        ({"Error": {"Code": "IncorrectKeyException"}}, KeyRefused),
        ({"Error": {"Code": "InvalidCiphertextException"}}, WrappedKeyUnreadable),
        (
            {"Error": {"Code": "InvalidCiphertextException"}, "ResponseMetadata": {"HTTPStatusCode": 500}},
            StoreUnavailable,
        ),
        ({"Error": {"Code": "DisabledException"}}, KeyRefused),
        ({"Error": {"Code": "ThrottlingException"}}, StoreUnavailable),
        ({"Error": {"Code": "KMSInternalException"}, "ResponseMetadata": {"HTTPStatusCode": 500}}, StoreUnavailable),
        ({"Error": {"Code": "NotFoundException"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, StoreUnavailable),
        ({"Error": {"Code": "CodeOfNextYear"}}, StoreUnavailable),
        ({}, StoreUnavailable),
    ],
)
def test_only_a_definite_answer_is_a_refusal(fault: Any, error: type[Exception]) -> None:
    kms: Any = mock.Mock()
    kms.decrypt.side_effect = ClientError(fault, "Decrypt")
    with pytest.raises(error) as raised:
        KeyService("k", kms=kms).unwrap(b"x", CONTEXT)
    assert raised.type is error


def test_a_silent_key_service_is_an_outage() -> None:
    kms: Any = mock.Mock()
    kms.generate_data_key.side_effect = ReadTimeoutError(endpoint_url="http://kms")
    with pytest.raises(StoreUnavailable):
        KeyService("k", kms=kms).generate_data_key(CONTEXT)
