"""Who exists on the simulated platform: numbers, their business accounts (WABAs) and the tokens that see them."""

import itertools
import re
from typing import Any, Literal

from pydantic import BaseModel, Field

from infra.sandbox.errors import GraphError, graph_error, not_visible
from infra.sandbox.store import Store

_FIRST_TEMPLATE_ID = 1_689_556_908_120_001

TokenState = Literal["valid", "expired", "password_changed", "app_removed", "checkpoint", "invalid"]
_SUBCODES: dict[str, int | None] = {
    "expired": 463,
    "password_changed": 460,
    "app_removed": 458,
    "checkpoint": 459,
    "invalid": None,
}


def digits_of(phone: str) -> str:
    """The digits of a displayed or dialled number, which is how Meta compares them."""
    return re.sub(r"\D", "", phone)


class Account(BaseModel):
    """One business phone number."""

    phone_number_id: str
    display_phone_number: str
    waba_id: str
    access_token: str
    verified_name: str
    webhook_url: str | None = None  # an override of the application's URL
    quality_rating: str = "GREEN"
    status: str = "CONNECTED"
    registered: bool = True
    messaging_limit: str = "TIER_2K"

    @property
    def digits(self) -> str:
        """The number as webhooks write it."""
        return digits_of(self.display_phone_number)


class BusinessAccount(BaseModel):
    """A WABA: its templates and whether our app receives its webhooks."""

    waba_id: str
    subscribed: bool = True
    templates: list[dict[str, Any]] = Field(default_factory=list)

    def find_template(self, name: str, language: str) -> dict[str, Any] | None:
        """The template of that name and language, or None."""
        return next((t for t in self.templates if t["name"] == name and t["language"] == language), None)


class AccessToken(BaseModel):
    """A bearer token and what is wrong with it, if anything."""

    value: str
    state: TokenState = "valid"
    expires_at: int = 0  # 0: never, as in debug_token
    waba_access: bool = True

    def refusal(self, now: float) -> GraphError | None:
        """The error of every call made with this token, or None while it is good."""
        if self.state != "valid":
            return graph_error(190, subcode=_SUBCODES[self.state])
        if self.expires_at and self.expires_at <= now:
            return graph_error(190, subcode=_SUBCODES["expired"])
        return None


class Accounts:
    """The registry. Everything in it is persisted at once and survives restarts and resets."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.numbers = {key: Account.model_validate(body) for key, body in store.load("account").items()}
        self.wabas = {key: BusinessAccount.model_validate(body) for key, body in store.load("waba").items()}
        self.tokens = {key: AccessToken.model_validate(body) for key, body in store.load("token").items()}
        highest = max((int(t["id"]) for waba in self.wabas.values() for t in waba.templates), default=0)
        self._template_ids = itertools.count(max(highest + 1, _FIRST_TEMPLATE_ID))

    def register(self, account: Account, templates: list[dict[str, Any]] | None) -> bool:
        """Add a number or bring it up to date; ``templates`` replaces the WABA's, None keeps them. True when new."""
        before = self.numbers.get(account.phone_number_id)
        self.numbers[account.phone_number_id] = account
        if before is not None and before.access_token != account.access_token:
            self._forget_unused(before.access_token)
        waba = self.wabas.setdefault(account.waba_id, BusinessAccount(waba_id=account.waba_id))
        self.tokens.setdefault(account.access_token, AccessToken(value=account.access_token))
        if templates is not None:
            waba.templates = [self.with_id(template) for template in templates]
        self.save(account)
        return before is None

    def remove(self, account: Account) -> None:
        """Delete a number; its token stays known while another number uses it."""
        del self.numbers[account.phone_number_id]
        self._store.remove("account", account.phone_number_id)
        self._forget_unused(account.access_token)

    def _forget_unused(self, token: str) -> None:
        if not self.wabas_of(token):
            self.tokens.pop(token, None)
            self._store.remove("token", token)

    def save(self, account: Account) -> None:
        """Persist a number with its WABA and token."""
        token = self.tokens[account.access_token]
        self._store.put("account", account.phone_number_id, account.model_dump())
        self._store.put("token", token.value, token.model_dump())
        self.save_waba(self.wabas[account.waba_id])

    def save_waba(self, waba: BusinessAccount) -> None:
        """Persist a WABA after its templates or subscription changed."""
        self._store.put("waba", waba.waba_id, waba.model_dump())

    def with_id(self, template: dict[str, Any]) -> dict[str, Any]:
        """A stored template: the given one, in the key order and with the defaults Meta answers with."""
        defaults = {"parameter_format": "POSITIONAL", "status": "APPROVED", "category": "UTILITY"}
        return {"id": str(next(self._template_ids)), **defaults, **template}

    def wabas_of(self, token: str) -> set[str]:
        """The WABAs that a token was granted."""
        return {account.waba_id for account in self.numbers.values() if account.access_token == token}

    def numbers_of(self, waba_id: str) -> list[Account]:
        """The numbers of a WABA."""
        return [account for account in self.numbers.values() if account.waba_id == waba_id]

    def number_seen_by(self, token: AccessToken, phone_number_id: str, method: str) -> Account:
        """The number, if this token may use it.

        Raises:
            GraphError: 100/33 for a foreign or unknown number, 200 when the token lost its WABA.
        """
        account = self.numbers.get(phone_number_id)
        if account is None:
            raise not_visible(method, phone_number_id)
        self.waba_seen_by(token, account.waba_id, method, named=phone_number_id)
        return account

    def waba_seen_by(
        self, token: AccessToken, waba_id: str, method: str, *, named: str | None = None
    ) -> BusinessAccount:
        """The WABA, if this token may use it; ``named`` is the id the caller used, for the message.

        Raises:
            GraphError: 100/33 for a foreign or unknown WABA, 200 when the token lost its access.
        """
        waba = self.wabas.get(waba_id)
        if waba is None or waba_id not in self.wabas_of(token.value):
            raise not_visible(method, named or waba_id)
        if not token.waba_access:
            raise graph_error(200)
        return waba
