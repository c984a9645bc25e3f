"""Personal data out of a text before it leaves for a model, and back into what returns.

Too much is hidden rather than too little: a hidden price comes back unharmed, a leaked phone does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

PLACEHOLDER = re.compile(r"\[\[[A-Z]+_\d+\]\]")

# Bounded by what an address may have: unbounded, a long word would be read again from each of its letters.
_EMAIL = re.compile(
    r"(?i)[\w.+-]{1,64} ?(?:@|[\[(]at[\])]|(?<= )arroba(?= )) ?"
    r"[\w-]{1,63}(?: ?(?:\.|(?<= )punto(?= )) ?[\w-]{1,63}){0,4}"
)
_LINK = re.compile(r"(?i)(?:https?://|www\.)[^\s<>\"]{1,500}|(?<!\w)@[\w.]{2,64}")
_MEMBER = re.compile(
    r"(?i)(?:afiliad[oa]|soci[oa]|credencial|carn[eé]t?|p[oó]liza|beneficiari[oa]|n[uú]mero de seguro|nss)"
    r"(?: n[uú]mero| nro\.?| n[°º]| es| de \w+)*[ :#.°º]{0,4}"
    r"(?P<value>[A-Z]{0,4}[ -]?\d[A-Z0-9./-]{2,23}(?: \d[\d./-]*)*)"
)
_LABELLED_DOCUMENT = re.compile(
    r"(?i)(?<!\w)(?:dni|d\.n\.i\.?|c[eé]dula|c\.?c\.?|rut|run|curp|rfc|nie|nif|pasaporte|documento|cui[lt]|ci|ine)"
    r"(?: n[uú]mero| nro\.?| n[°º]| es| de identidad)*[ :#.°º]{0,4}(?P<value>[A-Z]{0,4}[ -]?\d[A-Z0-9.-]{3,20})"
)
_SHAPED_DOCUMENT = re.compile(
    r"(?i)(?<![A-Z0-9])(?:"
    r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d"  # CURP
    r"|[A-ZÑ&]{3,4}\d{6}[A-Z0-9]{3}"  # RFC
    r"|[XYZ][ -]?\d{7}[ -]?[A-Z]"  # NIE
    r"|\d{8}[ -]?[A-Z]"  # NIF
    r"|\d{1,2}(?:\.?\d{3}){2}[ -]?-[ -]?[\dK]"  # RUT
    r")(?![A-Z0-9])"
)
# Also keycaps, and stars or lines around each digit.
_DIGITS = re.compile(r"\+?\(?\d(?:[ .()/–*_\ufe0f\u20e3-]{0,3}\d){6,}")
_NUMBER_WORD = (
    r"(?:cero|un[oa]?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|die[zc]\w*|once|doce|trece|catorce|quince|veinti?\w*"
    r"|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|cien(?:to)?|\w{2,8}cientos|quinientos|mil|millones)"
)
_SPELLED = re.compile(rf"(?i)(?<!\w){_NUMBER_WORD}(?:(?:,? y |,? ){_NUMBER_WORD}){{4,}}(?!\w)")
_CARD_LENGTHS = range(13, 20)
_DATE = re.compile(
    r"(?:19|20)\d\d[-/.](?P<iso_month>\d{1,2})[-/.](?P<iso_day>\d{1,2})"
    r"|(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?:19|20)\d\d"
)
_MONEY_BEFORE = re.compile(r"[$€] ?$")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")

_CAPITALISED = r"[A-ZÁÉÍÓÚÜÑ][\wáéíóúüñ'’-]*"
_STREET = re.compile(
    r"(?i:(?<!\w)(?:calle|av\.?|avda\.?|avenida|pasaje|psje\.?|pje\.?|bv\.?|bulevar|boulevard|ruta|camino|diagonal"
    r"|diag\.?|carrera|cra\.?|kra\.?|transversal|paseo|c/|autopista|calzada|callej[oó]n|jir[oó]n|jr\.?))"
    r" ?(?:[\w.áéíóúüñ]+ ){0,4}?(?:#|n[°º.]? ?)?\d[\d-]*(?:[ ,]{0,2}#? ?\d+ ?- ?\d+"
    r"|[ ,]{1,2}(?i:piso|dpto\.?|depto\.?|apto\.?|oficina|of\.?|puerta|torre|casa|int\.?|#) ?\w{1,6})*"
)
_NAMED_STREET = re.compile(
    rf"(?<!\w){_CAPITALISED}(?: (?:de|del|la|los|las|San|Santa)| {_CAPITALISED}){{0,3}} \d{{3,5}}(?!\d)"
)
_NOT_A_STREET = re.compile(
    r"(?i)^(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre"
    r"|ibuprofeno|amoxicilina|paracetamol|ketorolac\w*|a[ñn]o) \d+$"
)
_LIVES_AT = re.compile(
    r"(?i)(?:vivo en|mi direcci[oó]n es|mi domicilio es|domicilio:|direcci[oó]n:) ?(?P<value>[^\n.;?!]{4,80})"
)
_SAYS_NAME = re.compile(
    r"(?:(?i:me llamo|mi nombre es|soy|habla|a nombre de|se llama|paciente|saluda|atte\.?"
    r"|mi (?:hij[oa]|espos[oa]|marido|mujer|mam[aá]|pap[aá]|madre|padre|herman[oa]|abuel[oa]|niet[oa]|novi[oa])))"
    rf"[ :,]{{1,2}}(?P<value>{_CAPITALISED}(?: (?:de|del|la|los)? ?{_CAPITALISED}){{0,3}})"
)
_SHORTEST_PART = 3
_LETTERS_WITH_MARKS = {"a": "aáàâäã", "e": "eéèêë", "i": "iíìîï", "o": "oóòôöõ", "u": "uúùûü", "n": "nñ", "c": "cç"}
_ANY_MARK = r"[\u0300-\u036f]*"


@dataclass(frozen=True)
class _Find:
    start: int
    end: int
    kind: str


class Redactor:
    """Replaces personal data by placeholders such as ``[[NOMBRE_1]]``, the same for the same words, and restores it.

    One object serves one prompt with all its texts. It holds the personal data: it is never stored or logged.
    """

    def __init__(self, known_names: Iterable[str] = ()) -> None:
        self._names = _names_pattern(known_names)
        self._placeholder_of: dict[tuple[str, str], str] = {}
        self._value_of: dict[str, str] = {}

    def redact(self, text: str) -> str:
        """The text with every piece of personal data that could be found replaced."""
        pieces: list[str] = []
        position = 0
        for find in _without_overlaps(self._finds(text)):
            pieces += [text[position : find.start], self._placeholder(find.kind, text[find.start : find.end])]
            position = find.end
        return "".join([*pieces, text[position:]])

    def restore(self, text: str) -> str:
        """Put the words back. A placeholder that was never given out stays as it is."""
        return PLACEHOLDER.sub(lambda found: self._value_of.get(found.group(), found.group()), text)

    def invented(self, text: str) -> tuple[str, ...]:
        """Placeholders in a model's answer that this redactor never gave out."""
        return tuple(found for found in PLACEHOLDER.findall(text) if found not in self._value_of)

    def _placeholder(self, kind: str, value: str) -> str:
        known = self._placeholder_of.get((kind, value))
        if known:
            return known
        number = sum(1 for other, _ in self._placeholder_of if other == kind) + 1
        placeholder = f"[[{kind}_{number}]]"
        self._placeholder_of[kind, value] = placeholder
        self._value_of[placeholder] = value
        return placeholder

    def _finds(self, text: str) -> Iterator[_Find]:
        # Somebody may write what looks like a placeholder; hidden like a name, it cannot be mistaken for one of ours.
        yield from _spans(PLACEHOLDER, "TEXTO", text)
        yield from _spans(_EMAIL, "CORREO", text)
        yield from _spans(_LINK, "ENLACE", text)
        yield from _spans(_MEMBER, "AFILIADO", text)
        yield from _spans(_LABELLED_DOCUMENT, "DOCUMENTO", text)
        yield from _spans(_SHAPED_DOCUMENT, "DOCUMENTO", text)
        yield from _numbers(text)
        yield from _spans(_SPELLED, "NUMERO", text)
        if self._names:
            yield from _spans(self._names, "NOMBRE", text)
        yield from _spans(_SAYS_NAME, "NOMBRE", text)
        yield from _spans(_STREET, "DIRECCION", text)
        yield from _spans(_LIVES_AT, "DIRECCION", text)
        yield from _spans(_NAMED_STREET, "DIRECCION", text, unless=_NOT_A_STREET.search)


def _spans(
    pattern: re.Pattern[str], kind: str, text: str, *, unless: Callable[[str], object] | None = None
) -> Iterator[_Find]:
    group = "value" if "value" in pattern.groupindex else 0
    for found in pattern.finditer(text):
        if unless is None or not unless(found.group(group)):
            yield _Find(found.start(group), found.end(group), kind)


def _numbers(text: str) -> Iterator[_Find]:
    """Seven digits or more are a card, a document or a phone, unless they read as a date or as money."""
    for found in _DIGITS.finditer(text):
        number = found.group()
        if _is_date(number) or (_MONEY_BEFORE.search(text[: found.start()]) and _THOUSANDS.fullmatch(number)):
            continue
        digits = [int(char) for char in number if char.isdigit()]
        kind = "TARJETA" if len(digits) in _CARD_LENGTHS and passes_luhn(digits) else "NUMERO"
        yield _Find(found.start(), found.end(), kind)


def _is_date(number: str) -> bool:
    found = _DATE.fullmatch(number)
    if not found:
        return False
    month, day = int(found["iso_month"] or found["month"]), int(found["iso_day"] or found["day"])
    return 1 <= month <= 12 and 1 <= day <= 31  # noqa: PLR2004 - a calendar


def passes_luhn(digits: list[int]) -> bool:
    """Whether a card number's check digit is right (ISO/IEC 7812-1, annex B)."""
    doubled = [digit if index % 2 == 0 else sum(divmod(digit * 2, 10)) for index, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _names_pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Whole names and each of their parts, in any case, with or without accents, however these are encoded."""
    words: set[str] = set()
    for name in names:
        parts = _fold(name).split()
        words |= {" ".join(parts), *(part for part in parts if len(part) >= _SHORTEST_PART)}
    found = sorted(filter(None, words), key=len, reverse=True)
    if not found:
        return None
    alternatives = "|".join("".join(_letter(char) for char in word) for word in found)
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)


def _letter(char: str) -> str:
    if char == " ":
        return r"\s+"
    return f"[{_LETTERS_WITH_MARKS[char]}]{_ANY_MARK}" if char in _LETTERS_WITH_MARKS else re.escape(char)


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _without_overlaps(finds: Iterable[_Find]) -> list[_Find]:
    """Join what overlaps into one find, so that no end of it stays readable; the earlier kind in order names it."""
    joined: list[_Find] = []
    for find in sorted(finds, key=lambda item: item.start):
        if find.start >= find.end:
            continue
        if joined and find.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = _Find(last.start, max(last.end, find.end), last.kind)
        else:
            joined.append(find)
    return joined
