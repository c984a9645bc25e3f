"""What the assistant hears in the messages of a burst."""

from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.wording.drafts import InboundMedia
from dentalist.services.answering.hear_burst import Action, hear
from tests.fakes_answers import World


def burst(*messages: dict[str, Any]) -> Any:
    world = World()
    return hear([world.writes(**message) for message in messages])


def test_the_words_of_a_burst_are_one_text() -> None:
    heard = burst({"body": "hola"}, {"body": "quiero un turno"})

    assert heard.text == "hola\nquiero un turno"
    assert heard.media == frozenset()


@pytest.mark.parametrize("body", [None, "", "  "])
def test_a_message_without_words_is_heard_as_none(body: str | None) -> None:
    assert burst({"body": body}).words == ()


def test_a_caption_is_the_contacts_word_and_what_code_wrote_about_the_file_is_not() -> None:
    heard = burst({"body": "📷 Foto: me duele", "type": "image", "payload": {"image": {"caption": "me duele"}}})

    assert heard.words == ("me duele",)
    assert heard.media == {InboundMedia.IMAGE}


@pytest.mark.parametrize("payload", [{}, {"image": None}, {"image": {"caption": None}}, {"image": {"caption": " "}}])
def test_a_photo_without_a_caption_has_no_words(payload: dict[str, Any]) -> None:
    assert burst({"body": "📷 Foto", "type": "image", "payload": payload}).words == ()


@pytest.mark.parametrize(
    ("type_", "media"),
    [
        ("audio", InboundMedia.AUDIO),
        ("sticker", InboundMedia.STICKER),
        ("contacts", InboundMedia.CONTACTS),
        ("order", InboundMedia.UNSUPPORTED),
        ("something_new", InboundMedia.UNSUPPORTED),
    ],
)
def test_every_type_without_words_is_a_kind_of_media(type_: str, media: InboundMedia) -> None:
    assert burst({"body": "…", "type": type_}).media == {media}


def test_a_notice_of_whatsapp_is_neither() -> None:
    heard = burst({"body": "Cambió de número", "type": "system"})

    assert (heard.words, heard.media) == ((), frozenset())


def test_of_several_taps_the_last_one_counts() -> None:
    first, last = uuid4(), uuid4()
    taps = [{"body": "10:00", "type": "interactive", "payload": {"reply_id": str(tap)}} for tap in (first, last)]

    assert burst(*taps).tapped == last


@pytest.mark.parametrize("reply_id", ["yes", "", None, 7, "00000000-0000"])
def test_a_button_that_carries_no_offer_is_only_its_words(reply_id: Any) -> None:
    heard = burst({"body": "Sí", "type": "button", "payload": {"reply_id": reply_id}})

    assert (heard.tapped, heard.words) == (None, ("Sí",))


@pytest.mark.parametrize("verb", ["cancel", "keep", "move", "confirm", "book"])
def test_a_button_of_ours_says_what_it_does_and_to_what(verb: str) -> None:
    target = uuid4()
    heard = burst({"body": "Cancelar", "type": "interactive", "payload": {"reply_id": f"{verb}:{target}"}})

    assert heard.action == Action(verb, target)
    assert heard.tapped is None


def test_a_button_asks_for_a_person() -> None:
    assert burst({"body": "Hablar con alguien", "payload": {"reply_id": "person"}}).action == Action("person")


@pytest.mark.parametrize("reply_id", ["cancel:", "cancel:7", "delete:{}", "person:{}", "cancel", ":{}", "cancel:{}:x"])
def test_a_button_of_somebody_else_does_nothing(reply_id: str) -> None:
    heard = burst({"body": "Sí", "type": "button", "payload": {"reply_id": reply_id.format(uuid4())}})

    assert (heard.action, heard.tapped, heard.words) == (None, None, ("Sí",))


def test_a_choice_and_an_action_of_one_burst_are_both_heard_and_of_each_the_last() -> None:
    offers, targets = (uuid4(), uuid4()), (uuid4(), uuid4())
    ids = [f"cancel:{targets[0]}", str(offers[0]), f"move:{targets[1]}", str(offers[1])]
    heard = burst(*({"body": "…", "type": "interactive", "payload": {"reply_id": each}} for each in ids))

    assert (heard.tapped, heard.action) == (offers[1], Action("move", targets[1]))


def test_a_transcript_is_spoken_words_and_its_recording_is_heard() -> None:
    heard = burst({"body": "hola"}, {"type": "audio", "body": "🎤", "payload": {"transcript": {"text": "un turno"}}})

    assert (heard.words, heard.spoken, heard.media) == (("hola", "un turno"), True, frozenset())


@pytest.mark.parametrize("transcript", [None, {}, {"text": " "}, {"text": 7}, "un turno"])
def test_a_recording_without_a_transcript_is_not_heard(transcript: Any) -> None:
    heard = burst({"type": "audio", "body": "🎤", "payload": {"transcript": transcript}})

    assert (heard.words, heard.spoken, heard.media) == ((), False, {InboundMedia.AUDIO})


def test_only_a_voice_note_can_have_a_transcript() -> None:
    heard = burst({"type": "text", "body": "hola", "payload": {"transcript": {"text": "un turno"}}})

    assert (heard.words, heard.spoken) == (("hola",), False)


def test_the_words_do_not_show_in_a_log() -> None:
    heard = burst({"body": "me llamo Canario"})

    assert "Canario" not in repr(heard)
    assert "wamid" not in repr(heard)
