"""Every recorded error of Meta, and what it asks of us."""

import httpx
import pytest

from dentalist.domain.errors import (
    ChannelDisconnected,
    DomainError,
    MetaError,
    OutcomeUnknown,
    RateLimited,
    ServiceWindowClosed,
)
from dentalist.domain.sending_errors import MetaTransient, MetaUnreachable, TokenDead
from dentalist.outbound.meta.errors import Action, highest_usage, parse_fault, wait_asked
from dentalist.outbound.meta.graph import GraphClient
from tests.clients.meta.recorded import GRAPH, TOKEN, graph_answering, response_of, shape

ERRORS = sorted(path.stem for path in GRAPH.glob("err_*.json"))
WITH_ERROR_BODY = [name for name in ERRORS if "body" in shape(name)["response"]]
ON_MESSAGES = [name for name in ERRORS if shape(name)["request"]["url"].endswith("/messages")]


@pytest.mark.parametrize("name", WITH_ERROR_BODY)
def test_every_recorded_error_body_asks_for_the_expected_action(name: str) -> None:
    recorded = shape(name)
    path = httpx.URL(recorded["request"]["url"]).path

    told = parse_fault(recorded["response"]["body"], path=path)

    assert told is not None
    assert told.action is Action(recorded["expected_action"])


def expected_of_send(name: str) -> type[DomainError]:
    """What the contract says a send answers to this recorded error."""
    recorded = shape(name)
    status, action = recorded["response"]["http_status"], recorded["expected_action"]
    if status >= 500 or action == "ambiguous_send":
        return OutcomeUnknown
    if action.startswith("rate_limit") and action not in ("rate_limit_hours", "rate_limit_day"):
        return RateLimited
    return {
        "token_dead": ChannelDisconnected,
        "use_template": ServiceWindowClosed,
        "window_closed": ServiceWindowClosed,
    }.get(action, MetaError)


@pytest.mark.parametrize("name", ON_MESSAGES)
def test_every_recorded_answer_to_a_send_becomes_the_error_of_the_contract(name: str) -> None:
    graph, requests, _ = graph_answering(lambda _: response_of(shape(name)))

    with pytest.raises(expected_of_send(name)):
        graph.send("/310000000000001/messages", {"type": "text"})

    assert len(requests) == 1, "a send is never repeated"


def test_the_recorded_sends_cover_every_outcome() -> None:
    assert {expected_of_send(name) for name in ON_MESSAGES} == {
        OutcomeUnknown,
        RateLimited,
        ChannelDisconnected,
        ServiceWindowClosed,
        MetaError,
    }


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, text="<html>ok</html>"),
        httpx.Response(200, text=""),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"error": {"code": 2, "message": "later"}}),
        httpx.Response(201, json={"messages": [{"id": "wamid.1"}]}),
        httpx.Response(302, headers={"location": "https://elsewhere.example.com"}),
        httpx.Response(400, text="<html>Bad Request</html>"),
        httpx.Response(404, text=""),
        httpx.Response(400, json={"error": {"message": "no code"}}),
        httpx.Response(503, json={"error": {"code": 131047, "message": "closed"}}),
    ],
    ids=lambda response: f"{response.status_code} {response.text[:20]}",
)
def test_an_answer_that_is_not_metas_leaves_a_send_unknown(response: httpx.Response) -> None:
    graph, _, _ = graph_answering(lambda _: response)

    with pytest.raises(OutcomeUnknown):
        graph.send("/1/messages", {})


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (httpx.ReadTimeout("read"), OutcomeUnknown),
        (httpx.WriteTimeout("write"), OutcomeUnknown),
        (httpx.ReadError("reset"), OutcomeUnknown),
        (httpx.RemoteProtocolError("closed without an answer"), OutcomeUnknown),
        (httpx.ConnectError("refused"), MetaUnreachable),
        (httpx.ConnectTimeout("no route"), MetaUnreachable),
        (httpx.PoolTimeout("busy"), MetaUnreachable),
    ],
)
def test_only_a_connection_that_never_opened_is_known_to_have_carried_nothing(
    failure: httpx.RequestError, outcome: type[DomainError]
) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise failure

    graph, requests, _ = graph_answering(fail)

    with pytest.raises(outcome):
        graph.send("/1/messages", {})
    assert len(requests) == 1


def test_a_bare_429_waits_as_long_as_it_asks() -> None:
    graph, _, _ = graph_answering(lambda _: response_of(shape("err_http_429_retry_after")))

    with pytest.raises(RateLimited) as raised:
        graph.send("/1/messages", {})

    assert raised.value.retry_after.total_seconds() == 30


def test_a_dead_token_says_why() -> None:
    graph, _, _ = graph_answering(lambda _: response_of(shape("err_190_password_changed")))

    with pytest.raises(TokenDead) as raised:
        graph.send("/1/messages", {})

    assert raised.value.reason == "password_changed"


def test_a_read_is_tried_four_times_with_growing_pauses_while_meta_has_trouble() -> None:
    graph, requests, pauses = graph_answering(lambda _: response_of(shape("err_http_200_error_body")))

    with pytest.raises(MetaTransient):
        graph.get("/210987654300001/message_templates")

    assert len(requests) == 4
    assert all(0 <= pause <= ceiling for pause, ceiling in zip(pauses, (1, 2, 4), strict=True))


def test_where_a_person_waits_even_what_may_be_repeated_is_tried_less_often() -> None:
    requests: list[httpx.Request] = []

    def in_trouble(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return response_of(shape("err_http_200_error_body"))

    graph = GraphClient(
        base_url="https://graph.example.com",
        version="v25.0",
        app_secret="secret",
        http=httpx.Client(transport=httpx.MockTransport(in_trouble)),
        attempts=2,
        pause=lambda _: None,
    )

    with pytest.raises(MetaTransient):
        graph.as_holder_of("token").get("/210987654300001/message_templates", attempts=4)

    assert len(requests) == 2


@pytest.mark.parametrize("trouble", [httpx.Response(502, text="<html>"), httpx.Response(500, text="")])
def test_a_read_recovers_from_a_proxys_error_page(trouble: httpx.Response) -> None:
    answers = [trouble, httpx.Response(200, json={"id": "1"})]
    graph, _, _ = graph_answering(lambda _: answers.pop(0))

    assert graph.get("/1") == {"id": "1"}


def test_a_read_that_is_refused_is_not_repeated() -> None:
    graph, requests, _ = graph_answering(lambda _: response_of(shape("err_100_invalid_parameter")))

    with pytest.raises(MetaError) as raised:
        graph.get("/1")

    assert len(requests) == 1
    assert raised.value.fault.code == 100


def test_error_data_may_be_a_plain_string() -> None:
    told = parse_fault(shape("err_100_error_data_string")["response"]["body"])

    assert told is not None
    assert (told.fault.code, told.action) == (100, Action.PERMANENT)


def test_metas_sentence_for_a_person_is_the_detail_of_the_error() -> None:
    graph, _, _ = graph_answering(lambda _: response_of(shape("err_template_create_2388299_var_at_edge")))

    with pytest.raises(MetaError) as raised:
        graph.post("/1/message_templates", {})

    assert raised.value.detail == "Variables cannot be at the start or end of the template."


def test_a_token_that_meta_quotes_is_masked() -> None:
    body = {"error": {"code": 100, "message": f"Malformed access token {TOKEN}", "error_user_msg": f"No: {TOKEN}"}}
    graph, _, _ = graph_answering(lambda _: httpx.Response(400, json=body))

    with pytest.raises(MetaError) as raised:
        graph.get("/1")

    assert raised.value.fault.message == "Malformed access token [masked]"
    assert raised.value.detail == "No: [masked]"


def test_an_error_without_a_code_in_a_200_is_no_answer() -> None:
    graph, requests, _ = graph_answering(lambda _: httpx.Response(200, json={"error": "later", "id": "1"}))

    with pytest.raises(MetaTransient):
        graph.get("/1")

    assert len(requests) == 4


@pytest.mark.parametrize(
    "text", ['{"error":{"code":NaN}}', '{"error":{"code":1e999}}', f'{{"error":{{"code":"{"9" * 5000}"}}}}', "[" * 9999]
)
def test_an_answer_beyond_reading_is_an_outage(text: str) -> None:
    graph, _, _ = graph_answering(lambda _: httpx.Response(500, text=text))

    with pytest.raises(MetaTransient):
        graph.get("/1")


@pytest.mark.parametrize("usage", ['{"1": [{"estimated_time_to_regain_access": "soon"}]}', "[" * 9999])
def test_a_strange_usage_header_asks_for_no_wait(usage: str) -> None:
    assert wait_asked(httpx.Headers({"x-business-use-case-usage": usage})) is None


def test_nobody_waits_longer_than_an_hour() -> None:
    waited = wait_asked(httpx.Headers({"retry-after": "9" * 29}))

    assert waited is not None
    assert waited.total_seconds() == 3600


def page_of(ids: list[str], after: object, *, has_next: bool) -> httpx.Response:
    paging: dict[str, object] = {"cursors": {"after": after}}
    if has_next:
        paging["next"] = "https://elsewhere.example.com/v25.0/1/things?access_token=stolen"
    return httpx.Response(200, json={"data": [{"id": name} for name in ids], "paging": paging})


def test_a_list_is_read_over_its_cursors_and_never_over_the_address_of_the_next_page() -> None:
    answers = [page_of(["a"], "1", has_next=True), page_of([], "2", has_next=True), page_of(["b"], "3", has_next=False)]
    graph, requests, _ = graph_answering(lambda _: answers.pop(0))

    found = [item["id"] for item in graph.pages("/1/things", {"fields": "id"})]

    assert found == ["a", "b"]
    assert {request.url.host for request in requests} == {"graph.facebook.com"}
    assert [request.url.params.get("after") for request in requests] == [None, "1", "2"]
    assert {request.url.params["fields"] for request in requests} == {"id"}


@pytest.mark.parametrize(
    "strange",
    [
        httpx.Response(200, json={}),
        httpx.Response(200, json={"data": {}}),
        page_of(["a"], None, has_next=True),
        page_of(["a"], "same", has_next=True),
        page_of(["a"], 7, has_next=True),
    ],
)
def test_half_a_list_is_no_list(strange: httpx.Response) -> None:
    graph, requests, _ = graph_answering(lambda _: strange)

    with pytest.raises(MetaError):
        list(graph.pages("/1/things"))

    assert len(requests) <= 2


def test_a_list_without_an_end_is_given_up() -> None:
    cursors = iter(range(1000))
    graph, requests, _ = graph_answering(lambda _: page_of(["a"], str(next(cursors)), has_next=True))

    with pytest.raises(MetaError):
        list(graph.pages("/1/things"))

    assert len(requests) == 100


@pytest.mark.parametrize("body", [None, [], "text", 7, {}, {"error": "text"}, {"error": {}}, {"error": {"code": "x"}}])
def test_what_is_no_error_of_meta_is_none(body: object) -> None:
    assert parse_fault(body) is None


def test_the_usage_header_says_when_to_come_back() -> None:
    usage = '{"210987654300001": [{"type": "whatsapp", "call_count": 100, "estimated_time_to_regain_access": 7}]}'

    waited = wait_asked(httpx.Headers({"X-Business-Use-Case-Usage": usage}))

    assert waited is not None
    assert waited.total_seconds() == 7 * 60


@pytest.mark.parametrize(
    ("headers", "percent"),
    [
        ({}, 0),
        ({"x-app-usage": '{"call_count": 101, "total_cputime": 20}'}, 101),
        ({"x-app-usage": "not json"}, 0),
        ({"x-business-use-case-usage": '{"1": [{"total_time": 83}]}'}, 83),
        ({"x-business-use-case-usage": '{"1": "strange"}'}, 0),
    ],
)
def test_the_nearest_limit_is_read_from_the_usage_headers(headers: dict[str, str], percent: int) -> None:
    assert highest_usage(httpx.Headers(headers)) == percent
