"""What the channels page shows of a professional's accounts, and what may be set there."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.database.accounts_builders import (
    NOW,
    audited,
    calendar,
    credential_of,
    disconnect,
    instagram,
    instant,
    linked,
    make_professional,
    mark,
    number,
    overview,
)
from tests.database.outbound_builders import Clinic, Connection, Row, insert, make_template, rows, rpc, snapshot, update

KEYS = {
    "id",
    "type",
    "status",
    "status_reason",
    "ai_enabled",
    "ai_mode",
    "ai_persona",
    "ai_provider",
    "ai_model",
    "has_own_key",
    "settings",
    "display_name",
    "display_phone_number",
    "phone_number_id",
    "external_business_id",
    "quality_rating",
    "messaging_limit",
    "throughput_per_second",
    "on_phone_app",
    "token_kind",
    "token_expires_at",
    "data_access_expires_at",
    "token_checked_at",
    "scopes",
    "payment_problem_at",
    "tested_at",
    "linked_at",
    "usage",
    "templates",
}


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return linked(db, make_professional(db), number())


def only_channel(db: Connection, clinic: Clinic) -> Row:
    (row,) = overview(db, clinic.professional_id)
    return row


# ---- what is shown ---------------------------------------------------------------------------------------------------


def test_a_channel_is_shown_with_all_that_is_known_of_it_but_its_secrets(db: Connection, clinic: Clinic) -> None:
    secret = {"ai_api_key_encrypted": "v1.llm", "refresh_token_encrypted": "v1.refresh"}
    update(db, "marketing_channel_credentials", clinic.credential_id, **secret)

    row = only_channel(db, clinic)

    assert set(row) == KEYS
    assert "v1." not in str(row)
    account = number()
    same = (
        "display_name",
        "display_phone_number",
        "quality_rating",
        "messaging_limit",
        "throughput_per_second",
        "phone_number_id",
        "external_business_id",
        "token_kind",
        "scopes",
        "on_phone_app",
    )
    assert {key: row[key] for key in same} == {key: account[key] for key in same}
    assert (row["id"], row["type"], row["status"], row["status_reason"]) == (
        str(clinic.channel_id),
        "whatsapp",
        "connected",
        None,
    )
    assert (row["ai_enabled"], row["ai_mode"], row["ai_persona"], row["settings"]) == (True, "auto", {}, {})
    assert row["has_own_key"]
    assert instant(row["token_expires_at"]) > instant(row["token_checked_at"]) >= NOW
    assert row["templates"] == []


def test_the_channels_of_a_professional_are_the_oldest_first_and_nobody_elses(db: Connection, clinic: Clinic) -> None:
    ana, bruno = clinic.professional_id, make_professional(db)
    others = [linked(db, ana, account) for account in (instagram(), calendar())]
    theirs = linked(db, bruno, number("31777"))

    shown = [row["id"] for row in overview(db, ana)]

    assert shown == [str(one.channel_id) for one in (clinic, *others)]
    assert [row["id"] for row in overview(db, bruno)] == [str(theirs.channel_id)]
    assert overview(db, make_professional(db)) == []


def test_dead_and_disconnected_channels_are_shown_with_their_cause(db: Connection, clinic: Clinic) -> None:
    mark(db, clinic, "reauth_required", "password_changed")
    assert (only_channel(db, clinic)["status"], only_channel(db, clinic)["status_reason"]) == (
        "reauth_required",
        "password_changed",
    )

    disconnect(db, clinic, "requested")

    row = only_channel(db, clinic)
    assert (row["status"], row["status_reason"], row["has_own_key"]) == ("disconnected", "requested", False)
    assert (row["token_expires_at"], row["scopes"]) == (None, None)


def test_the_usage_is_the_one_of_this_month_where_the_professional_is(db: Connection) -> None:
    for timezone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # 25 hours apart: never the same day
        clinic = linked(db, make_professional(db, timezone=timezone), number(uuid4().hex))
        month = db.execute("select date_trunc('month', now() at time zone %s)::date as first", [timezone]).fetchone()
        assert month is not None
        for first, count in ((month["first"], 12), (month["first"].replace(year=2020), 99)):
            insert(
                db,
                "marketing_channel_usage",
                professional_id=clinic.professional_id,
                channel_id=clinic.channel_id,
                month=first,
                service_messages=count,
            )

        usage = only_channel(db, clinic)["usage"]

        assert usage == {"month": f"{month['first']:%Y-%m}", "service_messages": 12, "free": 1000}


def test_a_number_that_sent_nothing_has_used_nothing(db: Connection, clinic: Clinic) -> None:
    usage = only_channel(db, clinic)["usage"]

    assert (usage["service_messages"], usage["free"]) == (0, 1000)


def test_templates_are_shown_with_what_meta_said(db: Connection, clinic: Clinic) -> None:
    make_template(db, clinic, name="recordatorio", components=[{"type": "BODY", "text": "Hola {{1}}, vení."}])
    named: Row = {"parameter_format": "NAMED", "components": [{"type": "BODY", "text": "Hola {{name}}, vení."}]}
    make_template(db, clinic, name="aviso", status="REJECTED", rejection_reason="INVALID_FORMAT", **named)
    make_template(db, linked(db, make_professional(db), number("31777")), name="ajena")

    notice, reminder = only_channel(db, clinic)["templates"]

    assert notice == {
        "name": "aviso", "language": "es_AR", "status": "REJECTED", "rejection_reason": "INVALID_FORMAT", **named
    }  # fmt: skip
    assert (reminder["name"], reminder["status"], reminder["rejection_reason"]) == ("recordatorio", "APPROVED", None)
    assert (reminder["parameter_format"], reminder["components"]) == ("POSITIONAL", []), "no feature can need it"


# ---- what is set -----------------------------------------------------------------------------------------------------


def change(db: Connection, clinic: Clinic, **changes: Any) -> Row:
    answer: Row = rpc(
        db,
        "update_channel",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        actor_id=clinic.professional_id,
        changes=changes,
    )
    return answer


def test_a_change_answers_the_channel_as_the_overview_shows_it(db: Connection, clinic: Clinic) -> None:
    answer = change(db, clinic, ai_enabled=False, ai_mode="suggest", ai_provider="openrouter", ai_model="m/1")

    assert answer == {"outcome": "updated", "channel": only_channel(db, clinic)}
    shown = answer["channel"]
    assert (shown["ai_enabled"], shown["ai_mode"]) == (False, "suggest")
    assert (shown["ai_provider"], shown["ai_model"]) == ("openrouter", "m/1")


def test_what_a_change_does_not_name_stays(db: Connection, clinic: Clinic) -> None:
    change(db, clinic, ai_mode="suggest", ai_persona={"name": "Eva"}, settings={"a": 1}, ai_api_key_encrypted="v1.k")
    before = only_channel(db, clinic)

    after = change(db, clinic, ai_enabled=False)["channel"]

    assert after == {**before, "ai_enabled": False}
    assert credential_of(db, clinic)["ai_api_key_encrypted"] == "v1.k"


def test_settings_are_merged_and_a_persona_is_replaced(db: Connection, clinic: Clinic) -> None:
    change(db, clinic, settings={"a": 1, "b": 2}, ai_persona={"name": "Eva", "tone": "cálido"})

    shown = change(db, clinic, settings={"b": 3}, ai_persona={"name": "Ada"})["channel"]

    assert shown["settings"] == {"a": 1, "b": 3}
    assert shown["ai_persona"] == {"name": "Ada"}


def test_a_setting_that_is_null_is_taken_away_and_a_null_within_one_stays(db: Connection, clinic: Clinic) -> None:
    change(db, clinic, settings={"a": 1, "b": {"c": None}})

    assert change(db, clinic, settings={"a": None, "d": None})["channel"]["settings"] == {"b": {"c": None}}


def test_null_takes_back_provider_model_persona_and_key(db: Connection, clinic: Clinic) -> None:
    change(db, clinic, ai_provider="openai", ai_model="m", ai_persona={"name": "Eva"}, ai_api_key_encrypted="v1.k")

    taken = dict.fromkeys(("ai_provider", "ai_model", "ai_persona", "ai_api_key_encrypted"))
    shown = change(db, clinic, **taken)["channel"]

    assert (shown["ai_provider"], shown["ai_model"], shown["ai_persona"]) == (None, None, {})
    assert not shown["has_own_key"]
    assert credential_of(db, clinic)["ai_api_key_encrypted"] is None


def updates(db: Connection, clinic: Clinic) -> list[Row]:
    found = rows(db, "marketing_audit_logs", professional_id=clinic.professional_id, action="channel.updated")
    return [row["payload"] for row in found]


def test_a_change_is_audited_with_before_and_after_of_what_changed(db: Connection, clinic: Clinic) -> None:
    change(db, clinic, ai_mode="suggest", ai_enabled=True, ai_provider="openai")

    assert updates(db, clinic) == [
        {"ai_mode": {"before": "auto", "after": "suggest"}, "ai_provider": {"before": None, "after": "openai"}}
    ]
    assert rows(db, "marketing_audit_logs", action="channel.updated")[0]["actor_id"] == clinic.professional_id


def test_of_an_own_key_the_audit_says_only_that_it_was_set_or_erased(db: Connection, clinic: Clinic) -> None:
    for key in ("v1.first", "v1.second", None, None):
        change(db, clinic, ai_api_key_encrypted=key)

    assert updates(db, clinic) == [{"ai_api_key": word} for word in ("set", "set", "erased")]


def test_a_change_that_changes_nothing_is_not_audited(db: Connection, clinic: Clinic) -> None:
    assert change(db, clinic, ai_mode="auto", settings={})["outcome"] == "updated"

    assert audited(db, clinic.professional_id) == ["channel.linked"]


@pytest.mark.parametrize("wrong", [{"ai_mode": "loud"}, {"ai_provider": "somebody"}, {"ai_enabled": None}])
def test_a_value_that_does_not_exist_is_refused_whole(db: Connection, clinic: Clinic, wrong: Row) -> None:
    before = snapshot(db)

    with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.NotNullViolation)):
        change(db, clinic, **{"settings": {"a": 1}, **wrong})
    assert snapshot(db) == before


def test_what_was_taken_off_has_nothing_to_set(db: Connection, clinic: Clinic) -> None:
    """A key stored there would outlive the erasure."""
    disconnect(db, clinic)
    before = snapshot(db)

    assert change(db, clinic, ai_api_key_encrypted="v1.k") == {"outcome": "not_found"}
    assert snapshot(db) == before


def test_another_professionals_channel_cannot_be_changed(db: Connection, clinic: Clinic) -> None:
    foreign = Clinic(make_professional(db), clinic.channel_id, clinic.credential_id, clinic.phone_number_id)
    before = snapshot(db)

    assert change(db, foreign, ai_enabled=False) == {"outcome": "not_found"}
    assert change(db, Clinic(UUID(int=1), uuid4(), uuid4(), "x"), ai_enabled=False) == {"outcome": "not_found"}
    assert snapshot(db) == before
