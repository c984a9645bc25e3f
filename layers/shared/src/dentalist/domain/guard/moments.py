"""The times and days a text speaks of, and which time it puts on which day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dentalist.domain.guard.numbers import SAID
from dentalist.domain.understanding.when_words import MONTH_NAMES

_DAYS = ("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo")
_SHORT_DAYS = ("lun", "mar", "mie", "jue", "vie", "sab", "dom")
_MONTHS = "|".join(sorted(MONTH_NAMES, key=len, reverse=True))
_LONG_MONTHS = "|".join(name for name in sorted(MONTH_NAMES, key=len, reverse=True) if len(name) > 4)  # noqa: PLR2004
_N = rf"{SAID}?\d{{1,2}}"

_PERIOD = (
    r"(?P<period>(?:\s(?:de|por|a|en) la|\sdel?|,? a la)?\s(?:manana|madrugada|tarde|noche|mediodia)(?!\w)"
    r"|\s?[ap]\.?\s?m\.?(?!\w))"
)
_LEAD = (
    r"(?P<lead>(?:a|desde|hasta|entre|sobre|para|y|o|de|tipo|eso de|antes de|despues de|al?rededor de|partir de)?\s?"
    r"(?<!\w)(?:las?|tipo|at|as)\s)"
)
_CLOCK = re.compile(
    rf"{_LEAD}?(?<![\w.,/$-])(?P<hour>{_N}|una(?=\s(?:y|de la tarde|en punto|menos|hs|pm|am)|[.,!?]|$))"
    rf"(?:\s?(?P<mark>:|\.|h)\s?(?P<minute>\d{{2}})(?!\d))?(?!\d)"
    rf"(?P<past>\sy\s(?:media|cuarto|pico|{_N}))?(?P<to>\smenos\s(?:cuarto|{_N}))?(?:\sen punto)?{_PERIOD}?"
    r"(?P<unit>\s?(?:hs|hrs|h)(?!\w)|\shoras(?!\w)|\so.?clock)?"
)
_RANGE = re.compile(
    rf"(?:(?<!\w)(?:de|desde|entre)\s|(?<![\w.,/$-])(?=\d{{1,2}}(?::\d\d)? a"
    rf" \d))(?P<first>{_N})(?::(?P<first_minute>\d\d))?\s?(?:hs\s)?(?:a|y|hasta)\s"
    rf"(?P<last>{_N})(?::(?P<last_minute>\d\d))?(?!\d|[.,]\d|\s?(?:%|pesos|mil|minutos|min\b|dias|cuotas|personas|anos"
    rf"|de (?:{_LONG_MONTHS})|/))"
)
_NOON = re.compile(r"(?<!\w)(?P<noon>al? mediodia|del mediodia|medio dia|mediodia|medianoche)(?!\w)")
_ROMAN = re.compile(r"(?<!\w)(?:las?\s)(?P<roman>[ivx]{1,5})(?!\w)")

_DAY_RANGE = re.compile(rf"(?<!\w)(?P<from>{'|'.join(_DAYS)})s? (?:a|hasta el|al) (?P<to>{'|'.join(_DAYS)})(?!\w)")
_NO_AMOUNT = r"(?!\d|[.,:/]\d|\s?(?:%|por ciento|pesos|mil|hs|horas|minutos|am|pm|de la))"
_BESIDE = re.compile(r"\s?,?\s?(?:el )?")
_REF = re.compile(
    r"(?<!\w)(?:"
    rf"(?P<iso>\d{{4}}-\d{{1,2}}-\d{{1,2}})"
    rf"|(?P<slash>\d{{1,2}}[/-]\d{{1,2}}(?:[/-]\d{{2,4}})?(?![\d/]))"
    rf"|(?:(?P<day>{_N})|(?P<first>primero|1ro|1°))(?:\sde|\s?/)?\s(?P<month>{_MONTHS})\.?(?!\w)(?:\s(?:de"
    rf"|del)?\s?20\d\d)?"
    rf"|(?P<english_month>{_LONG_MONTHS})\s(?P<english_day>\d{{1,2}})(?!\d)"
    rf"|(?P<weekday>{'|'.join(_DAYS)})s?(?!\w)"
    rf"|(?P<short>{'|'.join(_SHORT_DAYS)})\.?(?=\s{_N}(?!\w))"
    rf"|(?:el|del|al|dia|dias|y el|o el)\s(?P<bare>{_N}){_NO_AMOUNT}"
    rf"|(?:{'|'.join(f'(?<={day} )' for day in _DAYS)})(?P<near>{_N}){_NO_AMOUNT}"
    rf"|(?P<only_month>(?:en|de|hasta|para|desde)\s(?:{_LONG_MONTHS}))(?!\w)"
    r"|(?P<today>hoy(?: mismo)?|esta (?:tarde|noche|manana)|this (?:evening|afternoon))(?!\w)"
    r"|(?P<after>pasado (?:manana)|day after tomorrow)(?!\w)"
    r"|(?<!la )(?<!las )(?<!una )(?<!media )(?<!esta )(?P<tomorrow>manana|tomorrow)(?!\w)"
    r")"
)
_ROMANS = {
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
    "v": 5,
    "vi": 6,
    "vii": 7,
    "viii": 8,
    "ix": 9,
    "x": 10,
    "xi": 11,
    "xii": 12,
}
_HALF_DAY = 12
_HOURS, _MINUTES = 24, 60
_COUNTED = re.compile(rf"\s(?!{'|'.join(_DAYS)})(?:[a-z]{{2,}}s)(?!\w)|\s?(?:%|mil)")


@dataclass(frozen=True)
class Ref:
    """A day by whatever was named of it; weekday 0 is Monday, ``ahead`` counts days from today."""

    weekday: int | None = None
    month: int | None = None
    day: int | None = None
    ahead: int | None = None

    def joined(self, other: Ref) -> Ref | None:
        """Both as the name of one day; None when they say the same thing twice."""
        mine, others = vars(self), vars(other)
        if any(mine[name] is not None and others[name] is not None for name in mine):
            return None
        return Ref(**{name: mine[name] if mine[name] is not None else others[name] for name in mine})


@dataclass(frozen=True)
class Spoken:
    """A time or a day at a place of a sentence. ``minutes`` are those of the day that the words may mean."""

    start: int
    end: int
    minutes: frozenset[int] = frozenset()
    refs: tuple[Ref, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Pair:
    """A time on a day."""

    ref: Ref
    minutes: frozenset[int]


def times(text: str, *, exact: bool) -> list[Spoken]:
    """The times of day in one plain sentence whose numbers are digits.

    Args:
        text: the sentence.
        exact: an hour is meant as on a 24-hour clock, as code writes it; else "a las 4" may be in the afternoon.
    """
    found: list[Spoken] = []
    for match in _RANGE.finditer(text):
        for edge in ("first", "last"):
            hour, minute = _int(match[edge]), int(match[f"{edge}_minute"] or 0)
            start = match.start(edge)
            _keep(found, start, match.end(edge), _readings(hour, minute, None, exact=exact), match.group())
    for match in _CLOCK.finditer(text):
        if _is_clock(match, text):
            _keep(found, match.start("hour"), match.end(), _meant(match, exact=exact), match.group())
    for match in _NOON.finditer(text):
        _keep(found, *match.span(), frozenset({0 if "noche" in match["noon"] else 720}), match.group())
    for match in _ROMAN.finditer(text):
        if match["roman"] in _ROMANS:
            _keep(found, *match.span(), _readings(_ROMANS[match["roman"]], 0, None, exact=exact), match.group())
    return sorted(found, key=lambda item: item.start)


def days(text: str) -> list[Spoken]:
    """The days in one plain sentence whose numbers are digits."""
    found: list[Spoken] = []
    for match in _DAY_RANGE.finditer(text):
        first, last = _DAYS.index(match["from"]), _DAYS.index(match["to"])
        span = [(first + step) % 7 for step in range((last - first) % 7 + 1)]
        refs = tuple(Ref(weekday=number) for number in span)
        found.append(Spoken(*match.span(), refs=refs, words=match.group()))
    for match in _REF.finditer(text):
        ref = _ref(match)
        if ref and not _overlaps(found, *match.span()):
            found.append(Spoken(*match.span(), refs=(ref,), words=match.group()))
    return _named_together(sorted(found, key=lambda item: item.start), text)


def _named_together(found: list[Spoken], text: str) -> list[Spoken]:
    """ "Mañana martes 24" is one day."""
    together: list[Spoken] = []
    for item in found:
        last = together[-1] if together else None
        both = None
        if last and len(last.refs) == len(item.refs) == 1 and _BESIDE.fullmatch(text[last.end : item.start]):
            both = last.refs[0].joined(item.refs[0])
        if last and both:
            together[-1] = Spoken(last.start, item.end, refs=(both,), words=text[last.start : item.end])
        else:
            together.append(item)
    return together


def pairs(said_times: list[Spoken], said_days: list[Spoken]) -> Iterator[tuple[Spoken, tuple[Ref, ...]]]:
    """Each time with the days it is put on: those named since the time before, else those that follow it."""
    used: set[int] = set()
    current: tuple[Ref, ...] = ()
    position = 0
    for index, time in enumerate(said_times):
        before = [day for day in said_days if position <= day.start < time.start and day.start not in used]
        if before:
            current = tuple(ref for day in before for ref in day.refs)
        elif not current:
            until = said_times[index + 1].start if index + 1 < len(said_times) else None
            after = [day for day in said_days if day.start >= time.end]
            near = [day for day in after if until is None or day.start < until] or after
            current_after = near[:1]
            used |= {day.start for day in current_after}
            yield time, tuple(ref for day in current_after for ref in day.refs)
            position = time.end
            continue
        position = time.end
        yield time, current


def agree(named: Ref, issued: Ref, today: date | None) -> bool:
    """Whether everything that was named of a day is true of one that code issued."""
    if named == issued or (named.ahead is not None and named == Ref(ahead=issued.ahead)):
        return True
    wanted, known = _known(named, today), _known(issued, today)
    if wanted is None or known is None:
        return False
    told = [name for name in ("weekday", "month", "day") if getattr(named, name) is not None]
    if named.ahead is not None:
        told += ["month", "day"]
    return bool(told) and all(getattr(wanted, name) == getattr(known, name) for name in told)


def _known(ref: Ref, today: date | None) -> Ref | None:
    """The day with all that follows from what was named; None when that needs to know today."""
    if ref.ahead is not None:
        if today is None:
            return None
        day = today + timedelta(days=ref.ahead)
        return Ref(ref.weekday if ref.weekday is not None else day.weekday(), day.month, day.day)
    if ref.weekday is None and ref.month and ref.day and today:
        return Ref(_weekday_of(today, ref.month, ref.day), ref.month, ref.day)
    return ref


def _weekday_of(today: date, month: int, day: int) -> int | None:
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today - timedelta(days=60):
            return found.weekday()
    return None


def _is_clock(match: re.Match[str], text: str) -> bool:
    lead, unit = (match["lead"] or "").strip(), (match["unit"] or "").strip()
    if match["hour"] == "una":
        return bool(lead)
    if _int(match["hour"]) > _HOURS or int(match["minute"] or 0) >= _MINUTES:
        return False
    if (match["minute"] and match["mark"] in (":", "h")) or match["period"] or (unit and unit != "horas"):
        return True
    if match["minute"] or match["past"] or match["to"] or unit or lead in ("a las", "a la", "at", "as"):
        return bool(lead)
    # "Las 10" is a time, "las 2 opciones" is none.
    return bool(lead) and not _COUNTED.match(text[match.end() :])


def _meant(match: re.Match[str], *, exact: bool) -> frozenset[int]:
    hour = 1 if match["hour"] == "una" else _int(match["hour"])
    minute = int(match["minute"] or 0)
    past, to = (match["past"] or "").split(), (match["to"] or "").split()
    if past:
        minute += {"media": 30, "cuarto": 15, "pico": 0}.get(past[-1]) or (
            _int(past[-1]) if past[-1][-1].isdigit() else 0
        )
    if to:
        minute -= 15 if to[-1] == "cuarto" else _int(to[-1])
    period = re.sub(r"[\s.]", "", match["period"] or "")
    return _readings(hour, minute, period or None, exact=exact or match["hour"].startswith("0"))


def _readings(hour: int, minute: int, period: str | None, *, exact: bool) -> frozenset[int]:
    if period:
        late = period.endswith(("tarde", "noche", "pm")) or (period.endswith("mediodia") and hour < 11)  # noqa: PLR2004
        hour = hour % _HALF_DAY + (_HALF_DAY if late else 0)
        if period.endswith("mediodia"):
            hour = _HALF_DAY if hour in (0, _HALF_DAY) else hour
        return frozenset({hour * 60 + minute})
    if exact or hour > _HALF_DAY or hour == 0:
        return frozenset({hour * 60 + minute})
    return frozenset({hour % _HALF_DAY * 60 + minute, (hour % _HALF_DAY + _HALF_DAY) * 60 + minute})


def _ref(match: re.Match[str]) -> Ref | None:
    if match["weekday"] or match["short"]:
        known = _DAYS if match["weekday"] else _SHORT_DAYS
        return Ref(weekday=known.index(match["weekday"] or match["short"]))
    for name, ahead in (("today", 0), ("tomorrow", 1), ("after", 2)):
        if match[name]:
            return Ref(ahead=ahead)
    return _date(match)


def _date(match: re.Match[str]) -> Ref | None:
    if match["iso"] or match["slash"]:
        parts = re.split(r"[/-]", match["iso"] or match["slash"])
        day, month = (parts[2], parts[1]) if match["iso"] else (parts[0], parts[1])
        return None if (day, month) == ("24", "7") else Ref(month=int(month), day=int(day))  # open around the clock
    if match["month"]:
        day = match["first"] or match["day"]
        return Ref(month=MONTH_NAMES[match["month"]], day=_int(day) if day.lstrip(SAID).isdigit() else 1)
    if match["english_month"]:
        return Ref(month=MONTH_NAMES[match["english_month"]], day=int(match["english_day"]))
    if match["bare"] or match["near"]:
        return Ref(day=_int(match["bare"] or match["near"]))
    return Ref(month=MONTH_NAMES[match["only_month"].split()[-1]]) if match["only_month"] else None


def _keep(found: list[Spoken], start: int, end: int, minutes: frozenset[int], words: str) -> None:
    if not _overlaps(found, start, end):
        found.append(Spoken(start, end, minutes=minutes, words=words))


def _overlaps(found: list[Spoken], start: int, end: int) -> bool:
    return any(start < item.end and item.start < end for item in found)


def _int(text: str) -> int:
    return int(text.lstrip(SAID))
