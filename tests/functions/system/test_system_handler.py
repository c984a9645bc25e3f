"""Health, and the description of the API."""

import json

from infra import openapi
from system import handler
from tests.builders import LambdaContext, make_event


def ask(path: str) -> dict[str, object]:
    answer: dict[str, object] = handler.lambda_handler(make_event("GET", path), LambdaContext())
    return answer


def test_health_answers_without_asking_anybody() -> None:
    answer = ask("/api/health")

    assert answer["statusCode"] == 200
    assert json.loads(str(answer["body"]))["status"] == "ok"
    assert answer["headers"]["x-correlation-id"] == "request-1"  # type: ignore[index]


def test_the_description_is_that_of_the_code() -> None:
    assert openapi.TARGET.read_text(encoding="utf-8") == openapi.text(), "run: python -m infra.openapi"


def test_the_description_is_served_as_json_with_every_address_of_the_functions() -> None:
    answer = ask("/api/openapi.json")

    document = json.loads(str(answer["body"]))
    assert answer["statusCode"] == 200
    assert {"/api/health", "/api/marketing/whatsapp/send", "/api/webhooks/whatsapp"} <= set(document["paths"])


def test_every_error_is_described_as_a_problem() -> None:
    for operations in openapi.openapi()["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_every_reference_of_the_description_leads_somewhere() -> None:
    document = openapi.openapi()
    text = json.dumps(document)
    referenced = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}

    assert referenced <= set(document["components"]["schemas"])
