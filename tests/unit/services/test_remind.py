"""Reminders: each leaves once, and what cannot leave now stays due."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.errors import (
    ChannelDisconnected,
    ConsentRequired,
    MetaError,
    MetaFault,
    OutcomeUnknown,
    StoreUnavailable,
)
from dentalist.domain.message import Author, Message, MessageStatus, Purpose
from dentalist.domain.patient_errors import PhoneUnverified
from dentalist.domain.reminders import DueReminder
from dentalist.domain.sending_errors import ConversationBusy
from dentalist.domain.standard_templates import StandardTemplate, standard_template
from dentalist.domain.templates import Template
from dentalist.services.remind import Reminded, ReminderDesk, remind
from dentalist.services.sending import Sending
from tests.builders import APPOINTMENT_AT as AT
from tests.builders import make_reminder
from tests.fakes import FakeChannels, FakeLinks, FakeSendGate, FakeTemplates, FakeWhatsApp

NOW = AT - timedelta(hours=24)
CHANNEL, CONVERSATION, OPENED = uuid4(), uuid4(), uuid4()


def approved(**changes: Any) -> Template:
    made = standard_template(StandardTemplate.REMINDER, "es_AR")
    return Template.model_validate({**made, "id": uuid4(), "channel_id": CHANNEL, "status": "APPROVED", **changes})


@dataclass
class Book:
    """What is due, in memory."""

    waiting: list[DueReminder] = field(default_factory=list)
    noted: list[tuple[str, UUID | None]] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    page: int = 2

    def due(self, _at: datetime, *, limit: int, after: DueReminder | None) -> list[DueReminder]:
        assert limit > 0
        begin = self.waiting.index(after) + 1 if after else 0
        return self.waiting[begin : begin + self.page]

    def note(self, _reminder: DueReminder, outcome: str, message_id: UUID | None) -> None:
        self.noted.append((outcome, message_id))

    def alert_blocked(self, _professional_id: UUID, reason: str) -> None:
        self.blocked.append(reason)


class World:
    def __init__(self) -> None:
        self.book, self.gate, self.number = Book(), FakeSendGate(), FakeWhatsApp()
        self.template: Template | None = approved()
        self.opened: list[str] = []
        self.failure: Exception | None = None
        self.broken_for: UUID | None = None

    def due(self, **changes: Any) -> DueReminder:
        reminder = make_reminder(**{"conversation_id": CONVERSATION, "channel_id": CHANNEL, **changes})
        self.book.waiting.append(reminder)
        return reminder

    def open(self, _channel_id: UUID, phone: str) -> UUID:
        self.opened.append(phone)
        return OPENED

    def desk(self, professional_id: UUID) -> ReminderDesk:
        if self.failure is not None:
            raise self.failure
        if professional_id == self.broken_for:
            raise ValueError("a mistake of ours")
        sending = Sending(
            gate=self.gate, sender_for=lambda _: self.number, channels=FakeChannels(), links=FakeLinks(), pause=float
        )
        templates = FakeTemplates([self.template] if self.template else [])
        return ReminderDesk(templates, self, sending)

    def run(self, now: datetime = NOW, **named: Any) -> Reminded:
        return remind(self.book, desk_for=self.desk, now=now, budget=named.pop("budget", timedelta(minutes=4)), **named)


@pytest.fixture
def world() -> World:
    return World()


def test_a_reminder_leaves_as_the_approved_template_with_its_two_buttons(world: World) -> None:
    reminder = world.due()

    assert world.run().sent == 1

    [draft] = world.gate.drafts
    assert (draft.author, draft.purpose, draft.request_key) == (Author.SYSTEM, Purpose.CARE, reminder.request_key)
    assert draft.not_after == AT - timedelta(hours=1)
    assert "jueves 26 de noviembre a las 10:30" in draft.content.body
    [attempt] = world.number.attempts
    taps = [item for item in attempt.body["template"]["components"] if item["type"] == "button"]
    assert [item["parameters"][0]["payload"] for item in taps] == [
        f"confirm:{reminder.appointment_id}", f"cancel:{reminder.appointment_id}",
    ]  # fmt: skip
    assert [outcome for outcome, _ in world.book.noted] == ["sent"]


def test_a_template_whose_buttons_were_changed_keeps_its_own(world: World) -> None:
    components = [item for item in approved().components if item["type"] != "BUTTONS"]
    world.template = approved(components=components)
    world.due()
    assert world.run().sent == 1
    assert all(item["type"] != "button" for item in world.number.attempts[0].body["template"]["components"])


def test_a_patient_who_never_wrote_gets_it_in_a_conversation_that_is_begun(world: World) -> None:
    world.due(conversation_id=None, phone="+5491155550100")
    assert world.run().sent == 1
    assert world.opened == ["+5491155550100"]
    assert world.number.attempts


@pytest.mark.parametrize(("missing"), [{"channel_id": None}, {"conversation_id": None, "phone": None}])
def test_without_a_number_or_a_phone_nothing_is_tried(world: World, missing: dict[str, None]) -> None:
    world.due(**missing)
    assert world.run().unreachable == 1
    assert not world.gate.drafts


def test_at_night_it_waits_for_the_morning(world: World) -> None:
    world.due()
    night = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
    assert world.run(night).night == 1
    assert not world.gate.drafts
    assert not world.book.noted


def test_a_lost_answer_counts_as_sent_because_it_may_have_been(world: World) -> None:
    world.due()
    world.number.next_answer = OutcomeUnknown()
    assert world.run().unknown == 1
    assert [outcome for outcome, _ in world.book.noted] == ["unknown"]


def test_a_crash_after_sending_sends_nothing_again(world: World) -> None:
    world.due()
    world.gate.sent_before = Message(message_id=uuid4(), conversation_id=CONVERSATION, status=MessageStatus.DELIVERED)
    assert world.run().sent == 1
    assert not world.number.attempts


@pytest.mark.parametrize(
    ("refusal", "counted"),
    [
        (ConsentRequired(), "without_consent"),
        (ChannelDisconnected(), "unreachable"),
        (PhoneUnverified(), "unreachable"),
        (ConversationBusy(), "later"),
    ],
)
def test_what_may_pass_stays_due(world: World, refusal: Exception, counted: str) -> None:
    world.due()
    world.gate.refusal = refusal
    assert getattr(world.run(), counted) == 1
    assert not world.book.noted


def test_what_meta_refuses_is_not_tried_every_hour(world: World) -> None:
    world.due()
    world.number.next_answer = MetaError(MetaFault(code=131026, subcode=None, message="undeliverable", fbtrace_id=None))
    assert world.run().refused == 1
    assert world.book.noted == [("refused", None)]


@pytest.mark.parametrize(
    ("template", "reason"), [(None, "template_not_found"), (approved(status="PENDING"), "template_not_approved")]
)
def test_a_template_that_is_not_ready_is_told_to_the_clinic(
    world: World, template: Template | None, reason: str
) -> None:
    world.due()
    world.template = template
    assert world.run().blocked == 1
    assert world.book.blocked == [reason]
    assert not world.book.noted


def test_every_page_is_read_and_one_reminders_trouble_costs_the_others_nothing(world: World) -> None:
    broken = world.due()
    for _ in range(4):
        world.due()
    world.broken_for = broken.professional_id
    counts = world.run()
    assert (counts.due, counts.sent, counts.failed) == (5, 4, 1)


def test_an_outage_of_the_store_ends_the_run(world: World) -> None:
    world.due()
    world.failure = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        world.run()


def test_when_its_time_is_over_the_run_says_so(world: World) -> None:
    world.due()
    counts = world.run(budget=timedelta(0), clock=lambda: 100.0)
    assert (counts.due, counts.not_reached) == (0, 1)
