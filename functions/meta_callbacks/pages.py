"""The page that a person opens from Meta to see what became of their request. No script, nothing from outside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC
from html import escape

from dentalist.domain.privacy import DataDeletion

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.125rem/1.6 system-ui,sans-serif;max-width:40rem;margin:0 auto;padding:1.5rem}"
    "h1{font-size:1.5rem;line-height:1.3}dt{font-weight:600}dd{margin:0 0 .75rem}code{overflow-wrap:anywhere}"
    "section+section{border-top:1px solid;margin-top:2rem;padding-top:1rem}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_DATE, _DATE_ENGLISH = "%d/%m/%Y %H:%M (UTC)", "%Y-%m-%d %H:%M (UTC)"


def status_page(deletion: DataDeletion) -> str:
    """What was asked, and that it is done; in Spanish, and below in English."""
    code = f"<code>{escape(deletion.confirmation_code)}</code>"
    asked, done = deletion.requested_at.astimezone(UTC), deletion.completed_at
    spanish = {"Código": code, "Pedido el": f"{asked:{_DATE}}", "Estado": "Completado" if done else "En curso"}
    english = {"Code": code, "Requested": f"{asked:{_DATE_ENGLISH}}", "Status": "Completed" if done else "In progress"}
    if done:
        spanish["Completado el"] = f"{done.astimezone(UTC):{_DATE}}"
        english["Completed"] = f"{done.astimezone(UTC):{_DATE_ENGLISH}}"
    return _page(
        "Eliminación de datos",
        f"<h1>Eliminación de tus datos</h1>{_facts(spanish)}<p>Borramos los accesos y los datos que Meta nos había "
        "dado de las cuentas que vinculaste: identificadores, nombres y estado. Las conversaciones con pacientes son "
        "registros de la clínica: para pedir que se borren, escribile a la clínica.</p>",
        f"<h2>Deletion of your data</h2>{_facts(english)}<p>We erased the access and the data that Meta had given us "
        "about the accounts you linked: identifiers, names and status. Conversations with patients are records of the "
        "clinic: to have them erased, write to the clinic.</p>",
    )


def unknown_page() -> str:
    """There is no such request."""
    return _page(
        "Pedido no encontrado",
        "<h1>No encontramos ese pedido</h1><p>Revisá que el código esté completo, tal como te lo mostró Meta.</p>",
        "<h2>We cannot find that request</h2><p>Check that the code is complete, as Meta showed it to you.</p>",
    )


def _page(title: str, spanish: str, english: str) -> str:
    return (
        f'<!doctype html><html lang="es"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f'<body><main><section>{spanish}</section><section lang="en">{english}</section></main></body></html>'
    )


def _facts(facts: Mapping[str, str]) -> str:
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items()) + "</dl>"
