"""The patient's page in a real browser: writing, ticks, typing, lists, and that nothing is fetched from elsewhere."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.integration.sandbox.world import PATIENT, Application, Sandbox, wait_for

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# No sandbox for containers; the rest keeps the browser from talking to its maker.
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"]
_FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

pytestmark = pytest.mark.skipif(CHROMIUM is None and "CI" not in os.environ, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def problems() -> list[str]:
    """What the browser complains about: a test that ends with any has failed."""
    return []


@pytest.fixture
def page(browser: Browser, sandbox: Sandbox, problems: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="es-AR")
    opened = context.new_page()
    opened.set_default_timeout(8000)
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("request", lambda request: _foreign(request.url, sandbox.url, problems))
    opened.goto(sandbox.url)
    opened.get_by_label("Nombre", exact=True).fill("Ana Belén Sosa")
    opened.get_by_label("Teléfono").fill("54 9 11 5555-0201")
    opened.get_by_role("button", name="Guardar").click()
    yield opened
    context.close()
    assert problems == []


def _foreign(url: str, home: str, problems: list[str]) -> None:
    if not url.startswith((home, "data:", "blob:")):
        problems.append(f"request to {url}")


def open_clinic(page: Page) -> Any:
    page.get_by_role("button", name="Consultorio Dra. Ferreyra").first.click()
    return page.get_by_role("log")


def answer(sandbox: Sandbox, kind: str, content: dict[str, Any]) -> str:
    body = {"messaging_product": "whatsapp", "to": f"+{PATIENT}", "type": kind, kind: content}
    return sandbox.send(body).json()["messages"][0]["id"]


def test_a_burst_is_written_ticked_and_read(page: Page, sandbox: Sandbox, application: Application) -> None:
    log = open_clinic(page)
    for words in ("Hola", "Quería un turno", "¿Tenés el jueves? 🦷"):
        page.get_by_label("Mensaje", exact=True).fill(words)
        page.keyboard.press("Enter")

    expect(log.locator(".mine")).to_have_count(3)
    expect(log.get_by_label("Entregado")).to_have_count(3)
    messages = wait_for(lambda: application.messages()[2:] and application.messages())
    assert {m["text"]["body"] for m in messages} == {"Hola", "Quería un turno", "¿Tenés el jueves? 🦷"}
    assert {m["from"] for m in messages} == {PATIENT}
    assert application.received[0].values[0]["contacts"][0]["profile"]["name"] == "Ana Belén Sosa"

    last = next(m["id"] for m in messages if "🦷" in m["text"]["body"])
    typing = {"messaging_product": "whatsapp", "status": "read", "message_id": last}
    sandbox.send({**typing, "typing_indicator": {"type": "text"}})
    expect(page.get_by_text("escribiendo…")).to_be_visible()
    expect(log.get_by_label("Leído")).to_have_count(3)

    answer(sandbox, "text", {"body": "¡Hola *Ana*! Soy un _asistente_. <b>no</b>"})
    reply = log.locator(".theirs .bubble").last
    expect(reply.locator("strong")).to_have_text("Ana")
    expect(reply.locator("em")).to_have_text("asistente")
    expect(reply).to_contain_text("<b>no</b>")
    expect(page.get_by_text("escribiendo…")).to_have_count(0)


def test_a_row_of_a_list_is_chosen(page: Page, sandbox: Sandbox, application: Application) -> None:
    sandbox.patient_writes()
    log = open_clinic(page)
    rows = [{"id": "slot-1", "title": "15:30", "description": "Dra. Ferreyra"}, {"id": "slot-2", "title": "16:00"}]
    action = {"button": "Ver horarios", "sections": [{"title": "Jueves 26/11", "rows": rows}]}
    offered = answer(sandbox, "interactive", {"type": "list", "body": {"text": "Elegí"}, "action": action})

    page.get_by_role("button", name="Ver horarios").click()
    sheet = page.get_by_role("dialog", name="Ver horarios")
    expect(sheet.get_by_role("button", name="Enviar")).to_be_disabled()
    sheet.get_by_label("15:30").check()
    sheet.get_by_role("button", name="Enviar").click()

    expect(sheet).to_be_hidden()
    expect(log.locator(".mine").last).to_contain_text("15:30")
    chosen = wait_for(lambda: [m for m in application.messages() if m["type"] == "interactive"])[0]
    assert chosen["interactive"] == {"type": "list_reply", "list_reply": rows[0]}
    assert chosen["context"]["id"] == offered


def test_a_button_is_tapped_with_the_keyboard(page: Page, sandbox: Sandbox, application: Application) -> None:
    sandbox.patient_writes()
    open_clinic(page)
    buttons = [{"type": "reply", "reply": {"id": "si", "title": "Confirmar"}}]
    answer(sandbox, "interactive", {"type": "button", "body": {"text": "¿Vas?"}, "action": {"buttons": buttons}})

    page.get_by_role("button", name="Confirmar").focus()
    page.keyboard.press("Enter")

    tapped = wait_for(lambda: [m for m in application.messages() if m["type"] == "interactive"])[0]
    assert tapped["interactive"] == {"type": "button_reply", "button_reply": {"id": "si", "title": "Confirmar"}}


def test_an_image_a_voice_note_and_a_quote_are_sent(page: Page, sandbox: Sandbox, application: Application) -> None:
    log = open_clinic(page)
    sample = Path("infra/sandbox/page/samples/image.jpg").resolve()
    page.locator("#file").set_input_files(sample)
    image = log.get_by_role("img", name="Imagen")
    expect(image).to_be_visible()
    wait_for(lambda: image.evaluate("image => image.naturalWidth") == 480)
    page.get_by_role("button", name="Enviar una nota de voz de muestra").click()
    audio = log.locator("audio")
    expect(audio).to_have_count(1)
    wait_for(lambda: 2.9 < (audio.evaluate("audio => audio.duration") or 0) < 3.2)

    first = log.locator(".line").first
    first.hover()
    first.get_by_role("button", name="Responder").click()
    page.get_by_label("Mensaje", exact=True).fill("Mirá esta")
    page.get_by_role("button", name="Enviar", exact=True).click()

    quoting = wait_for(lambda: [m for m in application.messages() if m["type"] == "text"])[0]
    sent_image = next(m for m in application.messages() if m["type"] == "image")
    assert quoting["context"]["id"] == sent_image["id"]
    expect(log.locator("blockquote")).to_contain_text("Imagen")


def test_a_message_that_does_not_arrive_has_no_tick(page: Page, sandbox: Sandbox, application: Application) -> None:
    application.answers = [503]
    sandbox.settings(webhooks={"backoff_seconds": [1]})
    log = open_clinic(page)
    page.get_by_label("Mensaje", exact=True).fill("¿Hay alguien?")
    page.keyboard.press("Enter")

    expect(log.get_by_label("Enviando")).to_be_visible()
    expect(log.get_by_label("Entregado")).to_be_visible()


def test_the_thread_is_there_again_after_a_reload(page: Page, sandbox: Sandbox) -> None:
    open_clinic(page)
    page.get_by_label("Mensaje", exact=True).fill("Sigo acá")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Sigo acá")

    page.reload()

    expect(page.get_by_role("log")).to_contain_text("Sigo acá")


def test_on_a_wide_screen_clinics_and_thread_stand_side_by_side(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    open_clinic(page)

    expect(page.get_by_role("navigation", name="Elegí un consultorio")).to_be_visible()
    expect(page.get_by_role("log")).to_be_visible()
    expect(page.get_by_role("button", name="Volver a los consultorios")).to_be_hidden()
