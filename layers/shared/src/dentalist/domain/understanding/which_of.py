"""Which of several appointments an answer speaks of: "el del martes", "el segundo", "todos menos el de las 10"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from dentalist.domain.understanding.when import MIDDAY, Alternative, Clock, Exactness, TimeRange
from dentalist.domain.understanding.when_parsing import parse_when
from dentalist.domain.understanding.when_scan import words_of
from dentalist.domain.understanding.when_words import MONTH_NAMES, PARTS, WEEKDAY_NAMES

_ORDINALS = {
    "primer": 1, "primero": 1, "primera": 1, "segundo": 2, "segunda": 2, "tercer": 3, "tercero": 3, "tercera": 3,
    "cuarto": 4, "cuarta": 4, "quinto": 5, "quinta": 5, "sexto": 6, "septimo": 7, "octavo": 8, "noveno": 9,
    "decimo": 10, "uno": 1,
}  # fmt: skip
_DIGIT_ORDINAL = re.compile(r"(?i)\b([1-3])(?:er|ero|ro|ra|do|da|°|º)(?!\w)")  # "1ro", "2da"
_SPELLED = {"1": "primero", "2": "segundo", "3": "tercero"}
# "Dame un segundo", "primero decime el precio", "la última vez": no places in a list.
_NO_PLACE = re.compile(
    r"(?<!\w)(?:(?:un|dame un|espera un|1) segundo|segundo piso|(?:en )?(?:primer|segundo|tercer|ultimo) (?:lugar"
    r"|mensaje|piso"
    r"|audio)|primero (?:que (?:nada|todo)|dec\w+|quier\w+|necesit\w+|quisiera|tengo que|me|te)|ultimas? (?:vez"
    r"|veces|mensajes?)"
    r"|todos los (?:dias|meses|anos)|uno (?:de (?:los|las)(?: \w+)?|solo|cualquiera))(?!\w)"
)
_ANY_ONE = re.compile(
    r"(?<!\w)(?!el |la |es[ea] |opcion |numero |turno "
    r"|nro )\w+ uno$"
)  # "cancelá uno" leaves open which
# "El jueves te confirmo", "¿cuándo es el segundo?", "no sé": nothing was picked yet.
_NOT_YET = re.compile(
    r"(?<!\w)(?:(?:te|le|les|os|lo) (?:digo|confirmo|aviso|cuento|escribo|llamo|averiguo)|no (?:se|recuerdo"
    r"|me acuerdo)(?! si)"
    r"|^(?:y )?(?:cual|cuando|que dia|a que hora|donde) (?:es|era|seria|son|fue))(?!\w)"
)
_DAY = "|".join(WEEKDAY_NAMES)
# "A primera hora", "el primero de diciembre", "segunda feira" and "el primer lunes" are times.
_MONTHS = "|".join(MONTH_NAMES)
_ORDINAL = re.compile(
    rf"(?<!\w)(?P<word>{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})(?!\w)"
    rf"(?! hora| feira| semana| quincena| de (?:{_MONTHS})| (?:{_DAY}))"
)
_NUMBERED = re.compile(r"(?:opcion|numero|turno|cita|nro) (?:numero )?(?P<digit>\d{1,2})(?![\d:.])")
_BARE_NUMBER = re.compile(r"(?:(?:el|la|ese|esa) )?(?P<digit>\d{1,2})(?: por favor| gracias)?")
_ALL = re.compile(r"(?<!\w)(?:amb[oa]s|tod[oa]s)(?!\w)")
_SO_MANY = re.compile(r"(?<!\w)l[oa]s (?P<count>\d{1,2})(?!\w)(?! primer| ultim| de la| hs| horas|:)")
_FIRST_ONES = re.compile(r"(?<!\w)l[oa]s (?:(?P<one>\d) primer[oa]s|primer[oa]s (?P<other>\d))(?!\w)")
_LAST = re.compile(r"(?<!\w)ultim[oa](?!\w)(?! hora| semana| dia)")
_LATEST = re.compile(r"(?<!\w)(?:mas (?:lejan[oa]|tarde)|despues de tod[oa]s)(?!\w)")
_NEXT = re.compile(
    r"(?<!\w)(?:mas (?:cercan[oa]|pronto|proxim[oa]|temprano)|que (?:viene|sigue)|que esta mas cerca"
    rf"|proxim[oa](?! (?:{_DAY}|semana|mes)))(?!\w)"
)
_EXCEPT = re.compile(r"(?<!\w)(?:menos|salvo|excepto|sin contar)(?!\w)")
_NEITHER = re.compile(r"(?<!\w)(?:ningun[oa]?|ninguna de las|nada)(?!\w)")
_DENIED = re.compile(r"^(?:no|ni|tampoco)(?!\w)|(?<!\w)no$")
_CLAUSES = re.compile(r"(?:^|(?<= ))(?:[.,?]|pero|sino|mejor)(?= |$)")
_DAY_OF_MONTH = re.compile(r"(?<!\w)(?:el|dia|del|de) (?P<day>\d{1,2})(?![\d:.])")
_HOUR = 60
_ABOUT = 30


def which_of(text: str, instants: Sequence[datetime], *, now: datetime) -> tuple[int, ...]:
    """The positions of those that a text speaks of.

    Args:
        text: an answer to "¿Cuál de los turnos?", or the request that names one.
        instants: when they begin, aware, in the order in which they were shown.
        now: local time of the professional: its timezone is the one in which "a las 10" is meant.

    Returns:
        Positions from 0, ascending: several when the text means several or fits several ("el del martes", of two on
        Tuesday); none when it names none of them.
    """
    if not instants:
        return ()
    local = [instant.astimezone(now.tzinfo) for instant in instants]
    text = _DIGIT_ORDINAL.sub(lambda found: _SPELLED[found[1]], text)
    words = f"{_NO_PLACE.sub('', words_of(text))} "
    taken: set[int] = set()
    left_out: set[int] = set()
    for clause, denied in _clauses(words):
        said = _named(clause, local, now)
        (left_out if denied else taken).update(said)
    return tuple(sorted(taken - left_out))


def _clauses(words: str) -> Iterator[tuple[str, bool]]:
    """The clauses of a text, and whether what they name is left out."""
    for clause in _CLAUSES.split(words):
        if _NOT_YET.search(clause.strip()):
            continue
        stated, *exceptions = _EXCEPT.split(clause.strip())
        if stated.strip():
            yield stated.strip(), bool(_DENIED.search(stated.strip()))
        for exception in exceptions:
            yield exception.strip(), True


def _named(clause: str, local: Sequence[datetime], now: datetime) -> set[int]:
    everything = set(range(len(local)))
    if not clause or _NEITHER.search(clause):
        return set()
    count = _SO_MANY.search(clause)
    if _ALL.search(clause) or (count and int(count["count"]) == len(local) > 1):
        return _by_time(clause, local, now) or everything  # "todos los del martes"
    first = _FIRST_ONES.search(clause)
    if first:
        return set(range(min(int(first["one"] or first["other"]), len(local))))
    bare = _BARE_NUMBER.fullmatch(clause)
    if bare:
        return _by_number(int(bare["digit"]), local)
    return _by_position(clause, local) or _by_time(clause, local, now)


def _by_number(number: int, local: Sequence[datetime]) -> set[int]:
    """ "2" or "el 10" alone: a position, a day of the month, or an hour."""
    return {
        position
        for position, instant in enumerate(local)
        if number == position + 1
        or instant.day == number
        or (instant.minute == 0 and instant.hour in {number, number % 12 + 12})
    }


def _by_position(clause: str, local: Sequence[datetime]) -> set[int]:
    said = {
        _ORDINALS[found["word"]] for found in _ORDINAL.finditer(clause) if not _ANY_ONE.search(clause[: found.end()])
    }
    said.update(int(found["digit"]) for found in _NUMBERED.finditer(clause))
    found = {number - 1 for number in said if 1 <= number <= len(local)}
    if _LAST.search(clause):
        found.add(len(local) - 1)
    if not found and _NEXT.search(clause):
        found.add(min(range(len(local)), key=lambda position: local[position]))
    if not found and _LATEST.search(clause):
        found.add(max(range(len(local)), key=lambda position: local[position]))
    return found


def _by_time(clause: str, local: Sequence[datetime], now: datetime) -> set[int]:
    when = parse_when(clause, now=now, denials=False)
    # An appointment has a date of its own: "el del martes" need not be the coming Tuesday, "el de las 10" may be 10:15.
    for fits, exactly in ((_fits, True), (_fits, False), (_fits_loosely, True), (_fits_loosely, False)):
        found = {
            position
            for position, instant in enumerate(local)
            if any(fits(alternative, instant, exactly=exactly) for alternative in when.alternatives)
        }
        if found:
            return found
    days = {int(day["day"]) for day in _DAY_OF_MONTH.finditer(clause)}
    return {index for index, instant in enumerate(local) if instant.day in days}


def _fits(alternative: Alternative, instant: datetime, *, exactly: bool) -> bool:
    """Whether an appointment is at the time that was named; ``exactly``: an hour means its first minute."""
    day = instant.date()
    outside = (alternative.first and day < alternative.first) or (alternative.last and day > alternative.last)
    return not outside and _on_weekday(alternative, instant) and _at_time(alternative, instant, exactly=exactly)


def _fits_loosely(alternative: Alternative, instant: datetime, *, exactly: bool) -> bool:
    """The same in another week: a single day is read as its weekday."""
    single = alternative.first is not None and alternative.first == alternative.last
    same_weekday = single and alternative.first is not None and instant.weekday() == alternative.first.weekday()
    return bool(same_weekday) and _at_time(alternative, instant, exactly=exactly)


def _on_weekday(alternative: Alternative, instant: datetime) -> bool:
    named = not alternative.weekdays or instant.weekday() in alternative.weekdays
    return named and instant.weekday() not in alternative.excluded and instant.date() not in alternative.excluded_dates


def _at_time(alternative: Alternative, instant: datetime, *, exactly: bool) -> bool:
    minutes = instant.hour * _HOUR + instant.minute
    if alternative.part is not None and not PARTS[alternative.part][0] <= minutes < PARTS[alternative.part][1]:
        return False
    if alternative.time is None:
        return True
    about = alternative.exactness is Exactness.ABOUT
    readings = (minutes, minutes - MIDDAY)  # "las 4" of a clinic is 16:00
    return any(_in_range(alternative.time, reading, about=about, exactly=exactly) for reading in readings)


def _in_range(time: TimeRange, minutes: int, *, about: bool, exactly: bool) -> bool:
    start, end = _minutes(time.start), _minutes(time.end)
    if not time.exact or start is None:
        return (start is None or start <= minutes) and (end is None or minutes < end)
    if about:
        return abs(minutes - start) <= _ABOUT
    whole_hour = start % _HOUR == 0 and not exactly
    return start <= minutes < start + _HOUR if whole_hour else minutes == start


def _minutes(clock: Clock | None) -> int | None:
    return clock.minutes if clock else None
