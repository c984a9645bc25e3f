"""What reached us, as typed events, and the flat JSON that the SQL function ``ingest_event(p_event jsonb)`` takes.

``Event.as_arguments()`` makes that JSON. Keys are the field names below, always all of an event's, ``null`` where
unknown; instants are ISO 8601 strings in UTC; texts are storable (no NUL, no lone surrogate).

Every kind has
    ``kind``                     one of the table below
    ``object``, ``field``        as Meta named them; either may be null
    ``channel_type``             whatsapp, instagram or null
    ``waba_id``                  WhatsApp business account; null on Instagram
    ``phone_number_id``          the number it came for; null for account-wide events and on Instagram
    ``display_phone_number``     the same number, ``+`` and digits
    ``account_id``               Instagram professional account; null on WhatsApp
    ``received_at``, ``correlation_id``  of the webhook request
    ``raw``                      the event as Meta sent it: the ``event`` of the queue message

Kinds about a contact (message, reaction, edit, revoke, echo, status, preference, identity, comment, history) also have
    ``contact_phone``            ``+`` and exactly the digits Meta gave, or null
    ``contact_user_id``          BSUID on WhatsApp, IGSID on Instagram, or null; one of the two is set (but in a status)
    ``contact_username``, ``contact_name``  display data, may change or be null

========== ==========================================================================================================
kind       its own keys
========== ==========================================================================================================
message    external_id, sent_at, type, body (one readable line, Spanish), payload (the message plus ``contact`` and
           ``value_errors``), reply_id (id or payload of the tapped button or row), media {id, mime, sha256, filename,
           voice, url} or null, context_external_id (the message it answers), owes_answer, opens_window (counts as the
           contact's last message for the 24 h window), group_id
reaction   external_id, sent_at, target_external_id, emoji (null: taken back), sender
edit       external_id, sent_at, target_external_id, type, body, payload (the new ones), sender
revoke     external_id, sent_at, target_external_id, sender
echo       external_id, sent_at, type, body, payload, reply_id, media, context_external_id. Sent by the business, from
           the phone app or through an API of the account; the contact is whom it was sent to. An ``external_id`` that
           we sent ourselves is not a person's answer
status     external_id, status (sent, delivered, read, played, failed, or a word unknown to us), occurred_at, reference
           (our ``biz_opaque_callback_data``), error_code (of the first error), errors (list), pricing, conversation,
           group_id. The contact is the recipient and may be missing altogether
preference category (marketing_messages), value (stop, resume, signup), detail, occurred_at
identity   external_id, change (number, user_id, security_code), new_phone, new_user_id, body, occurred_at.
           ``contact_*`` is who they were until now
account    event (``value.event`` or ``decision``, else null), occurred_at, value (the whole value). A
           ``phone_number_quality_update`` names its number by ``display_phone_number`` alone
comment    external_id, body, media_id, media_product_type, parent_external_id, from_business (our own), occurred_at
self_test  nonce. Sent by ourselves to the channel of the number or account, to see whether its events come in
history    messages, not_understood (list of raw ones). Written before the number was linked, in the phone app, with one
           contact. Each message: external_id, sent_at (null: at a time nobody can tell), from_business, type (also
           reaction, edit, revoke), body, payload, reply_id, media, reply_to_external_id (the message it answers or is
           about), opens_window, opts_out (the contact asked not to be written to), and status of the business's own
           (unknown, sent, delivered, read, failed; else null)
history_state phase, progress (percent; 100: Meta has sent everything), messages (how many came in this chunk), declined
           (the clinic does not share its history)
contacts   changes (list of phone, name or null: no longer in the address book, changed_at), not_understood (list of raw
           ones). Of the phone app's address book
unknown    reason (unknown_object, unknown_field, malformed, too_large)
========== ==========================================================================================================

``sender`` is ``contact`` or ``business``: the latter for a reaction, edit or revoke made by a person in the phone app.
Messages of type ``system``, ``request_welcome`` and ``referral``, those of a group and those of an Instagram thread
that another app owns (``field`` = ``standby``) neither owe an answer nor open the window. An unsupported message owes
an answer: somebody wrote and nobody can read it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

ChannelType = Literal["whatsapp", "instagram"]
Reason = Literal["unknown_object", "unknown_field", "malformed", "too_large"]
Sender = Literal["contact", "business"]
PastStatus = Literal["unknown", "sent", "delivered", "read", "failed"]


class _Model(BaseModel):
    # A validation error that quotes its input would carry a patient's words into the log.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Contact(_Model):
    """Who wrote, or whom the business wrote to; at least one of phone and user id is known."""

    phone: str | None = None
    user_id: str | None = None
    username: str | None = None
    name: str | None = None


class MediaRef(_Model):
    """A file that waits at Meta: by ``id`` on WhatsApp, by ``url`` on Instagram."""

    id: str | None = None
    mime: str | None = None
    sha256: str | None = None
    filename: str | None = None
    voice: bool = False
    url: str | None = None


class Event(_Model):
    """What every event says about where it came from."""

    kind: ClassVar[str]

    object: str | None = None
    field: str | None = None
    channel_type: ChannelType | None = None
    waba_id: str | None = None
    phone_number_id: str | None = None
    display_phone_number: str | None = None
    account_id: str | None = None
    received_at: datetime | None = None
    correlation_id: str | None = None
    raw: Any = None

    def as_arguments(self) -> dict[str, Any]:
        """The flat JSON object that ``ingest_event`` takes; the table is this module's docstring."""
        arguments: dict[str, Any] = {"kind": self.kind, **self.model_dump(mode="json")}
        if "contact" in arguments:
            contact = arguments.pop("contact") or {}
            arguments |= {f"contact_{name}": contact.get(name) for name in Contact.model_fields}
        return arguments


class _FromContact(Event):
    contact: Contact
    external_id: str
    sent_at: datetime


class MessageReceived(_FromContact):
    """A contact wrote, spoke, tapped or sent a file."""

    kind: ClassVar[str] = "message"

    type: str
    body: str
    payload: dict[str, Any]
    reply_id: str | None = None
    media: MediaRef | None = None
    context_external_id: str | None = None
    owes_answer: bool = True
    opens_window: bool = True
    group_id: str | None = None


class ReactionChanged(_FromContact):
    """An emoji was put on a message, or taken back (``emoji`` is None)."""

    kind: ClassVar[str] = "reaction"

    target_external_id: str
    emoji: str | None = None
    sender: Sender = "contact"


class MessageEdited(_FromContact):
    """A message got new content; ``type``, ``body`` and ``payload`` are the new ones."""

    kind: ClassVar[str] = "edit"

    target_external_id: str
    type: str
    body: str
    payload: dict[str, Any]
    sender: Sender = "contact"


class MessageRevoked(_FromContact):
    """A message was deleted for everyone."""

    kind: ClassVar[str] = "revoke"

    target_external_id: str
    sender: Sender = "contact"


class EchoSeen(_FromContact):
    """The business wrote, seen from outside: a person in the phone app, or (Instagram) a send of ours."""

    kind: ClassVar[str] = "echo"

    type: str
    body: str
    payload: dict[str, Any]
    reply_id: str | None = None
    media: MediaRef | None = None
    context_external_id: str | None = None


class StatusChanged(Event):
    """What became of a message of ours."""

    kind: ClassVar[str] = "status"

    contact: Contact
    external_id: str
    status: str
    occurred_at: datetime
    reference: str | None = None
    error_code: int | None = None
    errors: list[Any] = []
    pricing: dict[str, Any] | None = None
    conversation: dict[str, Any] | None = None
    group_id: str | None = None


class PreferenceChanged(Event):
    """A contact stopped or resumed marketing messages in WhatsApp's own settings."""

    kind: ClassVar[str] = "preference"

    contact: Contact
    category: str | None = None
    value: str
    detail: str | None = None
    occurred_at: datetime


class IdentityChanged(Event):
    """A contact has another number, user id or security code from now on; ``contact`` is who they were."""

    kind: ClassVar[str] = "identity"

    contact: Contact
    external_id: str
    change: Literal["number", "user_id", "security_code"]
    new_phone: str | None = None
    new_user_id: str | None = None
    body: str
    occurred_at: datetime


class AccountChanged(Event):
    """Something about the account, a number or a template, of nobody in particular."""

    kind: ClassVar[str] = "account"

    event: str | None = None
    occurred_at: datetime
    value: dict[str, Any]


class CommentReceived(Event):
    """A comment below a publication on Instagram; ``from_business`` when it is the clinic's own."""

    kind: ClassVar[str] = "comment"

    contact: Contact
    external_id: str
    body: str
    media_id: str | None = None
    media_product_type: str | None = None
    parent_external_id: str | None = None
    from_business: bool = False
    occurred_at: datetime


class SelfTested(Event):
    """A channel's own test event: it came all the way that Meta's come."""

    kind: ClassVar[str] = "self_test"

    nonce: str


class PastMessage(_Model):
    """One message of the phone app, from before the number was linked."""

    external_id: str
    sent_at: datetime | None
    from_business: bool
    type: str
    body: str | None = None
    payload: dict[str, Any]
    reply_id: str | None = None
    media: MediaRef | None = None
    reply_to_external_id: str | None = None
    opens_window: bool = False
    opts_out: bool = False
    status: PastStatus | None = None


class HistoryReceived(Event):
    """Some of the messages that the business and one contact wrote in the phone app before."""

    kind: ClassVar[str] = "history"

    contact: Contact
    messages: list[PastMessage]
    not_understood: list[Any] = []


class HistoryProgressed(Event):
    """How far Meta is with sending the history, or that the clinic does not share it."""

    kind: ClassVar[str] = "history_state"

    phase: int | None = None
    progress: int | None = None
    messages: int = 0
    declined: bool = False


class ContactChange(_Model):
    """An entry of the phone app's address book: new, renamed, or (without a name) removed."""

    phone: str
    name: str | None
    changed_at: datetime


class ContactsChanged(Event):
    """Changes of the phone app's address book."""

    kind: ClassVar[str] = "contacts"

    changes: list[ContactChange]
    not_understood: list[Any] = []


class Unintelligible(Event):
    """Signed by Meta and kept, but not understood."""

    kind: ClassVar[str] = "unknown"

    reason: Reason
