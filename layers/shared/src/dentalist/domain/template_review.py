"""What became of a template at Meta, in words for the professional. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dentalist.domain.standard_templates import takes_our_values
from dentalist.domain.templates import APPROVED, Template

DELETED = "DELETED"
REJECTED = "REJECTED"
_NO_REASON = "NONE"
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "ABUSIVE_CONTENT": (
            "Meta consideró que el texto puede ser ofensivo o discriminatorio. Reescribilo y enviá una plantilla nueva."
        ),
        "INCORRECT_CATEGORY": (
            "La categoría no corresponde al texto. Enviá una plantilla nueva con la categoría que indica Meta."
        ),
        "INVALID_FORMAT": (
            "El formato no es válido: revisá que ninguna variable esté al principio o al final, que estén bien "
            "escritas y que haya texto suficiente alrededor."
        ),
        "PROMOTIONAL": (
            "Meta la consideró una promoción. Sacá ofertas y frases de venta, o enviala con la categoría Marketing."
        ),
        "SCAM": ("Meta consideró que podría ser un engaño. Decí quién escribe y para qué, y no pidas datos ni dinero."),
        "TAG_CONTENT_MISMATCH": (
            "El texto no corresponde a la categoría o al idioma que elegiste. Revisá los dos y enviá una plantilla "
            "nueva."
        ),
    }
)
# Meta has no fixed list; what is not here is told as it is.
_STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "PENDING": "Meta todavía la está revisando; suele tardar de unos minutos a 24 horas.",
        "IN_APPEAL": "Meta está revisando el reclamo por su rechazo.",
        "PAUSED": "Meta la pausó porque hubo quejas de quienes la recibieron; vuelve sola si mejora.",
        "DISABLED": "Meta la deshabilitó porque hubo muchas quejas; hay que enviar otra.",
        "LIMIT_EXCEEDED": "La cuenta llegó al máximo de plantillas de Meta; borrá alguna que no uses.",
        "ARCHIVED": "Está archivada en Meta.",
        "PENDING_DELETION": "Se está borrando en Meta.",
        DELETED: "Fue borrada en Meta.",
    }
)


class ReviewedTemplate(Template):
    """A template with Meta's reason, where it was rejected."""

    rejection_reason: str | None = None

    @property
    def is_standard(self) -> bool:
        """Whether it is one of the set that the product proposes, and not another under the same name."""
        return takes_our_values(
            self.name, self.language, parameter_format=self.parameter_format, components=self.components
        )

    @property
    def rejection_text(self) -> str | None:
        """Why Meta rejected it, for a person; None when it did not."""
        return rejection_text(self.rejection_reason) if self.status == REJECTED else None


def rejection_text(reason: str | None) -> str:
    """Meta's reason in words: one of its codes, or its own sentence as it wrote it."""
    named = _named(reason)
    if named is None:
        return "Meta la rechazó sin decir el motivo. Probá con otro texto, más claro y sin ofertas."
    return _REASONS.get(named.upper().replace(" ", "_")) or f"Meta dijo: «{named}»."


def status_text(status: str, reason: str | None = None) -> str | None:
    """Why a template of this status cannot be sent; None when it can."""
    if status == APPROVED:
        return None
    if status == REJECTED:
        told = rejection_text(reason)
        return told if _named(reason) is None else f"Meta la rechazó. {told}"
    return _STATUSES.get(status) or f"Está en estado {status} en Meta."


def _named(reason: str | None) -> str | None:
    return reason if reason and reason.upper() != _NO_REASON else None
