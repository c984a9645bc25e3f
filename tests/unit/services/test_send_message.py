"""What a person may send, and to whom."""

from uuid import UUID, uuid4

import pytest

from dentalist.domain.errors import (
    ChannelNotFound,
    ConversationNotFound,
    TemplateNotApproved,
    TemplateNotFound,
    TemplateVariablesMismatch,
)
from dentalist.domain.message import Author, Content, Message, Purpose
from dentalist.services.send_message import FromTemplate, Readable, ToNumber, send_message
from dentalist.services.sending import Sending
from tests.builders import make_channel, make_conversation, make_template
from tests.fakes import (
    FakeChannels,
    FakeConversations,
    FakeLinks,
    FakeOpener,
    FakeSendGate,
    FakeTemplates,
    FakeWhatsApp,
)

ACTOR = uuid4()


class World:
    """One channel with one conversation, and one template on it."""

    def __init__(self) -> None:
        self.channel = make_channel()
        self.conversation = make_conversation(channel_id=self.channel.id)
        self.gate = FakeSendGate()
        self.whatsapp = FakeWhatsApp()
        self.opener = FakeOpener(self.conversation.id)
        self.templates = FakeTemplates([make_template(channel_id=self.channel.id)])
        self.conversations = FakeConversations({self.conversation.id: self.conversation})
        self.channels = FakeChannels({self.channel.id: self.channel})

    def send(self, to: UUID | ToNumber, what: Content | FromTemplate) -> Message:
        return send_message(
            to,
            what,
            actor_id=ACTOR,
            readable=Readable(self.conversations, self.channels, self.templates),
            opener=self.opener,
            sending=Sending(
                gate=self.gate, sender_for=lambda _: self.whatsapp, channels=self.channels, links=FakeLinks()
            ),
        )


@pytest.fixture
def world() -> World:
    return World()


def test_the_person_is_the_actor_of_what_they_write(world: World) -> None:
    world.send(world.conversation.id, Content.text("Hola"))

    draft = world.gate.drafts[0]
    assert (draft.author, draft.actor_id, draft.purpose) == (Author.PERSON, ACTOR, Purpose.CARE)


def test_a_conversation_that_the_person_cannot_read_is_not_found(world: World) -> None:
    with pytest.raises(ConversationNotFound):
        world.send(uuid4(), Content.text("Hola"))

    assert world.gate.log == []


def test_a_number_is_written_to_in_its_conversation(world: World) -> None:
    world.send(ToNumber(world.channel.id, "+5491155550100"), Content.text("Hola"))

    assert world.opener.opened == [(world.channel.id, "+5491155550100")]
    assert len(world.whatsapp.attempts) == 1


def test_a_channel_that_the_person_cannot_read_begins_no_conversation(world: World) -> None:
    with pytest.raises(ChannelNotFound):
        world.send(ToNumber(uuid4(), "+5491155550100"), Content.text("Hola"))

    assert world.opener.opened == []


def test_a_template_is_filled_for_the_contact(world: World) -> None:
    world.conversations.values = {"first_name": "Lucía", "clinic_name": "Sonrisas"}
    variables = {"1": "{{first_name}}", "2": "jueves en {{clinic_name}}"}

    world.send(world.conversation.id, FromTemplate("recordatorio_turno", "es_AR", variables))

    body = world.whatsapp.attempts[0].body
    assert body["template"]["components"][0]["parameters"] == [
        {"type": "text", "text": "Lucía"},
        {"type": "text", "text": "jueves en Sonrisas"},
    ]
    assert world.gate.drafts[0].content.body == "Hola Lucía, te esperamos el jueves en Sonrisas."


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        (FromTemplate("no_existe", "es_AR"), TemplateNotFound),
        (FromTemplate("recordatorio_turno", "es_MX"), TemplateNotFound),
        (FromTemplate("recordatorio_turno", "es_AR", {"1": "Ana"}), TemplateVariablesMismatch),
        (FromTemplate("recordatorio_turno", "es_AR", {"1": "Ana", "2": "lunes", "3": "x"}), TemplateVariablesMismatch),
        (FromTemplate("recordatorio_turno", "es_AR", {"1": " ", "2": "lunes"}), TemplateVariablesMismatch),
        (FromTemplate("recordatorio_turno", "es_AR", {"1": "{{full_name}}", "2": "lunes"}), TemplateVariablesMismatch),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused_before_the_gate(
    world: World, what: FromTemplate, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        world.send(world.conversation.id, what)

    assert world.gate.log == []


def test_an_unapproved_template_is_refused_before_the_gate(world: World) -> None:
    world.templates.known = [make_template(channel_id=world.channel.id, status="PAUSED")]

    with pytest.raises(TemplateNotApproved):
        world.send(world.conversation.id, FromTemplate("recordatorio_turno", "es_AR", {"1": "Ana", "2": "lunes"}))


def test_a_template_that_does_not_exist_begins_no_conversation(world: World) -> None:
    with pytest.raises(TemplateNotFound):
        world.send(ToNumber(world.channel.id, "+5491155550100"), FromTemplate("no_existe", "es_AR"))

    assert world.opener.opened == []


def test_a_marketing_template_asks_for_consent_to_marketing(world: World) -> None:
    world.templates.known = [make_template(channel_id=world.channel.id, category="MARKETING")]

    world.send(world.conversation.id, FromTemplate("recordatorio_turno", "es_AR", {"1": "Ana", "2": "lunes"}))

    assert world.gate.drafts[0].purpose is Purpose.MARKETING
