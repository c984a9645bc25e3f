"""The mailbox: what the application sent, shown as a person would read it."""

from datetime import UTC, datetime
from html import escape
from http import HTTPStatus

from aiohttp import web

from infra.sandbox.dialogs.html import page
from infra.sandbox.graph.calls import PLATFORM
from infra.sandbox.mails.mailbox import Mail
from infra.sandbox.mails.ses import send_email

# A mail is somebody else's HTML: no script, its own origin, but its links may be followed.
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
_POLICY = f"sandbox {_SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


async def show_all(request: web.Request) -> web.Response:
    """``GET /mails``, newest first."""
    mails = request.app[PLATFORM].mails.listed(request.query.get("to"))
    shown = "".join(map(_shown, reversed(mails))) or '<p class="lead">Todavía no llegó ningún correo.</p>'
    return page("Correos", f'<p class="brand">Entorno de pruebas</p><h1>Correos enviados</h1>{shown}', brand="mails")


async def show_body(request: web.Request) -> web.Response:
    """``GET /mails/{id}/body``: the mail itself."""
    mail = request.app[PLATFORM].mails.find(int(request.match_info["id"]))
    if mail is None:
        return web.Response(status=HTTPStatus.NOT_FOUND, text="No hay ningún correo con ese número.")
    text = mail.html if mail.html is not None else f"<pre style='white-space:pre-wrap'>{escape(mail.text or '')}</pre>"
    body = f"<!doctype html><meta charset=utf-8><base target=_blank>{text}"
    return web.Response(text=body, content_type="text/html", headers={"Content-Security-Policy": _POLICY})


def _shown(mail: Mail) -> str:
    at = datetime.fromtimestamp(mail.at, UTC).strftime("%d/%m/%Y %H:%M UTC")
    return f"""<article class="mail"><header><h2>{escape(mail.subject)}</h2>
<small>Para {escape(mail.to)} · {at}</small></header>
<iframe src="/mails/{mail.id}/body" title="{escape(mail.subject)}" sandbox="{_SANDBOX}"></iframe></article>"""


def routes() -> list[web.RouteDef]:
    """The page and the mails in it, and the service that the application sends them by."""
    return [
        web.get("/mails", show_all),
        web.get(r"/mails/{id:\d+}/body", show_body),
        web.post("/ses/v2/email/outbound-emails", send_email),
    ]
