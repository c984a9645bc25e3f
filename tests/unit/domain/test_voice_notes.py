"""Which voice notes are written down, and what of it counts as words."""

import pytest

from dentalist.domain.voice_notes import MOST_BYTES, Transcript, is_short, seconds_of, spoken_words, type_to_transcribe


def ogg(seconds: float, *, filler: int = 0) -> bytes:
    """The first and the last page of a recording in Opus, as far as their headers go."""
    first = b"OggS\x00\x02" + (0).to_bytes(8, "little") + bytes(14)
    last = b"OggS\x00\x04" + int(seconds * 48_000).to_bytes(8, "little") + bytes(14)
    return first + bytes(filler) + last


def test_the_length_of_a_voice_note_is_read_from_its_last_page() -> None:
    assert seconds_of(ogg(12.5)) == 12.5


def test_the_length_of_other_formats_is_estimated_from_their_size() -> None:
    assert seconds_of(bytes(400_000)) == 100


def test_a_truncated_recording_has_a_length() -> None:
    assert seconds_of(b"OggS") == 0.001


@pytest.mark.parametrize(
    ("content", "short"),
    [
        (ogg(180), True),
        (ogg(181), False),
        (ogg(5, filler=MOST_BYTES), False),
        (bytes(700_000), True),
        (bytes(800_000), False),
        (b"", False),
    ],
)
def test_three_minutes_and_five_megabytes_are_the_most(content: bytes, *, short: bool) -> None:
    assert is_short(content) is short


@pytest.mark.parametrize(
    ("path", "mime_type"),
    [("p/inbound/m.ogg", "audio/ogg"), ("p/inbound/m.mp3", "audio/mpeg"), ("p/inbound/m.m4a", "audio/mp4")],
)
def test_a_stored_recording_is_named_by_its_extension(path: str, mime_type: str) -> None:
    assert type_to_transcribe(path) == mime_type


@pytest.mark.parametrize("path", ["p/inbound/m.amr", "p/inbound/m.aac", "p/inbound/m.jpg", "p/inbound/m", ""])
def test_what_speech_models_do_not_take_is_not_sent_to_one(path: str) -> None:
    assert type_to_transcribe(path) is None


@pytest.mark.parametrize(
    "written",
    [
        "",
        "  \n ",
        "…",
        "Subtítulos realizados por la comunidad de Amara.org",
        "¡Gracias por ver el video!",
        "Thanks for watching!",
    ],
)
def test_what_a_model_invents_on_silence_is_no_words(written: str) -> None:
    assert spoken_words(written) == ""


def test_a_patient_who_speaks_of_a_video_is_heard() -> None:
    said = "Hola, les mandé un video de la muela, gracias por ver el video cuando puedan, se me cayó la corona ayer"

    assert spoken_words(f"  {said}\n\n ") == said


def test_an_endless_transcript_is_cut() -> None:
    assert len(spoken_words("turno " * 2000)) == 4000


def test_the_words_do_not_show_in_a_log() -> None:
    assert "Canario" not in repr(Transcript("me llamo Canario", "openai", "m"))
