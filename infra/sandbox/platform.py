"""The simulated platform as one object: its parts, wired once, and what more than one of them needs."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from infra.sandbox.accounts import Account, Accounts
from infra.sandbox.behaviour import Behaviour
from infra.sandbox.clock import Clock
from infra.sandbox.config import Config
from infra.sandbox.contacts import Contacts
from infra.sandbox.conversations import Conversations
from infra.sandbox.delivery import Courier, Delivery, Signature
from infra.sandbox.faults import Faults
from infra.sandbox.google.accounts import GoogleAccounts
from infra.sandbox.google.events import GoogleEvents
from infra.sandbox.instagram.accounts import InstagramAccounts
from infra.sandbox.journal import Journal
from infra.sandbox.limits import RateLimits
from infra.sandbox.live import Live
from infra.sandbox.llm.behaviours import LanguageModels
from infra.sandbox.logins.codes import Codes
from infra.sandbox.logins.people import People
from infra.sandbox.mails.mailbox import Mailbox
from infra.sandbox.media import MediaShelf
from infra.sandbox.store import Store
from infra.sandbox.webhooks import Update


class Platform:
    """Everything that exists on the simulated side of the wire."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.base_url = ""  # known once the port is
        self.clock = Clock()
        self.behaviour = Behaviour()
        self.live = Live()
        self.journal = Journal()
        self.faults = Faults()
        self.limits = RateLimits(self.clock)
        self.store = Store(config.state_dir)
        self.accounts = Accounts(self.store)
        self.instagram = InstagramAccounts(self.store)
        self.google = GoogleAccounts(self.store)
        self.google_events = GoogleEvents(self.store)
        self.people = People(self.store, self.accounts)
        self.codes = Codes(self.clock)
        self.models = LanguageModels()
        self.mails = Mailbox(self.store)
        self.contacts = Contacts(self.store)
        self.conversations = Conversations(self.store, self.live)
        self.media = MediaShelf(self.store, config.state_dir, self.clock)
        self.courier = Courier(
            config.app_secret,
            knobs=lambda: self.behaviour.webhooks,
            delivered=self.conversations.delivered,
        )
        self._later: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to deliver and to persist."""
        self.store.start()
        await self.courier.start()

    async def stop(self) -> None:
        """Give up what is under way and write the rest of the state."""
        self._cancel_later()
        await self.courier.stop()
        self.store.close()

    def webhook_url(self, account: Account | None) -> str:
        """Where updates of a number go: its override, else the application's URL (empty: nowhere)."""
        return (account.webhook_url if account else None) or self.config.webhook_url

    def publish(
        self,
        update: Update,
        account: Account | None = None,
        *,
        copies: int = 1,
        signature: Signature = "valid",
        hold: bool = False,
    ) -> list[Delivery]:
        """Send an update to the application. As at Meta nothing is sent for a WABA it is not subscribed to, nor for
        a number that is not registered.

        Ordinary updates may be batched, and then there is no delivery to return yet.
        """
        waba = self.accounts.wabas.get(update.waba_id)
        url = self.webhook_url(account)
        if waba is None or not waba.subscribed or not url or not (account is None or account.registered):
            return []
        if copies == 1 and signature == "valid" and not hold and self.behaviour.webhooks.batch_max > 1:
            self.courier.submit(url, update)
            return []
        return self.courier.post(url, [update], copies=copies, signature=signature, hold=hold)

    def later(self, seconds: float, action: Any, *arguments: Any) -> None:
        """Do something after so many seconds, unless the sandbox is reset or stopped before."""

        def run() -> None:
            self._later.discard(handle)
            action(*arguments)

        handle = asyncio.get_running_loop().call_later(seconds, run)
        self._later.add(handle)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the request that asked for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def busy(self) -> int:
        """How much is still to happen by itself: statuses to come and webhooks not yet acknowledged."""
        return len(self._later) + len(self._tasks) + self.courier.waiting

    async def reset(self) -> None:
        """Forget all but the accounts and people, their templates and tokens; settings are as at start again."""
        self._cancel_later()
        await self.courier.clear()
        self.clock.offset_seconds = 0
        self.behaviour = Behaviour()
        self.faults.clear()
        self.limits.clear()
        self.journal.clear()
        self.codes.clear()
        self.models.clear()
        self.mails.clear()
        self.contacts.clear()
        self.conversations.clear()
        self.media.clear()
        self.google_events.clear()
        self.live.publish_to_all("reset")

    def _cancel_later(self) -> None:
        for handle in self._later:
            handle.cancel()
        for task in self._tasks:
            task.cancel()
        self._later.clear()
