"""aiohttp's low-level server: no routing table and no middleware between a request and its handler."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

LARGEST_BODY = 10 * 1024 * 1024  # API Gateway's limit; nothing larger is ever read

Handler = Callable[[BaseRequest], Awaitable[web.StreamResponse]]


def make_server(handler: Handler, *, handler_cancellation: bool = False) -> web.Server:
    """A server for ``loop.create_server``.

    Args:
        handler: answers every request.
        handler_cancellation: cancel the handler when the client goes away.
    """
    loop = asyncio.get_running_loop()

    def make_request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> BaseRequest:
        return BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY)

    return web.Server(
        handler,
        request_factory=make_request,
        handler_cancellation=handler_cancellation,
        access_log=None,
        auto_decompress=False,  # a signature covers the bytes that were sent
    )
