"""What the sandbox's tests speak of: clinics, the application behind the webhook, and a sandbox to talk to."""

import asyncio
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from infra.sandbox.config import Config
from infra.sandbox.server import Running, start

_TLS = ssl.create_default_context()  # loaded once: it is most of what a client costs
APP_SECRET = "b1946ac92492d2347c6235b4d2611184"
VERIFY_TOKEN = "un-token-de-verificacion"
APP_ID = "900000000000001"
INSTAGRAM_APP_ID = "900000000000002"
INSTAGRAM_APP_SECRET = "c85a97e4b1f04e6a8c3d2e1f0a9b8c7d"
GOOGLE_CLIENT_ID = "dentalist.apps.googleusercontent.example"
GOOGLE_CLIENT_SECRET = "un-secreto-de-google"
PATIENT = "5491155550201"
TEMPLATES = [
    {
        "name": "recordatorio_turno_24h",
        "language": "es_AR",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [
            {"type": "BODY", "text": "Hola {{1}}, te recordamos tu turno: {{2}}. ¿Confirmás?"},
            {"type": "FOOTER", "text": "Respondé STOP para no recibir avisos"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Confirmo"},
                    {"type": "QUICK_REPLY", "text": "Reprogramar"},
                ],
            },
        ],
    },
    {
        "name": "bienvenida_paciente",
        "language": "es_AR",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": "Hola {{nombre}}, gracias por elegir {{clinica}}. ¡Te esperamos!"}],
    },
    {
        "name": "promo_blanqueamiento",
        "language": "es_AR",
        "category": "MARKETING",
        "status": "PAUSED",
        "components": [{"type": "BODY", "text": "Este mes, blanqueamiento con 20% off."}],
    },
]
FERREYRA = {
    "phone_number_id": "310000000000001",
    "display_phone_number": "+54 9 11 5032-0001",
    "waba_id": "210987654300001",
    "access_token": "EAAinventedTokenFerreyra",
    "verified_name": "Consultorio Dra. Ferreyra",
    "templates": TEMPLATES,
}
FERREYRA_2 = {
    **FERREYRA,
    "phone_number_id": "310000000000002",
    "display_phone_number": "+54 9 11 5032-0002",
    "templates": None,
}
RIOS = {
    "phone_number_id": "310000000000003",
    "display_phone_number": "+54 9 11 5032-0003",
    "waba_id": "210987654300002",
    "access_token": "EAAinventedTokenRios",
    "verified_name": "Odontología Ríos",
}


@dataclass
class Received:
    """One webhook as the application got it."""

    body: bytes
    signature: str | None
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def signed(self) -> bool:
        digest = hmac.new(APP_SECRET.encode(), self.body, hashlib.sha256).hexdigest()
        return self.signature == f"sha256={digest}"

    @property
    def values(self) -> list[dict[str, Any]]:
        return [change["value"] for entry in self.json["entry"] for change in entry["changes"]]


@dataclass
class Application:
    """Our side of the wire: keeps what it receives and answers 200, or what a test queued in ``answers``."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def messages(self) -> list[dict[str, Any]]:
        return self._all("messages")

    def statuses(self) -> list[dict[str, Any]]:
        return self._all("statuses")

    def _all(self, name: str) -> list[dict[str, Any]]:
        return [item for got in list(self.received) for value in got.values for item in value.get(name, [])]


@contextmanager
def serving(app: Application, port: int = 0) -> Iterator[None]:
    """Let an application listen, on a free port unless one is named."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            app.received.append(Received(body, self.headers.get("X-Hub-Signature-256"), time.time()))
            self._answer(app.answers.pop(0) if app.answers else 200, b"")

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            known = query.get("hub.verify_token") == [VERIFY_TOKEN]
            self._answer(200 if known else 403, query["hub.challenge"][0].encode() if known else b"no")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    app.url = f"http://127.0.0.1:{server.server_port}/api/webhooks/whatsapp"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def wait_for(condition: Callable[[], Any], seconds: float = 5) -> Any:
    """The first true value of a condition."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"{condition} was not true within {seconds} s")


class Sandbox:
    """A sandbox in a thread of its own, and short ways to talk to it."""

    def __init__(self, config: Config) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._running: Running = self._run(start(config))
        self.url = self._running.url
        self.http = httpx.Client(base_url=self.url, timeout=20, verify=_TLS)

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def stop(self) -> None:
        self.http.close()
        self._run(self._running.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def control(self, method: str, path: str, body: Any = None, *, expect: int | None = None) -> Any:
        answer = self.http.request(method, f"/control{path}", json=body)
        if expect is not None:
            assert answer.status_code == expect, answer.text
        else:
            assert answer.is_success, answer.text
        return answer.json()

    def settings(self, **groups: Any) -> None:
        self.control("PATCH", "/settings", groups)

    def patient_writes(self, text: str = "Hola", **options: Any) -> Any:
        body = {"from": PATIENT, "to": FERREYRA["phone_number_id"], "name": "Ana Belén Sosa"}
        return self.control("POST", "/patients/messages", {**body, "type": "text", "text": text, **options})

    def graph(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or FERREYRA['access_token']}"}
        return self.http.request(method, f"/v25.0/{path}", headers=headers, **options)

    def send(self, body: dict[str, Any] | None = None, *, number: str | None = None, **options: Any) -> httpx.Response:
        whole = {"messaging_product": "whatsapp", "to": f"+{PATIENT}", "type": "text", "text": {"body": "Buenas"}}
        phone_number_id = number or FERREYRA["phone_number_id"]
        return self.graph("POST", f"{phone_number_id}/messages", json=whole if body is None else body, **options)
