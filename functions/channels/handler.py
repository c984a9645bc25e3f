"""/api/marketing/channels: the linked accounts, how their assistant is set, and whether they work."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from channels.changes import ChannelChange, PlaygroundRequest
from channels.models import ChannelList, OwnersChannelItem, PlaygroundAnswer, RefreshAnswer, TestAnswer
from dentalist.domain.channel_view import ChannelOverview
from dentalist.domain.identity import Caller
from dentalist.runtime import wiring, wiring_care, wiring_channels
from dentalist.runtime.http_api import http_api
from dentalist.runtime.idempotency import Idempotent
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.services.accounts.change_channel import change_channel
from dentalist.services.accounts.disconnect_channel import disconnect_channel
from dentalist.services.accounts.list_channels import find_channel, list_channels
from dentalist.services.accounts.refresh_channel import refresh_channel
from dentalist.services.accounts.test_channel import test_channel

logger = make_logger("channels")
metrics = make_metrics("channels")
# Looked up at each request, not now: nothing is connected on import, and a test can stand in for either.
app = http_api(authenticate=lambda event: wiring_channels.authenticate(event))  # noqa: PLW0108
idempotent = Idempotent(lambda professional_id: wiring.idempotency(professional_id))  # noqa: PLW0108


@app.get("/api/marketing/channels", summary="The linked accounts: health, usage, what works")
def get_channels() -> ChannelList:
    """For everybody of the team; the assistant's settings and when access ends only for the owner. Never a token."""
    caller = app.caller
    found = list_channels(wiring_channels.channel_settings(caller.professional_id))
    return ChannelList.of(found, caller.role)


@app.patch("/api/marketing/channels/<channel_id>", summary="How the assistant of a channel behaves, and on which model")
def patch_channel(channel_id: UUID, request: ChannelChange) -> OwnersChannelItem:
    """A new key, and another model for the key that is kept, are tried at the provider before anything is stored."""
    caller = _owner(channel_id)  # whether they see the channel, the service finds out
    channel = change_channel(
        channel_id, request.changes, actor_id=caller.user_id, desk=wiring_channels.settings_desk(caller)
    )
    logger.info("channel changed", extra={"settings": sorted(request.model_fields_set)})
    return OwnersChannelItem.of(channel)


@app.post(
    "/api/marketing/channels/<channel_id>/refresh",
    middlewares=[idempotent],
    summary="Renew a channel's token now, and repair what can be repaired",
)
def post_refresh(channel_id: UUID) -> RefreshAnswer:
    """The token that works stays until the new one is proven."""
    caller = _owner_of(channel_id)
    care = wiring_care.care(caller.professional_id)
    outcome = refresh_channel(channel_id, care=care, now=datetime.now(UTC))
    logger.info("channel refreshed", extra={"refreshed": outcome.refreshed, "reason": outcome.reason})
    return RefreshAnswer.of(outcome, _overview(caller, channel_id))


@app.post(
    "/api/marketing/channels/<channel_id>/test",
    middlewares=[idempotent],
    summary="Walk a channel's whole chain and name the first broken link",
)
def post_test(channel_id: UUID) -> TestAnswer:
    """From the token to a signed test event that comes in by our own webhook."""
    caller = _owner_of(channel_id)
    found = test_channel(
        channel_id,
        care=wiring_care.care(caller.professional_id),
        bench=wiring_care.test_bench(caller.professional_id),
        now=datetime.now(UTC),
    )
    logger.info("channel tested", extra={"ok": found.ok, "cause": found.cause})
    metrics.add_metric(
        name="channel_tests_passed" if found.ok else "channel_tests_failed", unit=MetricUnit.Count, value=1
    )
    return TestAnswer.of(found)


@app.post(
    "/api/marketing/channels/<channel_id>/playground",
    middlewares=[idempotent],
    summary="What the assistant would answer; sends, stores and books nothing",
)
def post_playground(channel_id: UUID, request: PlaygroundRequest) -> PlaygroundAnswer:
    """Settings may be tried before they are kept. A model that is asked is paid from the day's budget."""
    from dentalist.runtime import wiring_assistant  # noqa: PLC0415 - nothing else here needs the assistant, slow to load

    caller = _owner_of(channel_id)
    rehearsal = wiring_assistant.rehearse_on(
        channel_id,
        request.text,
        professional_id=caller.professional_id,
        settings=request.overrides,
        now=datetime.now(UTC),
    )
    logger.info("answer rehearsed", extra={"provider": rehearsal.metadata["provider"]})
    return PlaygroundAnswer.of(rehearsal)


@app.delete(
    "/api/marketing/channels/<channel_id>",
    summary="Disconnect a channel: its secrets are erased",
    status_code=HTTPStatus.NO_CONTENT,
)
def delete_channel(channel_id: UUID) -> Response[None]:
    """Works also where the feature was switched off; once more changes nothing."""
    caller = _owner_of(channel_id)
    disconnect_channel(channel_id, care=wiring_care.care(caller.professional_id), actor_id=caller.user_id)
    logger.info("channel disconnected")
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _owner(channel_id: UUID) -> Caller:
    """The caller, who is an owner; the log says which channel the address names."""
    caller = app.caller
    caller.require()
    logger.append_keys(professional_id=str(caller.professional_id), channel_id=str(channel_id))
    return caller


def _owner_of(channel_id: UUID) -> Caller:
    """The caller, who is an owner and sees the channel; what they cannot see does not exist."""
    caller = _owner(channel_id)
    wiring.user_channels(caller).get(channel_id)
    return caller


def _overview(caller: Caller, channel_id: UUID) -> ChannelOverview:
    return find_channel(channel_id, wiring_channels.channel_settings(caller.professional_id))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one API Gateway event."""
    metrics.add_metric(name="channel_requests", unit=MetricUnit.Count, value=1)
    return app.resolve(event, context)
