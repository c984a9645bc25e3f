"""Which adapter stands behind the ports of privacy; the shared ones come from ``wiring``."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from dentalist.domain.identity import Caller
from dentalist.runtime import wiring
from dentalist.storage.contact_files import SupabaseContactFiles
from dentalist.storage.conversations import SupabaseConversations
from dentalist.storage.idempotency import SupabaseIdempotency
from dentalist.storage.privacy import (
    SupabaseConsentLedger,
    SupabaseContactRecords,
    SupabaseMetaUsers,
    SupabaseSteering,
)


def authenticate(event: APIGatewayProxyEventV2, *, even_if_disabled: bool) -> Caller:
    """The verified person behind a request; ``even_if_disabled`` lets a professional without the feature pass."""
    return wiring.authenticator().caller(event, even_if_disabled=even_if_disabled)


def idempotency(professional_id: UUID) -> SupabaseIdempotency:
    """The answers that this professional's idempotency keys got."""
    return wiring.idempotency(professional_id)


def readable(caller: Caller) -> SupabaseConversations:
    """The conversations that the caller may read."""
    return wiring.user_conversations(caller)


def steering(professional_id: UUID) -> SupabaseSteering:
    """Who answers in the professional's conversations."""
    return SupabaseSteering(wiring.service_db(), professional_id)


def consent_ledger(professional_id: UUID) -> SupabaseConsentLedger:
    """What the professional's contacts agreed to."""
    return SupabaseConsentLedger(wiring.service_db(), professional_id)


def contact_records(professional_id: UUID) -> SupabaseContactRecords:
    """Everything that is stored about the professional's contacts."""
    return SupabaseContactRecords(wiring.service_db(), professional_id)


def contact_files(professional_id: UUID) -> SupabaseContactFiles:
    """The professional's files."""
    settings = wiring.settings()
    return SupabaseContactFiles(
        settings.supabase_url, settings.supabase_secret_key, professional_id, http=wiring.store_http()
    )


def meta_users() -> SupabaseMetaUsers:
    """People who linked accounts through Meta."""
    return SupabaseMetaUsers(wiring.service_db())


def meta_secrets() -> tuple[str, str]:
    """Either app may sign Meta's callbacks."""
    return wiring.settings().meta_app_secret, wiring.settings().instagram_app_secret


def public_url() -> str:
    """This API as it is reached from outside."""
    return wiring.settings().webhook_public_url
