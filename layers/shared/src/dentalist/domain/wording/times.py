"""Dates, times and opening hours in Spanish."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dentalist.domain.hours import DaySpan, OpeningHours

WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip
_MINUTES_OF_A_DAY = 24 * 60
_ABBREVIATED = 3


def clock(instant: datetime, timezone: ZoneInfo) -> str:
    """Local HH:MM."""
    return instant.astimezone(timezone).strftime("%H:%M")


def long_date(instant: datetime, timezone: ZoneInfo) -> str:
    """ "jueves 26 de noviembre"."""
    local = instant.astimezone(timezone)
    return f"{WEEKDAYS[local.weekday()]} {local.day} de {MONTHS[local.month - 1]}"


def short_date(instant: datetime, timezone: ZoneInfo) -> str:
    """ "Jue 26 nov"."""
    local = instant.astimezone(timezone)
    weekday = WEEKDAYS[local.weekday()][:_ABBREVIATED].capitalize()
    return f"{weekday} {local.day} {MONTHS[local.month - 1][:_ABBREVIATED]}"


def moment(instant: datetime, timezone: ZoneInfo, *, now: datetime) -> str:
    """When something happens, as one says it today: "hoy a las 18:00", "mañana lunes a las 09:00"."""
    local, today = instant.astimezone(timezone), now.astimezone(timezone).date()
    time = clock(instant, timezone)
    if local.date() == today:
        return f"hoy a las {time}"
    if local.date() == today + timedelta(days=1):
        return f"mañana {WEEKDAYS[local.weekday()]} a las {time}"
    return f"el {long_date(instant, timezone)} a las {time}"


def describe_hours(hours: OpeningHours) -> str:
    """ "lunes a viernes de 9 a 13 y de 15 a 19; sábado de 9 a 12". Empty when it never opens."""
    groups: list[tuple[list[int], tuple[DaySpan, ...]]] = []
    for weekday, spans in enumerate(hours.days):
        if not spans:
            continue
        if groups and groups[-1][1] == spans and groups[-1][0][-1] == weekday - 1:
            groups[-1][0].append(weekday)
        else:
            groups.append(([weekday], spans))
    return "; ".join(f"{_days(weekdays)} {_spans(spans)}" for weekdays, spans in groups)


def _days(weekdays: Sequence[int]) -> str:
    first, last = WEEKDAYS[weekdays[0]], WEEKDAYS[weekdays[-1]]
    if len(weekdays) == 1:
        return first
    return f"{first} {'y' if len(weekdays) == 2 else 'a'} {last}"  # noqa: PLR2004 - a pair


def _spans(spans: Sequence[DaySpan]) -> str:
    if spans == (DaySpan(0, _MINUTES_OF_A_DAY),):
        return "las 24 horas"
    return join([f"de {_hour(span.start)} a {_hour(span.end)}" for span in spans])


def _hour(minutes: int) -> str:
    hour, minute = divmod(minutes % _MINUTES_OF_A_DAY, 60)
    if minutes == _MINUTES_OF_A_DAY:
        return "24"
    return f"{hour}:{minute:02d}" if minute else str(hour)


def join(parts: Sequence[str]) -> str:
    """ "a, b y c"."""
    if len(parts) <= 1:
        return "".join(parts)
    word = "e" if parts[-1].lower().startswith(("i", "hi")) else "y"
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"
