"""Whether something is said not to be so."""

from __future__ import annotations

import re

# What may stand between "no" and what is denied; any other word begins something new ("no te preocupes, …").
_BETWEEN = (
    "te se lo la le les me nos los las esta estan estas es son fue ha he hemos han puedo podemos tengo tenemos tienes"
    " tenes tiene hace falta quedo queda sido todavia aun hay dar darte hacer hacerte un una ningun ninguna que el"
    " mandes"
    " mande envies envie necesito necesitamos necesitas hacen pedimos pido decir decirte saber confirmar confirmarte"
    " por"
    " chat aca aqui este medio via puede pueden podria debo corresponde me nos necesario hagas estoy estamos soy somos"
    " ni opinar indicar indicarte recomendar recomendarte recetar recetarte dar hablar ayudarte ayudar con de sobre"
    " interpretar ver evaluar"
)
_DENIAL = re.compile(
    r"(?<!\w)(?:no|sin|ni|ningun[ao]?|nunca|tampoco|jamas)(?: (?:" + "|".join(sorted(set(_BETWEEN.split()))) + r"))*$"
)


def denied(text: str, position: int) -> bool:
    """Whether what begins here is said not to be so, in the same clause."""
    clause = re.split(r"[,:;(]| pero | aunque | sino ", text[:position])[-1].strip()
    return bool(_DENIAL.search(clause))
