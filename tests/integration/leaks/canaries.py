"""Secrets that are looked for everywhere, and the forms in which one could lie somewhere."""

import base64
import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, quote_plus

_LONG = 40  # of these, losing the end is as bad as losing the whole
_END = 20
_SHORT = 10  # what is shorter may stand in a longer word by chance


class Found(NamedTuple):
    """A secret where it must not be."""

    place: str
    secret: str
    form: str

    def __repr__(self) -> str:
        return f"{self.secret} ({self.form}) in {self.place}"


@dataclass
class Canaries:
    """The secrets of one run, by what they are."""

    names: dict[bytes, str] = field(default_factory=dict)

    def add(self, name: str, secret: str | bytes | None) -> str:
        """Look for this from now on."""
        if not secret:
            raise AssertionError(f"there is no {name}")
        raw = secret.encode() if isinstance(secret, str) else secret
        self.names.setdefault(raw, name)
        return secret if isinstance(secret, str) else ""

    def add_proofs(self, app_secret: str) -> None:
        """What goes with every token in the query: a log that held one would hold the address of a call."""
        tokens = [(secret, name) for secret, name in self.names.items() if "token" in name]
        for token, name in tokens:
            self.add(f"proof of {name}", hmac.new(app_secret.encode(), token, "sha256").hexdigest())

    def kinds(self) -> set[str]:
        """What is looked for."""
        return set(self.names.values())

    def found_in(self, place: str, content: bytes) -> Iterator[Found]:
        """The secrets that a content holds, in whatever form."""
        for secret, name in self.names.items():
            for form, is_in in _FORMS.items():
                if is_in(secret, content):
                    yield Found(place, name, form)
                    break


def search(canaries: Canaries, contents: Iterable[tuple[str, bytes]]) -> list[Found]:
    """Every secret in every place."""
    return [found for place, content in contents for found in canaries.found_in(place, content)]


def _is_plain(secret: bytes, content: bytes) -> bool:
    if len(secret) >= _SHORT:
        return secret in content
    # Six digits of an instant or of an id are no PIN.
    return re.search(rb"(?<![0-9A-Za-z.])" + re.escape(secret) + rb"(?![0-9A-Za-z])", content) is not None


def _is_cut(secret: bytes, content: bytes) -> bool:
    return len(secret) >= _LONG and secret[-_END:] in content


def _is_escaped(secret: bytes, content: bytes) -> bool:
    told = secret.decode("latin-1")
    forms = {quote(told, safe=""), quote_plus(told), quote(quote(told, safe="")), told.replace("/", "\\/")}
    return any(form.encode() in content for form in forms - {told})


def _is_base64(secret: bytes, content: bytes) -> bool:
    """At any of the three positions that it may have within a longer text."""
    if len(secret) < _SHORT:
        return base64.b64encode(secret) in content
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret)
        # The first characters hold bits of what stands before, the last ones of what follows.
        inner = encoded[(0, 2, 3)[shift] : len(encoded) // 4 * 4 - 4]
        if inner in content or inner.replace(b"+", b"-").replace(b"/", b"_") in content:
            return True
    return False


def _is_hex(secret: bytes, content: bytes) -> bool:
    return secret.hex().encode() in content or secret.hex().upper().encode() in content


_FORMS: dict[str, Callable[[bytes, bytes], bool]] = {
    "as it is": _is_plain,
    "its end": _is_cut,
    "escaped": _is_escaped,
    "base64": _is_base64,
    "hex": _is_hex,
}
