"""Which files of contacts are kept: by declared type, size, and what the first bytes say they are.

Source:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_MIB = 1024 * 1024

# What Meta itself lets through; a larger inbound file never reaches us as a file.
MAX_BYTES: Mapping[str, int] = MappingProxyType(
    {"image": 5 * _MIB, "sticker": _MIB, "audio": 16 * _MIB, "video": 16 * _MIB, "document": 100 * _MIB}
)

# Everything else stays at Meta and is shown as a file that is not kept: a clinic's storage is no place for programs.
_EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/webp": "webp",
        "audio/aac": "aac",
        "audio/amr": "amr",
        "audio/mpeg": "mp3",
        "audio/mp4": "m4a",
        "audio/ogg": "ogg",
        "video/mp4": "mp4",
        "video/3gpp": "3gp",
        "application/pdf": "pdf",
        "application/msword": "doc",
        "application/vnd.ms-excel": "xls",
        "application/vnd.ms-powerpoint": "ppt",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
        "text/plain": "txt",
    }
)

TYPES = frozenset(_EXTENSIONS)

_ZIP = (b"PK\x03\x04",)
_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_FIRST_BYTES: Mapping[str, tuple[bytes, ...]] = MappingProxyType(
    {
        "jpg": (b"\xff\xd8\xff",),
        "png": (b"\x89PNG\r\n\x1a\n",),
        "aac": (b"\xff\xf1", b"\xff\xf9", b"\xff\xf0", b"\xff\xf8"),
        "amr": (b"#!AMR",),
        "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa"),
        "ogg": (b"OggS",),
        "pdf": (b"%PDF-",),
        "doc": _OLE,
        "xls": _OLE,
        "ppt": _OLE,
        "docx": _ZIP,
        "xlsx": _ZIP,
        "pptx": _ZIP,
    }
)


def base_type(mime: str | None) -> str:
    """The type without its parameters, in lower case: ``audio/ogg; codecs=opus`` is ``audio/ogg``."""
    return (mime or "").partition(";")[0].strip().lower()


def extension_of(mime: str | None) -> str | None:
    """The file extension of a kept type, or None for one that is not kept."""
    return _EXTENSIONS.get(base_type(mime))


def is_what_it_says(content: bytes, mime: str | None) -> bool:
    """Whether the first bytes are those of the declared type. The file's name is never asked: its sender chose it."""
    extension = extension_of(mime)
    if extension is None:
        return False
    if extension == "webp":
        return content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    if extension in {"mp4", "m4a", "3gp"}:
        return content[4:8] == b"ftyp"
    if extension == "txt":
        return b"\x00" not in content[:4096]
    return content.startswith(_FIRST_BYTES[extension])
