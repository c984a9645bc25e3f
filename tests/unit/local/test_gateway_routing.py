"""Which route a request takes, and CORS."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.local.gateway.cors import CorsPolicy
from infra.local.gateway.http import Router
from infra.local.gateway.workers import WorkerPool
from infra.local.model import Cors, HttpRoute

ROUTES = [
    HttpRoute("ANY", "$default"),
    HttpRoute("GET", "/items/{id}"),
    HttpRoute("GET", "/items/special"),
    HttpRoute("DELETE", "/items/{id}"),
    HttpRoute("GET", "/items/{id}/parts/{part}"),
    HttpRoute("ANY", "/files/{path+}"),
    HttpRoute("GET", "/files/{path+}"),
    HttpRoute("GET", "/files/private/{path+}"),
]


def find(method: str, path: str, routes: list[HttpRoute] = ROUTES) -> tuple[str, dict[str, str]] | None:
    pool = cast("WorkerPool", SimpleNamespace())
    found = Router((route, pool) for route in routes).find(method, path)
    return None if found is None else (found[0], found[2])


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/items/special", "GET /items/special", {}),
        ("GET", "/items/42", "GET /items/{id}", {"id": "42"}),
        ("DELETE", "/items/special", "DELETE /items/{id}", {"id": "special"}),
        ("GET", "/items/42/parts/7", "GET /items/{id}/parts/{part}", {"id": "42", "part": "7"}),
        ("GET", "/files/a/b.txt", "GET /files/{path+}", {"path": "a/b.txt"}),
        ("GET", "/files/private/b", "GET /files/private/{path+}", {"path": "b"}),
        ("PUT", "/files/a/b.txt", "ANY /files/{path+}", {"path": "a/b.txt"}),
        ("GET", "/nowhere", "$default", {}),
    ],
)
def test_the_most_specific_route_is_taken(method: str, path: str, key: str, parameters: dict[str, str]) -> None:
    assert find(method, path) == (key, parameters)


@pytest.mark.parametrize(("method", "path"), [("GET", "/items"), ("POST", "/items/special"), ("GET", "/items/1/")])
def test_without_a_default_route_an_unknown_path_or_method_has_none(method: str, path: str) -> None:
    assert find(method, path, [route for route in ROUTES if route.path != "$default"]) is None


CORS = Cors(
    allow_origins=("https://dashboard.example",),
    allow_headers=("authorization", "content-type"),
    allow_methods=("GET", "POST"),
    expose_headers=("x-correlation-id",),
    max_age=600,
)


def preflight(origin: str) -> dict[str, Any]:
    headers = {"origin": origin, "access-control-request-method": "POST"}
    assert CorsPolicy.is_preflight("OPTIONS", headers)
    return CorsPolicy(CORS).preflight(headers)


@pytest.mark.parametrize("origin", ["https://dashboard.example", "http://localhost:3000", "http://127.0.0.1:25123"])
def test_an_allowed_origin_gets_the_templates_settings(origin: str) -> None:
    assert preflight(origin) == {
        "access-control-allow-origin": origin,
        "vary": "origin",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "authorization,content-type",
        "access-control-max-age": "600",
    }
    assert CorsPolicy(CORS).response({"origin": origin})["access-control-expose-headers"] == "x-correlation-id"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost.evil.example", "null"])
def test_any_other_origin_gets_nothing(origin: str) -> None:
    assert preflight(origin) == {}
    assert CorsPolicy(CORS).response({"origin": origin}) == {}


def test_an_options_request_that_is_no_preflight_is_an_ordinary_request() -> None:
    assert not CorsPolicy.is_preflight("OPTIONS", {"origin": "https://dashboard.example"})
    assert not CorsPolicy.is_preflight("POST", {"origin": "x", "access-control-request-method": "POST"})
