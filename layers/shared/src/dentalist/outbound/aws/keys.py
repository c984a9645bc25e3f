"""KMS: data keys are wrapped and unwrapped here, bound to whom and what they are for by the encryption context.

Source:
    https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
    https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from dentalist.domain.errors import KeyRefused, StoreUnavailable, WrappedKeyUnreadable

_HTTP_SERVER_ERROR = 500
# Definite answers: asking again will not help. Everything else (throttling, 5xx, a code nobody has met) is an outage,
# because taking an outage for a lost key would disconnect a clinic.
_REFUSALS = {
    "AccessDeniedException",
    "DisabledException",
    "IncorrectKeyException",
    "InvalidKeyUsageException",
    "KMSInvalidStateException",
    "NotFoundException",
    "ValidationException",
}
# Its word about one wrapped key. That it was wrapped by another KMS key (IncorrectKey) is none: then the settings name
# the wrong key, and all tenants would look as if theirs were lost.
_UNREADABLE = "InvalidCiphertextException"


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

    def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The same key, wrapped by the newest material of the KMS key; its plaintext never leaves KMS.

        Raises:
            WrappedKeyUnreadable, KeyRefused, StoreUnavailable: as ``unwrap``.

        Source:
            https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html
        """
        answer = _ask(
            lambda: self._kms.re_encrypt(
                CiphertextBlob=wrapped,
                SourceKeyId=self._key_id,
                SourceEncryptionContext=dict(context),
                DestinationKeyId=self._key_id,
                DestinationEncryptionContext=dict(context),
            )
        )
        rewrapped: bytes = answer["CiphertextBlob"]
        return rewrapped

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The key inside ``wrapped``; the context must be the one it was wrapped for.

        Raises:
            WrappedKeyUnreadable: altered, or wrapped for another context.
            KeyRefused: wrapped by another KMS key, or no right to use this one.
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
        raise _meaning_of(exc) from exc
    except BotoCoreError as exc:
        raise StoreUnavailable from exc


def _meaning_of(error: ClientError) -> KeyRefused | StoreUnavailable:
    code = error.response.get("Error", {}).get("Code")
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _HTTP_SERVER_ERROR:
        return StoreUnavailable()
    if code == _UNREADABLE:
        return WrappedKeyUnreadable()
    return KeyRefused() if code in _REFUSALS else StoreUnavailable()
