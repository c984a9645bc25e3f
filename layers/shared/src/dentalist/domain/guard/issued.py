"""What code issued for one answer, taken apart: the times on their days, the amounts, the numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from dentalist.domain.clinic import Clinic, Price
from dentalist.domain.emergency_numbers import ANYWHERE, emergency_number
from dentalist.domain.guard.moments import Pair, Ref, Spoken, agree, days, pairs, times
from dentalist.domain.guard.numbers import Amount, amounts, in_digits
from dentalist.domain.guard.reading import plain, sentences
from dentalist.domain.guard.verdict import Allowed
from dentalist.domain.wording.money import currency_of, format_amount
from dentalist.domain.wording.times import describe_hours

PHONE = re.compile(r"(?<![\w.,/])\+?\(?\d(?:[ ().–-]{0,3}\d){6,}(?!\w)")
LINK = re.compile(
    r"(?:https?|ftp)\s?:\s?//\S+|(?<![\w@.])www\s?\.\S+"
    r"|(?<![\w@.])(?:[a-z0-9-]{2,}\.)+(?:com|net|org|info|io|ly|me|app|link|site|xyz|top|online|ru|cn|ar|mx|es|cl|co"
    r"|pe|uy)"
    r"(?![a-z])(?:/\S*)?"
)
_NOT_A_PHONE = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d\d)?|\d{1,3}(?:,\d{3})+(?:\.\d\d)?|(?:\d{1,4}[-/.]){2}\d{1,4}")
OPENING = re.compile(
    r"(?<!\w)(?:atend\w+|atiend\w+|abr(?:imos|e|en|ir\w*)|abiert\w+|cerr(?:amos|ad\w+|ar\w*)|cierr\w+|volvemos"
    r"|horarios? de atencion|vuelve a leer|respond\w+)(?!\w)"
)


@dataclass
class Moments:
    """Times and days that may be said, and which belong together."""

    times: list[frozenset[int]] = field(default_factory=list)
    days: list[Ref] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Take over what a sentence of ours says."""
        said_times, said_days = times(sentence, exact=True), days(sentence)
        self.times += [item.minutes for item in said_times]
        self.days += [ref for item in said_days for ref in item.refs]
        self.pairs += [Pair(ref, time.minutes) for time, refs in pairs(said_times, said_days) for ref in refs]

    def has_time(self, minutes: frozenset[int]) -> bool:
        """Whether the time was issued, on whatever day."""
        return any(minutes & known for known in self.times)

    def has_day(self, ref: Ref, today: date | None) -> bool:
        """Whether the day was issued."""
        return any(agree(ref, known, today) for known in self.days)

    def has_pair(self, ref: Ref, minutes: frozenset[int], today: date | None) -> bool:
        """Whether this time was issued on this day."""
        return any(minutes & pair.minutes and agree(ref, pair.ref, today) for pair in self.pairs)

    def joined(self, other: Moments) -> Moments:
        """What either allows."""
        return Moments([*self.times, *other.times], [*self.days, *other.days], [*self.pairs, *other.pairs])


class Issued:
    """Read once for each answer that is judged."""

    def __init__(self, allowed: Allowed) -> None:
        self.clinic = allowed.clinic
        self.today = allowed.now.astimezone(allowed.clinic.timezone).date() if allowed.now else None
        self.said = plain(allowed.facts)
        self.profile = plain("\n".join(_profile(allowed.clinic)))
        self.text = f"{self.said}\n{self.profile}"
        self.offered, self.opening = Moments(), Moments()
        for sentence in sentences(self.said):
            kind = self.opening if OPENING.search(sentence.text) else self.offered
            kind.add(in_digits(sentence.text))
        for sentence in sentences(self.profile):
            self.opening.add(in_digits(sentence.text))

    @cached_property
    def moments(self) -> Moments:
        """Appointments' times and opening hours together."""
        return self.offered.joined(self.opening)

    @cached_property
    def amounts(self) -> list[Amount]:
        """The numbers that are no part of a time, a date or a phone."""
        found: list[Amount] = []
        for sentence in sentences(self.text):
            text = in_digits(sentence.text)
            text = blank(text, [*times(text, exact=True), *days(text)])
            found += amounts(text)
        return found

    @property
    def opening_was_said(self) -> bool:
        """Whether this answer is about opening hours."""
        return bool(OPENING.search(self.said))

    @cached_property
    def digits(self) -> list[str]:
        """The digits of every line, so that a phone may be written with other blanks."""
        return [re.sub(r"\D", "", found.group()) for found in PHONE.finditer(self.text)]

    @property
    def own_currency(self) -> str:
        """ "usd", "eur" or "own": what a bare sign of money means in the clinic's country."""
        return {"USD": "usd", "EUR": "eur"}.get(currency_of(self.clinic.country) or "", "own")

    def has_words(self, words: str) -> bool:
        """Whether code said these plain words itself."""
        return words in self.text


def phones(text: str) -> Iterator[re.Match[str]]:
    """Seven digits or more that are neither money nor a date."""
    return (found for found in PHONE.finditer(text) if not _NOT_A_PHONE.fullmatch(found.group()))


def blank(text: str, spans: Sequence[Spoken | re.Match[str]]) -> str:
    """The text with these pieces replaced by a sign that belongs to no number."""
    for item in spans:
        start, end = (item.start, item.end) if isinstance(item, Spoken) else item.span()
        text = f"{text[:start]}{'§' * (end - start)}{text[end:]}"
    return text


def _profile(clinic: Clinic) -> Iterator[str]:
    """What the clinic's own row says; true in every answer."""
    yield clinic.name
    texts = (
        clinic.address, clinic.phone, clinic.emergency_phone, clinic.emergency_instructions, clinic.maps_url,
        clinic.privacy_notice_url, clinic.specialty, emergency_number(clinic.country) or ANYWHERE,
    )  # fmt: skip
    yield from (text for text in texts if text)
    yield from (*(clinic.insurances or ()), *(clinic.payment_methods or ()))
    if clinic.opening_hours is not None:
        yield from (f"Atendemos {part}" for part in describe_hours(clinic.opening_hours).split("; ") if part)
    yield from (_price(price, clinic) for price in clinic.price_list)


def _price(price: Price, clinic: Clinic) -> str:
    amount = f": {format_amount(price.amount, price.currency, clinic.country)}" if price.amount is not None else ""
    minutes = f", {price.minutes} minutos" if price.minutes else ""
    return f"{price.treatment}{amount}{minutes}"
