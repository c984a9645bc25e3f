"""One account as it is today: what is found broken, healed or repaired, and told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from dentalist.domain.accounts import ChannelType, TokenKind
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.channel_health import Cause, diagnose
from dentalist.domain.errors import DomainError, MetaError, MetaFault, RateLimited, StoreUnavailable
from dentalist.domain.linking_errors import ProviderUnreachable
from dentalist.domain.sending_errors import MetaTransient, MetaUnreachable, TokenDead
from dentalist.services.accounts.look_after_account import Outcome
from tests.care_world import CareWorld
from tests.fakes_providers import make_number
from tests.strict_providers import StrictWorld

WHATSAPP, INSTAGRAM, GOOGLE = ChannelType.WHATSAPP, ChannelType.INSTAGRAM, ChannelType.GOOGLE_CALENDAR


def token_dies(cause: str) -> Callable[[CareWorld], None]:
    def die(care: CareWorld) -> None:
        care.token.dead_because = cause

    return die


def world_has(**changes: object) -> Callable[[CareWorld], None]:
    def change(care: CareWorld) -> None:
        for name, value in changes.items():
            setattr(care.world, name, value)

    return change


def refused(call: str, code: int, subcode: int | None = None) -> Callable[[CareWorld], None]:
    def refuse(care: CareWorld) -> None:
        care.world.troubles[call] = MetaError(MetaFault(code, subcode))

    return refuse


def loses_scopes(care: CareWorld) -> None:
    care.token.scopes = frozenset({"whatsapp_business_management"})


def loses_number(care: CareWorld) -> None:
    care.token.number_visible = False


def number(**told: object) -> Callable[[CareWorld], None]:
    return world_has(number=make_number(**{"is_registered": True, **told}))


def unsubscribed(care: CareWorld) -> None:
    care.world.subscribed = False
    care.world.subscribing = MetaError(MetaFault(200))


BROKEN: dict[Cause, Callable[[CareWorld], None]] = {
    Cause.TOKEN_EXPIRED: token_dies("token_expired"),
    Cause.PASSWORD_CHANGED: token_dies("password_changed"),
    Cause.APP_REMOVED: token_dies("app_removed"),
    Cause.CHECKPOINT: token_dies("checkpoint"),
    Cause.SCOPE_MISSING: loses_scopes,
    Cause.PERMISSION: loses_number,
    Cause.NOT_REGISTERED: number(is_registered=False),
    Cause.NOT_SUBSCRIBED: unsubscribed,
    Cause.RESTRICTED: number(status="RESTRICTED"),
}


def test_no_cause_is_forgotten() -> None:
    assert set(BROKEN) == set(Cause)


@pytest.mark.parametrize("cause", Cause)
def test_a_cause_gets_its_status_its_sentence_and_its_alert(cause: Cause) -> None:
    care = CareWorld()
    BROKEN[cause](care)

    look = care.look()

    expected = diagnose(cause, WHATSAPP)
    assert (look.outcome, look.cause, look.reason) == (Outcome.BROKEN, cause, cause.value)
    assert (care.row.status, care.row.status_reason) == (expected.status, cause.value)
    [marked] = care.marked
    assert (marked.message, marked.severity) == (expected.sentence, "critical")


def test_no_two_causes_leave_the_same_trace() -> None:
    traces = set()
    for break_it in BROKEN.values():
        care = CareWorld()
        break_it(care)
        care.look()
        traces.add((care.row.status_reason, care.marked[0].message))

    assert len(traces) == len(Cause)


@pytest.mark.parametrize(
    ("channel", "break_it", "cause"),
    [
        (INSTAGRAM, token_dies("password_changed"), Cause.PASSWORD_CHANGED),
        (INSTAGRAM, token_dies("app_removed"), Cause.APP_REMOVED),
        (INSTAGRAM, refused("account", 10), Cause.SCOPE_MISSING),
        (INSTAGRAM, refused("account", 200, 2534041), Cause.PERMISSION),
        (INSTAGRAM, refused("account", 368), Cause.RESTRICTED),
        (INSTAGRAM, refused("is_subscribed", 10, 1893063), Cause.RESTRICTED),
        (INSTAGRAM, unsubscribed, Cause.NOT_SUBSCRIBED),
        (GOOGLE, lambda care: care.world.refresh_tokens.update({"refresh-1": "token_expired"}), Cause.TOKEN_EXPIRED),
        (GOOGLE, lambda care: care.world.refresh_tokens.update({"refresh-1": "permission"}), Cause.PERMISSION),
        (GOOGLE, world_has(spoils={"scopes": frozenset({"openid"})}), Cause.SCOPE_MISSING),
        (GOOGLE, world_has(calendar_open=False), Cause.PERMISSION),
        (WHATSAPP, refused("number", 131031), Cause.RESTRICTED),
        (WHATSAPP, refused("number", 10), Cause.PERMISSION),
        (WHATSAPP, number(status="BANNED"), Cause.RESTRICTED),
        (WHATSAPP, number(status="DISCONNECTED", is_registered=False, on_phone_app=True), Cause.NOT_REGISTERED),
    ],
)
def test_each_provider_has_its_own_way_of_saying_it(
    channel: ChannelType, break_it: Callable[[CareWorld], None], cause: Cause
) -> None:
    care = CareWorld(channel)
    break_it(care)

    look = care.look_after(1)

    expected = diagnose(cause, channel)
    assert look.cause is cause
    assert (care.row.status, care.row.status_reason) == (expected.status, cause.value)
    assert [(mark.message, mark.severity) for mark in care.marked] == [(expected.sentence, expected.severity)]


@pytest.mark.parametrize("told", [{"account_type": "PERSONAL"}, {"account_type": "BUSINESS"}])
def test_an_instagram_account_that_is_personal_now_is_not_professional(told: dict[str, str]) -> None:
    care = CareWorld(INSTAGRAM)
    care.world.account = replace(care.world.account, **told)

    assert care.look().cause is (Cause.NOT_REGISTERED if told["account_type"] == "PERSONAL" else None)


def test_an_instagram_token_of_another_account_is_no_access_to_this_one() -> None:
    care = CareWorld(INSTAGRAM, holder="17841400000000999")

    assert care.look().cause is Cause.PERMISSION


def test_scopes_that_linking_did_not_get_are_missed_on_instagram() -> None:
    care = CareWorld(INSTAGRAM, scopes=frozenset({"instagram_business_basic"}))

    assert care.look().cause is Cause.SCOPE_MISSING


@pytest.mark.parametrize("status", ["FLAGGED", "RATE_LIMITED"])
def test_a_number_of_poor_quality_goes_on(status: str) -> None:
    care = CareWorld()
    care.world.number = make_number(is_registered=True, status=status, quality_rating="RED")

    assert care.look().outcome is Outcome.WELL
    assert care.row.facts["quality_rating"] == "RED"


def test_a_look_keeps_what_it_was_told() -> None:
    care = CareWorld()
    care.world.number = make_number(
        is_registered=True, verified_name="Clínica Nueva", messaging_limit="TIER_10K", quality_rating="YELLOW"
    )

    care.look_after(3)

    told = {name: care.row.facts[name] for name in ("display_name", "messaging_limit", "quality_rating", "scopes")}
    assert told == {
        "display_name": "Clínica Nueva",
        "messaging_limit": "TIER_10K",
        "quality_rating": "YELLOW",
        "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
    }
    assert care.row.facts["token_expires_at"] == care.token.ends_at
    assert care.row.checked_at == care.world.now


# ---- repair and healing


@pytest.mark.parametrize("channel", [WHATSAPP, INSTAGRAM])
def test_a_lost_subscription_is_repaired_once_and_told_as_a_warning(channel: ChannelType) -> None:
    care = CareWorld(channel)
    care.world.subscribed = False

    look = care.look()
    again = care.look()

    assert (look.outcome, look.is_repaired, again.is_repaired) == (Outcome.WELL, True, False)
    assert care.world.used["subscribe"] == 1
    assert [(alert.kind, alert.severity) for alert in care.alerts] == [("webhook_repaired", "warning")]
    assert care.marked == []


def test_a_subscription_that_meta_accepts_and_does_not_keep_is_not_repaired() -> None:
    class Deaf(StrictWorld):
        subscribed = property(lambda _self: False, lambda _self, _value: None)  # type: ignore[assignment]

    care = CareWorld()
    care.world.__class__ = Deaf

    look = care.look()

    assert (look.cause, look.is_repaired, care.told()) == (Cause.NOT_SUBSCRIBED, False, [])
    assert care.world.used["subscribe"] == 1


def test_a_token_that_dies_while_subscribing_is_its_own_cause() -> None:
    care = CareWorld()
    care.world.subscribed = False
    care.world.subscribing = TokenDead(MetaFault(190, 458), reason="app_removed")

    assert care.look().cause is Cause.APP_REMOVED


@pytest.mark.parametrize("channel", ChannelType)
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (ChannelStatus.REAUTH_REQUIRED, "checkpoint"),
        (ChannelStatus.REAUTH_REQUIRED, "permission"),
        (ChannelStatus.REAUTH_REQUIRED, "scope_missing"),
        (ChannelStatus.PENDING, "not_registered"),
        (ChannelStatus.PENDING, "not_subscribed"),
        (ChannelStatus.RESTRICTED, "restricted"),
    ],
)
def test_what_is_well_again_is_connected_and_told_once(
    channel: ChannelType, status: ChannelStatus, reason: str
) -> None:
    care = CareWorld(channel)
    care.row.status, care.row.status_reason = status, reason

    look, again = care.look(), care.look()

    assert (look.is_healed, again.is_healed) == (True, False)
    assert (care.row.status, care.row.status_reason) == (ChannelStatus.CONNECTED, None)
    assert [(alert.kind, alert.severity) for alert in care.alerts] == [("channel_restored", "info")]


def test_what_broke_is_told_once_however_often_it_is_looked_at() -> None:
    care = CareWorld()
    care.token.dead_because = "checkpoint"

    for _ in range(4):
        care.look_after(1)

    assert len(care.marked) == 1
    assert care.told() == []


def test_another_cause_is_told_anew() -> None:
    care = CareWorld()
    care.token.dead_because = "checkpoint"
    care.look()
    care.token.dead_because = "app_removed"

    care.look_after(1)

    assert [mark.reason for mark in care.marked] == ["checkpoint", "app_removed"]


# ---- no verdict


@pytest.mark.parametrize(
    "trouble",
    [
        MetaTransient(MetaFault(2)),
        MetaUnreachable(),
        RateLimited(),
        ProviderUnreachable(),
        MetaError(MetaFault(100, message="an invalid parameter: a mistake of ours")),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("call", ["inspect", "number", "is_subscribed"])
def test_trouble_that_says_nothing_about_the_account_changes_nothing(call: str, trouble: DomainError) -> None:
    care = CareWorld()
    care.row.status, care.row.status_reason = ChannelStatus.REAUTH_REQUIRED, "permission"
    before = (care.row.access_token, dict(care.row.facts))
    care.world.troubles[call] = trouble

    look = care.look()

    assert look.outcome is Outcome.UNCLEAR
    assert (care.row.access_token, care.row.facts) == before
    assert (care.row.status, care.marked, care.alerts) == (ChannelStatus.REAUTH_REQUIRED, [], [])


@pytest.mark.parametrize(("days", "told"), [(47, []), (52, []), (54, ["token_expiring"])])
def test_a_silent_provider_still_lets_a_near_end_be_told(days: int, told: list[str]) -> None:
    care = CareWorld(INSTAGRAM)
    care.world.troubles["account"] = MetaUnreachable()

    care.look_after(days)
    care.look()

    assert care.told() == told


@pytest.mark.parametrize("code", [3, 10, 200, 368])
def test_a_refusal_to_describe_tokens_is_about_our_app_and_no_accounts_fault(code: int) -> None:
    """``(#200) API access blocked``: whoever is asked about with our app's own token, Meta refuses the app."""
    care = CareWorld()
    care.world.troubles["inspect"] = MetaError(MetaFault(code))

    look = care.look()

    assert look.outcome is Outcome.UNCLEAR
    assert (care.row.status, care.marked, care.alerts) == (ChannelStatus.CONNECTED, [], [])


def test_a_store_that_is_away_is_no_verdict_either() -> None:
    care = CareWorld()
    care.book.failures["access_token"] = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        care.look()


# ---- others act meanwhile


def test_a_verdict_about_a_token_that_was_replaced_meanwhile_is_dropped() -> None:
    care = CareWorld()
    care.token.dead_because = "password_changed"
    relinked = care.world.issue(TokenKind.SYSTEM)
    use = care.world.use

    def relink_while_inspecting(call: str, text: str | None = None) -> None:
        use(call, text)
        care.row.access_token = relinked.text

    care.world.use = relink_while_inspecting  # type: ignore[method-assign]

    look = care.look()

    assert look.outcome is Outcome.CHANGED
    assert (care.row.status, care.marked) == (ChannelStatus.CONNECTED, [])
    assert care.row.access_token == relinked.text


def test_a_verdict_that_comes_after_a_new_link_is_dropped_too() -> None:
    """The moment between looking whether the token still stands there and storing what was found."""
    care = CareWorld()
    care.token.dead_because = "password_changed"
    before = care.account
    care.row.linked_at += timedelta(seconds=1)  # linked again; the account was read before, as by the daily look

    care.look(before)

    assert (care.row.status, care.marked, care.row.checked_at) == (ChannelStatus.CONNECTED, [], None)


def test_a_channel_that_was_taken_off_meanwhile_stays_off() -> None:
    care = CareWorld()
    account = care.account
    care.accounts.disconnect(account.channel_id, actor_id=None, reason="owner")

    care.look(account)

    assert (care.row.status, care.marked) == (ChannelStatus.DISCONNECTED, [])


def test_a_stored_token_that_does_not_open_asks_for_logging_in_again() -> None:
    care = CareWorld()
    care.row.access_token = None

    look = care.look()

    assert look.cause is Cause.TOKEN_EXPIRED
    assert care.row.status is ChannelStatus.REAUTH_REQUIRED


@pytest.mark.parametrize("known", ["app_removed", "password_changed", "token_expired"])
def test_where_no_token_is_left_the_known_end_of_the_last_one_stays_the_cause(known: str) -> None:
    """Meta's word that the app was removed erases the token at once."""
    care = CareWorld()
    care.row.access_token, care.row.status, care.row.status_reason = None, ChannelStatus.REAUTH_REQUIRED, known

    look = care.look()

    assert look.cause == known
    assert care.marked == []


def test_where_no_token_is_left_what_could_heal_by_itself_is_no_cause_any_more() -> None:
    care = CareWorld()
    care.row.access_token, care.row.status, care.row.status_reason = None, ChannelStatus.PENDING, "not_subscribed"

    assert care.look().cause is Cause.TOKEN_EXPIRED


# ---- warnings


def unextendable(**token: object) -> CareWorld:
    care = CareWorld(kind=TokenKind.USER, **token)  # type: ignore[arg-type]
    care.world.extends = False
    return care


def test_an_end_that_cannot_be_put_off_is_told_at_fourteen_seven_and_one_day_once_each() -> None:
    care = unextendable()

    for _ in range(59):
        care.look_after(1)
        care.look()

    assert [alert.severity for alert in care.alerts] == ["info", "warning", "critical"]
    assert [alert.dedup_key.rsplit(":", 1)[1] for alert in care.alerts] == ["14", "7", "1"]
    assert len({alert.message for alert in care.alerts}) == 3
    assert set(care.told()) == {"token_expiring"}
    assert "Volver a vincular" in care.alerts[0].message


def test_days_that_were_missed_are_not_told_afterwards() -> None:
    care = unextendable()

    care.look_after(55)

    assert [alert.dedup_key.rsplit(":", 1)[1] for alert in care.alerts] == ["7"]


def test_the_end_of_the_access_to_data_is_told_though_the_token_lives_on() -> None:
    care = CareWorld(life=None)
    care.token.data_access_ends_at = care.world.now + timedelta(days=90)

    for _ in range(89):
        care.look_after(1)

    assert care.told() == ["data_access_ending"] * 3


def test_an_hours_token_of_google_is_never_warned_about() -> None:
    care = CareWorld(GOOGLE)
    care.world.troubles["google_refresh"] = ProviderUnreachable()

    for _ in range(10):
        assert care.look_after(1).outcome is Outcome.UNCLEAR

    assert care.alerts == []


def test_a_token_that_is_dead_is_not_warned_about_as_well() -> None:
    care = unextendable()

    care.look_after(61)

    assert (care.row.status_reason, care.alerts) == ("token_expired", [])
