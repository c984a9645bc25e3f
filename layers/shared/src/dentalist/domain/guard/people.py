"""Names: only those of people and things that code or the clinic named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dentalist.domain.guard.first_names import FIRST_NAMES, NAMES_THAT_ARE_WORDS, SURNAMES
from dentalist.domain.guard.issued import Issued
from dentalist.domain.guard.reading import readable, words_of
from dentalist.domain.guard.verdict import Rule, Violation
from dentalist.domain.redaction import PLACEHOLDER

_WORD = re.compile(r"[^\W\d_](?:[\w'’]*[^\W_])?")
_BEGINS = re.compile(r"(?:^|[.!?…\n:¡¿«\"“(•·–—-]|[^\w\s,;'’%$€/)&+])\s*$")
# Capitalised by habit, or named by everybody.
_CAPITALISED = """
    abril agosto ano argentina ars chile clp colombia cop diciembre doctor doctora domingo dr dra dres enero espana
    eur facebook favor febrero google gracias hola importante instagram internet jueves julio junio lic lunes mapa
    maps martes marzo mayo mexico miercoles mxn navidad no noviembre nuevo obra octubre od ok pd pen persona peru
    por reyes sabado santa semana septiembre setiembre si social sr sra srta uruguay usd usted ustedes uyu viernes
    whatsapp ya
    """
_COMMON = frozenset(_CAPITALISED.split())
_HALF_PLACEHOLDER = re.compile(
    r"\[{1,2}\s?(?:NOMBRE|TELEFONO|NUMERO|CORREO|DOCUMENTO|TARJETA|AFILIADO|DIRECCION|TEXTO|nombre|tu nombre"
    r"|name)[^\]]{0,12}\]{0,2}"
    r"|\{\{?[^}]{1,30}\}?\}|<(?:NOMBRE|nombre|name|paciente)[^>]{0,12}>|\b(?:NOMBRE|TELEFONO|NUMERO|CORREO|DOCUMENTO"
    r"|TARJETA|TEXTO)_\d+"
)
_OTHERS = re.compile(
    r"(?<!\w)(?:otr[oa]s? pacientes?|(?:el|la|los|las|un|una) pacientes? (?:que|de|anterior|siguiente|anteriores"
    r"|llamad[oa])"
    r"|pacientes? (?:anterior|siguiente)(?:es)?|(?:tu|su) (?:vecin[oa]|jefe|jefa|ex)|(?:se atiende|se atendio"
    r"|tambien viene|viene"
    r" tambien|esta agendad[oa] con|pidio turno|cancelo su) (?:\w+ )?(?:con|a|su|aca|aqui|nosotros)|lista de"
    r" pacientes|agenda de"
    r" (?:otr|la dr|el dr|pacient)\w*|historia(?:l)? clinic[oa] de|ficha de (?!precios)|datos de (?:otr|la pacient"
    r"|el pacient)\w*)(?!\w)"
)


def check_people(text: str, names: frozenset[str], placeholders: frozenset[str], issued: Issued) -> Iterator[Violation]:
    """Every name that this answer may not hold."""
    for found in PLACEHOLDER.finditer(text):
        if found.group() not in placeholders:
            yield Violation(Rule.OTHER_PEOPLE, found.group())
    shown = readable(PLACEHOLDER.sub("alguien", text))
    half = _HALF_PLACEHOLDER.search(shown)
    if half:
        yield Violation(Rule.OTHER_PEOPLE, half.group())
    known = words_of(f"{issued.text}\n{' '.join(names)}") | _COMMON
    yield from _unknown_names(shown, known)
    others = _OTHERS.search(" ".join(_plain_words(shown)))
    if others and not issued.has_words(others.group()):
        yield Violation(Rule.OTHER_PEOPLE, others.group())


def _unknown_names(shown: str, known: frozenset[str]) -> Iterator[Violation]:
    for found in _WORD.finditer(shown):
        word = found.group()
        parts = words_of(word)
        if parts <= known:
            continue
        if (parts & FIRST_NAMES or parts & SURNAMES) and not parts & NAMES_THAT_ARE_WORDS:
            yield Violation(Rule.OTHER_PEOPLE, word)
        elif word[0].isupper() and not _BEGINS.search(shown[: found.start()]):
            acronym = word.isupper() and len(word) > 1
            yield Violation(Rule.INVENTED_FACT if acronym else Rule.OTHER_PEOPLE, word)


def _plain_words(text: str) -> list[str]:
    return [" ".join(sorted(words_of(word))) or word for word in re.findall(r"\w+", text)]
