"""The people who log in: their businesses with WhatsApp accounts, their Instagram and Google accounts."""

import secrets
from typing import Literal

from pydantic import BaseModel, Field

from infra.sandbox.accounts import Accounts, BusinessAccount
from infra.sandbox.store import Store
from infra.sandbox.tokens import AccessToken

Relation = Literal["owned", "client"]
_FIRST_WABA = 210_987_654_300_000


class BusinessWaba(BaseModel):
    """A WhatsApp account of a business, its own or one that another shares with it."""

    waba_id: str
    relation: Relation = "owned"


class Business(BaseModel):
    """A business in Meta's business manager."""

    id: str
    name: str
    wabas: list[BusinessWaba] = Field(default_factory=list)


class Person(BaseModel):
    """Somebody with a Facebook login; ``user_id`` is the id our app knows them by."""

    user_id: str
    name: str
    businesses: list[Business] = Field(default_factory=list)
    instagram: list[str] = Field(default_factory=list)  # user ids
    google: list[str] = Field(default_factory=list)  # addresses

    @property
    def waba_ids(self) -> list[str]:
        """The WhatsApp accounts this person can let an app into."""
        return [waba.waba_id for business in self.businesses for waba in business.wabas]


def new_id(prefix: str) -> str:
    """An id as Meta makes them."""
    return prefix + str(secrets.randbelow(10**13)).zfill(13)


def _derived_id(prefix: str, waba_id: str) -> str:
    return prefix + str((int(waba_id) - _FIRST_WABA) % 10**13).zfill(13)


class People:
    """The registry, persisted. A WABA that nobody was made for has an owner too: its clinic, so that one can log in."""

    def __init__(self, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts
        self._people = {key: Person.model_validate(body) for key, body in store.load("person").items()}

    def listed(self) -> list[Person]:
        """Everybody, the owners of registered accounts last."""
        made = list(self._people.values())
        owned = {waba_id for person in made for waba_id in person.waba_ids}
        return made + [self._owner(waba) for waba_id, waba in self._accounts.wabas.items() if waba_id not in owned]

    def find(self, word: str) -> Person | None:
        """The person of an id or a name, or None."""
        return next((person for person in self.listed() if word in (person.user_id, person.name)), None)

    def of_waba(self, waba_id: str) -> Person | None:
        """The first person who can let an app into a WABA, or None."""
        return next((person for person in self.listed() if waba_id in person.waba_ids), None)

    def save(self, person: Person) -> None:
        """Add a person or bring one up to date."""
        self._people[person.user_id] = person
        self._store.put("person", person.user_id, person.model_dump())

    def holder_of(self, token: AccessToken) -> Person | None:
        """Whose login a token comes from; a registered one is its clinic's."""
        if token.user_id is not None:
            return self.find(token.user_id)
        return next(filter(None, map(self.of_waba, sorted(self._accounts.wabas_of(token.value)))), None)

    def tokens_of(self, person: Person) -> list[AccessToken]:
        """The tokens that come from a person's logins."""
        tokens = self._accounts.tokens.values()
        return [token for token in tokens if (holder := self.holder_of(token)) and holder.user_id == person.user_id]

    def _owner(self, waba: BusinessAccount) -> Person:
        numbers = self._accounts.numbers_of(waba.waba_id)
        name = numbers[0].verified_name if numbers else f"Consultorio {waba.waba_id}"
        owned = [BusinessWaba(waba_id=waba.waba_id)]
        business = Business(id=_derived_id("41", waba.waba_id), name=name, wabas=owned)
        return Person(user_id=_derived_id("12210", waba.waba_id), name=name, businesses=[business])
