"""What telling critical alerts is made of, and with which settings."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from dentalist.domain.errors import StoreUnavailable
from dentalist.outbound.aws.mail import SesMailer
from dentalist.runtime import wiring, wiring_alerts
from dentalist.runtime.settings import Settings
from tests.fakes_alerts import make_notice
from tests.fakes_inbox import FakeQueue

ENVIRON = {
    "MAIL_FROM_ADDRESS": "avisos@dentalist.example",
    "DASHBOARD_PUBLIC_URL": "https://panel.example.com",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A new container with these settings."""
    values = dict(ENVIRON)
    monkeypatch.setattr(wiring, "settings", lambda: Settings(values))
    monkeypatch.setattr(wiring, "credentials", lambda: None)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    wiring_alerts.mailer.cache_clear()
    yield values
    wiring_alerts.mailer.cache_clear()


def test_mails_leave_by_ses(environ: dict[str, str]) -> None:
    desk = wiring_alerts.desk()

    assert isinstance(desk.mailer, SesMailer)
    assert desk.dashboard_url == environ["DASHBOARD_PUBLIC_URL"]


def test_a_stage_without_an_address_to_send_from_has_no_mailer(environ: dict[str, str]) -> None:
    environ["MAIL_FROM_ADDRESS"] = " "

    assert wiring_alerts.desk().mailer is None


def test_a_number_is_opened_for_its_professional(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(wiring, "whatsapp", lambda *told: asked.append(told))
    professional_id, [number] = uuid4(), make_notice().numbers

    wiring_alerts.desk().number_for(professional_id, number)

    assert asked == [(professional_id, number.credential_id, number.phone_number_id)]


def test_ringing_wakes_the_notifier(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = FakeQueue()
    monkeypatch.setattr(wiring, "alerts_queue", lambda: queue)

    wiring_alerts.ring()

    assert [what for what, _ in queue.log] == ["bell"]


def test_a_queue_that_is_away_does_not_disturb_whoever_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = FakeQueue(failure=StoreUnavailable())
    monkeypatch.setattr(wiring, "alerts_queue", lambda: queue)

    wiring_alerts.ring()

    assert queue.log == []


def test_a_forgotten_setting_does_not_disturb_whoever_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "settings", lambda: Settings({}))

    wiring_alerts.ring()  # an emergency is being handed over: the sweeper will find it
