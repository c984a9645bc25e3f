"""An emergency reaches somebody: by mail and on the phone of whoever is on duty, until the alert is acknowledged."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.demo.outside import Clinic, Patient, Row, eventually
from tests.integration.e2e.support.linking import new_owner, professional
from tests.integration.e2e.support.world import World, text_of

pytestmark = pytest.mark.xdist_group("stack")

EMERGENCY = "Soy Lucía Canario, tengo la cara como un globo y 39 de fiebre"
CANARIES = ("Lucía", "Canario", "globo", "fiebre")


class Watch:
    """What a clinic's people receive outside of the product, from the beginning of a test on."""

    def __init__(self, world: World, clinic: Clinic) -> None:
        self.world, self.clinic = world, clinic
        [professional] = world.rows("select alert_phone from professionals where id = %s", clinic.id)
        self.alert_phone: str = professional["alert_phone"]
        self._mails_before, self._messages_before = len(self._all_mails()), len(self._all_messages())

    @property
    def mails(self) -> list[Row]:
        return self._all_mails()[self._mails_before :]

    @property
    def messages(self) -> list[Row]:
        return self._all_messages()[self._messages_before :]

    def waits_for(self, mails: int, messages: int) -> None:
        eventually(
            lambda: (len(self.mails), len(self.messages)) == (mails, messages), f"{mails} mails, {messages} messages"
        )

    def _all_mails(self) -> list[Row]:
        found: list[Row] = self.world.sandbox.call("GET", "/mails", to=self.clinic.email)["mails"]
        return found

    def _all_messages(self) -> list[Row]:
        return self.world.sandbox.accepted(to=self.alert_phone.removeprefix("+"))


@pytest.fixture
def watch(world: World) -> Iterator[Watch]:
    """Nobody is told of what earlier tests left open or under way, now or during this one."""
    world.calm()
    world.rows("update marketing_alerts set acknowledged_at = now() where acknowledged_at is null")
    world.fire("sweeper")
    yield Watch(world, world.ferreyra)
    world.rows("update marketing_alerts set acknowledged_at = now() where acknowledged_at is null")


def let_pass(world: World, alert_id: Any, passed: timedelta) -> None:
    """So much time passes for an alert; the sweeper looks."""
    world.rows("update marketing_alerts set notice_at = notice_at - %s where id = %s", passed, alert_id)
    world.fire("sweeper")


def alert_of(world: World, patient: Patient) -> Row:
    [alert] = world.alerts(world.ferreyra, world.conversation(patient)["id"])
    return alert


def test_an_emergency_is_told_by_mail_and_to_the_alert_phone_and_nothing_of_the_patient_leaves(
    world: World, watch: Watch
) -> None:
    patient = world.patient("Lucía Canario")
    assert "107" in text_of(world.converse(patient, EMERGENCY))

    watch.waits_for(1, 1)

    [mail], [message] = watch.mails, watch.messages
    link = f"alertas?id={alert_of(world, patient)['id']}"
    assert mail["subject"].startswith("Urgencia")
    assert link in mail["text"]
    assert link in mail["html"]
    assert message["content"]["name"] == "urgent_notice"
    assert message["phone_number_id"] in {number.phone_number_id for number in world.ferreyra.numbers}
    told = f"{mail} {message}"
    assert not any(word in told for word in (*CANARIES, patient.digits))


def test_it_is_told_again_until_somebody_acknowledges_it_by_the_link_of_the_mail(world: World, watch: Watch) -> None:
    patient = world.patient()
    world.converse(patient, EMERGENCY)
    watch.waits_for(1, 1)
    alert_id = alert_of(world, patient)["id"]

    let_pass(world, alert_id, timedelta(minutes=5))
    watch.waits_for(2, 2)

    dashboard = world.sign_in(world.ferreyra)
    link = urlsplit(next(word for word in watch.mails[-1]["text"].split() if "alertas?id=" in word))
    [linked] = parse_qs(link.query)["id"]
    assert dashboard.post(f"/api/marketing/alerts/{linked}/acknowledge", {}).status_code == 200
    let_pass(world, alert_id, timedelta(minutes=10))
    world.calm()
    assert (len(watch.mails), len(watch.messages)) == (2, 2)
    told = dashboard.select("marketing_alert_deliveries", alert_id=f"eq.{alert_id}")
    assert sorted((row["medium"], row["round"]) for row in told) == [
        ("email", 1),
        ("email", 2),
        ("whatsapp", 1),
        ("whatsapp", 2),
    ]


def test_a_number_that_does_not_work_stops_neither_the_mail_nor_the_other_number(world: World, watch: Watch) -> None:
    first, second = world.ferreyra.numbers
    world.fault(
        {"kind": "error", "code": 131026}, to=watch.alert_phone.removeprefix("+"), phone_number_id=first.phone_number_id
    )
    world.converse(world.patient(), EMERGENCY)

    watch.waits_for(1, 1)

    assert watch.messages[0]["phone_number_id"] == second.phone_number_id


def test_what_did_not_leave_is_tried_again(world: World, watch: Watch) -> None:
    world.fault({"kind": "error", "code": 130429}, to=watch.alert_phone.removeprefix("+"), count=2)
    patient = world.patient()
    world.converse(patient, EMERGENCY)
    watch.waits_for(1, 0)
    [waiting] = eventually(
        lambda: world.rows(
            "select id from marketing_alert_deliveries where alert_id = %s and status = 'pending' and lease_id is null",
            alert_of(world, patient)["id"],
        ),
        "a notice that waits for another attempt",
    )

    world.rows("update marketing_alert_deliveries set next_attempt_at = now() where id = %s", waiting["id"])
    world.fire("sweeper")

    watch.waits_for(1, 1)


def test_linking_a_first_number_ends_with_a_test_alert_that_the_professional_acknowledges(world: World) -> None:
    with professional(world) as new:
        new.link("whatsapp", new_owner(world))
        world.fire("sweeper")
        [mail] = eventually(lambda: world.sandbox.call("GET", "/mails", to=new.email)["mails"], "the test alert")
        [alert] = new.dashboard.select("marketing_alerts", kind="eq.test_alert")

        assert mail["subject"].startswith("Aviso de prueba")
        assert "Por WhatsApp no te pudimos avisar" in mail["text"]  # a new clinic has no alert phone yet
        assert f"alertas?id={alert['id']}" in mail["text"]
        assert new.dashboard.post(f"/api/marketing/alerts/{alert['id']}/acknowledge", {}).status_code == 200
        let_pass(world, alert["id"], timedelta(minutes=5))
        world.calm()
        assert len(world.sandbox.call("GET", "/mails", to=new.email)["mails"]) == 1
