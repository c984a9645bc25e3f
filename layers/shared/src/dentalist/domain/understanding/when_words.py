"""The words of days, months, parts of the day and holidays, as ``normalise`` spells them."""

from __future__ import annotations

from collections.abc import Mapping

from dentalist.domain.understanding.when import MIDNIGHT, DayPart

WEEKDAY_NAMES: Mapping[str, int] = {
    "lunes": 0, "martes": 1, "miercoles": 2, "jueves": 3, "viernes": 4, "sabado": 5, "sabados": 5, "domingo": 6,
    "domingos": 6, "segunda feira": 0, "terca feira": 1, "quarta feira": 2, "quinta feira": 3, "sexta feira": 4,
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
}  # fmt: skip

MONTH_NAMES: Mapping[str, int] = {
    "enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8, "septiembre": 9,
    "setiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12, "ene": 1, "feb": 2, "mar": 3, "abr": 4, "jun": 6,
    "jul": 7, "ago": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dic": 12,
}  # fmt: skip

# Month and day of what is named instead of a date.
HOLIDAYS: Mapping[str, tuple[int, int]] = {
    r"noche ?buena": (12, 24), r"(?:la )?navidad(?:es)?": (12, 25), r"(?:las )?fiestas": (12, 24),
    r"(?:el )?ano nuevo": (1, 1), r"(?:el dia de )?reyes": (1, 6), r"noche ?vieja": (12, 31),
}  # fmt: skip
# "Después de las fiestas" begins when they are over.
LAST_DAY_OF: Mapping[str, tuple[int, int]] = {"fiestas": (1, 1)}

NUMBER_WORDS: Mapping[str, int] = {
    "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10, "once": 11,
    "doce": 12, "trece": 13, "catorce": 14, "quince": 15, "dieciseis": 16, "diecisiete": 17, "dieciocho": 18,
    "diecinueve": 19, "veinte": 20, "veintiuno": 21, "veintidos": 22, "veintitres": 23, "veinticuatro": 24,
    "veinticinco": 25, "veintiseis": 26, "veintisiete": 27, "veintiocho": 28, "veintinueve": 29, "treinta": 30,
}  # fmt: skip

ORDINALS: Mapping[str, int] = {
    "primer": 1, "primera": 1, "primero": 1, "1er": 1, "1ra": 1, "segundo": 2, "segunda": 2, "tercer": 3, "tercera": 3,
    "cuarto": 4, "cuarta": 4, "ultimo": -1, "ultima": -1,
}  # fmt: skip

# Minutes since midnight, for a clinic that is open all day. Before opening and after closing nothing is offered, so
# "morning" may begin at midnight.
PARTS: Mapping[DayPart, tuple[int, int]] = {
    DayPart.EARLY: (0, 10 * 60),
    DayPart.MORNING: (0, 13 * 60),
    DayPart.MID_MORNING: (10 * 60, 12 * 60),
    DayPart.BEFORE_NOON: (0, 12 * 60),
    DayPart.NOON: (12 * 60, 14 * 60),
    DayPart.AFTER_NOON: (12 * 60, MIDNIGHT),
    DayPart.AFTER_LUNCH: (14 * 60, 21 * 60),
    DayPart.SIESTA: (13 * 60, 16 * 60),
    DayPart.EARLY_AFTERNOON: (13 * 60, 16 * 60),
    DayPart.AFTERNOON: (13 * 60, 21 * 60),
    DayPart.MID_AFTERNOON: (16 * 60, 18 * 60),
    DayPart.LATE_AFTERNOON: (17 * 60, 21 * 60),
    DayPart.END_OF_AFTERNOON: (18 * 60, 21 * 60),
    DayPart.EVENING: (18 * 60, 22 * 60),
    DayPart.NIGHT: (20 * 60, MIDNIGHT),
    DayPart.AFTER_WORK: (18 * 60, MIDNIGHT),
    DayPart.LATE: (18 * 60, MIDNIGHT),
}

_IN_THE = r"(?:a|por|en|de|para|x|durante) "
# How the parts are said, the more particular first.
PART_PHRASES: tuple[tuple[str, DayPart], ...] = (
    (r"(?:a |en )?(?:la )?primera hora de la tarde|temprano (?:en|a|por) la tarde", DayPart.EARLY_AFTERNOON),
    (r"(?:a |en )?(?:la )?ultima hora de la tarde|tarde en la tarde", DayPart.END_OF_AFTERNOON),
    (r"(?:a |en |de )?(?:la |las )?primeras? horas?(?: de la manana)?"
     r"|(?:bien |muy |mas )?tempran(?:o|ito)(?: (?:en|a|por) la manana)?", DayPart.EARLY),
    (r"(?:a |en )?(?:la )?ultima hora(?: del dia)?|lo mas tarde (?:posible|que (?:se pueda|haya|tengan))"
     r"|al final del dia", DayPart.LATE),
    (r"despues de(?: el| la| mi)? (?:trabajo|oficina|laburo|pega|curro|chamba|trabajar|facu|facultad|universidad)"
     r"|(?:cuando )?(?:saliendo|salgo|salga|salir)(?: de)?(?:l| la| mi)? ?(?:trabajo|oficina|laburo|pega|curro|chamba"
     r"|trabajar)", DayPart.AFTER_WORK),
    (r"(?:despues|luego) de(?: el)? (?:almuerzo|almorzar|comer|comida|la comida)", DayPart.AFTER_LUNCH),
    (r"antes de(?: el)? (?:almuerzo|almorzar|comer|la comida)", DayPart.MORNING),
    (r"(?:despues|pasado|luego)(?: de)?(?: el)? medio ?dia", DayPart.AFTER_NOON),
    (r"antes de(?: el)? medio ?dia", DayPart.BEFORE_NOON),
    (r"(?:a |en )?(?:la )?(?:hora de la )?siesta", DayPart.SIESTA),
    (rf"(?:{_IN_THE})?(?:la )?tarde ?noche|tardenoche", DayPart.EVENING),
    (rf"(?:{_IN_THE})?(?:la )?media manana", DayPart.MID_MORNING),
    (rf"(?:{_IN_THE})?(?:la )?media tarde", DayPart.MID_AFTERNOON),
    (rf"(?:{_IN_THE})?(?:la )?tarde?cita|(?:mas |bien )tardecito", DayPart.LATE_AFTERNOON),
    (r"(?:al? |en el |de )?medio ?dia|mediodia", DayPart.NOON),
    (rf"{_IN_THE}(?:la|las|esa) mananas?|las? mananas?|(?:prefiero|puedo|solo|mejor|seria) de manana"
     r"|(?<=esta )manana|(?<=misma )manana|am|in the morning|de manha|pela manha", DayPart.MORNING),
    (rf"{_IN_THE}(?:la|las|esa) tardes?|las? tardes?|de tarde|(?<=esta )tarde|(?<=misma )tarde|pm|afternoon"
     r"|a tarde", DayPart.AFTERNOON),
    (rf"{_IN_THE}(?:la|las|esa) noch(?:e|es|ecita)|las? noches?|de noche|(?<=esta )noche|(?<=misma )noche|evening"
     r"|a noite", DayPart.NIGHT),
)  # fmt: skip

# What looks like a time and is none: what has passed, ages, numbers of people, prices, greetings.
PASSED_OR_COUNTED = (
    r"buen(?:os|as)? (?:dias?|tardes?|noches?)|lindo dia|feliz (?:dia|tarde|noche)"
    r"|(?:hace|hara) (?:como |mas de |unos |unas )?(?:\d+|un|una|unos|unas|varios|varias|mucho|poco|par de)(?: \w+)?"
    r"|desde (?:anoche|anteayer|hace \w+ \w+|siempre)|ante ?ayer|anoche|(?:desde )?ayer(?: (?:a|por|en) la \w+)?"
    r"|(?:el |la |este )?(?:lunes|martes|miercoles|jueves|viernes|sabado|domingo|semana|mes|ano|vez|finde"
    r"|fin de semana)"
    r" pasad[oa](?! manana)|(?:el|la) pasad[oa] \w+"
    r"|(?:de )?\d+ (?:y|a|o) \d+ (?:anos?|anitos|meses|pesos|mil|euros|cuotas|dientes|muelas|implantes|hijos|personas)"
    r"|\d+ (?:anos?|anitos|mil|pesos|euros|dolares|cuotas|hij[oa]s?|nin[oa]s?|chic[oa]s?|nen[ea]s?|personas?|dientes?"
    r"|muelas?|piezas?|implantes?|turnos?|citas?|veces|cuadras|metros|kilos|por ciento|grados|de fiebre)"
    r"|(?:dni|documento|cedula|rut|telefono|celular|numero|nro|al|tel)(?: es)?(?: el)? \d[\d. ]{5,}|\d{5,}"
    r"|\d{1,2}\.\d{3}(?:\.\d{3})?"
)
