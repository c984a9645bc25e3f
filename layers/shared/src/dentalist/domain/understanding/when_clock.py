"""Clock times and parts of the day, read at one place of a text."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from dentalist.domain.understanding.when import MIDDAY, MIDNIGHT, Clock, TimeRange
from dentalist.domain.understanding.when_pieces import Times
from dentalist.domain.understanding.when_words import PART_PHRASES

Read = tuple[Times, int]

_HOUR_MINUTES = 60
_HALF = (
    r"(?: (?:de|a|en|por) la (?P<{0}>manana|tarde|noche|madrugada)| del? (?P<{0}b>medio ?dia)| ?(?P<{0}c>am|pm)(?!\w)"
    r"| ?(?:horas?|h)(?!\w)(?! (?:y|o) media)(?: de la (?P<{0}d>manana|tarde|noche))?)?"
)
_FRACTION = (
    r"(?: ?[:.] ?(?P<{0}m>[0-5]\d)| (?:y|con) (?P<{0}y>media|cuarto|pico|[0-5]?\d(?! (?:y|a|de) ))"
    r"| menos (?P<{0}l>cuarto|\d\d?)| (?P<{0}e>en punto))?"
)


def _clock(name: str, hour: str = r"[01]?\d|2[0-4]") -> str:
    return rf"(?P<{name}>{hour})" + _FRACTION.format(name) + _HALF.format(f"{name}_half")


_NO_COUNT = r"(?! ?(?:de \d|del \d|anos|dias|semanas|meses|personas|turnos|cuotas|minutos|mil|por ciento|veces|\d))"
_MONTH_AHEAD = r"(?! de (?:ene|feb|mar|abr|may|jun|jul|ago|sep|set|oct|nov|dic))"
_THE = r"(?:las?|l) "

_RANGES = (
    re.compile(
        rf"(?:de|entre|desde|from|between) (?:{_THE})?{_clock('a')} (?:a|y|hasta|to|and) (?:{_THE})?{_clock('b')}"
        rf"(?!\w){_NO_COUNT}{_MONTH_AHEAD}"
    ),
    re.compile(rf"(?:{_THE})?{_clock('a')} (?:a|hasta|to) (?:{_THE})?{_clock('b')}(?!\w){_NO_COUNT}{_MONTH_AHEAD}"),
)
_TO_THE_HOUR = re.compile(
    rf"(?:a |al |tipo )?(?:un |el )?(?P<before>cuarto|\d\d?) para (?:las?|el|la) {_clock('a')}(?!\w)"
)
_CLOCKS = (
    re.compile(rf"(?:a |para |pa |tipo |at )?{_THE}{_clock('a')}(?!\w){_NO_COUNT}"),
    re.compile(rf"(?:a |at )?{_clock('a')}(?!\w){_NO_COUNT}"),
)
_TIPO = re.compile(rf"(?:tipo|como a|sobre|a eso de|around|at) (?:{_THE})?{_clock('a')}(?!\w){_NO_COUNT}{_MONTH_AHEAD}")
_IN_HOURS = re.compile(
    r"(?:en|dentro de) (?:(?P<half>media hora)|(?P<one>una) hora(?P<and> y media)?|(?P<pair>un par de) horas"
    r"|(?:unas )?(?P<count>\d\d?) horas|(?P<minutes>\d\d?) minutos)(?!\w)"
)
_LATER = re.compile(
    r"(?:hoy |hoy mismo )?(?:mas tarde|mas al rat(?:o|ito)|al rat(?:o|ito)|mas rato|en un rat(?:o|ito)|mas tardecito"
    r"|later today)(?!\w)(?! (?:del?|que) )"
)
_NOT_LATER = re.compile(r"(?:hora|horita|poco|poquito|rato|ratito|tantito|algo|minutos|cacho|cachito|lo) $")
_RIGHT_NOW = re.compile(r"(?:ahora mismo|ahorita(?: mismo)?|ahorititita|al tiro|ya mismo|right now)(?!\w)")
_PARTS = tuple((re.compile(rf"(?:{phrase})(?!\w)"), part) for phrase, part in PART_PHRASES)


def read_times(words: str, position: int, now: datetime) -> Read | None:
    """The time that begins at this position, and where it ends."""
    return (
        _read_from_now(words, position, now)
        or _read_range(words, position)
        or _read_clock(words, position)
        or _read_part(words, position)
    )


def _read_from_now(words: str, position: int, now: datetime) -> Read | None:
    found = _IN_HOURS.match(words, position)
    if found:
        return _at(now + _span_ahead(found), now), found.end()
    found = _LATER.match(words, position)
    if found and not _NOT_LATER.search(words, 0, position):
        return Times(not_before=_minutes_of(now + timedelta(hours=1), now)), found.end()
    found = _RIGHT_NOW.match(words, position)
    return (Times(not_before=_minutes_of(now, now)), found.end()) if found else None


def _span_ahead(found: re.Match[str]) -> timedelta:
    if found["half"]:
        return timedelta(minutes=30)
    if found["minutes"]:
        return timedelta(minutes=int(found["minutes"]))
    hours = 2 if found["pair"] else 1 if found["one"] else int(found["count"])
    return timedelta(hours=hours, minutes=30 if found["and"] else 0)


def _minutes_of(moment: datetime, now: datetime) -> int:
    """Minutes since today's midnight; tomorrow's are beyond 24 hours."""
    return (moment.date() - now.date()).days * MIDNIGHT + moment.hour * _HOUR_MINUTES + moment.minute


def _at(moment: datetime, now: datetime) -> Times:
    minutes = _minutes_of(moment, now)
    return Times(clock=Clock(minutes, fixed=True), not_before=minutes)


def _read_range(words: str, position: int) -> Read | None:
    for pattern in _RANGES:
        found = pattern.match(words, position)
        if found:
            groups = found.groupdict()
            if pattern is _RANGES[1] and not (_says_it_is_a_time(found, "a") or _says_it_is_a_time(found, "b")):
                continue
            half = _half(groups, "a") or _half(groups, "b")
            start, end = _clock_of(groups, "a", half), _clock_of(groups, "b", _half(groups, "b"))
            if start and end:
                if start.fixed and end.fixed and start.minutes > end.minutes:
                    start = _clock_of(groups, "a", _half(groups, "a"))  # "de 10 a 2 de la tarde" begins in the morning
                return Times(span=TimeRange(start, end)), found.end()
    return None


def _read_clock(words: str, position: int) -> Read | None:
    found = _TO_THE_HOUR.match(words, position)
    if found:
        clock = _clock_of(found.groupdict(), "a", _half(found.groupdict(), "a"))
        before = 15 if found["before"] == "cuarto" else int(found["before"])
        if clock and before < _HOUR_MINUTES and clock.minutes >= before:
            return Times(clock=Clock(clock.minutes - before, clock.fixed)), found.end()
    found = _TIPO.match(words, position)
    if found:
        clock = _clock_of(found.groupdict(), "a", _half(found.groupdict(), "a"))
        return (Times(clock=clock, about=not found[0].startswith("at ")), found.end()) if clock else None
    for pattern in _CLOCKS:
        found = pattern.match(words, position)
        if found and (pattern is _CLOCKS[0] or _says_it_is_a_time(found, "a")):
            clock = _clock_of(found.groupdict(), "a", _half(found.groupdict(), "a"))
            about = found["ay"] == "pico" or found[0].startswith("tipo")
            return (Times(clock=clock, about=about), found.end()) if clock else None
    return None


def _says_it_is_a_time(found: re.Match[str], name: str) -> bool:
    """A lone number is a time only with minutes, "hs", "y media" or a half of the day."""
    groups = found.groupdict()
    unit = found[0].endswith((" horas", " hora", " h"))
    fraction = groups[f"{name}m"] or groups[f"{name}y"] in {"media", "cuarto"} or groups[f"{name}l"]
    return bool(fraction or _half(groups, name) or unit)


def _half(groups: dict[str, str | None], name: str) -> str | None:
    return next((value for key in ("", "b", "c", "d") if (value := groups.get(f"{name}_half{key}"))), None)


def _clock_of(groups: dict[str, str | None], name: str, half: str | None) -> Clock | None:
    hour = int(groups[name] or 0)
    minutes = hour * _HOUR_MINUTES + _fraction(groups, name)
    if not 0 <= minutes < MIDNIGHT:
        return None
    fixed = half is not None or hour > 12 or hour == 0 or minutes >= MIDDAY  # noqa: PLR2004 - twelve hours a half
    if half in {"tarde", "noche", "pm"} and 0 < minutes < MIDDAY:
        minutes += MIDDAY
    if half in {"manana", "am", "madrugada"} and MIDDAY <= minutes < MIDDAY + _HOUR_MINUTES and half != "manana":
        minutes -= MIDDAY
    return Clock(minutes, fixed)


def _fraction(groups: dict[str, str | None], name: str) -> int:
    if groups[f"{name}m"]:
        return int(groups[f"{name}m"] or 0)
    past = groups[f"{name}y"]
    if past:
        return {"media": 30, "cuarto": 15, "pico": 0}.get(past) or (int(past) if past.isdigit() else 0)
    less = groups[f"{name}l"]
    return -(15 if less == "cuarto" else int(less)) if less else 0


def _read_part(words: str, position: int) -> Read | None:
    for pattern, part in _PARTS:
        found = pattern.match(words, position)
        if found:
            return Times(part=part), found.end()
    return None
