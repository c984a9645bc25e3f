"""A clinic with a language model of its own: it hears, it words, and what it makes up reaches nobody."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest

from infra.demo.outside import Patient, Row
from tests.integration.e2e.support.linking import CHANNELS, Professional, new_owner, professional
from tests.integration.e2e.support.world import World, offered, text_of

pytestmark = pytest.mark.xdist_group("stack")

KEY = f"sk-{uuid4().hex}"
SPOKEN = "Hola, quiero un turno para una limpieza mañana a las diez"
_OPUS_RATE = 48_000


@pytest.fixture(scope="module")
def clinic(world: World) -> Iterator[Professional]:
    """A professional whose assistant thinks with the sandbox's model; open at all hours."""
    with professional(world, "Consultorio Hablado") as linked:
        owner = new_owner(world)
        linked.link("whatsapp", owner)
        path = f"{CHANNELS}/{linked.channel_of(owner)['id']}"
        model = {"ai_provider": "openai", "ai_model": "gpt-5-mini", "ai_api_key": KEY}
        linked.dashboard.call("PATCH", path, model).raise_for_status()
        yield linked


@pytest.fixture
def patient(world: World, clinic: Professional) -> Iterator[Patient]:
    """Somebody who writes to it; the model is a good one again afterwards."""
    [channel] = clinic.linked()
    yield world.patient("Lucía Ferrari", clinic.number(channel["phone_number_id"]))
    world.sandbox.call("DELETE", "/llm")


def speaks(world: World, patient: Patient, words: str) -> None:
    """A voice note of three seconds in which these words are said."""
    header = b"OggS" + bytes(2) + (3 * _OPUS_RATE).to_bytes(8, "little")
    recording = header + uuid4().bytes
    world.sandbox.post("/llm/transcripts", {"sha256": hashlib.sha256(recording).hexdigest(), "text": words})
    content = base64.b64encode(recording).decode()
    patient.sends("audio", {"voice": True, "content_base64": content, "mime_type": "audio/ogg"})


def metadata_of(world: World, patient: Patient) -> Row:
    """What is kept with the last answer about how it was made."""
    kept: Row = world.messages(patient, "outbound")[-1]["ai_metadata"]
    return kept


def appointments(world: World, patient: Patient) -> list[Row]:
    return world.rows("select * from appointments where conversation_id = %s", world.conversation(patient)["id"])


def test_a_time_asked_for_by_voice_is_booked_by_a_tap(world: World, patient: Patient) -> None:
    world.converse(patient, "Hola")
    speaks(world, patient, SPOKEN)
    answer = patient.waits_for(2)[-1]
    world.calm()
    [note] = [row for row in world.messages(patient, "inbound") if row["type"] == "audio"]

    assert note["payload"]["transcript"]["text"] == SPOKEN
    assert appointments(world, patient) == [], "what was heard books nothing"

    slot = offered(answer)[0]
    assert "10:00" in slot["title"]
    patient.taps(slot)
    confirmation = text_of(patient.waits_for(3)[-1])
    world.calm()
    [booked] = appointments(world, patient)
    assert booked["status"] == "booked"
    assert "10:00" in confirmation


def test_a_good_model_words_an_answer_and_the_words_of_a_liar_reach_nobody(world: World, patient: Patient) -> None:
    world.converse(patient, "Hola, ¿qué tal?")
    worded = metadata_of(world, patient)
    world.sandbox.post("/llm", {"behaviour": "claims_bookings", "key": KEY})
    told = text_of(world.converse(patient, "¿Me podrás ayudar con una consulta?"))
    refused = metadata_of(world, patient)

    assert (worded["provider"], worded["worded"]) == ("openai", True)
    assert refused["worded"] is False
    assert "claims_effect" in refused["violations"]
    assert not re.search(r"\d:\d\d|reserv|agend", told), told


def test_the_playground_answers_as_the_assistant_would_and_leaves_no_trace(
    world: World, clinic: Professional, patient: Patient
) -> None:
    [channel] = clinic.linked()
    word = f"Zulema{uuid4().hex[:8]}"

    def rehearsed(text: str, **settings: object) -> Row:
        answer = clinic.dashboard.post(f"{CHANNELS}/{channel['id']}/playground", {"text": text, **settings})
        assert answer.status_code == 200, answer.text
        told: Row = answer.json()
        return told

    offer = rehearsed(f"Hola, soy {word}, quiero un turno para una limpieza")
    where = rehearsed("¿Dónde están?", settings={"ai_persona": {"name": "Noa"}, "ai_provider": "rules"})
    urgent = rehearsed("Me sacaron una muela y no para de sangrar, me cuesta respirar")

    assert offer["intent"] == "book_appointment"
    assert offer["interactive"]["type"] == "list"
    assert clinic.street in where["text"]
    assert "Noa" in where["text"]
    assert (urgent["intent"], urgent["handoff"]) == ("emergency", "emergency")
    assert world.traces(word) == []
    assert json.dumps(clinic.dashboard.channel(channel["id"])["ai_persona"]).count("Noa") == 0
