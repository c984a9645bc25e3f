"""A KMS for development: envelope encryption with KMS's own wire protocol, errors and tamper detection.

Keys are derived from one master key that is kept with the stack, so what was encrypted before `make down` can be read
after `make up`. Run by hand: ``KMS_PORT=… KMS_STATE_DIR=… KMS_MASTER_KEY=<64 hex digits> python -m infra.local.kms``.
"""

import base64
import binascii
import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra.local.files import read_json, write_json
from infra.local.intrinsics import ACCOUNT_ID, REGION
from infra.local.paths import HOST

_ARN_PREFIX = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/"
_BLOB_VERSION = b"\x01"
_KEY_ID_BYTES = 16
_NONCE_BYTES = 12
_HEADER_BYTES = len(_BLOB_VERSION) + _KEY_ID_BYTES + _NONCE_BYTES
_MAX_PLAINTEXT = 4096  # KMS's own limit for a direct Encrypt
_MAX_DATA_KEY = 1024
_DATA_KEY_BYTES = {"AES_256": 32, "AES_128": 16}

Parameters = Mapping[str, Any]
Answer = dict[str, Any]


class KmsError(Exception):
    """An error KMS answers with; ``code`` is the name the SDKs raise."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class KeyStore:
    """The keys of one KMS, in one file: their state; their material is derived from the master key."""

    def __init__(self, path: Path, master_key: bytes) -> None:
        self._path = path
        self._master_key = master_key
        self._keys: dict[str, dict[str, Any]] = read_json(path)

    def create(self, description: str) -> dict[str, Any]:
        key_id = str(uuid.uuid4())
        self._keys[key_id] = {"description": description, "created_at": time.time(), "enabled": True}
        self._save()
        return self.describe(key_id)

    def ids(self) -> list[str]:
        return list(self._keys)

    def describe(self, name: str) -> dict[str, Any]:
        key_id = self.find(name)
        key = self._keys[key_id]
        return {
            "AWSAccountId": ACCOUNT_ID,
            "KeyId": key_id,
            "Arn": _ARN_PREFIX + key_id,
            "CreationDate": key["created_at"],
            "Enabled": key["enabled"],
            "Description": key["description"],
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": "Enabled" if key["enabled"] else "Disabled",
            "Origin": "AWS_KMS",
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "MultiRegion": False,
        }

    def set_enabled(self, name: str, *, enabled: bool) -> None:
        self._keys[self.find(name)]["enabled"] = enabled
        self._save()

    def find(self, name: str) -> str:
        """The id behind a key id or ARN."""
        key_id = name.removeprefix(_ARN_PREFIX)
        if key_id not in self._keys:
            raise KmsError("NotFoundException", f"Key '{name}' does not exist")
        return key_id

    def cipher(self, key_id: str) -> AESGCM:
        if not self._keys[key_id]["enabled"]:
            raise KmsError("DisabledException", f"{_ARN_PREFIX}{key_id} is disabled.")
        material = HKDF(SHA256(), length=32, salt=None, info=uuid.UUID(key_id).bytes).derive(self._master_key)
        return AESGCM(material)

    def _save(self) -> None:
        write_json(self._path, self._keys)


class Kms:
    """The operations, by the names of the ``X-Amz-Target`` header."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._operations: dict[str, Callable[[Parameters], Answer]] = {
            "CreateKey": lambda p: {"KeyMetadata": keys.create(p.get("Description", ""))},
            "DescribeKey": lambda p: {"KeyMetadata": keys.describe(_required(p, "KeyId"))},
            "ListKeys": lambda _: {
                "Keys": [{"KeyId": key_id, "KeyArn": _ARN_PREFIX + key_id} for key_id in keys.ids()],
                "Truncated": False,
            },
            "EnableKey": lambda p: self._set_enabled(p, enabled=True),
            "DisableKey": lambda p: self._set_enabled(p, enabled=False),
            "Encrypt": self._encrypt,
            "Decrypt": self._decrypt,
            "ReEncrypt": self._re_encrypt,
            "GenerateDataKey": self._generate_data_key,
            "GenerateDataKeyWithoutPlaintext": self._generate_data_key_without_plaintext,
        }

    def call(self, operation: str, parameters: Parameters) -> Answer:
        """Run one operation.

        Raises:
            KmsError: what KMS would answer.
        """
        if operation not in self._operations:
            raise KmsError("UnknownOperationException")
        return self._operations[operation](parameters)

    def _set_enabled(self, parameters: Parameters, *, enabled: bool) -> Answer:
        self._keys.set_enabled(_required(parameters, "KeyId"), enabled=enabled)
        return {}

    def _encrypt(self, parameters: Parameters) -> Answer:
        plaintext = _blob(parameters, "Plaintext")
        if not 1 <= len(plaintext) <= _MAX_PLAINTEXT:
            raise KmsError("ValidationException", f"Plaintext must be 1 to {_MAX_PLAINTEXT} bytes")
        key_id = self._keys.find(_required(parameters, "KeyId"))
        blob = self._seal(key_id, plaintext, parameters.get("EncryptionContext"))
        return {**_identity(key_id), "CiphertextBlob": _text(blob)}

    def _decrypt(self, parameters: Parameters) -> Answer:
        key_id, plaintext = self._open(
            _blob(parameters, "CiphertextBlob"), parameters.get("EncryptionContext"), parameters.get("KeyId")
        )
        return {**_identity(key_id), "Plaintext": _text(plaintext)}

    def _re_encrypt(self, parameters: Parameters) -> Answer:
        source, plaintext = self._open(
            _blob(parameters, "CiphertextBlob"),
            parameters.get("SourceEncryptionContext"),
            parameters.get("SourceKeyId"),
        )
        target = self._keys.find(_required(parameters, "DestinationKeyId"))
        blob = self._seal(target, plaintext, parameters.get("DestinationEncryptionContext"))
        return {
            "CiphertextBlob": _text(blob),
            "KeyId": _ARN_PREFIX + target,
            "SourceKeyId": _ARN_PREFIX + source,
            "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }

    def _generate_data_key(self, parameters: Parameters) -> Answer:
        key_id = self._keys.find(_required(parameters, "KeyId"))
        plaintext = os.urandom(_data_key_length(parameters))
        blob = self._seal(key_id, plaintext, parameters.get("EncryptionContext"))
        return {"KeyId": _ARN_PREFIX + key_id, "CiphertextBlob": _text(blob), "Plaintext": _text(plaintext)}

    def _generate_data_key_without_plaintext(self, parameters: Parameters) -> Answer:
        answer = self._generate_data_key(parameters)
        del answer["Plaintext"]
        return answer

    def _seal(self, key_id: str, plaintext: bytes, context: Mapping[str, str] | None) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        header = _BLOB_VERSION + uuid.UUID(key_id).bytes + nonce
        return header + self._keys.cipher(key_id).encrypt(nonce, plaintext, _associated_data(header, context))

    def _open(self, blob: bytes, context: Mapping[str, str] | None, named_key: str | None) -> tuple[str, bytes]:
        header = blob[:_HEADER_BYTES]
        if len(header) < _HEADER_BYTES or not header.startswith(_BLOB_VERSION):
            raise KmsError("InvalidCiphertextException")
        key_id = str(uuid.UUID(bytes=header[1 : 1 + _KEY_ID_BYTES]))
        if named_key is not None and self._keys.find(named_key) != key_id:
            # A blob whose key id was changed lands here or in NotFound, as it does in AWS.
            raise KmsError(
                "IncorrectKeyException", "The key ID in the request does not identify a CMK that can decrypt."
            )
        if key_id not in self._keys.ids():
            raise KmsError("InvalidCiphertextException")
        nonce = header[-_NONCE_BYTES:]
        try:
            plaintext = self._keys.cipher(key_id).decrypt(
                nonce, blob[_HEADER_BYTES:], _associated_data(header, context)
            )
        except InvalidTag:
            raise KmsError("InvalidCiphertextException") from None
        return key_id, plaintext


def _associated_data(header: bytes, context: Mapping[str, str] | None) -> bytes:
    """What the ciphertext is bound to: its own header and the encryption context, in any order of its pairs."""
    return header + json.dumps(sorted((context or {}).items()), ensure_ascii=False).encode()


def _identity(key_id: str) -> Answer:
    return {"KeyId": _ARN_PREFIX + key_id, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}


def _required(parameters: Parameters, name: str) -> str:
    if not isinstance(parameters.get(name), str):
        raise KmsError("ValidationException", f"{name} is required")
    return str(parameters[name])


def _blob(parameters: Parameters, name: str) -> bytes:
    try:
        return base64.b64decode(_required(parameters, name), validate=True)
    except binascii.Error:
        raise KmsError("SerializationException", f"{name} is not base64") from None


def _text(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


def _data_key_length(parameters: Parameters) -> int:
    spec, length = parameters.get("KeySpec"), parameters.get("NumberOfBytes")
    if (spec is None) == (length is None):
        raise KmsError("ValidationException", "Please specify either number of bytes or key spec.")
    if spec is not None:
        if spec not in _DATA_KEY_BYTES:
            raise KmsError("ValidationException", f"KeySpec {spec} is not known")
        return _DATA_KEY_BYTES[spec]
    if not isinstance(length, int) or not 1 <= length <= _MAX_DATA_KEY:
        raise KmsError("ValidationException", f"NumberOfBytes must be 1 to {_MAX_DATA_KEY}")
    return length


def make_app(kms: Kms) -> web.Application:
    """AWS's JSON 1.1 protocol over ``kms``, and ``GET /health``."""

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def call(request: web.Request) -> web.Response:
        try:
            parameters = await request.json()
            answer = kms.call(request.headers.get("X-Amz-Target", "").removeprefix("TrentService."), parameters)
        except json.JSONDecodeError:
            return _reply(400, {"__type": "SerializationException"})
        except KmsError as error:
            return _reply(400, {"__type": error.code, "message": str(error)})
        return _reply(200, answer)

    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_post("/", call)
    return app


def _reply(status: int, body: Answer) -> web.Response:
    return web.json_response(
        body,
        status=status,
        content_type="application/x-amz-json-1.1",
        headers={"x-amzn-RequestId": str(uuid.uuid4())},
    )


def main() -> None:
    state = Path(os.environ["KMS_STATE_DIR"])
    state.mkdir(parents=True, exist_ok=True)
    keys = KeyStore(state / "keys.json", bytes.fromhex(os.environ["KMS_MASTER_KEY"]))
    web.run_app(make_app(Kms(keys)), host=HOST, port=int(os.environ["KMS_PORT"]), print=None, access_log=None)


if __name__ == "__main__":
    main()
