"""The send gate: ``gate_claim`` and ``settle_send``, for the messages of one professional."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from dentalist.domain import errors, sending_errors
from dentalist.domain.message import Claim, Draft, Message, MessageStatus, Recipient
from dentalist.domain.patient_errors import PhoneUnverified
from dentalist.services.ports import Settlement
from dentalist.storage.database import Database

# Longer than sending can take (outbound.meta.graph.SLOWEST_CALL) and five seconds more; then ``sweeper`` may take the
# row for lost.
SEND_LEASE = timedelta(seconds=20)
# A person waits in front of a screen within API Gateway's 30 s, a worker has other conversations to answer.
_PERSON_WAITS = timedelta(seconds=10)
_WORKER_WAITS = timedelta(seconds=4)
_SHORTEST_PAUSE = timedelta(milliseconds=50)
_LONGEST_PAUSE = timedelta(seconds=1)

_REFUSALS: dict[str, type[errors.DomainError]] = {
    "feature_disabled": errors.FeatureDisabled,
    "channel_disconnected": errors.ChannelDisconnected,
    "consent_required": errors.ConsentRequired,
    "phone_unverified": PhoneUnverified,
    "service_window_closed": errors.ServiceWindowClosed,
    "template_not_found": errors.TemplateNotFound,
    "template_not_approved": errors.TemplateNotApproved,
    "outdated_human": sending_errors.OutdatedHuman,
    "already_answered": sending_errors.AlreadyAnswered,
    "too_late": sending_errors.TooLate,
}


class SupabaseSendGate:
    """Asks and settles with the secret key, which bypasses row level security: the professional, verified, is fixed at
    construction and is an argument of every SQL function."""

    def __init__(
        self,
        db: Database,
        professional_id: UUID,
        *,
        correlation_id: str = "",
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what is needed; ``correlation_id`` goes into the audit."""
        self._db = db
        self._professional_id = professional_id
        self._correlation_id = correlation_id
        self._pause = pause
        self._clock = clock

    def claim(self, conversation_id: UUID, draft: Draft) -> Claim | Message:
        """Ask to send: the rules, the row and the lease in one transaction; or what the same request sent before.

        While another message of the conversation is being sent, this waits: a person up to ten seconds, a worker up to
        four. The first asking of a person already stops the assistant's answers.

        Raises:
            ConversationNotFound: the professional has no such conversation.
            FeatureDisabled, ChannelDisconnected, ConsentRequired, PhoneUnverified, ServiceWindowClosed,
            TemplateNotFound, TemplateNotApproved: refused, nothing was stored.
            OutdatedHuman, AlreadyAnswered, TooLate, AnswerOutdated: refused, of the assistant's messages only.
            Paced: our own limit for this number or contact.
            ConversationBusy: the other message took too long.
            StoreUnavailable: not known whether the row exists; nothing was sent.
        """
        message = self._arguments(draft)
        waits = _WORKER_WAITS if draft.is_automatic else _PERSON_WAITS
        give_up_at = self._clock() + waits.total_seconds()
        while True:
            answer = self._ask("gate_claim", conversation_id=conversation_id, message=message)
            if answer["outcome"] != "busy":
                return _claim_of(answer)
            message["human_epoch_moved"] = not draft.is_automatic
            pause = min(max(_milliseconds(answer), _SHORTEST_PAUSE), _LONGEST_PAUSE)
            if self._clock() + pause.total_seconds() > give_up_at:
                raise sending_errors.ConversationBusy(retry_after=_LONGEST_PAUSE)
            self._pause(pause.total_seconds())

    def settle(self, claim: Claim, settlement: Settlement) -> Message:
        """Record the outcome, give the lease back, apply statuses that came early; settling twice changes nothing.

        Raises:
            StoreUnavailable: not recorded; the row becomes ``unknown`` when its lease dies, and a status settles it.
        """
        told = {key: value for key, value in settlement._asdict().items() if value is not None}
        if settlement.retry_at is not None:
            told["retry_at"] = settlement.retry_at.isoformat()
        return Message.model_validate(self._ask("settle_send", message_id=claim.message_id, result=told))

    def _ask(self, function: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._db.rpc(function, {"professional_id": self._professional_id, **arguments})
        return answer

    def _arguments(self, draft: Draft) -> dict[str, Any]:
        content = draft.content
        arguments = {
            "author": draft.author.value,
            "type": content.type,
            "body": content.body,
            "payload": dict(content.payload),
            "purpose": draft.purpose.value,
            "template": content.template.model_dump() if content.template else None,
            "actor_id": _text(draft.actor_id),
            "human_epoch": draft.human_epoch,
            "answer_epoch": draft.answer_epoch,
            "answer_part": draft.answer_part,
            "lease_id": _text(draft.lease_id),
            "effect": draft.effect or None,
            "not_after": draft.not_after.isoformat() if draft.not_after else None,
            "ai_metadata": dict(draft.ai_metadata) if draft.ai_metadata is not None else None,
            "message_id": _text(draft.message_id),
            "request_key": _text(draft.request_key),
            "send_lease_seconds": int(SEND_LEASE.total_seconds()),
            "correlation_id": self._correlation_id or None,
        }
        return {name: value for name, value in arguments.items() if value is not None}


def _claim_of(answer: dict[str, Any]) -> Claim | Message:
    match answer["outcome"]:
        case "repeated":
            message = Message.model_validate(answer)
            # Still being sent, or its sender died on the way: either way nobody knows yet.
            is_open = message.status is MessageStatus.SENDING
            return message.model_copy(update={"status": MessageStatus.UNKNOWN}) if is_open else message
        case "granted":
            return Claim(
                message_id=UUID(answer["message_id"]),
                conversation_id=UUID(answer["conversation_id"]),
                channel_id=UUID(answer["channel_id"]),
                credential_id=UUID(answer["credential_id"]),
                phone_number_id=answer["phone_number_id"],
                recipient=Recipient(phone=answer["to"], user_id=answer["recipient"]),
                attempt=answer["attempt"],
            )
        case "refused":
            raise _REFUSALS[answer["code"]]
        case "outdated":
            raise sending_errors.AnswerOutdated
        case "throttled":
            raise sending_errors.Paced(answer["scope"], retry_after=_milliseconds(answer))
        case "not_found":
            raise errors.ConversationNotFound
        case outcome:
            raise ValueError(f"gate_claim answered {outcome!r}")


def _milliseconds(answer: dict[str, Any]) -> timedelta:
    return timedelta(milliseconds=answer["retry_after_ms"])


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
