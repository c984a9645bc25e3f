"""The self-test of a channel: the whole chain, and the first link that is broken."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from dentalist.domain.accounts import ChannelType, LinkedAccount
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.channel_health import Cause, diagnose
from dentalist.domain.channel_test import ChannelTest
from dentalist.domain.errors import ChannelDisconnected, ChannelNotFound, MetaError, MetaFault
from dentalist.domain.sending_errors import MetaUnreachable
from dentalist.services.accounts import test_channel as service
from tests.care_world import CareWorld
from tests.fakes_providers import make_number

WHATSAPP, INSTAGRAM, GOOGLE = ChannelType.WHATSAPP, ChannelType.INSTAGRAM, ChannelType.GOOGLE_CALENDAR
CHAIN = {
    WHATSAPP: ["token", "scopes", "number", "webhook", "test_event"],
    INSTAGRAM: ["token", "scopes", "account", "webhook", "test_event"],
    GOOGLE: ["token", "scopes", "calendar"],
}


@dataclass
class Webhook:
    """Our own webhook and store: what is sent arrives after a while, or never."""

    taken: bool = True
    arrives_after: float | None = 1.0
    now: float = 0.0
    expected: dict[UUID, str] = field(default_factory=dict)
    sent: list[tuple[UUID, str, float]] = field(default_factory=list)

    def begin(self, channel_id: UUID, nonce: str) -> None:
        self.expected[channel_id] = nonce

    def send(self, account: LinkedAccount, nonce: str) -> bool:
        assert self.expected[account.channel_id] == nonce, "it is expected before it is sent"
        self.sent.append((account.channel_id, nonce, self.now))
        return self.taken

    def received(self, channel_id: UUID, nonce: str) -> bool:
        if self.arrives_after is None:
            return False
        return any(
            (channel, known) == (channel_id, nonce) and self.now >= at + self.arrives_after
            for channel, known, at in self.sent
        )

    def pause(self, seconds: float) -> None:
        self.now += seconds

    @property
    def bench(self) -> service.SelfTestBench:
        return service.SelfTestBench(tests=self, events=self, pause=self.pause, clock=lambda: self.now)


def run(care: CareWorld, webhook: Webhook | None = None, channel_id: UUID | None = None) -> ChannelTest:
    bench = (webhook or Webhook()).bench
    return service.test_channel(channel_id or care.row.channel_id, care=care.care, bench=bench, now=care.world.now)


def dies(cause: str) -> Callable[[CareWorld], None]:
    return lambda care: setattr(care.token, "dead_because", cause)


def number(**told: object) -> Callable[[CareWorld], None]:
    return lambda care: setattr(care.world, "number", make_number(**{"is_registered": True, **told}))


BROKEN: dict[Cause, tuple[str, Callable[[CareWorld], None]]] = {
    Cause.TOKEN_EXPIRED: ("token", dies("token_expired")),
    Cause.PASSWORD_CHANGED: ("token", dies("password_changed")),
    Cause.APP_REMOVED: ("token", dies("app_removed")),
    Cause.CHECKPOINT: ("token", dies("checkpoint")),
    Cause.SCOPE_MISSING: (
        "scopes",
        lambda care: setattr(care.token, "scopes", frozenset({"whatsapp_business_messaging"})),
    ),
    Cause.PERMISSION: ("number", lambda care: setattr(care.token, "number_visible", False)),
    Cause.NOT_REGISTERED: ("number", number(is_registered=False)),
    Cause.RESTRICTED: ("number", number(status="RESTRICTED")),
    Cause.NOT_SUBSCRIBED: ("webhook", lambda care: setattr(care.world, "subscribed", False)),
}


@pytest.mark.parametrize("channel", ChannelType)
def test_a_channel_in_order_passes_every_link(channel: ChannelType) -> None:
    tested = run(CareWorld(channel))

    assert (tested.ok, tested.cause) == (True, None)
    assert [(check.name, check.ok, check.code) for check in tested.checks] == [
        (name, True, "ok") for name in CHAIN[channel]
    ]
    assert all(check.message.endswith(".") for check in tested.checks)


@pytest.mark.parametrize("cause", Cause)
def test_the_first_broken_link_is_named_and_what_follows_is_not_tried(cause: Cause) -> None:
    care, webhook = CareWorld(), Webhook()
    link, break_it = BROKEN[cause]
    break_it(care)

    tested = run(care, webhook)

    expected = diagnose(cause, WHATSAPP)
    place = CHAIN[WHATSAPP].index(link)
    assert (tested.ok, tested.cause, tested.detail) == (False, cause, expected.sentence)
    assert [check.name for check in tested.checks] == CHAIN[WHATSAPP]
    assert [(check.ok, check.code) for check in tested.checks] == [
        *[(True, "ok")] * place,
        (False, cause.value),
        *[(False, "not_run")] * (4 - place),
    ]
    assert webhook.sent == []


@pytest.mark.parametrize("cause", Cause)
def test_what_a_test_finds_is_what_the_channel_says_from_then_on(cause: Cause) -> None:
    care = CareWorld()
    BROKEN[cause][1](care)

    run(care)

    expected = diagnose(cause, WHATSAPP)
    assert (care.row.status, care.row.status_reason) == (expected.status, cause.value)
    assert [(mark.message, mark.severity) for mark in care.marked] == [(expected.sentence, "critical")]


def test_a_test_tells_how_it_is_and_repairs_nothing() -> None:
    care = CareWorld()
    care.world.subscribed = False

    run(care)

    assert care.world.used["subscribe"] == 0
    assert not care.world.subscribed


def test_a_test_event_that_does_not_come_back_is_our_fault_and_no_cause() -> None:
    care, webhook = CareWorld(), Webhook(arrives_after=None)

    tested = run(care, webhook)

    assert (tested.ok, tested.cause) == (False, None)
    assert (tested.checks[-1].name, tested.checks[-1].code) == ("test_event", "test_event_missing")
    assert all(check.ok for check in tested.checks[:-1])
    assert "nuestro lado" in tested.detail
    assert 7 < webhook.now < 9
    assert (care.row.status, care.marked) == (ChannelStatus.CONNECTED, [])


def test_a_test_event_that_our_webhook_does_not_take_is_not_waited_for() -> None:
    webhook = Webhook(taken=False)

    tested = run(CareWorld(), webhook)

    assert (tested.ok, tested.checks[-1].code, webhook.now) == (False, "test_event_missing", 0)


def test_a_slow_test_event_is_waited_for() -> None:
    webhook = Webhook(arrives_after=6)

    assert run(CareWorld(), webhook).ok
    assert 6 <= webhook.now < 7


def test_every_test_expects_an_event_of_its_own() -> None:
    care, webhook = CareWorld(), Webhook()

    run(care, webhook)
    run(care, webhook)

    first, second = (nonce for _, nonce, _ in webhook.sent)
    assert first != second
    assert len(first) == 32


@pytest.mark.parametrize(("call", "name"), [("inspect", "token"), ("number", "number"), ("is_subscribed", "webhook")])
@pytest.mark.parametrize("trouble", [MetaUnreachable(), MetaError(MetaFault(100))])
def test_a_provider_that_does_not_answer_is_no_cause(call: str, name: str, trouble: Exception) -> None:
    care = CareWorld()
    care.world.troubles[call] = trouble

    tested = run(care)

    assert (tested.ok, tested.cause) == (False, None)
    assert [check.name for check in tested.checks if check.code == "provider_unreachable"] == [name]
    assert [check.name for check in tested.checks] == CHAIN[WHATSAPP]
    assert (care.row.status, care.marked) == (ChannelStatus.CONNECTED, [])


@pytest.mark.parametrize("status", [ChannelStatus.REAUTH_REQUIRED, ChannelStatus.PENDING, ChannelStatus.RESTRICTED])
def test_a_passing_test_connects_the_channel_again(status: ChannelStatus) -> None:
    care = CareWorld()
    care.row.status, care.row.status_reason = status, "checkpoint"

    assert run(care).ok

    assert (care.row.status, care.row.status_reason) == (ChannelStatus.CONNECTED, None)
    assert care.told() == ["channel_restored"]


def test_a_channel_whose_events_do_not_come_in_is_not_connected_again() -> None:
    care = CareWorld()
    care.row.status, care.row.status_reason = ChannelStatus.PENDING, "not_subscribed"

    run(care, Webhook(arrives_after=None))

    assert care.row.status is ChannelStatus.PENDING


def test_the_hours_token_that_a_calendar_was_tested_with_is_kept() -> None:
    care = CareWorld(GOOGLE)
    before = care.row.access_token

    run(care)

    assert care.row.access_token != before
    assert care.world.is_good(care.token.text)


def test_a_disconnected_channel_is_not_tested() -> None:
    care = CareWorld()
    care.accounts.disconnect(care.row.channel_id, actor_id=None, reason="owner")

    with pytest.raises(ChannelDisconnected):
        run(care)
    assert not care.world.used


def test_another_professionals_channel_does_not_exist() -> None:
    with pytest.raises(ChannelNotFound):
        run(CareWorld(), channel_id=uuid4())


@pytest.mark.parametrize("cause", Cause)
def test_nothing_secret_is_told(cause: Cause) -> None:
    care = CareWorld()
    BROKEN[cause][1](care)

    assert care.token.text not in str(run(care))
