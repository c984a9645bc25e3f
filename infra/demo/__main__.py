"""``python -m infra.demo``: bring the product up, play the main job, and keep it open until Ctrl-C.

With ``DEMO_EXIT=1`` everything is stopped after the story, and the exit code tells whether it succeeded.
"""

import os
import signal
import sys
import threading
import time
from types import FrameType

from infra.demo.outside import RunningStack
from infra.demo.story import Story
from infra.demo.transcript import Transcript
from infra.local.__main__ import StackError, down, status, up
from infra.local.paths import StackPaths

_QUIET_SECONDS = "3"  # before the assistant answers a burst: shorter than in life, so that nobody waits for a demo
_INTERRUPTED = 130


def main() -> int:
    """Play, show, stop. 0: the story held; 1: it did not; 130: it was interrupted before its end."""
    paths = StackPaths.from_environment()
    exits = os.environ.get("DEMO_EXIT") == "1"
    was_up = status(paths)["state"] != "down"
    if not was_up:  # the settings of a stack that runs already are its owner's
        os.environ.setdefault("REPLY_DEBOUNCE_SECONDS", _QUIET_SECONDS)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have started this with Ctrl-C ignored
        signal.signal(number, _interrupt)
    code = _INTERRUPTED
    try:
        failures = _play(paths)
        code = 1 if failures else 0
        if not exits:
            _stay()
    except KeyboardInterrupt:
        print()
    except (StackError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        code = 1
    finally:
        if exits or not was_up:
            _stop(paths)
        else:
            print("El sistema ya estaba levantado y sigue así: `make down` lo detiene.")
    return code


def _play(paths: StackPaths) -> list[str]:
    print("Levantando todo el producto (PostgreSQL, Supabase, colas, funciones, Meta simulada) …", flush=True)
    started = time.monotonic()
    up(paths)
    print(f"Listo en {time.monotonic() - started:.0f} segundos.", flush=True)
    stack, transcript = RunningStack(paths.stack_file), Transcript()
    story = Story(stack, transcript)
    try:
        story.play()
    finally:
        story.close()
        stack.close()
    transcript.verdict()
    _show_links(stack)
    return transcript.failures


def _show_links(stack: RunningStack) -> None:
    known, clinic = stack.description, stack.clinics[0]
    sign_in = f"{known['supabase_url']}/auth/v1/token?grant_type=password"
    print(
        f"""
Para seguir:
  Escribir como paciente   {known["sandbox_url"]}/#{clinic.numbers[0].phone_number_id}
  API                      {known["api_url"]}/api/health   ·   {known["api_url"]}/api/openapi.json
  Supabase                 {known["supabase_url"]}
  Base de datos            {known["database_url"]}
  Todo lo demás            {stack.stack_file}

Para entrar como {clinic.name}: {clinic.email} · contraseña {clinic.password}
  curl -s '{sign_in}' \\
    -H 'apikey: {known["supabase_publishable_key"]}' -H 'content-type: application/json' \\
    -d '{{"email": "{clinic.email}", "password": "{clinic.password}"}}'
""",
        flush=True,
    )


def _stay() -> None:
    print("Ctrl-C detiene todo.", flush=True)
    threading.Event().wait()


def _stop(paths: StackPaths) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # a second Ctrl-C would leave processes behind
        signal.signal(number, signal.SIG_IGN)
    print("Deteniendo todo …", flush=True)
    down(paths)
    print("No quedó nada corriendo; los datos siguen en su lugar (`make reset` los borra).", flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
