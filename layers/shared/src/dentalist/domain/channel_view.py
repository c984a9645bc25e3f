"""A linked account as its people see it: its health, what it used up, and what works on it. No I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.channel_health import cause_of, diagnose
from dentalist.domain.standard_templates import StandardTemplate, takes_our_values
from dentalist.domain.template_review import DELETED, status_text
from dentalist.domain.templates import APPROVED

# From which percentage of the free messages of a month on a warning is how loud.
_WARNINGS = ((100, "critical"), (90, "warning"), (70, "info"))
_LIMITS = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1_000,
    "TIER_2K": 2_000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
}
_NOT_RENEWED = {
    "never_expires": "Este permiso no vence: no hace falta renovarlo.",
    "not_due": "Este permiso está al día: no hace falta renovarlo.",
    "too_young": "Este permiso es de hace menos de un día: recién mañana se puede renovar.",
    "not_extended": (
        "Este permiso no se alarga sin que inicies sesión: cuando esté por vencer te avisamos, y se renueva con «Volver"
        " a vincular»."
    ),
    "changed": "El canal se volvió a vincular mientras lo renovábamos: vale el permiso nuevo.",
    "provider_unreachable": "El proveedor de la cuenta no respondió. El permiso sigue como estaba; probá más tarde.",
}
_NO_NEW_ONE = "El proveedor no dio un permiso nuevo que funcione. El de ahora sigue como estaba."
_NOT_SUBMITTED = "Apagado: todavía no enviaste la plantilla a Meta. Podés hacerlo en Plantillas."
_NAME_TAKEN = (
    "Apagado: tu cuenta ya tiene en Meta otra plantilla que se llama «{name}», con otros datos. Borrala ahí y enviá la"
    " nuestra desde Plantillas."
)
_UNLIMITED = "TIER_UNLIMITED"
_QUALITIES = {"GREEN": "alta", "YELLOW": "media", "RED": "baja"}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Usage(_Model):
    """What a number sent this month, in the professional's own calendar.

    Source:
        https://developers.facebook.com/docs/whatsapp/pricing: service messages are free up to a number per month.
    """

    month: str
    service_messages: int
    free: int

    @property
    def percent(self) -> int:
        """How much of the free messages is used up; may pass 100."""
        return self.service_messages * 100 // self.free if self.free else 100

    @property
    def warning(self) -> str | None:
        """How loud a warning is due: info, warning, critical or none."""
        return next((level for percent, level in _WARNINGS if self.percent >= percent), None)


class TemplateState(_Model):
    """One template of a channel, as far as what depends on it needs to know."""

    name: str
    language: str
    status: str
    rejection_reason: str | None = None
    parameter_format: str = "POSITIONAL"
    components: list[dict[str, Any]] = []  # only where the variables have names

    @property
    def is_ours(self) -> bool:
        """Whether it takes the values of the standard template whose name it has."""
        return takes_our_values(
            self.name, self.language, parameter_format=self.parameter_format, components=self.components
        )


class Feature(NamedTuple):
    """Something that works only with an approved template; ``reason`` says why it is off."""

    name: str
    enabled: bool
    reason: str | None


class ChannelOverview(_Model):
    """Everything about one channel that is no secret."""

    id: UUID
    type: ChannelType
    status: ChannelStatus
    status_reason: str | None = None
    ai_enabled: bool
    ai_mode: str
    ai_persona: dict[str, Any] = {}
    ai_provider: str | None = None
    ai_model: str | None = None
    has_own_key: bool = False
    settings: dict[str, Any] = {}
    display_name: str | None = None
    display_phone_number: str | None = None
    phone_number_id: str | None = None
    external_business_id: str | None = None
    quality_rating: str | None = None
    messaging_limit: str | None = None
    throughput_per_second: int | None = None
    on_phone_app: bool = False
    token_kind: str | None = None
    token_expires_at: datetime | None = None
    data_access_expires_at: datetime | None = None
    token_checked_at: datetime | None = None
    scopes: list[str] | None = None
    payment_problem_at: datetime | None = None
    tested_at: datetime | None = None
    linked_at: datetime | None = None
    usage: Usage | None = None
    templates: list[TemplateState] = []

    @property
    def model_notice(self) -> str | None:
        """Why the chosen model does not answer, for the owner; None when it does, or none was chosen."""
        if self.ai_provider in (None, "rules", "ollama") or self.has_own_key:
            return None
        return "El proveedor elegido no tiene clave: hasta que cargues una contesta el asistente sin modelo."

    @property
    def daily_contacts(self) -> int | None:
        """How many people may be written to first within 24 hours; None when unlimited or not known."""
        return _LIMITS.get((self.messaging_limit or "").upper())

    @property
    def is_unlimited(self) -> bool:
        """Whether Meta sets no limit to whom may be written to first."""
        return (self.messaging_limit or "").upper() == _UNLIMITED

    @property
    def quality_text(self) -> str | None:
        """The quality rating in a word; None while Meta has none."""
        return _QUALITIES.get((self.quality_rating or "").upper())

    @property
    def features(self) -> list[Feature]:
        """What depends on approved templates, on a WhatsApp number."""
        if self.type is not ChannelType.WHATSAPP:
            return []
        return [self._feature(name, template) for name, template in _FEATURES]

    def _feature(self, name: str, template: StandardTemplate) -> Feature:
        reason = self._why_off(template)
        return Feature(name, reason is None, reason)

    def _why_off(self, template: StandardTemplate) -> str | None:
        if self.status is not ChannelStatus.CONNECTED:
            return "Apagado: el número no está conectado."
        named = [state for state in self.templates if state.name == template and state.status != DELETED]
        known = [state for state in named if state.is_ours]
        if any(state.status == APPROVED for state in known):
            return None
        if not known:
            return _NAME_TAKEN.format(name=template.value) if named else _NOT_SUBMITTED
        return f"Apagado hasta que Meta apruebe la plantilla. {status_text(known[0].status, known[0].rejection_reason)}"


_FEATURES = (
    ("appointment_reminders", StandardTemplate.REMINDER),
    ("appointment_confirmations", StandardTemplate.CONFIRMATION),
    ("reschedules", StandardTemplate.RESCHEDULE),
    ("reopening", StandardTemplate.REOPENING),
    ("urgent_notice", StandardTemplate.URGENT_NOTICE),
)


def refresh_sentence(reason: str | None, channel: ChannelType) -> str:
    """What became of renewing a channel's token, for the professional; no reason means that it was renewed."""
    if reason is None:
        return "El permiso se renovó."
    if (cause := cause_of(reason)) is not None:
        return diagnose(cause, channel).sentence
    return _NOT_RENEWED.get(reason, _NO_NEW_ONE)
