"""The control interface: is every function up, and run a scheduled function now."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from infra.local.gateway.invocations import FunctionError
from infra.local.gateway.schedules import Scheduled
from infra.local.gateway.workers import WorkerPool


def make_control_app(pools: Mapping[str, WorkerPool], scheduled: Mapping[str, Scheduled]) -> web.Application:
    """``GET /health`` and ``POST /fire/{function}``, which may say for which moment: ``{"time": "<ISO 8601>"}``."""

    async def health(_: web.Request) -> web.Response:
        missing = {
            name: str(pool.init_error) if pool.init_error else "starting"
            for name, pool in pools.items()
            if not pool.ready
        }
        if missing:
            # 500: some function cannot be loaded, so waiting would not help.
            hopeless = any(pool.cannot_start for pool in pools.values())
            return web.json_response({"status": "starting", "functions": missing}, status=500 if hopeless else 503)
        return web.json_response({"status": "ok", "functions": dict.fromkeys(pools, "ready")})

    async def fire(request: web.Request) -> web.Response:
        name = request.match_info["function"]
        if name not in scheduled:
            return web.json_response({"message": f"{name} is no function with a schedule"}, status=404)
        try:
            instant = _instant_of(await request.read())
        except ValueError:
            return web.json_response({"message": 'time is told as {"time": "<ISO 8601>"}'}, status=400)
        try:
            answer = await scheduled[name].fire(instant)
        except FunctionError as error:
            return web.json_response({"errorType": error.error_type, "errorMessage": error.message}, status=502)
        return web.Response(body=answer, content_type="application/json")

    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_post("/fire/{function}", fire)
    return app


def _instant_of(body: bytes) -> datetime:
    """The moment that is asked for; now, where none is.

    Raises:
        ValueError: it is not readable.
    """
    wanted = json.loads(body) if body else {}
    if not isinstance(wanted, dict) or "time" not in wanted:
        return datetime.now(UTC)
    instant = datetime.fromisoformat(str(wanted["time"]))
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
