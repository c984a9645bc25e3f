"""Media: upload, link, bytes, expiry, and whose they are."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.sandbox.world import FERREYRA, PATIENT, RIOS, Application, Sandbox, wait_for

RECORDED = Path(__file__).parents[2] / "data" / "meta" / "graph"
PDF = b"%PDF-1.4 presupuesto"


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / name).read_text())


def upload(sandbox: Sandbox, content: bytes = PDF, mime_type: str = "application/pdf", **fields: Any) -> httpx.Response:
    data = {"messaging_product": "whatsapp", "type": mime_type, **fields}
    files = {"file": ("presupuesto.pdf", content, mime_type)}
    return sandbox.graph("POST", "310000000000001/media", data=data, files=files)


def test_a_file_is_uploaded_linked_downloaded_and_deleted(sandbox: Sandbox) -> None:
    media_id = upload(sandbox).json()["id"]

    node = sandbox.graph("GET", media_id, params={"phone_number_id": "310000000000001"}).json()
    assert node.keys() == recorded("ok_media_get_url.json")["response"]["body"].keys()
    assert node["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (node["mime_type"], int(node["file_size"]), node["id"]) == ("application/pdf", len(PDF), media_id)

    bearer = {"Authorization": f"Bearer {FERREYRA['access_token']}"}
    downloaded = httpx.get(node["url"], headers=bearer)
    assert (downloaded.content, downloaded.headers["Content-Type"]) == (PDF, "application/pdf")

    assert sandbox.graph("DELETE", media_id).json() == recorded("ok_media_delete.json")["response"]["body"]
    assert sandbox.graph("GET", media_id).json()["error"]["error_subcode"] == 33
    assert httpx.get(node["url"], headers=bearer).status_code == 404


def test_a_link_needs_the_token_and_lives_five_minutes(sandbox: Sandbox) -> None:
    url = sandbox.graph("GET", upload(sandbox).json()["id"]).json()["url"]
    bearer = {"Authorization": f"Bearer {FERREYRA['access_token']}"}

    anonymous = httpx.get(url)
    expected = recorded("err_media_download_401_html.json")["response"]
    assert (anonymous.status_code, anonymous.text) == (expected["http_status"], expected["body_text"])
    assert httpx.get(url.replace("hash=AR", "hash=ARx"), headers=bearer).status_code == 404
    sandbox.control("POST", "/clock", {"advance_seconds": 299})
    assert httpx.get(url, headers=bearer).status_code == 200

    sandbox.control("POST", "/clock", {"advance_seconds": 2})

    expired = httpx.get(url, headers=bearer)
    gone = recorded("err_media_download_404_expired.json")["response"]
    assert (expired.status_code, expired.text) == (gone["http_status"], gone["body_text"])


def test_another_tenant_sees_neither_the_file_nor_its_bytes(sandbox: Sandbox) -> None:
    media_id = upload(sandbox).json()["id"]
    url = sandbox.graph("GET", media_id).json()["url"]

    foreign = RIOS["access_token"]

    assert sandbox.graph("GET", media_id, token=foreign).json()["error"]["error_subcode"] == 33
    assert sandbox.graph("DELETE", media_id, token=foreign).json()["error"]["error_subcode"] == 33
    assert httpx.get(url, headers={"Authorization": f"Bearer {foreign}"}).status_code == 404
    document = {"messaging_product": "whatsapp", "to": f"+{PATIENT}", "type": "document", "document": {"id": media_id}}
    assert sandbox.send(document, number="310000000000003", token=foreign).json()["error"]["code"] == 131009


def test_what_a_patient_sends_can_be_fetched_from_the_webhook(sandbox: Sandbox, application: Application) -> None:
    content = b"\xff\xd8\xff\xe0 una corona"
    image = {"content_base64": base64.b64encode(content).decode(), "mime_type": "image/jpeg", "caption": "mirá"}
    sandbox.patient_writes(type="image", image=image, text=None)
    [message] = wait_for(application.messages)

    file = message["image"]
    assert base64.b64decode(file["sha256"]) == hashlib.sha256(content).digest()
    assert file["caption"] == "mirá"
    url = sandbox.graph("GET", file["id"]).json()["url"]
    bearer = {"Authorization": f"Bearer {FERREYRA['access_token']}"}
    assert httpx.get(url, headers=bearer).content == content
    assert httpx.get(file["url"], headers=bearer).content == content
    sandbox.control("POST", "/clock", {"advance_seconds": 7 * 24 * 3600 + 1})
    assert sandbox.graph("GET", file["id"]).json()["error"]["error_subcode"] == 33


def test_a_voice_note_is_a_playable_ogg(sandbox: Sandbox, application: Application) -> None:
    sandbox.patient_writes(type="audio", audio={"voice": True}, text=None)
    [message] = wait_for(application.messages)

    assert (message["audio"]["mime_type"], message["audio"]["voice"]) == ("audio/ogg; codecs=opus", True)
    bytes_of = httpx.get(message["audio"]["url"], headers={"Authorization": f"Bearer {FERREYRA['access_token']}"})
    assert bytes_of.content.startswith(b"OggS")


@pytest.mark.parametrize(
    ("content", "mime_type", "fields", "code"),
    [
        (PDF, "application/x-msdownload", {}, 100),
        (PDF, "application/pdf", {"type": "image/jpeg"}, 131053),
        (b"", "application/pdf", {}, 131053),
        (b"x" * (500 * 1024 + 1), "image/webp", {}, 131053),
        (PDF, "application/pdf", {"messaging_product": "sms"}, 100),
        (PDF, "application/pdf", {"caption": "hola"}, 100),
    ],
)
def test_an_upload_meta_would_refuse_is_refused(
    sandbox: Sandbox, content: bytes, mime_type: str, fields: dict[str, str], code: int
) -> None:
    assert upload(sandbox, content, mime_type, **fields).json()["error"]["code"] == code


def test_a_file_of_another_kind_cannot_be_sent_as_an_image(sandbox: Sandbox) -> None:
    media_id = upload(sandbox).json()["id"]
    body = {"messaging_product": "whatsapp", "to": f"+{PATIENT}", "type": "image", "image": {"id": media_id}}

    error = sandbox.send(body).json()["error"]

    assert error["code"] == 131053
    assert error["error_data"]["details"] == "Media file has type application/pdf but image/jpeg was expected."


def test_a_linked_file_is_fetched_and_shown(sandbox: Sandbox, application: Application) -> None:
    sandbox.patient_writes(type="document", document={"filename": "panoramica.pdf"}, text=None)
    sent = wait_for(application.messages)[0]["document"]
    # Any address does; the sandbox's own page file needs no token.
    link = f"{sandbox.url}/page/media/{sent['id']}"
    document = {"link": link, "filename": "orden.pdf"}
    sandbox.send({"messaging_product": "whatsapp", "to": f"+{PATIENT}", "type": "document", "document": document})

    wait_for(lambda: [s["status"] for s in application.statuses()] == ["sent", "delivered", "read"])
    thread = sandbox.http.get("/page/thread", params={"phone_number_id": "310000000000001", "from": PATIENT}).json()
    shown = thread["messages"][-1]["content"]
    assert shown["mime_type"] == "application/pdf"
    assert sandbox.http.get(f"/page/media/{shown['media_id']}").content.startswith(b"%PDF")


def test_a_link_that_leads_nowhere_fails_the_message_later(sandbox: Sandbox, application: Application) -> None:
    sandbox.patient_writes()
    image = {"link": f"{sandbox.url}/page/media/404"}

    answer = sandbox.send({"messaging_product": "whatsapp", "to": f"+{PATIENT}", "type": "image", "image": image})

    assert answer.status_code == 200
    [status] = wait_for(application.statuses)
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131053)
