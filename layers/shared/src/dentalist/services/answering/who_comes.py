"""Whom an appointment is for: the contact, somebody they named, or several who come one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dentalist.domain.answering import KnownPatient
from dentalist.domain.dialog import Attendee
from dentalist.domain.understanding.given_names import GIVEN_NAMES
from dentalist.domain.understanding.normalise import bare_words
from dentalist.domain.understanding.people import RELATION_WORDS, Person
from dentalist.domain.understanding.replies import full_name_given, same_name
from dentalist.services.answering.agenda_talk import Talk

# "Para mí y mi hijo", "para mi hija y para mí el martes": the author comes too. Without its accent it may be "my".
_AUTHOR_TOO = re.compile(
    r"(?<!\w)(?:para|pa) mi y |(?<!\w)y (?:otro |otra |uno |una )?(?:para|pa) mi(?! \w)| y yo(?!\w)"
)
_AUTHOR_TOO_WITH_ACCENT = re.compile(
    r"\by (?:(?:otr[oa]|un[oa]) )?(?:(?:para|pa) )?mí\b|\b(?:para|pa) mí(?:,| y)\s", re.IGNORECASE
)
_INTRODUCES = re.compile(
    r"\b(?:soy|me llamo|mi nombre es|a nombre de|(?:te |les? )?habla|(?:te |les? )?escribe)\s+(?P<rest>[^.,;!?\n]+)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:el|la|un|una|paciente|nuev[oa]|yo|de)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Party:
    """Those who come.

    Attributes:
        attendees: empty for the contact alone.
        count: how many there are; None where "mis hijos" does not say.
        named: all of them by name.
    """

    attendees: tuple[Attendee, ...] = ()
    count: int | None = 1
    named: bool = True


def party_of(talk: Talk) -> Party:
    """Who comes, by the words of the burst."""
    people = [person for person in talk.understanding.people if person.attends and not _is_author(person, talk)]
    if not people:
        return Party()
    author = (Attendee(name=talk.own_name, patient_id=talk.own_id),) if _author_comes(talk.burst.text) else ()
    names = list(dict.fromkeys(name for person in people for name in person.names))
    counts = [person.count for person in people]
    known = sum(count for count in counts if count is not None) if None not in counts else None
    attendees = (*author, *(attendee_of(name, talk.patients) for name in names))
    if known is not None and known < len(names):
        known = len(names)
    return Party(
        attendees,
        count=None if known is None else known + len(author),
        named=known is not None and known == len(names),
    )


def attendee_of(name: str, patients: Sequence[KnownPatient]) -> Attendee:
    """Somebody by the name that was said, with their record where exactly one of this phone's has that name."""
    said = bare_words(name)
    known = [
        patient
        for patient in patients
        if same_name(name, patient.full_name) or bare_words(patient.full_name).split()[:1] == said.split()
    ]
    return Attendee(name=name, patient_id=known[0].id if len(known) == 1 else None)


def introduced_name(text: str) -> str | None:
    """The full name with which somebody introduces themself anywhere in a message: "soy Ana Pérez, quiero un turno"."""
    for found in _INTRODUCES.finditer(text):
        if not _ARTICLE.match(found["rest"]):
            name = full_name_given(found["rest"])
            if name:
                return name
    return None


def name_on_profile(talk: Talk) -> str | None:
    """The name of a contact's WhatsApp profile, where it reads like the name and surname of a person.

    Whoever set it has said what they are called. "Mamá de Tomi", "Luciana P." and "Lu 🌸" are asked.
    """
    if talk.is_unverified:  # it may be an old profile still
        return None
    name = full_name_given(talk.claim.conversation.name_they_gave or "")
    words = bare_words(name or "").split()
    if not words or any(len(word) == 1 or re.fullmatch(RELATION_WORDS, word) for word in words):
        return None
    return name if words[0] in GIVEN_NAMES and not GIVEN_NAMES.issuperset(words) else None


def _author_comes(text: str) -> bool:
    return bool(_AUTHOR_TOO_WITH_ACCENT.search(text) or _AUTHOR_TOO.search(bare_words(text)))


def _is_author(person: Person, talk: Talk) -> bool:
    """ "Turno para Marta Gómez", written by Marta Gómez."""
    own = talk.own_name
    return bool(own and len(person.names) == 1 and (same_name(person.names[0], own) or _is_first(person.names[0], own)))


def _is_first(name: str, full_name: str) -> bool:
    return bare_words(name) == (bare_words(full_name).split() or [""])[0]
