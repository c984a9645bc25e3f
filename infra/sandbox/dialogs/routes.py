"""The login dialogs as pages: an address with a request for permission, a form, and the way back."""

from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiDictProxy

from infra.sandbox.dialogs.pages import error_page, facebook_page, google_page, instagram_page, people_page
from infra.sandbox.graph.calls import GraphCall, graph_route
from infra.sandbox.logins.asked import Asked, BadDialog, parse
from infra.sandbox.logins.decisions import BadChoice, Choice, Lifetime, allow
from infra.sandbox.platform import Platform

_STATIC = Path(__file__).parent / "static"
Form = MultiDictProxy[str | bytes | bytearray | web.FileField]

_PERSON = "sandbox_person"
_PATHS = (
    "/dialog/oauth",
    "/{version:v[^/]*}/dialog/oauth",
    "/instagram/oauth/authorize",
    "/oauth/authorize",
    "/google/auth",
)
_NOTHING_CHOSEN = "Elegí al menos una cuenta, o cancelá."


async def show(call: GraphCall) -> web.Response:
    """``GET``: the person first (Facebook), then accounts and permissions."""
    try:
        asked = _asked(call)
    except BadDialog as exc:
        return error_page(_brand(call), str(exc))
    return _page(call, asked)


async def decide(call: GraphCall) -> web.StreamResponse:
    """``POST``: what the person decided takes the browser back to the application."""
    form = await call.request.post()
    try:
        asked = _asked(call)
    except BadDialog as exc:
        return error_page(_brand(call), str(exc))
    if form.get("decision") != "allow":
        return _go(asked.denied())
    ticked = [str(scope) for scope in form.getall("scopes", [])]
    try:
        choice = _choice(form, tuple(scope for scope in asked.scopes if scope not in ticked))
        return _go(allow(call.platform, asked, choice))
    except BadChoice:
        return _page(call, asked, problem=_NOTHING_CHOSEN)


def _asked(call: GraphCall) -> Asked:
    return parse(call.request.path, call.request.query, call.platform.config)


def _brand(call: GraphCall) -> str:
    path = call.request.path
    return next((brand for brand in ("google", "instagram") if brand in path), "facebook")


def _page(call: GraphCall, asked: Asked, problem: str = "") -> web.Response:
    platform: Platform = call.platform
    if asked.provider == "instagram":
        return instagram_page(platform, asked, problem)
    if asked.provider == "google":
        return google_page(platform, asked, problem)
    person = platform.people.find(call.request.query.get(_PERSON, ""))
    if person is None:
        return people_page(platform, urlencode([(k, v) for k, v in call.request.query.items() if k != _PERSON]))
    return facebook_page(platform, asked, person, problem)


def _choice(form: Form, without: tuple[str, ...]) -> Choice:
    given = {name: str(value) for name, value in form.items()}
    wabas = tuple(str(waba_id) for waba_id in form.getall("waba_ids", []))
    if "person" in given and not wabas:
        raise BadChoice(_NOTHING_CHOSEN)
    lifetime = given.get("token_lifetime_seconds", "")
    return Choice(
        person=given.get("person"),
        waba_ids=wabas or None,
        instagram_user_id=given.get("instagram_user_id"),
        google_email=given.get("google_email"),
        without_scopes=without,
        token_kind="user" if given.get("token_kind") == "user" else "system" if "token_kind" in given else None,
        lifetime=Lifetime(int(lifetime) or None) if lifetime.isdecimal() else None,
    )


def _go(url: str) -> web.Response:
    # Not HTTPFound: that would quote the address again, and the state must go back as it came.
    return web.Response(status=HTTPStatus.FOUND, headers={"Location": url, "Cache-Control": "no-store"})


def routes() -> list[web.AbstractRouteDef]:
    """Each dialog and what it is drawn with."""
    shown = [web.get(path, graph_route("dialog", show)) for path in _PATHS]
    decided = [web.post(path, graph_route("dialog", decide)) for path in _PATHS]
    return [web.static("/dialogs/static", _STATIC), *shown, *decided]
