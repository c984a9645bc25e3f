"""Google's paths: OAuth and calendar, below /google. The consent page is one of the dialogs."""

from aiohttp import web

from infra.sandbox.google import calendar, oauth
from infra.sandbox.google.page import routes as page_routes
from infra.sandbox.graph.calls import graph_route

_CALENDAR = "/google/calendar/v3"
_EVENTS = _CALENDAR + "/calendars/{calendar_id}/events"


def routes() -> list[web.RouteDef]:
    """All routes."""
    return [
        web.post("/google/oauth/token", graph_route("google_token", oauth.token)),
        web.post("/google/oauth/revoke", graph_route("google_revoke", oauth.revoke)),
        web.post(_CALENDAR + "/freeBusy", graph_route("google_freebusy", calendar.free_busy)),
        web.get(_EVENTS, graph_route("google_events", calendar.list_events)),
        web.post(_EVENTS, graph_route("google_event_insert", calendar.insert_event)),
        web.get(_EVENTS + "/{event_id}", graph_route("google_event", calendar.get_event)),
        web.patch(_EVENTS + "/{event_id}", graph_route("google_event", calendar.change_event)),
        web.put(_EVENTS + "/{event_id}", graph_route("google_event", calendar.change_event)),
        web.delete(_EVENTS + "/{event_id}", graph_route("google_event", calendar.delete_event)),
        *page_routes(),
    ]
