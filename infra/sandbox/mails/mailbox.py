"""Mails that the application sends: kept here instead of delivered."""

import itertools
from collections import OrderedDict

from pydantic import BaseModel

from infra.sandbox.store import Store

_MOST_MAILS = 1_000


class Mail(BaseModel):
    """One mail to one address."""

    id: int
    at: float
    to: str
    subject: str
    html: str | None = None
    text: str | None = None


class Mailbox:
    """All mails, the oldest forgotten first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        loaded = sorted((Mail.model_validate(body) for body in store.load("mail").values()), key=lambda mail: mail.id)
        self._mails = OrderedDict((mail.id, mail) for mail in loaded)
        self._ids = itertools.count(max(self._mails, default=0) + 1)

    def add(self, *, at: float, to: str, subject: str, html: str | None, text: str | None) -> Mail:
        """Keep a mail."""
        mail = Mail(id=next(self._ids), at=at, to=to, subject=subject, html=html, text=text)
        self._mails[mail.id] = mail
        self._store.put("mail", str(mail.id), mail.model_dump())
        if len(self._mails) > _MOST_MAILS:
            self._store.remove("mail", str(self._mails.popitem(last=False)[0]))
        return mail

    def find(self, mail_id: int) -> Mail | None:
        """The mail of an id, or None."""
        return self._mails.get(mail_id)

    def listed(self, to: str | None = None) -> list[Mail]:
        """The mails to an address, or all; oldest first."""
        return [mail for mail in self._mails.values() if to is None or mail.to.lower() == to.lower()]

    def clear(self) -> None:
        """Forget all of them."""
        self._mails.clear()
        self._store.clear("mail")
