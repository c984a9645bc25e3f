"""The dev gateway: ``python -m infra.local.gateway CONFIG`` runs every function of the template.

HTTP requests, queues and schedules call functions as AWS would; each function is a set of processes of its own.
"""

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from infra.local.aws import CREDENTIALS
from infra.local.files import update_json
from infra.local.gateway.config import GatewayConfig
from infra.local.gateway.control import make_control_app
from infra.local.gateway.cors import CorsPolicy
from infra.local.gateway.event_sources import EventSource, SqsClient
from infra.local.gateway.http import HttpApi, Router
from infra.local.gateway.schedules import Scheduled
from infra.local.gateway.servers import make_server
from infra.local.gateway.workers import Launcher, WorkerPool
from infra.local.intrinsics import TemplateError
from infra.local.model import Application, Function
from infra.local.paths import HOST
from infra.local.processes import kill_workers
from infra.local.template import Cloud, Template

logger = logging.getLogger("gateway")

_MAX_IN_FLIGHT_CONNECTIONS = 100


class Gateway:
    """Everything that runs in the gateway's process."""

    def __init__(self, config: GatewayConfig) -> None:
        self._config = config
        self._cloud = Cloud(config.aws_endpoint_url, config.key_ids)
        self._application = _read_application(config, self._cloud)
        launcher = Launcher(
            tasks=Path(config.tasks),
            logs=Path(config.logs),
            aws_environment={
                **CREDENTIALS,
                "AWS_ENDPOINT_URL": config.aws_endpoint_url,
                "AWS_ENDPOINT_URL_KMS": config.kms_endpoint_url,
                "AWS_ENDPOINT_URL_SESV2": config.ses_endpoint_url,
            },
        )
        self._pools = {
            function.name: WorkerPool(
                function,
                launcher,
                maximum=self._maximum(function),
                background=not function.routes,
                on_change=self._pids_changed,
            )
            for function in self._application.functions
        }
        self._scheduled = {
            function.name: Scheduled(schedule, self._pools[function.name])
            for function in self._application.functions
            for schedule in function.schedules
        }
        self._enabled = [
            self._scheduled[function.name]
            for function in self._application.functions
            if any(schedule.enabled for schedule in function.schedules)
        ]
        self._write_pids: asyncio.Handle | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until told to stop; then let what is running end."""
        loop = asyncio.get_running_loop()
        api = HttpApi(self._router(), CorsPolicy(self._application.cors) if self._application.cors else None)
        server = await loop.create_server(make_server(api.handle), HOST, self._config.api_port)
        control = await self._serve_control()
        for pool in self._pools.values():
            pool.start()
        connector = aiohttp.TCPConnector(limit=_MAX_IN_FLIGHT_CONNECTIONS)
        async with aiohttp.ClientSession(connector=connector) as session:
            sources = self._event_sources(SqsClient(session, self._config.aws_endpoint_url))
            tasks = [asyncio.create_task(source.run()) for source in sources]
            tasks += [asyncio.create_task(scheduled.run()) for scheduled in self._enabled]
            logger.info("serving %d functions", len(self._pools))
            await stop.wait()
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*(pool.stop() for pool in self._pools.values()))
            await asyncio.gather(*(source.drain() for source in sources))
        await control.cleanup()

    def _maximum(self, function: Function) -> int:
        """Every queue of a function brings workers of its own, so that a slow one cannot starve another."""
        per_trigger = self._config.workers_per_function
        triggers = max(1, len(function.sources) + bool(function.routes or function.schedules))
        return min(per_trigger * triggers, function.max_concurrency or per_trigger * triggers)

    def _router(self) -> Router:
        return Router(
            (route, self._pools[function.name]) for function in self._application.functions for route in function.routes
        )

    def _event_sources(self, client: SqsClient) -> list[EventSource]:
        return [
            EventSource(
                source,
                self._cloud.queue_url(source.queue_name),
                self._pools[function.name],
                client,
                concurrency=self._config.workers_per_function,
            )
            for function in self._application.functions
            for source in function.sources
        ]

    async def _serve_control(self) -> web.AppRunner:
        runner = web.AppRunner(make_control_app(self._pools, self._scheduled), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, HOST, self._config.control_port).start()
        return runner

    def _pids_changed(self) -> None:
        if self._write_pids is None:  # several workers that start at once are written once
            self._write_pids = asyncio.get_running_loop().call_later(0.02, self._write_worker_pids)

    def _write_worker_pids(self) -> None:
        self._write_pids = None
        if self._config.stack_file is None:
            return
        workers = {
            f"worker:{name}" if slot == 1 else f"worker:{name}:{slot}": pid
            for name, pool in self._pools.items()
            for slot, pid in pool.pids().items()
        }

        def change(stack: dict[str, Any]) -> None:
            others = {name: pid for name, pid in stack.get("pids", {}).items() if not name.startswith("worker:")}
            stack["pids"] = {**others, **workers}

        update_json(Path(self._config.stack_file), change)


def _read_application(config: GatewayConfig, cloud: Cloud) -> Application:
    application = Template(Path(config.template), config.parameters, cloud).application()
    for function in application.functions:
        if not function.code.is_dir():
            raise TemplateError(f"{function.full_name}: there is no folder {function.code}")
    return application


async def serve(config: GatewayConfig) -> None:
    """Run the gateway until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    kill_workers(Path(config.tasks))  # what a killed gateway left behind
    await Gateway(config).run(stop)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        config = GatewayConfig.read(Path(sys.argv[1]))
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(config))
    except TemplateError as error:
        sys.exit(f"template.yaml cannot be run: {error}")


if __name__ == "__main__":
    main()
