"""What the assistant asks of a person: once per conversation and kind, until somebody has seen to it."""

from uuid import uuid4

from tests.database.inbound_builders import Office, make_office, write
from tests.database.outbound_builders import Connection, Row, rows, rpc


def raise_task(db: Connection, office: Office, conversation_id: object, kind: str = "missing_fact") -> Row:
    answer: Row = rpc(
        db,
        "raise_task",
        professional_id=office.id,
        conversation_id=conversation_id,
        kind=kind,
        message="Falta.",
    )
    return answer


def test_an_open_task_of_a_kind_is_raised_once_for_each_conversation(db: Connection) -> None:
    office = make_office(db)
    one, other = write(db, office), write(db, office, phone="+5491155550999")

    for conversation in (one, one, other):
        assert raise_task(db, office, conversation)["outcome"] == "raised"
    raise_task(db, office, one, kind="cancel_request")

    alerts = [(row["kind"], row["severity"], row["entity_id"]) for row in rows(db, "marketing_alerts")]
    assert alerts == [("missing_fact", "info", one), ("missing_fact", "info", other), ("cancel_request", "info", one)]


def test_a_task_that_was_seen_to_may_be_raised_again(db: Connection) -> None:
    office = make_office(db)
    conversation = write(db, office)
    raise_task(db, office, conversation)
    db.execute("update marketing_alerts set acknowledged_at = now()")

    raise_task(db, office, conversation)

    assert len(rows(db, "marketing_alerts")) == 2


def test_another_professionals_conversation_does_not_exist(db: Connection) -> None:
    office, stranger = make_office(db), make_office(db)
    conversation = write(db, office)

    assert raise_task(db, stranger, conversation) == {"outcome": "not_found"}
    assert raise_task(db, office, uuid4()) == {"outcome": "not_found"}
    assert rows(db, "marketing_alerts") == []
