"""The one path of every message to a contact: claim, send, settle.

The row exists before anything leaves, so a crash at any point leaves a ``sending`` row. Its lease dies, it becomes
``unknown``, and a status or an echo reconciles it; it is never sent again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel_health import diagnose
from dentalist.domain.errors import DomainError, MetaFault, OutcomeUnknown, RateLimited, StoreUnavailable
from dentalist.domain.message import Claim, Draft, Message, MessageStatus
from dentalist.domain.sending_errors import AccessLost, MetaTransient, MetaUnreachable
from dentalist.services.ports import Channels, MediaLinks, SenderFor, SendGate, Settlement

_PASSING = (RateLimited, MetaTransient, MetaUnreachable, StoreUnavailable)
_SETTLE_PAUSES = (0.1, 0.5)
_BACKOFF_BASE = 4  # seconds to the power of the attempts so far: Meta's own advice for the limit of a pair

logger = logging.getLogger(__name__)


class Sending:
    """Everything a send needs, for one professional."""

    def __init__(
        self,
        *,
        gate: SendGate,
        sender_for: SenderFor,
        channels: Channels,
        links: MediaLinks,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the gate, the numbers to send by, the channels to mark and the links to files."""
        self._gate = gate
        self._sender_for = sender_for
        self._channels = channels
        self._links = links
        self._pause = pause

    def send(self, conversation_id: UUID, draft: Draft) -> Message:
        """Send one message, once.

        Returns:
            The message as ``sent``, or ``unknown`` (the answer was lost). An automatic one may also be ``sending``
            (throttled: its row waits for another attempt) or ``failed`` (throttled the fourth time). A request that
            sent it before, told by ``draft.request_key``, gets that message.

        Raises:
            Whatever the gate refuses with: nothing was stored (``SendGate.claim``).
            RateLimited, MetaTransient, MetaUnreachable, StoreUnavailable: nothing was sent; a person's message is kept
                as failed.
            ChannelDisconnected, ServiceWindowClosed, MetaError: refused by Meta, kept as failed.
            MediaNotFound: the file is not there; nothing was stored.
        """
        path = draft.content.storage_path
        link = self._links.link(path) if path else None
        claim = self._gate.claim(conversation_id, draft)
        if isinstance(claim, Message):
            return claim
        try:
            sender = self._sender_for(claim)
            wamid = sender.send(claim.recipient, draft.content.as_graph(link), reference=claim.message_id)
        except OutcomeUnknown:
            # Sending again could repeat the message. The status webhook carries our reference and settles it; Meta has
            # no idempotency key.
            return self._settled(claim, Settlement("unknown"), MessageStatus.UNKNOWN)
        except _PASSING as refusal:
            return self._not_now(claim, draft, refusal)
        except DomainError as refusal:
            self._settled(claim, Settlement("failed", error=_told(refusal)), MessageStatus.FAILED)
            self._mark_if_dead(claim, refusal)
            raise
        return self._settled(claim, Settlement("sent", external_id=wamid), MessageStatus.SENT)

    def _not_now(self, claim: Claim, draft: Draft, refusal: DomainError) -> Message:
        if not draft.is_automatic:
            self._settled(claim, Settlement("failed", error=_told(refusal)), MessageStatus.FAILED)
            raise refusal
        wait = timedelta(seconds=_BACKOFF_BASE**claim.attempt)
        if isinstance(refusal, RateLimited):
            wait = max(wait, refusal.retry_after)
        later = Settlement("throttled", error=_told(refusal), retry_at=datetime.now(UTC) + wait)
        return self._settled(claim, later, MessageStatus.SENDING)

    def _settled(self, claim: Claim, settlement: Settlement, status: MessageStatus) -> Message:
        """The settled message. Meta has decided already, so a store that is away for a moment changes nothing of it."""
        for pause in (*_SETTLE_PAUSES, None):
            try:
                return self._gate.settle(claim, settlement)
            except StoreUnavailable:
                if pause is None:
                    break
                self._pause(pause)
        logger.warning("send not settled", extra={"message_id": str(claim.message_id), "outcome": settlement.status})
        return Message(
            message_id=claim.message_id,
            conversation_id=claim.conversation_id,
            status=status,
            external_id=settlement.external_id,
        )

    def _mark_if_dead(self, claim: Claim, refusal: DomainError) -> None:
        """Stop the channel: the gate refuses what would be sent next, so no further message fails by itself."""
        if not isinstance(refusal, AccessLost):
            return
        channel = ChannelType.WHATSAPP if claim.phone_number_id else ChannelType.INSTAGRAM
        told = diagnose(refusal.reason, channel)
        try:
            self._channels.mark(
                claim.channel_id, told.status, told.cause.value, message=told.sentence, severity=told.severity
            )
        except StoreUnavailable:
            # The next send meets the same dead token and marks it then.
            logger.warning("dead channel not marked", extra={"channel_id": str(claim.channel_id)})


def _told(refusal: DomainError) -> dict[str, Any]:
    fault = getattr(refusal, "fault", None)
    if not isinstance(fault, MetaFault):
        return {"code": refusal.code, "message": refusal.detail}
    told = {"code": fault.code, "subcode": fault.subcode, "message": fault.message, "fbtrace_id": fault.fbtrace_id}
    return {key: value for key, value in told.items() if value is not None}
