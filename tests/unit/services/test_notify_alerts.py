"""Critical alerts leave by mail and by WhatsApp; whatever goes wrong with one way changes nothing for the others."""

import logging
import threading
from datetime import timedelta
from itertools import count

import pytest

from dentalist.domain.errors import (
    ChannelDisconnected,
    MetaError,
    MetaFault,
    OutcomeUnknown,
    RateLimited,
    StoreUnavailable,
)
from dentalist.domain.mail_errors import MailRefused, MailUnavailable
from dentalist.domain.message import Recipient
from dentalist.domain.notices import Notice
from dentalist.domain.sending_errors import MetaTransient, MetaUnreachable
from dentalist.services.notify_alerts import Notified, notify_alerts
from dentalist.services.ports_alerts import NoticeOutcome
from tests.fakes_alerts import ALERT_PHONE, EMAIL, AlertWorld, FakeMailer, make_notice, make_number

MINUTE = timedelta(minutes=1)
REFUSED = MetaError(MetaFault(code=131026, message="undeliverable"))


@pytest.fixture
def world() -> AlertWorld:
    return AlertWorld()


def notify(world: AlertWorld, *due: Notice) -> Notified:
    world.notices.due = list(due)
    return notify_alerts(world.notices, desk=world.desk, budget=MINUTE)


def counted(**counts: int) -> Notified:
    return Notified(**{**dict.fromkeys(Notified._fields, 0), **counts})


# ---- one notice ------------------------------------------------------------------------------------------------------


def test_a_mail_goes_to_the_professional(world: AlertWorld) -> None:
    notice = make_notice("email")

    assert notify(world, notice) == counted(sent=1)

    assert world.mailer is not None
    assert [mail.to for mail in world.mailer.sent] == [EMAIL]
    assert world.outcome_of(notice) == NoticeOutcome("sent", external_id="ses-1")


def test_a_template_goes_to_the_alert_phone_with_our_id_of_the_notice(world: AlertWorld) -> None:
    notice = make_notice()
    [number] = notice.numbers

    assert notify(world, notice) == counted(sent=1)

    [(phone_number_id, recipient, body, reference)] = world.numbers.sent
    assert (phone_number_id, recipient, reference) == (
        number.phone_number_id,
        Recipient(phone=ALERT_PHONE),
        notice.delivery_id,
    )
    assert body["template"]["name"] == "urgent_notice"
    assert body["template"]["language"] == {"code": "es_AR"}
    assert world.outcome_of(notice) == NoticeOutcome(
        "sent", external_id=f"wamid.{number.phone_number_id}", channel_id=number.channel_id
    )


def test_without_a_way_a_notice_is_skipped_with_the_reason(world: AlertWorld) -> None:
    no_phone, no_number = make_notice(alert_phone=None), make_notice(numbers=[])

    assert notify(world, no_phone, no_number) == counted(skipped=2)

    assert world.outcome_of(no_phone) == NoticeOutcome("skipped", "no_alert_phone")
    assert world.outcome_of(no_number) == NoticeOutcome("skipped", "no_number")
    assert world.numbers.sent == []


def test_a_stage_without_an_address_to_send_from_still_tells_by_whatsapp(world: AlertWorld) -> None:
    world.mailer = None
    mail, whatsapp = make_notice("email"), make_notice()

    assert notify(world, mail, whatsapp) == counted(sent=1, skipped=1)
    assert world.outcome_of(mail) == NoticeOutcome("skipped", "mail_not_configured")


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (MailUnavailable(), NoticeOutcome("later", "mail_unavailable")),
        (MailRefused(), NoticeOutcome("failed", "mail_refused")),
        (RuntimeError("a mistake of ours"), NoticeOutcome("later", "unexpected_error")),
    ],
)
def test_what_passes_is_tried_again_and_what_does_not_is_not(
    world: AlertWorld, refusal: Exception, outcome: NoticeOutcome
) -> None:
    world.mailer = FakeMailer({EMAIL: refusal})
    notice = make_notice("email")

    notify(world, notice)

    assert world.outcome_of(notice) == outcome


# ---- several numbers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", [ChannelDisconnected(), REFUSED, MetaUnreachable(), RateLimited()])
def test_where_one_number_does_not_work_another_carries_the_notice(world: AlertWorld, refusal: Exception) -> None:
    dead, alive = make_number(), make_number()
    world.numbers.refusals[dead["phone_number_id"]] = refusal
    notice = make_notice(numbers=[dead, alive])

    assert notify(world, notice) == counted(sent=1)

    assert world.numbers.asked == [dead["phone_number_id"], alive["phone_number_id"]]
    assert str(world.outcome_of(notice).channel_id) == alive["channel_id"]


@pytest.mark.parametrize("failure", [ChannelDisconnected(), StoreUnavailable()])
def test_a_number_whose_token_cannot_be_read_is_passed_over(world: AlertWorld, failure: Exception) -> None:
    dead, alive = make_number(), make_number()
    world.numbers.unopened[dead["phone_number_id"]] = failure

    assert notify(world, make_notice(numbers=[dead, alive])) == counted(sent=1)
    assert world.numbers.asked == [alive["phone_number_id"]]


def test_a_lost_answer_of_meta_is_kept_as_unknown_and_no_other_number_is_tried(world: AlertWorld) -> None:
    first, second = make_number(), make_number()
    world.numbers.refusals[first["phone_number_id"]] = OutcomeUnknown()
    notice = make_notice(numbers=[first, second])

    assert notify(world, notice) == counted(unknown=1)

    assert world.numbers.asked == [first["phone_number_id"]]
    assert world.outcome_of(notice)[:2] == ("unknown", "outcome_unknown")
    assert str(world.outcome_of(notice).channel_id) == first["channel_id"]


@pytest.mark.parametrize(
    ("refusals", "outcome"),
    [
        ([REFUSED, ChannelDisconnected()], NoticeOutcome("failed", "meta_error")),
        ([REFUSED, MetaUnreachable()], NoticeOutcome("later", "meta_unreachable")),
        ([MetaTransient(MetaFault(code=2)), REFUSED], NoticeOutcome("later", "meta_transient")),
        ([StoreUnavailable(), StoreUnavailable()], NoticeOutcome("later", "store_unavailable")),
    ],
)
def test_where_no_number_works_it_is_tried_again_if_one_may(
    world: AlertWorld, refusals: list[Exception], outcome: NoticeOutcome
) -> None:
    numbers = [make_number() for _ in refusals]
    for number, refusal in zip(numbers, refusals, strict=True):
        world.numbers.refusals[number["phone_number_id"]] = refusal
    notice = make_notice(numbers=numbers)

    notify(world, notice)

    assert world.outcome_of(notice) == outcome


# ---- several notices -------------------------------------------------------------------------------------------------


def test_a_dead_number_and_a_refused_address_stop_nothing_else(world: AlertWorld) -> None:
    dead = make_number()
    world.numbers.refusals[dead["phone_number_id"]] = ChannelDisconnected()
    world.mailer = FakeMailer({"bounces@example.com": MailRefused(), "mistake@example.com": KeyError("x")})
    due = [
        make_notice(numbers=[dead]),
        make_notice("email", email="bounces@example.com"),
        make_notice("email", email="mistake@example.com"),
        make_notice("email"),
        make_notice(),
    ]

    assert notify(world, *due) == counted(sent=2, failed=2, later=1)


def test_a_number_that_hangs_holds_up_no_other_notice(world: AlertWorld) -> None:
    slow, fast = make_number(), make_number()
    others_are_out = threading.Event()

    def before(phone_number_id: str) -> None:
        if phone_number_id == slow["phone_number_id"]:
            assert others_are_out.wait(10), "the others wait for the slow one"
        else:
            others_are_out.set()

    world.numbers.before = before

    assert notify(world, make_notice(numbers=[slow]), make_notice(numbers=[fast])) == counted(sent=2)


def test_everything_that_is_due_is_sent(world: AlertWorld) -> None:
    assert notify(world, *(make_notice("email") for _ in range(50))) == counted(sent=50)


def test_nothing_is_begun_once_the_time_is_over(world: AlertWorld) -> None:
    world.notices.due = [make_notice("email") for _ in range(50)]
    seconds = count(step=30.0)

    notified = notify_alerts(world.notices, desk=world.desk, budget=MINUTE, clock=lambda: next(seconds))

    assert world.notices.claims == 1
    assert notified.sent + len(world.notices.due) == 50
    assert world.notices.due


def test_a_store_in_trouble_is_told_once_every_notice_had_its_turn(world: AlertWorld) -> None:
    due = [make_notice("email") for _ in range(3)]
    world.notices.failures[due[0].delivery_id] = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        notify(world, *due)

    assert set(world.notices.settled) == {notice.delivery_id for notice in due[1:]}


def test_a_notice_that_somebody_else_took_over_is_counted_as_lost(world: AlertWorld) -> None:
    notice = make_notice("email")
    world.notices.lost = {notice.delivery_id}

    assert notify(world, notice) == counted(lost=1)


def test_a_log_line_holds_ids_and_codes_only(
    world: AlertWorld, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logging.getLogger("dentalist.services.notify_alerts")
    monkeypatch.setattr(log, "handlers", [caplog.handler])  # a function's logger takes the package's lines away
    monkeypatch.setattr(log, "propagate", False)
    caplog.set_level(logging.INFO, log.name)
    world.mailer = FakeMailer({EMAIL: KeyError(f"{EMAIL} {ALERT_PHONE}")})
    number = make_number()
    world.numbers.refusals[number["phone_number_id"]] = REFUSED

    notify(world, make_notice("email"), make_notice(numbers=[number]))

    assert len(caplog.records) == 4
    told = " ".join(str(vars(record)) for record in caplog.records)
    assert not any(secret in told for secret in (EMAIL, ALERT_PHONE, "Ferreyra"))
