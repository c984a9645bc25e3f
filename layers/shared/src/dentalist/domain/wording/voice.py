"""How the assistant speaks: one text, three ways of addressing a person, and each country's word for an appointment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dentalist.domain.clinic import Clinic
from dentalist.domain.persona import Address, Persona

_ALTERNATIVES = re.compile(r"\[([^\[\]|]*)\|([^\[\]|]*)\|([^\[\]|]*)\]")
_CHOICE = {Address.VOS: 0, Address.TU: 1, Address.USTED: 2}


@dataclass(frozen=True)
class Noun:
    """What an appointment is called."""

    word: str
    feminine: bool

    @property
    def plural(self) -> str:
        return f"{self.word}s"

    @property
    def one(self) -> str:
        return f"un{'a' if self.feminine else ''} {self.word}"

    @property
    def the(self) -> str:
        return f"{'la' if self.feminine else 'el'} {self.word}"

    @property
    def ending(self) -> str:
        """ "confirmad" + ending."""
        return "a" if self.feminine else "o"


_NOUNS = {
    "AR": Noun("turno", feminine=False),
    "UY": Noun("turno", feminine=False),
    "PY": Noun("turno", feminine=False),
    "CL": Noun("hora", feminine=True),
}
_USUAL_NOUN = Noun("cita", feminine=True)


@dataclass(frozen=True)
class Voice:
    """Renders our texts for one persona in one clinic."""

    clinic: Clinic
    persona: Persona

    @property
    def address(self) -> Address:
        return self.persona.address(self.clinic.country)

    @property
    def noun(self) -> Noun:
        return _NOUNS.get(self.clinic.country or "", _USUAL_NOUN)

    def say(self, text: str, **facts: str) -> str:
        """Render a text of ours.

        ``[vos|tú|usted]`` becomes the form of this voice; ``{fact}`` the fact, whose own brackets stay as they are.
        ``{clinic}`` and the forms of the appointment noun are always known.
        """
        form = _CHOICE[self.address]
        chosen = _ALTERNATIVES.sub(lambda found: found.group(form + 1), text)
        noun = self.noun
        return chosen.format(
            **{
                "clinic": self.clinic.name,
                "turno": noun.word,
                "turnos": noun.plural,
                "un_turno": noun.one,
                "el_turno": noun.the,
                "o": noun.ending,
            }
            | facts
        )

    def emoji(self, symbol: str) -> str:
        """The symbol and a blank, or nothing when the persona uses none."""
        return f"{symbol} " if self.persona.uses_emojis else ""
