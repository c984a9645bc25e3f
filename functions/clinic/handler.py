"""The clinic's profile, its team and its alerts: what lies below /api/marketing/clinic, /members and /alerts."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from clinic.changes import ClinicChanges
from clinic.models import AlertResponse, ClinicResponse, InviteRequest, ListedMember, MemberResponse, MembersResponse
from dentalist.runtime import wiring, wiring_calendar, wiring_clinic
from dentalist.runtime.http_api import http_api
from dentalist.runtime.idempotency import Idempotent
from dentalist.runtime.observability import make_logger
from dentalist.services.accounts.connect_feed import connect_feed, prove_feed
from dentalist.services.change_clinic import change_clinic, read_clinic
from dentalist.services.team import add_member

logger = make_logger("clinic")
# Looked up at each request, not now: nothing is connected on import, and a test can stand in for either.
app = http_api(authenticate=lambda event: wiring.authenticate(event))  # noqa: PLW0108
idempotent = Idempotent(lambda professional_id: wiring.idempotency(professional_id))  # noqa: PLW0108


@app.get("/api/marketing/clinic", summary="The clinic's profile and the holidays of the coming year")
def get_clinic() -> ClinicResponse:
    """Everybody of the team reads it."""
    caller = app.caller
    profile = read_clinic(clinics=wiring_clinic.user_clinics(caller), now=datetime.now(UTC))
    return ClinicResponse.of(profile, feed_host=wiring_calendar.feed_host(caller.professional_id))


@app.patch("/api/marketing/clinic", summary="Change the clinic's profile")
def patch_clinic(changes: ClinicChanges) -> ClinicResponse:
    """Only what is named changes; null erases. Audited with before and after. A feed is read once before it is kept."""
    caller = app.caller
    caller.require()
    columns = changes.columns
    feed = prove_feed(changes.feed_url, prove=wiring_calendar.prove_feed)
    profile = change_clinic(
        columns,
        actor_id=caller.user_id,
        clinics=wiring_clinic.clinics(caller.professional_id),
        now=datetime.now(UTC),
    )
    if changes.names_feed:
        connect_feed(feed, actor_id=caller.user_id, feeds=wiring_calendar.calendars(caller.professional_id))
    logger.info("clinic changed", extra={"professional_id": str(caller.professional_id), "columns": sorted(columns)})
    return ClinicResponse.of(profile, feed_host=wiring_calendar.feed_host(caller.professional_id))


@app.get("/api/marketing/members", summary="The team")
def get_members() -> MembersResponse:
    """Everybody of the team reads it; the professional is not listed, being the owner by themself."""
    team = wiring_clinic.team(app.caller.professional_id)
    return MembersResponse(items=[ListedMember.of(member) for member in team.list()])


@app.post(
    "/api/marketing/members",
    middlewares=[idempotent],
    summary="Let somebody into the team",
    status_code=HTTPStatus.CREATED,
)
def post_member(request: InviteRequest) -> tuple[MemberResponse, int]:
    """By e-mail, with an invitation when they have no account yet; the answer does not say which."""
    caller = app.caller
    caller.require()
    member = add_member(
        request.email,
        request.role,
        professional_id=caller.professional_id,
        actor_id=caller.user_id,
        team=wiring_clinic.team(caller.professional_id),
        invitations=wiring_clinic.invitations(),
        clinics=wiring_clinic.clinics(caller.professional_id),
        redirect_to=wiring.settings().dashboard_public_url,
    )
    _log_about(member.user_id, "member let in", role=member.role.value)
    return MemberResponse.of(member), HTTPStatus.CREATED


@app.delete(
    "/api/marketing/members/<user_id>",
    summary="Revoke somebody's membership",
    status_code=HTTPStatus.NO_CONTENT,
)
def delete_member(user_id: UUID) -> Response[None]:
    """Counts from their next request."""
    caller = app.caller
    caller.require()
    wiring_clinic.team(caller.professional_id).revoke(user_id, actor_id=caller.user_id)
    _log_about(user_id, "member revoked")
    return Response(status_code=HTTPStatus.NO_CONTENT.value)


@app.post("/api/marketing/alerts/<alert_id>/acknowledge", middlewares=[idempotent], summary="Somebody saw to an alert")
def post_acknowledgement(alert_id: UUID) -> AlertResponse:
    """Everybody of the team may; again changes nothing."""
    caller = app.caller
    alert = wiring_clinic.alerts(caller.professional_id).acknowledge(alert_id, actor_id=caller.user_id)
    return AlertResponse.model_validate(alert.model_dump())


def _log_about(user_id: UUID, what: str, **more: str) -> None:
    logger.info(what, extra={"professional_id": str(app.caller.professional_id), "user_id": str(user_id), **more})


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one API Gateway event."""
    return app.resolve(event, context)
