"""The dev KMS as boto3 sees it: what was changed, moved or asked for in another context is not decrypted."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.paths import HOST
from tests.integration.stack.toy_stack import answers, eventually, free_ports, running

if TYPE_CHECKING:
    import subprocess

    from mypy_boto3_kms import KMSClient

CONTEXT = {"professional": "a3c1", "purpose": "meta"}
MASTER_KEY = secrets.token_hex(32)


def start(state: Path, port: int, master_key: str = MASTER_KEY) -> "AbstractContextManager[subprocess.Popen[bytes]]":
    environment = {**os.environ, "KMS_PORT": str(port), "KMS_STATE_DIR": str(state), "KMS_MASTER_KEY": master_key}
    return running([sys.executable, "-m", "infra.local.kms"], environment, state.with_suffix(".log"))


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    (port,) = free_ports(1)
    with start(tmp_path_factory.mktemp("kms") / "state", port):
        url = f"http://{HOST}:{port}"
        eventually(lambda: answers(f"{url}/health"))
        yield url


@pytest.fixture
def kms(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> "KMSClient":
    """A client that finds the KMS as a function does: by AWS_ENDPOINT_URL_KMS."""
    for name, value in {"ACCESS_KEY_ID": "local", "SECRET_ACCESS_KEY": "local", "ENDPOINT_URL_KMS": endpoint}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return boto3.client("kms", region_name="us-east-1")


@pytest.fixture
def key_id(kms: "KMSClient") -> str:
    return kms.create_key(Description="wraps data keys")["KeyMetadata"]["KeyId"]


def code_of(error: "pytest.ExceptionInfo[ClientError]") -> str:
    return str(error.value.response["Error"]["Code"])


def test_keys_have_ids_arns_and_metadata_like_those_of_aws(kms: "KMSClient", key_id: str) -> None:
    metadata = kms.describe_key(KeyId=key_id)["KeyMetadata"]

    assert metadata["Arn"] == f"arn:aws:kms:us-east-1:000000000000:key/{key_id}"
    assert (metadata["KeyState"], metadata["KeySpec"]) == ("Enabled", "SYMMETRIC_DEFAULT")
    assert metadata["Description"] == "wraps data keys"
    assert kms.describe_key(KeyId=metadata["Arn"])["KeyMetadata"]["KeyId"] == key_id
    assert key_id in {key["KeyId"] for key in kms.list_keys()["Keys"]}


@pytest.mark.parametrize(("options", "length"), [({"KeySpec": "AES_256"}, 32), ({"NumberOfBytes": 64}, 64)])
def test_a_data_key_comes_back_from_its_wrapped_form(
    kms: "KMSClient", key_id: str, options: dict[str, str], length: int
) -> None:
    made = kms.generate_data_key(KeyId=key_id, EncryptionContext=CONTEXT, **options)  # type: ignore[arg-type]
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)

    assert opened["Plaintext"] == made["Plaintext"]
    assert len(made["Plaintext"]) == length
    assert opened["KeyId"] == f"arn:aws:kms:us-east-1:000000000000:key/{key_id}"


def test_the_order_of_the_context_does_not_matter(kms: "KMSClient", key_id: str) -> None:
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]
    reversed_context = dict(reversed(CONTEXT.items()))

    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=reversed_context)["Plaintext"] == b"secret"


@pytest.mark.parametrize(
    "context", [{}, {"professional": "a3c1"}, {**CONTEXT, "purpose": "llm"}, {**CONTEXT, "x": "y"}]
)
def test_another_context_does_not_open_it(kms: "KMSClient", key_id: str, context: dict[str, str]) -> None:
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]

    with pytest.raises(ClientError) as error:
        kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    assert code_of(error) == "InvalidCiphertextException"


def test_no_changed_byte_of_a_ciphertext_is_accepted(kms: "KMSClient", key_id: str) -> None:
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]

    for position in range(len(blob)):
        changed = bytearray(blob)
        changed[position] ^= 1
        with pytest.raises(ClientError) as error:
            kms.decrypt(CiphertextBlob=bytes(changed), EncryptionContext=CONTEXT)
        assert code_of(error) == "InvalidCiphertextException"


@pytest.mark.parametrize("length", [1, 16, 40])
def test_a_shortened_ciphertext_is_not_accepted(kms: "KMSClient", key_id: str, length: int) -> None:
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"secret")["CiphertextBlob"]

    with pytest.raises(ClientError) as error:
        kms.decrypt(CiphertextBlob=blob[:length])
    assert code_of(error) == "InvalidCiphertextException"


def test_a_named_key_must_be_the_one_that_encrypted(kms: "KMSClient", key_id: str) -> None:
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"secret")["CiphertextBlob"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]

    with pytest.raises(ClientError) as error:
        kms.decrypt(CiphertextBlob=blob, KeyId=other)
    assert code_of(error) == "IncorrectKeyException"


def test_re_encryption_moves_to_another_key_and_context(kms: "KMSClient", key_id: str) -> None:
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]
    other = kms.create_key()["KeyMetadata"]["Arn"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext=CONTEXT,
        DestinationKeyId=other,
        DestinationEncryptionContext={"professional": "b"},
    )
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"professional": "b"})

    assert (opened["Plaintext"], opened["KeyId"]) == (b"secret", other)


def test_a_disabled_key_opens_nothing_until_it_is_enabled(kms: "KMSClient", key_id: str) -> None:
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"secret")["CiphertextBlob"]
    kms.disable_key(KeyId=key_id)

    with pytest.raises(ClientError) as error:
        kms.decrypt(CiphertextBlob=blob)
    assert code_of(error) == "DisabledException"
    kms.enable_key(KeyId=key_id)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"


def test_an_unknown_key_is_not_found(kms: "KMSClient") -> None:
    with pytest.raises(ClientError) as error:
        kms.generate_data_key(KeyId="00000000-0000-4000-8000-000000000000", KeySpec="AES_256")
    assert code_of(error) == "NotFoundException"


def test_what_was_encrypted_is_readable_after_a_restart_and_under_no_other_master_key(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    url = f"http://{HOST}:{port}"
    client = boto3.client(
        "kms", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with start(tmp_path / "state", port) as process:
        eventually(lambda: answers(f"{url}/health"))
        key = client.create_key()["KeyMetadata"]["KeyId"]
        blob = client.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
        process.kill()
    with start(tmp_path / "state", port):
        eventually(lambda: answers(f"{url}/health"))
        assert client.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"
    with start(tmp_path / "state", port, master_key=secrets.token_hex(32)):
        eventually(lambda: answers(f"{url}/health"))
        with pytest.raises(ClientError) as error:
            client.decrypt(CiphertextBlob=blob)
    assert code_of(error) == "InvalidCiphertextException"
