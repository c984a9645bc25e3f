"""Media: upload, ask for a link, download its bytes, delete."""

from typing import Any

from aiohttp import web

from infra.sandbox.errors import GraphError, graph_error, invalid, not_visible
from infra.sandbox.graph.calls import GraphCall
from infra.sandbox.media import KINDS, Media, base_type, kind_of
from infra.sandbox.tokens import MESSAGING, AccessToken

_PARTS = ("messaging_product", "file", "type")


async def upload(call: GraphCall) -> dict[str, str]:
    """``POST /{phone_number_id}/media``, multipart."""
    account = call.platform.accounts.number_seen_by(call.token(MESSAGING), call.segment("object_id"), call.method)
    if not call.request.content_type.startswith("multipart/form-data"):
        raise invalid("The request must be multipart/form-data with the parts messaging_product, file and type.")
    form = await call.request.post()
    for name in form:
        if name not in _PARTS:
            raise invalid(f'Unexpected key "{name}" on param "body".')
    if form.get("messaging_product") != "whatsapp":
        raise GraphError(100, 400, "(#100) The parameter messaging_product is required.")
    file = form.get("file")
    if not isinstance(file, web.FileField):
        raise GraphError(100, 400, "(#100) The parameter file is required.")
    content, mime_type = file.file.read(), file.content_type
    declared = form.get("type")
    if isinstance(declared, str) and base_type(declared) not in (base_type(mime_type), kind_of(mime_type)):
        raise graph_error(131053, f"Media file has type {mime_type} but {declared} was expected.")
    _check_size(content, mime_type)
    return {"id": call.platform.media.add(account.waba_id, content, mime_type, filename=file.filename).id}


def _check_size(content: bytes, mime_type: str) -> None:
    kind = kind_of(mime_type)
    if kind is None:
        allowed = ", ".join(t for types, _ in KINDS.values() for t in types)
        raise invalid(f"Param file must be a file with one of the following types: {allowed}. Received {mime_type}.")
    longest = KINDS[kind][1]
    if not content or len(content) > longest:
        raise graph_error(131053, f"Media file size must be between 1 and {longest} bytes for {kind}.")


async def get_link(call: GraphCall) -> dict[str, Any]:
    """``GET /{media_id}``: where the bytes are for the next five minutes."""
    media = _seen(call)
    return {
        "messaging_product": "whatsapp",
        "url": call.platform.media.link(call.platform.base_url, media),
        "mime_type": media.mime_type,
        "sha256": media.sha256_hex,
        # Meta has answered both a string and a number; a client must take either.
        "file_size": str(media.size),
        "id": media.id,
    }


async def delete(call: GraphCall) -> dict[str, bool]:
    """``DELETE /{media_id}``."""
    call.platform.media.delete(_seen(call).id)
    return {"success": True}


async def download(call: GraphCall) -> web.Response:
    """The bytes behind a link. It is no Graph node: refusals are a page or nothing, never Meta's error envelope."""
    token = _token_or_none(call)
    if token is None:
        return web.Response(status=401, text="<html>Unauthorized</html>", content_type="text/html")
    media = call.platform.media.behind_link(call.request.query)
    if media is None or media.waba_id not in call.platform.accounts.wabas_of(token.value):
        return web.Response(status=404)
    content = call.platform.media.path(media).read_bytes()
    return web.Response(body=content, headers={"Content-Type": media.mime_type})


def _token_or_none(call: GraphCall) -> AccessToken | None:
    try:
        return call.token(MESSAGING)
    except GraphError:
        return None


def _seen(call: GraphCall) -> Media:
    token, media_id = call.token(MESSAGING), call.segment("object_id")
    media = call.platform.media.find(media_id)
    asked_for = call.request.query.get("phone_number_id")
    if media is None:
        raise not_visible(call.method, media_id)
    if asked_for is not None:
        account = call.platform.accounts.number_seen_by(token, asked_for, call.method)
        if account.waba_id != media.waba_id:
            raise not_visible(call.method, media_id)
    call.platform.accounts.waba_seen_by(token, media.waba_id, call.method, named=media_id)
    return media
