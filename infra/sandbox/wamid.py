"""Message ids of the form Meta gives: base64 around the contact's phone, a direction mark and a random part."""

import base64
import secrets
from typing import Literal

_DIRECTION = {"outbound": b"\x11", "inbound": b"\x12"}


def new_wamid(address: str, direction: Literal["inbound", "outbound"]) -> str:
    """A fresh id. It holds the contact's address, which is why logs must not hold it."""
    digits = address.encode()[:64]
    unique = b"3A" + secrets.token_hex(9).upper().encode()
    raw = b"\x1c\x18" + bytes([len(digits)]) + digits + b"\x15\x02\x00" + _DIRECTION[direction] + b"\x18\x14" + unique
    return "wamid." + base64.b64encode(raw + b"\x00").decode()
