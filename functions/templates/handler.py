"""/api/marketing/templates: what a number may write outside the window, and what Meta says about it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.domain.identity import Caller, Role
from dentalist.runtime import wiring, wiring_channels
from dentalist.runtime.http_api import http_api
from dentalist.runtime.idempotency import Idempotent
from dentalist.runtime.observability import make_logger
from dentalist.services.accounts.submit_templates import list_templates, standard_set, submit_templates, sync_templates
from templates.models import SubmitRequest, SubmittedAnswer, SyncRequest, TemplatesAnswer

logger = make_logger("templates")
# Looked up at each request, not now: nothing is connected on import, and a test can stand in for either.
app = http_api(authenticate=lambda event: wiring.authenticate(event))  # noqa: PLW0108
idempotent = Idempotent(lambda professional_id: wiring.idempotency(professional_id))  # noqa: PLW0108


@app.get("/api/marketing/templates", summary="The templates of a WhatsApp number, and the standard set still to submit")
def get_templates(channel_id: Annotated[UUID | None, Query()] = None) -> TemplatesAnswer:
    """As Meta reported them last; for everybody of the team. Without a channel: of all, and nothing proposed."""
    return _listed(app.caller, channel_id)


@app.post(
    "/api/marketing/templates",
    middlewares=[idempotent],
    summary="Submit the standard set, or a template of one's own, for approval",
    status_code=HTTPStatus.CREATED,
)
def post_templates(request: SubmitRequest) -> tuple[SubmittedAnswer, int]:
    """What Meta has already is not sent again; a refusal is told with its template."""
    caller = app.caller
    caller.require()
    _log(caller, request.channel_id)
    # Nothing found as the person who asks is nobody's business, whatever the secret key could see.
    channel = wiring.user_channels(caller).get(request.channel_id)
    if request.template is not None:
        wanted = [request.template.model_dump(mode="json", exclude_none=True)]
    else:
        wanted = standard_set(request.names, country=wiring_channels.user_templates(caller).country())
    submissions = submit_templates(channel.id, wanted, desk=wiring_channels.template_desk(caller.professional_id))
    outcomes = [submission.outcome.value for submission in submissions]
    logger.info("templates submitted", extra={"outcomes": {name: outcomes.count(name) for name in set(outcomes)}})
    return SubmittedAnswer.of(submissions), HTTPStatus.CREATED


@app.post(
    "/api/marketing/templates/sync",
    middlewares=[idempotent],
    summary="Read the templates of a number again from Meta",
)
def post_sync(request: SyncRequest) -> TemplatesAnswer:
    """All of them; what Meta no longer has is gone."""
    caller = app.caller
    caller.require(Role.MARKETING)
    _log(caller, request.channel_id)
    channel = wiring.user_channels(caller).get(request.channel_id)
    sync_templates(channel.id, desk=wiring_channels.template_desk(caller.professional_id))
    logger.info("templates synced")
    return _listed(caller, channel.id)


def _listed(caller: Caller, channel_id: UUID | None) -> TemplatesAnswer:
    found = list_templates(
        channel_id, channels=wiring.user_channels(caller), readable=wiring_channels.user_templates(caller)
    )
    return TemplatesAnswer.of(found)


def _log(caller: Caller, channel_id: UUID) -> None:
    logger.append_keys(professional_id=str(caller.professional_id), channel_id=str(channel_id))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one API Gateway event."""
    return app.resolve(event, context)
