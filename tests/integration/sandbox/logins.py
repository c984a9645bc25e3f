"""Short ways through the logins: addresses as the application builds them, codes, tokens."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from tests.integration.sandbox.world import (
    APP_ID,
    APP_SECRET,
    GOOGLE_CLIENT_ID,
    GOOGLE_CLIENT_SECRET,
    INSTAGRAM_APP_ID,
    INSTAGRAM_APP_SECRET,
    Sandbox,
)

REDIRECT = "http://127.0.0.1:8787/api/marketing/channels/oauth/callback"
STATE = "un estado/con+signos=="
WHATSAPP = ("whatsapp_business_management", "whatsapp_business_messaging")
INSTAGRAM = (
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_business_manage_messages",
    "instagram_business_manage_comments",
)
GOOGLE = ("https://www.googleapis.com/auth/calendar.events", "https://www.googleapis.com/auth/calendar.freebusy")
VERIFIER = "un-verificador-de-al-menos-cuarenta-y-tres-caracteres"
SUAREZ = {"person": "122100000000000101", "waba": "210987654300101", "number": "310000000000101"}
BENITEZ = {"person": "122100000000000103", "waba": "210987654300103", "number": "310000000000104"}
INSTAGRAM_ID = "17841400000000101"
EMAIL = "agenda.suarez@gmail.example"
DAY = 24 * 3600


def facebook_url(sandbox: Sandbox, **changes: str | None) -> str:
    query = {"client_id": APP_ID, "redirect_uri": REDIRECT, "state": STATE, "response_type": "code"}
    return _url(f"{sandbox.url}/dialog/oauth", query, {"config_id": "800000000000001", **changes})


def instagram_url(sandbox: Sandbox, **changes: str | None) -> str:
    query = {"client_id": INSTAGRAM_APP_ID, "redirect_uri": REDIRECT, "state": STATE, "response_type": "code"}
    return _url(f"{sandbox.url}/instagram/oauth/authorize", query, {"scope": ",".join(INSTAGRAM), **changes})


def google_url(sandbox: Sandbox, **changes: str | None) -> str:
    query = {"client_id": GOOGLE_CLIENT_ID, "redirect_uri": REDIRECT, "state": STATE, "response_type": "code"}
    digest = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    pkce = {"code_challenge": digest, "code_challenge_method": "S256"}
    offline = {"scope": " ".join(GOOGLE), "access_type": "offline", "prompt": "consent"}
    return _url(f"{sandbox.url}/google/auth", query, {**pkce, **offline, **changes})


def _url(address: str, query: dict[str, str], changes: dict[str, str | None]) -> str:
    return f"{address}?{urlencode({k: v for k, v in {**query, **changes}.items() if v is not None})}"


def answer_of(target: str) -> dict[str, str]:
    """What a redirect brings back."""
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query, keep_blank_values=True).items()}


def decide(sandbox: Sandbox, url: str, **choice: Any) -> dict[str, str]:
    return answer_of(sandbox.control("POST", "/dialog", {"url": url, **choice})["redirect_to"])


def facebook_code(sandbox: Sandbox, **choice: Any) -> str:
    return decide(sandbox, facebook_url(sandbox), **{"person": SUAREZ["person"], **choice})["code"]


def exchange(sandbox: Sandbox, code: str, **changes: str | None) -> httpx.Response:
    query = {"client_id": APP_ID, "client_secret": APP_SECRET, "redirect_uri": REDIRECT, "code": code, **changes}
    wanted = {name: value for name, value in query.items() if value is not None}
    return sandbox.http.get("/v25.0/oauth/access_token", params=wanted)


def facebook_token(sandbox: Sandbox, **choice: Any) -> str:
    return exchange(sandbox, facebook_code(sandbox, **choice)).json()["access_token"]


def extend(sandbox: Sandbox, token: str) -> httpx.Response:
    grant = {"grant_type": "fb_exchange_token", "fb_exchange_token": token}
    query = {"client_id": APP_ID, "client_secret": APP_SECRET, **grant}
    return sandbox.http.get("/v25.0/oauth/access_token", params=query)


def inspect(sandbox: Sandbox, token: str) -> dict[str, Any]:
    app_token = f"{APP_ID}|{APP_SECRET}"
    answer = sandbox.graph("GET", "debug_token", token=app_token, params={"input_token": token})
    assert answer.status_code == 200
    return answer.json()["data"]


def instagram_code(sandbox: Sandbox, **choice: Any) -> str:
    return decide(sandbox, instagram_url(sandbox), **{"instagram_user_id": INSTAGRAM_ID, **choice})["code"]


def instagram_exchange(sandbox: Sandbox, code: str, **changes: str) -> httpx.Response:
    client = {"client_id": INSTAGRAM_APP_ID, "client_secret": INSTAGRAM_APP_SECRET}
    form = {**client, "grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": code, **changes}
    return sandbox.http.post("/oauth/access_token", data=form)


def instagram_short(sandbox: Sandbox, **choice: Any) -> str:
    return instagram_exchange(sandbox, instagram_code(sandbox, **choice)).json()["access_token"]


def instagram_extend(sandbox: Sandbox, token: str, secret: str = INSTAGRAM_APP_SECRET) -> httpx.Response:
    query = {"grant_type": "ig_exchange_token", "client_secret": secret, "access_token": token}
    return sandbox.http.get("/access_token", params=query)


def instagram_long(sandbox: Sandbox, **choice: Any) -> str:
    return instagram_extend(sandbox, instagram_short(sandbox, **choice)).json()["access_token"]


def instagram_refresh(sandbox: Sandbox, token: str) -> httpx.Response:
    query = {"grant_type": "ig_refresh_token", "access_token": token}
    return sandbox.http.get("/refresh_access_token", params=query)


def google_code(sandbox: Sandbox, url: str | None = None, **choice: Any) -> str:
    return decide(sandbox, url or google_url(sandbox), **{"google_email": EMAIL, **choice})["code"]


def google_exchange(sandbox: Sandbox, code: str, **changes: str | None) -> httpx.Response:
    client = {"client_id": GOOGLE_CLIENT_ID, "client_secret": GOOGLE_CLIENT_SECRET, "code": code}
    rest = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER, **changes}
    form = {name: value for name, value in {**client, **rest}.items() if value is not None}
    return sandbox.http.post("/google/oauth/token", data=form)


def google_refresh(sandbox: Sandbox, token: str) -> httpx.Response:
    client = {"client_id": GOOGLE_CLIENT_ID, "client_secret": GOOGLE_CLIENT_SECRET}
    form = {**client, "grant_type": "refresh_token", "refresh_token": token}
    return sandbox.http.post("/google/oauth/token", data=form)


def advance(sandbox: Sandbox, seconds: float) -> None:
    sandbox.control("POST", "/clock", {"advance_seconds": seconds})


def error_of(answer: httpx.Response) -> tuple[int, int | None]:
    error = answer.json()["error"]
    return error["code"], error.get("error_subcode")
