"""Providers that repeat what they were sent: no secret of a request gets into an error's text or into a log."""

import json
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dentalist.domain.errors import DomainError, MetaError
from dentalist.domain.sending_errors import AccessLost
from dentalist.outbound.google.errors import calendar_error
from dentalist.outbound.meta.business import WhatsAppBusinessClient
from dentalist.outbound.meta.graph import GraphClient
from tests.clients.meta.recorded import APP_SECRET, TOKEN, graph_answering

OTHER_TOKEN, CODE, PIN = "EAAB-another-token", "AQD-code", "482915"

CALLS: dict[str, Callable[[GraphClient], object]] = {
    "a read": lambda graph: graph.get("/1"),
    "a token that is looked at": lambda graph: graph.get("/debug_token", {"input_token": OTHER_TOKEN}),
    "a token that is exchanged": lambda graph: graph.get("/oauth/access_token", {"fb_exchange_token": OTHER_TOKEN}),
    "a code in a query": lambda graph: graph.get("/oauth/access_token", {"code": CODE, "client_secret": "s3cret"}),
    "a code in a form": lambda graph: graph.post_form("/oauth/access_token", {"code": CODE, "client_secret": "s3cret"}),
    "a PIN": lambda graph: WhatsAppBusinessClient(graph, app_id="1").register("1", PIN),
    "a message": lambda graph: graph.send("/1/messages", {"text": {"body": "Hola"}}),
    "a file": lambda graph: graph.upload("/1/media", {"type": "image/png"}, ("a", b"png", "image/png")),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_error_of_graph_holds_no_secret_of_its_request(call: Callable[[GraphClient], object]) -> None:
    used = [TOKEN, APP_SECRET, OTHER_TOKEN, CODE, "s3cret", PIN]

    def repeat(request: httpx.Request) -> httpx.Response:
        sent = f"{request.url} {dict(request.headers)} {request.read().decode(errors='replace')} {APP_SECRET}"
        told = {"message": sent, "error_user_msg": sent, "fbtrace_id": sent, "code": 100}
        return httpx.Response(400, json={"error": told})

    graph, requests, _ = graph_answering(repeat)
    with pytest.raises(MetaError) as raised:
        call(graph)

    fault = raised.value.fault
    told = f"{raised.value} {raised.value.detail} {fault} {raised.value!r}"
    assert "[masked]" in fault.message
    assert [secret for secret in used if secret in told] == []
    assert requests, "it was really asked"


@pytest.mark.parametrize(
    "reason", ["ya29.a0AfB_token-1234", "EAAG1234567890", "1//0refresh", "a" * 61, "insufficient permissions"]
)
def test_what_is_no_word_of_googles_is_not_logged(reason: str, caplog: pytest.LogCaptureFixture) -> None:
    body: dict[str, Any] = {"error": {"errors": [{"reason": reason}, {"reason": "notFound"}], "message": reason}}

    with caplog.at_level(logging.DEBUG, logger="dentalist"):
        error: DomainError = calendar_error(httpx.Response(403, json=body))

    assert isinstance(error, AccessLost)
    (record,) = caplog.records
    assert reason not in json.dumps(vars(record), default=str)
    assert vars(record)["reasons"] == ["notFound"]
