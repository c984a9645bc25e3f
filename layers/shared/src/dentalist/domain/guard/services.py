"""What a clinic offers: treatments, ways to pay, insurances, comforts. Only what it lists itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dentalist.domain.guard.denials import denied
from dentalist.domain.guard.issued import Issued
from dentalist.domain.guard.reading import Sentence
from dentalist.domain.guard.verdict import Rule, Violation
from dentalist.domain.understanding.treatments import find_treatments

_PAYMENT = (
    r"efectivo|debito|credito|tarjetas?|transferencias?|mercado ?pago|paypal|cheques?|bizum|qr|modo|yape|plin|nequi"
    r"|daviplata|oxxo"
    r"|pse|bitcoin|cripto\w*|visa|mastercard|amex|financiacion"
)
_COMFORT = (
    r"estacionamiento|cochera|parking|wi-?fi|ascensor|rampa|accesible|sala de espera|cafe|subte|metro|colectivo|a"
    r" domicilio"
    r"|domicilio|videollamada|teleconsulta|online|virtual(?!es)|24 horas|todo el dia|todos los dias|fines? de semana"
    r"|feriados?|guardia"
    r" (?:propia|odontologica)|sedacion|anestesia general|laser|sucursal\w*|sedes?|obras? social\w*|prepagas?"
    r"|seguros? medic\w*"
    r"|autorizacion|certificado\w*|factura|reintegro"
)
_LISTED = re.compile(rf"(?<!\w)(?:{_PAYMENT}|{_COMFORT})(?!\w)")
_OFFERS = re.compile(
    r"(?<!\w)(?:si,|claro|por supuesto|acept\w+|recib\w+|trabaj\w+|contamos|tenemos|hay|ofrec\w+|hacemos|realiz\w+"
    r"|brindamos|incluye"
    r"|cubr\w+|podes|puedes|puede|se puede|atend\w+|abrimos|disponemos|damos|emit\w+|pag\w+|abon\w+|vamos a)(?!\w)"
)
_DOES = re.compile(
    r"(?<!\w)(?:hacemos|realizamos|ofrecemos|tenemos|contamos con|hago|brindamos|si,|claro|entre nuestros)(?!\w)"
)


def check_services(said: list[Sentence], issued: Issued) -> Iterator[Violation]:
    """Every thing that a text says the clinic has or takes and the clinic does not list."""
    listed = set(find_treatments(issued.text))
    for sentence in said:
        if not _OFFERS.search(sentence.text):
            continue
        for found in _LISTED.finditer(sentence.text):
            if not _is_listed(found.group(), issued) and not denied(sentence.text, found.start()):
                yield Violation(Rule.INVENTED_FACT, found.group())
        if _DOES.search(sentence.text):
            for name in set(find_treatments(sentence.text)) - listed - {"consulta"}:
                yield Violation(Rule.INVENTED_FACT, name)


def _is_listed(word: str, issued: Issued) -> bool:
    return issued.has_words(word) or issued.has_words(word.removesuffix("s"))
