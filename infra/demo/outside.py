"""A running stack as the outside sees it: Meta and its patients (the sandbox), the API, a signed-in person, the queues.

Nothing here reaches into the product; the demo and the end-to-end tests both look through these windows.
"""

import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx

from infra.local import aws

T = TypeVar("T")
Row = dict[str, Any]
PATIENCE = 45.0  # on a busy machine; an idle one needs a few seconds
_POLL_SECONDS = 0.1
_HTTP_SECONDS = 35.0  # a little more than API Gateway gives a function
_QUEUE_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class NotInTime(AssertionError):
    """What was waited for did not happen."""


def eventually(check: Callable[[], T], what: str, *, patience: float = PATIENCE) -> T:
    """The first truthy answer of ``check``.

    Raises:
        NotInTime: there was none within ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    while not (answer := check()):
        if time.monotonic() > deadline:
            raise NotInTime(f"{what}: not within {patience:.0f} seconds; last seen: {answer!r}")
        time.sleep(_POLL_SECONDS)
    return answer


def equals(value: str) -> str:
    """A filter of PostgREST; quoted, since a value may hold characters that mean something to it."""
    return f'eq."{value}"'


@dataclass(frozen=True)
class Number:
    """A linked WhatsApp number, with the token that only its own professional's messages may carry."""

    channel_id: str
    phone_number_id: str
    display_phone_number: str
    business_account_id: str
    access_token: str

    @property
    def token_mark(self) -> str:
        """The token as the sandbox's call log shows it."""
        return hashlib.sha256(self.access_token.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Clinic:
    """A seeded professional, as stack.json lists it."""

    id: str
    email: str
    password: str
    name: str
    timezone: ZoneInfo
    numbers: tuple[Number, ...]

    @classmethod
    def of(cls, listed: Mapping[str, Any]) -> "Clinic":
        """Read one of ``professionals``."""
        numbers = tuple(Number(**number) for number in listed["whatsapp"])
        named = {name: listed[name] for name in ("id", "email", "password", "name")}
        return cls(**named, timezone=ZoneInfo(listed["timezone"]), numbers=numbers)


class Sandbox:
    """The control interface of the simulator of Meta (infra/sandbox/README.md)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/control", timeout=_HTTP_SECONDS, trust_env=False)

    def call(self, method: str, path: str, content: Any = None, /, **query: Any) -> dict[str, Any]:
        """One call; anything but success is an error with the sandbox's own words."""
        response = self._http.request(method, path, json=content, params=query)
        if response.is_error:
            raise AssertionError(f"{method} {path}: {response.status_code} {response.text[:500]}")
        answer: dict[str, Any] = response.json()
        return answer

    def post(self, path: str, content: Any = None) -> dict[str, Any]:
        return self.call("POST", path, content)

    def accepted(self, **filters: Any) -> list[Row]:
        """Messages Meta accepted, oldest first."""
        messages: list[Row] = self.call("GET", "/messages", limit=10_000, **filters)["messages"]
        return messages

    def calls(self, **filters: Any) -> list[Row]:
        """Graph calls with their answers, oldest first."""
        calls: list[Row] = self.call("GET", "/calls", limit=10_000, **filters)["calls"]
        return calls

    def deliveries(self, **filters: Any) -> list[Row]:
        """Webhooks on their way or delivered, oldest first, with their bodies."""
        deliveries: list[Row] = self.call("GET", "/deliveries", body=1, limit=10_000, **filters)["deliveries"]
        return deliveries

    def is_idle(self) -> bool:
        """No status to come, and every webhook acknowledged."""
        return bool(self.post("/idle", {"timeout_seconds": 0.01})["idle"])

    def close(self) -> None:
        self._http.close()


@dataclass(frozen=True)
class Patient:
    """Somebody with a WhatsApp account who writes to one number of a clinic."""

    sandbox: Sandbox
    name: str
    digits: str
    number: Number

    @property
    def phone(self) -> str:
        """As the store writes it."""
        return f"+{self.digits}"

    def sends(self, kind: str, content: Any, **options: Any) -> str:
        """Send a message of any type (``options``: delivery, context, …); returns its wamid."""
        person = {"from": self.digits, "to": self.number.phone_number_id, "name": self.name}
        answer = self.sandbox.post("/patients/messages", {**person, "type": kind, kind: content, **options})
        return str(answer["message_id"])

    def writes(self, text: str, **options: Any) -> str:
        return self.sends("text", text, **options)

    def writes_at_once(self, *texts: str) -> list[str]:
        """Several messages whose webhooks leave together, however slow this machine is; returns their wamids."""
        person = {"from": self.digits, "to": self.number.phone_number_id, "name": self.name, "type": "text"}
        held = [
            self.sandbox.post("/patients/messages", {**person, "text": text, "delivery": {"hold": True}})
            for text in texts
        ]
        ids = [delivery["id"] for answer in held for delivery in answer["deliveries"]]
        self.sandbox.post("/deliveries/release", {"ids": ids})
        return [str(answer["message_id"]) for answer in held]

    def taps(self, row: Mapping[str, Any], **options: Any) -> str:
        """Choose a row of an interactive list."""
        return self.sends("interactive", {"type": "list_reply", "list_reply": dict(row)}, **options)

    def received(self) -> list[Row]:
        """What the clinic sent and Meta accepted, oldest first."""
        return self.sandbox.accepted(to=self.digits, phone_number_id=self.number.phone_number_id)

    def waits_for(self, count: int, *, patience: float = PATIENCE) -> list[Row]:
        """The messages received, once there are so many."""
        received = eventually(
            lambda: found if len(found := self.received()) >= count else None,
            f"message {count} for {self.name}",
            patience=patience,
        )
        return received or []


class Dashboard:
    """A person of a clinic, signed in with Supabase: reads under RLS, writes over the API."""

    def __init__(self, stack: "RunningStack", email: str, password: str) -> None:
        self._stack = stack
        key = stack.description["supabase_publishable_key"]
        self._http = httpx.Client(timeout=_HTTP_SECONDS, trust_env=False)
        answer = self._http.post(
            f"{stack.description['supabase_url']}/auth/v1/token",
            params={"grant_type": "password"},
            headers={"apikey": key},
            json={"email": email, "password": password},
        )
        answer.raise_for_status()
        self.token: str = answer.json()["access_token"]
        self._headers = {"apikey": key, "Authorization": f"Bearer {self.token}"}

    def select(self, table: str, columns: str = "*", **filters: str) -> list[Row]:
        """Rows of a table; filters as PostgREST writes them: ``id="eq.1"``, ``order="created_at"``."""
        url = f"{self._stack.description['supabase_url']}/rest/v1/{table}"
        answer = self._http.get(url, params={"select": columns, **filters}, headers=self._headers)
        if answer.is_error:
            raise AssertionError(f"reading {table}: {answer.status_code} {answer.text[:500]}")
        rows: list[Row] = answer.json()
        return rows

    def conversation_with(self, patient: Patient) -> Row:
        """The one conversation with this patient on the number they wrote to."""
        found = self.select(
            "marketing_conversations",
            contact_phone=equals(patient.phone),
            channel_id=equals(patient.number.channel_id),
        )
        if len(found) != 1:
            raise AssertionError(f"{len(found)} conversations with {patient.name}")
        return found[0]

    def messages_with(self, patient: Patient) -> list[Row]:
        """The conversation's messages, oldest first."""
        conversation = self.conversation_with(patient)
        return self.select("marketing_messages", conversation_id=equals(conversation["id"]), order="created_at")

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Call the API as this person; header names with underscores."""
        return self.call("POST", path, body, **headers)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """The same with any method; without a body where there is none."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.request(
            method,
            f"{self._stack.api_url}{path}",
            headers={"Authorization": f"Bearer {self.token}", **named},
            **({} if body is None else {"json": body}),
        )

    def channels(self) -> list[Row]:
        """The linked accounts, as the API lists them."""
        answer = self.call("GET", "/api/marketing/channels")
        answer.raise_for_status()
        items: list[Row] = answer.json()["items"]
        return items

    def channel(self, channel_id: str) -> Row:
        """One of them."""
        return next(item for item in self.channels() if item["id"] == channel_id)

    def close(self) -> None:
        self._http.close()


class RunningStack:
    """What stack.json leads to."""

    def __init__(self, stack_file: Path) -> None:
        self.stack_file = stack_file
        self.description = self.reload()
        self.sandbox = Sandbox(self.description["sandbox_url"])
        self.clinics = [Clinic.of(listed) for listed in self.description["professionals"]]
        self._random = random.SystemRandom()
        self._http = httpx.Client(timeout=_HTTP_SECONDS, trust_env=False)

    @property
    def api_url(self) -> str:
        return str(self.description["api_url"])

    @property
    def pids(self) -> dict[str, int]:
        """As stack.json says now: it is rewritten whenever a process is started again."""
        pids: dict[str, int] = self.reload()["pids"]
        return pids

    def reload(self) -> dict[str, Any]:
        """What stack.json says now."""
        content: dict[str, Any] = json.loads(self.stack_file.read_text())
        return content

    def is_healthy(self) -> bool:
        """The API, the store and the sandbox answer."""
        places = ("api_url", "/api/health"), ("supabase_url", "/health"), ("sandbox_url", "/health")
        try:
            return all(self._http.get(f"{self.description[url]}{path}").is_success for url, path in places)
        except httpx.TransportError:
            return False

    def new_patient(self, name: str, number: Number, *, prefix: str = "54911") -> Patient:
        """Somebody who never wrote before, on this run or an earlier one."""
        return Patient(self.sandbox, name, f"{prefix}{self._random.randrange(10**7, 10**8)}", number)

    def sign_in(self, clinic: Clinic) -> Dashboard:
        return Dashboard(self, clinic.email, clinic.password)

    # ---- webhooks by hand

    def signature(self, body: bytes) -> str:
        """The header value with which Meta would sign these bytes."""
        digest = hmac.new(self.description["meta_app_secret"].encode(), body, hashlib.sha256).hexdigest()
        return f"sha256={digest}"

    def post_webhook(
        self, body: bytes, signature: str | None, *, path: str = "whatsapp", content_type: str = "application/json"
    ) -> httpx.Response:
        """Deliver a webhook exactly as given; ``signature`` None leaves the header out."""
        headers = {"content-type": content_type}
        if signature is not None:
            headers["x-hub-signature-256"] = signature
        return self._http.post(f"{self.api_url}/api/webhooks/{path}", content=body, headers=headers)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Call the API as nobody in particular."""
        return self._http.get(f"{self.api_url}{path}", **options)

    # ---- when everything has come to its end

    @cached_property
    def _sqs(self) -> Any:
        return aws.client("sqs", self.description["aws_endpoint_url"])

    def queue_depths(self) -> dict[str, int]:
        """Messages per queue: visible, in flight and delayed."""
        depths = {}
        for url in self._sqs.list_queues().get("QueueUrls", []):
            counts = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_QUEUE_COUNTS))["Attributes"]
            depths[url.rsplit("/", 1)[-1]] = sum(int(counts.get(name, 0)) for name in _QUEUE_COUNTS)
        return depths

    def is_taken_in(self) -> bool:
        """Everything Meta had to say is in the store, files included; an answer may still be owed."""
        waiting = sum(depth for name, depth in self.queue_depths().items() if "replies" not in name)
        return waiting == 0 and self.sandbox.is_idle()

    def is_settled(self) -> bool:
        """Nothing at all is on its way. It takes up to half a minute longer: a wake-up that found a worker at its
        conversation looks again when that worker's lease would end."""
        return self.sandbox.is_idle() and not any(self.queue_depths().values())

    def settle(self, *, patience: float = PATIENCE) -> None:
        """Wait until nothing at all is on its way."""
        eventually(self.is_settled, "empty queues", patience=patience)

    def close(self) -> None:
        self._http.close()
        self.sandbox.close()
