"""The HTTP edge every function shares: routing and validation by Powertools, errors as problem documents."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError, ServiceError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestUnsupportedContentType, RequestValidationError
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from dentalist.domain.errors import DomainError
from dentalist.domain.identity import Caller
from dentalist.runtime.problems import CONTENT_TYPE, Problem, internal_problem, problem, problem_of, validation_problem

logger = logging.getLogger(__name__)
Authenticate = Callable[[APIGatewayProxyEventV2], Caller]
CORRELATION_HEADER = "x-correlation-id"
_UNREADABLE = validation_problem([{"loc": ["body"], "msg": "The body is not the base64 of a text"}])


class HttpApi(APIGatewayHttpResolver):
    """A resolver whose every answer carries the correlation id, and whose every error is a problem document."""

    def __init__(self, authenticate: Authenticate | None) -> None:
        """Route and validate; ``authenticate`` runs before anything in the request is looked at."""
        super().__init__(enable_validation=True, json_body_deserializer=_parse_json)
        self._authenticate = authenticate
        self.exception_handler(DomainError)(self.refuse)
        self.exception_handler(RequestValidationError)(self._refuse_invalid)
        self.exception_handler(RequestUnsupportedContentType)(self._refuse_content_type)
        self.exception_handler(NotFoundError)(self._refuse_route)
        self.exception_handler(ServiceError)(self._refuse_service)

    @property
    def caller(self) -> Caller:
        """Who asks, in a function that authenticates."""
        caller: Caller = self.context["caller"]
        return caller

    @property
    def correlation_id(self) -> str:
        """API Gateway's id of this request."""
        return str(self.current_event.request_context.request_id)

    def resolve(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer one event; nothing is raised."""
        correlation_id = _correlation_id_of(event)
        try:
            answer = self._answer(event, context) if _is_decodable(event) else _as_answer(_UNREADABLE, correlation_id)
        except DomainError as error:
            answer = _as_answer(problem_of(error), correlation_id)
        except Exception:  # the last line of defence: logged in full, told as nothing
            logger.exception("unexpected error", extra={"correlation_id": correlation_id})
            answer = _as_answer(internal_problem(), correlation_id)
        answer.setdefault("headers", {})[CORRELATION_HEADER] = correlation_id
        return answer

    def _answer(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        if self._authenticate is not None:
            # Before validation: a stranger is not told what a valid request looks like.
            caller = self._authenticate(APIGatewayProxyEventV2(dict(event)))
            self.append_context(caller=caller)  # type: ignore[no-untyped-call]
        return super().resolve(event, context)

    def as_response(self, told: Problem) -> Response[Any]:
        """A problem as an answer of a route or middleware."""
        return Response(
            status_code=told.status.value,
            content_type=CONTENT_TYPE,
            body=json.dumps(told.document(self.correlation_id)),
            headers=dict(told.headers),
        )

    def refuse(self, error: DomainError) -> Response[Any]:
        """A refused request's answer; one line in the log says why."""
        told = problem_of(error)
        logger.info("request refused", extra={"code": told.code, "status": told.status.value})
        return self.as_response(told)

    def _refuse_invalid(self, error: RequestValidationError) -> Response[Any]:
        if any(found["loc"][:1] == ("response",) for found in error.errors()):
            raise TypeError("a handler answered something that its own model refuses")
        return self.as_response(validation_problem(error.errors()))

    def _refuse_content_type(self, _error: RequestUnsupportedContentType) -> Response[Any]:
        return self.as_response(
            problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Send application/json.")
        )

    def _refuse_route(self, _error: NotFoundError) -> Response[Any]:
        path = self.current_event.path
        allowed = sorted({str(route.method) for route in self._routes() if route.rule.match(path)})
        if not allowed:
            return self.as_response(problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such address."))
        return self.as_response(
            problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This address does not take this method.",
                headers={"Allow": ", ".join(allowed)},
            )
        )

    def _routes(self) -> list[Any]:
        return [*self._static_routes, *self._dynamic_routes]

    def _refuse_service(self, error: ServiceError) -> Response[Any]:
        status = HTTPStatus(error.status_code)
        return self.as_response(problem(status, status.name.lower(), status.description or status.phrase))


def http_api(*, authenticate: Authenticate | None = None) -> HttpApi:
    """The resolver of one function.

    Args:
        authenticate: who sends the request, or an error; leave it out only where anybody may ask.
    """
    return HttpApi(authenticate)


def _parse_json(text: str) -> Any:
    """The body as JSON, where Python's parser alone would let NaN through and give up on depth with another error."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as exc:
        raise json.JSONDecodeError("nested too deeply", "", 0) from exc


def _refuse_constant(name: str) -> None:
    raise json.JSONDecodeError(f"{name} is no JSON", "", 0)


def _is_decodable(event: Mapping[str, Any]) -> bool:
    if not event.get("isBase64Encoded"):
        return True
    try:
        base64.b64decode(str(event.get("body") or ""), validate=True).decode()
    except ValueError:  # both of base64 and of UTF-8
        return False
    return True


def _correlation_id_of(event: Mapping[str, Any]) -> str:
    context = event.get("requestContext")
    return str(context.get("requestId", "-")) if isinstance(context, Mapping) else "-"


def _as_answer(told: Problem, correlation_id: str) -> dict[str, Any]:
    return {
        "statusCode": told.status.value,
        "headers": {"Content-Type": CONTENT_TYPE, **told.headers},
        "body": json.dumps(told.document(correlation_id)),
        "isBase64Encoded": False,
        "cookies": [],
    }
