"""The adapters of the clinic's profile, its team and its alerts; made as in ``wiring``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from dentalist.domain.identity import Caller
from dentalist.runtime.wiring import service_db, settings, store_http, user_db
from dentalist.storage.alerts import SupabaseAlerts
from dentalist.storage.clinics import SupabaseClinics
from dentalist.storage.team import SupabaseTeam

if TYPE_CHECKING:
    from dentalist.outbound.supabase_auth import SupabaseAuthAdmin


def user_clinics(caller: Caller) -> SupabaseClinics:
    """The professional's row as the caller may read it."""
    return SupabaseClinics(user_db(caller), caller.professional_id)


def clinics(professional_id: UUID) -> SupabaseClinics:
    """The professional's row, to be written."""
    return SupabaseClinics(service_db(), professional_id)


def team(professional_id: UUID) -> SupabaseTeam:
    """Who works for the professional."""
    return SupabaseTeam(service_db(), professional_id)


def invitations() -> SupabaseAuthAdmin:
    """Accounts for people who have none yet."""
    # Only an invitation needs Supabase Auth's client, which is slow to load.
    from dentalist.outbound.supabase_auth import SupabaseAuthAdmin  # noqa: PLC0415

    return SupabaseAuthAdmin(settings().supabase_url, settings().supabase_secret_key, http=store_http())


def alerts(professional_id: UUID) -> SupabaseAlerts:
    """What the professional's people are told."""
    return SupabaseAlerts(service_db(), professional_id)
