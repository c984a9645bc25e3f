"""Days, weeks, months and holidays, read at one place of a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from dentalist.domain.understanding import when_dates as dates
from dentalist.domain.understanding.when import Exactness
from dentalist.domain.understanding.when_pieces import DayKind, Days
from dentalist.domain.understanding.when_words import HOLIDAYS, LAST_DAY_OF, MONTH_NAMES, ORDINALS, WEEKDAY_NAMES

Read = tuple[Days, int]

_WEEKEND = frozenset({5, 6})
_WORKING_DAYS = frozenset(range(5))
_WEEKDAY = rf"(?P<weekday>{'|'.join(WEEKDAY_NAMES)})"
_MONTH = rf"(?:{'|'.join(MONTH_NAMES)})"
_NEXT = r"(?:que viene|proxim[oa]|prox|siguiente|entrante|que entra|que sigue|q viene)"
_ORDINAL = rf"(?P<ordinal>{'|'.join(ORDINALS)})"
_MONTH_SAID = (
    rf"(?:(?P<next>mes {_NEXT}|(?:proximo|otro|siguiente) mes)|(?P<this>este mes|mes)|(?P<month>{_MONTH})"
    r"(?: del? (?P<year>20\d\d))?)"
)
_NO_UNIT = rf"(?![:.]\d)(?! ?(?:horas?|h|am|pm|minutos)(?!\w)| y media| y cuarto| (?:de )?{_MONTH}(?!\w))"
_NO_CLOCK = rf"(?! (?:de|a|en|por) la (?:manana|tarde|noche)){_NO_UNIT}"


def read_days(words: str, position: int, now: datetime) -> Read | None:
    """The days that begin at this position, and where they end."""
    for pattern, read in _READERS:
        found = pattern.match(words, position)
        days = read(found, now.date()) if found else None
        if found and days:
            return days, found.end()
    return None


def _one_day(day: date | None, exactness: Exactness = Exactness.EXACT) -> Days | None:
    return Days(DayKind.DAY, day, day, exactness=exactness) if day else None


def _scope(span: dates.Span) -> Days:
    return Days(DayKind.SCOPE, *span, exactness=Exactness.RANGE)


def _said_month(found: re.Match[str], today: date) -> dates.Span:
    if found["next"]:
        return dates.month_of(today.year, today.month + 1)
    if found["month"]:
        number = MONTH_NAMES[found["month"]]
        return dates.month_of(int(found["year"]), number) if found["year"] else dates.next_month_named(today, number)
    return dates.month_of(today.year, today.month)


# "En 3 días", "de acá a quince días" ----------------------------------------------------------------------------------


def _ahead(found: re.Match[str], today: date) -> Days | None:
    said = found["count"]
    count = {"un": 1, "una": 1, "un par de": 2, "unos": 3}.get(said) or int(said)
    unit = found["unit"]
    if unit.startswith("mes"):
        target, margin = dates.months_later(today, count), 3
    elif unit.startswith("semana"):
        target, margin = today + timedelta(weeks=count), 1
    else:
        # Eight days are a week and fifteen are two: both readings are within a day.
        target, margin = today + timedelta(days=count), int(count in {8, 15})
    if not margin:
        return _one_day(target)
    return _around(target, margin)


def _around(target: date, margin: int) -> Days:
    away = timedelta(days=margin)
    return Days(DayKind.SCOPE, target - away, target + away, exactness=Exactness.ABOUT)


def _week_after(found: re.Match[str], today: date) -> Days | None:
    days = 7 if found["count"] == "8" else 14
    weekday = found["weekday"] or found["other"]
    if weekday:
        return _one_day(dates.next_weekday(today, WEEKDAY_NAMES[weekday]) + timedelta(days=days))
    return _around(today + timedelta(days=days + 1), 1)


# Weeks and months -----------------------------------------------------------------------------------------------------


def _next_week(_: re.Match[str], today: date) -> Days:
    return _scope(dates.week_of(today + timedelta(days=7)))


def _week_after_next(_: re.Match[str], today: date) -> Days:
    return _scope(dates.week_of(today + timedelta(days=14)))


def _this_week(_: re.Match[str], today: date) -> Days:
    return _scope((today, dates.week_of(today)[1]))


def _week_with(found: re.Match[str], today: date) -> Days | None:
    day = dates.next_date(today, int(found["day"]))
    return _scope(dates.week_of(day)) if day else None


def _weekend(found: re.Match[str], today: date) -> Days:
    if found["every"]:
        return Days(DayKind.EVERY, weekdays=_WEEKEND)
    saturday = dates.week_of(today)[0] + timedelta(days=5 + 7 * bool(found["other"]))
    return _scope((saturday, saturday + timedelta(days=1)))


def _month(found: re.Match[str], today: date) -> Days:
    return _scope(_said_month(found, today))


def _third_of_month(found: re.Match[str], today: date) -> Days:
    third = 0 if found["third"][0] in "pci" else 1 if found["third"].startswith("medi") else 2
    month = _said_month(found, today)
    span = dates.third_of(month, third)
    if span[1] < today:  # the beginning of this month has passed: that of the next one
        span = dates.third_of(dates.month_of(month[0].year, month[0].month + 1), third)
    return _scope(span)


def _week_of_month(found: re.Match[str], today: date) -> Days:
    month = _said_month(found, today)
    span = dates.nth_week(month, ORDINALS[found["ordinal"]])
    if span[1] < today:
        span = dates.nth_week(dates.month_of(month[0].year, month[0].month + 1), ORDINALS[found["ordinal"]])
    return _scope(span)


def _weekday_of_month(found: re.Match[str], today: date) -> Days | None:
    month = _said_month(found, today)
    weekday, ordinal = WEEKDAY_NAMES[found["weekday"]], ORDINALS[found["ordinal"]]
    day = dates.nth_weekday(month, weekday, ordinal)
    if day and day < today:
        day = dates.nth_weekday(dates.month_of(month[0].year, month[0].month + 1), weekday, ordinal)
    return _one_day(day)


def _last_day_of_month(found: re.Match[str], today: date) -> Days | None:
    return _one_day(_said_month(found, today)[1])


# Dates ----------------------------------------------------------------------------------------------------------------


def _dated(found: re.Match[str], today: date) -> Days | None:
    groups = found.groupdict()
    month = MONTH_NAMES[groups["month"]] if groups.get("month") else None
    day = int(groups["day"])
    if month and groups.get("year"):
        return _one_day(dates.make_date(int(groups["year"]), month, day))
    weekday = WEEKDAY_NAMES[groups["weekday"]] if groups.get("weekday") else None
    return _one_day(dates.next_date(today, day, month, weekday))


def _from_to(found: re.Match[str], today: date) -> Days | None:
    month = MONTH_NAMES[found["month"]] if found["month"] else None
    first = dates.next_date(today, int(found["day"]), month)
    last = dates.next_date(first, int(found["last"]), month) if first else None
    if not first or not last:
        return None
    begun = dates.make_date(today.year, month or today.month, int(found["day"]))
    ends = dates.make_date(today.year, month or today.month, int(found["last"]))
    if begun and ends and begun <= today <= ends:  # "del 20 al 30", said on the 25th
        first, last = today, ends
    return Days(DayKind.SCOPE, first, last, exactness=Exactness.RANGE)


def _holiday(found: re.Match[str], today: date) -> Days | None:
    name = next(name for name in HOLIDAYS if re.fullmatch(name, found["holiday"]))
    first = dates.holiday(today, *HOLIDAYS[name])
    key = next((key for key in LAST_DAY_OF if key in name), None)
    last = dates.holiday(first, *LAST_DAY_OF[key]) if key else first
    return Days(DayKind.DAY, first, last)


# Weekdays -------------------------------------------------------------------------------------------------------------


def _weekday_range(found: re.Match[str], _: date) -> Days:
    first, last = WEEKDAY_NAMES[found["weekday"]], WEEKDAY_NAMES[found["until"]]
    span = (last - first) % 7
    return Days(DayKind.EVERY, weekdays=frozenset((first + offset) % 7 for offset in range(span + 1)))


def _every_weekday(found: re.Match[str], _: date) -> Days:
    return Days(DayKind.EVERY, weekdays=frozenset({WEEKDAY_NAMES[found["weekday"]]}))


def _weekday(found: re.Match[str], today: date) -> Days:
    weekday = WEEKDAY_NAMES[found["weekday"]]
    weeks = 1 if found["other"] else 0
    day = dates.next_weekday(today, weekday) + timedelta(weeks=weeks)
    return Days(DayKind.WEEKDAY, day, day, frozenset({weekday}), over_weeks=weeks)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{pattern})(?!\w)")


_UNTIL_WEEKDAY = rf"(?P<until>{'|'.join(WEEKDAY_NAMES)})"
_DAY_OF_MONTH = r"(?P<day>[12]?\d|3[01])"

_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Days | None]], ...] = (
    (
        _compile(r"pasado manana|depois de amanha|pasado(?=$| (?:a|por|en|al|tipo|temprano|o|[.,?]))"),
        lambda _, today: _one_day(today + timedelta(days=2)),
    ),
    (
        _compile(r"(?:el dia de )?manana(?: mismo)?|amanha|tomorrow"),
        lambda _, today: _one_day(today + timedelta(days=1)),
    ),
    # "Esta tarde" is today; which part of it is read from "la tarde".
    (_compile(r"(?:el dia de )?hoy(?: mismo| dia)?|hoje|today"), lambda _, today: _one_day(today)),
    (
        re.compile(r"esta(?: misma)?(?= (?:tardes?|manana|noche|media|tarde ?noche|tardecita)(?!\w))"),
        lambda _, today: _one_day(today),
    ),
    (_compile(rf"del? (?:hoy|este {_WEEKDAY}|{_WEEKDAY.replace('weekday', 'other')}) en (?P<count>8|15)"), _week_after),
    (
        _compile(
            r"(?:en|dentro de|de (?:aca|aqui|hoy) (?:a|en)|a)(?: unos| unas)? (?P<count>\d{1,2}|una?|un par de) "
            r"(?P<unit>dias?|semanas?|mes(?:es)?)"
        ),
        _ahead,
    ),
    (_compile(rf"(?:el |la )?{_ORDINAL} semana(?: (?:del?|en) (?:el )?{_MONTH_SAID})"), _week_of_month),
    (_compile(rf"(?:el |un )?{_ORDINAL} {_WEEKDAY}(?: (?:del?|en) (?:el )?{_MONTH_SAID})"), _weekday_of_month),
    (_compile(rf"(?:el )?ultimo dia (?:del?) {_MONTH_SAID}"), _last_day_of_month),
    (_compile(r"la semana del (?:dia )?(?P<day>[12]?\d|3[01])"), _week_with),
    (
        _compile(
            rf"(?:(?P<every>los fines)|(?P<other>(?:el )?otro fin)|(?:el |este |proximo )*fin) de semana(?: {_NEXT})?"
        ),
        _weekend,
    ),
    (
        _compile(r"entre semana|dias? (?:de semana|habil(?:es)?|laborables?)|en la semana"),
        lambda *_: Days(DayKind.EVERY, weekdays=_WORKING_DAYS),
    ),
    (
        _compile(
            rf"(?:la )?(?:semana {_NEXT}.{{0,4}}(?:no )?la (?:otra|siguiente)|semana subsiguiente"
            r"|semana despues de la (?:que viene|proxima))"
        ),
        _week_after_next,
    ),
    (
        _compile(
            rf"(?:a |en |para )?(?:toda )?(?:la )?(?:semana {_NEXT}|(?:proxima|otra|siguiente|prox) semana"
            r"|semana que entra|semana de arriba|next week)|a semana que vem|semana que vem"
        ),
        _next_week,
    ),
    (_compile(r"(?:la |a la )?(?:que viene|proxima|siguiente|otra)(?=$| [.,?]|(?: (?:a|por|en)) la)"), _next_week),
    (_compile(r"(?:toda )?(?:en )?(?:esta|la misma) (?:misma )?semana|this week|esta semana"), _this_week),
    (
        _compile(
            rf"(?:a |para |en )?(?:los? )?(?P<third>principios?|comienzos?|inicios?|mediados?|fines|fin|finales|final)"
            rf" del? (?:el )?{_MONTH_SAID}"
        ),
        _third_of_month,
    ),
    # Dates.
    (
        _compile(
            rf"(?:del?|desde el|entre el) (?:dia )?{_DAY_OF_MONTH} (?:al?|y el|y"
            rf"|hasta el) (?:dia )?(?P<last>[12]?\d|3[01])"
            rf"(?: de (?P<month>{_MONTH}))?{_NO_UNIT}"
        ),
        lambda found, today: _from_to(found, today) if _is_a_date_range(found[0]) else None,
    ),
    (
        _compile(
            rf"(?:(?:el |este )?(?:dia )?(?:{_WEEKDAY} )?(?:el )?(?:dia )?)?{_DAY_OF_MONTH} (?:de "
            rf"|del )?(?P<month>{_MONTH})"
            r"(?: del? (?P<year>20\d\d))?"
        ),
        _dated,
    ),
    (_compile(rf"(?P<month>{_MONTH}) {_DAY_OF_MONTH}{_NO_CLOCK}"), _dated),
    (_compile(rf"(?:(?:el|este|para el|al|del) )(?:dia )?(?:{_WEEKDAY} )?(?:dia )?{_DAY_OF_MONTH}{_NO_UNIT}"), _dated),
    (_compile(rf"dia (?:{_WEEKDAY} )?{_DAY_OF_MONTH}{_NO_UNIT}"), _dated),
    (_compile(rf"{_WEEKDAY} {_DAY_OF_MONTH}{_NO_CLOCK}"), _dated),
    (_compile(rf"(?P<holiday>{'|'.join(HOLIDAYS)})"), _holiday),
    # Weekdays.
    (
        _compile(rf"(?:de|desde el|entre|entre el|los) {_WEEKDAY} (?:a|al|y|hasta el) (?:el )?{_UNTIL_WEEKDAY}"),
        lambda found, today: None if found[0].startswith("los") and " y " in found[0] else _weekday_range(found, today),
    ),
    (
        _compile(rf"(?:los |todos los |un |algun |cualquier |unos )(?:dias? )?{_WEEKDAY}(?! {_DAY_OF_MONTH})"),
        _every_weekday,
    ),
    (_compile(r"(?P<weekday>sabados|domingos)"), _every_weekday),
    (
        _compile(
            rf"(?:el |este |para el |next |this |on |na |a )?(?:dia )?(?:proximo |prox |siguiente |(?P<other>otro ))?"
            rf"(?:dia )?{_WEEKDAY}(?: {_NEXT})?(?! {_NEXT})"
        ),
        _weekday,
    ),
    (_compile(rf"(?:en |para |durante |de )?(?:el )?{_MONTH_SAID.replace('|mes)', ')')}"), _month),
    (
        _compile(
            r"(?:cualquier|el|todos los) dias?(?: (?:que (?:sea|puedan|tengan|haya|quieran)|de la semana))?"
            r"|cuando (?:sea|quieran|puedan|pueda|haya|tengan)|en cualquier momento"
        ),
        lambda found, _: Days(DayKind.ANY) if found[0] not in {"el dia", "el dias"} else None,
    ),
)


def _is_a_date_range(said: str) -> bool:
    """ "De 3 a 5" are hours; "del 3 al 5", "entre el 3 y el 5", "del 3 al 5 de mayo" are days."""
    return said.startswith(("del ", "desde el ", "entre el ")) or any(said.endswith(name) for name in MONTH_NAMES)
