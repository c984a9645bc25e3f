"""A person of the clinic writes to a contact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from dentalist.domain.conversation import Conversation
from dentalist.domain.message import Author, Content, Draft, Message, Purpose
from dentalist.domain.templates import MARKETING
from dentalist.services.ports import Channels, ConversationOpener, Conversations, Templates
from dentalist.services.sending import Sending


@dataclass(frozen=True)
class ToNumber:
    """A number that may never have written to the clinic, and the channel to write from."""

    channel_id: UUID
    phone: str = field(repr=False)


@dataclass(frozen=True)
class FromTemplate:
    """An approved template and its variables, by number or name."""

    name: str
    language: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Readable:
    """What the person who sends may read, under row level security: nothing found is another's object."""

    conversations: Conversations
    channels: Channels
    templates: Templates


def send_message(
    to: UUID | ToNumber,
    what: Content | FromTemplate,
    *,
    actor_id: UUID,
    readable: Readable,
    opener: ConversationOpener,
    sending: Sending,
    request_key: UUID | None = None,
) -> Message:
    """Send a message written by a person; the assistant stops answering in that conversation.

    Args:
        to: a conversation, or a number on a channel, whose conversation is found or begun.
        what: prepared content, or a template that is filled for this contact.
        actor_id: the person.
        readable: what the person may read.
        opener: begins conversations.
        sending: the one path of every message.
        request_key: names the request; repeated after a crash, it sends nothing again.

    Raises:
        ConversationNotFound, ChannelNotFound, MediaNotFound: the person sees no such object.
        TemplateNotFound, TemplateNotApproved, TemplateVariablesMismatch: nothing was stored.
        FeatureDisabled, ConsentRequired, ServiceWindowClosed, ChannelDisconnected: refused by the gate, nothing was
            stored; or, the last two, by Meta, and the message is kept as failed.
        RateLimited, MetaError, MetaUnreachable, StoreUnavailable: not sent (``Sending.send``).
    """
    if isinstance(to, ToNumber):
        # Before a conversation is begun: a template that does not exist begins none.
        prepare = _preparation(what, readable.channels.get(to.channel_id).id, readable)
        conversation = readable.conversations.get(opener.open(to.channel_id, to.phone))
    else:
        conversation = readable.conversations.get(to)
        prepare = _preparation(what, conversation.channel_id, readable)
    content = prepare(conversation)
    is_marketing = content.template is not None and content.template.category == MARKETING
    purpose = Purpose.MARKETING if is_marketing else Purpose.CARE
    draft = Draft(content, Author.PERSON, purpose, actor_id=actor_id, request_key=request_key)
    return sending.send(conversation.id, draft)


def _preparation(
    what: Content | FromTemplate, channel_id: UUID, readable: Readable
) -> Callable[[Conversation], Content]:
    if isinstance(what, Content):
        return lambda _: what
    template = readable.templates.get(channel_id, what.name, what.language)
    return lambda conversation: template.fill(what.variables, readable.conversations.recipient_values(conversation))
