"""GET …/oauth/start, GET and POST …/oauth/callback: a professional links an account of theirs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.domain.accounts import ChannelType
from dentalist.runtime import wiring, wiring_accounts
from dentalist.runtime.http_api import http_api
from dentalist.runtime.idempotency import Idempotent
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.services.accounts.begin_linking import begin_linking
from dentalist.services.accounts.connect_channel import Returned, claim_attempt, connect_channel
from oauth import browser
from oauth.models import EmbeddedSignupRequest, LinkedChannels, StartResponse

CALLBACK = wiring_accounts.CALLBACK_PATH
# Without a limit that could be refused: what a browser brings back wrong ends on the dashboard, too.
Told = Annotated[str | None, Query()]
logger = make_logger("oauth")
metrics = make_metrics("oauth")
# Looked up at each request, not now: nothing is connected on import, and a test can stand in for either.
app = http_api(authenticate=lambda event: wiring.authenticate(event))  # noqa: PLW0108
idempotent = Idempotent(lambda professional_id: wiring.idempotency(professional_id))  # noqa: PLW0108
# A provider's redirect carries no bearer: the state is the proof of whose it is.
redirects = http_api()


@app.get("/api/marketing/channels/oauth/start", summary="Begin to link an account")
def get_start(channel: Annotated[ChannelType, Query()]) -> StartResponse:
    """The address at which the provider asks for permission; good for one attempt within ten minutes."""
    caller = app.caller
    caller.require()
    logger.append_keys(professional_id=str(caller.professional_id))
    beginning = begin_linking(
        caller.professional_id,
        channel,
        actor_id=caller.user_id,
        dialog=wiring_accounts.dialog(channel),
        redirect_uri=wiring_accounts.redirect_uri(),
        states=wiring_accounts.oauth_states(),
    )
    logger.info("linking begun", extra={"channel": channel.value})
    return StartResponse(
        authorization_url=beginning.authorization_url, state=beginning.state, expires_at=beginning.expires_at
    )


@app.post(
    CALLBACK,
    middlewares=[idempotent],
    summary="End linking by Embedded Signup",
    status_code=HTTPStatus.CREATED,
)
def post_callback(request: EmbeddedSignupRequest) -> tuple[LinkedChannels, int]:
    """Links the named number, or all numbers that the permission covers and nobody else has."""
    caller = app.caller
    caller.require()
    logger.append_keys(professional_id=str(caller.professional_id))
    attempt = claim_attempt(
        request.state,
        states=wiring_accounts.oauth_states(),
        professional_id=caller.professional_id,
        channel=ChannelType.WHATSAPP,
    )
    linked = connect_channel(attempt, request.returned, linker=wiring_accounts.linker)
    metrics.add_metric(name="channels_linked", unit=MetricUnit.Count, value=len(linked))
    return LinkedChannels.of(linked), HTTPStatus.CREATED


@app.get(
    CALLBACK,
    summary="End linking in the browser",
    status_code=HTTPStatus.FOUND,
    responses={302: {"description": "To the dashboard, with `?connected=<channel>` or `?error=<code>`"}},
)
@redirects.get(CALLBACK)
def get_callback(state: Told = None, code: Told = None, error: Told = None) -> Response[str]:
    """Where the provider sends the browser, with ``state`` and ``code`` or ``error``; every ending is a redirect."""
    dashboard, channel = wiring.settings().dashboard_public_url, None
    try:
        attempt = claim_attempt(state, states=wiring_accounts.oauth_states())
        channel = attempt.channel
        logger.append_keys(professional_id=str(attempt.professional_id), channel=channel.value)
        linked = connect_channel(attempt, Returned(code, error), linker=wiring_accounts.linker)
    except browser.EXPECTED as refusal:
        word = browser.code_of(refusal)
        logger.info("account not linked", extra={"code": word, "cause": refusal.code})
    except Exception:  # a person is waiting in a browser: logged in full, told as one word
        word = browser.INTERNAL_ERROR
        logger.exception("unexpected error")
    else:
        metrics.add_metric(name="channels_linked", unit=MetricUnit.Count, value=len(linked))
        return browser.connected(dashboard, channel)
    metrics.add_metric(name="links_failed", unit=MetricUnit.Count, value=1)
    return browser.failed(dashboard, word, channel)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one API Gateway event."""
    metrics.add_metric(name="oauth_requests", unit=MetricUnit.Count, value=1)
    is_redirect = event["rawPath"] == CALLBACK and event["requestContext"]["http"]["method"] == "GET"
    return (redirects if is_redirect else app).resolve(event, context)
