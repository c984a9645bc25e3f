"""Instagram Login's paths without a version; those with one are shared with Facebook's graph (graph/routes.py)."""

from aiohttp import web

from infra.sandbox.graph.calls import graph_route
from infra.sandbox.instagram import oauth


def routes() -> list[web.RouteDef]:
    """What api.instagram.com and graph.instagram.com answer about tokens."""
    return [
        web.post("/oauth/access_token", graph_route("instagram_exchange", oauth.exchange_code)),
        web.get("/access_token", graph_route("instagram_extend", oauth.extend)),
        web.get("/refresh_access_token", graph_route("instagram_refresh", oauth.refresh)),
    ]
