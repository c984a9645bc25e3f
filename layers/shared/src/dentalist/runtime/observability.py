"""One JSON line per decision, ids instead of people. Tracing is Lambda's own: the Tracer costs every cold start.

Names, phones and texts never belong in a log. The filter here is a safety net below that rule, not a licence.
"""

from __future__ import annotations

import logging
import os
from contextvars import ContextVar
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.logging.types import LogRecord

_SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "dentalist")
_NAMESPACE = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Dentalist")
# httpx logs whole URLs (PostgREST filters hold phones), openai whole requests.
_TALKATIVE = ("httpx", "httpcore", "httpx2", "httpcore2", "openai", "hpack", "botocore", "urllib3")
_MASK = "[masked]"
_SENSITIVE = frozenset(
    {
        "access_token",
        "ai_api_key",
        "api_key",
        "appsecret_proof",
        "attendee_name",
        "authorization",
        "authorization_url",
        "body",
        "caption",
        "client_secret",
        "code_verifier",
        "contact",
        "contact_name",
        "contact_phone",
        "contact_user_id",
        "display_name",
        "email",
        "external_id",  # a wamid holds the contact's phone in base64
        "full_name",
        "name",
        "password",
        "payload",
        "phone",
        "pin",
        "raw",
        "recipient",
        "refresh_token",
        "registration_pin",
        "secret",
        "signed_request",
        "text",
        "to",
        "token",
        "wa_id",
        "wamid",
    }
)


def masked(value: Any) -> Any:
    """The same value with everything below a sensitive key hidden."""
    if isinstance(value, dict):
        return {key: _MASK if str(key).lower() in _SENSITIVE else masked(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return repr(value)  # as JSON it would be a list of all its fields, also of those that it hides
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return value


class _MaskingFormatter(LambdaPowertoolsFormatter):
    def serialize(self, log: LogRecord) -> str:
        return super().serialize(masked(log))


_correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")


class FunctionLogger(Logger):
    """A logger that lets the rest of the package know what is being handled."""

    def set_correlation_id(self, value: str | None) -> None:
        """Put the id on every further line, and on what the store records."""
        super().set_correlation_id(value)
        _correlation_id.set(value or "")


def correlation_id() -> str:
    """The id of what is being handled now, as the function's logger was told; else an empty text."""
    return _correlation_id.get()


def make_logger(service: str | None = None) -> FunctionLogger:
    """The logger of a function. What the package itself logs (``dentalist.…``) leaves in the same shape with its keys.

    Args:
        service: the function's name; by default what ``POWERTOOLS_SERVICE_NAME`` says.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logger = FunctionLogger(service=service or _SERVICE, logger_formatter=_MaskingFormatter())
    package = logging.getLogger("dentalist")
    package.handlers = [logger.registered_handler]
    package.setLevel(logger.log_level)
    package.propagate = False
    return logger


def make_metrics(service: str | None = None) -> Metrics:
    """Counters that leave as EMF lines in the log; a dimension is never a person."""
    return Metrics(namespace=_NAMESPACE, service=service or _SERVICE)
