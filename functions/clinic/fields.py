"""The values of a clinic's profile, checked so strictly that the assistant can rely on them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from dentalist.domain.holidays import is_supported
from dentalist.domain.iso import is_country, is_currency

_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_AND_TIME = re.compile(
    _DATE.pattern + r"T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_LONGEST_EMAIL = 254
_MOST_NAMES = 300


def _readable(value: str) -> str:
    if _UNSTORABLE.search(value):
        raise ValueError("must not contain control characters")
    return value


def _email(value: str) -> str:
    local, _, _domain = value.partition("@")
    dots_in_order = not local.startswith(".") and not local.endswith(".") and ".." not in local
    if not (_EMAIL.fullmatch(value) and dots_in_order and len(value) <= _LONGEST_EMAIL):
        raise ValueError("must be an e-mail address")
    return value.lower()


def _https(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise ValueError("must be an https address")
    return value


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("must be an IANA timezone, such as America/Argentina/Buenos_Aires")
    return value


def _country(value: str) -> str:
    if not is_country(value):
        raise ValueError("must be an ISO 3166-1 alpha-2 code in upper case, such as AR")
    return value


def _holiday_country(value: str) -> str:
    if not is_supported(value):
        raise ValueError("must be the ISO 3166-1 alpha-2 code of a country whose public holidays are known")
    return value


def _currency(value: str) -> str:
    if not is_currency(value):
        raise ValueError("must be an ISO 4217 code in upper case, such as ARS")
    return value


def _clock(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise ValueError("must be a time as HH:MM, from 00:00 to 24:00")
    return value


def _day(value: str) -> str:
    if not _DATE.fullmatch(value) or not _exists(value):
        raise ValueError("must be a date as YYYY-MM-DD")
    return value


def _moment(value: str) -> str:
    if not (_DATE.fullmatch(value) or _DATE_AND_TIME.fullmatch(value)) or not _exists(value):
        raise ValueError("must be a date as YYYY-MM-DD, or a local time as YYYY-MM-DDTHH:MM")
    return value


def is_date(moment: str) -> bool:
    """Whether a ``Moment`` is a whole day."""
    return _DATE.fullmatch(moment) is not None


def _exists(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _once(values: list[str]) -> list[str]:
    if len({value.casefold() for value in values}) != len(values):
        raise ValueError("must not name anything twice")
    return values


# Null erases a text, an empty one is a mistake. The longest are as long as the assistant quotes.
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), AfterValidator(_readable)]
Paragraph = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_readable)
]
Instructions = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=900), AfterValidator(_readable)
]
Email = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_email)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
Url = Annotated[
    str, StringConstraints(max_length=2048, pattern=r"^https://\S+$"), AfterValidator(_readable), AfterValidator(_https)
]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=2048)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Country = Annotated[str, AfterValidator(_country)]
HolidayCountry = Annotated[str, AfterValidator(_holiday_country)]
Currency = Annotated[str, AfterValidator(_currency)]
Clock = Annotated[str, AfterValidator(_clock)]
Day = Annotated[str, AfterValidator(_day)]
Moment = Annotated[str, AfterValidator(_moment)]
Names = Annotated[list[Line], Field(max_length=_MOST_NAMES), AfterValidator(_once)]
Days = Annotated[list[Day], Field(max_length=_MOST_NAMES), AfterValidator(_once)]
TreatmentMinutes = Annotated[int, Field(strict=True, ge=5, le=480)]
BufferMinutes = Annotated[int, Field(strict=True, ge=0, le=240)]
LeadMinutes = Annotated[int, Field(strict=True, ge=0, le=20_160)]  # two weeks
