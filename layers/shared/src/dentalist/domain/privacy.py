"""Whose data is asked for or to be forgotten, and what a clinic may tell about it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

# Sources of a consent that no person records by hand: what Meta, the chat, the host application or we ourselves report.
MACHINE_SOURCES = frozenset(
    {"chat", "erasure", "host_app", "meta_131050", "phone_reassigned", "suppression", "user_preferences"}
)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class MetaUserRequest(NamedTuple):
    """What Meta's callbacks say, verified: the person's id for our app, and when they asked."""

    user_id: str
    issued_at: datetime

    def __repr__(self) -> str:
        return f"MetaUserRequest({self.issued_at})"


class DataDeletion(_Model):
    """A person's request, made at Meta, to delete what we hold of theirs."""

    confirmation_code: str
    status: str
    requested_at: datetime
    completed_at: datetime | None = None
    accounts: int = 0


class ConsentNow(_Model):
    """What a contact may be written to for, once a decision is in the ledger."""

    care: bool
    marketing: bool


class ErasureStatus(StrEnum):
    """How far an erasure is."""

    PENDING_MEDIA = "pending_media"  # every row is gone, some files are not
    COMPLETED = "completed"


class Receipt(_Model):
    """How many things of each kind went, and how many stayed."""

    erased: dict[str, int]
    kept: dict[str, int]


class Erasure(_Model):
    """A contact who was erased; ``pending_paths`` are files that are still to be deleted."""

    request_id: UUID
    status: ErasureStatus
    receipt: Receipt
    pending_paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """Something that an erasure leaves, and why; ``until`` where a law names the day."""

    what: str
    count: int
    why: str
    until: datetime | None = None


# How long a clinical record is kept is the law of each country, and counts from the last visit, which may yet come.
_WHY = {
    "patients": (
        "La ficha del paciente es parte de su historia clínica: la ley obliga a la clínica a conservarla (en "
        "Argentina, diez años desde la última atención)."
    ),
    "appointments": "Los turnos, pasados y futuros, son registros clínicos y contables de la clínica.",
    "consent": "La prueba de lo que el paciente aceptó o retiró acompaña a su ficha, sin su número ni sus palabras.",
    "audit": "El registro de auditoría no se puede cambiar: guarda identificadores, no nombres, teléfonos ni textos.",
    "suppressions": (
        "Una huella cifrada de su número o usuario, de la que no se puede volver a él: sirve para no mandarle "
        "publicidad si vuelve a escribir."
    ),
    "other_conversations": (
        "Hay conversaciones de otra persona sobre el mismo paciente. Si también hay que borrarlas, pedilo en cada una."
    ),
}


def explain_kept(kept: Mapping[str, int]) -> list[Kept]:
    """What stayed of each kind, in words for the professional; what there was none of is left out."""
    return [Kept(what, kept[what], why) for what, why in _WHY.items() if kept.get(what)]


class ContactExport(NamedTuple):
    """Everything that is kept of a contact: itself, or a link to the file that holds it."""

    document: Mapping[str, Any] | None = None
    download_url: str | None = None
    expires_in: int | None = None

    def __repr__(self) -> str:
        return f"ContactExport({'document' if self.download_url is None else 'file'})"
