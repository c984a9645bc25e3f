"""KMS: data keys are wrapped and unwrapped here, bound to whom and what they are for by the encryption context.

Source:
    https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
    https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from dentalist.domain.errors import DomainError, StoreUnavailable

_HTTP_SERVER_ERROR = 500
# Definite answers: asking again will not help. Everything else (throttling, 5xx, a code nobody has met) is an outage,
# because taking an outage for a lost key would disconnect a clinic.
_REFUSALS = {
    "AccessDeniedException",
    "DisabledException",
    "IncorrectKeyException",
    "InvalidCiphertextException",
    "InvalidKeyUsageException",
    "KMSInvalidStateException",
    "NotFoundException",
    "ValidationException",
}


class KeyRefused(DomainError):
    """The key service answered, and said no: tampered ciphertext, another context, or no right to use the key."""

    detail = "The key service refused to use this key."


class DataKey(NamedTuple):
    """A key to encrypt with, and its wrapped form to store next to what it encrypted."""

    plaintext: bytes
    wrapped: bytes

    def __repr__(self) -> str:
        return "DataKey(…)"  # a key in a traceback or a log would be a key lost


class KeyService:
    """The one KMS key that wraps the data keys of all tenants."""

    def __init__(self, key_id: str, *, kms: Any) -> None:
        """Keep the key's id and the client."""
        self._key_id = key_id
        self._kms = kms

    def generate_data_key(self, context: Mapping[str, str]) -> DataKey:
        """A new 256-bit key, wrapped for ``context`` (professional and purpose).

        Raises:
            KeyRefused: no right to use the key, or it is disabled.
            StoreUnavailable: KMS cannot be reached.
        """
        answer = _ask(
            lambda: self._kms.generate_data_key(KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=dict(context))
        )
        return DataKey(answer["Plaintext"], answer["CiphertextBlob"])

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Wrap a key that exists already, for example under a new context.

        Raises:
            KeyRefused, StoreUnavailable: as ``generate_data_key``.
        """
        answer = _ask(
            lambda: self._kms.encrypt(KeyId=self._key_id, Plaintext=plaintext, EncryptionContext=dict(context))
        )
        wrapped: bytes = answer["CiphertextBlob"]
        return wrapped

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The key inside ``wrapped``; the context must be the one it was wrapped for.

        Raises:
            KeyRefused: tampered, wrapped by another key or for another context, or no right to use the key.
            StoreUnavailable: KMS cannot be reached.
        """
        answer = _ask(
            lambda: self._kms.decrypt(KeyId=self._key_id, CiphertextBlob=wrapped, EncryptionContext=dict(context))
        )
        plaintext: bytes = answer["Plaintext"]
        return plaintext


def _ask(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return call()
    except ClientError as exc:
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if exc.response.get("Error", {}).get("Code") in _REFUSALS and status < _HTTP_SERVER_ERROR:
            raise KeyRefused from exc
        raise StoreUnavailable from exc
    except BotoCoreError as exc:
        raise StoreUnavailable from exc
