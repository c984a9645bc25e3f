"""A choice made in words from an open offer: "el segundo", "a las 10 me sirve", "15:30", "sí"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from dentalist.domain.agenda import OfferedSlot
from dentalist.domain.hours import OpeningHours
from dentalist.domain.understanding.normalise import normalise
from dentalist.domain.understanding.when import Alternative, Exactness, When
from dentalist.domain.understanding.when_parsing import parse_when
from dentalist.domain.understanding.when_ranges import ranges

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
_LAST = re.compile(r"(?:el|la) ultim[oa](?! hora)")
_ANY = re.compile(
    r"cualquiera?|el que (?:sea|quieras|tengas)|me da igual|el (?:mas temprano|que sea antes|mas cercano)"
)
_YES = re.compile(
    r"(?:hola )?(?:si|dale|ok|okay|bueno|bien|perfecto|listo|confirmo|confirmado|de acuerdo|vale|genial|claro|ese|esa"
    r"|va|sale|me sirve|buenisimo|por favor|reserva\w*|esta bien|de una|joya|barbaro|excelente)(?!\w)"
)
_REFUSES = re.compile(r"(?<!\w)(?:no|ningun\w*|tampoco|imposible|otr[oa]s?)(?!\w)(?! hay problema)")
# Names a time and takes none: "a las 10 te aviso", "ok, lo consulto", "¿cuándo era el segundo?".
_UNDECIDED = re.compile(
    r"(?<!\w)(?:(?:te|le|les|os|lo) (?:aviso|confirmo|digo|escribo|averiguo|cuento|llamo)"
    r"|(?:lo|la) (?:pienso|consulto|charlo)|(?:dejame|dejeme|dejadme) (?:ver|pensar\w*|consultar\w*|fijar\w*)"
    r"|(?:tengo|tendria|tendre) que (?:ver|pensar\w*|consultar\w*|preguntar\w*|hablar\w*)"
    r"|voy a (?:ver|pensar\w*|consultar\w*|preguntar\w*)|(?:cuando|que dia|a que hora) (?:es|era|seria|cae))(?!\w)"
)
_NOON = 12


@dataclass(frozen=True)
class Ambiguous:
    """A choice that several slots fit: ask again with these."""

    candidates: tuple[OfferedSlot, ...]


def choose(
    text: str,
    offered: Sequence[OfferedSlot],
    *,
    timezone: ZoneInfo,
    now: datetime,
    opening_hours: OpeningHours | None = None,
) -> OfferedSlot | Ambiguous | None:
    """Which of the offered slots a text takes.

    Args:
        text: one message, or the messages of a burst joined by line breaks.
        offered: the open offer, in the order in which it was shown.
        timezone: the professional's, in which "a las 10" and "mañana" are meant.
        now: when the text was written.
        opening_hours: tell when "a última hora" is.

    Returns:
        The slot, several that fit, or None when the text chooses none of them.
    """
    clauses = _clauses(text)
    accepted = [clause for clause in clauses if not _REFUSES.search(clause)]
    if not accepted or not offered or any(_UNDECIDED.search(clause) for clause in clauses):
        return None
    words = " ".join(accepted)
    fitting = _fitting(words, offered, timezone, now, opening_hours)
    if fitting is None:
        if not _YES.match(words):
            return None
        fitting = list(offered)
    if len(fitting) == 1:
        return fitting[0]
    return Ambiguous(tuple(fitting)) if fitting else None


def refuses(text: str) -> bool:
    """Whether a text turns down what was offered: "ninguno", "no puedo esos días", "¿otro horario?"."""
    return any(_REFUSES.search(clause) for clause in _clauses(text))


def fits(
    when: When, instant: datetime, *, timezone: ZoneInfo, now: datetime, opening_hours: OpeningHours | None = None
) -> bool:
    """Whether an appointment at this instant is one that a text speaks of.

    Stricter than ``ranges``: "el de las 10" is no appointment at 10:30. Looser too: "el de las 8" is 8:00 or 20:00,
    since the instants to choose from tell which.
    """
    return any(_fits(item, instant, timezone, now, opening_hours) for item in when.alternatives)


def _fits(item: Alternative, instant: datetime, zone: ZoneInfo, now: datetime, hours: OpeningHours | None) -> bool:
    time = item.time
    exact = time.start if time is not None and time.exact and item.exactness is Exactness.EXACT else None
    if exact is not None:
        local = instant.astimezone(zone)
        minutes = local.hour * 60 + local.minute
        if minutes != exact.minutes and (exact.fixed or minutes != exact.minutes + _NOON * 60):
            return False
        item = replace(item, time=None)
    return any(span.contains(instant) for span in ranges(When((item,)), now=now, timezone=zone, opening_hours=hours))


def _clauses(text: str) -> list[str]:
    parts = re.split(r" (?:[.,?]|pero|mejor|sino) | [.,?]$", f" {normalise(text)} ")
    return [part.strip(" .,?") for part in parts if part.strip(" .,?")]


def _fitting(
    words: str, offered: Sequence[OfferedSlot], timezone: ZoneInfo, now: datetime, hours: OpeningHours | None
) -> list[OfferedSlot] | None:
    """The slots that fit everything the words say; None when they say nothing about a slot."""
    number = _BARE_NUMBER.fullmatch(words)
    if number:
        return _by_number(int(number["digit"]), offered, timezone)
    position = _position(words, len(offered))
    if position is not None:
        return [offered[position - 1]] if 1 <= position <= len(offered) else []
    if _ANY.search(words):
        return [min(offered, key=lambda slot: slot.starts_at)]
    when = parse_when(words, now=now.astimezone(timezone))
    if not when:
        return None
    return [slot for slot in offered if fits(when, slot.starts_at, timezone=timezone, now=now, opening_hours=hours)]


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
    return local.minute == 0 and local.hour in {hour, hour + _NOON if hour < _NOON else hour}
