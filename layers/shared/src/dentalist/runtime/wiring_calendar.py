"""Which adapter stands behind the calendars beside the agenda. See ``wiring.py``.

agenda = wiring_calendar.agenda(professional_id)            # offers and books with every linked calendar in mind
wiring_calendar.write_event(professional_id, appointment_id)  # after a booking, a move or a cancellation
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from dentalist.domain.accounts import ChannelType, LinkedAccount
from dentalist.domain.agenda import HORIZON
from dentalist.domain.calendars import LinkedCalendars
from dentalist.domain.errors import DomainError
from dentalist.domain.linking_errors import ProviderUnreachable
from dentalist.outbound.meta.graph import GraphClient
from dentalist.runtime import wiring, wiring_accounts
from dentalist.runtime.settings import SettingMissing
from dentalist.services.accounts.calendar_access import RenewingAccess, note_refusal
from dentalist.services.answering.linked_agenda import LinkedAgenda, LinkedCalendar
from dentalist.services.ports_calendar import SyncDesk
from dentalist.services.sync_calendar import write_event as write_one_event

if TYPE_CHECKING:
    from dentalist.outbound.feeds.fetch import FeedClient
    from dentalist.outbound.google.calendar import GoogleCalendarClient
    from dentalist.outbound.google.login import GoogleLoginClient
    from dentalist.storage.calendars import SupabaseCalendars, SupabaseSyncTurns

logger = logging.getLogger(__name__)


def agenda(professional_id: UUID) -> LinkedAgenda:
    """The professional's agenda together with their linked calendars, which are looked up at every question."""
    return LinkedAgenda(wiring.agenda(professional_id), lambda: _linked(professional_id))


def write_event(professional_id: UUID, appointment_id: UUID) -> bool:
    """Bring the event of one appointment up to date where a Google calendar is linked; whether it was written.

    Never raises: what does not work now is done by the function ``calendar_sync``, a few minutes later.
    """
    try:
        found = calendars(professional_id).find()
        return write_one_event(appointment_id, calendars=found, desk_for=sync_desk)
    except DomainError as exc:
        logger.info("event left to the next turn", extra={"error_code": exc.code})
        return False


def calendars(professional_id: UUID) -> SupabaseCalendars:
    """Which calendars the professional has, and where their feed is."""
    from dentalist.storage.calendars import SupabaseCalendars  # noqa: PLC0415 - cryptography only where it is used

    return SupabaseCalendars(wiring.service_db(), professional_id, wiring.credentials().vault)


def feed_host(professional_id: UUID) -> str | None:
    """Where the professional's feed comes from; asks for no key.

    Raises:
        StoreUnavailable: the store cannot be reached.
    """
    from dentalist.storage.calendars import SupabaseFeedHost  # noqa: PLC0415 - see calendars

    return SupabaseFeedHost(wiring.service_db(), professional_id).find()


def sync_turns() -> SupabaseSyncTurns:
    """Whose calendar is read next, of all professionals."""
    from dentalist.storage.calendars import SupabaseSyncTurns  # noqa: PLC0415 - see calendars

    return SupabaseSyncTurns(wiring.service_db())


def sync_desk(account: LinkedAccount) -> SyncDesk:
    """What a turn at one linked Google calendar needs."""
    from dentalist.storage.calendars import SupabaseEventBook  # noqa: PLC0415 - see calendars

    return SyncDesk(
        calendar=google_calendar(account),
        events=SupabaseEventBook(wiring.service_db(), account.professional_id),
        accounts=wiring_accounts.accounts(account.professional_id),
    )


def google_calendar(account: LinkedAccount) -> GoogleCalendarClient:
    """The calendar of a linked account; nothing is asked yet.

    Raises:
        ProviderUnreachable: this stage has no client at Google.
    """
    from dentalist.outbound.google.calendar import GoogleCalendarClient  # noqa: PLC0415 - most containers never meet Google

    try:
        base_url, login = wiring.settings().google_api_base_url, _login()
    except SettingMissing as exc:
        logger.exception("a google calendar is linked, and google is not set up")
        raise ProviderUnreachable from exc
    access = RenewingAccess(account, accounts=wiring_accounts.accounts(account.professional_id), login=login)
    calendar_id = account.external_business_id or "primary"
    return GoogleCalendarClient(api_base_url=base_url, access=access, http=_http(), calendar_id=calendar_id)


def prove_feed(url: str) -> None:
    """Read a feed once, as it will be read.

    Raises:
        FeedUnreadable: it cannot be fetched, or not be understood.
    """
    from dentalist.outbound.feeds.feed import FeedCalendar  # noqa: PLC0415 - see feed_client

    now = datetime.now(UTC)
    FeedCalendar(url, timezone=ZoneInfo("UTC"), client=feed_client()).busy(now, now + HORIZON)


@cache
def feed_client() -> FeedClient:
    """Fetches read-only feeds, from public hosts only."""
    from dentalist.outbound.feeds.fetch import FeedClient  # noqa: PLC0415 - only where there is a feed

    return FeedClient()


def _linked(professional_id: UUID) -> Sequence[LinkedCalendar]:
    found = calendars(professional_id).find()
    return [*_google(found), *_feed(found)]


def _google(found: LinkedCalendars) -> list[LinkedCalendar]:
    account = found.google
    if account is None:
        return []
    accounts = wiring_accounts.accounts(account.professional_id)
    return [
        LinkedCalendar(
            ChannelType.GOOGLE_CALENDAR.value,
            google_calendar(account),
            refused=lambda error: note_refusal(error, account, accounts),
        )
    ]


def _feed(found: LinkedCalendars) -> list[LinkedCalendar]:
    if found.feed_url is None:
        return []
    from dentalist.outbound.feeds.feed import FeedCalendar  # noqa: PLC0415 - see feed_client

    feed = FeedCalendar(found.feed_url, timezone=ZoneInfo(found.timezone), client=feed_client())
    return [LinkedCalendar("feed", feed)]


@cache
def _login() -> GoogleLoginClient:
    # A patient waits for the answer: tried once, and again at the next question.
    from dentalist.outbound.google.login import GoogleLoginClient  # noqa: PLC0415 - see google_calendar

    settings = wiring.settings()
    return GoogleLoginClient(
        api_base_url=settings.google_api_base_url,
        oauth_base_url=settings.google_oauth_base_url,
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret,
        http=_http(),
        attempts=1,
    )


@cache
def _http() -> httpx.Client:
    # Short waits, and no redirect that would carry a token to another host.
    return GraphClient.http_client()
