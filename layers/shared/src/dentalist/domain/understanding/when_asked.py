"""Which of the times in a message is wanted, and which only says what appointment it speaks of.

"Cancelá el de mañana y dame uno el jueves" wants Thursday and names tomorrow's; "pasame el turno del martes al jueves"
wants Thursday and names Tuesday's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from dentalist.domain.understanding.intents import Intent
from dentalist.domain.understanding.when import NO_TIME, When
from dentalist.domain.understanding.when_parsing import parse_when
from dentalist.domain.understanding.when_scan import words_of
from dentalist.domain.understanding.when_shift import Shift, find_shift

_CHANGES = frozenset({Intent.CANCEL_APPOINTMENT, Intent.RESCHEDULE_APPOINTMENT})
_NEW = frozenset({Intent.BOOK_APPOINTMENT, Intent.RESCHEDULE_APPOINTMENT})
_CLAUSES = re.compile(
    r"\s(?:[.,?]|pero|mejor|(?:y|e)(?= (?:me |si |quiero |si me |a mi |para )?(?:\w*[dpabrs]\w*(?:me|la|lo|es?))(?!\w))"
    r"|puede ser|podria ser|se puede|se podra)\s|^(?:puede ser|podria ser) |\s[.?]$"
)
# A clause about the appointment that exists.
_SPEAKS_OF_IT = re.compile(
    r"(?<!\w)(?:cancel\w+|anul\w+|borr\w+|quit\w+|suspend\w+|baja|teng[oa]|tenia|teniamos|era|lo mio"
    r"|mi (?:turno|cita|hora)"
    r"|no (?:puedo|podre|llego|voy|vamos|ire|alcanzo|asistire|me sirve|me queda|voy a (?:poder|ir))"
    r"|no podemos|sin efecto"
    r"|me dieron|quedo para|en vez|en lugar)(?!\w)"
)
# "Del martes al jueves", "lo de mañana para el lunes": from the first to the second.
_MOVED = re.compile(
    r"(?<!\w)(?:(?:el |la |lo |mi |hora |turno |cita |consulta )+)?(?<!\d )(?:del?|de el) (?P<named>.+?) "
    r"(?:al?|para(?: el| la| las)?|por|hacia)(?= )(?P<wanted>.+)$"
)
_INSTEAD = re.compile(
    r"(?P<wanted>.*?)(?:en vez|en lugar|mas bien que|y no)(?: del?)?(?= )(?P<named>[^.,?]+)(?P<rest>.*)$"
)


@dataclass(frozen=True)
class AskedTimes:
    """``wanted``: when an appointment would suit. ``named``: when the one spoken of is. Either may be empty.

    ``shift``: how far the one spoken of is to be moved, where no other time was named.
    """

    wanted: When = NO_TIME
    named: When = NO_TIME
    shift: Shift | None = None


def asked_times(text: str, intents: Sequence[Intent], *, now: datetime) -> AskedTimes:
    """The times of a message, by what they are for.

    Args:
        text: the messages of a burst, as written.
        intents: what was understood of them.
        now: local time of the professional.
    """
    said = find_shift(text) if Intent.RESCHEDULE_APPOINTMENT in intents else None
    if said is None:
        return _asked(text, intents, now)
    asked = _asked(said.rest, intents, now)
    if said.shift.is_measured and not asked.named:  # "el turno del martes, una hora más tarde"
        return AskedTimes(named=asked.wanted, shift=said.shift)
    if asked.wanted:  # "para el jueves, más tarde"
        return _asked(text, intents, now)
    return replace(asked, shift=said.shift)


def _asked(text: str, intents: Sequence[Intent], now: datetime) -> AskedTimes:
    changes, new = _CHANGES.intersection(intents), _NEW.intersection(intents)
    if not changes:
        return AskedTimes(wanted=parse_when(text, now=now))
    if not new:
        return AskedTimes(named=parse_when(text, now=now, denials=False))
    words = words_of(text)
    instead = _INSTEAD.search(words)
    if instead:
        wanted = parse_when(f"{instead['wanted']} {instead['rest']}", now=now)
        about = parse_when(instead["named"], now=now, denials=False)
        if not wanted:  # "en vez del martes el jueves"
            wanted, about = When(about.alternatives[1:]), When(about.alternatives[:1])
        return AskedTimes(wanted, about)
    return _by_clause(words, changes, now)


def _by_clause(words: str, changes: AbstractSet[Intent], now: datetime) -> AskedTimes:
    named: list[str] = []
    asked: list[str] = []
    for clause in _CLAUSES.split(words):
        moved = _MOVED.search(clause) if clause else None
        before, after = (_day(moved["named"]), _day(moved["wanted"])) if moved else ("", "")
        if moved and parse_when(before, now=now) and parse_when(after, now=now):
            named.append(before)
            asked.append(after)
        elif clause:
            (named if _SPEAKS_OF_IT.search(clause) else asked).append(clause)
    timed = [clause for clause in asked if parse_when(clause, now=now)]
    if not any(parse_when(clause, now=now, denials=False) for clause in named) and len(timed) > 1:
        named.append(timed[0])  # "me sale un viaje el martes, ¿puede ser el jueves?"
        asked.remove(timed[0])
    wanted = parse_when(" . ".join(asked), now=now)
    about = parse_when(" . ".join(named), now=now, denials=False)
    if not wanted and about and Intent.CANCEL_APPOINTMENT not in changes and not _SPEAKS_OF_IT.search(words):
        wanted, about = about, NO_TIME
    return AskedTimes(wanted, about)


def _day(said: str) -> str:
    """ "14" out of "del 14 al 16" is a day, not an hour."""
    return f"el {said.strip()}" if said.strip()[:2].strip().isdigit() else said.strip()
