"""Linking WhatsApp numbers: everything is proven before anything is stored."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.accounts import AccountKey, ChannelType, Grant, OAuthAttempt, TokenFacts, TokenKind
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import MetaError, MetaFault, StoreUnavailable
from dentalist.domain.linking_errors import (
    AccountAlreadyLinked,
    AccountNotVisible,
    ExchangeFailed,
    RegistrationFailed,
    ScopeMissing,
)
from dentalist.domain.sending_errors import MetaUnreachable
from dentalist.services.accounts.connect_channel import EmbeddedSignup, Linked
from dentalist.services.accounts.connect_whatsapp import MetaApp, connect_whatsapp
from tests.builders import NOON
from tests.fakes_accounts import (
    PHONE_NUMBER_ID,
    WABA_ID,
    WHATSAPP_SCOPES,
    FakeAccountBook,
    FakeBusinesses,
    FakeFacebookLogin,
    FakeWhatsAppBusiness,
    StoredAccount,
    make_number,
    make_token_facts,
)

REDIRECT = "https://api.example.com/api/marketing/channels/oauth/callback"
OTHER_WABA, SECOND_NUMBER = "210987654300010", "310000000000010"
NAMED = EmbeddedSignup(WABA_ID, PHONE_NUMBER_ID)


class World:
    """A professional with nothing linked, and a WABA with one number that their token sees."""

    def __init__(self) -> None:
        self.professional_id, self.actor_id = uuid4(), uuid4()
        self.login, self.businesses, self.book = FakeFacebookLogin(), FakeBusinesses(), FakeAccountBook()
        self.businesses.visible["token"] = {WABA_ID}
        self.meta = MetaApp("app", self.login, self.businesses.business_for)

    def link(self, signup: EmbeddedSignup | None = NAMED, *, code: str = "code", **facts: Any) -> list[Linked]:
        """Come back from the dialog with a code for ``token``."""
        self.login.issue(
            code,
            "token",
            redirect_uri=None if signup is not None else REDIRECT,
            facts=make_token_facts(**facts),
        )
        return self.connect(signup, code=code)

    def connect(self, signup: EmbeddedSignup | None = NAMED, *, code: str = "code") -> list[Linked]:
        attempt = OAuthAttempt(uuid4(), self.professional_id, ChannelType.WHATSAPP, self.actor_id, REDIRECT)
        return connect_whatsapp(attempt, code, signup, meta=self.meta, accounts=self.book.of(self.professional_id))

    def put_numbers(self, *numbers: Any, waba_id: str = WABA_ID) -> None:
        self.businesses.numbers[waba_id] = list(numbers)
        self.businesses.visible["token"].add(waba_id)

    @property
    def row(self) -> StoredAccount:
        (row,) = self.book.rows
        return row


@pytest.fixture
def world() -> World:
    return World()


# ---- what is stored


def test_a_named_number_is_subscribed_registered_and_stored_whole(world: World) -> None:
    (linked,) = world.link()

    row = world.row
    assert (row.professional_id, row.linked_by, row.channel_id) == (
        world.professional_id,
        world.actor_id,
        linked.channel_id,
    )
    assert (row.key, row.access_token, row.token_kind) == (
        AccountKey(WABA_ID, PHONE_NUMBER_ID),
        "token",
        TokenKind.SYSTEM,
    )
    assert (row.status, row.meta_user_id, row.token_issued_at) == (ChannelStatus.CONNECTED, "holder", NOON)
    assert row.facts == {
        "token_expires_at": None,
        "data_access_expires_at": None,
        "scopes": WHATSAPP_SCOPES,
        "display_name": "Consultorio Prueba",
        "display_phone_number": "+5491150320009",
        "quality_rating": "GREEN",
        "messaging_limit": "TIER_1K",
        "throughput_per_second": 80,
        "on_phone_app": False,
    }
    assert world.businesses.subscribed == {WABA_ID}
    assert row.registration_pin == world.businesses.pins[PHONE_NUMBER_ID]


def test_the_link_is_stored_after_everything_else_was_proven(world: World) -> None:
    world.book.on_link = lambda: world.businesses.calls.append(("link",))

    world.link()

    done = [call[0] for call in world.businesses.calls]
    assert done == ["numbers", "is_subscribed", "subscribe", "register", "link", "is_subscribed"]


def test_a_redirect_repeats_its_address_and_links_every_number(world: World) -> None:
    world.put_numbers(make_number(), make_number(id=SECOND_NUMBER))

    linked = world.link(None)

    assert world.login.called("exchange") == [("code", REDIRECT)]
    assert [one.account.key.phone_number_id for one in linked] == [PHONE_NUMBER_ID, SECOND_NUMBER]
    assert world.businesses.called("subscribe") == [(WABA_ID,)], "once for both"
    assert len({row.registration_pin for row in world.book.rows}) == 2, "each number has a PIN of its own"


def test_the_code_of_embedded_signup_names_no_redirect(world: World) -> None:
    world.link()

    assert world.login.called("exchange") == [("code", None)]


def test_a_signup_without_a_number_links_all_of_its_account(world: World) -> None:
    world.put_numbers(make_number(), make_number(id=SECOND_NUMBER))

    assert len(world.link(EmbeddedSignup(WABA_ID))) == 2


def test_a_signup_that_names_only_the_number_finds_its_account(world: World) -> None:
    world.put_numbers(make_number(), make_number(id=SECOND_NUMBER))

    (linked,) = world.link(EmbeddedSignup(phone_number_id=SECOND_NUMBER))

    assert linked.account.key == AccountKey(WABA_ID, SECOND_NUMBER)


@pytest.mark.parametrize("granted", [frozenset({WABA_ID, OTHER_WABA, "a business"}), frozenset()])
def test_the_accounts_are_those_of_the_permission_or_else_all_that_are_seen(
    world: World, granted: frozenset[str]
) -> None:
    world.put_numbers(make_number(id=SECOND_NUMBER), waba_id=OTHER_WABA)

    linked = world.link(None, granted_ids=granted)

    assert {one.account.key for one in linked} == {
        AccountKey(WABA_ID, PHONE_NUMBER_ID),
        AccountKey(OTHER_WABA, SECOND_NUMBER),
    }
    assert world.businesses.subscribed == {WABA_ID, OTHER_WABA}


# ---- the token


def test_a_persons_short_lived_token_is_extended_and_only_the_long_one_is_kept(world: World) -> None:
    now = datetime.now(UTC)
    world.login.facts["long"] = make_token_facts(
        kind=TokenKind.USER, expires_at=now + timedelta(days=60), data_access_expires_at=now + timedelta(days=90)
    )
    world.login.extended["token"] = Grant("long", expires_at=now + timedelta(days=60))
    world.businesses.visible["long"] = {WABA_ID}

    world.link(kind=TokenKind.USER, expires_at=now + timedelta(hours=2))

    assert (world.row.access_token, world.row.token_kind) == ("long", TokenKind.USER)
    assert world.row.facts["token_expires_at"] == now + timedelta(days=60)
    assert world.row.facts["data_access_expires_at"] == now + timedelta(days=90)


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": TokenKind.SYSTEM, "expires_at": datetime.now(UTC) + timedelta(hours=2)},
        {"kind": TokenKind.USER, "expires_at": datetime.now(UTC) + timedelta(days=59)},
        {"kind": TokenKind.USER, "expires_at": None},
    ],
    ids=["a business token", "long-lived already", "never expires"],
)
def test_no_other_token_is_extended(world: World, facts: dict[str, Any]) -> None:
    world.link(**facts)

    assert world.login.called("extend") == []
    assert world.row.facts["token_expires_at"] == facts["expires_at"]


def nothing_was_changed(world: World) -> bool:
    return not world.book.rows and not world.businesses.subscribed and not world.businesses.called("register")


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"app_id": "another-app"}, ExchangeFailed),
        ({"app_id": "another-app", "is_valid": False, "cause": "permission"}, ExchangeFailed),
        ({"is_valid": False, "cause": "token_expired"}, ExchangeFailed),
        ({"scopes": frozenset({"whatsapp_business_management"})}, ScopeMissing),
        ({"scopes": frozenset()}, ScopeMissing),
    ],
)
def test_a_token_that_is_not_wholly_ours_links_nothing(
    world: World, facts: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        world.link(**facts)

    assert nothing_was_changed(world)


def test_another_apps_token_is_named_as_such(world: World) -> None:
    with pytest.raises(ExchangeFailed, match="another app"):
        world.link(app_id="another-app", is_valid=False)


def test_a_code_is_worth_one_exchange(world: World) -> None:
    world.link()

    with pytest.raises(ExchangeFailed):
        world.connect()


@pytest.mark.parametrize("lost", ["exchange", "inspect"])
def test_a_lost_answer_about_the_token_links_nothing(world: World, lost: str) -> None:
    world.login.failures[lost] = MetaUnreachable()

    with pytest.raises(MetaUnreachable):
        world.link()

    assert nothing_was_changed(world)


# ---- whose numbers


@pytest.mark.parametrize(
    "signup",
    [
        EmbeddedSignup(OTHER_WABA, PHONE_NUMBER_ID),
        EmbeddedSignup(OTHER_WABA),
        EmbeddedSignup(WABA_ID, "310000000000099"),
        EmbeddedSignup(phone_number_id="310000000000099"),
    ],
    ids=["an account beyond the permission", "the same without a number", "a foreign number", "a number of nowhere"],
)
def test_what_the_browser_claims_counts_only_as_far_as_the_token_sees_it(world: World, signup: EmbeddedSignup) -> None:
    world.businesses.numbers[OTHER_WABA] = [make_number(id="310000000000099")]

    with pytest.raises(AccountNotVisible):
        world.link(signup)

    assert nothing_was_changed(world)


def test_a_claimed_account_that_the_token_cannot_read_is_not_visible(world: World) -> None:
    world.businesses.numbers[OTHER_WABA] = [make_number(id=SECOND_NUMBER)]

    with pytest.raises(AccountNotVisible):
        world.link(EmbeddedSignup(OTHER_WABA, SECOND_NUMBER), granted_ids=frozenset())

    assert nothing_was_changed(world)


@pytest.mark.parametrize("signup", [None, EmbeddedSignup(WABA_ID)])
def test_an_account_without_numbers_says_so(world: World, signup: EmbeddedSignup | None) -> None:
    world.put_numbers()

    with pytest.raises(AccountNotVisible, match="no number yet"):
        world.link(signup)

    assert nothing_was_changed(world)


def test_a_named_number_that_somebody_else_linked_is_refused_and_stays_theirs(world: World) -> None:
    theirs = world.book.add(uuid4())
    before = replace(theirs)

    with pytest.raises(AccountAlreadyLinked):
        world.link()

    assert world.book.rows == [before]
    assert world.businesses.called("subscribe") == []


def test_without_a_named_number_those_of_others_are_left_to_them(world: World) -> None:
    theirs = world.book.add(uuid4())
    world.put_numbers(make_number(), make_number(id=SECOND_NUMBER))

    (linked,) = world.link(None)

    assert linked.account.key.phone_number_id == SECOND_NUMBER
    assert theirs.access_token == "old-token"


def test_when_every_number_is_somebody_elses_nothing_is_linked(world: World) -> None:
    world.book.add(uuid4())

    with pytest.raises(AccountAlreadyLinked):
        world.link(None)


def test_two_professionals_who_link_the_same_number_at_once_end_with_one_link(world: World) -> None:
    first = uuid4()

    def overtaken() -> None:
        world.book.on_link = None
        world.businesses.subscribed.add(WABA_ID)
        world.book.add(first)

    world.book.on_link = overtaken
    with pytest.raises(AccountAlreadyLinked):
        world.link()

    assert [row.professional_id for row in world.book.rows] == [first]
    assert world.businesses.subscribed == {WABA_ID}, "whoever came first needs the webhooks"


def test_webhooks_that_a_slower_attempt_took_away_before_the_link_was_stored_are_asked_for_again(world: World) -> None:
    world.book.on_link = lambda: world.businesses.subscribed.discard(WABA_ID)

    world.link()

    assert world.businesses.subscribed == {WABA_ID}


def test_webhooks_taken_back_from_under_a_link_that_came_meanwhile_are_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.businesses.failures["register"] = RegistrationFailed()
    take_away = FakeWhatsAppBusiness.unsubscribe

    def just_after_somebody_linked(business: FakeWhatsAppBusiness, waba_id: str) -> None:
        world.book.add(uuid4())
        take_away(business, waba_id)

    monkeypatch.setattr(FakeWhatsAppBusiness, "unsubscribe", just_after_somebody_linked)
    with pytest.raises(RegistrationFailed):
        world.link()

    assert world.businesses.subscribed == {WABA_ID}


def test_a_link_stands_when_its_webhooks_cannot_be_confirmed(world: World) -> None:
    world.book.on_link = lambda: world.businesses.failures.update(is_subscribed=MetaUnreachable())
    assert world.link()


# ---- linking again


def test_linking_again_replaces_the_token_of_the_same_row(world: World) -> None:
    known = world.book.add(
        world.professional_id, status=ChannelStatus.REAUTH_REQUIRED, status_reason="password_changed"
    )
    world.put_numbers(make_number(is_registered=True))

    (linked,) = world.link()

    assert world.row is known
    assert linked.channel_id == known.channel_id
    assert (known.access_token, known.status, known.status_reason) == ("token", ChannelStatus.CONNECTED, None)


@pytest.mark.parametrize(
    "facts", [{"scopes": frozenset()}, {"is_valid": False}, {"granted_ids": frozenset({OTHER_WABA})}]
)
def test_a_good_token_survives_an_attempt_that_proves_nothing(world: World, facts: dict[str, Any]) -> None:
    known = world.book.add(world.professional_id)
    before = replace(known)

    with pytest.raises((ScopeMissing, ExchangeFailed, AccountNotVisible)):
        world.link(**facts)

    assert known == before


def test_a_number_that_was_disconnected_comes_back_as_the_same_channel(world: World) -> None:
    known = world.book.add(world.professional_id, status=ChannelStatus.DISCONNECTED, access_token=None)

    (linked,) = world.link()

    assert linked.channel_id == known.channel_id
    assert known.access_token == "token"


# ---- registering


def test_a_registered_number_is_not_registered_again(world: World) -> None:
    world.put_numbers(make_number(is_registered=True))

    world.link()

    assert world.businesses.called("register") == []
    assert world.row.registration_pin is None


def test_the_pin_that_a_number_has_is_given(world: World) -> None:
    world.businesses.pins[PHONE_NUMBER_ID] = "123456"

    world.link(EmbeddedSignup(WABA_ID, PHONE_NUMBER_ID, "123456"))

    assert world.row.registration_pin == "123456"


def test_a_number_of_ours_is_registered_again_with_the_pin_that_we_set(world: World) -> None:
    world.book.add(world.professional_id, registration_pin="654321")
    world.businesses.pins[PHONE_NUMBER_ID] = "654321"

    world.link()

    assert world.businesses.called("register") == [(PHONE_NUMBER_ID, "654321")]


def test_a_new_pin_is_six_random_digits(world: World) -> None:
    world.put_numbers(*[make_number(id=str(310000000000100 + index)) for index in range(20)])

    world.link(None)

    pins = list(world.businesses.pins.values())
    assert len(set(pins)) > 15
    assert all(len(pin) == 6 and pin.isdigit() for pin in pins)


def test_a_refused_registration_stores_nothing_and_takes_the_subscription_back(world: World) -> None:
    world.businesses.pins[PHONE_NUMBER_ID] = "123456"

    with pytest.raises(RegistrationFailed):
        world.link()

    assert world.book.rows == []
    assert world.businesses.subscribed == set()


@pytest.mark.parametrize("whose", ["own", "somebody else's"])
def test_a_subscription_that_another_number_needs_stays(world: World, whose: str) -> None:
    world.put_numbers(make_number(), make_number(id=SECOND_NUMBER))
    owner = world.professional_id if whose == "own" else uuid4()
    world.book.add(owner, key=AccountKey(WABA_ID, SECOND_NUMBER))
    world.businesses.failures["register"] = RegistrationFailed()

    with pytest.raises(RegistrationFailed):
        world.link()

    assert world.businesses.subscribed == {WABA_ID}


def test_a_subscription_that_was_there_before_is_not_taken_back(world: World) -> None:
    world.businesses.subscribed.add(WABA_ID)
    world.businesses.failures["register"] = RegistrationFailed()

    with pytest.raises(RegistrationFailed):
        world.link()

    assert world.businesses.called("unsubscribe") == []


def test_a_subscription_that_cannot_be_taken_back_hides_nothing(world: World) -> None:
    world.businesses.failures |= {"register": RegistrationFailed(), "unsubscribe": MetaUnreachable()}

    with pytest.raises(RegistrationFailed):
        world.link()


def test_a_number_that_nobody_can_register_does_not_keep_the_others_from_being_linked(world: World) -> None:
    world.put_numbers(make_number(), make_number(id=SECOND_NUMBER, display_phone_number="+5491150320010"))
    world.businesses.pins[SECOND_NUMBER] = "123456"

    [linked] = world.link(None)

    assert linked.account.key == AccountKey(WABA_ID, PHONE_NUMBER_ID)
    assert world.row.access_token == "token"
    (alert,) = world.book.alerts
    assert (alert.channel_id, alert.kind, alert.severity) == (linked.channel_id, "number_not_linked", "warning")
    assert "+5491150320010" in alert.message


def test_a_number_that_is_left_out_is_told_at_every_attempt(world: World) -> None:
    world.put_numbers(make_number(), make_number(id=SECOND_NUMBER))
    world.businesses.pins[SECOND_NUMBER] = "123456"

    for code in ("first", "second"):
        world.link(None, code=code)

    assert [alert.kind for alert in world.book.alerts] == ["number_not_linked"] * 2


def test_when_no_number_can_be_registered_nothing_is_linked(world: World) -> None:
    world.put_numbers(make_number(), make_number(id=SECOND_NUMBER))
    world.businesses.pins |= {PHONE_NUMBER_ID: "123456", SECOND_NUMBER: "123456"}

    with pytest.raises(RegistrationFailed):
        world.link(None)

    assert (world.book.rows, world.businesses.subscribed) == ([], set())


def test_other_trouble_with_one_of_several_numbers_links_none(world: World) -> None:
    world.put_numbers(make_number(is_registered=True), make_number(id=SECOND_NUMBER))
    world.businesses.failures["register"] = MetaUnreachable()

    with pytest.raises(MetaUnreachable):
        world.link(None)

    assert world.book.rows == []


def test_a_second_account_that_cannot_be_subscribed_takes_the_first_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put_numbers(make_number(id=SECOND_NUMBER), waba_id=OTHER_WABA)
    subscribe = FakeWhatsAppBusiness.subscribe

    def only_the_first(business: FakeWhatsAppBusiness, waba_id: str) -> None:
        if waba_id == OTHER_WABA:
            raise MetaError(MetaFault(100))
        subscribe(business, waba_id)

    monkeypatch.setattr(FakeWhatsAppBusiness, "subscribe", only_the_first)
    with pytest.raises(MetaError):
        world.link(None, granted_ids=frozenset({WABA_ID, OTHER_WABA}))

    assert world.businesses.called("unsubscribe") == [(WABA_ID,)]
    assert (world.book.rows, world.businesses.subscribed) == ([], set())


def test_a_link_that_may_have_been_stored_keeps_its_webhooks(world: World) -> None:
    world.book.failures["link"] = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        world.link()

    assert world.businesses.subscribed == {WABA_ID}


# ---- numbers that stay on the phone app


@pytest.fixture
def coexisting(world: World) -> World:
    world.put_numbers(make_number(on_phone_app=True))
    return world


def test_a_number_on_the_phone_app_is_not_registered_and_its_history_is_asked_for(coexisting: World) -> None:
    coexisting.book.on_link = lambda: coexisting.businesses.calls.append(("link",))

    coexisting.link()

    row = coexisting.row
    assert (row.facts["on_phone_app"], row.facts["throughput_per_second"]) == (True, 20)
    assert coexisting.businesses.calls[-4:] == [
        ("link",),
        ("is_subscribed", WABA_ID),
        ("request_sync", PHONE_NUMBER_ID, "smb_app_state_sync"),
        ("request_sync", PHONE_NUMBER_ID, "history"),
    ], "contacts before history, and both after the link that receives them"
    assert coexisting.book.alerts == []


def test_a_history_that_is_refused_is_told_and_the_number_works(coexisting: World) -> None:
    coexisting.businesses.failures["request_sync"] = MetaError(MetaFault(2593109))

    (linked,) = coexisting.link()

    (alert,) = coexisting.book.alerts
    assert (alert.channel_id, alert.kind, alert.severity) == (linked.channel_id, "history_not_imported", "info")
    assert coexisting.row.status is ChannelStatus.CONNECTED


def test_a_store_that_goes_away_after_the_link_was_stored_undoes_nothing(coexisting: World) -> None:
    coexisting.businesses.failures["request_sync"] = MetaUnreachable()
    coexisting.book.failures["alert"] = StoreUnavailable()

    assert len(coexisting.link()) == 1


def test_no_other_number_is_asked_for_history(world: World) -> None:
    world.link()

    assert world.businesses.called("request_sync") == []


# ---- several professionals


def test_professionals_who_link_side_by_side_get_their_own(world: World) -> None:
    other = World()
    other.login, other.businesses, other.book = world.login, world.businesses, world.book
    other.meta = world.meta
    world.businesses.numbers[OTHER_WABA] = [make_number(id=SECOND_NUMBER)]
    world.businesses.visible |= {"token-a": {WABA_ID}, "token-b": {OTHER_WABA}}
    for code, token, waba in (("code-a", "token-a", WABA_ID), ("code-b", "token-b", OTHER_WABA)):
        facts: TokenFacts = make_token_facts(granted_ids=frozenset({waba}))
        world.login.issue(code, token, redirect_uri=REDIRECT, facts=facts)

    world.connect(None, code="code-a")
    other.connect(None, code="code-b")

    stored: dict[UUID, tuple[AccountKey, str | None]] = {
        row.professional_id: (row.key, row.access_token) for row in world.book.rows
    }
    assert stored == {
        world.professional_id: (AccountKey(WABA_ID, PHONE_NUMBER_ID), "token-a"),
        other.professional_id: (AccountKey(OTHER_WABA, SECOND_NUMBER), "token-b"),
    }
