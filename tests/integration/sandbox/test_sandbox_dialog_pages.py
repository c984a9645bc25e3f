"""The dialogs as a person sees them: plain pages and forms that work without script, and lead back."""

import os
import re
import shutil
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.integration.sandbox import logins
from tests.integration.sandbox.logins import EMAIL, GOOGLE, INSTAGRAM, INSTAGRAM_ID, STATE, SUAREZ, WHATSAPP
from tests.integration.sandbox.world import FERREYRA, Application, Sandbox, wait_for

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"]
_FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

needs_browser = pytest.mark.skipif(CHROMIUM is None and "CI" not in os.environ, reason="no Chromium on this machine")


def opened(sandbox: Sandbox, url: str) -> httpx.Response:
    answer = sandbox.http.get(url)
    assert answer.status_code == 200
    assert "script" not in answer.text
    return answer


def links(page: httpx.Response) -> dict[str, str]:
    found = re.findall(r'<a class="option person" href="([^"]+)">.*?<strong>([^<]+)</strong>', page.text)
    return {unescape(name): urljoin(str(page.url), unescape(address)) for address, name in found}


def inputs(page: httpx.Response, name: str) -> dict[str, bool]:
    """The values of the inputs of a name, and which are ticked."""
    found = re.findall(rf'<input type="\w+" name="{name}" value="([^"]+)"( checked)?', page.text)
    return {unescape(value): bool(checked) for value, checked in found}


def submitted(sandbox: Sandbox, page: httpx.Response, form: dict[str, str | list[str]]) -> httpx.Response:
    return sandbox.http.post(str(page.url), data=form)


def test_a_person_logs_in_chooses_and_comes_back(sandbox: Sandbox) -> None:
    people = opened(sandbox, logins.facebook_url(sandbox))
    consent = opened(sandbox, links(people)["Valentina Suárez"])
    assert inputs(consent, "waba_ids") == {SUAREZ["waba"]: True}
    assert inputs(consent, "scopes") == dict.fromkeys(WHATSAPP, True)
    assert "+54 9 11 5032-0101 (nuevo)" in consent.text

    form = {"person": SUAREZ["person"], "waba_ids": [SUAREZ["waba"]], "scopes": list(WHATSAPP), "decision": "allow"}
    back = submitted(sandbox, consent, form)

    assert back.status_code == 302
    answer = logins.answer_of(back.headers["Location"])
    assert answer["state"] == STATE
    token = logins.exchange(sandbox, answer["code"]).json()["access_token"]
    assert logins.inspect(sandbox, token)["type"] == "SYSTEM_USER"
    assert sandbox.graph("GET", SUAREZ["number"], token=token).status_code == 200


def test_the_clinics_that_are_linked_already_can_be_tried_again(sandbox: Sandbox) -> None:
    people = opened(sandbox, logins.facebook_url(sandbox))

    consent = opened(sandbox, links(people)["Consultorio Dra. Ferreyra"])

    assert inputs(consent, "waba_ids") == {FERREYRA["waba_id"]: True}


def test_what_is_not_ticked_is_not_given(sandbox: Sandbox) -> None:
    consent = opened(sandbox, f"{logins.facebook_url(sandbox)}&sandbox_person={SUAREZ['person']}")
    form = {"person": SUAREZ["person"], "waba_ids": SUAREZ["waba"], "scopes": WHATSAPP[0], "decision": "allow"}
    kind = {"token_kind": "user", "token_lifetime_seconds": "3600"}

    back = submitted(sandbox, consent, {**form, **kind})

    answer = logins.exchange(sandbox, logins.answer_of(back.headers["Location"])["code"]).json()
    assert answer["expires_in"] == 3600
    about = logins.inspect(sandbox, answer["access_token"])
    assert (about["scopes"], about["type"]) == ([WHATSAPP[0]], "USER")


def test_cancelling_leads_back_too(sandbox: Sandbox) -> None:
    consent = opened(sandbox, f"{logins.facebook_url(sandbox)}&sandbox_person={SUAREZ['person']}")

    back = submitted(sandbox, consent, {"person": SUAREZ["person"], "decision": "deny"})

    assert logins.answer_of(back.headers["Location"])["error_reason"] == "user_denied"


def test_allowing_nothing_asks_again(sandbox: Sandbox) -> None:
    consent = opened(sandbox, f"{logins.facebook_url(sandbox)}&sandbox_person={SUAREZ['person']}")

    again = submitted(sandbox, consent, {"person": SUAREZ["person"], "decision": "allow"})

    assert again.status_code == 200
    assert "Elegí al menos una cuenta" in again.text


def test_instagrams_page(sandbox: Sandbox) -> None:
    page = opened(sandbox, logins.instagram_url(sandbox))
    assert inputs(page, "instagram_user_id") == {INSTAGRAM_ID: True}
    assert "@suarez.odontologia" in page.text

    form = {"instagram_user_id": INSTAGRAM_ID, "scopes": list(INSTAGRAM[:3]), "decision": "allow"}
    back = submitted(sandbox, page, form)

    assert back.headers["Location"].endswith("#_")
    code = logins.answer_of(back.headers["Location"])["code"]
    assert logins.instagram_exchange(sandbox, code).json()["permissions"] == list(INSTAGRAM[:3])


def test_googles_page(sandbox: Sandbox) -> None:
    page = opened(sandbox, logins.google_url(sandbox))
    assert inputs(page, "google_email") == {EMAIL: True}
    assert inputs(page, "scopes") == dict.fromkeys(GOOGLE, True)

    back = submitted(sandbox, page, {"google_email": EMAIL, "scopes": list(GOOGLE), "decision": "allow"})

    code = logins.answer_of(back.headers["Location"])["code"]
    assert "refresh_token" in logins.google_exchange(sandbox, code).json()


def test_what_people_are_called_cannot_break_the_page(sandbox: Sandbox) -> None:
    wabas = [{"waba_id": "210987654300666", "name": '"><img src=x>', "numbers": []}]
    person = {"name": "<b>Ana</b>", "user_id": "122100000000000666", "businesses": [{"name": "&co", "wabas": wabas}]}
    sandbox.control("POST", "/people", person)

    people = opened(sandbox, logins.facebook_url(sandbox))
    consent = opened(sandbox, f"{logins.facebook_url(sandbox)}&sandbox_person=122100000000000666")

    assert "<b>Ana" not in people.text + consent.text
    assert "<img" not in consent.text
    assert "&lt;b&gt;Ana&lt;/b&gt;" in consent.text


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="es-AR", java_script_enabled=False)
    tab = context.new_page()
    tab.set_default_timeout(8000)
    problems: list[str] = []
    tab.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield tab
    context.close()
    refused = [problem for problem in problems if "Content Security Policy" in problem]
    assert refused == []


def pictured(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for pictures."""
    if folder := os.environ.get("SANDBOX_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@needs_browser
def test_a_browser_without_script_goes_through_facebooks_dialog(
    page: Page, sandbox: Sandbox, application: Application
) -> None:
    redirect = application.url.replace("/api/webhooks/whatsapp", "/callback?hub.challenge=listo")
    page.goto(logins.facebook_url(sandbox, redirect_uri=redirect))
    pictured(page, "facebook-people")
    page.get_by_role("link", name="Valentina Suárez").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("quiere acceder a tu cuenta de WhatsApp Business")
    page.get_by_label("Enviar y recibir mensajes").uncheck()
    page.get_by_text("Opciones de prueba").click()
    page.get_by_label("Vencimiento").select_option("60 días")
    pictured(page, "facebook-consent")

    page.get_by_role("button", name="Permitir").click()

    page.wait_for_url("**/callback*")
    answer = logins.answer_of(page.url)
    assert answer["state"] == STATE
    token = logins.exchange(sandbox, answer["code"], redirect_uri=redirect).json()
    assert token["expires_in"] == 5183944
    assert logins.inspect(sandbox, token["access_token"])["scopes"] == [WHATSAPP[0]]


@needs_browser
def test_a_browser_sees_the_other_pages(page: Page, sandbox: Sandbox) -> None:
    page.goto(logins.instagram_url(sandbox))
    expect(page.get_by_role("radio", name="@suarez.odontologia")).to_be_checked()
    pictured(page, "instagram")
    page.goto(logins.google_url(sandbox))
    expect(page.get_by_role("radio", name=EMAIL)).to_be_checked()
    pictured(page, "google")
    page.goto(logins.facebook_url(sandbox, client_id="1"))
    expect(page.get_by_role("heading", level=1)).to_have_text("No podemos mostrar esta página")
    pictured(page, "error")
    html = '<p>Hola, Nora. <a href="/health">Sumate al equipo</a></p>'
    sandbox.control("POST", "/mails", {"to": "nora@clinica.example", "subject": "Te invitaron", "html": html})
    page.goto(f"{sandbox.url}/mails")
    link = page.frame_locator("iframe").get_by_role("link", name="Sumate al equipo")
    pictured(page, "mails")
    with page.context.expect_page() as followed:
        link.click()
    wait_for(lambda: followed.value.url.endswith("/health"))
