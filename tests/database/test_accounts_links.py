"""Which account is whose, and what linking stores: all of what was proven or nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.database.accounts_builders import (
    again,
    audited,
    calendar,
    channel_of,
    credential_of,
    disconnect,
    instagram,
    instant,
    link,
    linked,
    make_professional,
    mark,
    number,
    open_alerts,
    places,
)
from tests.database.outbound_builders import Connection, Row, insert, rows, rpc, snapshot, update

ONE, TWO = "310000000000501", "310000000000502"
FREE = {"availability": "free", "credential_id": None, "channel_id": None}
TAKEN = {"availability": "taken", "credential_id": None, "channel_id": None}


@pytest.fixture
def ana(db: Connection) -> UUID:
    return make_professional(db)


@pytest.fixture
def bruno(db: Connection) -> UUID:
    return make_professional(db)


def own(clinic: Any) -> Row:
    return {
        "availability": "own",
        "credential_id": str(clinic.credential_id),
        "channel_id": str(clinic.channel_id),
    }


# ---- places ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", [number(), instagram(), calendar()], ids=["whatsapp", "instagram", "google"])
def test_an_account_is_free_then_its_owners_and_taken_for_everybody_else(
    db: Connection, ana: UUID, bruno: UUID, account: Row
) -> None:
    assert places(db, ana, account) == [FREE]

    clinic = linked(db, ana, account)

    assert places(db, ana, account) == [own(clinic)]
    assert places(db, bruno, account) == [TAKEN]


@pytest.mark.parametrize("account", [number(), instagram(), calendar()], ids=["whatsapp", "instagram", "google"])
def test_an_account_that_was_taken_off_is_free_for_others_and_still_known_here(
    db: Connection, ana: UUID, bruno: UUID, account: Row
) -> None:
    clinic = linked(db, ana, account)
    disconnect(db, clinic)

    assert places(db, ana, account) == [own(clinic)]
    assert places(db, bruno, account) == [FREE]


def test_an_account_that_moved_to_somebody_else_is_taken_for_whoever_had_it(
    db: Connection, ana: UUID, bruno: UUID
) -> None:
    disconnect(db, linked(db, ana, number()))
    moved = linked(db, bruno, number())

    assert places(db, ana, number()) == [TAKEN]
    assert places(db, bruno, number()) == [own(moved)]


def test_a_dead_account_is_still_its_owners(db: Connection, ana: UUID, bruno: UUID) -> None:
    clinic = linked(db, ana, number())
    for status in ("reauth_required", "restricted", "pending"):
        mark(db, clinic, status, "permission")

        assert places(db, bruno, number()) == [TAKEN]
        assert places(db, ana, number()) == [own(clinic)]


def test_places_come_in_the_order_in_which_they_were_asked(db: Connection, ana: UUID, bruno: UUID) -> None:
    mine, theirs = linked(db, ana, number(ONE)), number(TWO)
    linked(db, bruno, theirs)

    assert places(db, ana, number("3"), theirs, number(ONE)) == [FREE, TAKEN, own(mine)]


def test_numbers_of_one_account_may_belong_to_two_professionals(db: Connection, ana: UUID, bruno: UUID) -> None:
    linked(db, ana, number(ONE))

    assert places(db, bruno, number(TWO)) == [FREE]


def test_a_professional_has_one_calendar(db: Connection, ana: UUID) -> None:
    clinic = linked(db, ana, calendar("old@example.com"))

    assert places(db, ana, calendar("new@example.com")) == [own(clinic)]
    assert places(db, ana, calendar(None)) == [own(clinic)]


def test_a_calendar_that_is_somebody_elses_is_taken_also_for_whoever_has_another(
    db: Connection, ana: UUID, bruno: UUID
) -> None:
    linked(db, ana, calendar("ana@example.com"))
    linked(db, bruno, calendar("bruno@example.com"))

    assert places(db, ana, calendar("bruno@example.com")) == [TAKEN]
    assert link(db, ana, calendar("bruno@example.com")) == {"outcome": "taken"}


def test_calendars_without_a_name_are_not_the_same_calendar(db: Connection, ana: UUID, bruno: UUID) -> None:
    linked(db, ana, calendar(None))

    assert places(db, bruno, calendar(None)) == [FREE]
    assert linked(db, bruno, calendar(None))


def test_of_two_rows_of_an_account_the_live_one_is_the_place(db: Connection, ana: UUID) -> None:
    live = linked(db, ana, number())
    insert(
        db,
        "marketing_channel_credentials",
        professional_id=ana,
        channel="whatsapp",
        phone_number_id=number()["phone_number_id"],
        status="disconnected",
    )

    assert places(db, ana, number()) == [own(live)]


# ---- linking ---------------------------------------------------------------------------------------------------------


def test_a_new_account_is_stored_with_all_that_was_proven(db: Connection, ana: UUID) -> None:
    account = number()
    clinic = linked(db, ana, account)

    credential, channel = credential_of(db, clinic), channel_of(db, clinic)
    instants = {"token_issued_at", "token_expires_at", "data_access_expires_at"}
    of_channel = {
        "display_name",
        "display_phone_number",
        "quality_rating",
        "messaging_limit",
        "throughput_per_second",
        "on_phone_app",
    }
    for key, value in account.items():
        if key in instants:
            assert credential[key] == instant(value), key
        elif key == "credential_id":
            assert channel[key] == UUID(value)
        else:
            assert (channel if key in of_channel else credential)[key] == value, key
    assert (credential["professional_id"], credential["status"], credential["status_reason"]) == (
        ana,
        "connected",
        None,
    )
    assert (channel["type"], channel["status"], channel["down_since"]) == ("whatsapp", "connected", None)
    assert credential["token_checked_at"] is not None
    assert audited(db, ana) == ["channel.linked"]
    assert rows(db, "marketing_audit_logs")[0]["actor_id"] == ana


def test_several_accounts_answer_their_channels_in_their_own_order(db: Connection, ana: UUID) -> None:
    last_first = [number(TWO), number(ONE), instagram()]

    answer = link(db, ana, *last_first)

    credentials = [str(find["credential_id"]) for find in by_id(db, answer["channel_ids"])]
    assert credentials == [account["credential_id"] for account in last_first]


def by_id(db: Connection, channel_ids: list[str]) -> list[Row]:
    found = {str(row["id"]): row for row in rows(db, "marketing_channels")}
    return [found[channel_id] for channel_id in channel_ids]


def test_one_taken_account_links_none(db: Connection, ana: UUID, bruno: UUID) -> None:
    linked(db, bruno, number(TWO))
    before = snapshot(db)

    assert link(db, ana, number(ONE), number(TWO)) == {"outcome": "taken"}
    assert snapshot(db) == before


def test_an_account_whose_place_changed_links_none(db: Connection, ana: UUID) -> None:
    """The caller sealed its tokens for another row: they would not open in this one."""
    linked(db, ana, number(TWO))
    before = snapshot(db)

    assert link(db, ana, number(ONE), number(TWO)) == {"outcome": "changed"}
    assert snapshot(db) == before


def test_a_free_account_does_not_get_the_row_of_another(db: Connection, ana: UUID, bruno: UUID) -> None:
    mine, theirs = linked(db, ana, number(ONE)), linked(db, bruno, number(TWO))
    before = snapshot(db)

    for clinic in (mine, theirs):
        assert link(db, ana, number("3", credential_id=str(clinic.credential_id))) == {"outcome": "changed"}
    assert snapshot(db) == before


def test_a_row_that_another_professional_made_meanwhile_is_not_written_over(
    db: Connection, ana: UUID, bruno: UUID
) -> None:
    """What asking for the places did not see yet."""
    theirs = linked(db, bruno, number(ONE))
    before = snapshot(db)

    with pytest.raises(psycopg.errors.UniqueViolation):
        db.execute(
            "select app.link_account(%s, %s, %s)", [ana, ana, Jsonb(number(credential_id=str(theirs.credential_id)))]
        )
    assert snapshot(db) == before


def test_a_number_whose_row_is_gone_meanwhile_is_linked_as_new(db: Connection, ana: UUID) -> None:
    clinic = linked(db, ana, number())
    db.execute("delete from marketing_channel_credentials")

    assert link(db, ana, again(clinic, number()))["outcome"] == "linked"
    assert audited(db, ana) == ["channel.linked"] * 2


def test_linking_again_renews_the_same_channel_and_keeps_what_the_provider_did_not_give(
    db: Connection, ana: UUID
) -> None:
    account = number(refresh_token_encrypted="v1.refresh")
    clinic = linked(db, ana, account)
    update(db, "marketing_channels", clinic.channel_id, ai_mode="suggest", settings={"disclosure": True})
    update(db, "marketing_channel_credentials", clinic.credential_id, ai_api_key_encrypted="v1.llm", ai_model="m")

    renewed = again(
        clinic,
        account,
        access_token_encrypted="v1.newer",
        refresh_token_encrypted=None,
        registration_pin_encrypted=None,
        display_name=None,
        quality_rating=None,
        token_kind="system",
        token_expires_at=None,
        scopes=["whatsapp_business_messaging"],
        throughput_per_second=20,
        on_phone_app=True,
    )

    assert link(db, ana, renewed) == {"outcome": "linked", "channel_ids": [str(clinic.channel_id)]}
    credential, channel = credential_of(db, clinic), channel_of(db, clinic)
    assert credential["access_token_encrypted"] == "v1.newer"
    assert credential["refresh_token_encrypted"] == "v1.refresh"
    assert credential["registration_pin_encrypted"] == "v1.new-pin"
    assert (credential["token_kind"], credential["token_expires_at"]) == ("system", None)
    assert credential["scopes"] == ["whatsapp_business_messaging"]
    assert (credential["ai_api_key_encrypted"], credential["ai_model"]) == ("v1.llm", "m")
    assert (channel["display_name"], channel["quality_rating"]) == ("Consultorio Ana", "GREEN")
    assert (channel["throughput_per_second"], channel["on_phone_app"]) == (20, True)
    assert (channel["ai_mode"], channel["settings"]) == ("suggest", {"disclosure": True})
    assert audited(db, ana) == ["channel.linked", "channel.relinked"]


def test_who_linked_an_account_before_is_not_asked_about_it_any_more(db: Connection, ana: UUID) -> None:
    """Meta's callbacks name the person: the earlier one must not end what another has linked since."""
    clinic = linked(db, ana, number(meta_user_id="122000000000001"))

    assert link(db, ana, again(clinic, number(), meta_user_id=None))["outcome"] == "linked"

    assert credential_of(db, clinic)["meta_user_id"] is None


@pytest.mark.parametrize("status", ["reauth_required", "restricted", "pending"])
def test_linking_again_connects_a_dead_channel(db: Connection, ana: UUID, status: str) -> None:
    clinic = linked(db, ana, number())
    mark(db, clinic, status, "permission")
    assert channel_of(db, clinic)["down_since"] is not None

    linked(db, ana, again(clinic, number()))

    assert (credential_of(db, clinic)["status"], credential_of(db, clinic)["status_reason"]) == ("connected", None)
    assert (channel_of(db, clinic)["status"], channel_of(db, clinic)["down_since"]) == ("connected", None)


def test_a_disconnected_account_comes_back_as_the_same_channel(db: Connection, ana: UUID) -> None:
    clinic = linked(db, ana, number())
    disconnect(db, clinic)

    answer = link(db, ana, again(clinic, number()))

    assert answer["channel_ids"] == [str(clinic.channel_id)]
    assert (channel_of(db, clinic)["status"], credential_of(db, clinic)["status"]) == ("connected", "connected")
    assert credential_of(db, clinic)["access_token_encrypted"] == "v1.new-token"
    assert audited(db, ana)[-1] == "channel.relinked"


def test_another_calendar_takes_the_place_of_the_professionals_own(db: Connection, ana: UUID) -> None:
    clinic = linked(db, ana, calendar("old@example.com"))

    linked(db, ana, again(clinic, calendar("new@example.com")))

    assert credential_of(db, clinic)["external_business_id"] == "new@example.com"
    assert len(rows(db, "marketing_channels")) == 1


def test_a_new_number_speaks_as_the_professionals_newest_one(db: Connection, ana: UUID, bruno: UUID) -> None:
    for owner, phone_number_id, name in ((bruno, "9", "Bruno"), (ana, ONE, "Ada"), (ana, TWO, "Eva")):
        clinic = linked(db, owner, number(phone_number_id))
        update(db, "marketing_channel_credentials", clinic.credential_id, ai_persona={"name": name})
    linked(db, ana, instagram())

    third = linked(db, ana, number("3"))

    assert credential_of(db, third)["ai_persona"] == {"name": "Eva"}
    assert {row["channel"]: row["ai_persona"] for row in rows(db, "marketing_channel_credentials")}["instagram"] == {}


def test_linking_again_ends_the_alerts_that_it_cures_and_no_others(db: Connection, ana: UUID) -> None:
    clinic, other = linked(db, ana, number(ONE)), linked(db, ana, number(TWO))
    mark(db, other, "reauth_required", "token_expired")
    mark(db, clinic, "reauth_required", "token_expired")
    for kind in ("token_expiring", "payment_problem", "account_warning", "service_messages"):
        raised = {"kind": kind, "severity": "warning", "message": "…", "dedup_key": f"{kind}:1"}
        rpc(db, "raise_channel_alert", professional_id=ana, channel_id=clinic.channel_id, **raised)

    linked(db, ana, again(clinic, number(ONE)))

    left = ["account_warning", "payment_problem", "service_messages"]
    assert sorted(kind for kind, _ in open_alerts(db, entity_id=clinic.channel_id)) == left
    assert open_alerts(db, entity_id=other.channel_id) == [("channel_dead", "critical")]


def test_linking_again_does_not_hide_a_payment_problem_or_the_last_test(db: Connection, ana: UUID) -> None:
    clinic = linked(db, ana, number())
    db.execute("update marketing_channels set payment_problem_at = now(), tested_at = now()")

    linked(db, ana, again(clinic, number()))

    channel = channel_of(db, clinic)
    assert channel["payment_problem_at"] is not None
    assert channel["tested_at"] is not None


def test_a_credential_without_a_channel_gets_one(db: Connection, ana: UUID) -> None:
    clinic = linked(db, ana, number())
    db.execute("delete from marketing_channels")
    place = {"availability": "own", "credential_id": str(clinic.credential_id), "channel_id": None}

    assert places(db, ana, number()) == [place]
    assert linked(db, ana, again(clinic, number()))
