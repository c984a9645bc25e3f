"""Objects that are valid by default, so that a test names only what matters to it."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from dentalist.domain.channel import Channel, ChannelStatus
from dentalist.domain.conversation import Conversation
from dentalist.domain.message import Author, Claim, Content, Draft, Recipient
from dentalist.domain.reminders import DueReminder
from dentalist.domain.templates import Template

NOON = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)  # noon in Buenos Aires
PHONE = "+5491155550100"
WAMID = "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABEYFDNBRjA2QjY3QkY0OTFBOEQwN0Y3AA=="


def make_conversation(**overrides: Any) -> Conversation:
    """A conversation whose customer service window is open at NOON."""
    defaults = {
        "id": uuid4(),
        "professional_id": uuid4(),
        "channel_id": uuid4(),
        "contact_phone": PHONE,
        "contact_name": "Lucía Pérez",
        "last_inbound_at": NOON,
    }
    return Conversation(**{**defaults, **overrides})


def make_channel(**overrides: Any) -> Channel:
    """A connected WhatsApp number."""
    defaults = {
        "id": uuid4(),
        "professional_id": uuid4(),
        "credential_id": uuid4(),
        "type": "whatsapp",
        "status": ChannelStatus.CONNECTED,
    }
    return Channel(**{**defaults, **overrides})


def make_template(**overrides: Any) -> Template:
    """An approved utility template with two variables by number."""
    defaults = {
        "id": uuid4(),
        "channel_id": uuid4(),
        "name": "recordatorio_turno",
        "language": "es_AR",
        "category": "UTILITY",
        "status": "APPROVED",
        "components": [{"type": "BODY", "text": "Hola {{1}}, te esperamos el {{2}}."}],
    }
    return Template(**{**defaults, **overrides})


def make_claim(**overrides: Any) -> Claim:
    """Permission to send to a known number."""
    defaults: dict[str, Any] = {
        "message_id": uuid4(),
        "conversation_id": uuid4(),
        "channel_id": uuid4(),
        "credential_id": uuid4(),
        "phone_number_id": "310000000000001",
        "recipient": Recipient(phone=PHONE),
    }
    return Claim(**{**defaults, **overrides})


def make_draft(**overrides: Any) -> Draft:
    """Free text by a person."""
    defaults: dict[str, Any] = {"content": Content.text("Hola"), "author": Author.PERSON, "actor_id": uuid4()}
    return Draft(**{**defaults, **overrides})


def make_answer(**overrides: Any) -> Draft:
    """An answer of the assistant."""
    defaults = {"author": Author.AI, "actor_id": None, "human_epoch": 0, "answer_epoch": 1, "answer_part": 0}
    return make_draft(**{**defaults, **overrides})


def make_event(
    method: str,
    path: str,
    body: Any = None,
    *,
    headers: dict[str, str] | None = None,
    request_id: str = "request-1",
) -> dict[str, Any]:
    """A whole event of API Gateway (HTTP API, payload 2.0); a body that is no text is written as JSON."""
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", **(headers or {})},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            "requestId": request_id,
            "stage": "$default",
            "time": "22/Nov/2026:15:00:00 +0000",
            "timeEpoch": 1795359600000,
        },
        "body": text,
        "isBase64Encoded": False,
    }


class LambdaContext:
    """What Lambda tells a function about its invocation."""

    function_name = "function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id = "52fdfc07-2182-154f-163f-5f0f9a621d72"


APPOINTMENT_AT = datetime(2026, 11, 26, 13, 30, tzinfo=UTC)  # Thursday 10:30 in Buenos Aires


def make_reminder(**overrides: Any) -> DueReminder:
    """Of an appointment of Lucía's, in a clinic in Buenos Aires."""
    defaults = {
        "appointment_id": uuid4(),
        "professional_id": uuid4(),
        "starts_at": APPOINTMENT_AT,
        "patient_name": "Lucía Pérez",
        "clinic_name": "Consultorio Ferreyra",
        "timezone": "America/Argentina/Buenos_Aires",
        "country": "AR",
    }
    return DueReminder.model_validate({**defaults, **overrides})
