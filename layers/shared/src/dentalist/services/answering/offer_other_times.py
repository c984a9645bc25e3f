"""Another list for somebody who was shown one and takes none of it: "ninguno me sirve", "¿más tarde no hay?"."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from dentalist.domain.agenda import HORIZON
from dentalist.domain.hours import Interval, local_instant
from dentalist.domain.understanding.choice import refuses
from dentalist.domain.understanding.normalise import bare_words
from dentalist.domain.understanding.when_parsing import parse_when
from dentalist.domain.understanding.when_shift import Shift, find_shift
from dentalist.domain.wording.replies import Paragraph
from dentalist.services.answering.agenda_talk import Part, Talk
from dentalist.services.answering.book_slot import Errand, shown_offer, was_just_shown
from dentalist.services.answering.change_appointment import keep_these
from dentalist.services.answering.offer_times import errand_of, offer, open_offer, shows_names_of, wish

_NONE_OF_THESE = re.compile(
    r"(?<!\w)(?:ningun\w*|otr[oa]s?|tampoco|imposible|no (?:me |nos )?(?:sirve|queda|puedo|podre|podemos|va|conviene"
    r"|cuadra|acomoda|llego|da)\w*)(?!\w)"
)
_ANOTHER_DAY = re.compile(r"(?<!\w)(?:dias?|fechas?|semanas?)(?!\w)")


def other_times(talk: Talk) -> Part | None:
    """Another list for somebody who was just shown one and takes none of it; None where that is not what they say."""
    if not was_just_shown(talk.claim.history):
        return None
    shown = shown_offer(talk.claim.history, talk.claim.open_offers)
    errand = errand_of(talk, UUID(shown[0].id)) if shown else None
    if errand is None:
        return None
    starts = frozenset(slot.starts_at for slot in shown)
    spans = talk.shifted(_shift_of(talk), starts)
    without = starts if spans or turns_down(talk.burst.text) else frozenset[datetime]()
    spans = spans or _spans_beside(talk, starts)
    if not spans and not without:
        return _nothing_taken(talk, errand) if refuses(talk.burst.text) else None
    again = replace(errand, spans=spans, without=without)
    return offer(talk, again, shows_names=shows_names_of(talk, errand))


def _spans_beside(talk: Talk, shown: Collection[datetime]) -> tuple[Interval, ...]:
    """When it should be instead, as far as it was said."""
    spans = talk.spans(talk.asked.wanted)
    if spans and not talk.names_a_day:
        return talk.on_the_days(spans, shown)
    if not spans and turns_down(talk.burst.text) and _ANOTHER_DAY.search(bare_words(talk.burst.text)):
        return (_days_after(talk, max(shown)),)
    return spans


def _shift_of(talk: Talk) -> Shift | None:
    """ "¿Más tarde no hay?": than what is on the list, unless a day is named with it."""
    said = find_shift(talk.burst.text)
    if said is None or parse_when(said.rest, now=talk.now.astimezone(talk.zone)):
        return None
    return said.shift


def turns_down(text: str) -> bool:
    """Whether the times that were offered are not wanted, and others are."""
    return bool(_NONE_OF_THESE.search(bare_words(text)))


def instead_of(talk: Talk, offer_id: UUID) -> Part:
    """Other times than this one: those that are wanted, else of the same day first."""
    errand, offered = errand_of(talk, offer_id), open_offer(talk, offer_id)
    if errand is None or offered is None:
        return wish(talk)
    spans = _spans_beside(talk, [offered.starts_at]) or (talk.day_of(offered.starts_at),)
    other = replace(errand, spans=spans, without=frozenset({offered.starts_at}))
    return offer(talk, other, shows_names=shows_names_of(talk, errand))


def _nothing_taken(talk: Talk, errand: Errand) -> Part:
    return keep_these(talk, [errand.moves.id]) if errand.moves else nothing_booked(talk)


def nothing_booked(talk: Talk) -> Part:
    """ "No, gracias": a time that was held is free again in a few minutes."""
    text = "Perfecto, no reservé nada. [Escribime|Escríbeme|Escríbame] cuando [quieras|quieras|quiera]."
    return Part((Paragraph(talk.voice.say(text), fixed=True),))


def _days_after(talk: Talk, shown: datetime) -> Interval:
    next_day = shown.astimezone(talk.zone).date() + timedelta(days=1)
    return Interval(local_instant(next_day, 0, talk.zone), talk.now + HORIZON)
