"""A critical alert on its way out of the product: to whom, by which medium, and in which words. No I/O.

Whoever looks at the lock screen of a phone, or over a shoulder at a mailbox, learns nothing about a patient: of an
alert about a conversation only its kind leaves, in sentences that stand here. Of an alert about an account, whose texts
are ours and never hold more than the clinic's own number, the text itself does.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from html import escape
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, field_validator

from dentalist.domain.alerts import Alert
from dentalist.domain.phones import canonical_phone
from dentalist.domain.standard_templates import language_of
from dentalist.domain.template_review import ReviewedTemplate
from dentalist.domain.wording.times import clock, long_date

TEST_ALERT = "test_alert"
_ABOUT_ACCOUNTS = frozenset({"channel", "professional"})
# Whoever holds the phone may be the dentist, a partner or the reception.
_READERS = "equipo"
# Subject and sentence by kind, of those that are critical: other hand-overs than complaints are not.
_SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "emergency": (
            "Urgencia: un paciente necesita que le respondas",
            "Un paciente describió una posible urgencia. Abrí la conversación y respondele lo antes posible.",
        ),
        "handoff": (
            "Reclamo: un paciente espera que le respondas",
            "Un paciente hizo un reclamo. Abrí la conversación y respondele lo antes posible.",
        ),
        "handoff_waiting": (
            "Urgencia: un paciente sigue esperando",
            "Un paciente que describió una posible urgencia sigue esperando que le respondas.",
        ),
    }
)
_ANYTHING_ELSE = (
    "Un asunto necesita a una persona",
    "Hay un asunto de un paciente que necesita a una persona lo antes posible.",
)
_ANY_ACCOUNT = "Aviso urgente sobre tu cuenta"
_TEST_SUBJECT = "Aviso de prueba"


class Medium(StrEnum):
    """How a notice leaves."""

    EMAIL = "email"
    WHATSAPP = "whatsapp"


class Obstacle(StrEnum):
    """Why there is no way to the alert phone; the reason that is kept with a notice that was skipped."""

    NO_ALERT_PHONE = "no_alert_phone"
    NO_NUMBER = "no_number"
    NO_TEMPLATE = "no_template"
    OWN_NUMBER = "alert_phone_is_own_number"


_OBSTACLES: Mapping[Obstacle, str] = MappingProxyType(
    {
        Obstacle.NO_ALERT_PHONE: "no hay un teléfono de avisos. Cargalo en Clínica",
        Obstacle.NO_NUMBER: "ningún número de WhatsApp está vinculado y funcionando. Revisalo en Canales",
        Obstacle.NO_TEMPLATE: "Meta todavía no aprobó la plantilla «urgent_notice». Enviala o revisala en Plantillas",
        Obstacle.OWN_NUMBER: "el teléfono de avisos es un número que atiende el asistente. Cargá otro en Clínica",
    }
)


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class NoticeNumber(_Told):
    """A connected number of the professional, with the notice's template in every language that Meta has approved."""

    channel_id: UUID
    credential_id: UUID
    phone_number_id: str
    display_phone_number: str | None
    templates: list[ReviewedTemplate]

    @field_validator("templates", mode="before")
    @classmethod
    def _of_known_shape(cls, templates: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Meta made them: one that is not as templates are must not cost the mail."""
        return [told for told in templates if all(isinstance(part, Mapping) for part in told["components"])]

    def template_for(self, country: str | None) -> ReviewedTemplate | None:
        """The approved template that takes our values, in the language of the country where there is one."""
        usable = [template for template in self.templates if template.is_standard]
        in_language = (template for template in usable if template.language == language_of(country))
        return next(in_language, usable[0] if usable else None)


class NoticeReader(_Told):
    """The professional who is told."""

    id: UUID
    name: str
    email: str
    alert_phone: str | None
    timezone: str
    country: str | None


class Notice(_Told):
    """One notice to send now, under a lease."""

    delivery_id: UUID
    lease_id: UUID
    medium: Medium
    attempts: int
    is_last: bool
    alert: Alert
    professional: NoticeReader
    numbers: list[NoticeNumber]

    @property
    def usable_numbers(self) -> list[NoticeNumber]:
        """Those it may leave by over WhatsApp, the best first."""
        if self._calls_itself:
            return []
        return [number for number in self.numbers if number.template_for(self.professional.country)]

    @property
    def obstacle(self) -> Obstacle | None:
        """Why it cannot leave over WhatsApp at all, if so."""
        if not self.professional.alert_phone:
            return Obstacle.NO_ALERT_PHONE
        if not self.numbers:
            return Obstacle.NO_NUMBER
        if self._calls_itself:
            return Obstacle.OWN_NUMBER
        return None if self.usable_numbers else Obstacle.NO_TEMPLATE

    @property
    def _calls_itself(self) -> bool:
        """The alert phone is a number of the clinic's: not this one nor another of its numbers writes to it, or the
        assistant there would take the notice for a patient's words, perhaps for another emergency."""
        phone = canonical_phone(self.professional.alert_phone or "")
        return any(canonical_phone(number.display_phone_number or "") == phone for number in self.numbers)

    @property
    def when(self) -> tuple[str, str]:
        """Day and time of the alert, by the professional's clock."""
        zone, at = ZoneInfo(self.professional.timezone), self.alert.created_at
        return long_date(at, zone), clock(at, zone)


class Mail(NamedTuple):
    """One mail to one address."""

    to: str
    subject: str
    text: str
    html: str

    def __repr__(self) -> str:
        return "Mail(…)"


def template_values(notice: Notice) -> dict[str, str]:
    """What the variables of ``urgent_notice`` say."""
    day, time = notice.when
    return {"name": _READERS, "clinic": notice.professional.name, "date": day, "time": time}


def mail_of(notice: Notice, *, dashboard_url: str) -> Mail:
    """The mail of a notice, with the way to acknowledge the alert.

    Args:
        notice: which.
        dashboard_url: where the dashboard begins.
    """
    subject, sentence = _words_of(notice.alert)
    day, time = notice.when
    link = f"{dashboard_url.rstrip('/')}/alertas?id={notice.alert.id}"
    after = "Este es el último aviso." if notice.is_last else "Te volvemos a avisar hasta que alguien lo marque."
    facts = [sentence, f"Pasó el {day} a las {time}.", *_hint(notice)]
    paragraphs = [f"Hola, {notice.professional.name}:", *facts]
    text = "\n\n".join([*paragraphs, f"Abrilo y marcalo como visto: {link}", after])
    return Mail(notice.professional.email, f"{subject} · Dentalist", text, _html(paragraphs, link, after))


def _words_of(alert: Alert) -> tuple[str, str]:
    if alert.kind == TEST_ALERT:
        return _TEST_SUBJECT, alert.message
    if alert.entity_type in _ABOUT_ACCOUNTS:
        return _ANY_ACCOUNT, alert.message
    return _SENTENCES.get(alert.kind, _ANYTHING_ELSE)


def _hint(notice: Notice) -> list[str]:
    """Who reads this mail would like the WhatsApp message too."""
    obstacle = notice.obstacle
    return [f"Por WhatsApp no te pudimos avisar: {_OBSTACLES[obstacle]}."] if obstacle else []


def _html(paragraphs: list[str], link: str, after: str) -> str:
    # Styles within the elements: mail programs drop everything else.
    body = "".join(f'<p style="margin:0 0 14px">{escape(paragraph)}</p>' for paragraph in paragraphs)
    button = (
        "display:inline-block;padding:12px 20px;background:#b42318;color:#fff;border-radius:8px;text-decoration:none"
    )
    return (
        '<div style="font:16px/1.5 system-ui,sans-serif;color:#1d2939;max-width:520px;margin:0 auto;padding:24px">'
        f'{body}<p style="margin:24px 0"><a href="{escape(link)}" style="{button}">Abrir y marcar como visto</a></p>'
        f'<p style="margin:0;color:#667085;font-size:14px">{escape(after)}</p></div>'
    )
