"""Writes ``functions/system/openapi.json`` from the routes of every function: ``python -m infra.openapi``.

Each function with an ``app`` describes itself by its models. The webhook has no resolver (it validates nothing and must
start fast), so its two addresses are described here.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
FUNCTIONS = PROJECT / "functions"
TARGET = FUNCTIONS / "system" / "openapi.json"
_PUBLIC = ("/api/health", "/api/openapi.json", "/api/webhooks/", "/api/meta/")
_PUBLIC_CALLS = {("get", "/api/marketing/channels/oauth/callback")}  # the state is what it proves itself by
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457, with a stable `code` and the correlation id to quote to support.",
    "required": ["type", "title", "status", "code", "detail", "correlation_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "example": "service_window_closed"},
        "detail": {"type": "string"},
        "correlation_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"loc": {"type": "array", "items": {}}, "msg": {"type": "string"}},
            },
        },
        "meta": {
            "type": "object",
            "properties": {
                "code": {"type": "integer"},
                "subcode": {"type": ["integer", "null"]},
                "message": {"type": "string"},
                "fbtrace_id": {"type": ["string", "null"]},
            },
        },
    },
}
_PROBLEM_RESPONSE = {
    "description": "A problem document",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_CHALLENGE = {
    "summary": "Meta's challenge",
    "parameters": [
        {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
        for name in ("hub.mode", "hub.verify_token", "hub.challenge")
    ],
    "responses": {"200": {"description": "The challenge", "content": {"text/plain": {"schema": {"type": "string"}}}}},
}
_EVENTS = {
    "summary": "Meta's events, signed by `X-Hub-Signature-256`",
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
    "responses": {"200": {"description": "Every event in the body is durable"}},
}
_WITHOUT_RESOLVER = {
    f"/api/webhooks/{name}": {"get": _CHALLENGE, "post": _EVENTS} for name in ("whatsapp", "instagram")
}


def openapi() -> dict[str, Any]:
    """The one document of all HTTP functions."""
    paths: dict[str, Any] = json.loads(json.dumps(_WITHOUT_RESOLVER))
    schemas: dict[str, Any] = {"Problem": _PROBLEM}
    for name in _functions_with_routes():
        app = importlib.import_module(f"{name}.handler").app
        part = json.loads(app.get_openapi_json_schema())
        _merge(paths, part.get("paths", {}), name)
        _merge(schemas, _own_schemas(part), name)
    for path, operations in paths.items():
        for method, operation in operations.items():
            _finish(operation, path, method)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dentalist Marketing", "version": "1"},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"supabase": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def text() -> str:
    """The document as it lies in its file."""
    return json.dumps(openapi(), indent=1, ensure_ascii=False) + "\n"


def _functions_with_routes() -> list[str]:
    """By their source: importing a worker needs its environment."""
    return sorted(
        handler.parent.name for handler in FUNCTIONS.glob("*/handler.py") if "= http_api(" in handler.read_text()
    )


def _own_schemas(part: dict[str, Any]) -> dict[str, Any]:
    schemas = part.get("components", {}).get("schemas", {})
    # Powertools' own validation error: every error of ours is a problem document.
    return {name: schema for name, schema in schemas.items() if "ValidationError" not in name}


def _merge(into: dict[str, Any], part: dict[str, Any], function: str) -> None:
    for name, value in part.items():
        if into.setdefault(name, value) != value:
            raise ValueError(f"{function} describes {name} differently from another function")


def _finish(operation: dict[str, Any], path: str, method: str) -> None:
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = _PROBLEM_RESPONSE
    if path.startswith(_PUBLIC) or (method, path) in _PUBLIC_CALLS:
        return
    operation["security"] = [{"supabase": []}]
    header = {"in": "header", "required": False, "schema": {"type": "string"}}
    operation.setdefault("parameters", []).append(
        {**header, "name": "X-Professional-Id", "description": "The tenant, for a member of somebody's team."}
    )
    if method == "post":
        operation["parameters"].append(
            {**header, "name": "Idempotency-Key", "description": "The same key and body get the first answer again."}
        )


if __name__ == "__main__":
    sys.path.insert(0, str(FUNCTIONS))
    TARGET.write_text(text(), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(PROJECT)}")
