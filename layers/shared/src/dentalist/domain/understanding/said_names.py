"""Whose names are in what was said, as far as they must not leave for a model: rather too many than too few."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from dentalist.domain.clinic import Clinic
from dentalist.domain.understanding.given_names import GIVEN_NAMES
from dentalist.domain.understanding.mentioned import names_mentioned
from dentalist.domain.understanding.names import full_name_given, names_given
from dentalist.domain.understanding.normalise import bare_words
from dentalist.domain.understanding.people import find_people

_LONGEST_ANSWER = 200  # characters; what is longer is more than a name
_LONGEST_NAME = 4  # words
_MOST_NAMES = 60  # looked at in one text; nobody has to wait for who repeats "soy" a thousand times
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# After these a name follows, also where nobody took the trouble of capitals.
_LEADS_TO_NAME = re.compile(
    r"(?i)(?<!\w)(?:me llamo|mi nombre es|a nombre de|de parte de|se llaman?|llamad[oa]s?|soy|habla|saluda|atte\.?"
    r"|dra?\.?|srt?a?\.?|doctora?|señora?|señorita)(?: (?:la|el))?[ :,]{1,2}(?=[^\W\d_])"
)


def names_said(texts: Iterable[str], *, clinic: Clinic, assistant: str | None = None) -> frozenset[str]:
    """Everybody named in any of the texts.

    Args:
        texts: as written.
        clinic: what it says of itself names nobody: a treatment that somebody capitalises stays readable.
        assistant: its name, which may leave as well.
    """
    public = f" {_public_words(clinic, assistant)} "
    found = {name for text in texts for name in _names(text)}
    return frozenset(name for name in found if name.strip() and f" {bare_words(name)} " not in public)


def _names(text: str) -> Iterator[str]:
    yield from names_mentioned(text)
    yield from (name for person in find_people(text) for name in person.names)
    if len(text) <= _LONGEST_ANSWER and (whole := full_name_given(text)):
        yield whole
    leads = (lead.end() for lead in _LEADS_TO_NAME.finditer(text))
    given = (word.start() for word in _WORD.finditer(text) if bare_words(word.group()) in GIVEN_NAMES)
    for position in islice(chain(leads, given), _MOST_NAMES):
        yield from _name_at(text, position)


def _name_at(text: str, position: int) -> tuple[str, ...]:
    """The longest run of words from here that reads as a name."""
    ends = [word.end() for word in islice(_WORD.finditer(text, position), _LONGEST_NAME)]
    return next((names for end in reversed(ends) if (names := names_given(text[position:end]))), ())


def _public_words(clinic: Clinic, assistant: str | None) -> str:
    treatments = (price.treatment for price in clinic.price_list)
    return bare_words(" ".join(filter(None, [clinic.name, assistant, *treatments, *(clinic.insurances or ())])))
