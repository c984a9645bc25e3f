"""WhatsApp Business accounts as one token sees them, against recorded exchanges."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dentalist.domain.errors import MetaError
from dentalist.domain.linking_errors import AccountNotVisible, RegistrationFailed
from dentalist.domain.sending_errors import MetaTransient, MetaUnreachable, TokenDead
from dentalist.outbound.meta.business import WhatsAppBusinessClient
from tests.clients.meta.recorded import graph_answering, in_turn, response_of, shape

APP_ID = "900000000000001"
WABA = "210987654300001"
NUMBER = "310000000000001"
PIN = "482913"
DONE = httpx.Response(200, json={"success": True})


def business_answering(
    *answers: httpx.Response | httpx.RequestError,
) -> tuple[WhatsAppBusinessClient, list[httpx.Request]]:
    """A client whose requests get these answers in turn, the last one again and again."""
    graph, requests, _ = graph_answering(in_turn(*answers))
    return WhatsAppBusinessClient(graph, app_id=APP_ID), requests


def error_answer(code: int, subcode: int | None = None, *, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "error_subcode": subcode, "message": f"(#{code})"}})


def number_answer(**overrides: Any) -> httpx.Response:
    """The recorded number as a list tells it, changed."""
    recorded = shape("ok_waba_phone_numbers")["response"]["body"]["data"][0]
    return httpx.Response(200, json={**recorded, **overrides})


def test_the_accounts_of_all_businesses_are_found_once_each() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/me/businesses"):
            return httpx.Response(200, json={"data": [{"id": "1"}, {"id": "2"}, {"name": "without id"}]})
        ids = {
            "/v25.0/1/owned_whatsapp_business_accounts": ["10"],
            "/v25.0/2/client_whatsapp_business_accounts": ["10", "20"],
        }
        return httpx.Response(200, json={"data": [{"id": found} for found in ids.get(request.url.path, [])]})

    graph, _, _ = graph_answering(answer)

    assert WhatsAppBusinessClient(graph, app_id=APP_ID).accounts() == ["10", "20"]


def test_the_recorded_businesses_have_the_recorded_account() -> None:
    business, requests = business_answering(
        response_of(shape("ok_me_businesses")),
        response_of(shape("ok_owned_wabas")),
        httpx.Response(200, json={"data": []}),
    )

    assert business.accounts() == [WABA]
    assert requests[1].url.path == "/v25.0/410000000000001/owned_whatsapp_business_accounts"


def test_a_business_that_shows_only_half_of_itself_does_not_hide_the_rest() -> None:
    business, _ = business_answering(
        response_of(shape("ok_me_businesses")),
        response_of(shape("err_200_no_waba_access")),
        response_of(shape("ok_owned_wabas")),
    )

    assert business.accounts() == [WABA]


@pytest.mark.parametrize("name", ["err_200_no_waba_access", "err_10_permission", "err_100_invalid_parameter"])
def test_a_token_that_sees_no_business_says_so(name: str) -> None:
    business, _ = business_answering(response_of(shape(name)))

    with pytest.raises(AccountNotVisible):
        business.accounts()


def test_the_recorded_number_is_told() -> None:
    business, requests = business_answering(response_of(shape("ok_waba_phone_numbers")))

    [number] = business.numbers(WABA)

    assert number.id == NUMBER
    assert number.display_phone_number == "+5491150320001"
    assert number.verified_name == "Consultorio Dra. Ferreyra"
    assert (number.quality_rating, number.status) == ("GREEN", "CONNECTED")
    assert number.is_registered
    assert not number.on_phone_app
    assert requests[0].url.path == f"/v25.0/{WABA}/phone_numbers"
    asked = requests[0].url.params["fields"].split(",")
    assert {"status", "platform_type", "is_on_biz_app", "whatsapp_business_manager_messaging_limit"} <= set(asked)


def test_one_number_is_told_with_its_limit() -> None:
    business, requests = business_answering(response_of(shape("ok_phone_number_node")))

    number = business.number(NUMBER)

    assert number.messaging_limit == "TIER_250"
    assert not number.is_registered, "whoever does not say so is not on the Cloud API"
    assert requests[0].url.path == f"/v25.0/{NUMBER}"


@pytest.mark.parametrize(
    ("told", "is_registered", "on_phone_app", "limit"),
    [
        ({"status": "FLAGGED"}, True, False, None),
        ({"status": "RESTRICTED"}, True, False, None),
        ({"status": "PENDING"}, False, False, None),
        ({"status": "DISCONNECTED"}, False, False, None),
        ({"platform_type": "NOT_APPLICABLE"}, False, False, None),
        ({"is_on_biz_app": True}, True, True, None),
        ({"is_on_biz_app": "no"}, True, False, None),
        (
            {"whatsapp_business_manager_messaging_limit": "TIER_2K", "messaging_limit_tier": "TIER_1K"},
            True,
            False,
            "TIER_2K",
        ),
        ({"messaging_limit_tier": "TIER_1K"}, True, False, "TIER_1K"),
    ],
)
def test_what_a_number_can_do_is_read_from_its_state(
    told: dict[str, Any], is_registered: bool, on_phone_app: bool, limit: str | None
) -> None:
    business, _ = business_answering(number_answer(**told))

    number = business.number(NUMBER)

    assert (number.is_registered, number.on_phone_app, number.messaging_limit) == (is_registered, on_phone_app, limit)


@pytest.mark.parametrize("told", [{"display_phone_number": "none"}, {"display_phone_number": None}, {"id": None}])
def test_what_has_no_number_is_none(told: dict[str, Any]) -> None:
    business, _ = business_answering(number_answer(**told))

    with pytest.raises(AccountNotVisible):
        business.number(NUMBER)


Asked = Callable[[WhatsAppBusinessClient], object]
ASKED: dict[str, Asked] = {
    "numbers": lambda business: business.numbers(WABA),
    "number": lambda business: business.number(NUMBER),
    "is_subscribed": lambda business: business.is_subscribed(WABA),
    "subscribe": lambda business: business.subscribe(WABA),
    "unsubscribe": lambda business: business.unsubscribe(WABA),
    "register": lambda business: business.register(NUMBER, PIN),
    "request_sync": lambda business: business.request_sync(NUMBER, "history"),
    "templates": lambda business: business.templates(WABA),
    "create_template": lambda business: business.create_template(WABA, {"name": "a", "language": "es_AR"}),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("refusal", ["err_100_subcode_33_not_visible", "err_200_no_waba_access", "err_803_not_found"])
def test_what_a_token_may_not_see_is_not_there(name: str, refusal: str) -> None:
    business, requests = business_answering(response_of(shape(refusal)))

    with pytest.raises(AccountNotVisible):
        ASKED[name](business)

    assert len(requests) == 1


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (response_of(shape("err_190_app_removed")), TokenDead),
        (response_of(shape("err_100_invalid_parameter")), MetaError),
        (response_of(shape("err_http_502_html")), MetaTransient),
        (httpx.Response(200, text="<html>"), MetaTransient),
        (httpx.ReadTimeout("lost"), MetaUnreachable),
    ],
    ids=["dead", "refused", "html", "html 200", "lost"],
)
def test_other_trouble_is_told_as_what_it_is(
    name: str, answer: httpx.Response | httpx.RequestError, error: type[Exception]
) -> None:
    business, _ = business_answering(answer)

    with pytest.raises(error) as raised:
        ASKED[name](business)

    assert not isinstance(raised.value, AccountNotVisible)


@pytest.mark.parametrize("strange", ["", "me", "1/../2", "1?fields=id", "1#", "1" * 40])
def test_what_is_no_id_never_becomes_a_path(strange: str) -> None:
    business, requests = business_answering(DONE)

    with pytest.raises(AccountNotVisible):
        business.numbers(strange)
    with pytest.raises(AccountNotVisible):
        business.register(strange, PIN)

    assert requests == []


@pytest.mark.parametrize(
    ("apps", "is_subscribed"),
    [
        (shape("ok_subscribed_apps_get")["response"]["body"]["data"], True),
        (shape("ok_subscribed_apps_get_empty")["response"]["body"]["data"], False),
        ([{"whatsapp_business_api_data": {"id": "900000000000999"}}], False),
        ([{"whatsapp_business_api_data": {"id": int(APP_ID)}}], True),
        ([{"whatsapp_business_api_data": None}, "strange"], False),
    ],
)
def test_another_apps_subscription_is_not_ours(apps: object, is_subscribed: bool) -> None:
    business, _ = business_answering(httpx.Response(200, json={"data": apps}))

    assert business.is_subscribed(WABA) is is_subscribed


def test_subscribing_posts_nothing_and_may_be_repeated() -> None:
    business, requests = business_answering(
        response_of(shape("err_2_service")), response_of(shape("ok_subscribed_apps_post"))
    )

    business.subscribe(WABA)

    assert [(request.method, request.content) for request in requests] == [("POST", b""), ("POST", b"")]
    assert requests[0].url.path == f"/v25.0/{WABA}/subscribed_apps"


def test_unsubscribing_takes_the_subscription_away() -> None:
    business, requests = business_answering(DONE)

    business.unsubscribe(WABA)

    assert (requests[0].method, requests[0].url.path) == ("DELETE", f"/v25.0/{WABA}/subscribed_apps")


def test_a_number_is_registered_as_recorded() -> None:
    recorded = shape("ok_phone_register")
    business, requests = business_answering(response_of(recorded))

    business.register(NUMBER, PIN)

    assert json.loads(requests[0].content) == recorded["request"]["body"]
    assert requests[0].url.copy_with(query=None) == httpx.URL(recorded["request"]["url"])


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (response_of(shape("err_133004_server")), "few minutes"),
        (response_of(shape("err_133005_pin_mismatch")), "PIN"),
        (error_answer(133006), "verified again"),
        (error_answer(133008), "too many times"),
        (error_answer(133009), "too fast"),
        (response_of(shape("err_133015_recently_deleted")), "five minutes"),
        (response_of(shape("err_133016_register_limit")), "72 hours"),
        (error_answer(131031, status=403), "locked"),
        (error_answer(33), "no longer has"),
    ],
)
def test_a_refused_registration_says_what_to_do_and_is_not_repeated(answer: httpx.Response, word: str) -> None:
    business, requests = business_answering(answer)

    with pytest.raises(RegistrationFailed) as raised:
        business.register(NUMBER, PIN)

    assert word in raised.value.detail
    assert PIN not in repr(raised.value)
    assert len(requests) == 1


@pytest.mark.parametrize("answer", [httpx.Response(502, text="<html>"), httpx.ReadTimeout("lost")], ids=str)
def test_a_lost_registration_is_not_repeated(answer: httpx.Response | httpx.RequestError) -> None:
    business, requests = business_answering(answer)

    with pytest.raises((MetaTransient, MetaUnreachable)):
        business.register(NUMBER, PIN)

    assert len(requests) == 1


def test_history_is_asked_for() -> None:
    business, requests = business_answering(DONE)

    business.request_sync(NUMBER, "history")

    assert json.loads(requests[0].content) == {"messaging_product": "whatsapp", "sync_type": "history"}
    assert requests[0].url.path == f"/v25.0/{NUMBER}/smb_app_data"


@pytest.mark.parametrize(
    "answer", [error_answer(2593107), error_answer(2593108), error_answer(100, 2593107), error_answer(100, 2593108)]
)
def test_history_that_was_asked_for_before_or_too_late_fails_nothing(answer: httpx.Response) -> None:
    business, requests = business_answering(answer)

    business.request_sync(NUMBER, "history")

    assert len(requests) == 1


def test_all_pages_of_templates_are_read() -> None:
    business, requests = business_answering(
        response_of(shape("ok_templates_list_page1")), response_of(shape("ok_templates_list_page2_last"))
    )
    found = business.templates(WABA)

    assert [(template.name, template.language, template.status) for template in found] == [
        ("recordatorio_turno_24h", "es_AR", "APPROVED"),
        ("bienvenida_paciente", "es_AR", "PENDING"),
        ("promo_blanqueamiento", "es_AR", "REJECTED"),
    ]
    assert found[1].parameter_format == "NAMED"
    assert found[0].components[0]["type"] == "BODY"
    assert "rejected_reason" in requests[0].url.params["fields"]


def test_an_empty_page_does_not_end_the_list() -> None:
    business, _ = business_answering(
        response_of(shape("ok_templates_list_empty_page_with_next")), response_of(shape("ok_templates_list_page2_last"))
    )

    assert [template.name for template in business.templates(WABA)] == ["promo_blanqueamiento"]


def test_a_template_is_written_as_the_store_wants_it() -> None:
    told = [
        {"id": 7, "name": "a", "language": "es-AR", "rejected_reason": "INVALID_FORMAT", "status": "rejected"},
        {"id": "8", "name": "b", "language": "es", "rejected_reason": "NONE", "components": "strange"},
        {"name": "without id", "language": "es"},
        "strange",
    ]
    business, _ = business_answering(httpx.Response(200, json={"data": told}))

    first, second = business.templates(WABA)

    assert first == ("7", "a", "es_AR", "MARKETING", "REJECTED", "POSITIONAL", [], "INVALID_FORMAT")
    assert (second.rejection_reason, second.components) == (None, [])


def test_a_template_is_submitted_as_recorded() -> None:
    recorded = shape("ok_template_create")
    business, requests = business_answering(response_of(recorded))

    created = business.create_template(WABA, recorded["request"]["body"])

    assert json.loads(requests[0].content) == recorded["request"]["body"]
    assert created.external_id == "1689556908120004"
    assert (created.name, created.language, created.category, created.status) == (
        "aviso_reprogramacion",
        "es_AR",
        "UTILITY",
        "PENDING",
    )
    assert created.components == recorded["request"]["body"]["components"]


def test_a_category_that_meta_chose_is_the_templates() -> None:
    business, _ = business_answering(
        httpx.Response(200, json={"id": "1", "status": "APPROVED", "category": "MARKETING"})
    )

    created = business.create_template(WABA, {"name": "a", "language": "es_AR", "category": "UTILITY"})

    assert (created.category, created.status) == ("MARKETING", "APPROVED")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("err_template_create_2388024_duplicate", "There is already es_AR content for this template."),
        ("err_template_create_2388299_var_at_edge", "Variables cannot be at the start or end of the template."),
    ],
)
def test_a_refused_template_is_explained_in_metas_words_and_not_submitted_again(name: str, sentence: str) -> None:
    business, requests = business_answering(response_of(shape(name)))

    with pytest.raises(MetaError) as raised:
        business.create_template(WABA, {"name": "a", "language": "es_AR"})

    assert raised.value.detail == sentence
    assert len(requests) == 1
