"""Linked accounts in the real store: sealed for their row, one owner each, replaced only where they still stand."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from dentalist.domain.accounts import (
    AccountKey,
    AccountToLink,
    Availability,
    ChannelType,
    Grant,
    LinkedAccount,
    Place,
    TokenKind,
)
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelDisconnected, ChannelNotFound, StoreUnavailable
from dentalist.domain.linking_errors import AccountAlreadyLinked
from dentalist.outbound.aws.keys import KeyService
from dentalist.storage.accounts import SupabaseAccounts, SupabaseLiveAccounts
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database
from dentalist.storage.vault import SecretUnreadable
from tests.database.outbound_builders import Clinic, find, make_clinic, rows, update
from tests.database.stack import SupabaseServer

Connection = psycopg.Connection[dict[str, Any]]
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
SCOPES = frozenset({"whatsapp_business_management", "whatsapp_business_messaging"})
CREDENTIALS = "marketing_channel_credentials"


def new_key() -> AccountKey:
    return AccountKey(str(uuid4().int)[:15], str(uuid4().int)[:15])


def make_account(key: AccountKey, **overrides: Any) -> AccountToLink:
    """A number whose access was proven."""
    defaults: dict[str, Any] = {
        "channel": ChannelType.WHATSAPP,
        "key": key,
        "grant": Grant("token-canary", expires_at=NOW + timedelta(days=60), scopes=SCOPES, user_id="holder"),
        "token_kind": TokenKind.SYSTEM,
        "issued_at": NOW,
        "data_access_expires_at": NOW + timedelta(days=90),
        "display_name": "Consultorio Prueba",
        "display_phone_number": "+5491150320009",
        "quality_rating": "GREEN",
        "messaging_limit": "TIER_1K",
        "registration_pin": "493027",
    }
    return AccountToLink(**{**defaults, **overrides})


@pytest.fixture
def accounts(store: Database, keys: KeyService, clinic: Clinic) -> SupabaseAccounts:
    return SupabaseAccounts(store, clinic.professional_id, Credentials(store, keys))


@pytest.fixture
def others(store: Database, keys: KeyService, db: Connection) -> SupabaseAccounts:
    """Another professional's."""
    return SupabaseAccounts(store, make_clinic(db).professional_id, Credentials(store, keys))


def link(accounts: SupabaseAccounts, clinic: Clinic, *to_link: AccountToLink) -> list[UUID]:
    places = accounts.places(to_link[0].channel, [account.key for account in to_link])
    return accounts.link(list(zip(places, to_link, strict=True)), actor_id=clinic.professional_id)


def audited(db: Connection, channel_id: UUID) -> list[str]:
    return [row["action"] for row in rows(db, "marketing_audit_logs", entity_id=channel_id)]


# ---- linking


def test_a_linked_account_comes_back_without_its_secrets_and_each_secret_by_its_own_way(
    accounts: SupabaseAccounts, clinic: Clinic, db: Connection
) -> None:
    key = new_key()

    (channel_id,) = link(accounts, clinic, make_account(key, grant=Grant("t", refresh_token="r", scopes=SCOPES)))

    account = accounts.get(channel_id)
    assert account == LinkedAccount(
        credential_id=account.credential_id,
        channel_id=channel_id,
        professional_id=clinic.professional_id,
        channel=ChannelType.WHATSAPP,
        status=ChannelStatus.CONNECTED,
        linked_at=account.linked_at,
        external_business_id=key.external_business_id,
        phone_number_id=key.phone_number_id,
        display_phone_number="+5491150320009",
        token_kind=TokenKind.SYSTEM,
        token_issued_at=NOW,
        data_access_expires_at=NOW + timedelta(days=90),
        has_refresh_token=True,
        scopes=tuple(sorted(SCOPES)),
    )
    assert accounts.access_token(account.credential_id) == "t"
    assert accounts.refresh_token(account.credential_id) == "r"
    assert accounts.registration_pin(account.credential_id) == "493027"
    channel = find(db, "marketing_channels", channel_id)
    assert (channel["display_name"], channel["quality_rating"], channel["throughput_per_second"]) == (
        "Consultorio Prueba",
        "GREEN",
        80,
    )
    assert audited(db, channel_id) == ["channel.linked"]


def test_no_secret_can_be_read_from_a_dump(accounts: SupabaseAccounts, clinic: Clinic, db: Connection) -> None:
    grant = Grant("token-canary", refresh_token="refresh-canary")
    link(accounts, clinic, make_account(new_key(), grant=grant, registration_pin="493027"))

    dumped = db.execute(f"select row::text as text from {CREDENTIALS} as row").fetchall()  # noqa: S608 - a constant

    text = " ".join(row["text"] for row in dumped)
    assert "canary" not in text
    assert "493027" not in text


def test_places_come_in_the_order_of_the_keys(
    accounts: SupabaseAccounts, others: SupabaseAccounts, clinic: Clinic
) -> None:
    own, taken, free = new_key(), new_key(), new_key()
    (channel_id,) = link(accounts, clinic, make_account(own))
    link(others, clinic, make_account(taken))

    places = accounts.places(ChannelType.WHATSAPP, [free, own, taken])

    assert [place.availability for place in places] == [Availability.FREE, Availability.OWN, Availability.TAKEN]
    account = accounts.get(channel_id)
    assert (places[1].credential_id, places[1].channel_id) == (account.credential_id, channel_id)
    assert places[2].channel_id is None, "whose it is is nobody's business"


def test_a_relink_replaces_the_secrets_of_the_same_row(
    accounts: SupabaseAccounts, clinic: Clinic, db: Connection
) -> None:
    key = new_key()
    (channel_id,) = link(accounts, clinic, make_account(key))
    accounts.mark(channel_id, ChannelStatus.REAUTH_REQUIRED, "password_changed", message="Volvé a vincular.")

    again = link(accounts, clinic, make_account(key, grant=Grant("new-token"), registration_pin=None))

    account = accounts.get(channel_id)
    assert again == [channel_id]
    assert (account.status, account.status_reason) == (ChannelStatus.CONNECTED, None)
    assert accounts.access_token(account.credential_id) == "new-token"
    assert accounts.registration_pin(account.credential_id) == "493027", "kept where none was given"
    assert audited(db, channel_id) == ["channel.linked", "channel.status_changed", "channel.relinked"]


def test_several_accounts_are_stored_all_or_none(
    accounts: SupabaseAccounts, others: SupabaseAccounts, clinic: Clinic, db: Connection
) -> None:
    mine, contested = new_key(), new_key()
    to_link = [make_account(mine), make_account(contested)]
    places = accounts.places(ChannelType.WHATSAPP, [mine, contested])
    link(others, clinic, make_account(contested))

    with pytest.raises(AccountAlreadyLinked):
        accounts.link(list(zip(places, to_link, strict=True)), actor_id=clinic.professional_id)

    assert rows(db, CREDENTIALS, phone_number_id=mine.phone_number_id) == []


def test_a_place_that_changed_meanwhile_is_asked_for_again_and_the_secret_opens_there(
    accounts: SupabaseAccounts, clinic: Clinic
) -> None:
    key = new_key()
    outdated = accounts.places(ChannelType.WHATSAPP, [key])
    (channel_id,) = link(accounts, clinic, make_account(key, grant=Grant("first")))

    again = accounts.link([(outdated[0], make_account(key, grant=Grant("second")))], actor_id=clinic.professional_id)

    assert again == [channel_id]
    assert accounts.access_token(accounts.get(channel_id).credential_id) == "second"


def test_a_store_that_keeps_changing_is_told_as_such(
    accounts: SupabaseAccounts, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    link(accounts, clinic, make_account(key))
    nowhere = Place(Availability.FREE, uuid4())
    monkeypatch.setattr(accounts, "places", lambda *_: [nowhere])

    with pytest.raises(StoreUnavailable):
        accounts.link([(nowhere, make_account(key))], actor_id=clinic.professional_id)


def test_a_calendar_takes_the_place_of_the_one_before(accounts: SupabaseAccounts, clinic: Clinic) -> None:
    calendar = {"channel": ChannelType.GOOGLE_CALENDAR, "token_kind": TokenKind.GOOGLE, "registration_pin": None}
    grant = Grant("hour", expires_at=NOW, refresh_token="lasting")
    first = link(accounts, clinic, make_account(AccountKey("a@example.com"), grant=grant, **calendar))

    second = link(accounts, clinic, make_account(AccountKey(None), grant=grant, **calendar))

    assert first == second
    assert accounts.get(first[0]).external_business_id is None


@contextmanager
def container(supabase: SupabaseServer, keys: KeyService, professional_id: UUID) -> Iterator[SupabaseAccounts]:
    with httpx.Client(timeout=20) as http:
        store = Database(supabase.url, supabase.secret_key, http=http)
        yield SupabaseAccounts(store, professional_id, Credentials(store, keys))


def test_of_professionals_who_link_the_same_numbers_at_once_one_has_them_all(
    supabase: SupabaseServer, keys: KeyService, db: Connection
) -> None:
    contested = [new_key(), new_key()]
    clinics = [make_clinic(db) for _ in range(6)]

    def link_both(number: int) -> str:
        clinic = clinics[number]
        with container(supabase, keys, clinic.professional_id) as accounts:
            asked = contested if number % 2 else contested[::-1]  # crosswise: nobody may wait for ever
            try:
                link(accounts, clinic, *[make_account(key, grant=Grant(f"token-{number}")) for key in asked])
            except AccountAlreadyLinked:
                return "refused"
            return "linked"

    with ThreadPoolExecutor(6) as pool:
        endings = list(pool.map(link_both, range(6)))

    assert sorted(endings) == ["linked"] + ["refused"] * 5
    winner = endings.index("linked")
    stored = [row for key in contested for row in rows(db, CREDENTIALS, phone_number_id=key.phone_number_id)]
    assert [row["professional_id"] for row in stored] == [clinics[winner].professional_id] * 2
    with container(supabase, keys, clinics[winner].professional_id) as accounts:
        assert {accounts.access_token(row["id"]) for row in stored} == {f"token-{winner}"}


def test_one_professional_who_links_twice_at_once_has_one_row_that_opens(
    supabase: SupabaseServer, keys: KeyService, clinic: Clinic, db: Connection
) -> None:
    key = new_key()

    def link_it(number: int) -> list[UUID]:
        with container(supabase, keys, clinic.professional_id) as accounts:
            return link(accounts, clinic, make_account(key, grant=Grant(f"token-{number}")))

    with ThreadPoolExecutor(4) as pool:
        channels = {channel_id for linked in pool.map(link_it, range(4)) for channel_id in linked}

    assert len(channels) == 1
    (row,) = rows(db, CREDENTIALS, phone_number_id=key.phone_number_id)
    with container(supabase, keys, clinic.professional_id) as accounts:
        assert accounts.access_token(row["id"]).startswith("token-")


# ---- reading


def read_access(accounts: SupabaseAccounts, credential_id: UUID) -> object:
    return accounts.access_token(credential_id)


def read_refresh(accounts: SupabaseAccounts, credential_id: UUID) -> object:
    return accounts.refresh_token(credential_id)


@pytest.mark.parametrize("read", [read_access, read_refresh])
def test_another_professionals_secrets_are_not_there(
    *,
    accounts: SupabaseAccounts,
    others: SupabaseAccounts,
    clinic: Clinic,
    read: Callable[[SupabaseAccounts, UUID], object],
) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key()))
    credential_id = accounts.get(channel_id).credential_id

    with pytest.raises(ChannelDisconnected):
        read(others, credential_id)
    assert others.registration_pin(credential_id) is None
    with pytest.raises(ChannelNotFound):
        others.get(channel_id)
    with pytest.raises(ChannelNotFound):
        others.disconnect(channel_id, actor_id=None, reason="x")


def test_a_dead_token_opens_only_for_whoever_knows_that_it_is_dead(accounts: SupabaseAccounts, clinic: Clinic) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key()))
    credential_id = accounts.get(channel_id).credential_id
    accounts.mark(channel_id, ChannelStatus.REAUTH_REQUIRED, "checkpoint", message="Entrá a Meta.")

    with pytest.raises(ChannelDisconnected):
        accounts.access_token(credential_id)
    assert accounts.access_token(credential_id, even_if_dead=True) == "token-canary"


def test_a_secret_in_another_column_does_not_open(accounts: SupabaseAccounts, clinic: Clinic, db: Connection) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key()))
    credential_id = accounts.get(channel_id).credential_id
    row = find(db, CREDENTIALS, credential_id)
    moved = {"refresh_token_encrypted": row["access_token_encrypted"]}
    moved["registration_pin_encrypted"] = row["access_token_encrypted"]
    update(db, CREDENTIALS, credential_id, **moved)

    with pytest.raises(SecretUnreadable):
        accounts.refresh_token(credential_id)
    assert accounts.registration_pin(credential_id) is None, "a number without a known PIN asks for one"


# ---- looking after


def test_a_token_is_replaced_once_by_whoever_read_it_first(
    accounts: SupabaseAccounts, clinic: Clinic, db: Connection
) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key(), grant=Grant("old", scopes=SCOPES)))
    account = accounts.get(channel_id)
    later = NOW + timedelta(days=30)
    grant = Grant("new", expires_at=later + timedelta(days=60))

    replaced = [
        accounts.replace_token(account, grant, replaces="old", facts={}, now=later),
        accounts.replace_token(account, Grant("other"), replaces="old", facts={}, now=later),
        accounts.replace_token(account, Grant("other"), replaces="never", facts={}, now=later),
    ]

    assert replaced == [True, False, False]
    after = accounts.get(channel_id)
    assert accounts.access_token(account.credential_id) == "new"
    assert (after.token_issued_at, after.token_expires_at) == (later, later + timedelta(days=60))
    assert (after.scopes, after.data_access_expires_at) == (tuple(sorted(SCOPES)), NOW + timedelta(days=90))
    assert audited(db, channel_id) == ["channel.linked", "channel.token_refreshed"]


def test_what_is_told_of_a_new_token_is_kept_with_it(accounts: SupabaseAccounts, clinic: Clinic) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key(), grant=Grant("old", refresh_token="r-1")))
    account = accounts.get(channel_id)
    issued_at, expires_at = NOW - timedelta(minutes=1), NOW + timedelta(days=1)
    facts: dict[str, Any] = {"token_issued_at": issued_at, "token_expires_at": expires_at}
    facts |= {"data_access_expires_at": None, "scopes": {"b", "a"}}

    accounts.replace_token(account, Grant("new", refresh_token="r-2"), replaces="old", facts=facts, now=NOW)

    after = accounts.get(channel_id)
    assert (after.token_issued_at, after.token_expires_at) == (issued_at, expires_at)
    assert after.data_access_expires_at is None
    assert after.scopes == ("a", "b")
    assert accounts.refresh_token(account.credential_id) == "r-2"


def test_of_many_refreshes_at_once_one_counts(
    supabase: SupabaseServer, keys: KeyService, accounts: SupabaseAccounts, clinic: Clinic
) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key(), grant=Grant("old")))
    account = accounts.get(channel_id)

    def refresh(number: int) -> bool:
        with container(supabase, keys, clinic.professional_id) as own:
            return own.replace_token(account, Grant(f"new-{number}"), replaces="old", facts={}, now=NOW)

    with ThreadPoolExecutor(6) as pool:
        replaced = list(pool.map(refresh, range(6)))

    assert sorted(replaced) == [False] * 5 + [True]
    assert accounts.access_token(account.credential_id) == f"new-{replaced.index(True)}"


def test_a_rotation_of_keys_in_between_costs_no_new_token(
    accounts: SupabaseAccounts, clinic: Clinic, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key(), grant=Grant("old")))
    account = accounts.get(channel_id)
    ask, rotations = SupabaseAccounts._rpc, iter(["rotated"])

    def rotate_before(self: SupabaseAccounts, function: str, **arguments: Any) -> Any:
        if function == "replace_token" and next(rotations, None):
            sealed = self._seal(account.credential_id, "access_token_encrypted", "whatsapp", "old")
            update(db, CREDENTIALS, account.credential_id, access_token_encrypted=sealed)
        return ask(self, function, **arguments)

    monkeypatch.setattr(SupabaseAccounts, "_rpc", rotate_before)

    assert accounts.replace_token(account, Grant("new"), replaces="old", facts={}, now=NOW)
    assert accounts.access_token(account.credential_id) == "new"


def test_a_refresh_does_not_revive_what_was_disconnected(accounts: SupabaseAccounts, clinic: Clinic) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key(), grant=Grant("old")))
    account = accounts.get(channel_id)
    accounts.disconnect(channel_id, actor_id=clinic.professional_id, reason="by_owner")

    assert not accounts.replace_token(account, Grant("new"), replaces="old", facts={}, now=NOW)
    with pytest.raises(ChannelDisconnected):
        accounts.access_token(account.credential_id, even_if_dead=True)


def test_a_check_is_recorded(accounts: SupabaseAccounts, clinic: Clinic, db: Connection) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key()))
    account = accounts.get(channel_id)
    facts = {"quality_rating": "YELLOW", "token_expires_at": NOW, "scopes": frozenset({"x"}), "on_phone_app": True}

    accounts.record_check(account, facts, now=NOW)

    after, channel = accounts.get(channel_id), find(db, "marketing_channels", channel_id)
    assert (after.token_expires_at, after.scopes, after.on_phone_app) == (NOW, ("x",), True)
    assert (channel["quality_rating"], channel["messaging_limit"]) == ("YELLOW", "TIER_1K")
    assert find(db, CREDENTIALS, account.credential_id)["token_checked_at"] == NOW


def test_a_mark_says_what_to_do_and_healing_takes_it_back(
    accounts: SupabaseAccounts, clinic: Clinic, db: Connection
) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key()))

    for _ in range(2):
        accounts.mark(channel_id, ChannelStatus.REAUTH_REQUIRED, "checkpoint", message="Entrá a Meta.")
    (alert,) = rows(db, "marketing_alerts", entity_id=channel_id)
    accounts.mark(channel_id, ChannelStatus.CONNECTED, None, message="", severity="info")

    assert (alert["message"], alert["severity"], alert["acknowledged_at"]) == ("Entrá a Meta.", "critical", None)
    (alert,) = rows(db, "marketing_alerts", entity_id=channel_id)
    assert alert["acknowledged_at"] is not None
    assert accounts.get(channel_id).status is ChannelStatus.CONNECTED


def test_a_verdict_about_an_earlier_link_changes_nothing(
    accounts: SupabaseAccounts, clinic: Clinic, db: Connection
) -> None:
    key = new_key()
    (channel_id,) = link(accounts, clinic, make_account(key))
    before = accounts.get(channel_id)
    link(accounts, clinic, make_account(key, grant=Grant("newer")))

    accounts.record_check(before, {"quality_rating": "RED", "token_expires_at": NOW}, now=NOW)
    told = {"message": "Volvé a vincular.", "linked_at": before.linked_at}
    accounts.mark(channel_id, ChannelStatus.REAUTH_REQUIRED, "token_expired", **told)

    after = accounts.get(channel_id)
    assert (after.status, after.status_reason) == (ChannelStatus.CONNECTED, None)
    assert after.token_expires_at != NOW
    assert rows(db, "marketing_alerts", entity_id=channel_id) == []
    accounts.mark(channel_id, ChannelStatus.REAUTH_REQUIRED, "token_expired", message="x", linked_at=after.linked_at)
    assert accounts.get(channel_id).status is ChannelStatus.REAUTH_REQUIRED


def test_an_alert_is_raised_once_per_key(accounts: SupabaseAccounts, clinic: Clinic, db: Connection) -> None:
    (channel_id,) = link(accounts, clinic, make_account(new_key()))

    for key in ("a", "a", "b"):
        accounts.alert(channel_id, "token_expiring", "warning", "Vence pronto.", dedup_key=key)

    raised = rows(db, "marketing_alerts", entity_id=channel_id)
    assert [(row["kind"], row["severity"], row["dedup_key"]) for row in raised] == [
        ("token_expiring", "warning", "a"),
        ("token_expiring", "warning", "b"),
    ]


def test_a_disconnect_erases_every_secret_and_counts_who_is_left(
    accounts: SupabaseAccounts, clinic: Clinic, db: Connection
) -> None:
    waba_id = str(uuid4().int)[:15]
    keys = [AccountKey(waba_id, str(uuid4().int)[:15]) for _ in range(2)]
    grant = Grant("t", refresh_token="r", user_id="holder")
    first, second = link(accounts, clinic, *[make_account(key, grant=grant) for key in keys])
    credential_id = accounts.get(first).credential_id

    left = [accounts.disconnect(one, actor_id=clinic.professional_id, reason="by_owner") for one in (first, second)]

    assert left == [1, 0]
    row = find(db, CREDENTIALS, credential_id)
    assert {row[column] for column in row if column.endswith("_encrypted")} == {None}
    assert (row["status"], row["status_reason"], row["meta_user_id"]) == ("disconnected", "by_owner", None)
    assert audited(db, first) == ["channel.linked", "channel.disconnected"]


def test_what_is_alive_is_looked_after_page_by_page(
    store: Database, accounts: SupabaseAccounts, others: SupabaseAccounts, clinic: Clinic
) -> None:
    alive = [link(one, clinic, make_account(new_key()))[0] for one in (accounts, others, accounts)]
    dead, gone, healing = [link(accounts, clinic, make_account(new_key()))[0] for _ in range(3)]
    accounts.mark(dead, ChannelStatus.REAUTH_REQUIRED, "password_changed", message="x")
    accounts.mark(healing, ChannelStatus.REAUTH_REQUIRED, "checkpoint", message="x")
    accounts.disconnect(gone, actor_id=None, reason="by_owner")

    live = SupabaseLiveAccounts(store)
    seen: list[LinkedAccount] = []
    while page := live.to_look_after(limit=2, after=seen[-1].credential_id if seen else None):
        assert len(page) <= 2
        seen += page

    ours = {account.channel_id for account in seen} & {*alive, dead, gone, healing}
    assert ours == {*alive, healing}
    assert [account.credential_id for account in seen] == sorted(account.credential_id for account in seen)
