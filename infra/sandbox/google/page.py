"""A week of a Google calendar, as its owner would see it."""

from datetime import UTC, date, datetime, timedelta
from html import escape
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from infra.sandbox.dialogs.html import page
from infra.sandbox.google.accounts import GoogleAccount
from infra.sandbox.google.events import Day, week_of
from infra.sandbox.graph.calls import PLATFORM
from infra.sandbox.platform import Platform

_PATH = "/google/calendar"
_DAYS = ("lun", "mar", "mié", "jue", "vie", "sáb", "dom")
_WEEK = timedelta(days=7)


async def show_week(request: web.Request) -> web.Response:
    """``GET /google/calendar?email=&week=YYYY-MM-DD``: by default the first account, and the week of today."""
    platform = request.app[PLATFORM]
    accounts = list(platform.google.accounts.values())
    account = platform.google.accounts.get(request.query.get("email", "")) or (accounts[0] if accounts else None)
    if account is None:
        return page("Google Calendar", '<p class="lead">No hay ninguna cuenta de Google.</p>', brand="google week")
    monday = _monday(platform, account, request.query.get("week"))
    shown = "".join(map(_day, week_of(platform.google_events, account, monday)))
    body = f"""<p class="brand">Google Calendar</p><h1>{escape(account.summary)}</h1>
<p class="lead">{escape(account.email)} · {escape(account.time_zone)}</p>
<nav>{_link(account, monday - _WEEK, "← Semana anterior")}{_link(account, monday + _WEEK, "Semana siguiente →")}</nav>
<div class="days">{shown}</div>{_others(accounts, account, monday)}"""
    return page("Google Calendar", body, brand="google week")


def _monday(platform: Platform, account: GoogleAccount, asked: str | None) -> date:
    try:
        day = date.fromisoformat(asked or "")
    except ValueError:
        day = datetime.fromtimestamp(platform.clock.now(), UTC).astimezone(ZoneInfo(account.time_zone)).date()
    return day - timedelta(days=day.weekday())


def _day(day: Day) -> str:
    events = "".join(
        f"<li{' class=free' if free else ''}><small>{begins}–{ends}</small> {escape(title)}</li>"
        for begins, ends, title, free in day.events
    )
    return f"<section><h2>{_DAYS[day.date.weekday()]} {day.date:%d/%m}</h2><ul>{events}</ul></section>"


def _link(account: GoogleAccount, monday: date, text: str) -> str:
    return f'<a href="{_PATH}?{escape(urlencode({"email": account.email, "week": monday.isoformat()}))}">{text}</a>'


def _others(accounts: list[GoogleAccount], shown: GoogleAccount, monday: date) -> str:
    links = "".join(_link(each, monday, escape(each.email)) for each in accounts if each.email != shown.email)
    return f"<nav>{links}</nav>" if links else ""


def routes() -> list[web.RouteDef]:
    """The page."""
    return [web.get(_PATH, show_week)]
