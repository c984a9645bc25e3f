"""The sandbox as a web server: Graph API, control interface and page on one local port."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from infra.sandbox.config import HOST, Config
from infra.sandbox.control.routes import control_application
from infra.sandbox.dialogs.routes import routes as dialog_routes
from infra.sandbox.google.routes import routes as google_routes
from infra.sandbox.graph.calls import PLATFORM
from infra.sandbox.graph.routes import routes as graph_routes
from infra.sandbox.instagram.routes import routes as instagram_routes
from infra.sandbox.llm.routes import routes as model_routes
from infra.sandbox.logins import ready_made
from infra.sandbox.mails.routes import routes as mail_routes
from infra.sandbox.page.routes import routes as page_routes
from infra.sandbox.platform import Platform

_LARGEST_BODY = 110 * 1024 * 1024  # a document may have 100 MB
_SHUTDOWN_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that listens."""

    url: str
    platform: Platform
    runner: web.AppRunner

    async def stop(self) -> None:
        """Stop listening and keep the state."""
        await self.runner.cleanup()


async def health(request: web.Request) -> web.Response:
    """``GET /health``."""
    platform = request.app[PLATFORM]
    summary: dict[str, Any] = {"status": "ok", "accounts": len(platform.accounts.reachable()), "waiting": platform.busy}
    return web.json_response({**summary, "graph_version": platform.config.graph_version})


def create_app(platform: Platform) -> web.Application:
    """The application. Each simulated product brings its own list of routes; the general ones of Graph come last."""
    app = web.Application(client_max_size=_LARGEST_BODY)
    app[PLATFORM] = platform
    control = control_application()
    control[PLATFORM] = platform
    app.add_subapp("/control", control)
    app.add_routes([web.get("/health", health), *page_routes(), *mail_routes(), *dialog_routes()])
    app.add_routes([*instagram_routes(), *google_routes(), *model_routes(), *graph_routes()])
    app.on_startup.append(lambda _: platform.start())
    app.on_cleanup.append(lambda _: platform.stop())
    return app


async def start(config: Config) -> Running:
    """Listen on the loopback interface; port 0 takes a free one."""
    platform = Platform(config)
    ready_made.install(platform)
    runner = web.AppRunner(create_app(platform), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    site = web.TCPSite(runner, HOST, config.port)
    await site.start()
    port = runner.addresses[0][1]
    platform.base_url = f"http://{HOST}:{port}"
    return Running(platform.base_url, platform, runner)
