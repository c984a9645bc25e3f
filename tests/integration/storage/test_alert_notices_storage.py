"""Telling critical alerts with the real store: what is due is read, and what became of it is there."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from dentalist.domain.errors import ChannelDisconnected
from dentalist.domain.notices import Medium, Notice
from dentalist.services.notify_alerts import notify_alerts
from dentalist.services.ports_alerts import NoticeOutcome
from dentalist.storage.alert_notices import SupabaseNotices
from dentalist.storage.database import Database
from dentalist.storage.sweeps import SupabaseSweeps
from tests.database.alert_builders import ALERT_PHONE, approve_notice, raise_alert
from tests.database.outbound_builders import Clinic, rows, update
from tests.fakes_alerts import AlertWorld

Connection = psycopg.Connection[dict[str, Any]]


@pytest.fixture(autouse=True)
def emergency(db: Connection, clinic: Clinic) -> None:
    """An emergency at a clinic that can be told of it; what other tests left open is seen to."""
    db.execute("update marketing_alerts set acknowledged_at = now() where acknowledged_at is null")
    update(db, "professionals", clinic.professional_id, alert_phone=ALERT_PHONE, country="AR")
    approve_notice(db, clinic)
    raise_alert(db, clinic)


def claim(store: Database) -> dict[Medium, Notice]:
    return {notice.medium: notice for notice in SupabaseNotices(store).claim(limit=10, lease_seconds=60)}


def log_of(db: Connection, clinic: Clinic) -> dict[str, tuple[str, str | None]]:
    found = rows(db, "marketing_alert_deliveries", professional_id=clinic.professional_id)
    return {row["medium"]: (row["status"], row["reason"]) for row in found}


def test_an_alert_is_told_once_and_the_log_says_so(store: Database, db: Connection, clinic: Clinic) -> None:
    world = AlertWorld()
    sweeps = SupabaseSweeps(store)
    assert sweeps.alert_notices_due()

    for _ in range(2):
        notify_alerts(SupabaseNotices(store), desk=world.desk, budget=timedelta(minutes=1))

    assert world.mailer is not None
    assert (len(world.mailer.sent), world.numbers.asked) == (1, [clinic.phone_number_id])
    assert log_of(db, clinic) == {"email": ("sent", None), "whatsapp": ("sent", None)}
    assert not sweeps.alert_notices_due()


def test_what_is_read_leads_to_the_number_and_the_template(store: Database, clinic: Clinic) -> None:
    notice = claim(store)[Medium.WHATSAPP]

    [number] = notice.usable_numbers
    assert (number.credential_id, number.phone_number_id) == (clinic.credential_id, clinic.phone_number_id)
    assert notice.professional.alert_phone == ALERT_PHONE
    assert notice.obstacle is None


def test_a_dead_number_leaves_the_mail_alone(store: Database, db: Connection, clinic: Clinic) -> None:
    world = AlertWorld()
    world.numbers.unopened[clinic.phone_number_id] = ChannelDisconnected()

    notify_alerts(SupabaseNotices(store), desk=world.desk, budget=timedelta(minutes=1))

    assert log_of(db, clinic) == {"email": ("sent", None), "whatsapp": ("failed", "channel_disconnected")}


def test_a_settled_notice_says_where_it_stands(store: Database) -> None:
    told, notices = claim(store), SupabaseNotices(store)

    assert notices.settle(told[Medium.EMAIL], NoticeOutcome("later", "mail_unavailable")) == "pending"
    assert notices.settle(told[Medium.WHATSAPP], NoticeOutcome("sent", external_id="wamid.1")) == "sent"
    assert notices.settle(told[Medium.WHATSAPP], NoticeOutcome("sent")) is None  # the lease is over


def test_a_template_of_a_strange_shape_costs_whatsapp_alone(store: Database, db: Connection, clinic: Clinic) -> None:
    db.execute("update marketing_templates set components = '[7]' where channel_id = %s", [clinic.channel_id])

    notify_alerts(SupabaseNotices(store), desk=AlertWorld().desk, budget=timedelta(minutes=1))

    assert log_of(db, clinic) == {"email": ("sent", None), "whatsapp": ("skipped", "no_template")}


def test_a_notice_that_cannot_be_read_does_not_cost_the_others(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rpc = store.rpc

    def with_a_strange_one(function: str, arguments: Any) -> Any:
        return [{"delivery_id": "of a shape that we do not know"}, *rpc(function, arguments)]

    monkeypatch.setattr(store, "rpc", with_a_strange_one)

    assert set(claim(store)) == set(Medium)
