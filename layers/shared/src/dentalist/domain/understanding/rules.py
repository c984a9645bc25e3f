"""How a table of rules is read and applied. The tables themselves are in ``tables_*.py``.

A pattern is a regular expression over normalised text with two shorthands: ``<word>`` stands for the alternatives of
``CONCEPTS``, and ``..3`` for up to three words in between, all in the same clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

CONCEPTS: Mapping[str, str] = {
    "clinical": (
        r"anestesia|sedacion|tratamientos?|ortodoncia|resultados?|radiograf\w+|rayos|placas?|alta|turnos?|visitas?"
        r"|llamad\w+|medic\w+|inyeccion\w*|brackets?|aparato\w*|retenedor\w*|implantes?|factura\w*|presupuesto\w*"
    ),
    "weekday": (r"lunes|martes|miercoles|jueves|viernes|sabados?|domingos?"),
    "call": (
        r"llam(?:e|en|eis|es|ar|arme|ame|eme|enme|aran|aria\w*|adme)|marqu(?:e|en|eme)|marcar\w*|contact(?:e"
        r"|en|ar|arme|eis)|telefone\w+"
    ),
    "another_way": (
        r"mas tarde|mas temprano|llam\w+|marqu\w+|otro numero|al mail|por mail|por correo|al correo|un rato"
        r"|al fijo|al trabajo|a la oficina|de noche|tan (?:tarde|temprano)|con (?:la|el|mi) (?:obra|prepaga|seguro)\w*"
        r"|(?:escrib|mand|envi|contact)(?:anme|enme|anmelo|enmelo|eme|ime|ame|amelo)..3 (?:a|al|por|mejor)"
    ),
    "hurting": (r"dol\w+|duel\w+|muelas?|dientes?|encias?|punza\w*|pinchaz\w+"),
    "elsewhere": (
        r"la cabeza|la panza|el estomago|la barriga|la espalda|la rodilla|el pie|la cintura|el alma"
        r"|el bolsillo|la billetera|pagar"
        r"|decir"
    ),
    "will_it_hurt": (
        r"va a doler|(?:miedo|susto|panico)..4 (?:due[lr]\w*|duela\w*|doler)|me duele..2 si me"
        r"|duele..2 (?:ponerse|sacarse|hacerse|ponerme|sacarme|hacerme)"
    ),
    "not_ours": (
        r"(?:tuve|tuvimos|surgio|salio|presento|tengo|hay|por) una? (?:urgencia|emergencia|problema)..1 (?:familiar"
        r"|laboral|personal|en (?:el|mi|la) (?:trabajo|laburo|pega|chamba|oficina|casa|escuela|colegio|campo)"
        r"|de trabajo"
        r"|con mi \w+)|(?:tuve|surgio"
        r"|se presento|me salio) una? (?:urgencia|emergencia)..6 no"
    ),
    "turno": r"turnos?|turnitos?|citas?|citicas?|citita|horas?|horitas?|reserva|sesion",
    "consulta": r"consulta|valoracion|evaluacion|revision|control|limpieza|visita|chequeo",
    "quiero": (
        r"quiero|queria|quisiera|querria|quiere|quieren|necesit\w+|deseo|desearia|busco|me gustaria|me interesa"
        r"|requiero|precis\w+|solicito|ocupo|queremos|me urge|(?:me |nos )?hace falta"
    ),
    "agendar": (
        r"sacar\w*|pedir\w*|agend\w+|reserv\w+|solicit\w+|coger|tomar|apart\w+|separ\w+|program\w+|conseguir|marcar"
        r"|asign\w+|dar|darme|darle|das|dan|dais|dame|deme|denme|dadme|daria\w*|regala\w*|ponme|poneme|anot\w+"
    ),
    "hay": (
        r"hay|habria|habra|habran|tenes|tienes|tiene|tienen|teneis|tendran|tendra|tendras|tendrias|tendrian|tendria"
        r"|tendreis|queda|quedan|existe|tenias|tenian"
    ),
    "persona": (
        r"personas?|humanos?|humana|alguien|doc|dra?|much?ach[oa]|chicas?|recepcion\w*|secretari\w+|doctor\w*"
        r"|dentista|odontolog\w+|asesor\w*"
        r"|operador\w*|encargad\w+|administracion|ejecutiv\w+|representante|agente|responsable"
        r"|senorita|senora|gente|duen[oa]|titular|profesional"
    ),
    "poder": (
        r"puedo|podre|podremos|podemos|podra|podria|pude|voy a poder|vamos a poder|va a poder|me es posible"
        r"|me sera posible|sera posible|me va a ser posible|alcanzo|alcanzamos|creo que pueda"
    ),
    "dia": r"hoy|manana|pasado|<weekday>|semana|tarde|noche",
    "fecha": r"hoy|manana|pasado manana|(?:el (?:proximo )?)?<weekday>|el \d+|esta semana|esta tarde",
    "cara": r"cara|carita|cachetes?|mejillas?|mandibula|quijada|cuello|ojos?|labios?|lengua|garganta|pomulo|paladar",
    "boca": r"boca|encias?|dientes?|muelas?|muelita|dientitos?|colmillos?|paletas?|mandibula|cara|labios?",
    "diente": r"dientes?|dientitos?|muelas?|muelita|colmillos?|paletas?|incisivos?|piezas?",
    "hinchado": r"hinch\w+|inflam\w+|inflo|infl[oa]d\w+|deform\w+|dura",
    "mucho": (
        r"much[oa]s?|muchisim[oa]|fuertes?|fuertisim[oa]|terribles?|horribles?|horrores|insoportables?|banda|caleta"
        r"|harto|un monton|intens[oa]s?|agud[oa]s?|tremend[oa]s?|una bocha|brutal|bestial|impresionante|demasiado"
        r"|infernal|flipas|espantos[oa]s?|atroz|bastante|inaguantable|como loc[oa]|sin parar|posta"
        r"|abundante\w*|profus[oa]|excesiv[oa]|constante|continu[oa]"
    ),
    "escribir": (
        r"escrib\w+|mand\w+|envi\w+|contact\w+|molest\w+|llegu\w+|pas\w+|webe\w+|hueve\w+|jod(?:a|as|an|ais"
        r"|er)|fastidi\w+"
    ),
    "publicidad": (
        r"mensaj\w+|publicidad\w*|promo\w*|avisos?|notificacion\w*|whatsapps?|spam|ofertas?|difusion|informacion"
        r"|comunicacion\w*|recordatorios?|propaganda|marketing|sms"
    ),
}


@dataclass(frozen=True)
class Rule:
    """One piece of evidence.

    Attributes:
        weight: how surely this alone means it, 0 to 1; several rules add up as independent evidence.
        unless: where this matches anywhere in the text, the rule is silent.
        requires: where given, it must match somewhere in the text too.
        negatable: a "no" shortly before, in the same clause, silences the rule.
    """

    name: str
    weight: float
    pattern: str
    unless: str | None = None
    requires: str | None = None
    negatable: bool = True
    _compiled: tuple[re.Pattern[str], re.Pattern[str] | None, re.Pattern[str] | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        compiled = (
            compile_pattern(self.pattern),
            compile_pattern(self.unless) if self.unless else None,
            compile_pattern(self.requires) if self.requires else None,
        )
        object.__setattr__(self, "_compiled", compiled)

    def speaks(self, text: str) -> bool:
        """Whether the rule finds its evidence in normalised text."""
        return self.position(text) is not None

    def position(self, text: str) -> int | None:
        """Where in normalised text the rule first finds its evidence."""
        pattern, unless, requires = self._compiled
        if requires and not requires.search(text):
            return None
        found = pattern.finditer(text)
        if self.negatable:
            found = (match for match in found if not is_negated(text, match.start()))
        first = next(found, None)
        return None if first is None or (unless and unless.search(text)) else first.start()


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Expand the shorthands and keep to whole words."""
    expanded = pattern
    while expanded != (step := re.sub(r"<(\w+)>", lambda name: f"(?:{CONCEPTS[name.group(1)]})", expanded)):
        expanded = step  # a concept may be made of others
    expanded = re.sub(r"\.\.(\d)", r"(?: \\w+){0,\1}", expanded)
    return re.compile(rf"(?<!\w)(?:{expanded})(?!\w)")


_NEGATOR = re.compile(r"(?<!\w)(?:no|ni|nunca|tampoco|sin)(?!\w)")
# "No sé si…", "¿no tendrás…?" and "no quiero molestar" ask or excuse: they do not deny what follows.
_DENIES_NOTHING = re.compile(
    r" (?:se|sabes|habra|habria|tenes|teneis|tendra\w*|tendri\w+|podes|podra\w*|podria\w*|quiero molest\w+"
    r"|me d[aei]\w*"
    r"|es molestia|solo|(?:hay|tien\w+|queda\w*)(?=[^.,]*\?))(?!\w)"
)
_CLAUSE_BREAK = re.compile(r"[.,?]|(?<!\w)(?:pero|sino|aunque|mejor|solo|porque|y)(?!\w)")
_REACH = 3  # words after a negator that it denies


def is_negated(text: str, position: int) -> bool:
    """Whether what begins at this position is denied within its clause."""
    clause_start = max((found.end() for found in _CLAUSE_BREAK.finditer(text, 0, position)), default=0)
    return any(
        len(text[negator.end() : position].split()) <= _REACH and not _DENIES_NOTHING.match(text, negator.end())
        for negator in _NEGATOR.finditer(text, clause_start, position)
    )


def evidence(rules: Iterable[Rule], text: str) -> Iterator[Rule]:
    """The rules that speak."""
    return (rule for rule in rules if rule.speaks(text))


def confidence(rules: Iterable[Rule]) -> float:
    """Several pieces of independent evidence together: 1 minus the chance that all of them mislead."""
    doubt = 1.0
    for rule in rules:
        doubt *= 1 - rule.weight
    return 1 - doubt
