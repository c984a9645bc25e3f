"""What a model is told of a conversation."""

from datetime import timedelta
from uuid import uuid4

import pytest

from dentalist.domain.answering import KnownPatient
from dentalist.domain.dialog import Attendee, Dialog, Question
from dentalist.services.answering.model_context import conversation_of, names_of, scene_of
from tests.assistant_claims import NOW, make_appointment, make_claim, make_list, make_message, make_offer

TOMORROW = "martes 24 de noviembre a las 10:15"


def test_the_times_shown_are_told_in_the_order_of_the_list_and_only_those_still_free() -> None:
    first, second, third = make_offer(3), make_offer(1), make_offer(2)
    claim = make_claim("el segundo", history=[make_list(first, second, third)], open_offers=[second, third])

    assert scene_of(claim, now=NOW).options == (TOMORROW, "miércoles 25 de noviembre a las 10:15")


def test_a_list_that_was_never_sent_has_no_options() -> None:
    claim = make_claim("el segundo", open_offers=[make_offer()])

    assert scene_of(claim, now=NOW).options == ()


def test_the_contacts_appointments_are_told_without_names() -> None:
    claim = make_claim("cancelá el mío", appointments=[make_appointment(1, name="Tadeo Canario")])

    scene = scene_of(claim, now=NOW)

    assert (scene.now, scene.appointments) == ("lunes 23 de noviembre de 2026, 10:15", (TOMORROW,))
    assert "Tadeo" not in repr(scene)


@pytest.mark.parametrize("reason", ["unverified", "shared"])
def test_nothing_is_told_of_appointments_where_nobody_knows_who_writes(reason: str) -> None:
    contact = {"phone_unverified_at": NOW} if reason == "unverified" else {}
    patients = [] if contact else [KnownPatient(id=uuid4(), full_name=name) for name in ("Ana Paz", "Eva Paz")]
    claim = make_claim("cancelá", contact=contact, patients=patients, appointments=[make_appointment()])

    assert scene_of(claim, now=NOW).appointments == ()


def test_the_question_that_was_asked_last_is_told_until_somebody_else_speaks() -> None:
    asked = make_message("¿Para quién?", inbound=False, ai_metadata=Dialog(asks=Question.WHO_COMES).as_memo())
    person = make_message("Hola, soy Marta", inbound=False, sender="professional")

    assert scene_of(make_claim("Tomás", history=[asked]), now=NOW).asked == "who_comes"
    assert scene_of(make_claim("Tomás", history=[asked, person]), now=NOW).asked is None


def test_whoever_was_named_anywhere_is_known_to_be_private() -> None:
    dialog = Dialog(asks=Question.WHO_COMES, attendees=(Attendee(name="Mía Canario"),))
    claim = make_claim(
        "es para mi hijo Tadeo",
        patient={"id": "p", "full_name": "Zoraida Canario"},
        patients=[KnownPatient(id=uuid4(), full_name="Elsa Canario")],
        contact={"contact_name": "Zori 🌸", "contact_username": "zoricanario"},
        appointments=[make_appointment(name="Bruno Canario")],
        changed=[make_appointment(name="Carla Canario")],
        open_offers=[make_offer().model_copy(update={"attendee_name": "Dora Canario"})],
        history=[make_message("¿Quién viene?", inbound=False, ai_metadata=dialog.as_memo())],
    )

    assert names_of(claim) == {
        "Zori 🌸", "zoricanario", "Zoraida Canario", "Elsa Canario", "Bruno Canario", "Carla Canario", "Dora Canario",
        "Mía Canario", "Tadeo",
    }  # fmt: skip


def test_of_a_long_conversation_the_end_is_told() -> None:
    history = [make_message(f"{number} " + "x" * 1000, created_at=NOW + timedelta(number)) for number in range(20)]

    told = conversation_of(make_claim("y ahora?", history=history))

    assert [said.text.split()[0] for said in told] == ["16", "17", "18", "19", "y"]


@pytest.mark.parametrize("since", ["phone_unverified_at", "held_since"])
def test_what_an_earlier_holder_of_the_phone_wrote_is_told_to_nobody(since: str) -> None:
    earlier = make_message("me sacaron la muela y quedé con miedo", created_at=NOW - timedelta(days=2))
    answer = make_message("Lo vemos el martes.", inbound=False, created_at=NOW - timedelta(days=2))
    later = make_message("¿y cuánto sale?", created_at=NOW - timedelta(minutes=5))
    changed = {since: NOW - timedelta(days=1)}

    told = conversation_of(make_claim("hola", contact=changed, history=[earlier, answer, later]))

    assert [said.text for said in told] == ["¿y cuánto sale?", "hola"]


def test_an_earlier_holders_names_stay_private() -> None:
    earlier = make_message("soy Zoraida Canario", created_at=NOW - timedelta(days=2))

    assert "Zoraida Canario" in names_of(make_claim("hola", contact={"held_since": NOW}, history=[earlier]))


def test_a_name_that_was_asked_for_stays_private_later_on() -> None:
    asked = make_message("¿Quién viene?", inbound=False, ai_metadata=Dialog(asks=Question.WHO_COMES).as_memo())
    history = [asked, make_message("ildefonsa"), make_message("Ya está.", inbound=False)]

    assert names_of(make_claim("hola", history=history)) == {"Ildefonsa"}


def test_what_was_spoken_is_told_in_its_words() -> None:
    transcript = {"text": "¿trabajan con OSDE?", "provider": "openai", "model": "m"}
    note = make_message("🎤 Nota de voz", type="audio", payload={"audio": {"id": "1"}, "transcript": transcript})

    assert [said.text for said in conversation_of(make_claim("hola", history=[note]))] == [
        "¿trabajan con OSDE?",
        "hola",
    ]


def test_a_message_longer_than_everything_is_still_told() -> None:
    [said] = conversation_of(make_claim("a" * 9000))

    assert said.text == "a" * 4096


def test_files_are_not_told_their_captions_are() -> None:
    picture = make_message("[imagen]", type="image", payload={"image": {"caption": "así está", "id": "1"}})
    document = make_message("historia clínica.pdf", type="document", payload={"document": {"filename": "hc.pdf"}})
    system = make_message("Resumen para el equipo", direction="system", sender="system")

    told = conversation_of(make_claim(picture, document, system, "hola"))

    assert [(said.by_contact, said.text) for said in told] == [(True, "así está"), (True, "hola")]
