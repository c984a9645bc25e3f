"""A person of the clinic writes from the dashboard: real sign-in, real gate, and every way Meta may answer."""

import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from infra.demo.outside import Dashboard, Patient, eventually
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

SEND = "/api/marketing/whatsapp/send"
TEMPLATE = "recordatorio_turno_24h"
VARIABLES = {"1": "Lucía", "2": "Consultorio Ferreyra", "3": "3 de diciembre", "4": "10:30"}


@pytest.fixture(scope="module")
def ana(world: World) -> Iterator[Dashboard]:
    """The first professional, signed in."""
    dashboard = world.sign_in(world.ferreyra)
    yield dashboard
    dashboard.close()


@pytest.fixture(scope="module")
def writers(world: World) -> list[Patient]:
    """People who just wrote and were answered: their service windows are open. All at once, as each takes seconds."""
    people = [world.patient(f"Ana {index}") for index in range(24)]
    for person in people:
        person.writes("Hola")
    for person in people:
        person.waits_for(1)
    world.calm()
    return people


@pytest.fixture
def patient(writers: list[Patient]) -> Patient:
    """One of them, whom no other test has met."""
    return writers.pop()


def text(world: World, patient: Patient, body: str = "Le escribe la doctora") -> dict[str, object]:
    """A request that writes to the patient's conversation."""
    return {"conversation_id": str(world.conversation(patient)["id"]), "type": "text", "text": {"body": body}}


def opted_in(world: World, name: str) -> Patient:
    """A patient of the host application who agreed to be written to, and never wrote."""
    patient = world.patient(name)
    world.rows(
        "insert into patients (professional_id, full_name, phone, whatsapp_opt_in) values (%s, %s, %s, true)",
        world.ferreyra.id,
        name,
        patient.phone,
    )
    return patient


def by_phone(patient: Patient, **content: object) -> dict[str, object]:
    return {"channel_id": patient.number.channel_id, "to": {"phone": patient.phone}, **content}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-correlation-id"] == answer.json()["correlation_id"]
    return answer.status_code, answer.json()["code"]


def test_a_message_is_accepted_by_meta_and_the_assistant_steps_back(
    world: World, ana: Dashboard, patient: Patient
) -> None:
    answer = ana.post(SEND, text(world, patient))
    sent = patient.received()[-1]

    assert answer.status_code == 201
    assert answer.json()["wamid"] == sent["id"]
    assert (sent["content"]["body"], sent["to"]) == ("Le escribe la doctora", patient.digits)
    assert world.conversation(patient)["ai_enabled"] is False
    assert world.messages(patient, "outbound")[-1]["actor_id"] is not None


def test_nobody_sends_without_signing_in(world: World, patient: Patient) -> None:
    answer = httpx.post(f"{world.api_url}{SEND}", json=text(world, patient), timeout=40)
    forged = httpx.post(
        f"{world.api_url}{SEND}", json=text(world, patient), headers={"authorization": "Bearer x.y.z"}, timeout=40
    )

    assert (answer.status_code, forged.status_code) == (401, 401)
    assert len(patient.received()) == 1


def test_the_same_key_sends_once_and_answers_the_same_again(world: World, ana: Dashboard, patient: Patient) -> None:
    key = uuid4().hex
    first = ana.post(SEND, text(world, patient), idempotency_key=key)
    again = ana.post(SEND, text(world, patient), idempotency_key=key)
    other = ana.post(SEND, text(world, patient, "otra cosa"), idempotency_key=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert refusal(other) == (409, "idempotency_conflict")
    assert len(patient.received()) == 2


def test_the_same_key_at_the_same_time_sends_once(world: World, ana: Dashboard, patient: Patient) -> None:
    key, request, answers = uuid4().hex, text(world, patient), list[httpx.Response]()
    threads = [
        threading.Thread(target=lambda: answers.append(ana.post(SEND, request, idempotency_key=key))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_in_progress"}
    assert len({answer.json()["message_id"] for answer in answers if answer.status_code == 201}) == 1
    assert len(patient.received()) == 2


def test_a_stranger_who_never_wrote_is_not_written_to(world: World, ana: Dashboard) -> None:
    stranger = world.patient()
    answer = ana.post(SEND, by_phone(stranger, type="text", text={"body": "Hola"}))

    assert refusal(answer) == (403, "consent_required")
    assert stranger.received() == []


def test_outside_the_service_window_free_text_is_refused(world: World, ana: Dashboard) -> None:
    lucia = opted_in(world, "Lucía Fuera")
    answer = ana.post(SEND, by_phone(lucia, type="text", text={"body": "Hola"}))

    assert refusal(answer) == (409, "service_window_closed")
    assert lucia.received() == []


def test_a_template_reaches_a_patient_outside_the_window(world: World, ana: Dashboard) -> None:
    lucia = opted_in(world, "Lucía Lejos")
    template = {"name": TEMPLATE, "language": "es_AR", "variables": VARIABLES}
    answer = ana.post(SEND, by_phone(lucia, type="template", template=template))
    (sent,) = lucia.received()

    assert answer.status_code == 201, answer.text
    assert sent["content"]["name"] == TEMPLATE
    assert "10:30" in str(sent["content"]["components"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"variables": {"1": "Lucía"}}, "template_variables_mismatch"),
        ({"name": "no_existe"}, "template_not_found"),
        ({"language": "pt_BR"}, "template_not_found"),
    ],
)
def test_a_template_that_does_not_fit_is_refused(
    world: World, ana: Dashboard, change: dict[str, object], code: str
) -> None:
    lucia = opted_in(world, "Lucía Mal")
    template = {"name": TEMPLATE, "language": "es_AR", "variables": VARIABLES, **change}
    answer = ana.post(SEND, by_phone(lucia, type="template", template=template))

    assert refusal(answer) == (422, code)
    assert lucia.received() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": {"body": ""}},
        {"text": {"body": "x" * 4097}},
        {"type": "sticker"},
        {"conversation_id": "nadie"},
        {"a": 1},
    ],
    ids=str,
)
def test_a_request_that_makes_no_sense_names_what_is_wrong(
    world: World, ana: Dashboard, patient: Patient, wrong: dict[str, object]
) -> None:
    answer = ana.post(SEND, {**text(world, patient), **wrong})

    assert refusal(answer) == (422, "validation_error")
    assert answer.json()["errors"][0]["loc"]
    assert len(patient.received()) == 1


def test_a_conversation_of_another_clinic_does_not_exist(world: World, ana: Dashboard) -> None:
    theirs = world.new_patient("Luis", world.salgado.numbers[0], prefix="52155")
    world.converse(theirs, "Hola")
    by_id = ana.post(SEND, text(world, theirs))
    by_number = ana.post(SEND, by_phone(theirs, type="text", text={"body": "Hola"}))

    assert by_id.status_code == by_number.status_code == 404
    assert len(theirs.received()) == 1


# ---- whatever Meta answers


def test_the_limit_of_a_pair_is_told_with_the_time_to_wait(world: World, ana: Dashboard, patient: Patient) -> None:
    world.fault({"kind": "error", "code": 131056}, to=patient.digits, message_type="text")
    answer = ana.post(SEND, text(world, patient))

    assert refusal(answer) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) > 0
    assert world.messages(patient, "outbound")[-1]["status"] == "failed"
    assert len(patient.received()) == 1


@pytest.mark.parametrize(("code", "told"), [(131047, (409, "service_window_closed")), (131026, (502, "meta_error"))])
def test_a_refusal_of_meta_is_told_in_our_words(
    world: World, ana: Dashboard, patient: Patient, code: int, told: tuple[int, str]
) -> None:
    world.fault({"kind": "error", "code": code}, to=patient.digits, message_type="text")
    answer = ana.post(SEND, text(world, patient))

    assert refusal(answer) == told
    if told[1] == "meta_error":
        assert answer.json()["meta"]["code"] == code


LOST = {
    "the connection drops after sending": ({"kind": "drop", "commit": True}, 1),
    "500 after sending": ({"kind": "http", "status": 500, "body": "{}", "commit": True}, 1),
    "502 in HTML": (
        {"kind": "http", "status": 502, "body": "<html>Bad gateway</html>", "content_type": "text/html"},
        0,
    ),
    "200 that is not Meta's": ({"kind": "http", "status": 200, "body": "<html>hola</html>"}, 0),
}


@pytest.mark.parametrize("name", LOST)
def test_a_lost_answer_is_unknown_and_never_sent_again(
    world: World, ana: Dashboard, patient: Patient, name: str
) -> None:
    action, arrived = LOST[name]
    world.fault(action, to=patient.digits, message_type="text")
    answer = ana.post(SEND, text(world, patient))
    world.fire("sweeper")
    time.sleep(1)

    assert (answer.status_code, answer.json()["status"], answer.json()["wamid"]) == (202, "unknown", None)
    attempts = world.sandbox.calls(route="messages", to=patient.digits, message_type="text")
    assert len([call for call in attempts if call["request"]["text"]["body"] == "Le escribe la doctora"]) == 1
    assert len(patient.received()) == 1 + arrived


def test_a_status_settles_what_was_unknown(world: World, ana: Dashboard, patient: Patient) -> None:
    world.fault({"kind": "drop", "commit": True}, to=patient.digits, message_type="text")
    answer = ana.post(SEND, text(world, patient))
    row = eventually(
        lambda: (
            next((row for row in world.messages(patient, "outbound") if row["status"] == "read"), None)
            if world.messages(patient, "outbound")[-1]["status"] == "read"
            else None
        ),
        "the status applied",
    )

    assert answer.json()["status"] == "unknown"
    assert row
    assert world.messages(patient, "outbound")[-1]["external_id"] == patient.received()[-1]["id"]


def test_a_dead_token_disconnects_the_channel_and_says_so(world: World, ana: Dashboard) -> None:
    number = world.ferreyra.numbers[1]
    patient = world.patient("Ana Prueba", number)
    world.converse(patient, "Hola")
    world.fault({"kind": "error", "code": 190, "subcode": 463}, to=patient.digits, message_type="text")
    try:
        answer = ana.post(SEND, text(world, patient))
        again = ana.post(SEND, text(world, patient))
        (channel,) = world.rows("select status from marketing_channels where id = %s", number.channel_id)
        alerts = world.alerts(world.ferreyra, number.channel_id)
    finally:
        world.reconnect(number)

    assert refusal(answer) == (409, "channel_disconnected")
    assert refusal(again) == (409, "channel_disconnected")
    assert channel["status"] == "reauth_required"
    assert "critical" in {alert["severity"] for alert in alerts}
    assert len(patient.received()) == 1
