"""Webhook bodies as Meta sends them: the recorded ones, from many contacts and with fresh ids and timestamps."""

import base64
import hashlib
import hmac
import json
import random
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.bench.load import Shot, instants
from infra.local.paths import ROOT

_RECORDED = ROOT / "tests" / "data" / "meta" / "webhooks"
# How often each kind comes: mostly plain text. Files are left out, because nobody would have them.
_KINDS = {
    "01_text": 70,
    "02_text_reply_with_context": 8,
    "03_text_forwarded": 4,
    "09_location": 4,
    "14_interactive_button_reply": 6,
    "17_text_from_ad_referral": 3,
    "18_text_with_bsuid_and_username": 5,
}
_TEXTS = (
    "Hola! Quería sacar un turno para limpieza, ¿tenés algo el jueves a la tarde?",
    "Buenas tardes, ¿cuánto sale un blanqueamiento?",
    "¿Atienden por OSDE? 🙏",
    "Hola, ¿dónde quedan?",
    "¿Hasta qué hora atienden los viernes?",
    "Gracias! 😊",
    "Necesito cambiar mi turno del martes, se me complicó en el trabajo. ¿Hay lugar la semana que viene?",
    "Consulta: mi hija tiene 6 años y se le mueve un diente, ¿la tengo que llevar?",
)
_NAMES = ("Ana Belén Sosa", "Óscar Núñez", "Luciana Peralta", "Juan Martín Quiroga", "María José Ibáñez", "Íñigo Paz")
_AGENT = "facebookexternalua"
_ID_BYTES = 36
_TOKEN_BYTES = 12  # whole groups of three: the run's token is a prefix of the encoded id


@dataclass
class Meta:
    """Writes and signs webhooks for the numbers of a stack.

    Every id begins with ``run``, so that what became of this run can be counted.
    """

    app_secret: str
    numbers: Sequence[tuple[str, str]]  # phone_number_id and business account
    contacts: int
    seed: int = 1
    run: str = field(default_factory=lambda: secrets.token_hex(_TOKEN_BYTES // 2))

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        # A block of numbers per run: nobody of an earlier run writes again.
        block = secrets.randbelow(10**4)
        self._people = [f"54911{block:04d}{person:04d}" for person in range(self.contacts)]
        self._kinds = {name: json.loads((_RECORDED / f"{name}.json").read_text()) for name in _KINDS}
        self._written = 0

    @property
    def id_prefix(self) -> str:
        """What every message id of this run begins with."""
        return "wamid." + base64.b64encode(self.run.encode()).decode()

    def message(self, at: float) -> bytes:
        """The body of one message of one contact, as sent at that instant of the wall clock."""
        kind = self._random.choices(list(_KINDS), weights=list(_KINDS.values()))[0]
        body = json.loads(json.dumps(self._kinds[kind]))
        person = self._written % self.contacts
        phone_number_id, account_id = self.numbers[person % len(self.numbers)]
        entry = body["entry"][0]
        entry["id"] = account_id
        self._address(entry["changes"][0]["value"], person, phone_number_id, at)
        self._written += 1
        # Meta escapes everything that is not ASCII, and slashes too; the signature covers it escaped.
        return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()

    def shot(self, url: str, *, at: float, started_at: float) -> Shot:
        """The signed request that leaves ``at`` seconds after ``started_at``."""
        body = self.message(started_at + at)
        digest = hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "user-agent": _AGENT,
            "x-hub-signature-256": f"sha256={digest}",
        }
        return Shot(at, url, body.decode(), headers)

    def shots(self, url: str, *, rate: float, seconds: float) -> list[Shot]:
        """A whole plan that begins about now."""
        now = time.time()
        return [self.shot(url, at=at, started_at=now) for at in instants(rate, seconds)]

    def _address(self, value: dict[str, Any], person: int, phone_number_id: str, at: float) -> None:
        digits = self._people[person]
        value["metadata"]["phone_number_id"] = phone_number_id
        contact, message = value["contacts"][0], value["messages"][0]
        contact["wa_id"] = message["from"] = digits
        contact["profile"]["name"] = _NAMES[person % len(_NAMES)]
        if "user_id" in contact:
            contact["user_id"] = message["from_user_id"] = f"AR.1020{digits}"
        message["id"] = self._wamid()
        message["timestamp"] = str(int(at))
        if "context" in message and "id" in message["context"]:
            message["context"]["id"] = self._wamid(sent_by_us=True)
        if message["type"] == "text":
            message["text"]["body"] = self._random.choice(_TEXTS)

    def _wamid(self, *, sent_by_us: bool = False) -> str:
        start = b"someone-else" if sent_by_us else self.run.encode()
        rest = self._random.randbytes(_ID_BYTES - _TOKEN_BYTES - 4) + self._written.to_bytes(4, "big")
        return "wamid." + base64.b64encode(start + rest).decode()


def message_id(shot: Shot) -> str:
    """The id of the message that a request of ``Meta`` carries."""
    body = json.loads(shot.body)
    return str(body["entry"][0]["changes"][0]["value"]["messages"][0]["id"])
