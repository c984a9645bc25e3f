"""Tenants' secrets: sealed under their own key, bound to their place, read at every use."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dentalist.domain.errors import ChannelDisconnected
from dentalist.outbound.aws.keys import KeyService
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database
from dentalist.storage.vault import CACHE_LIFETIME, Place, SecretUnreadable, Vault
from tests.database.outbound_builders import Clinic, make_clinic, rows, update
from tests.database.stack import SupabaseServer

Connection = psycopg.Connection[dict[str, Any]]
TOKEN = "EAAG-áéí-token"
SEVERAL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def vault(store: Database, keys: KeyService) -> Vault:
    return Vault(store, keys)


def place_of(professional_id: UUID, **overrides: Any) -> Place:
    place = {"table": "marketing_channel_credentials", "row_id": UUID(int=1), "column": "access_token_encrypted"}
    return Place(professional_id=professional_id, **{**place, **overrides})


def test_a_secret_comes_back_from_its_place_and_looks_different_each_time(vault: Vault, clinic: Clinic) -> None:
    place = place_of(clinic.professional_id)

    sealed = [vault.seal("meta", place, TOKEN) for _ in range(2)]

    assert [vault.open("meta", place, text) for text in sealed] == [TOKEN, TOKEN]
    assert sealed[0] != sealed[1]
    assert all(text.startswith("v1.1.") and "token" not in text for text in sealed)


def test_a_secret_moved_to_another_place_does_not_open(vault: Vault, clinic: Clinic, db: Connection) -> None:
    sealed = vault.seal("meta", place_of(clinic.professional_id), TOKEN)
    other = make_clinic(db)
    vault.seal("meta", place_of(other.professional_id), "makes the other clinic's key")

    for elsewhere in (
        place_of(other.professional_id),
        place_of(clinic.professional_id, row_id=uuid4()),
        place_of(clinic.professional_id, column="refresh_token_encrypted"),
        place_of(clinic.professional_id, table="oauth_states"),
    ):
        with pytest.raises(SecretUnreadable):
            vault.open("meta", elsewhere, sealed)


def test_a_secret_of_another_purpose_does_not_open(vault: Vault, clinic: Clinic) -> None:
    place = place_of(clinic.professional_id)
    sealed = vault.seal("meta", place, TOKEN)
    vault.seal("llm", place, "makes the key of models")

    with pytest.raises(SecretUnreadable):
        vault.open("llm", place, sealed)


@SEVERAL
@given(text=st.text())
def test_what_was_never_sealed_never_opens(vault: Vault, clinic: Clinic, text: str) -> None:
    with pytest.raises(SecretUnreadable):
        vault.open("meta", place_of(clinic.professional_id), text)


@pytest.mark.parametrize("sealed", ["", "v1.1", "v2.1.AAAA", "v1.x.AAAA", "v1.9.AAAA", "v1.1.", "v1.1.AAAA", "v1.1.ñ"])
def test_a_text_of_another_form_is_unreadable(vault: Vault, clinic: Clinic, sealed: str) -> None:
    vault.seal("meta", place_of(clinic.professional_id), TOKEN)

    with pytest.raises(SecretUnreadable):
        vault.open("meta", place_of(clinic.professional_id), sealed)


def test_a_data_key_of_another_tenant_opens_nothing_and_a_new_one_takes_its_place(
    vault: Vault, store: Database, keys: KeyService, clinic: Clinic, db: Connection
) -> None:
    other = make_clinic(db)
    vault.seal("meta", place_of(clinic.professional_id), TOKEN)
    lost = vault.seal("meta", place_of(other.professional_id), TOKEN)
    (stolen,) = rows(db, "tenant_data_keys", professional_id=clinic.professional_id)
    (theirs,) = rows(db, "tenant_data_keys", professional_id=other.professional_id)
    update(db, "tenant_data_keys", theirs["id"], wrapped_key=stolen["wrapped_key"])
    container = Vault(store, keys)

    with pytest.raises(SecretUnreadable):
        container.open("meta", place_of(other.professional_id), lost)
    sealed = container.seal("meta", place_of(other.professional_id), TOKEN)

    assert sealed.startswith("v1.2.")
    assert Vault(store, keys).open("meta", place_of(other.professional_id), sealed) == TOKEN


def test_of_many_containers_that_meet_a_lost_key_at_once_all_seal_under_the_same_new_one(
    supabase: SupabaseServer, keys: KeyService, clinic: Clinic, db: Connection, vault: Vault
) -> None:
    place = place_of(clinic.professional_id)
    vault.seal("meta", place, TOKEN)
    (lost,) = rows(db, "tenant_data_keys", professional_id=clinic.professional_id)
    update(db, "tenant_data_keys", lost["id"], wrapped_key="bG9zdA==")

    def seal_in_a_container_of_its_own(_number: int) -> str:
        with httpx.Client(timeout=20) as http:
            return Vault(Database(supabase.url, supabase.secret_key, http=http), keys).seal("meta", place, TOKEN)

    with ThreadPoolExecutor(8) as containers:
        sealed = list(containers.map(seal_in_a_container_of_its_own, range(8)))

    assert {text.split(".")[1] for text in sealed} == {"2"}
    assert {vault.open("meta", place, text) for text in sealed} == {TOKEN}


def test_of_many_first_keys_made_at_once_one_stands_and_opens_everything(
    supabase: SupabaseServer, keys: KeyService, clinic: Clinic, db: Connection
) -> None:
    place = place_of(clinic.professional_id)

    def seal_in_a_container_of_its_own(_number: int) -> str:
        with httpx.Client(timeout=20) as http:
            return Vault(Database(supabase.url, supabase.secret_key, http=http), keys).seal("meta", place, TOKEN)

    with ThreadPoolExecutor(8) as containers:
        sealed = list(containers.map(seal_in_a_container_of_its_own, range(8)))

    with httpx.Client() as http:
        vault = Vault(Database(supabase.url, supabase.secret_key, http=http), keys)
        assert {vault.open("meta", place, text) for text in sealed} == {TOKEN}
    assert len(rows(db, "tenant_data_keys", professional_id=clinic.professional_id)) == 1


def test_a_data_key_is_kept_for_five_minutes_and_then_asked_for_again(
    store: Database, keys: KeyService, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwrapped: list[bytes] = []
    unwrap = keys.unwrap
    monkeypatch.setattr(
        keys, "unwrap", lambda wrapped, context: (unwrapped.append(wrapped), unwrap(wrapped, context))[1]
    )
    now = [0.0]
    vault = Vault(store, keys, clock=lambda: now[0])
    place = place_of(clinic.professional_id)
    sealed = vault.seal("meta", place, TOKEN)

    for moment in (1.0, CACHE_LIFETIME.total_seconds() - 1):
        now[0] = moment
        vault.open("meta", place, sealed)
    within = len(unwrapped)
    now[0] = 3 * CACHE_LIFETIME.total_seconds()
    vault.open("meta", place, sealed)

    assert CACHE_LIFETIME.total_seconds() <= 300
    assert (within, len(unwrapped)) == (2, 3), "once to seal, once to open, once after the time"


# ---- credentials


def link(credentials: Credentials, clinic: Clinic, db: Connection, token: str = TOKEN) -> None:
    sealed = credentials.seal_access_token(
        clinic.professional_id, clinic.credential_id, channel="whatsapp", token=token
    )
    update(db, "marketing_channel_credentials", clinic.credential_id, access_token_encrypted=sealed)


def test_a_linked_channel_has_its_token(store: Database, keys: KeyService, clinic: Clinic, db: Connection) -> None:
    credentials = Credentials(store, keys)
    link(credentials, clinic, db)

    assert credentials.access_token(clinic.professional_id, clinic.credential_id) == TOKEN


@pytest.mark.parametrize(
    "change",
    [{"status": "disconnected"}, {"access_token_encrypted": None}, {"status": "reauth_required"}],
    ids=["disconnected", "erased", "dead"],
)
def test_a_disconnect_acts_at_the_next_send(
    store: Database, keys: KeyService, clinic: Clinic, db: Connection, change: dict[str, Any]
) -> None:
    credentials = Credentials(store, keys)
    link(credentials, clinic, db)
    credentials.access_token(clinic.professional_id, clinic.credential_id)

    update(db, "marketing_channel_credentials", clinic.credential_id, **change)

    with pytest.raises(ChannelDisconnected):
        credentials.access_token(clinic.professional_id, clinic.credential_id)


def test_another_professionals_credential_has_no_token_for_us(
    store: Database, keys: KeyService, clinic: Clinic, db: Connection
) -> None:
    credentials = Credentials(store, keys)
    link(credentials, clinic, db)

    with pytest.raises(ChannelDisconnected):
        credentials.access_token(make_clinic(db).professional_id, clinic.credential_id)


def test_a_key_for_a_language_model_is_optional(
    store: Database, keys: KeyService, clinic: Clinic, db: Connection
) -> None:
    credentials = Credentials(store, keys)
    assert credentials.ai_api_key(clinic.professional_id, clinic.credential_id) is None
    place = place_of(clinic.professional_id, row_id=clinic.credential_id, column="ai_api_key_encrypted")
    sealed = Vault(store, keys).seal("llm", place, "sk-own")
    update(db, "marketing_channel_credentials", clinic.credential_id, ai_api_key_encrypted=sealed)

    assert credentials.ai_api_key(clinic.professional_id, clinic.credential_id) == "sk-own"
