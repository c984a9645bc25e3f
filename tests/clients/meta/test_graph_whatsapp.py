"""The Cloud API on behalf of one number, against recorded exchanges."""

import hashlib
import hmac
import json
from uuid import uuid4

import httpx
import pytest

from dentalist.domain.errors import MetaError, OutcomeUnknown
from dentalist.domain.message import Content, Recipient, TemplateRef
from dentalist.domain.sending_errors import MediaGone, MediaRefused, MetaUnreachable
from dentalist.outbound.meta.whatsapp import WhatsAppClient
from tests.clients.meta.recorded import APP_SECRET, TOKEN, graph_answering, response_of, shape

REFERENCE = uuid4()
NUMBER = "310000000000001"
MEDIA_URL = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1"


@pytest.mark.parametrize(
    ("name", "recipient", "content"),
    [
        (
            "ok_message_text",
            Recipient(phone="+5491155550201"),
            Content.text("¡Listo! Te esperamos el jueves a las 15:30."),
        ),
        (
            "ok_message_template_named",
            Recipient(phone="+5492615550203"),
            Content.of_template(
                TemplateRef(name="bienvenida_paciente", language="es_AR", category="UTILITY"),
                [
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "parameter_name": "nombre", "text": "Luciana"},
                            {"type": "text", "parameter_name": "clinica", "text": "Consultorio Dra. Ferreyra"},
                        ],
                    }
                ],
                "",
            ),
        ),
    ],
)
def test_a_send_has_the_recorded_body_and_answers_the_recorded_wamid(
    name: str, recipient: Recipient, content: Content
) -> None:
    recorded = shape(name)
    graph, requests, _ = graph_answering(lambda _: response_of(recorded))

    wamid = WhatsAppClient(graph, NUMBER).send(recipient, content.as_graph(), reference=REFERENCE)

    sent = json.loads(requests[0].content)
    assert sent == {**recorded["request"]["body"], "biz_opaque_callback_data": str(REFERENCE)}
    assert requests[0].url.copy_with(query=None) == httpx.URL(recorded["request"]["url"])
    assert wamid == recorded["response"]["body"]["messages"][0]["id"]


@pytest.mark.parametrize("name", ["ok_message_interactive_buttons", "ok_message_interactive_list"])
def test_an_interactive_message_goes_out_as_it_was_prepared(name: str) -> None:
    recorded = shape(name)
    graph, requests, _ = graph_answering(lambda _: response_of(recorded))
    content = Content.interactive(recorded["request"]["body"]["interactive"])

    WhatsAppClient(graph, NUMBER).send(Recipient(phone="+5491155550201"), content.as_graph(), reference=REFERENCE)

    assert json.loads(requests[0].content)["interactive"] == recorded["request"]["body"]["interactive"]


def test_a_contact_without_a_number_is_sent_to_by_user_id_and_never_with_to() -> None:
    recorded = shape("ok_message_to_bsuid")
    graph, requests, _ = graph_answering(lambda _: response_of(recorded))

    WhatsAppClient(graph, NUMBER).send(
        Recipient(user_id="AR.10200000000000000201"), Content.text("Hola").as_graph(), reference=REFERENCE
    )

    sent = json.loads(requests[0].content)
    assert sent["recipient"] == "AR.10200000000000000201"
    assert "to" not in sent


def test_the_token_travels_in_the_header_alone_with_its_proof_in_the_query() -> None:
    graph, requests, _ = graph_answering(lambda _: response_of(shape("ok_message_text")))

    WhatsAppClient(graph, NUMBER).send(Recipient(phone="+1"), {"type": "text"}, reference=REFERENCE)

    proof = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert requests[0].url.params["appsecret_proof"] == proof
    assert TOKEN not in str(requests[0].url)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": []},
        {"messages": [{}]},
        {"messages": [{"id": ""}]},
        {"messages": "x"},
        {"messages": [7]},
        {"success": True},
    ],
)
def test_a_200_without_a_wamid_leaves_the_send_unknown(body: dict[str, object]) -> None:
    graph, _, _ = graph_answering(lambda _: httpx.Response(200, json=body))

    with pytest.raises(OutcomeUnknown):
        WhatsAppClient(graph, NUMBER).send(Recipient(phone="+1"), {}, reference=REFERENCE)


@pytest.mark.parametrize(("name", "typing"), [("ok_mark_read", False), ("ok_typing_indicator", True)])
def test_reading_and_typing_have_the_recorded_bodies(name: str, typing: bool) -> None:
    recorded = shape(name)
    graph, requests, _ = graph_answering(lambda _: response_of(recorded))

    WhatsAppClient(graph, NUMBER).mark_read("wamid.INVENTED1", typing=typing)

    assert json.loads(requests[0].content) == recorded["request"]["body"]


def test_nobody_waits_long_for_blue_ticks() -> None:
    graph, requests, _ = graph_answering(lambda _: response_of(shape("ok_mark_read")))

    WhatsAppClient(graph, NUMBER).mark_read("wamid.INVENTED1", typing=True)

    assert max(requests[0].extensions["timeout"].values()) <= 2


def test_an_upload_answers_the_recorded_id() -> None:
    graph, requests, _ = graph_answering(lambda _: response_of(shape("ok_media_upload")))

    media_id = WhatsAppClient(graph, NUMBER).upload_media(b"%PDF", mime_type="application/pdf", filename="p.pdf")

    assert media_id == "1037543291540001"
    assert b'name="messaging_product"' in requests[0].content
    assert b'filename="p.pdf"' in requests[0].content


def media_answers(*downloads: httpx.Response, info: dict[str, object] | None = None) -> list[httpx.Response]:
    """Alternately the recorded link and a download."""
    told = {**shape("ok_media_get_url")["response"]["body"], "url": MEDIA_URL, **(info or {})}
    return [answer for download in downloads for answer in (httpx.Response(200, json=told), download)]


def test_media_is_fetched_in_two_steps_with_the_token() -> None:
    answers = media_answers(httpx.Response(200, content=b"\xff\xd8\xff"))
    graph, requests, _ = graph_answering(lambda _: answers.pop(0))

    file = WhatsAppClient(graph, NUMBER).fetch_media("1003383421380001", max_bytes=1_000_000)

    assert file.content == b"\xff\xd8\xff"
    assert file.mime_type == "image/jpeg"
    assert requests[0].url.params["phone_number_id"] == NUMBER
    assert requests[1].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_link_that_ran_out_is_asked_for_once_more() -> None:
    expired = response_of(shape("err_media_download_404_expired"))
    answers = media_answers(expired, httpx.Response(200, content=b"ok"))
    graph, requests, _ = graph_answering(lambda _: answers.pop(0))

    assert WhatsAppClient(graph, NUMBER).fetch_media("1", max_bytes=1_000_000).content == b"ok"
    assert len(requests) == 4


def test_a_file_that_is_gone_is_gone() -> None:
    answers = media_answers(httpx.Response(404), httpx.Response(404))
    graph, _, _ = graph_answering(lambda _: answers.pop(0))

    with pytest.raises(MediaGone):
        WhatsAppClient(graph, NUMBER).fetch_media("1", max_bytes=1_000_000)


def test_an_unauthorized_download_is_an_error_of_meta() -> None:
    answers = media_answers(response_of(shape("err_media_download_401_html")))
    graph, _, _ = graph_answering(lambda _: answers.pop(0))

    with pytest.raises(MetaError):
        WhatsAppClient(graph, NUMBER).fetch_media("1", max_bytes=1_000_000)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/x",
        "http://lookaside.fbsbx.com/x",
        "https://evilfbsbx.com/x",
        "https://fbsbx.com.evil.example.com/x",
        "https://lookaside.fbsbx.com@evil.example.com/x",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "http://[",
        "",
    ],
)
def test_the_token_is_never_taken_to_a_host_that_is_not_metas(url: str) -> None:
    answers = media_answers(httpx.Response(200, content=b"stolen"), info={"url": url})
    graph, requests, _ = graph_answering(lambda _: answers.pop(0))

    with pytest.raises(MediaRefused):
        WhatsAppClient(graph, NUMBER).fetch_media("1", max_bytes=1_000_000)

    assert len(requests) == 1


def test_locally_files_come_from_the_configured_host() -> None:
    answers = media_answers(httpx.Response(200, content=b"ok"), info={"url": "http://127.0.0.1:4001/media/1"})
    graph, _, _ = graph_answering(lambda _: answers.pop(0), base_url="http://127.0.0.1:4001")

    assert WhatsAppClient(graph, NUMBER).fetch_media("1", max_bytes=1_000_000).content == b"ok"


@pytest.mark.parametrize("announced", ["303833", 303833])
def test_a_file_announced_as_too_large_is_not_downloaded(announced: object) -> None:
    answers = media_answers(httpx.Response(200, content=b"x"), info={"file_size": announced})
    graph, requests, _ = graph_answering(lambda _: answers.pop(0))

    with pytest.raises(MediaRefused):
        WhatsAppClient(graph, NUMBER).fetch_media("1", max_bytes=303832)

    assert len(requests) == 1


def test_a_file_that_turns_out_too_large_is_given_up() -> None:
    answers = media_answers(httpx.Response(200, content=b"x" * 200_000), info={"file_size": 1})
    graph, _, _ = graph_answering(lambda _: answers.pop(0))

    with pytest.raises(MediaRefused):
        WhatsAppClient(graph, NUMBER).fetch_media("1", max_bytes=100_000)


def test_a_type_that_is_not_allowed_is_not_downloaded() -> None:
    answers = media_answers(httpx.Response(200, content=b"x"), info={"mime_type": "application/x-msdownload"})
    graph, requests, _ = graph_answering(lambda _: answers.pop(0))

    with pytest.raises(MediaRefused):
        WhatsAppClient(graph, NUMBER).fetch_media("1", max_bytes=1_000_000, allowed_types={"image/jpeg"})

    assert len(requests) == 1


def test_a_download_that_breaks_off_may_be_tried_again() -> None:
    answers = media_answers(httpx.Response(200))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "lookaside.fbsbx.com":
            raise httpx.ReadError("reset")
        return answers.pop(0)

    graph, _, _ = graph_answering(answer)

    with pytest.raises(MetaUnreachable):
        WhatsAppClient(graph, NUMBER).fetch_media("1", max_bytes=1_000_000)


def test_an_id_that_meta_no_longer_knows_is_a_file_that_is_gone() -> None:
    graph, _, _ = graph_answering(lambda _: response_of(shape("err_100_subcode_33_not_visible")))

    with pytest.raises(MediaGone):
        WhatsAppClient(graph, NUMBER).fetch_media("1", max_bytes=1_000_000)
