"""The people who write: a phone, a business-scoped user id (BSUID), or both, per business number."""

from collections import OrderedDict
from typing import Any

from pydantic import BaseModel

from infra.sandbox.store import Store

_MOST_CONTACTS = 20_000
WINDOW_SECONDS = 24 * 3600


class Contact(BaseModel):
    """One person as one business number knows them. ``key`` never changes, phone and user id may."""

    phone_number_id: str
    key: str
    phone: str | None = None
    user_id: str | None = None
    username: str | None = None
    name: str = ""
    hides_phone: bool = False
    last_inbound_at: float | None = None
    marketing_stopped: bool = False

    def window_open(self, now: float) -> bool:
        """Whether free text may be sent: the contact wrote less than 24 hours ago."""
        return self.last_inbound_at is not None and now - self.last_inbound_at < WINDOW_SECONDS


class Contacts:
    """All contacts, the least recently seen forgotten first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._contacts: OrderedDict[tuple[str, str], Contact] = OrderedDict()
        self._keys: dict[tuple[str, str], str] = {}
        for body in store.load("contact").values():
            self._remember(Contact.model_validate(body))

    def find(self, phone_number_id: str, address: str) -> Contact | None:
        """The contact known under a phone (digits) or a BSUID, or None."""
        key = self._keys.get((phone_number_id, address))
        return self._contacts.get((phone_number_id, key)) if key is not None else None

    def meet(self, phone_number_id: str, *, phone: str | None, user_id: str | None) -> Contact:
        """The contact of these identities, made when new; an identity seen for the first time is learnt."""
        addresses = [address for address in (phone, user_id) if address]
        known = (self.find(phone_number_id, address) for address in addresses)
        contact = next((found for found in known if found is not None), None)
        if contact is None:
            contact = Contact(phone_number_id=phone_number_id, key=addresses[0])
        contact.phone = phone or contact.phone
        contact.user_id = user_id or contact.user_id
        self._remember(contact)
        return contact

    def rename(self, contact: Contact, *, phone: str | None, user_id: str | None) -> None:
        """The same person under a new phone or user id; the old ones still lead here."""
        contact.phone = phone or contact.phone
        contact.user_id = user_id or contact.user_id
        self._remember(contact)

    def save(self, contact: Contact) -> None:
        """Persist a contact after it changed."""
        self._store.put("contact", _where(contact), contact.model_dump())

    def clear(self) -> None:
        """Forget everybody."""
        self._contacts.clear()
        self._keys.clear()
        self._store.clear("contact")

    def _remember(self, contact: Contact) -> None:
        place = (contact.phone_number_id, contact.key)
        self._contacts[place] = contact
        self._contacts.move_to_end(place)
        for address in (contact.key, contact.phone, contact.user_id):
            if address:
                self._keys[contact.phone_number_id, address] = contact.key
        if len(self._contacts) > _MOST_CONTACTS:
            self._forget(self._contacts.popitem(last=False)[1])

    def _forget(self, contact: Contact) -> None:
        for address in (contact.key, contact.phone, contact.user_id):
            if address and self._keys.get((contact.phone_number_id, address)) == contact.key:
                del self._keys[contact.phone_number_id, address]
        self._store.remove("contact", _where(contact))


def _where(contact: Contact) -> str:
    return f"{contact.phone_number_id}|{contact.key}"


def wire_names(contact: Contact) -> dict[str, Any]:
    """The ``contacts`` element of a webhook; a hidden phone leaves an empty ``wa_id``."""
    profile = {"name": contact.name, **({"username": contact.username} if contact.username else {})}
    wa_id = "" if contact.hides_phone else contact.phone or ""
    return {"profile": profile, "wa_id": wa_id, **({"user_id": contact.user_id} if contact.user_id else {})}
