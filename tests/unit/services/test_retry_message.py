"""What may be sent once more, and as what."""

from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.errors import MessageNotFound, TemplateNotApproved, TemplateNotFound
from dentalist.domain.message import Author, Draft, Purpose
from dentalist.domain.patient_errors import NotRetryable
from dentalist.domain.sent_message import SentMessage
from dentalist.services.retry_message import RetryDesk, retry_message
from dentalist.services.sending import Sending
from tests.builders import make_template
from tests.fakes import FakeChannels, FakeLinks, FakeSendGate, FakeTemplates, FakeWhatsApp
from tests.fakes_patients import FakeMessages, make_sent_message

ACTOR = uuid4()


class World:
    """One message, and what sending needs."""

    def __init__(self) -> None:
        self.gate, self.whatsapp, self.links = FakeSendGate(), FakeWhatsApp(), FakeLinks()
        self.templates = FakeTemplates([])

    def retry(self, message: SentMessage) -> Draft:
        """Send it once more, and answer what the gate was asked."""
        sending = Sending(
            gate=self.gate, sender_for=lambda _: self.whatsapp, channels=FakeChannels({}), links=self.links
        )
        desk = RetryDesk(FakeMessages({message.id: message}), self.templates, sending)
        retry_message(message.id, actor_id=ACTOR, desk=desk)
        return self.gate.drafts[-1]


@pytest.fixture
def world() -> World:
    return World()


def test_a_failed_message_is_sent_again_as_it_was_by_the_person(world: World) -> None:
    failed = make_sent_message()

    draft = world.retry(failed)

    assert (draft.author, draft.actor_id, draft.purpose) == (Author.PERSON, ACTOR, Purpose.CARE)
    assert draft.message_id is None  # a row of its own
    assert world.whatsapp.attempts[0].body == failed.payload


@pytest.mark.parametrize(
    "columns",
    [
        *({"status": status} for status in ("queued", "sending", "unknown", "sent", "delivered", "read", None)),
        {"direction": "inbound", "status": "received"},
        {"direction": "system", "status": None},
        {"direction": "inbound"},
    ],
    ids=str,
)
def test_what_has_not_definitely_failed_is_not_sent_again(world: World, columns: dict[str, Any]) -> None:
    with pytest.raises(NotRetryable):
        world.retry(make_sent_message(**columns))

    assert world.gate.log == []


def test_a_message_the_person_cannot_read_does_not_exist() -> None:
    with pytest.raises(MessageNotFound):
        retry_message(uuid4(), actor_id=ACTOR, desk=RetryDesk(FakeMessages(), FakeTemplates([]), None))  # type: ignore[arg-type]


def test_all_attempts_to_send_a_message_have_one_name(world: World) -> None:
    failed = make_sent_message()
    first, second = world.retry(failed), world.retry(failed)

    attempt = make_sent_message(request_key=first.request_key)

    assert first.request_key == second.request_key == world.retry(attempt).request_key
    assert world.retry(make_sent_message()).request_key != first.request_key


def test_a_file_of_ours_gets_a_new_link(world: World) -> None:
    payload = {"type": "image", "image": {"storage_path": "p/outbound/a.png", "caption": "Así"}}

    world.links.known.add("p/outbound/a.png")

    world.retry(make_sent_message(type="image", payload=payload, body="Así"))

    assert world.whatsapp.attempts[0].body["image"]["link"].startswith("https://")


def template_row(**overrides: Any) -> dict[str, Any]:
    template = make_template(**overrides)
    payload = {
        "type": "template",
        "template": {"name": template.name, "language": {"code": template.language}, "components": []},
    }
    return {"template": template, "payload": payload}


@pytest.mark.parametrize(("category", "purpose"), [("UTILITY", Purpose.CARE), ("MARKETING", Purpose.MARKETING)])
def test_a_template_is_what_it_is_today(world: World, category: str, purpose: Purpose) -> None:
    told = template_row(category=category)
    world.templates = FakeTemplates([told["template"]])

    draft = world.retry(
        make_sent_message(type="template", payload=told["payload"], channel_id=told["template"].channel_id)
    )

    assert draft.purpose is purpose
    assert draft.content.template == told["template"].ref


def test_a_template_that_meta_no_longer_approves_is_not_sent(world: World) -> None:
    told = template_row(status="PAUSED")
    message = make_sent_message(type="template", payload=told["payload"], channel_id=told["template"].channel_id)

    with pytest.raises(TemplateNotFound):
        world.retry(message)
    world.templates = FakeTemplates([told["template"]])
    with pytest.raises(TemplateNotApproved):
        world.retry(message)
    assert world.gate.log == []
