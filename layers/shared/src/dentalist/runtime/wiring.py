"""Which adapter stands behind which port, made once per container. Nothing else knows the adapters.

Whatever acts for one professional takes the verified ``professional_id`` here and never again. ``user_…`` reads as the
signed-in person, under row level security; everything else writes with the secret key.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import httpx
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.identity import Caller
from dentalist.domain.message import Claim
from dentalist.outbound.meta.graph import GraphClient
from dentalist.outbound.meta.whatsapp import WhatsAppClient
from dentalist.runtime.identity import Authenticator
from dentalist.runtime.observability import correlation_id
from dentalist.runtime.settings import Settings
from dentalist.services.ports import MediaJob, SenderFor
from dentalist.services.sending import Sending
from dentalist.storage.agenda import SupabaseAgenda
from dentalist.storage.answers import SupabaseAnswers, SupabaseConsent, SupabaseHandover
from dentalist.storage.channels import SupabaseChannels
from dentalist.storage.conversations import SupabaseConversationOpener, SupabaseConversations
from dentalist.storage.database import Database
from dentalist.storage.idempotency import SupabaseIdempotency
from dentalist.storage.inbox import SupabaseInbox, SupabaseMediaRecords
from dentalist.storage.media import SupabaseMedia
from dentalist.storage.send_gate import SupabaseSendGate
from dentalist.storage.sweeps import SupabaseSweeps
from dentalist.storage.tasks import SupabaseTasks
from dentalist.storage.templates import SupabaseTemplates

if TYPE_CHECKING:
    from dentalist.outbound.aws.objects import LargeEvents
    from dentalist.outbound.aws.queues import Queue
    from dentalist.storage.credentials import Credentials

_STORE_TIMEOUT = httpx.Timeout(10, connect=3)


@cache
def settings() -> Settings:
    """The environment of this container."""
    return Settings()


# ---- the store


@cache
def store_http() -> httpx.Client:
    """The connections to the store."""
    # Retries concern opening a connection only; nothing that was sent is sent again.
    return httpx.Client(timeout=_STORE_TIMEOUT, transport=httpx.HTTPTransport(retries=1))


@cache
def service_db() -> Database:
    """The store with the secret key, which bypasses row level security."""
    return Database(settings().supabase_url, settings().supabase_secret_key, http=store_http())


def user_db(caller: Caller) -> Database:
    """The store as the signed-in person sees it."""
    return publishable_db().signed_in(caller.token)


@cache
def publishable_db() -> Database:
    """The store with the key of the browser; reads nothing without a person's token."""
    return Database(settings().supabase_url, settings().supabase_publishable_key, http=store_http())


@cache
def authenticator() -> Authenticator:
    """Who sends a request of the dashboard."""
    return Authenticator(
        supabase_url=settings().supabase_url, jwt_secret=settings().supabase_jwt_secret, db=publishable_db()
    )


def authenticate(event: APIGatewayProxyEventV2) -> Caller:
    """The verified person behind a request, and the professional for whom they act."""
    return authenticator().caller(event)


def idempotency(professional_id: UUID) -> SupabaseIdempotency:
    """The answers that this professional's idempotency keys got."""
    return SupabaseIdempotency(service_db(), professional_id)


def user_conversations(caller: Caller) -> SupabaseConversations:
    """The conversations that the caller may read."""
    return SupabaseConversations(user_db(caller), caller.professional_id)


def user_channels(caller: Caller) -> SupabaseChannels:
    """The channels that the caller may read."""
    return SupabaseChannels(user_db(caller), caller.professional_id)


def user_templates(caller: Caller) -> SupabaseTemplates:
    """The templates that the caller may read."""
    return SupabaseTemplates(user_db(caller), caller.professional_id)


def channels(professional_id: UUID) -> SupabaseChannels:
    """The professional's channels, to be written."""
    return SupabaseChannels(service_db(), professional_id)


def conversation_opener(professional_id: UUID) -> SupabaseConversationOpener:
    """Finds or begins the professional's conversations by number."""
    return SupabaseConversationOpener(service_db(), professional_id)


def media(professional_id: UUID) -> SupabaseMedia:
    """The professional's files."""
    return SupabaseMedia(settings().supabase_url, settings().supabase_secret_key, professional_id, http=store_http())


def inbox() -> SupabaseInbox:
    """Where events of any professional are stored."""
    return SupabaseInbox(service_db())


def media_records() -> SupabaseMediaRecords:
    """What became of the files of inbound messages."""
    return SupabaseMediaRecords(service_db())


def answers() -> SupabaseAnswers:
    """The leases on conversations that are owed an answer."""
    return SupabaseAnswers(service_db())


def handover(professional_id: UUID) -> SupabaseHandover:
    """Passing the professional's conversations between people and the assistant."""
    return SupabaseHandover(service_db(), professional_id)


def consent(professional_id: UUID) -> SupabaseConsent:
    """The ledger of what the professional's contacts agreed to."""
    return SupabaseConsent(service_db(), professional_id)


def tasks(professional_id: UUID) -> SupabaseTasks:
    """What the assistant asks of the professional's people."""
    return SupabaseTasks(service_db(), professional_id)


def agenda(professional_id: UUID) -> SupabaseAgenda:
    """The professional's appointments."""
    return SupabaseAgenda(service_db(), professional_id)


def sweeps() -> SupabaseSweeps:
    """What time does to the store."""
    return SupabaseSweeps(service_db())


# ---- WhatsApp


@cache
def graph() -> GraphClient:
    """Graph without a token yet."""
    return GraphClient(
        base_url=settings().whatsapp_api_base_url,
        version=settings().meta_graph_version,
        app_secret=settings().meta_app_secret,
        http=GraphClient.http_client(),
    )


@cache
def credentials() -> Credentials:
    """The decrypted secrets of channels, only ever in memory."""
    # cryptography and KMS only where something is encrypted
    from dentalist.outbound.aws.clients import aws_client  # noqa: PLC0415
    from dentalist.outbound.aws.keys import KeyService  # noqa: PLC0415
    from dentalist.storage.credentials import Credentials  # noqa: PLC0415

    keys = KeyService(settings().credentials_kms_key_id, kms=aws_client("kms", read_timeout=5, attempts=2))
    return Credentials(service_db(), keys)


def whatsapp(professional_id: UUID, credential_id: UUID, phone_number_id: str) -> WhatsAppClient:
    """One number of the professional. The credential is read now, so a disconnect acts at once.

    Raises:
        ChannelDisconnected: the credential holds no token any more.
        StoreUnavailable: the store or KMS cannot be reached.
    """
    token = credentials().access_token(professional_id, credential_id)
    return WhatsAppClient(graph().as_holder_of(token), phone_number_id)


def number_of(job: MediaJob) -> WhatsAppClient:
    """The number that a file was sent to.

    Raises:
        ChannelDisconnected, StoreUnavailable: as ``whatsapp``.
    """
    return whatsapp(job.professional_id, job.credential_id, job.phone_number_id)


def number_of_claim(claim: AnswerClaim) -> WhatsAppClient:
    """The number that a claimed conversation is held on.

    Raises:
        ChannelDisconnected, StoreUnavailable: as ``whatsapp``.
    """
    credential = claim.credential
    return whatsapp(claim.conversation.professional_id, UUID(credential["id"]), credential["phone_number_id"])


def sender_for(professional_id: UUID) -> SenderFor:
    """The number that a claimed message leaves by."""

    def sender(claim: Claim) -> WhatsAppClient:
        return whatsapp(professional_id, claim.credential_id, claim.phone_number_id)

    return sender


def sending(professional_id: UUID) -> Sending:
    """The one path of the professional's messages to contacts."""
    return Sending(
        gate=send_gate(professional_id),
        sender_for=sender_for(professional_id),
        channels=channels(professional_id),
        links=media(professional_id),
    )


def send_gate(professional_id: UUID) -> SupabaseSendGate:
    """The gate of the professional's messages."""
    return SupabaseSendGate(service_db(), professional_id, correlation_id=correlation_id())


# ---- queues


@cache
def _sqs() -> Any:
    from dentalist.outbound.aws.clients import aws_client  # noqa: PLC0415 - only workers talk to SQS

    return aws_client("sqs", read_timeout=5, attempts=2)


@cache
def _queue(url: str) -> Queue:
    from dentalist.outbound.aws.queues import Queue  # noqa: PLC0415

    return Queue(url, sqs=_sqs())


def replies_queue() -> Queue:
    """Conversations to answer."""
    return _queue(settings().replies_queue_url)


def media_queue() -> Queue:
    """Files to fetch."""
    return _queue(settings().media_queue_url)


def alerts_queue() -> Queue:
    """Wakes whoever sends the notices of critical alerts."""
    return _queue(settings().alerts_queue_url)


def inbound_queue() -> Queue:
    """Events as the webhook enqueued them."""
    return _queue(settings().inbound_queue_url)


class _DeadLetters(NamedTuple):
    letters: Queue
    origin: Queue

    def redrive(self, *, limit: int) -> int:
        """Put up to ``limit`` messages back where they came from; how many were."""
        return self.letters.redrive_to(self.origin, limit=limit).moved


def dead_letters() -> list[_DeadLetters]:
    """The dead-letter queues, each knowing where its messages came from."""
    environment = settings()
    return [
        _DeadLetters(_queue(environment.inbound_dead_letters_url), inbound_queue()),
        _DeadLetters(_queue(environment.replies_dead_letters_url), replies_queue()),
        _DeadLetters(_queue(environment.media_dead_letters_url), media_queue()),
        _DeadLetters(_queue(environment.alerts_dead_letters_url), alerts_queue()),
    ]


@cache
def large_events() -> LargeEvents:
    """Event bodies that were too large for the queue."""
    from dentalist.outbound.aws.clients import aws_client  # noqa: PLC0415 - only the inbox reads S3
    from dentalist.outbound.aws.objects import LargeEvents  # noqa: PLC0415

    return LargeEvents(settings().large_events_bucket, s3=aws_client("s3", read_timeout=5, attempts=2))
