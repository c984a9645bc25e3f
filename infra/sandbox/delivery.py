"""Webhooks on their way: batched, signed, delivered, and delivered again until the application answers 200."""

import asyncio
import contextlib
import itertools
import random
import secrets
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

from infra.sandbox.behaviour import Webhooks
from infra.sandbox.webhooks import Update, encode, payload_of, sign

_MOST_LOGGED = 10_000
_MOST_ATTEMPTS_LOGGED = 50
_MOST_WAITING = 100_000  # an application that stays away must not eat the machine's memory
_CONNECTIONS = 64  # per URL
_OK = 200

Signature = Literal["valid", "missing", "wrong"]
State = Literal["held", "pending", "delivered", "refused", "overflowed"]


@dataclass(slots=True)
class Delivery:
    """One POST to the application with all its attempts.

    A forged delivery (signature missing or wrong) is tried once: it plays an attacker, and only Meta redelivers.
    """

    id: int
    url: str
    body: bytes
    signature: Signature
    created_at: float
    message_ids: tuple[str, ...]
    update_count: int
    state: State = "pending"
    attempt_count: int = 0
    attempts: list[dict[str, Any]] = field(default_factory=list)
    first_try: asyncio.Event = field(default_factory=asyncio.Event)

    def described(self, *, with_body: bool = False) -> dict[str, Any]:
        """The delivery as the control interface shows it."""
        last = self.attempts[-1] if self.attempts else {}
        described = {
            "id": self.id,
            "url": self.url,
            "state": self.state,
            "signature": self.signature,
            "created_at": self.created_at,
            "updates": self.update_count,
            "message_ids": list(self.message_ids),
            "attempt_count": self.attempt_count,
            "last_status": last.get("status"),
            "last_latency_ms": last.get("latency_ms"),
            "attempts": self.attempts,
        }
        return {**described, "body": self.body.decode()} if with_body else described


class Courier:
    """Delivers webhooks. ``knobs`` is asked each time, so that a change holds from the next attempt on."""

    def __init__(
        self, app_secret: str, knobs: Callable[[], Webhooks], delivered: Callable[[Iterable[str]], None]
    ) -> None:
        self._app_secret = app_secret
        self._knobs = knobs
        self._delivered = delivered
        self._ids = itertools.count(1)
        self._log: OrderedDict[int, Delivery] = OrderedDict()
        self._held: dict[int, Delivery] = {}
        self._batches: dict[str, list[Update]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_CONNECTIONS))
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the connection pool."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
        )

    async def stop(self) -> None:
        """Give up everything that is under way."""
        await self._cancel_all()
        if self._session is not None:
            await self._session.close()

    def submit(self, url: str, update: Update) -> None:
        """Deliver an update, alone or together with those that come within the linger time."""
        knobs = self._knobs()
        if knobs.batch_max == 1:
            self.post(url, [update])
            return
        batch = self._batches.setdefault(url, [])
        batch.append(update)
        if len(batch) >= knobs.batch_max:
            self._post_batch(url)
        elif len(batch) == 1:
            asyncio.get_running_loop().call_later(knobs.batch_linger_seconds, self._post_batch, url)

    def post(
        self, url: str, updates: list[Update], *, copies: int = 1, signature: Signature = "valid", hold: bool = False
    ) -> list[Delivery]:
        """Deliver updates in one body, ``copies`` times; held ones wait for ``release``."""
        body = encode(payload_of(updates), escape_slashes=self._knobs().escape_slashes)
        message_ids = tuple(message_id for update in updates for message_id in update.message_ids)
        made = (url, body, signature, message_ids, len(updates))
        return [self._deliver(*made, hold=hold) for _ in range(copies)]

    def post_raw(self, url: str, body: bytes, *, copies: int, signature: Signature, hold: bool) -> list[Delivery]:
        """Deliver bytes as they are, signed."""
        return [self._deliver(url, body, signature, (), 1, hold=hold) for _ in range(copies)]

    def release(self, ids: list[int] | None, order: Literal["held", "reversed", "shuffled"]) -> list[Delivery]:
        """Send held deliveries, all or the named ones, in the order asked for."""
        chosen = [self._held[i] for i in (list(self._held) if ids is None else ids) if i in self._held]
        if order == "reversed":
            chosen.reverse()
        elif order == "shuffled":
            random.shuffle(chosen)
        for delivery in chosen:
            del self._held[delivery.id]
            delivery.state = "pending"
            self._begin(delivery)
        return chosen

    def find(self, delivery_id: int) -> Delivery | None:
        """A delivery of the log, or None."""
        return self._log.get(delivery_id)

    def listed(self) -> list[Delivery]:
        """The log, oldest first."""
        return list(self._log.values())

    @property
    def waiting(self) -> int:
        """Updates and deliveries that have not been answered with 200 yet, held ones left out."""
        return len(self._tasks) + sum(len(batch) for batch in self._batches.values())

    async def clear(self) -> None:
        """Forget the log and give up what is under way."""
        await self._cancel_all()
        self._log.clear()
        self._held.clear()
        self._batches.clear()

    async def challenge(self, url: str, verify_token: str) -> dict[str, Any]:
        """Make the verification handshake of a callback URL and tell what came back."""
        challenge = str(secrets.randbelow(10**10))
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        try:
            async with self._open_session.get(url, params=query, timeout=self._timeout()) as answer:
                text = await answer.text()
                ok = answer.status == _OK and text == challenge
                return {"ok": ok, "status": answer.status, "content_type": answer.content_type, "body": text[:200]}
        except (aiohttp.ClientError, TimeoutError) as exc:
            return {"ok": False, "status": None, "error": _name(exc)}

    @property
    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("The courier was not started.")
        return self._session

    def _timeout(self) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=self._knobs().timeout_seconds)

    def _post_batch(self, url: str) -> None:
        batch = self._batches.pop(url, [])
        if batch:
            self.post(url, batch)

    def _deliver(
        self, url: str, body: bytes, signature: Signature, message_ids: tuple[str, ...], updates: int, *, hold: bool
    ) -> Delivery:
        delivery = Delivery(next(self._ids), url, body, signature, time.time(), message_ids, updates)
        self._log[delivery.id] = delivery
        if len(self._log) > _MOST_LOGGED:
            self._log.popitem(last=False)
        if hold:
            delivery.state = "held"
            self._held[delivery.id] = delivery
        elif len(self._tasks) >= _MOST_WAITING:
            delivery.state = "overflowed"
            delivery.first_try.set()
        else:
            self._begin(delivery)
        return delivery

    def _begin(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._until_acknowledged(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _until_acknowledged(self, delivery: Delivery) -> None:
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        if delivery.signature != "missing":
            secret = self._app_secret if delivery.signature == "valid" else self._app_secret[::-1] + "wrong"
            headers["X-Hub-Signature-256"] = sign(delivery.body, secret)
        while delivery.state == "pending":
            # Waiting for a turn is not the application's latency and must not use up its timeout.
            async with self._slots[delivery.url]:
                status = await self._try_once(delivery, headers)
            if status == _OK:
                delivery.state = "delivered"
                self._delivered(delivery.message_ids)
            elif delivery.signature != "valid":
                delivery.state = "refused"
            delivery.first_try.set()
            if delivery.state == "pending":
                backoff = self._knobs().backoff_seconds
                await asyncio.sleep(backoff[min(delivery.attempt_count, len(backoff)) - 1])

    async def _try_once(self, delivery: Delivery, headers: dict[str, str]) -> int | None:
        began, status, error = time.perf_counter(), None, None
        attempt: dict[str, Any] = {"at": time.time()}
        try:
            async with self._open_session.post(
                delivery.url, data=delivery.body, headers=headers, timeout=self._timeout()
            ) as answer:
                status = answer.status
                text = await answer.text(errors="replace")
                if status != _OK:
                    error = text[:300]
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:  # ValueError: an address that is none
            error = _name(exc)
        attempt.update(status=status, latency_ms=round((time.perf_counter() - began) * 1000, 1), error=error)
        delivery.attempt_count += 1
        delivery.attempts.append(attempt)
        del delivery.attempts[:-_MOST_ATTEMPTS_LOGGED]
        return status

    async def _cancel_all(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _name(exc: BaseException) -> str:
    return f"{type(exc).__name__}: {exc}"[:300]
