"""A time that is said by how far it lies from an appointment that exists: "una hora más tarde", "el día siguiente"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dentalist.domain.hours import Interval, local_instant
from dentalist.domain.understanding.when_scan import words_of

_HOUR = timedelta(hours=1)
_AMOUNT = (
    r"(?P<half>media hora)|(?P<one>1|una?) (?P<unit>hora|dia|semana)(?P<and> y media)?"
    r"|(?P<pair>un par de|unas|unos) (?P<pairs>horas|dias|semanas)"
    r"|(?P<count>\d\d?) (?P<units>horas?|minutos|dias|semanas)"
)
_LATER = r"mas tarde|despues|mas adelante|luego"
_EARLIER = r"antes|mas temprano"
# Who comes late moves nothing.
_COMES_LATE = re.compile(
    r"(?<!\w)(?:lleg\w+|retras(?:ad[oa]|o)|demor\w+|tard(?:o|are|amos)|estoy|estare|caigo|voy)(?!\w)"
)
_SHIFTED = (
    re.compile(rf"(?<!\w)(?:{_AMOUNT}) (?:(?P<later>{_LATER})|(?P<earlier>{_EARLIER}))(?! (?:de|del|que)(?!\w))"),
    re.compile(
        r"(?<!\w)(?:(?P<later>atras|posterg|pospon|retras|corr|aplaz|mov)|(?P<earlier>adelant))\w*"
        rf"(?: (?:el|la|mi|turno|cita|hora|lo|un poco|para|en|por|como))*? (?:{_AMOUNT})(?!\w)"
    ),
)
_DAY_AFTER = re.compile(
    r"(?<!\w)(?:(?P<later>(?:al|el|para el) (?:otro dia|dia siguiente|dia despues))"
    r"|(?P<earlier>(?:el )?dia (?:antes|anterior)))"
    r"(?! (?:de|del|que)(?!\w))"
)
# Without an amount: the same day, on this side or that of the appointment.
_SOMEWHAT = re.compile(
    r"(?<!\w)(?:un (?:poco|poquito|rato|ratito|cacho|toque) |algo |lo )?"
    r"(?:(?P<later>mas tarde(?:cito)?|mas tardecito)|(?P<earlier>mas temprano|mas tempranito))"
    r"(?! (?:de|del|que)(?!\w)|(?: en| por| a)? la (?:manana|tarde|noche))(?!\w)"
)


@dataclass(frozen=True)
class Shift:
    """How far, and to which side. ``days`` keep the hour of the clock; without any amount, the same day."""

    later: bool
    amount: timedelta | None = None
    days: int = 0

    @property
    def is_measured(self) -> bool:
        """Whether it was said how far."""
        return self.amount is not None or self.days > 0


class SaidShift(NamedTuple):
    """A shift, and the other words of the text, normalised: they may name the appointment."""

    shift: Shift
    rest: str


def find_shift(text: str) -> SaidShift | None:
    """How far an appointment is to be moved, where it is said so; None where a day or an hour is named instead."""
    words = words_of(text)
    if _COMES_LATE.search(words):
        return None
    for pattern, read in (
        (_SHIFTED[0], _of_amount),
        (_SHIFTED[1], _of_amount),
        (_DAY_AFTER, _a_day),
        (_SOMEWHAT, _some),
    ):
        found = pattern.search(words)
        if found:
            return SaidShift(read(found), f"{words[: found.start()]}{words[found.end() :]}")
    return None


def _a_day(found: re.Match[str]) -> Shift:
    return Shift(bool(found["later"]), days=1)


def _some(found: re.Match[str]) -> Shift:
    return Shift(bool(found["later"]))


def _of_amount(found: re.Match[str]) -> Shift:
    later = bool(found["later"])
    if found["half"]:
        return Shift(later, timedelta(minutes=30))
    unit = found["unit"] or found["pairs"] or found["units"]
    count = 1 if found["one"] else 2 if found["pair"] else int(found["count"])
    if unit.startswith(("dia", "semana")):
        return Shift(later, days=count * (7 if unit.startswith("semana") else 1))
    if unit.startswith("minuto"):
        return Shift(later, timedelta(minutes=count))
    return Shift(later, timedelta(hours=count, minutes=30 if found["and"] else 0))


def shifted(starts_at: datetime, shift: Shift, *, timezone: ZoneInfo) -> Interval:
    """The instants at which the appointment may begin instead; UTC.

    Args:
        starts_at: when it begins now.
        shift: how it is to be moved.
        timezone: the professional's: a day later is the same hour of the clock, whatever the clocks did meanwhile.
    """
    local = starts_at.astimezone(timezone)
    sign = 1 if shift.later else -1
    if shift.days:
        day = local.date() + sign * timedelta(days=shift.days)
        same_time = local_instant(day, local.hour * 60 + local.minute, timezone)
        return Interval(same_time, same_time + _HOUR)
    if shift.amount is not None:
        target = starts_at + sign * shift.amount
        return Interval(target, target + min(shift.amount, _HOUR))
    if shift.later:
        return Interval(starts_at + timedelta(minutes=1), local_instant(local.date(), 24 * 60, timezone))
    return Interval(local_instant(local.date(), 0, timezone), starts_at)
