"""Days, parts of the day and clock times in normalised Spanish text."""

from __future__ import annotations

import re

WEEKDAYS = {"lunes": 0, "martes": 1, "miercoles": 2, "jueves": 3, "viernes": 4, "sabado": 5, "sabados": 5, "domingo": 6}

# Phrase to minutes since midnight, the more particular first.
DAY_PARTS: dict[str, tuple[int, int]] = {
    r"(?:a )?primera hora|(?:bien )?tempran(?:o|ito)": (0, 10 * 60),
    r"(?:a )?ultima hora": (18 * 60, 24 * 60),
    r"al? ?medio ?dia|mediodia": (12 * 60, 14 * 60),
    r"(?:la|esta) manana|(?:por|en) las mananas": (0, 13 * 60),
    r"(?:la|esta) tarde|por las tardes|tardecita|despues del? (?:almuerzo|almorzar|comer)": (
        13 * 60,
        21 * 60,
    ),
    r"(?:la|esta) noche": (20 * 60, 24 * 60),
}

_HOUR_WORDS = {
    "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10,
    "once": 11, "doce": 12,
}  # fmt: skip
_MINUTE_WORDS = {"y media": 30, "y cuarto": 15, "menos cuarto": -15, "y pico": 0, "en punto": 0}
_HOUR = rf"(?P<hour>\d{{1,2}}|{'|'.join(_HOUR_WORDS)})"
_WORDS = rf"(?P<words> (?:{'|'.join(_MINUTE_WORDS)}))"
_AFTER = r"(?P<half> (?:de la|a la|por la) (?:manana|tarde|noche)| ?(?:am|pm)(?!\w)| a m| p m)?"
_CLOCK = (
    re.compile(rf"(?<![\w:.])(?P<hour>\d{{1,2}})[:.](?P<minute>[0-5]\d)(?: ?(?:horas|h))?{_AFTER}"),
    re.compile(
        rf"(?:a|para|desde|tipo|de|sobre|hacia) ?(?:las?|l) {_HOUR}(?![\d:.]){_WORDS}?"
        rf"(?: ?(?:horas|h)(?!\w))?{_AFTER}"
    ),
    re.compile(rf"(?:^|(?<= ))(?:el de |la de |las? )(?:las? )?{_HOUR}(?![\d:.]){_WORDS}?{_AFTER}"),
    re.compile(rf"(?<![\w:.]){_HOUR}{_WORDS}?(?: ?(?:horas|h)(?!\w)){_AFTER}"),
    re.compile(rf"(?<![\w:.]){_HOUR}(?P<words> (?:y media|y cuarto|menos cuarto)){_AFTER}"),
    re.compile(r"(?<![\w:.])(?P<hour>\d{1,2})(?P<half> ?(?:am|pm)(?!\w)| (?:de la) (?:manana|tarde|noche))"),
)


def clock_times(words: str) -> set[tuple[int, int]]:
    """What times of day normalised words can mean: "a las 3" is 03:00 and 15:00, "3 de la tarde" only 15:00."""
    times: set[tuple[int, int]] = set()
    for pattern in _CLOCK:
        for found in pattern.finditer(words):
            times |= _readings(found.groupdict())
        if times:
            return times
    return times


def _readings(found: dict[str, str | None]) -> set[tuple[int, int]]:
    text = found.get("hour") or ""
    hour = int(text) if text.isdigit() else _HOUR_WORDS[text]
    minute = int(found.get("minute") or 0) + _MINUTE_WORDS.get((found.get("words") or "").strip(), 0)
    total = hour * 60 + minute
    if not 0 <= total < 24 * 60:
        return set()
    half = (found.get("half") or "").strip()
    readings = {total}
    if 0 < total < 13 * 60 and hour <= 12:  # noqa: PLR2004 - twelve hours a half
        other = total + 12 * 60 if total < 12 * 60 else total - 12 * 60
        readings = _of_half(half, {total, other})
    return {divmod(reading, 60) for reading in readings}


def _of_half(half: str, readings: set[int]) -> set[int]:
    if half.endswith("manana") or half.replace(" ", "") == "am":
        return {min(readings)}
    if half:
        return {max(readings)}
    return readings
