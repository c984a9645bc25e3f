"""Google's paths: OAuth and calendar, below /google. The consent page is one of the dialogs."""

from aiohttp import web

from infra.sandbox.google import calendar, oauth
from infra.sandbox.graph.calls import graph_route

_CALENDAR = "/google/calendar/v3"


def routes() -> list[web.RouteDef]:
    """All routes."""
    return [
        web.post("/google/oauth/token", graph_route("google_token", oauth.token)),
        web.post("/google/oauth/revoke", graph_route("google_revoke", oauth.revoke)),
        web.post(_CALENDAR + "/freeBusy", graph_route("google_freebusy", calendar.free_busy)),
        web.get(_CALENDAR + "/calendars/{calendar_id}/events", graph_route("google_events", calendar.list_events)),
    ]
