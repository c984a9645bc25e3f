"""``python -m infra.sandbox``: run until SIGTERM or Ctrl-C."""

import asyncio
import signal
import sys

from infra.sandbox.config import Config
from infra.sandbox.server import start


async def _serve(config: Config) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopped.set)
    running = await start(config)
    print(f"sandbox ready on {running.url}", flush=True)
    await stopped.wait()
    await running.stop()


def main() -> int:
    """Run the sandbox; 2 when its environment is incomplete."""
    try:
        config = Config.from_environment()
    except ValueError as exc:
        print(exc, file=sys.stderr)
        return 2
    asyncio.run(_serve(config))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
