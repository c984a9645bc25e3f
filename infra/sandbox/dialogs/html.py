"""Plain HTML pages: the frame they share. Everything shown is escaped here or where it is put in."""

from html import escape
from http import HTTPStatus

from aiohttp import web

# No script at all. Where a form leads is not restricted: after it the browser goes back to the application.
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'"


def page(title: str, body: str, *, brand: str, status: int = HTTPStatus.OK) -> web.Response:
    """A whole page; ``body`` is HTML, ``brand`` chooses the colours."""
    text = f"""<!doctype html>
<html lang="es">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{escape(title)}</title>
    <link rel="icon" href="/page/static/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/dialogs/static/dialog.css">
  </head>
  <body class="{escape(brand)}">
    <p class="notice">Entorno de pruebas: nada de lo que hagas acá llega a Meta ni a Google.</p>
    <main>
{body}
    </main>
  </body>
</html>
"""
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)


def option(kind: str, name: str, value: str, title: str, detail: str = "", *, checked: bool = False) -> str:
    """A line to choose: a radio button or a tick, with a second line in small print."""
    mark = " checked" if checked else ""
    small = f"<small>{escape(detail)}</small>" if detail else ""
    return (
        f'<label class="option"><input type="{kind}" name="{escape(name)}" value="{escape(value)}"{mark}>'
        f"<span><strong>{escape(title)}</strong>{small}</span></label>"
    )


def group(legend: str, lines: list[str]) -> str:
    """Lines to choose under one heading."""
    return f"<fieldset><legend>{escape(legend)}</legend>{''.join(lines)}</fieldset>"
