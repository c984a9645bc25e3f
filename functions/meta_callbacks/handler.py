"""Meta's signed callbacks: somebody removed the app, or wants their data deleted; and the page that tells what became
of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.domain.errors import NotFound
from dentalist.domain.privacy import DataDeletion, MetaUserRequest
from dentalist.inbound.body import MalformedBody
from dentalist.runtime import wiring_privacy as wiring
from dentalist.runtime.http_api import http_api
from dentalist.runtime.observability import make_logger, make_metrics
from dentalist.runtime.problems import problem
from dentalist.services.meta_callbacks import deauthorize, read_request
from meta_callbacks.models import Deauthorized, DeletionAccepted, DeletionStatus
from meta_callbacks.pages import HEADERS, status_page, unknown_page

logger = make_logger("meta_callbacks")
metrics = make_metrics("meta_callbacks")
app = http_api()  # Meta has no account here: the signature says who asks
_PATH = "/api/meta/data-deletion"
_CODE = re.compile("[0-9a-f]{32}")


@app.post("/api/meta/deauthorize", summary="Somebody removed the app: their accounts lose their tokens")
def post_deauthorize() -> Deauthorized:
    """A form with ``signed_request``; whoever never linked anything is nothing to do."""
    accounts = deauthorize(_request(), users=wiring.meta_users())
    metrics.add_metric(name="accounts_deauthorized", unit=MetricUnit.Count, value=accounts)
    logger.info("deauthorized", extra={"accounts": accounts})
    return Deauthorized()


@app.post(_PATH, summary="Somebody wants deleted what we hold of them from Meta")
def post_data_deletion() -> DeletionAccepted:
    """A form with ``signed_request``; asked again, the answer has the same code."""
    code = wiring.meta_users().forget(_request())
    metrics.add_metric(name="data_deletions", unit=MetricUnit.Count, value=1)
    logger.info("data deleted")
    return DeletionAccepted(url=f"{wiring.public_url()}{_PATH}/{code}", confirmation_code=code)


@app.get(
    f"{_PATH}/<code>",
    summary="What became of a request to delete data",
    responses={200: {"description": "A page, or JSON", "content": {"application/json": {"model": DeletionStatus}}}},
)
def get_data_deletion(code: str) -> Response[str]:
    """For people a page in Spanish and English; JSON for whoever prefers it."""
    deletion = wiring.meta_users().find_deletion(code) if _CODE.fullmatch(code) else None
    if _wants_json():
        return _as_json(deletion)
    status = HTTPStatus.OK if deletion else HTTPStatus.NOT_FOUND
    page = status_page(deletion) if deletion else unknown_page()
    return Response(status, content_types.TEXT_HTML + "; charset=utf-8", page, headers=dict(HEADERS))


def _refuse_malformed(error: MalformedBody) -> Response[Any]:
    return app.as_response(problem(HTTPStatus.BAD_REQUEST, error.code, error.detail))


app.exception_handler(MalformedBody)(_refuse_malformed)  # what Meta would never send


def _request() -> MetaUserRequest:
    # A form reaches a function in base64; Powertools would validate a declared body as JSON.
    form = parse_qs(app.current_event.decoded_body or "", keep_blank_values=True)
    values = form.get("signed_request", [])
    if len(values) != 1:
        raise MalformedBody("The form has no signed_request.")
    return read_request(values[0], secrets=wiring.meta_secrets(), now=datetime.now(UTC))


def _wants_json() -> bool:
    accepted = app.current_event.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def _as_json(deletion: DataDeletion | None) -> Response[str]:
    if deletion is None:
        raise NotFound("There is no request with this code.")
    body = DeletionStatus.of(deletion).model_dump_json()
    return Response(HTTPStatus.OK, content_types.APPLICATION_JSON, body, headers={"Cache-Control": "no-store"})


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one API Gateway event."""
    metrics.add_metric(name="meta_callbacks", unit=MetricUnit.Count, value=1)
    return app.resolve(event, context)
