"""Which adapter stands behind critical alerts that leave the product. See ``wiring.py``.

notify_alerts(wiring_alerts.notices(), desk=wiring_alerts.desk(), budget=…)
Desk(…, alerted=wiring_alerts.ring)  # a critical alert was just raised
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.notices import NoticeNumber
from dentalist.runtime import wiring
from dentalist.runtime.observability import correlation_id
from dentalist.runtime.settings import SettingMissing
from dentalist.services.ports_alerts import Mailer, NoticeDesk
from dentalist.storage.alert_notices import SupabaseNotices

if TYPE_CHECKING:
    from dentalist.outbound.meta.whatsapp import WhatsAppClient

logger = logging.getLogger(__name__)


def notices() -> SupabaseNotices:
    """The notices of all professionals."""
    return SupabaseNotices(wiring.service_db())


def desk() -> NoticeDesk:
    """The ways out of the product."""
    wiring.credentials()  # made before threads share it
    return NoticeDesk(mailer=mailer(), number_for=number_for, dashboard_url=wiring.settings().dashboard_public_url)


@cache
def mailer() -> Mailer | None:
    """Amazon SES; None where no address to send from is set."""
    address = wiring.settings().mail_from_address
    if address is None:
        return None
    from dentalist.outbound.aws.clients import aws_client  # noqa: PLC0415 - only one function sends mails
    from dentalist.outbound.aws.mail import SesMailer  # noqa: PLC0415

    return SesMailer(address, ses=aws_client("sesv2", read_timeout=10, attempts=2))


def number_for(professional_id: UUID, number: NoticeNumber) -> WhatsAppClient:
    """A number that a notice leaves by.

    Raises:
        ChannelDisconnected, StoreUnavailable: as ``wiring.whatsapp``.
    """
    return wiring.whatsapp(professional_id, number.credential_id, number.phone_number_id)


def ring() -> None:
    """A critical alert was just raised: have it told at once.

    Never raises: what is not told now is told a minute later, when the sweeper finds it.
    """
    try:
        wiring.alerts_queue().send_bell(correlation_id=correlation_id())
    except (StoreUnavailable, SettingMissing) as exc:
        logger.warning("alert left to the next sweep", extra={"error": type(exc).__name__})
