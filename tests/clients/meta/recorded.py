"""Answers of Meta as they were recorded, served to a client without a network."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from dentalist.outbound.meta.graph import GraphClient

GRAPH = Path(__file__).parents[2] / "data" / "meta" / "graph"
APP_SECRET = "app-secret"
TOKEN = "EAAG-token"


def shape(name: str) -> dict[str, Any]:
    """One recorded exchange by its file's name."""
    recorded: dict[str, Any] = json.loads((GRAPH / f"{name}.json").read_text())
    return recorded


def response_of(recorded: dict[str, Any]) -> httpx.Response:
    """The recorded answer."""
    answer = recorded["response"]
    headers = {key: value for key, value in answer["headers"].items() if key.lower() != "content-type"}
    if "body" in answer:
        return httpx.Response(answer["http_status"], headers=headers, json=answer["body"])
    return httpx.Response(answer["http_status"], headers=headers, text=answer["body_text"])


def in_turn(*answers: httpx.Response | httpx.RequestError) -> Callable[[httpx.Request], httpx.Response]:
    """These answers or failures one after the other, the last one again and again."""
    waiting = list(answers)

    def answer(_request: httpx.Request) -> httpx.Response:
        told = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(told, httpx.RequestError):
            raise told
        return told

    return answer


def connections(
    answer: Callable[[httpx.Request], httpx.Response],
) -> tuple[httpx.Client, list[httpx.Request]]:
    """Connections whose requests are answered by a function; the requests that were made."""
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer(request)

    return httpx.Client(transport=httpx.MockTransport(handle)), requests


def graph_answering(
    answer: Callable[[httpx.Request], httpx.Response], *, base_url: str = "https://graph.facebook.com"
) -> tuple[GraphClient, list[httpx.Request], list[float]]:
    """A client whose requests are answered by a function; the requests it made and the pauses it took."""
    pauses: list[float] = []
    http, requests = connections(answer)
    client = GraphClient(
        base_url=base_url,
        version="v25.0",
        app_secret=APP_SECRET,
        http=http,
        token=TOKEN,
        pause=pauses.append,
    )
    return client, requests, pauses
