"""The clinic's own data: what may be changed, and what the audit says of it."""

from datetime import date
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from dentalist.domain.clinic import Clinic
from tests.database.inbound_builders import make_office
from tests.database.outbound_builders import Connection, find, insert, make_clinic, make_conversation, rows, rpc

ACTOR = uuid4()
HOURS = {"mon": [["09:00", "13:00"]], "sun": []}


def make_professional(db: Connection, **columns: Any) -> str:
    return str(make_clinic(db, **columns).professional_id)


def change(db: Connection, professional_id: str, **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = rpc(db, "update_clinic", professional_id=professional_id, actor_id=ACTOR, changes=changes)
    return answer


def audits(db: Connection) -> list[dict[str, Any]]:
    return rows(db, "marketing_audit_logs", action="clinic.updated")


def test_named_columns_change_and_the_others_stay(db: Connection) -> None:
    professional_id = make_professional(db, phone="+541155550100", price_list=[{"treatment": "Limpieza"}])

    answer = change(db, professional_id, opening_hours=HOURS, phone=None, buffer_minutes=10)

    row = find(db, "professionals", professional_id)
    assert answer["outcome"] == "updated"
    assert answer["clinic"]["id"] == professional_id
    assert (row["opening_hours"], row["phone"], row["buffer_minutes"]) == (HOURS, None, 10)
    assert row["price_list"] == [{"treatment": "Limpieza"}]


def test_the_audit_says_before_and_after_of_what_differs_and_who_it_was(db: Connection) -> None:
    professional_id = make_professional(db, phone="+541155550100", address="Av. Mitre 1")

    change(db, professional_id, phone="+541155550101", address="Av. Mitre 1", closures=[])

    (audit,) = audits(db)
    assert audit["actor_id"] == ACTOR
    assert str(audit["entity_id"]) == professional_id
    assert audit["payload"] == {
        "before": {"phone": "+541155550100", "closures": None},
        "after": {"phone": "+541155550101", "closures": []},
    }


@pytest.mark.parametrize(
    "same", [{}, {"price_list": [{"treatment": "Limpieza", "price": 100.0}]}, {"address": None, "buffer_minutes": 5}]
)
def test_the_same_values_change_nothing_and_are_not_audited(db: Connection, same: dict[str, Any]) -> None:
    professional_id = make_professional(db, price_list=[{"treatment": "Limpieza", "price": 100}], buffer_minutes=5)

    answer = change(db, professional_id, **same)

    assert (answer["outcome"], answer["clinic"]["buffer_minutes"]) == ("unchanged", 5)
    assert audits(db) == []


def test_null_erases_also_what_is_json(db: Connection) -> None:
    professional_id = make_professional(db, opening_hours=HOURS, insurances=["OSDE"])

    change(db, professional_id, opening_hours=None, insurances=None)

    (row,) = db.execute(
        "select opening_hours is null as hours, insurances is null as insurances from professionals where id = %s",
        [professional_id],
    ).fetchall()
    assert row == {"hours": True, "insurances": True}
    assert audits(db)[0]["payload"]["after"] == {"opening_hours": None, "insurances": None}


@pytest.mark.parametrize("column", ["name", "email", "marketing_enabled", "id", "created_at", "nothing_of_the_kind"])
def test_what_belongs_to_the_host_application_cannot_be_changed_here(db: Connection, column: str) -> None:
    professional_id = make_professional(db)

    with pytest.raises(psycopg.errors.RaiseException):
        change(db, professional_id, phone="+541155550101", **{column: "x"})

    assert find(db, "professionals", professional_id)["phone"] is None


@pytest.mark.parametrize(
    "refused", [{"timezone": "Mars/Olympus"}, {"timezone": None}, {"country": "ar"}, {"appointment_minutes": 1}]
)
def test_what_a_constraint_of_the_table_refuses_changes_nothing(db: Connection, refused: dict[str, Any]) -> None:
    professional_id = make_professional(db)

    assert change(db, professional_id, phone="+541155550101", **refused) == {"outcome": "refused"}

    assert find(db, "professionals", professional_id)["phone"] is None
    assert audits(db) == []


def test_another_professional_stays_as_they_are_and_an_unknown_one_is_not_found(db: Connection) -> None:
    mine, other = make_professional(db), make_professional(db, phone="+541155550100")

    change(db, mine, phone="+541155550101")

    assert find(db, "professionals", other)["phone"] == "+541155550100"
    assert change(db, str(uuid4()), phone="+541155550101") == {"outcome": "not_found"}


def test_the_assistant_gets_the_holidays_that_are_opened_with_everything_else(db: Connection) -> None:
    office = make_office(db, holiday_country="AR")
    conversation_id = make_conversation(db, office.clinic)
    db.execute("update marketing_conversations set answer_due_at = now() where id = %s", [conversation_id])
    change(db, str(office.id), open_holidays=["2026-12-25"])

    claim = rpc(db, "claim_answer", conversation_id=conversation_id, lease_seconds=60, history=10)

    clinic = Clinic.from_row(claim["professional"])
    assert (clinic.holiday_country, clinic.open_holidays) == ("AR", {date(2026, 12, 25)})


def test_an_audit_row_names_the_request_it_came_with(db: Connection) -> None:
    professional_id = make_professional(db)
    with db.transaction():
        db.execute("select set_config('app.correlation_id', 'request-1', true)")
        change(db, professional_id, phone="+541155550101")

    assert audits(db)[0]["correlation_id"] == "request-1"


def test_an_alert_is_acknowledged_once_and_by_whoever_was_first(db: Connection) -> None:
    professional_id, second = make_professional(db), uuid4()
    alert = insert(
        db, "marketing_alerts", professional_id=professional_id, kind="handoff", severity="warning", message="Mirá."
    )
    asked = {"professional_id": professional_id, "alert_id": alert["id"]}

    first = rpc(db, "acknowledge_alert", **asked, actor_id=ACTOR)
    again = rpc(db, "acknowledge_alert", **asked, actor_id=second)

    assert (first["outcome"], again["outcome"]) == ("acknowledged", "unchanged")
    assert first["alert"] == again["alert"]
    row = find(db, "marketing_alerts", alert["id"])
    assert (row["acknowledged_by"], row["acknowledged_at"] is not None) == (ACTOR, True)
    (audit,) = rows(db, "marketing_audit_logs", action="alert.acknowledged")
    assert (audit["actor_id"], audit["entity_id"]) == (ACTOR, alert["id"])
    assert audit["payload"] == {"kind": "handoff", "severity": "warning"}


def test_another_professional_s_alert_does_not_exist(db: Connection) -> None:
    mine, other = make_professional(db), make_professional(db)
    alert = insert(db, "marketing_alerts", professional_id=other, kind="x", severity="info", message="x")

    answer = rpc(db, "acknowledge_alert", professional_id=mine, alert_id=alert["id"], actor_id=ACTOR)

    assert answer == {"outcome": "not_found"}
    assert find(db, "marketing_alerts", alert["id"])["acknowledged_at"] is None
