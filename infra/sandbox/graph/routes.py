"""The Graph API's paths below a version. Other products of Meta get their own modules and routes beside these."""

from aiohttp import web

from infra.sandbox.graph import me, media, messages, nodes, oauth, registration, templates
from infra.sandbox.graph.calls import graph_route

_VERSION = "/{version:v[^/]*}"
_NODE = _VERSION + "/{object_id}"


def routes() -> list[web.RouteDef]:
    """All routes, special ones before the general."""
    return [
        web.get("/whatsapp_business/attachments/", graph_route("media_bytes", media.download)),
        web.get(_VERSION + "/debug_token", graph_route("debug_token", oauth.debug_token)),
        web.get(_VERSION + "/oauth/access_token", graph_route("oauth_access_token", oauth.access_token)),
        web.post(_VERSION + "/oauth/access_token", graph_route("oauth_access_token", oauth.access_token)),
        web.get(_VERSION + "/me", graph_route("me", me.get_me)),
        web.get(_VERSION + "/me/permissions", graph_route("me_permissions", me.list_permissions)),
        web.get(_VERSION + "/me/businesses", graph_route("me_businesses", me.list_businesses)),
        web.get(_NODE + "/owned_whatsapp_business_accounts", graph_route("owned_wabas", me.list_owned_wabas)),
        web.get(_NODE + "/client_whatsapp_business_accounts", graph_route("client_wabas", me.list_client_wabas)),
        web.post(_NODE + "/register", graph_route("register", registration.register)),
        web.post(_NODE + "/deregister", graph_route("deregister", registration.deregister)),
        web.post(_NODE + "/smb_app_data", graph_route("smb_app_data", registration.synchronise)),
        web.post(_NODE + "/messages", graph_route("messages", messages.post_message)),
        web.post(_NODE + "/media", graph_route("media_upload", media.upload)),
        web.get(_NODE + "/message_templates", graph_route("templates", templates.list_templates)),
        web.post(_NODE + "/message_templates", graph_route("template_create", templates.create_template)),
        web.delete(_NODE + "/message_templates", graph_route("template_delete", templates.delete_template)),
        web.get(_NODE + "/phone_numbers", graph_route("phone_numbers", nodes.list_numbers)),
        web.get(_NODE + "/subscribed_apps", graph_route("subscribed_apps", nodes.list_apps)),
        web.post(_NODE + "/subscribed_apps", graph_route("subscribed_apps", nodes.subscribe)),
        web.delete(_NODE + "/subscribed_apps", graph_route("subscribed_apps", nodes.unsubscribe)),
        web.get(_NODE, graph_route("media", nodes.get_node)),
        web.delete(_NODE, graph_route("media_delete", nodes.delete_node)),
        web.route("*", _NODE + "{rest:.*}", graph_route("unknown", nodes.unknown_edge)),
    ]
