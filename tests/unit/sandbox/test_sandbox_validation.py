"""Every documented limit of a message, at its edge and one beyond."""

from typing import Any

import pytest

from infra.sandbox.errors import GraphError
from infra.sandbox.validation import Outgoing, ReadReceipt, parse_call

PHONE = "+5491155550201"
HEADER = {"type": "text", "text": "x" * 60}
IMAGE_HEADER = {"type": "image", "image": {"link": "https://ejemplo.test/a.jpg"}}


def message(kind: str = "text", content: Any = None, **changes: Any) -> dict[str, Any]:
    body = {"messaging_product": "whatsapp", "to": PHONE, "type": kind, kind: content or {"body": "Hola"}}
    return {key: value for key, value in {**body, **changes}.items() if value is not None}


def buttons(*titles: str, **changes: Any) -> dict[str, Any]:
    replies = [{"type": "reply", "reply": {"id": f"id-{i}", "title": title}} for i, title in enumerate(titles)]
    return {"type": "button", "body": {"text": "¿Vas?"}, "action": {"buttons": replies}, **changes}


def rows(count: int, **changes: Any) -> list[dict[str, str]]:
    return [{"id": f"id-{i}", "title": f"Opción {i}", **changes} for i in range(count)]


def list_of(*sections: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "type": "list",
        "body": {"text": "Elegí"},
        "action": {"button": "Ver", "sections": list(sections)},
        **changes,
    }


def link(**changes: Any) -> dict[str, Any]:
    parameters = {"display_text": "Cómo llegar", "url": "https://ejemplo.test/mapa", **changes}
    return {"type": "cta_url", "body": {"text": "Acá"}, "action": {"name": "cta_url", "parameters": parameters}}


def template(*components: Any, **changes: Any) -> dict[str, Any]:
    return {"name": "recordatorio", "language": {"code": "es_AR"}, "components": list(components), **changes}


def body_parameter(**parameter: Any) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", **parameter}]}


PAYLOAD = {"type": "payload", "payload": "SI"}
SECTION = {"title": "s" * 24, "rows": rows(10)}

ACCEPTED = {
    "text": message(),
    "text of 4096": message(content={"body": "x" * 4096, "preview_url": True}),
    "digits without plus": message(to="5491155550201"),
    "user id": message(to=None, recipient="AR.10200000000000000201"),
    "parent user id": message(to=None, recipient="AR.ENT.1020"),
    "context": message(context={"message_id": "wamid.X"}),
    "callback data of 512": message(biz_opaque_callback_data="x" * 512),
    "image by id": message("image", {"id": "1", "caption": "x" * 1024}),
    "document by link": message("document", {"link": "https://ejemplo.test/a.pdf", "filename": "a.pdf"}),
    "audio": message("audio", {"id": "1"}),
    "sticker": message("sticker", {"id": "1"}),
    "video": message("video", {"id": "1", "caption": "mirá"}),
    "reaction": message("reaction", {"message_id": "wamid.X", "emoji": "👍🏽"}),
    "reaction removed": message("reaction", {"message_id": "wamid.X", "emoji": ""}),
    "location": message("location", {"latitude": -34.6, "longitude": "-58.4", "name": "Clínica"}),
    "three buttons": message("interactive", buttons("x" * 20, "b", "c", header=HEADER, footer={"text": "x" * 60})),
    "buttons with an image": message("interactive", buttons("a", header=IMAGE_HEADER)),
    "ten rows": message("interactive", list_of(SECTION, header=HEADER)),
    "two sections": message("interactive", list_of({"title": "a", "rows": rows(5)}, {"title": "b", "rows": [
        {"id": "z" * 200, "title": "x" * 24, "description": "x" * 72}
    ]})),
    "one section without title": message("interactive", list_of({"rows": rows(1)})),
    "link": message("interactive", link(display_text="x" * 20)),
    "template": message("template", template(body_parameter(text="Ana"))),
    "template without components": message("template", {"name": "hola", "language": {"code": "es"}}),
    "template button": message("template", template(
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [PAYLOAD]}
    )),
}  # fmt: skip

REFUSED = {
    "no product": (message(messaging_product=None), 100),
    "other product": (message(messaging_product="sms"), 100),
    "no recipient": (message(to=None), 131008),
    "both recipients": (message(recipient="AR.1020"), 100),
    "words as phone": (message(to="ana"), 131009),
    "user id in to": (message(to="AR.10200000000000000201"), 131009),
    "phone in recipient": (message(to=None, recipient=PHONE), 131009),
    "phone too long": (message(to="+" + "9" * 16), 131009),
    "no type": ({"messaging_product": "whatsapp", "to": PHONE}, 131008),
    "unknown type": (message("hologram", {"a": 1}), 131051),
    "content missing": (message(text=None), 100),
    "content of another type": (message(image={"id": "1"}), 100),
    "unknown key": (message(ttl=3), 100),
    "unknown key inside": (message(content={"body": "a", "bold": True}), 100),
    "group": (message(recipient_type="group"), 100),
    "empty text": (message(content={"body": ""}), 100),
    "blank text": (message(content={"body": " \n"}), 100),
    "text of 4097": (message(content={"body": "x" * 4097}), 100),
    "text as number": (message(content={"body": 5}), 100),
    "text as string": (message(content="hola"), 100),
    "preview as word": (message(content={"body": "a", "preview_url": "yes"}), 100),
    "callback data of 513": (message(biz_opaque_callback_data="x" * 513), 100),
    "context without id": (message(context={}), 131008),
    "context on reaction": (
        message("reaction", {"message_id": "w", "emoji": "a"}, context={"message_id": "w"}),
        100,
    ),
    "id and link": (message("image", {"id": "1", "link": "https://ejemplo.test/a.jpg"}), 100),
    "neither id nor link": (message("image", {"caption": "a"}), 100),
    "link that is none": (message("image", {"link": "archivo.jpg"}), 100),
    "caption on audio": (message("audio", {"id": "1", "caption": "a"}), 100),
    "caption on sticker": (message("sticker", {"id": "1", "caption": "a"}), 100),
    "filename on image": (message("image", {"id": "1", "filename": "a.jpg"}), 100),
    "caption of 1025": (message("image", {"id": "1", "caption": "x" * 1025}), 100),
    "reaction without emoji": (message("reaction", {"message_id": "w"}), 131008),
    "latitude of 91": (message("location", {"latitude": 91, "longitude": 0}), 100),
    "location without longitude": (message("location", {"latitude": 1}), 131008),
    "no buttons": (message("interactive", buttons()), 100),
    "four buttons": (message("interactive", buttons("a", "b", "c", "d")), 100),
    "same title twice": (message("interactive", buttons("a", "a")), 100),
    "button title of 21": (message("interactive", buttons("x" * 21)), 100),
    "button body of 1025": (message("interactive", buttons("a", body={"text": "x" * 1025})), 100),
    "footer of 61": (message("interactive", buttons("a", footer={"text": "x" * 61})), 100),
    "header of 61": (message("interactive", buttons("a", header={"type": "text", "text": "x" * 61})), 100),
    "no body": (message("interactive", buttons("a", body=None)), 131008),
    "unknown interactive": (message("interactive", buttons("a", type="flow")), 100),
    "eleven rows": (message("interactive", list_of({"title": "a", "rows": rows(11)})), 100),
    "eleven rows together": (
        message("interactive", list_of({"title": "a", "rows": rows(6)}, {"title": "b", "rows": rows(5)})),
        100,
    ),
    "same row twice": (message("interactive", list_of({"rows": rows(2, id="a")})), 100),
    "row title of 25": (message("interactive", list_of({"rows": rows(1, title="x" * 25)})), 100),
    "row description of 73": (message("interactive", list_of({"rows": rows(1, description="x" * 73)})), 100),
    "row id of 201": (message("interactive", list_of({"rows": rows(1, id="x" * 201)})), 100),
    "section title of 25": (message("interactive", list_of({"title": "x" * 25, "rows": rows(1)})), 100),
    "two sections, one untitled": (
        message("interactive", list_of({"rows": rows(1)}, {"title": "b", "rows": rows(1)})),
        131008,
    ),
    "eleven sections": (message("interactive", list_of(*[{"title": "a", "rows": rows(1)}] * 11)), 100),
    "list body of 4097": (message("interactive", list_of(SECTION, body={"text": "x" * 4097})), 100),
    "list with an image": (message("interactive", list_of(SECTION, header=IMAGE_HEADER)), 100),
    "link text of 21": (message("interactive", link(display_text="x" * 21)), 100),
    "link to nowhere": (message("interactive", link(url="mapa")), 100),
    "template without language": (message("template", {"name": "a"}), 131008),
    "template name in capitals": (message("template", template(name="Recordatorio")), 100),
    "template language as word": (message("template", template(language={"code": "español"})), 100),
    "template text with line break": (message("template", template(body_parameter(text="a\nb"))), 132012),
    "template text with five spaces": (message("template", template(body_parameter(text="a     b"))), 132012),
    "template component unknown": (message("template", template({"type": "footer"})), 100),
    "template button without index": (
        message("template", template({"type": "button", "sub_type": "url", "parameters": []})),
        131008,
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_meta_accepts_is_accepted(name: str) -> None:
    parsed = parse_call(ACCEPTED[name])

    assert isinstance(parsed, Outgoing)
    assert parsed.content == ACCEPTED[name][parsed.type]
    assert (parsed.phone is None) != (parsed.user_id is None)


@pytest.mark.parametrize("name", REFUSED)
def test_what_meta_refuses_is_refused_with_its_code(name: str) -> None:
    body, code = REFUSED[name]

    with pytest.raises(GraphError) as refusal:
        parse_call(body)

    assert refusal.value.code == code
    assert refusal.value.http_status == 400


def test_a_receipt_is_no_message() -> None:
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.X"}

    assert parse_call(body) == ReadReceipt("wamid.X", typing=False)
    assert parse_call({**body, "typing_indicator": {"type": "text"}}) == ReadReceipt("wamid.X", typing=True)


@pytest.mark.parametrize(
    "change", [{"status": "delivered"}, {"message_id": ""}, {"typing_indicator": {"type": "audio"}}, {"to": PHONE}]
)
def test_a_wrong_receipt_is_refused(change: dict[str, Any]) -> None:
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.X", **change}

    with pytest.raises(GraphError):
        parse_call(body)


@pytest.mark.parametrize("body", [None, [], "hola", 3])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(GraphError):
        parse_call(body)
