import pytest

from dentalist.domain.media_types import MAX_BYTES, TYPES, base_type, extension_of, is_what_it_says

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
FIRST_BYTES = {
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "audio/aac": b"\xff\xf1\x50\x80",
    "audio/amr": b"#!AMR\n",
    "audio/mpeg": b"ID3\x04\x00",
    "audio/mp4": b"\x00\x00\x00\x20ftypM4A ",
    "audio/ogg": b"OggS\x00\x02",
    "video/mp4": b"\x00\x00\x00\x18ftypmp42",
    "video/3gpp": b"\x00\x00\x00\x18ftyp3gp5",
    "application/pdf": b"%PDF-1.7",
    "application/msword": OLE,
    "application/vnd.ms-excel": OLE,
    "application/vnd.ms-powerpoint": OLE,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ZIP,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ZIP,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ZIP,
    "text/plain": "Presupuesto: 2 coronas, año 2026".encode(),
}
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00"


def test_every_kept_type_is_tested_here() -> None:
    assert set(FIRST_BYTES) == TYPES


@pytest.mark.parametrize("mime", sorted(FIRST_BYTES))
def test_a_file_that_begins_as_its_type_does_is_what_it_says(mime: str) -> None:
    assert is_what_it_says(FIRST_BYTES[mime] + b"\x01" * 100, mime)


@pytest.mark.parametrize("mime", sorted(TYPES - {"text/plain"}))
@pytest.mark.parametrize("content", [PROGRAM, b"", b"<script>alert(1)</script>"])
def test_a_file_that_begins_otherwise_is_not(mime: str, content: bytes) -> None:
    assert not is_what_it_says(content, mime)


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "image/webp"),
        (b"ftypmp42", "video/mp4"),
        (OLE, "image/jpeg"),
        (ZIP, "text/csv"),
    ],
)
def test_a_container_of_something_else_is_not(content: bytes, mime: str) -> None:
    assert not is_what_it_says(content, mime)


@pytest.mark.parametrize("content", [PROGRAM, FIRST_BYTES["image/webp"], FIRST_BYTES["video/mp4"]])
def test_bytes_are_no_text(content: bytes) -> None:
    assert not is_what_it_says(content, "text/plain")


@pytest.mark.parametrize("mime", ["application/x-msdownload", "text/html", "image/svg+xml", "", None])
def test_a_type_that_is_not_kept_has_no_extension_and_no_content(mime: str | None) -> None:
    assert extension_of(mime) is None
    assert not is_what_it_says(FIRST_BYTES["image/jpeg"], mime)


@pytest.mark.parametrize("mime", ["audio/ogg; codecs=opus", "AUDIO/OGG", " audio/ogg ;codecs=opus"])
def test_parameters_and_case_do_not_change_a_type(mime: str) -> None:
    assert base_type(mime) == "audio/ogg"
    assert extension_of(mime) == "ogg"


def test_the_limits_are_those_of_meta() -> None:
    in_mib = {kind: size / 1024 / 1024 for kind, size in MAX_BYTES.items()}

    assert in_mib == {"image": 5, "sticker": 1, "audio": 16, "video": 16, "document": 100}
