"""A stored secret that was altered or moved opens nowhere: the clinic is told so, and nothing is sent."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel_health import diagnose
from dentalist.domain.errors import KeyRefused
from dentalist.runtime import wiring
from dentalist.storage.credentials import Credentials
from dentalist.storage.vault import SecretUnreadable
from tests.database.outbound_builders import insert
from tests.integration.leaks.practice import CREDENTIALS, TOKEN, Practice, forget_clients

Damage = Callable[[Practice], None]


def payload(practice: Practice) -> bytes:
    """The sealed token without its version: nonce, ciphertext and tag."""
    packed = practice.credential["access_token_encrypted"].split(".")[2]
    return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))


def written(changed: bytes, version: int = 1) -> str:
    return f"v1.{version}.{base64.urlsafe_b64encode(changed).rstrip(b'=').decode()}"


def flipped(content: bytes, position: int, bit: int = 0) -> bytes:
    index = position % len(content)
    return content[:index] + bytes([content[index] ^ (1 << bit)]) + content[index + 1 :]


def flip(position: int) -> Damage:
    return lambda practice: practice.store(written(flipped(payload(practice), position)))


def wrapped(practice: Practice) -> bytes:
    return base64.b64decode(practice.data_key()["wrapped_key"])


def put_key(practice: Practice, changed: bytes) -> None:
    practice.store_key(base64.b64encode(changed).decode())


# ---- what may happen to a ciphertext


def from_another_tenant(practice: Practice) -> None:
    practice.store(practice.seal(practice.new_clinic()))


def sealed_for_another_tenants_row(practice: Practice) -> None:
    practice.store(practice.seal(practice.clinic, row_id=practice.new_clinic().credential_id))


def from_another_number(practice: Practice) -> None:
    sibling = insert(
        practice.db,
        CREDENTIALS,
        professional_id=practice.clinic.professional_id,
        channel="whatsapp",
        phone_number_id=practice.clinic.phone_number_id[::-1],
        status="connected",
    )
    practice.store(practice.seal(practice.clinic, row_id=sibling["id"]))


def from_another_column(practice: Practice) -> None:
    practice.store(practice.credential["refresh_token_encrypted"])


def from_the_column_of_a_model_key(practice: Practice) -> None:
    practice.store(practice.credential["ai_api_key_encrypted"])


def from_another_table(practice: Practice) -> None:
    practice.store(practice.seal(practice.clinic, table="oauth_states"))


def of_another_purpose(practice: Practice) -> None:
    practice.store(practice.seal(practice.clinic, purpose="llm"))


def under_another_version(practice: Practice) -> None:
    practice.add_data_key(version=2)
    practice.store(written(payload(practice), version=2))


CIPHERTEXTS: Mapping[str, Damage] = {
    "first byte of the nonce": flip(0),
    "last byte of the nonce": flip(11),
    "first byte of the text": flip(12),
    "first byte of the tag": flip(-16),
    "last byte of the tag": flip(-1),
    "cut short": lambda practice: practice.store(written(payload(practice)[:-1])),
    "made longer": lambda practice: practice.store(written(payload(practice) + b"\0")),
    "without a text": lambda practice: practice.store(written(b"")),
    "in the clear": lambda practice: practice.store(TOKEN),
    "another tenant's": from_another_tenant,
    "sealed for another tenant's row": sealed_for_another_tenants_row,
    "another number's": from_another_number,
    "another column's": from_another_column,
    "a model key's": from_the_column_of_a_model_key,
    "another table's": from_another_table,
    "of another purpose": of_another_purpose,
    "under another version": under_another_version,
    "under a version that is not there": lambda practice: practice.store(written(payload(practice), version=9)),
}


# ---- what may happen to a data key


def swap_keys(practice: Practice) -> None:
    stranger = practice.new_clinic()
    practice.store_key(practice.data_key(clinic=stranger)["wrapped_key"])


def delete_key(practice: Practice) -> None:
    practice.db.execute("delete from tenant_data_keys where id = %s", [practice.data_key()["id"]])


KEYS: Mapping[str, Damage] = {
    "last byte": lambda practice: put_key(practice, flipped(wrapped(practice), -1)),
    "cut short": lambda practice: put_key(practice, wrapped(practice)[:-1]),
    "empty": lambda practice: practice.store_key(""),
    "no base64": lambda practice: practice.store_key("¿?"),
    "another tenant's": swap_keys,
    "of another purpose": lambda practice: practice.store_key(practice.data_key("llm")["wrapped_key"]),
    "gone": delete_key,
}
DAMAGES = {
    **{f"ciphertext: {name}": damage for name, damage in CIPHERTEXTS.items()},
    **{f"key: {name}": damage for name, damage in KEYS.items()},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_secret_sends_nothing_is_told_and_is_mended_by_linking_again(
    practice: Practice, damage: Damage
) -> None:
    damage(practice)
    forget_clients()
    sentence = diagnose("token_expired", ChannelType.WHATSAPP).sentence

    sent, refusal = practice.send()
    tested, found = practice.test()

    assert (sent, refusal["code"], refusal["detail"]) == (409, "channel_disconnected", SecretUnreadable.detail)
    assert (tested, found["ok"], found["cause"], found["detail"]) == (200, False, "token_expired", sentence)
    assert practice.channel["status"] == "reauth_required"
    assert practice.asked == []
    practice.link_again()
    practice.meta_accepts()
    assert practice.send()[0] == 201
    assert {request.headers["Authorization"] for request, _ in practice.meta.log} == {f"Bearer {TOKEN}"}


def test_a_damage_is_noticed_by_a_container_that_has_just_used_the_secret(practice: Practice) -> None:
    practice.meta_accepts()
    assert practice.send()[0] == 201
    practice.meta.clear_log()

    flip(20)(practice)

    assert practice.send()[1]["code"] == "channel_disconnected"
    assert practice.asked == []


def open_token(practice: Practice, credentials: Credentials | None = None) -> str:
    opening = credentials or wiring.credentials()
    return opening.access_token(practice.clinic.professional_id, practice.clinic.credential_id)


def test_every_character_of_a_stored_secret_counts(practice: Practice) -> None:
    sealed = practice.credential["access_token_encrypted"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for index, character in enumerate(sealed):
        found = letters.find(character)
        others = {letters[found ^ 1], letters[found ^ 32], "."} if found >= 0 else {"_"}
        for other in others:
            practice.store(sealed[:index] + other + sealed[index + 1 :])
            with pytest.raises(SecretUnreadable):
                open_token(practice)
    practice.store(sealed)
    assert open_token(practice) == TOKEN


@pytest.mark.parametrize(
    "ornament", ["v1.01.{}", "v1.+1.{}", "v1. 1.{}", "v1.1.{}=", "v1.1.{}\n", " v1.1.{}", "v1.١.{}"]
)
def test_a_secret_is_written_in_one_way_only(practice: Practice, ornament: str) -> None:
    packed = practice.credential["access_token_encrypted"].split(".")[2]
    practice.store(ornament.format(packed))

    with pytest.raises(SecretUnreadable):
        open_token(practice)


def test_every_byte_of_a_wrapped_key_counts(practice: Practice) -> None:
    whole = wrapped(practice)
    for index in range(len(whole)):
        put_key(practice, flipped(whole, index, bit=index % 8))
        # Where the bytes name the KMS key, it is that key which is refused.
        with pytest.raises((SecretUnreadable, KeyRefused)):
            open_token(practice, practice.new_container())
    put_key(practice, whole)
    assert open_token(practice, practice.new_container()) == TOKEN


@pytest.mark.parametrize("act", [Practice.send, Practice.test])
def test_a_key_service_that_refuses_our_settings_disconnects_nobody(
    practice: Practice, act: Callable[[Practice], tuple[int, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_KMS_KEY_ID", practice.kms.create_key()["KeyMetadata"]["KeyId"])
    forget_clients()

    status, told = act(practice)

    assert (status, told["code"]) == (503, "key_refused")
    assert practice.channel["status"] == "connected"
    assert practice.asked == []
