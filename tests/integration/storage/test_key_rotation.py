"""Keys are rotated while the system runs: nothing is lost, nothing newer is overwritten, a cut run is run again."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from dentalist.outbound.aws.keys import KeyService
from dentalist.services.rotate_keys import renew_data_keys, rewrap_keys
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database
from dentalist.storage.key_rotation import SupabaseKeyStore
from dentalist.storage.vault import Place, SecretUnreadable, Vault
from tests.database.outbound_builders import make_clinic, rows, update

Connection = psycopg.Connection[dict[str, Any]]
TABLE = "marketing_channel_credentials"
COLUMNS = {
    "access_token_encrypted": "meta",
    "refresh_token_encrypted": "meta",
    "registration_pin_encrypted": "meta",
    "ai_api_key_encrypted": "llm",
}


@pytest.fixture
def rotating(store: Database, keys: KeyService, db: Connection) -> SupabaseKeyStore:
    """A store in which only this test's tenants have keys: a rotation works through all of them."""
    db.execute("delete from public.tenant_data_keys")
    for credential in rows(db, TABLE):
        update(db, TABLE, credential["id"], **dict.fromkeys(COLUMNS))
    return SupabaseKeyStore(store, keys)


def seal_everything(db: Connection, vault: Vault, *, tenants: int = 3) -> dict[tuple[UUID, UUID, str], str]:
    """Several clinics with a secret in every column; the secrets by place."""
    secrets = {}
    for _ in range(tenants):
        clinic = make_clinic(db)
        for column, purpose in COLUMNS.items():
            place = Place(clinic.professional_id, TABLE, clinic.credential_id, column)
            secret = f"canary-{uuid4()}"
            update(db, TABLE, clinic.credential_id, **{column: vault.seal(purpose, place, secret)})  # type: ignore[arg-type]
            secrets[clinic.professional_id, clinic.credential_id, column] = secret
    return secrets


def opened(db: Connection, vault: Vault, secrets: dict[tuple[UUID, UUID, str], str]) -> dict[Any, str]:
    """What each place holds now."""
    found = {}
    for professional_id, credential_id, column in secrets:
        (row,) = rows(db, TABLE, id=credential_id)
        place = Place(professional_id, TABLE, credential_id, column)
        found[professional_id, credential_id, column] = vault.open(COLUMNS[column], place, row[column])  # type: ignore[arg-type]
    return found


def wrapped_keys(db: Connection) -> dict[UUID, str]:
    return {row["id"]: row["wrapped_key"] for row in db.execute("select * from public.tenant_data_keys").fetchall()}


def test_wrapping_anew_changes_every_wrapped_key_and_no_secret(
    rotating: SupabaseKeyStore, store: Database, keys: KeyService, db: Connection
) -> None:
    secrets = seal_everything(db, Vault(store, keys))
    before = wrapped_keys(db)

    done = rewrap_keys(rotating, since=datetime.now(UTC))

    after = wrapped_keys(db)
    assert done.rewrapped == len(before) == 6
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    assert opened(db, Vault(store, keys), secrets) == secrets


def test_a_run_that_was_cut_short_does_only_what_is_left(
    rotating: SupabaseKeyStore, store: Database, keys: KeyService, db: Connection
) -> None:
    seal_everything(db, Vault(store, keys))
    since = datetime.now(UTC)
    half = rotating.to_rewrap(before=since)
    for _ in range(2):
        rotating.rewrap(next(half))

    assert rewrap_keys(rotating, since=since).rewrapped == 4
    assert rewrap_keys(rotating, since=since).rewrapped == 0


def test_every_secret_moves_under_a_new_data_key_and_still_opens(
    rotating: SupabaseKeyStore, store: Database, keys: KeyService, db: Connection
) -> None:
    secrets = seal_everything(db, Vault(store, keys))

    done = renew_data_keys(rotating, since=datetime.now(UTC))

    assert (done.new_keys, done.resealed, done.unreadable) == (6, 12, [])
    assert all(row[column].startswith("v1.2.") for row in rows(db, TABLE) for column in COLUMNS if row[column])
    assert opened(db, Vault(store, keys), secrets) == secrets


def test_the_old_key_stays_while_containers_may_still_seal_under_it_and_goes_later(
    rotating: SupabaseKeyStore, store: Database, keys: KeyService, db: Connection
) -> None:
    running = Vault(store, keys)
    secrets = seal_everything(db, running, tenants=1)
    since = datetime.now(UTC)
    assert renew_data_keys(rotating, since=since).dropped == 0
    # A container that still keeps the old key in memory links an account now.
    professional_id, credential_id, column = next(iter(secrets))
    place = Place(professional_id, TABLE, credential_id, column)
    update(
        db,
        TABLE,
        credential_id,
        **{column: running.seal("meta", place, secrets[professional_id, credential_id, column])},
    )

    db.execute("update public.tenant_data_keys set created_at = created_at - interval '11 minutes'")
    again = renew_data_keys(rotating, since=since - timedelta(hours=1))

    assert (again.new_keys, again.resealed, again.dropped) == (0, 1, 2)
    assert [row["version"] for row in rows(db, "tenant_data_keys")] == [2, 2]
    assert opened(db, Vault(store, keys), secrets) == secrets


def test_a_token_that_is_replaced_during_the_run_is_not_overwritten(
    rotating: SupabaseKeyStore, store: Database, keys: KeyService, db: Connection
) -> None:
    secrets = seal_everything(db, Vault(store, keys), tenants=1)
    rotating.renew(before=datetime.now(UTC))
    (stale,) = [found for found in rotating.to_reseal() if found.column_name == "access_token_encrypted"]
    place = Place(stale.professional_id, TABLE, stale.credential_id, stale.column_name)
    newer = Vault(store, keys).seal("meta", place, "linked again")
    update(db, TABLE, stale.credential_id, access_token_encrypted=newer)

    assert rotating.reseal(stale) is False
    secrets[stale.professional_id, stale.credential_id, stale.column_name] = "linked again"
    assert opened(db, Vault(store, keys), secrets) == secrets


def test_a_disconnect_during_the_run_stays_a_disconnect(
    rotating: SupabaseKeyStore, store: Database, keys: KeyService, db: Connection
) -> None:
    seal_everything(db, Vault(store, keys), tenants=1)
    rotating.renew(before=datetime.now(UTC))
    stale = next(iter(rotating.to_reseal()))
    update(db, TABLE, stale.credential_id, **{stale.column_name: None})

    assert rotating.reseal(stale) is False
    assert rows(db, TABLE, id=stale.credential_id)[0][stale.column_name] is None


def test_a_secret_that_does_not_open_is_named_and_stops_nothing(
    rotating: SupabaseKeyStore, store: Database, keys: KeyService, db: Connection
) -> None:
    secrets = seal_everything(db, Vault(store, keys), tenants=2)
    _, broken, column = next(iter(secrets))
    update(db, TABLE, broken, **{column: "not even sealed"})

    done = renew_data_keys(rotating, since=datetime.now(UTC))

    assert done.unreadable == [broken]
    assert done.resealed == 7
    with pytest.raises(SecretUnreadable):
        opened(db, Vault(store, keys), secrets)


@pytest.mark.parametrize("damage", ["", "¿?", "bG9zdA==", "another tenant's"])
def test_a_data_key_that_does_not_open_is_named_and_stops_nothing(
    rotating: SupabaseKeyStore, store: Database, keys: KeyService, db: Connection, damage: str
) -> None:
    seal_everything(db, Vault(store, keys), tenants=2)
    (broken, *others) = wrapped_keys(db)
    stolen = next(
        row["wrapped_key"] for row in rows(db, "tenant_data_keys") if row["id"] != broken and row["purpose"] == "meta"
    )
    update(db, "tenant_data_keys", broken, wrapped_key=stolen if damage.startswith("another") else damage)

    done = rewrap_keys(rotating, since=datetime.now(UTC))

    assert (done.rewrapped, done.lost_keys) == (len(others), [broken])


def test_channels_keep_their_tokens_readable_all_through_a_rotation(
    rotating: SupabaseKeyStore, store: Database, keys: KeyService, db: Connection
) -> None:
    secrets = seal_everything(db, Vault(store, keys), tenants=4)
    tokens = {place: secret for place, secret in secrets.items() if place[2] == "access_token_encrypted"}
    running = Credentials(store, keys)
    wrong = []
    reads = 0
    over = threading.Event()

    def read_on() -> None:
        nonlocal reads
        while not over.is_set():
            for (professional_id, credential_id, _), token in tokens.items():
                reads += 1
                if running.access_token(professional_id, credential_id) != token:
                    wrong.append(credential_id)

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read_on)
        try:
            for _ in range(3):
                rewrap_keys(rotating, since=datetime.now(UTC))
                renew_data_keys(SupabaseKeyStore(store, keys), since=datetime.now(UTC))
        finally:
            over.set()
        reader.result()

    assert wrong == []
    assert reads > len(tokens)
    assert {row["version"] for row in rows(db, "tenant_data_keys")} == {1, 2, 3, 4}
