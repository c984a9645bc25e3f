"""Templates belong to the WhatsApp account: every number of it has what Meta lists, and no other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.database.accounts_builders import disconnect, instagram, linked, make_professional, number
from tests.database.outbound_builders import Clinic, Connection, Row, find, rows, rpc


@pytest.fixture
def ana(db: Connection) -> UUID:
    return make_professional(db)


@pytest.fixture
def clinic(db: Connection, ana: UUID) -> Clinic:
    return linked(db, ana, number())


def template(name: str = "recordatorio", **overrides: Any) -> Row:
    defaults = {
        "external_id": f"77{len(name)}",
        "language": "es_AR",
        "category": "UTILITY",
        "status": "APPROVED",
        "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": "Hola {{first_name}}"}],
        "rejection_reason": None,
    }
    return {"name": name, **defaults, **overrides}


def keep(db: Connection, clinic: Clinic, *templates: Row, complete: bool = False) -> Row:
    answer: Row = rpc(
        db,
        "keep_templates",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        templates=list(templates),
        complete=complete,
    )
    return answer


def kept(db: Connection, clinic: Clinic) -> dict[str, str]:
    return {row["name"]: row["status"] for row in rows(db, "marketing_templates", channel_id=clinic.channel_id)}


def test_a_template_is_kept_as_meta_lists_it(db: Connection, clinic: Clinic) -> None:
    told = template(status="REJECTED", rejection_reason="INVALID_FORMAT")

    assert keep(db, clinic, told)["outcome"] == "kept"

    (row,) = rows(db, "marketing_templates")
    assert {key: row[key] for key in told} == told
    assert (row["professional_id"], row["channel_id"]) == (clinic.professional_id, clinic.channel_id)


def test_every_live_number_of_the_account_has_it_and_no_other(db: Connection, ana: UUID, clinic: Clinic) -> None:
    sibling, dead = linked(db, ana, number("31002")), linked(db, ana, number("31003"))
    elsewhere = linked(db, ana, number("31004", waba_id="another"))
    theirs = linked(db, make_professional(db), number("31005"))
    social = linked(db, ana, instagram(number()["external_business_id"]))
    disconnect(db, dead)

    assert keep(db, clinic, template(), template("aviso"))["channels"] == 2

    for has in (clinic, sibling):
        assert kept(db, has) == {"recordatorio": "APPROVED", "aviso": "APPROVED"}
    for has_not in (dead, elsewhere, theirs, social):
        assert kept(db, has_not) == {}


def test_what_meta_says_later_takes_the_place_of_what_it_said(db: Connection, clinic: Clinic) -> None:
    keep(db, clinic, template(status="PENDING"))
    (before,) = rows(db, "marketing_templates")

    keep(db, clinic, template(category="MARKETING", components=[]))

    after = find(db, "marketing_templates", before["id"])
    assert (after["status"], after["category"], after["components"]) == ("APPROVED", "MARKETING", [])


def test_a_template_that_says_nothing_new_is_left_alone(db: Connection, clinic: Clinic) -> None:
    keep(db, clinic, template())
    before = rows(db, "marketing_templates")

    keep(db, clinic, template(), complete=True)

    assert rows(db, "marketing_templates") == before


def test_what_a_complete_list_does_not_name_is_gone(db: Connection, ana: UUID, clinic: Clinic) -> None:
    sibling = linked(db, ana, number("31002"))
    elsewhere = linked(db, ana, number("31004", waba_id="another"))
    for one in (clinic, elsewhere):
        keep(db, one, template(), template("aviso"), template("aviso", language="en_US"))

    assert keep(db, clinic, template(), template("aviso", language="en_US"), complete=True)["deleted"] == 2

    for one in (clinic, sibling):
        found = rows(db, "marketing_templates", channel_id=one.channel_id)
        assert {(row["name"], row["language"]): row["status"] for row in found} == {
            ("recordatorio", "es_AR"): "APPROVED",
            ("aviso", "es_AR"): "DELETED",
            ("aviso", "en_US"): "APPROVED",
        }
    assert "DELETED" not in kept(db, elsewhere).values()


def test_a_list_that_is_not_complete_ends_nothing(db: Connection, clinic: Clinic) -> None:
    keep(db, clinic, template(), template("aviso"))

    keep(db, clinic, template())

    assert kept(db, clinic) == {"recordatorio": "APPROVED", "aviso": "APPROVED"}


def test_an_account_without_templates_ends_them_all(db: Connection, clinic: Clinic) -> None:
    keep(db, clinic, template(), template("aviso"))

    keep(db, clinic, complete=True)

    assert kept(db, clinic) == {"recordatorio": "DELETED", "aviso": "DELETED"}


def test_a_template_that_is_back_is_no_longer_deleted(db: Connection, clinic: Clinic) -> None:
    keep(db, clinic, template())
    keep(db, clinic, complete=True)

    keep(db, clinic, template(status="PENDING"))

    assert kept(db, clinic) == {"recordatorio": "PENDING"}


def test_a_template_that_is_named_twice_is_kept_once(db: Connection, clinic: Clinic) -> None:
    keep(db, clinic, template(), template())

    assert len(rows(db, "marketing_templates")) == 1


def test_metas_word_for_no_reason_is_no_reason(db: Connection, clinic: Clinic) -> None:
    keep(db, clinic, template(rejection_reason="NONE"))

    assert rows(db, "marketing_templates")[0]["rejection_reason"] is None


def test_channels_that_have_no_templates_are_not_found(db: Connection, ana: UUID, clinic: Clinic) -> None:
    theirs = Clinic(make_professional(db), clinic.channel_id, clinic.credential_id, clinic.phone_number_id)
    social = linked(db, ana, instagram())
    disconnect(db, clinic)

    for none in (theirs, social, clinic):
        assert keep(db, none, template(), complete=True) == {"outcome": "not_found"}
    assert rows(db, "marketing_templates") == []
