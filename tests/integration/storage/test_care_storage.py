"""Looking after accounts in the real store, with strict providers: what is renewed, marked and told is there."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from dentalist.domain.accounts import AccountKey, AccountToLink, ChannelType, Grant, TokenKind
from dentalist.domain.channel_health import diagnose, restored_sentence
from dentalist.domain.errors import ChannelDisconnected, ChannelNotFound
from dentalist.outbound.aws.keys import KeyService
from dentalist.services.accounts.disconnect_channel import disconnect_channel
from dentalist.services.accounts.look_after_account import Look, look_after_account
from dentalist.services.accounts.look_after_accounts import look_after_accounts
from dentalist.services.accounts.ports_care import Care
from dentalist.services.accounts.refresh_channel import refresh_channel
from dentalist.storage.accounts import SupabaseAccounts, SupabaseLiveAccounts
from dentalist.storage.channel_tests import SupabaseChannelTests
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database
from tests.database.outbound_builders import Clinic, find, make_clinic, rows, rpc
from tests.fakes_providers import INSTAGRAM_SCOPES
from tests.strict_providers import LIFE, StrictWorld

Connection = psycopg.Connection[dict[str, Any]]


class Practice:
    """A clinic whose Instagram account is linked now and lives in a strict world."""

    def __init__(self, store: Database, keys: KeyService, clinic: Clinic, db: Connection) -> None:
        self.db, self.clinic = db, clinic
        self.world = StrictWorld(now=datetime.now(UTC).replace(microsecond=0))
        self.accounts = SupabaseAccounts(store, clinic.professional_id, Credentials(store, keys))
        self.care = Care(self.accounts, self.world.providers())
        account_id = str(uuid4().int)[:17]
        self.world.account = self.world.account.__class__(account_id, "consultorio", None, "BUSINESS")
        token = self.world.issue(TokenKind.INSTAGRAM, holder=account_id)
        self.world.spoils = {"holder": account_id}
        self.channel_id = self._link(account_id, Grant(token.text, token.ends_at, scopes=INSTAGRAM_SCOPES))

    def _link(self, account_id: str, grant: Grant) -> UUID:
        to_link = AccountToLink(
            ChannelType.INSTAGRAM, AccountKey(account_id), grant, TokenKind.INSTAGRAM, self.world.now
        )
        [place] = self.accounts.places(ChannelType.INSTAGRAM, [to_link.key])
        [channel_id] = self.accounts.link([(place, to_link)], actor_id=self.clinic.professional_id)
        return channel_id

    def look_after(self, days: float) -> Look:
        self.world.now += timedelta(days=days)
        return look_after_account(self.accounts.get(self.channel_id), care=self.care, now=self.world.now)

    @property
    def token(self) -> str:
        return self.accounts.access_token(self.accounts.get(self.channel_id).credential_id, even_if_dead=True)

    def alerts(self) -> list[tuple[str, str, str]]:
        """Of this channel that nobody has acknowledged."""
        found = rows(self.db, "marketing_alerts", entity_id=self.channel_id)
        return [(row["kind"], row["severity"], row["message"]) for row in found if row["acknowledged_at"] is None]


@pytest.fixture
def practice(
    store: Database, keys: KeyService, clinic: Clinic, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> Practice:
    # The strict world knows one Instagram account; here every test has an account of its own.
    practice = Practice(store, keys, clinic, db)
    monkeypatch.setattr("tests.strict_providers.INSTAGRAM_ID", practice.world.account.id)
    return practice


def test_a_renewed_token_is_stored_sealed_with_its_new_life(practice: Practice) -> None:
    before = practice.token

    look, again = practice.look_after(31), practice.look_after(0)

    account = practice.accounts.get(practice.channel_id)
    assert (look.is_renewed, again.is_renewed) == (True, False)
    assert practice.token != before
    assert practice.world.is_good(practice.token)
    assert (account.token_issued_at, account.token_expires_at) == (practice.world.now, practice.world.now + LIFE)
    row = find(practice.db, "marketing_channel_credentials", account.credential_id)
    assert practice.token not in str(row)
    assert row["token_refreshed_at"] == practice.world.now


def test_a_dead_account_is_marked_and_told_and_found_well_again(practice: Practice) -> None:
    told = diagnose("checkpoint", ChannelType.INSTAGRAM)
    token = practice.world.tokens[practice.token]
    token.dead_because = "checkpoint"

    practice.look_after(1)
    practice.look_after(1)

    account = practice.accounts.get(practice.channel_id)
    assert (account.status, account.status_reason) == (told.status, "checkpoint")
    assert practice.alerts() == [("channel_dead", "critical", told.sentence)]

    token.dead_because = None
    assert practice.look_after(1).is_healed
    account = practice.accounts.get(practice.channel_id)
    assert (account.status, account.status_reason) == ("connected", None)
    assert practice.alerts() == [("channel_restored", "info", restored_sentence(ChannelType.INSTAGRAM))]


def test_a_warning_that_was_acknowledged_does_not_come_back(practice: Practice) -> None:
    practice.world.extends = False
    practice.look_after(47)
    assert [(kind, severity) for kind, severity, _ in practice.alerts()] == [("token_expiring", "info")]
    practice.db.execute("update marketing_alerts set acknowledged_at = now() where kind = 'token_expiring'")

    practice.look_after(1)

    assert practice.alerts() == []


def test_the_daily_run_finds_the_account_among_all(practice: Practice, store: Database) -> None:
    mine = practice.clinic.professional_id
    seen: list[UUID] = []
    before = practice.token

    def care_of(professional_id: UUID) -> Care:
        seen.append(professional_id)
        if professional_id != mine:
            raise KeyError("another test's")
        return practice.care

    practice.world.now += timedelta(days=31)
    looked = look_after_accounts(
        SupabaseLiveAccounts(store), care_of=care_of, now=practice.world.now, budget=timedelta(minutes=2), threads=2
    )

    assert seen.count(mine) == 1
    assert looked.renewed == 1
    assert practice.token != before


def test_asking_for_a_renewal_answers_how_the_account_stands(practice: Practice) -> None:
    practice.world.now += timedelta(days=2)

    outcome = refresh_channel(practice.channel_id, care=practice.care, now=practice.world.now)

    assert (outcome.refreshed, outcome.account.token_expires_at) == (True, practice.world.now + LIFE)


def test_what_is_taken_off_is_erased_and_its_webhooks_end(practice: Practice) -> None:
    credential_id = practice.accounts.get(practice.channel_id).credential_id

    disconnect_channel(practice.channel_id, care=practice.care, actor_id=practice.clinic.professional_id)
    disconnect_channel(practice.channel_id, care=practice.care, actor_id=practice.clinic.professional_id)

    assert not practice.world.subscribed
    assert find(practice.db, "marketing_channel_credentials", credential_id)["access_token_encrypted"] is None
    with pytest.raises(ChannelDisconnected):
        refresh_channel(practice.channel_id, care=practice.care, now=practice.world.now)


def test_a_test_event_counts_for_the_test_it_was_sent_for(
    store: Database, clinic: Clinic, db: Connection, practice: Practice
) -> None:
    tests = SupabaseChannelTests(store, clinic.professional_id)
    tests.begin(practice.channel_id, "first")
    tests.begin(practice.channel_id, "second")
    account_id = practice.accounts.get(practice.channel_id).external_business_id
    event = {
        "kind": "self_test",
        "object": "instagram",
        "field": "dentalist_self_test",
        "channel_type": "instagram",
        "account_id": account_id,
        "received_at": datetime.now(UTC).isoformat(),
        "raw": {"nonce": "second"},
    }

    rpc(db, "ingest_event", event={**event, "nonce": "first"}, debounce_seconds=0)
    assert not tests.received(practice.channel_id, "second")
    rpc(db, "ingest_event", event={**event, "nonce": "second"}, debounce_seconds=0)

    assert tests.received(practice.channel_id, "second")
    assert not tests.received(practice.channel_id, "first")


def test_another_professionals_channel_cannot_be_tested(store: Database, db: Connection, practice: Practice) -> None:
    stranger = SupabaseChannelTests(store, make_clinic(db).professional_id)

    with pytest.raises(ChannelNotFound):
        stranger.begin(practice.channel_id, "nonce")
    assert not stranger.received(practice.channel_id, "nonce")
