"""Phone numbers as Meta writes them, and the form under which two spellings of one number are the same."""

from __future__ import annotations

import re

_NOT_A_DIGIT = re.compile(r"[^0-9]")
_E164_DIGITS = re.compile(r"[1-9][0-9]{6,14}")
_TWO_SPELLINGS = re.compile(r"(?:549|521)[0-9]{10}")


def parse_phone(text: str | None) -> str | None:
    """``+`` and exactly the digits of ``text``, or None when they are no phone number.

    Spaces and punctuation go ("+54 9 11 5032-0001"); no digit is added or dropped, because sending needs the very
    digits Meta gave.
    """
    digits = _NOT_A_DIGIT.sub("", text or "")
    return f"+{digits}" if _E164_DIGITS.fullmatch(digits) else None


def canonical_phone(digits_or_e164: str) -> str:
    """The key under which a number is looked up, never one to send to.

    Argentine mobiles travel as 549… and are stored as 54…, Mexican ones as 521… and 52…: one patient, two spellings.
    The SQL function ``app.canonical_phone`` states the same rule. Without any digit the answer is "" (in SQL, null).

    Source:
        https://developers.facebook.com/docs/whatsapp/cloud-api/reference/phone-numbers
    """
    digits = _NOT_A_DIGIT.sub("", digits_or_e164)
    if _TWO_SPELLINGS.fullmatch(digits):
        digits = digits[:2] + digits[3:]
    return f"+{digits}" if digits else ""
