"""Small files for patients who send one without saying which; those that can be are made in code."""

import struct
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "page" / "samples"
_OGG_POLYNOMIAL = 0x04C11DB7
_TOP_BIT = 1 << 31
_WORD = 0xFFFFFFFF
_OPUS_FRAME_SAMPLES = 960  # 20 ms at 48 kHz
_OPUS_SILENCE = bytes.fromhex("f8fffe")
_VOICE_FRAMES = 150  # three seconds
_FIRST_PAGE, _LAST_PAGE = 2, 4


@cache
def sample_file(kind: str) -> tuple[bytes, str]:
    """A small valid file for a media message, with its MIME type as webhooks give it."""
    if kind == "image":
        return (_FOLDER / "image.jpg").read_bytes(), "image/jpeg"
    if kind == "sticker":
        return (_FOLDER / "sticker.webp").read_bytes(), "image/webp"
    if kind == "audio":
        return _voice_note(), "audio/ogg; codecs=opus"
    if kind == "video":
        return _empty_video(), "video/mp4"
    return _page_of_text("Radiografia panoramica de muestra"), "application/pdf"


def _voice_note() -> bytes:
    """Three seconds of silence as Ogg Opus, mono, as the app records (RFC 7845)."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48_000, 0, 0)
    vendor = b"sandbox"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
    sound = [_OPUS_SILENCE] * _VOICE_FRAMES
    return (
        _ogg_page(0, 0, [head], flags=_FIRST_PAGE)
        + _ogg_page(1, 0, [tags])
        + _ogg_page(2, _OPUS_FRAME_SAMPLES * _VOICE_FRAMES, sound, flags=_LAST_PAGE)
    )


def _ogg_page(sequence: int, position: int, packets: list[bytes], *, flags: int = 0) -> bytes:
    sizes = bytes(len(packet) for packet in packets)
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, position, 1, sequence, 0, len(packets)) + sizes
    page = bytearray(head + b"".join(packets))
    page[22:26] = struct.pack("<I", _ogg_checksum(page))
    return bytes(page)


def _ogg_checksum(page: bytes | bytearray) -> int:
    checksum = 0
    for byte in page:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1) ^ (_OGG_POLYNOMIAL if checksum & _TOP_BIT else 0)
            checksum &= _WORD
    return checksum


def _empty_video() -> bytes:
    """An MP4 container with nothing in it: enough for whoever looks at its type."""
    return struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 512, b"isom", b"mp42") + struct.pack(">I4s", 8, b"mdat")


def _page_of_text(words: str) -> bytes:
    """A PDF of one page with one line."""
    stream = f"BT /F1 18 Tf 72 760 Td ({words}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    document, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(document)
    document += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    document += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    document += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(document)
