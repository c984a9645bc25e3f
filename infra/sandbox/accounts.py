"""Who exists on the simulated platform: numbers, their business accounts (WABAs) and the tokens that see them."""

import itertools
import re
from typing import Any

from pydantic import BaseModel, Field

from infra.sandbox.errors import graph_error, not_visible
from infra.sandbox.phone_app import PhoneApp
from infra.sandbox.store import Store
from infra.sandbox.tokens import AccessToken

_FIRST_TEMPLATE_ID = 1_689_556_908_120_001


def digits_of(phone: str) -> str:
    """The digits of a displayed or dialled number, which is how Meta compares them."""
    return re.sub(r"\D", "", phone)


class Account(BaseModel):
    """One business phone number. ``access_token`` is the one it was registered with; logins grant others."""

    phone_number_id: str
    display_phone_number: str
    waba_id: str
    access_token: str | None = None
    verified_name: str
    webhook_url: str | None = None  # an override of the application's URL
    quality_rating: str = "GREEN"
    status: str = "CONNECTED"
    registered: bool = True
    messaging_limit: str = "TIER_2K"
    code_verification_status: str = "VERIFIED"
    pin: str | None = None  # two-step verification; the first registration sets it
    on_phone_app: bool = False  # coexistence: the number stays on the phone
    onboarded_at: float | None = None  # a coexistence number was linked: its data can be asked for during a day
    synced: list[str] = Field(default_factory=list)
    phone_app: PhoneApp = Field(default_factory=PhoneApp)

    @property
    def digits(self) -> str:
        """The number as webhooks write it."""
        return digits_of(self.display_phone_number)


class BusinessAccount(BaseModel):
    """A WABA: its templates and whether our app receives its webhooks."""

    waba_id: str
    subscribed: bool = True
    name: str | None = None
    templates: list[dict[str, Any]] = Field(default_factory=list)

    def find_template(self, name: str, language: str) -> dict[str, Any] | None:
        """The template of that name and language, or None."""
        return next((t for t in self.templates if t["name"] == name and t["language"] == language), None)


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
        if before is not None and before.access_token not in (None, account.access_token):
            self._forget_unused(before.access_token)
        waba = self.wabas.setdefault(account.waba_id, BusinessAccount(waba_id=account.waba_id))
        if account.access_token is not None:
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

    def _forget_unused(self, token: str | None) -> None:
        if token is not None and not self.wabas_of(token):
            self.tokens.pop(token, None)
            self._store.remove("token", token)

    def save(self, account: Account) -> None:
        """Persist a number with its WABA and the token it was registered with."""
        self._store.put("account", account.phone_number_id, account.model_dump())
        if account.access_token is not None:
            self.save_token(self.tokens[account.access_token])
        self.save_waba(self.wabas[account.waba_id])

    def save_token(self, token: AccessToken) -> None:
        """Persist a token, also one that a login has just granted."""
        self.tokens[token.value] = token
        self._store.put("token", token.value, token.model_dump())

    def save_waba(self, waba: BusinessAccount) -> None:
        """Persist a WABA after its templates or subscription changed."""
        self._store.put("waba", waba.waba_id, waba.model_dump())

    def with_id(self, template: dict[str, Any]) -> dict[str, Any]:
        """A stored template: the given one, in the key order and with the defaults Meta answers with."""
        defaults = {"parameter_format": "POSITIONAL", "status": "APPROVED", "category": "UTILITY"}
        return {"id": str(next(self._template_ids)), **defaults, **template}

    def wabas_of(self, token: str) -> set[str]:
        """The WABAs that a token was granted: in a login, or by registering an account with it."""
        known = self.tokens.get(token)
        registered = {account.waba_id for account in self.numbers.values() if account.access_token == token}
        return registered.union(known.waba_ids if known else ())

    def tokens_of(self, waba_id: str) -> list[AccessToken]:
        """The tokens that were granted a WABA, oldest first."""
        return [token for token in self.tokens.values() if waba_id in self.wabas_of(token.value)]

    def token_shown(self, account: Account) -> AccessToken | None:
        """The one token to tell of a number: its registered one, else the newest granted, else none."""
        if account.access_token is not None:
            return self.tokens[account.access_token]
        return next(reversed(self.tokens_of(account.waba_id)), None)

    def reachable(self) -> list[Account]:
        """The numbers that some token sees; nobody has logged in for the others yet."""
        granted = {waba_id for token in self.tokens for waba_id in self.wabas_of(token)}
        return [account for account in self.numbers.values() if account.waba_id in granted]

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
