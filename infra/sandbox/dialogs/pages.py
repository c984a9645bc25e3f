"""What the dialogs show, in Spanish as the real ones do: who you are, which accounts, which permissions."""

from html import escape
from http import HTTPStatus

from aiohttp import web

from infra.sandbox.accounts import Account
from infra.sandbox.dialogs.html import group, option, page
from infra.sandbox.google import accounts as google
from infra.sandbox.graph.oauth import APP_NAME
from infra.sandbox.instagram import accounts as instagram
from infra.sandbox.logins.asked import Asked
from infra.sandbox.logins.people import Person
from infra.sandbox.platform import Platform
from infra.sandbox.tokens import MANAGEMENT, MESSAGING

_BRANDS = {"facebook": "Facebook", "instagram": "Instagram", "google": "Google"}
_PERMISSIONS = {
    MANAGEMENT: "Administrar tus cuentas de WhatsApp: números, plantillas y configuración",
    MESSAGING: "Enviar y recibir mensajes de WhatsApp de tu empresa",
    "business_management": "Ver y administrar tu portfolio comercial",
    instagram.BASIC: "Ver el perfil y las publicaciones de la cuenta",
    instagram.PUBLISH: "Publicar en la cuenta",
    instagram.MESSAGES: "Leer y responder los mensajes directos",
    instagram.COMMENTS: "Leer y responder los comentarios",
    "instagram_business_manage_insights": "Ver las estadísticas de la cuenta",
    google.EVENTS: "Ver y editar los eventos de tus calendarios",
    google.FREEBUSY: "Ver cuándo estás disponible en tus calendarios",
    google.CALENDAR: "Ver, editar y borrar tus calendarios",
    google.READONLY: "Ver tus calendarios",
}
_ACCOUNT_TYPES = {
    "BUSINESS": "Cuenta de empresa",
    "MEDIA_CREATOR": "Cuenta de creador",
    "PERSONAL": "Cuenta personal",
}


def error_page(brand: str, message: str) -> web.Response:
    """The dialog does not open; nobody is sent back."""
    body = f"""<h1>No podemos mostrar esta página</h1>
<p class="lead">{escape(message)}</p>
<p>Revisá la dirección con la que la app abrió esta ventana.</p>"""
    return page("Error", body, brand=brand, status=HTTPStatus.BAD_REQUEST)


def people_page(platform: Platform, query: str) -> web.Response:
    """Whose Facebook login it is: links, so that the choice is part of the address."""
    lines = [
        f'<a class="option person" href="?{escape(query)}&amp;sandbox_person={escape(person.user_id)}">'
        f'<b class="face" aria-hidden="true">{escape(_initials(person.name))}</b>'
        f"<span><strong>{escape(person.name)}</strong><small>{escape(_owned(platform, person))}</small></span></a>"
        for person in platform.people.listed()
    ]
    body = f"""{_heading("facebook", "Iniciá sesión para continuar")}
<p class="lead">¿Quién sos? Elegí la persona con la que entrás a {_app()}.</p>
<nav aria-label="Personas">{"".join(lines)}</nav>"""
    return page("Iniciar sesión", body, brand="facebook")


def facebook_page(platform: Platform, asked: Asked, person: Person, problem: str = "") -> web.Response:
    """Which WhatsApp accounts and which permissions."""
    wabas = [
        option(
            "checkbox",
            "waba_ids",
            waba_id,
            _waba_name(platform, waba_id),
            _numbers(platform, waba_id),
            checked=position == 0,
        )
        for position, waba_id in enumerate(person.waba_ids)
    ]
    body = f"""{_heading("facebook", f"{APP_NAME} quiere acceder a tu cuenta de WhatsApp Business")}
<p class="lead">Seguís como <strong>{escape(person.name)}</strong>.</p>
<form method="post">{_warning(problem)}
<input type="hidden" name="person" value="{escape(person.user_id)}">
{group("Cuentas de WhatsApp a las que le das acceso", wabas)}
{_permissions(asked)}
{_trial_options(asked)}
{_buttons()}
</form>"""
    return page("Permitir acceso", body, brand="facebook")


def instagram_page(platform: Platform, asked: Asked, problem: str = "") -> web.Response:
    """Which Instagram account and which permissions."""
    accounts = platform.instagram.accounts.values()
    lines = [
        option(
            "radio",
            "instagram_user_id",
            account.user_id,
            f"@{account.username}",
            f"{_ACCOUNT_TYPES[account.account_type]} · {account.name or account.username}",
            checked=position == 0,
        )
        for position, account in enumerate(accounts)
    ]
    body = f"""{_heading("instagram", f"{APP_NAME} quiere acceder a tu cuenta de Instagram")}
<form method="post">{_warning(problem)}
{group("Cuenta", lines)}
{_permissions(asked)}
{_buttons()}
</form>"""
    return page("Permitir acceso", body, brand="instagram")


def google_page(platform: Platform, asked: Asked, problem: str = "") -> web.Response:
    """Which Google account and which permissions."""
    accounts = platform.google.accounts.values()
    lines = [
        option("radio", "google_email", account.email, account.email, account.summary, checked=position == 0)
        for position, account in enumerate(accounts)
    ]
    body = f"""{_heading("google", f"{APP_NAME} quiere acceder a tu cuenta de Google")}
<form method="post">{_warning(problem)}
{group("Elegí una cuenta", lines)}
{_permissions(asked)}
{_buttons()}
</form>"""
    return page("Permitir acceso", body, brand="google")


def _heading(brand: str, title: str) -> str:
    return f'<p class="brand">{_BRANDS[brand]}</p><h1>{escape(title)}</h1>'


def _app() -> str:
    return f"<strong>{escape(APP_NAME)}</strong>"


def _warning(problem: str) -> str:
    return f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""


def _permissions(asked: Asked) -> str:
    lines = [
        option("checkbox", "scopes", scope, _PERMISSIONS.get(scope, scope), scope, checked=True)
        for scope in asked.scopes
    ]
    return group("Permisos: sacá la marca de los que no querés dar", lines)


def _trial_options(asked: Asked) -> str:
    """What a person trying things out may want, and the real dialog decides by itself."""
    system = " selected" if asked.configured else ""
    user = "" if asked.configured else " selected"
    return f"""<details><summary>Opciones de prueba</summary>
<label>Tipo de token <select name="token_kind">
<option value="system"{system}>De la empresa</option>
<option value="user"{user}>De la persona, corto</option></select></label>
<label>Vencimiento <select name="token_lifetime_seconds">
<option value="">El normal</option><option value="0">Nunca vence</option>
<option value="5183944">60 días</option><option value="3600">1 hora</option><option value="60">1 minuto</option>
</select></label></details>"""


def _buttons() -> str:
    return """<div class="buttons"><button name="decision" value="deny" class="quiet">Cancelar</button>
<button name="decision" value="allow" class="main">Permitir</button></div>"""


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()


def _waba_name(platform: Platform, waba_id: str) -> str:
    waba = platform.accounts.wabas.get(waba_id)
    numbers = platform.accounts.numbers_of(waba_id)
    fallback = numbers[0].verified_name if numbers else f"WhatsApp {waba_id}"
    return (waba.name if waba else None) or fallback


def _numbers(platform: Platform, waba_id: str) -> str:
    numbers = platform.accounts.numbers_of(waba_id)
    return "\n".join(f"{number.display_phone_number} ({_standing(number)})" for number in numbers) or "Sin números"


def _standing(number: Account) -> str:
    if number.on_phone_app:
        return "sigue en la app del teléfono"
    return "registrado" if number.registered else "nuevo"


def _owned(platform: Platform, person: Person) -> str:
    count = sum(len(platform.accounts.numbers_of(waba_id)) for waba_id in person.waba_ids)
    names = ", ".join(business.name for business in person.businesses)
    return f"{names or 'Sin empresas'} · {count} {'número' if count == 1 else 'números'} de WhatsApp"
