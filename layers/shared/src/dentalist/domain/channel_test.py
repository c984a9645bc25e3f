"""The self-test of a channel: the links of its chain, and how each is told. No I/O."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel_health import Cause


class Link(StrEnum):
    """What must hold for a channel to work, in the order in which it is looked at."""

    TOKEN = "token"  # noqa: S105 - a link
    SCOPES = "scopes"
    NUMBER = "number"
    ACCOUNT = "account"
    CALENDAR = "calendar"
    WEBHOOK = "webhook"
    TEST_EVENT = "test_event"


CHAINS = {
    ChannelType.WHATSAPP: (Link.TOKEN, Link.SCOPES, Link.NUMBER, Link.WEBHOOK),
    ChannelType.INSTAGRAM: (Link.TOKEN, Link.SCOPES, Link.ACCOUNT, Link.WEBHOOK),
    ChannelType.GOOGLE_CALENDAR: (Link.TOKEN, Link.SCOPES, Link.CALENDAR),
}


class Check(NamedTuple):
    """One link as the professional reads it; ``code`` is ``ok``, a cause, or why there is no verdict."""

    name: str
    ok: bool
    code: str
    message: str


class ChannelTest(NamedTuple):
    """The whole chain; ``cause`` names the first broken link where the account is at fault."""

    ok: bool
    cause: Cause | None
    detail: str
    checks: list[Check]


NOT_RUN = "not_run"
UNREACHABLE = "provider_unreachable"
EVENT_MISSING = "test_event_missing"

IN_ORDER = "Todo en orden: el canal funciona de punta a punta."
UNREACHABLE_DETAIL = (
    "El proveedor de la cuenta no respondió, así que no se pudo terminar la prueba. Probá de nuevo en unos minutos."
)
EVENT_MISSING_DETAIL = (
    "La cuenta está bien, pero un aviso de prueba no llegó hasta nosotros: el problema es de nuestro lado y no tenés"
    " que hacer nada en Meta. Probá de nuevo en unos minutos y, si sigue igual, avisanos."
)
_PASSED = {
    Link.TOKEN: "El permiso está vigente.",
    Link.SCOPES: "Están todos los permisos.",
    Link.NUMBER: "El número está registrado y habilitado.",
    Link.ACCOUNT: "La cuenta responde.",
    Link.CALENDAR: "El calendario se puede leer.",
    Link.WEBHOOK: "Meta nos avisa de lo que llega.",
    Link.TEST_EVENT: "Un aviso de prueba llegó hasta nosotros.",
}


def passed(link: Link) -> Check:
    """The link holds."""
    return Check(link.value, ok=True, code="ok", message=_PASSED[link])


def broken(link: Link, cause: Cause, sentence: str) -> Check:
    """The link is broken, and the professional can do something about it."""
    return Check(link.value, ok=False, code=cause.value, message=sentence)


def no_verdict(link: Link, code: str) -> Check:
    """Nothing can be said about the link: it was not reached, its provider is silent, or our own side failed."""
    return Check(link.value, ok=False, code=code, message=_NO_VERDICT[code])


_NO_VERDICT = {
    NOT_RUN: "No se probó: antes hay que resolver lo anterior.",
    UNREACHABLE: "El proveedor no respondió.",
    EVENT_MISSING: "El aviso de prueba no llegó.",
}
