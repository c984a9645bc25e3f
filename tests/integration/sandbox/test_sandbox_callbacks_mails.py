"""Meta calls back when somebody leaves, and mails are kept for whoever would have received them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.integration.sandbox import logins
from tests.integration.sandbox.logins import INSTAGRAM_ID, SUAREZ, error_of
from tests.integration.sandbox.world import APP_SECRET, INSTAGRAM_APP_SECRET, Application, Sandbox


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def received(application: Application, secret: str) -> tuple[bool, Any]:
    """Whether the signature is good, and what is signed."""
    form = parse_qs(application.received[-1].body.decode())
    signature, payload = form["signed_request"][0].split(".")
    expected = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    return decoded(signature) == expected, json.loads(decoded(payload))


@pytest.mark.parametrize("what", ["deauthorize", "data-deletion"])
def test_who_leaves_is_named_in_a_signed_form(sandbox: Sandbox, application: Application, what: str) -> None:
    token = logins.facebook_token(sandbox)
    now = sandbox.control("POST", "/clock", {"advance_seconds": 5000})["now"]

    told = sandbox.control("POST", f"/people/{SUAREZ['person']}/{what}", {"url": application.url}, expect=201)

    good, payload = received(application, APP_SECRET)
    assert good
    assert (payload["user_id"], payload["algorithm"]) == (SUAREZ["person"], "HMAC-SHA256")
    assert payload["issued_at"] == pytest.approx(now, abs=3)
    assert told["answer"]["status"] == 200
    assert error_of(sandbox.graph("GET", "me", token=token)) == (190, 458)


def test_instagram_signs_with_its_own_secret(sandbox: Sandbox, application: Application) -> None:
    token = logins.instagram_long(sandbox)

    sandbox.control("POST", f"/instagram/{INSTAGRAM_ID}/deauthorize", {"url": application.url})

    good, payload = received(application, INSTAGRAM_APP_SECRET)
    assert (good, payload["user_id"]) == (True, "26000000000000101")
    assert error_of(sandbox.graph("GET", "me", token=token)) == (190, 458)


def test_a_call_back_can_be_forged(sandbox: Sandbox, application: Application) -> None:
    forged = {"url": application.url, "signature": "wrong", "algorithm": "none", "issued_at": 1}

    sandbox.control("POST", f"/people/{SUAREZ['person']}/deauthorize", forged)

    assert received(application, APP_SECRET) == (
        False,
        {"user_id": SUAREZ["person"], "algorithm": "none", "issued_at": 1},
    )


def test_an_application_that_is_away_is_told(sandbox: Sandbox) -> None:
    told = sandbox.control("POST", f"/people/{SUAREZ['person']}/deauthorize", {"url": "http://127.0.0.1:9/"})

    assert told["answer"]["status"] is None
    assert "Error" in told["answer"]["error"]
    assert sandbox.http.post("/control/people/1/deauthorize", json={"url": "x"}).status_code == 404


def test_mails_are_kept_and_shown(sandbox: Sandbox, make_sandbox: Callable[[], Sandbox]) -> None:
    html = '<p>Hola <b>Nora</b>, <a href="http://127.0.0.1:1/aceptar">sumate</a></p><script>alert(1)</script>'
    invitation = {"to": "nora@clinica.example", "subject": "Te invitaron <al> equipo", "html": html}
    first = sandbox.control("POST", "/mails", invitation, expect=201)
    sandbox.control("POST", "/mails", {"to": "otra@clinica.example", "subject": "Aviso", "text": "1 < 2"}, expect=201)
    sandbox.stop()
    again = make_sandbox()

    mails = again.control("GET", "/mails?to=nora@clinica.example")["mails"]
    page = again.http.get("/mails")
    body = again.http.get(f"/mails/{first['id']}/body")
    plain = again.http.get(f"/mails/{first['id'] + 1}/body")

    assert [mail["subject"] for mail in mails] == ["Te invitaron <al> equipo"]
    assert len(again.control("GET", "/mails")["mails"]) == 2
    assert "Te invitaron &lt;al&gt; equipo" in page.text
    assert page.text.index("Aviso") < page.text.index("Te invitaron")
    assert "sumate" in body.text
    assert "sandbox" in body.headers["Content-Security-Policy"]
    assert "allow-scripts" not in body.headers["Content-Security-Policy"]
    assert "1 &lt; 2" in plain.text
    again.control("POST", "/reset")
    assert again.control("GET", "/mails") == {"mails": []}
    assert "Todavía no llegó" in again.http.get("/mails").text


@pytest.mark.parametrize("mail", [{"to": "nadie", "subject": "x", "text": "x"}, {"to": "a@b.c", "subject": "x"}])
def test_a_mail_needs_an_address_and_a_content(sandbox: Sandbox, mail: dict[str, str]) -> None:
    assert sandbox.http.post("/control/mails", json=mail).status_code == 422
