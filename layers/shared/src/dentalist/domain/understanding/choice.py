"""A choice made in words from an open offer: "el segundo", "a las 10 me sirve", "15:30", "sí"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dentalist.domain.agenda import OfferedSlot
from dentalist.domain.understanding.normalise import normalise
from dentalist.domain.understanding.time_words import DAY_PARTS, WEEKDAYS, clock_times

_ORDINALS = {
    "primer": 1, "primero": 1, "primera": 1, "segundo": 2, "segunda": 2, "tercer": 3, "tercero": 3, "tercera": 3,
    "cuarto": 4, "cuarta": 4, "quinto": 5, "quinta": 5, "sexto": 6, "sexta": 6, "septimo": 7, "octavo": 8, "noveno": 9,
    "decimo": 10, "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9,
    "diez": 10,
}  # fmt: skip
_ORDINAL = re.compile(
    rf"(?:el|la|opcion|numero|turno|ese|esa) (?:opcion |numero )?(?P<word>{'|'.join(_ORDINALS)})(?!\w)(?! hora)"
    r"|(?:opcion|numero|el numero|la opcion|el nro) (?P<digit>\d{1,2})(?![\d:.])"
)
_BARE_NUMBER = re.compile(r"(?:el |la )?(?P<digit>\d{1,2})(?: por favor| gracias)?(?: \.)?")
_BARE_ORDINAL = re.compile(rf"(?P<word>{'|'.join(_ORDINALS)})(?: por favor| gracias)?(?: \.)?")
_LAST = re.compile(r"(?:el|la) ultim[oa]")
_ANY = re.compile(
    r"cualquiera?|el que (?:sea|quieras|tengas)|me da igual|el (?:mas temprano|que sea antes|mas cercano)"
)
_YES = re.compile(
    r"(?:hola )?(?:si|dale|ok|okay|bueno|bien|perfecto|listo|confirmo|confirmado|de acuerdo|vale|genial|claro|ese|esa"
    r"|va|sale|me sirve|buenisimo|por favor|reserva\w*|esta bien|de una|joya|barbaro|excelente)(?!\w)"
)
_REFUSES = re.compile(r"(?<!\w)(?:no|ningun\w*|tampoco|imposible|otr[oa]s?)(?!\w)(?! hay problema)")
_DAY_OF_MONTH = re.compile(
    r"(?:el|dia) (?:(?:lunes|martes|miercoles|jueves|viernes|sabado|domingo) )?(\d{1,2})(?![\d:])"
)


@dataclass(frozen=True)
class Ambiguous:
    """A choice that several slots fit: ask again with these."""

    candidates: tuple[OfferedSlot, ...]


def choose(
    text: str, offered: Sequence[OfferedSlot], *, timezone: ZoneInfo, now: datetime
) -> OfferedSlot | Ambiguous | None:
    """Which of the offered slots a text takes.

    Args:
        text: one message, or the messages of a burst joined by line breaks.
        offered: the open offer, in the order in which it was shown.
        timezone: the professional's, in which "a las 10" and "mañana" are meant.
        now: when the text was written.

    Returns:
        The slot, several that fit, or None when the text chooses none of them.
    """
    accepted = [clause for clause in _clauses(text) if not _REFUSES.search(clause)]
    if not accepted or not offered:
        return None
    words = " ".join(accepted)
    fitting = _fitting(words, offered, timezone, now)
    if fitting is None:
        if not _YES.match(words):
            return None
        fitting = list(offered)
    if len(fitting) == 1:
        return fitting[0]
    return Ambiguous(tuple(fitting)) if fitting else None


def _clauses(text: str) -> list[str]:
    parts = re.split(r" (?:[.,?]|pero|mejor|sino) | [.,?]$", f" {normalise(text)} ")
    return [part.strip(" .,?") for part in parts if part.strip(" .,?")]


def _fitting(words: str, offered: Sequence[OfferedSlot], timezone: ZoneInfo, now: datetime) -> list[OfferedSlot] | None:
    """The slots that fit everything the words say; None when they say nothing about a slot."""
    number = _BARE_NUMBER.fullmatch(words)
    if number:
        return _by_number(int(number["digit"]), offered, timezone)
    position = _position(words, len(offered))
    if position is not None:
        return [offered[position - 1]] if 1 <= position <= len(offered) else []
    if _ANY.search(words):
        return [min(offered, key=lambda slot: slot.starts_at)]
    return _by_time(words, offered, timezone, now)


def _by_number(number: int, offered: Sequence[OfferedSlot], timezone: ZoneInfo) -> list[OfferedSlot]:
    """ "10" or "el 10" alone: the tenth of the list, ten o'clock, or the tenth of the month."""
    return [
        slot
        for position, slot in enumerate(offered, 1)
        if position == number
        or _shows_hour(slot, number, timezone)
        or slot.starts_at.astimezone(timezone).day == number
    ]


def _position(words: str, count: int) -> int | None:
    found = _BARE_ORDINAL.fullmatch(words) or _ORDINAL.search(words)
    if found is None:
        return count if _LAST.search(words) else None
    groups = found.groupdict()
    return int(groups["digit"]) if groups.get("digit") else _ORDINALS[groups["word"]]


def _shows_hour(slot: OfferedSlot, hour: int, timezone: ZoneInfo) -> bool:
    local = slot.starts_at.astimezone(timezone)
    return local.minute == 0 and local.hour in {hour, hour + 12 if hour < 12 else hour}  # noqa: PLR2004 - noon


def _by_time(words: str, offered: Sequence[OfferedSlot], timezone: ZoneInfo, now: datetime) -> list[OfferedSlot] | None:
    local = {slot: slot.starts_at.astimezone(timezone) for slot in offered}
    fitting = list(offered)
    constrained = False

    days = {WEEKDAYS[word] for word in words.split() if word in WEEKDAYS}
    if days:
        constrained, fitting = True, [slot for slot in fitting if local[slot].weekday() in days]
    relative = _relative_day(words)
    if relative is not None:
        wanted = (now.astimezone(timezone) + relative).date()
        constrained, fitting = True, [slot for slot in fitting if local[slot].date() == wanted]
    day_of_month = _DAY_OF_MONTH.search(words)
    if day_of_month:
        constrained, fitting = True, [slot for slot in fitting if local[slot].day == int(day_of_month[1])]
    times = clock_times(words)
    if times:
        constrained, fitting = True, [slot for slot in fitting if (local[slot].hour, local[slot].minute) in times]
    part = next((part for phrase, part in DAY_PARTS.items() if re.search(rf"(?<!\w){phrase}(?!\w)", words)), None)
    if part and not times:
        constrained = True
        fitting = [slot for slot in fitting if part[0] <= local[slot].hour * 60 + local[slot].minute < part[1]]
    return fitting if constrained else None


def _relative_day(words: str) -> timedelta | None:
    if re.search(r"pasado manana", words):
        return timedelta(days=2)
    if re.search(r"(?<!la )(?<!a la )(?<!por la )(?<!de la )(?<!\w)manana(?!\w)", words):
        return timedelta(days=1)
    return timedelta(0) if re.search(r"(?<!\w)hoy(?!\w)", words) else None
