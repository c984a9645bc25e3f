"""Linking, renewing and taking off at the same moment."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from tests.database.accounts_builders import (
    NOW,
    again,
    calendar,
    channel_of,
    credential_of,
    disconnect,
    instagram,
    link,
    linked,
    make_professional,
    mark,
    number,
    places,
)
from tests.database.outbound_builders import (
    Clinic,
    Connect,
    Connection,
    Row,
    claim,
    make_conversation,
    race,
    rows,
    rpc,
    settle,
    text_of_person,
    update,
)

ONE, TWO = "310000000000501", "310000000000502"
ROUNDS = 5


def test_an_account_that_two_professionals_link_at_once_goes_to_one(db: Connection, connect: Connect) -> None:
    for make in (number, instagram, calendar):
        professionals = [make_professional(db) for _ in range(6)]

        answers = race(connect, [partial(link_as, owner, [make()]) for owner in professionals])

        assert sorted(answer["outcome"] for answer in answers) == ["linked"] + ["taken"] * 5, make.__name__


def link_as(owner: UUID, accounts: list[Row], connection: Connection) -> Row:
    return link(connection, owner, *accounts)


def test_several_accounts_in_opposite_orders_are_one_professionals_and_never_mixed(
    db: Connection, connect: Connect
) -> None:
    for round_ in range(ROUNDS):
        ids = [f"31{round_}00{n}" for n in range(4)]
        ana, bruno = make_professional(db), make_professional(db)
        jobs = [(ana, ids), (bruno, ids[::-1])]

        answers = race(connect, [partial(link_as, owner, [number(one) for one in order]) for owner, order in jobs])

        assert sorted(answer["outcome"] for answer in answers) == ["linked", "taken"]
        owners = [
            row["professional_id"] for row in rows(db, "marketing_channel_credentials") if row["phone_number_id"] in ids
        ]
        assert len(owners) == len(ids)
        assert len(set(owners)) == 1


def test_a_professional_who_links_in_two_windows_at_once_has_one_row(db: Connection, connect: Connect) -> None:
    for make in (number, instagram, partial(calendar, None)):
        ana = make_professional(db)

        answers = race(connect, [partial(link_as, ana, [make()]) for _ in range(4)])

        assert sorted(answer["outcome"] for answer in answers) == ["changed"] * 3 + ["linked"]
        assert places(db, ana, make())[0]["availability"] == "own"
        assert len(rows(db, "marketing_channels", professional_id=ana)) == 1


def test_of_several_renewed_tokens_the_first_stays(db: Connection, connect: Connect) -> None:
    clinic = linked(db, make_professional(db), number(access_token_encrypted="v1.old"))

    def replace(name: str, connection: Connection) -> str:
        answer = rpc(
            connection,
            "replace_token",
            professional_id=clinic.professional_id,
            credential_id=clinic.credential_id,
            expected="v1.old",
            token={"access_token_encrypted": name},
            now=NOW,
        )
        return str(answer["outcome"])

    names = [f"v1.{n}" for n in range(8)]
    outcomes = race(connect, [partial(replace, name) for name in names])

    assert sorted(outcomes) == ["changed"] * 7 + ["replaced"]
    assert credential_of(db, clinic)["access_token_encrypted"] == names[outcomes.index("replaced")]
    refreshed = rows(db, "marketing_audit_logs", action="channel.token_refreshed")
    assert [row["entity_id"] for row in refreshed] == [clinic.channel_id]


def test_a_token_that_is_renewed_while_its_account_is_taken_off_leaves_no_secret(
    db: Connection, connect: Connect
) -> None:
    for round_ in range(ROUNDS):
        clinic = linked(db, make_professional(db), number(f"31{round_}", access_token_encrypted="v1.old"))

        def replace(connection: Connection, clinic: Clinic = clinic) -> Row:
            answer: Row = rpc(
                connection,
                "replace_token",
                professional_id=clinic.professional_id,
                credential_id=clinic.credential_id,
                expected="v1.old",
                token={"access_token_encrypted": "v1.new"},
                now=NOW,
            )
            return answer

        race(connect, [replace, partial(disconnect_it, clinic)])

        assert credential_of(db, clinic)["access_token_encrypted"] is None


def disconnect_it(clinic: Clinic, connection: Connection) -> Row:
    return disconnect(connection, clinic)


def test_of_the_numbers_of_an_account_that_go_at_once_one_is_the_last(db: Connection, connect: Connect) -> None:
    """Else nobody would end the account's webhooks."""
    for round_ in range(ROUNDS):
        ana, waba_id = make_professional(db), f"2109{round_}"
        clinics = [linked(db, ana, number(f"31{round_}0{n}", waba_id)) for n in range(4)]

        answers = race(connect, [partial(disconnect_it, clinic) for clinic in clinics])

        assert sorted(answer["siblings"] for answer in answers) == [0, 1, 2, 3]


def test_settling_marking_linking_and_taking_off_do_not_lock_each_other_out(db: Connection, connect: Connect) -> None:
    """A send holds its conversation and then touches the channel; so must everything else."""
    for round_ in range(ROUNDS):
        account = number(f"31{round_}", access_token_encrypted="v1.old")
        clinic = linked(db, make_professional(db), account)
        conversations = [make_conversation(db, clinic, contact_phone=f"+54911555{n:05}") for n in range(4)]
        granted = [claim(db, clinic, conversation, text_of_person()) for conversation in conversations]
        db.execute("update marketing_messages set owed_epoch = 1 where direction = 'inbound'")
        update(db, "marketing_channels", clinic.channel_id, status="reauth_required")

        def refuse(message_id: str, connection: Connection, clinic: Clinic = clinic) -> Row:
            return settle(connection, clinic, message_id, "failed", error={"code": 131042, "message": "pay"})

        def heal(connection: Connection, clinic: Clinic = clinic) -> Row:
            return mark(connection, clinic, "connected", None)

        answers = race(
            connect,
            [
                *(partial(refuse, one["message_id"]) for one in granted),
                partial(link_as, clinic.professional_id, [again(clinic, account)]),
                heal,
                partial(disconnect_it, clinic),
            ],
        )

        assert [answer["outcome"] for answer in answers[:4]] == ["settled"] * 4
        assert answers[4]["outcome"] == "linked"
        assert answers[6]["outcome"] == "disconnected"
        assert channel_of(db, clinic)["payment_problem_at"] is not None
