"""Notices of critical alerts and the ways out of the product, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.message import Recipient
from dentalist.domain.notices import Mail, Notice, NoticeNumber
from dentalist.domain.standard_templates import StandardTemplate, standard_template
from dentalist.services.ports_alerts import NoticeDesk, NoticeOutcome

ALERT_PHONE = "+5491150320098"
EMAIL = "ana.ferreyra@example.com"
AT = datetime(2026, 11, 26, 21, 5, tzinfo=UTC)  # Thursday 18:05 in Buenos Aires
DASHBOARD = "https://panel.example.com/"


def make_template(channel_id: UUID | str, language: str = "es_AR", **overrides: Any) -> dict[str, Any]:
    """``urgent_notice`` as Meta approved it."""
    template = standard_template(StandardTemplate.URGENT_NOTICE, language)
    return {"id": str(uuid4()), "channel_id": str(channel_id), **template, "status": "APPROVED", **overrides}


def make_number(*languages: str, **overrides: Any) -> dict[str, Any]:
    """A connected number with the template in these languages, by default es_AR."""
    channel_id = str(uuid4())
    return {
        "channel_id": channel_id,
        "credential_id": str(uuid4()),
        "phone_number_id": str(uuid4().int)[:15],
        "display_phone_number": "+5491150320001",
        "templates": [make_template(channel_id, language) for language in languages or ("es_AR",)],
        **overrides,
    }


def make_notice(medium: str = "whatsapp", **overrides: Any) -> Notice:
    """A notice of an emergency, for a professional with one number that works.

    ``kind``, ``message`` and ``entity_type`` are the alert's; ``alert_phone``, ``email``, ``country`` and ``timezone``
    the professional's.
    """
    alert = {
        "id": str(uuid4()),
        "kind": overrides.pop("kind", "emergency"),
        "severity": "critical",
        "message": overrides.pop("message", "Un paciente describió una posible urgencia."),
        "entity_type": overrides.pop("entity_type", "conversation"),
        "entity_id": str(uuid4()),
        "created_at": AT.isoformat(),
        "acknowledged_at": None,
        "acknowledged_by": None,
    }
    professional = {
        "id": str(uuid4()),
        "name": "Consultorio Dra. Ana Ferreyra",
        "email": overrides.pop("email", EMAIL),
        "alert_phone": overrides.pop("alert_phone", ALERT_PHONE),
        "timezone": overrides.pop("timezone", "America/Argentina/Buenos_Aires"),
        "country": overrides.pop("country", "AR"),
    }
    defaults = {
        "delivery_id": str(uuid4()),
        "lease_id": str(uuid4()),
        "medium": medium,
        "attempts": 1,
        "is_last": False,
        "alert": alert,
        "professional": professional,
        "numbers": [make_number()],
    }
    return Notice.model_validate({**defaults, **overrides})


@dataclass
class FakeNotices:
    """Notices that are due, handed out once."""

    due: list[Notice] = field(default_factory=list)
    settled: dict[UUID, NoticeOutcome] = field(default_factory=dict)
    lost: set[UUID] = field(default_factory=set)
    failures: dict[UUID, Exception] = field(default_factory=dict)
    failure: Exception | None = None
    claims: int = 0

    def claim(self, *, limit: int, lease_seconds: int) -> list[Notice]:
        self.claims += 1
        assert lease_seconds > 60, "a lease that ends while the function still runs"
        if self.failure is not None:
            raise self.failure
        claimed, self.due = self.due[:limit], self.due[limit:]
        return claimed

    def settle(self, notice: Notice, outcome: NoticeOutcome) -> str | None:
        if notice.delivery_id in self.failures:
            raise self.failures[notice.delivery_id]
        if notice.delivery_id in self.lost:
            return None
        self.settled[notice.delivery_id] = outcome
        return outcome.status


@dataclass
class FakeMailer:
    """Sends everything, unless told what to say of an address."""

    refusals: dict[str, Exception] = field(default_factory=dict)
    sent: list[Mail] = field(default_factory=list)

    def send(self, mail: Mail) -> str:
        if mail.to in self.refusals:
            raise self.refusals[mail.to]
        self.sent.append(mail)
        return f"ses-{len(self.sent)}"


@dataclass
class FakeNumbers:
    """The professionals' numbers; what a number says is told by its id, else it sends."""

    refusals: dict[str, Exception] = field(default_factory=dict)
    unopened: dict[str, Exception] = field(default_factory=dict)
    before: Callable[[str], None] = lambda _: None
    sent: list[tuple[str, Recipient, Mapping[str, Any], UUID]] = field(default_factory=list)

    def number_for(self, professional_id: UUID, number: NoticeNumber) -> FakeNumber:
        assert professional_id
        if number.phone_number_id in self.unopened:
            raise self.unopened[number.phone_number_id]
        return FakeNumber(self, number.phone_number_id)

    @property
    def asked(self) -> list[str]:
        return [phone_number_id for phone_number_id, *_ in self.sent]


@dataclass
class FakeNumber:
    """One of them."""

    numbers: FakeNumbers
    phone_number_id: str

    def send(self, recipient: Recipient, body: Mapping[str, Any], *, reference: UUID) -> str:
        self.numbers.before(self.phone_number_id)
        self.numbers.sent.append((self.phone_number_id, recipient, body, reference))
        if self.phone_number_id in self.numbers.refusals:
            raise self.numbers.refusals[self.phone_number_id]
        return f"wamid.{self.phone_number_id}"


class AlertWorld:
    """What is due, and the ways out."""

    def __init__(self) -> None:
        self.notices = FakeNotices()
        self.mailer: FakeMailer | None = FakeMailer()
        self.numbers = FakeNumbers()

    @property
    def desk(self) -> NoticeDesk:
        return NoticeDesk(mailer=self.mailer, number_for=self.numbers.number_for, dashboard_url=DASHBOARD)

    def outcome_of(self, notice: Notice) -> NoticeOutcome:
        return self.notices.settled[notice.delivery_id]
