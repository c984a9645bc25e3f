"""However linking ends without a link: the browser is back at the dashboard with a stable word, and nothing changed."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.e2e.support.linking import (
    AccountOwner,
    Professional,
    accounts_as_stored,
    back_again,
    callback,
    decide,
    new_owner,
    professional,
    query_of,
    refusal,
)
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

Told = dict[str, str]
INSTAGRAM_MESSAGES = "instagram_business_manage_messages"
CALENDAR_EVENTS = "https://www.googleapis.com/auth/calendar.events"


@pytest.fixture(scope="module")
def linking(world: World) -> Iterator[Professional]:
    """Who tries to link; nothing ever is."""
    with professional(world, "Consultorio Paciente") as new:
        yield new


@pytest.fixture(scope="module")
def other(world: World) -> Iterator[Professional]:
    """Somebody else."""
    with professional(world, "Consultorio Ajeno") as new:
        yield new


@pytest.fixture
def unchanged(world: World) -> Iterator[None]:
    """Around a test: no credential and no channel of anybody's changed by a byte, and nobody was told anything."""
    before = accounts_as_stored(world)
    alerts = world.rows("select id from marketing_alerts order by id")
    yield
    assert accounts_as_stored(world) == before
    assert world.rows("select id from marketing_alerts order by id") == alerts


@pytest.fixture
def owner(world: World) -> AccountOwner:
    """Whose accounts they try to link."""
    return new_owner(world)


def expire(world: World, state: str) -> None:
    """Ten minutes pass for this attempt."""
    world.rows(
        "update oauth_states set expires_at = now() - interval '1 second' where state_hash = encode(sha256(%s), 'hex')",
        state.encode(),
    )


# ---- in the browser: who, what they do, and what the dashboard is told


def says_no(kind: str) -> Callable[[World, Professional, AccountOwner], Told]:
    return lambda _world, linking, owner: linking.link(kind, owner, button="deny").told


def leaves_out(kind: str, scope: str) -> Callable[[World, Professional, AccountOwner], Told]:
    return lambda _world, linking, owner: linking.link(kind, owner, without=[scope]).told


def comes_back_late(world: World, linking: Professional, owner: AccountOwner) -> Told:
    begun = linking.begin("whatsapp")
    expire(world, begun["state"])
    return decide(world, begun["authorization_url"], owner).told


def comes_back_twice(world: World, linking: Professional, owner: AccountOwner) -> Told:
    landing = linking.link("whatsapp", owner, button="deny")
    return back_again(world, landing.callback)


def forges_a_state(world: World, _linking: Professional, _owner: AccountOwner) -> Told:
    return back_again(world, callback(world, state=secrets.token_urlsafe(32), code="AQ-algo"))


def brings_no_state(world: World, _linking: Professional, _owner: AccountOwner) -> Told:
    return back_again(world, callback(world, code="AQ-algo"))


def forges_a_code(world: World, linking: Professional, _owner: AccountOwner) -> Told:
    return back_again(world, callback(world, state=linking.begin("whatsapp")["state"], code="AQ-inventado"))


def brings_a_used_code(world: World, linking: Professional, owner: AccountOwner) -> Told:
    code = query_of(linking.link("instagram", owner, without=[INSTAGRAM_MESSAGES]).callback)["code"]
    return back_again(world, callback(world, state=linking.begin("instagram")["state"], code=code))


def mixes_up_the_channels(world: World, linking: Professional, owner: AccountOwner) -> Told:
    given = world.sandbox.post("/embedded-signup", {"person": owner.user_id, "phone_number_id": owner.numbers[0]})
    return back_again(world, callback(world, state=linking.begin("instagram")["state"], code=given["code"]))


def takes_the_number_of_another(world: World, linking: Professional, _owner: AccountOwner) -> Told:
    taken = world.ferreyra.numbers[0]
    people = world.sandbox.call("GET", "/people")["people"]
    (their_owner,) = [
        person
        for person in people
        if any(waba["waba_id"] == taken.business_account_id for b in person["businesses"] for waba in b["wabas"])
    ]
    wabas = {taken.business_account_id: (taken.phone_number_id,)}
    return linking.link("whatsapp", AccountOwner(world, their_owner["user_id"], wabas, "", "")).told


def takes_the_instagram_of_another(world: World, linking: Professional, owner: AccountOwner) -> Told:
    theirs = world.description["professionals"][0]["instagram"][0]["user_id"]
    return linking.link("instagram", AccountOwner(world, owner.user_id, owner.wabas, theirs, owner.google)).told


def has_no_number_yet(world: World, linking: Professional, _owner: AccountOwner) -> Told:
    return linking.link("whatsapp", new_owner(world, numbers=[0])).told


def has_a_private_instagram(world: World, linking: Professional, owner: AccountOwner) -> Told:
    owner.change_instagram(account_type="PERSONAL")
    return linking.link("instagram", owner).told


def has_another_pin(world: World, linking: Professional, owner: AccountOwner) -> Told:
    world.fault({"kind": "error", "code": 133005}, route="register", phone_number_id=owner.numbers[0])
    return linking.link("whatsapp", owner).told


def finds_meta_out_of_order(world: World, linking: Professional, owner: AccountOwner) -> Told:
    world.fault({"kind": "http", "status": 500, "body": "<html>"}, route="oauth_access_token", count=None)
    return linking.link("whatsapp", owner).told


def is_taken_off_while_logging_in(world: World, linking: Professional, owner: AccountOwner) -> Told:
    begun = linking.begin("whatsapp")
    world.rows("update professionals set marketing_enabled = false where id = %s", linking.id)
    try:
        return decide(world, begun["authorization_url"], owner).told
    finally:
        world.rows("update professionals set marketing_enabled = true where id = %s", linking.id)


WHATSAPP, INSTAGRAM, CALENDAR = "whatsapp", "instagram", "google_calendar"
ENDINGS: list[tuple[Callable[..., Told], Told]] = [
    (says_no(WHATSAPP), {"error": "access_denied", "channel": WHATSAPP}),
    (says_no(INSTAGRAM), {"error": "access_denied", "channel": INSTAGRAM}),
    (says_no(CALENDAR), {"error": "access_denied", "channel": CALENDAR}),
    (leaves_out(WHATSAPP, "whatsapp_business_messaging"), {"error": "scope_missing", "channel": WHATSAPP}),
    (leaves_out(INSTAGRAM, INSTAGRAM_MESSAGES), {"error": "scope_missing", "channel": INSTAGRAM}),
    (leaves_out(CALENDAR, CALENDAR_EVENTS), {"error": "scope_missing", "channel": CALENDAR}),
    (comes_back_late, {"error": "state_expired"}),
    (comes_back_twice, {"error": "state_used"}),
    (forges_a_state, {"error": "state_invalid"}),
    (brings_no_state, {"error": "state_invalid"}),
    (is_taken_off_while_logging_in, {"error": "state_invalid"}),
    (forges_a_code, {"error": "exchange_failed", "channel": WHATSAPP}),
    (brings_a_used_code, {"error": "exchange_failed", "channel": INSTAGRAM}),
    (mixes_up_the_channels, {"error": "exchange_failed", "channel": INSTAGRAM}),
    (finds_meta_out_of_order, {"error": "exchange_failed", "channel": WHATSAPP}),
    (takes_the_number_of_another, {"error": "account_already_linked", "channel": WHATSAPP}),
    (takes_the_instagram_of_another, {"error": "account_already_linked", "channel": INSTAGRAM}),
    (has_no_number_yet, {"error": "account_not_visible", "channel": WHATSAPP}),
    (has_a_private_instagram, {"error": "account_not_visible", "channel": INSTAGRAM}),
    (has_another_pin, {"error": "registration_failed", "channel": WHATSAPP}),
]


@pytest.mark.parametrize(
    ("ending", "expected"),
    ENDINGS,
    ids=[f"{ending.__qualname__.split('.')[0]}-{told.get('channel', 'nobody')}" for ending, told in ENDINGS],
)
@pytest.mark.usefixtures("unchanged")
def test_the_dashboard_is_told_why_and_nothing_changed(
    world: World, linking: Professional, owner: AccountOwner, ending: Callable[..., Told], expected: Told
) -> None:
    assert ending(world, linking, owner) == expected
    assert owner.account()["subscribed"] is False, "webhooks that were asked for are given back"


# ---- from the dashboard, after Embedded Signup


def test_a_number_that_the_code_does_not_see_is_refused(
    world: World, linking: Professional, owner: AccountOwner, unchanged: None
) -> None:
    elsewhere = new_owner(world)
    (waba_id,) = elsewhere.wabas
    by_number = linking.sign_up(owner, phone_number_id=elsewhere.numbers[0])
    by_account = linking.sign_up(owner, waba_id=waba_id, phone_number_id=elsewhere.numbers[0])

    assert refusal(by_number) == refusal(by_account) == (422, "account_not_visible")


def test_anothers_state_is_as_unknown_as_a_forged_one_and_stays_theirs(
    world: World, linking: Professional, other: Professional, owner: AccountOwner, unchanged: None
) -> None:
    theirs = other.begin("whatsapp")
    stolen = linking.sign_up(owner, state=theirs["state"])
    forged = linking.sign_up(owner, state=secrets.token_urlsafe(32))
    told = decide(world, theirs["authorization_url"], owner, button="deny").told

    assert refusal(stolen) == refusal(forged) == (400, "state_invalid")
    assert stolen.json()["detail"] == forged.json()["detail"]
    assert told == {"error": "access_denied", "channel": "whatsapp"}, "their attempt was still theirs to end"


@pytest.mark.parametrize("kind", [INSTAGRAM, CALENDAR])
def test_the_state_of_another_kind_of_channel_is_refused_and_stays_unused(
    world: World, linking: Professional, owner: AccountOwner, kind: str, unchanged: None
) -> None:
    begun = linking.begin(kind)
    crossed = linking.sign_up(owner, state=begun["state"])
    told = decide(world, begun["authorization_url"], owner, button="deny").told

    assert refusal(crossed) == (400, "state_invalid")
    assert told == {"error": "access_denied", "channel": kind}


def test_a_state_that_is_late_or_used_is_said_to_be(
    world: World, linking: Professional, owner: AccountOwner, unchanged: None
) -> None:
    late, used = linking.begin("whatsapp"), linking.begin("whatsapp")
    expire(world, late["state"])
    decide(world, used["authorization_url"], owner, button="deny")

    answers: dict[str, Any] = {
        "state_expired": linking.sign_up(owner, state=late["state"]),
        "state_used": linking.sign_up(owner, state=used["state"]),
    }
    assert {refusal(answer)[1]: code for code, answer in answers.items()} == {code: code for code in answers}


def test_a_code_older_than_half_a_minute_is_worth_nothing(
    world: World, linking: Professional, owner: AccountOwner, unchanged: None
) -> None:
    given = world.sandbox.post("/embedded-signup", {"person": owner.user_id, "phone_number_id": owner.numbers[0]})
    world.sandbox.post("/clock", {"advance_seconds": 31})
    try:
        request = {"state": linking.begin("whatsapp")["state"], "code": given["code"], "waba_id": given["waba_id"]}
        answer = linking.dashboard.post("/api/marketing/channels/oauth/callback", request)
    finally:
        world.sandbox.post("/clock", {"offset_seconds": 0})

    assert refusal(answer)[1] == "exchange_failed"


def test_a_number_that_somebody_else_has_is_refused_without_saying_whose(
    world: World, linking: Professional, unchanged: None
) -> None:
    taken = world.salgado.numbers[0]
    person = next(
        person["user_id"]
        for person in world.sandbox.call("GET", "/people")["people"]
        for business in person["businesses"]
        for waba in business["wabas"]
        if waba["waba_id"] == taken.business_account_id
    )
    wabas = {taken.business_account_id: (taken.phone_number_id,)}
    answer = linking.sign_up(AccountOwner(world, person, wabas, "", ""))

    assert refusal(answer)[1] == "account_already_linked"
    for secret in (world.salgado.id, world.salgado.name, world.salgado.email, taken.channel_id):
        assert secret not in answer.text
