"""What the assistant hears in the messages of a burst."""

from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.wording.drafts import InboundMedia
from dentalist.services.hear_burst import hear
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


def test_the_words_do_not_show_in_a_log() -> None:
    heard = burst({"body": "me llamo Canario"})

    assert "Canario" not in repr(heard)
    assert "wamid" not in repr(heard)
