"""The one path of every message: claim, send, settle."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.channel_health import diagnose
from dentalist.domain.errors import (
    ChannelDisconnected,
    ConsentRequired,
    DomainError,
    MetaError,
    MetaFault,
    OutcomeUnknown,
    RateLimited,
    ServiceWindowClosed,
    StoreUnavailable,
)
from dentalist.domain.message import Content, Draft, Message, MessageStatus
from dentalist.domain.sending_errors import (
    MediaNotFound,
    MetaRateLimited,
    MetaTransient,
    MetaUnreachable,
    MetaWindowClosed,
    TokenDead,
)
from dentalist.services.sending import Sending
from tests.builders import WAMID, make_answer, make_draft
from tests.fakes import FakeChannels, FakeLinks, FakeSendGate, FakeWhatsApp

PAIR_LIMIT = MetaRateLimited(MetaFault(131056, message="pair rate limit hit"), retry_after=timedelta(seconds=6))


class World:
    """A sending with fakes around it."""

    def __init__(self) -> None:
        self.gate = FakeSendGate()
        self.whatsapp = FakeWhatsApp()
        self.channels = FakeChannels()
        self.links = FakeLinks()
        self.pauses: list[float] = []
        self.sending = Sending(
            gate=self.gate,
            sender_for=lambda _: self.whatsapp,
            channels=self.channels,
            links=self.links,
            pause=self.pauses.append,
        )

    def send(self, draft: Draft) -> Message:
        return self.sending.send(uuid4(), draft)


@pytest.fixture
def world() -> World:
    return World()


def test_a_message_is_claimed_before_it_leaves_and_settled_with_its_wamid(world: World) -> None:
    message = world.send(make_draft())

    claim, settlement = world.gate.settled[0]
    assert (message.status, message.external_id) == (MessageStatus.SENT, WAMID)
    assert world.gate.log == ["claim", "settle sent"]
    assert settlement.external_id == WAMID
    assert world.whatsapp.attempts[0].reference == claim.message_id
    assert world.whatsapp.attempts[0].recipient == claim.recipient


def test_a_lost_answer_of_meta_is_kept_as_unknown_and_not_sent_again(world: World) -> None:
    world.whatsapp.next_answer = OutcomeUnknown()

    message = world.send(make_draft())

    assert message.status is MessageStatus.UNKNOWN
    assert len(world.whatsapp.attempts) == 1
    assert world.gate.settled[0][1].status == "unknown"


def test_what_the_gate_refuses_is_never_sent(world: World) -> None:
    world.gate.refusal = ConsentRequired()

    with pytest.raises(ConsentRequired):
        world.send(make_draft())

    assert world.whatsapp.attempts == []
    assert world.gate.settled == []


@pytest.mark.parametrize(
    "refusal",
    [
        MetaError(MetaFault(131026, message="undeliverable")),
        MetaWindowClosed(MetaFault(131047)),
        ChannelDisconnected(),
    ],
)
def test_a_refusal_of_meta_is_kept_as_failed_and_told(world: World, refusal: DomainError) -> None:
    world.whatsapp.next_answer = refusal

    with pytest.raises(type(refusal)):
        world.send(make_draft())

    assert world.gate.settled[0][1].status == "failed"


def test_the_kept_error_of_a_refusal_is_metas_own(world: World) -> None:
    world.whatsapp.next_answer = MetaError(MetaFault(131026, subcode=7, message="undeliverable", fbtrace_id="A1"))

    with pytest.raises(MetaError):
        world.send(make_draft())

    assert world.gate.settled[0][1].error == {
        "code": 131026,
        "subcode": 7,
        "message": "undeliverable",
        "fbtrace_id": "A1",
    }


def test_a_throttled_message_of_a_person_fails_and_says_when_to_try_again(world: World) -> None:
    world.whatsapp.next_answer = PAIR_LIMIT

    with pytest.raises(RateLimited) as raised:
        world.send(make_draft())

    assert raised.value.retry_after == timedelta(seconds=6)
    assert world.gate.settled[0][1].status == "failed"


@pytest.mark.parametrize(
    "passing",
    [PAIR_LIMIT, MetaTransient(MetaFault(1)), MetaUnreachable(), StoreUnavailable()],
    ids=lambda error: type(error).__name__,
)
def test_an_automatic_message_that_was_not_sent_waits_for_another_attempt(world: World, passing: DomainError) -> None:
    world.whatsapp.next_answer = passing

    message = world.send(make_answer())

    settlement = world.gate.settled[0][1]
    assert message.status is MessageStatus.SENDING
    assert settlement.status == "throttled"
    assert settlement.retry_at is not None
    assert settlement.retry_at > datetime.now(UTC)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 6), (2, 16), (3, 64)])
def test_each_further_attempt_waits_longer_and_never_less_than_meta_asks(
    world: World, attempt: int, seconds: int
) -> None:
    world.gate.attempt = attempt
    world.whatsapp.next_answer = PAIR_LIMIT
    before = datetime.now(UTC)

    world.send(make_answer())

    retry_at = world.gate.settled[0][1].retry_at
    assert retry_at is not None
    assert timedelta(seconds=seconds) <= retry_at - before < timedelta(seconds=seconds + 5)


def test_a_dead_token_marks_the_channel_for_linking_again(world: World) -> None:
    world.whatsapp.next_answer = TokenDead(MetaFault(190, subcode=460), reason="password_changed")

    with pytest.raises(ChannelDisconnected):
        world.send(make_answer())

    claim, settlement = world.gate.settled[0]
    assert settlement.status == "failed"
    assert world.channels.marked == [(claim.channel_id, ChannelStatus.REAUTH_REQUIRED, "password_changed")]
    expected = diagnose("password_changed", ChannelType.WHATSAPP)
    assert world.channels.told == [("critical", expected.sentence)]
    assert "contraseña" in expected.sentence


def test_a_credential_that_was_just_erased_marks_nothing(world: World) -> None:
    world.whatsapp.next_answer = ChannelDisconnected()

    with pytest.raises(ChannelDisconnected):
        world.send(make_draft())

    assert world.channels.marked == []


def test_a_store_that_is_away_while_settling_does_not_make_a_sent_message_an_error(world: World) -> None:
    world.gate.settle_failures = [StoreUnavailable(), StoreUnavailable(), StoreUnavailable()]

    message = world.send(make_draft())

    assert (message.status, message.external_id) == (MessageStatus.SENT, WAMID)
    assert len(world.whatsapp.attempts) == 1


def test_settling_is_tried_again_after_a_moment(world: World) -> None:
    world.gate.settle_failures = [StoreUnavailable()]

    world.send(make_draft())

    assert world.gate.log == ["claim", "settle sent", "settle sent"]
    assert len(world.pauses) == 1


def test_a_refusal_stays_the_refusal_when_the_store_cannot_record_it(world: World) -> None:
    world.whatsapp.next_answer = MetaWindowClosed(MetaFault(131047))
    world.gate.settle_failures = [StoreUnavailable(), StoreUnavailable(), StoreUnavailable()]

    with pytest.raises(ServiceWindowClosed):
        world.send(make_draft())


def test_a_channel_that_could_not_be_marked_does_not_hide_the_refusal(world: World) -> None:
    world.whatsapp.next_answer = TokenDead(MetaFault(190), reason="token_expired")
    world.channels.mark_failure = StoreUnavailable()

    with pytest.raises(ChannelDisconnected):
        world.send(make_draft())


def test_meta_gets_a_link_to_a_stored_file_and_the_kept_payload_does_not_hold_it(world: World) -> None:
    world.links.known = {"p/x.pdf"}

    world.send(make_draft(content=Content.media("document", storage_path="p/x.pdf", filename="x.pdf")))

    sent = world.whatsapp.attempts[0].body["document"]
    assert sent == {"filename": "x.pdf", "link": "https://files.example.com/p/x.pdf?token=short-lived"}
    assert "token" not in str(world.gate.drafts[0].content.payload)


def test_a_file_that_does_not_exist_claims_nothing(world: World) -> None:
    with pytest.raises(MediaNotFound):
        world.send(make_draft(content=Content.media("image", storage_path="p/none.jpg")))

    assert world.gate.log == []


def test_what_the_same_request_sent_before_is_answered_and_not_sent_again(world: World) -> None:
    before = Message(message_id=uuid4(), conversation_id=uuid4(), status=MessageStatus.SENT, external_id=WAMID)
    world.gate.sent_before = before

    message = world.send(make_draft(request_key=uuid4()))

    assert message == before
    assert world.whatsapp.attempts == []
    assert world.gate.settled == []
