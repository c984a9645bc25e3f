"""/api/marketing/conversations/{id}/…: everything a person does with a conversation besides writing in it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from conversations.models import (
    ConsentEntry,
    ConsentRequest,
    ContactDocument,
    ConversationState,
    ErasureAnswer,
    StoredDocument,
)
from conversations.patient_models import (
    AppointmentAnswer,
    AppointmentRequest,
    PatientAnswer,
    PatientRequest,
    SuggestionAnswer,
    SuggestionRequest,
)
from dentalist.domain.identity import Caller, Role
from dentalist.domain.message import MessageStatus
from dentalist.runtime import wiring_handover, wiring_patients
from dentalist.runtime import wiring_privacy as wiring
from dentalist.runtime.http_api import http_api
from dentalist.runtime.idempotency import Idempotent
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.services.book_by_hand import book_by_hand
from dentalist.services.erase_contact import erase_contact
from dentalist.services.export_contact import export_contact
from dentalist.services.patients import convert_lead, link_patient
from dentalist.services.steer_conversation import mark_read, record_decision, resume, take_over
from dentalist.services.suggestions import discard_suggestion, send_suggestion

logger = make_logger("conversations")
metrics = make_metrics("conversations")
_ONE = "/api/marketing/conversations/<conversation_id>"
# A right of the contact's, whatever the professional has subscribed to.
_EVEN_IF_DISABLED = ("/export", "/erase")


def _authenticate(event: APIGatewayProxyEventV2) -> Caller:
    return wiring.authenticate(event, even_if_disabled=event.path.endswith(_EVEN_IF_DISABLED))


app = http_api(authenticate=_authenticate)
idempotent = Idempotent(lambda professional_id: wiring.idempotency(professional_id))  # noqa: PLW0108 - see wiring


@app.post(f"{_ONE}/takeover", middlewares=[idempotent], summary="A person answers from now on")
def post_takeover(conversation_id: UUID) -> ConversationState:
    """What the assistant was writing is not sent."""
    caller = _caller(conversation_id, Role.RECEPTION)
    conversation = take_over(
        conversation_id,
        actor_id=caller.user_id,
        readable=wiring.readable(caller),
        steering=wiring.steering(caller.professional_id),
    )
    logger.info("conversation taken over")
    return ConversationState.of(conversation)


@app.post(f"{_ONE}/resume", middlewares=[idempotent], summary="The assistant may answer again")
def post_resume(conversation_id: UUID) -> ConversationState:
    """Also what nobody answered, unless it is too late for that."""
    caller = _caller(conversation_id, Role.RECEPTION)
    conversation = resume(
        conversation_id,
        actor_id=caller.user_id,
        readable=wiring.readable(caller),
        steering=wiring.steering(caller.professional_id),
    )
    logger.info("conversation given back")
    return ConversationState.of(conversation)


@app.post(f"{_ONE}/read", middlewares=[idempotent], summary="Somebody has read the conversation")
def post_read(conversation_id: UUID) -> ConversationState:
    """Nothing is unread any more."""
    caller = _caller(conversation_id, Role.RECEPTION)
    conversation = mark_read(
        conversation_id, readable=wiring.readable(caller), steering=wiring.steering(caller.professional_id)
    )
    return ConversationState.of(conversation)


@app.post(f"{_ONE}/consent", middlewares=[idempotent], summary="Record or withdraw a consent")
def post_consent(conversation_id: UUID, request: ConsentRequest) -> ConsentEntry:
    """What the contact said in person, by phone or on paper; the ledger keeps who wrote it down."""
    caller = _caller(conversation_id, Role.RECEPTION)
    entry = record_decision(
        conversation_id,
        request.decision,
        actor_id=caller.user_id,
        readable=wiring.readable(caller),
        ledger=wiring.consent_ledger(caller.professional_id),
    )
    logger.info("consent recorded", extra={"scope": request.scope, "action": request.action})
    return ConsentEntry.of(entry)


@app.post(
    f"{_ONE}/patient",
    middlewares=[idempotent],
    summary="Whose conversation it is",
    status_code=HTTPStatus.CREATED,
    responses={
        201: {"description": "A new patient", "content": {"application/json": {"model": PatientAnswer}}},
        200: {"description": "One who is on record", "content": {"application/json": {"model": PatientAnswer}}},
    },
)
def post_patient(conversation_id: UUID, request: PatientRequest) -> tuple[PatientAnswer, int]:
    """Turns a lead into a patient, or links one; either way the number counts as verified."""
    caller = _caller(conversation_id, Role.RECEPTION)
    desk = wiring_patients.patient_desk(caller)
    if request.patient_id is not None:
        linked = link_patient(
            conversation_id, request.patient_id, replace=request.replace, actor_id=caller.user_id, desk=desk
        )
        logger.info("patient linked", extra={"patient_id": str(linked.patient_id)})
        return PatientAnswer.of(linked), HTTPStatus.OK
    made = convert_lead(
        conversation_id, full_name=request.new_name, phone=request.phone, actor_id=caller.user_id, desk=desk
    )
    logger.info("lead converted", extra={"patient_id": str(made.patient_id)})
    return PatientAnswer.of(made), HTTPStatus.CREATED


@app.post(
    f"{_ONE}/appointments",
    middlewares=[idempotent],
    summary="Book by hand",
    status_code=HTTPStatus.CREATED,
    responses={201: {"description": "Booked", "content": {"application/json": {"model": AppointmentAnswer}}}},
)
def post_appointment(conversation_id: UUID, request: AppointmentRequest) -> tuple[AppointmentAnswer, int]:
    """At any hour that is free in the agenda; the contact is not written to."""
    caller = _caller(conversation_id, Role.RECEPTION)
    booked = book_by_hand(
        conversation_id, request.wanted, actor_id=caller.user_id, desk=wiring_patients.booking_desk(caller)
    )
    metrics.add_metric(name="appointments_by_hand", unit=MetricUnit.Count, value=1)
    logger.info("appointment booked by hand", extra={"appointment_id": str(booked.id)})
    return AppointmentAnswer.of(booked), HTTPStatus.CREATED


@app.post(
    f"{_ONE}/suggestion",
    middlewares=[idempotent],
    summary="Send or discard the answer that the assistant suggests",
    status_code=HTTPStatus.CREATED,
    responses={
        201: {"description": "Sent, or discarded", "content": {"application/json": {"model": SuggestionAnswer}}},
        202: {
            "description": "Meta's answer was lost: status is `unknown`, and it must not be sent again",
            "content": {"application/json": {"model": SuggestionAnswer}},
        },
    },
)
def post_suggestion(conversation_id: UUID, request: SuggestionRequest) -> tuple[SuggestionAnswer, int]:
    """As it is or in the person's own words, which keep day and time of what it states as done in the agenda; that is
    done first."""
    caller = _caller(conversation_id, Role.RECEPTION)
    desk = wiring_handover.suggestion_desk(caller)
    if request.action == "discard":
        conversation = discard_suggestion(
            conversation_id, actor_id=caller.user_id, desk=desk, suggestion_id=request.suggestion_id
        )
        logger.info("suggestion discarded")
        return SuggestionAnswer(conversation_id=conversation.id, action="discard"), HTTPStatus.CREATED
    message = send_suggestion(
        conversation_id,
        body=request.body,
        actor_id=caller.user_id,
        desk=desk,
        suggestion_id=request.suggestion_id,
    )
    logger.info("suggestion sent", extra={"message_id": str(message.message_id), "status": message.status.value})
    is_confirmed = message.status is not MessageStatus.UNKNOWN
    return SuggestionAnswer.of(message), HTTPStatus.CREATED if is_confirmed else HTTPStatus.ACCEPTED


@app.get(
    f"{_ONE}/export",
    summary="Everything that is kept of a contact",
    responses={
        200: {
            "description": "The document, or a link to it where it is large",
            "content": {"application/json": {"model": ContactDocument | StoredDocument}},
        }
    },
)
def get_export(conversation_id: UUID) -> Response[str]:
    """Of all their conversations with the professional, with links to their files."""
    caller = _caller(conversation_id)
    export = export_contact(
        conversation_id,
        actor_id=caller.user_id,
        professional_id=caller.professional_id,
        readable=wiring.readable(caller),
        records=wiring.contact_records(caller.professional_id),
        files=wiring.contact_files(caller.professional_id),
    )
    logger.info("contact exported", extra={"is_file": export.document is None})
    told = export.document or {"download_url": export.download_url, "expires_in": export.expires_in}
    # As it is: its models describe it, and would copy megabytes to check what the store has checked.
    body = json.dumps(told, ensure_ascii=False)
    return Response(HTTPStatus.OK, content_types.APPLICATION_JSON, body, headers={"Cache-Control": "no-store"})


# No Idempotency-Key is needed: a contact is erased once, and asking again, also with the same key, has to go on with
# the files that were left.
@app.post(f"{_ONE}/erase", summary="Forget a contact", status_code=HTTPStatus.ACCEPTED)
def post_erase(conversation_id: UUID) -> tuple[ErasureAnswer, int]:
    """All their conversations with the professional; the receipt says what the law makes the clinic keep."""
    caller = _caller(conversation_id)
    erasure = erase_contact(
        conversation_id,
        actor_id=caller.user_id,
        readable=wiring.readable(caller),
        records=wiring.contact_records(caller.professional_id),
        files=wiring.contact_files(caller.professional_id),
    )
    metrics.add_metric(name=f"erasures_{erasure.status.value}", unit=MetricUnit.Count, value=1)
    logger.info("contact erased", extra={"request_id": str(erasure.request_id), "status": erasure.status.value})
    return ErasureAnswer.of(erasure), HTTPStatus.ACCEPTED


def _caller(conversation_id: UUID, *roles: Role) -> Caller:
    caller = app.caller
    caller.require(*roles)
    logger.append_keys(professional_id=str(caller.professional_id), conversation_id=str(conversation_id))
    return caller


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one API Gateway event."""
    metrics.add_metric(name="conversation_requests", unit=MetricUnit.Count, value=1)
    return app.resolve(event, context)
