"""The end of a redirect: whatever happened, a person stands in a browser and goes back to the dashboard."""

from __future__ import annotations

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response, content_types

from dentalist.domain.accounts import ChannelType
from dentalist.domain.errors import DomainError, MetaError, RateLimited, StoreUnavailable
from dentalist.domain.linking_errors import ExchangeFailed, LinkingError, ProviderUnreachable
from dentalist.domain.sending_errors import MetaUnreachable
from dentalist.services.accounts.begin_linking import with_query

INTERNAL_ERROR = "internal_error"
TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
# What may happen without anything of ours being broken.
EXPECTED = (LinkingError, StoreUnavailable, MetaError, MetaUnreachable, ProviderUnreachable, RateLimited)
# The address that is left holds a code and a state: no cache keeps it, no page learns it as its referrer.
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def code_of(error: DomainError) -> str:
    """The stable word for why an account was not linked. A provider that refuses or does not answer is one of them."""
    if isinstance(error, LinkingError):
        return error.code
    return TEMPORARILY_UNAVAILABLE if isinstance(error, StoreUnavailable) else ExchangeFailed().code


def connected(dashboard: str, channel: ChannelType) -> Response[str]:
    """Back to the dashboard, with a new channel."""
    return _back(dashboard, {"connected": channel.value})


def failed(dashboard: str, code: str, channel: ChannelType | None) -> Response[str]:
    """Back to the dashboard with nothing but a word of our own; ``channel`` where the state told it."""
    return _back(dashboard, {"error": code} if channel is None else {"error": code, "channel": channel.value})


def _back(dashboard: str, parameters: dict[str, str]) -> Response[str]:
    return Response(
        status_code=HTTPStatus.FOUND,
        content_type=content_types.TEXT_PLAIN,
        body="",
        headers={"Location": with_query(dashboard, parameters), **_HEADERS},
    )
