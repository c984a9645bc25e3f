from typing import Any

import pytest

from dentalist.inbound.events import (
    CommentReceived,
    EchoSeen,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    ReactionChanged,
    StatusChanged,
    Unintelligible,
)
from tests.unit.inbound.bodies import ACCOUNT, FAN, event, instagram_body, messaging


def direct(name: str = "messaging", **content: Any) -> Any:
    return event(instagram_body(**{name: [messaging(**content)]}))


def message(**content: Any) -> Any:
    return direct(message={"mid": "m-1", **content})


def test_a_direct_message_owes_an_answer() -> None:
    received = message(text="Hola", reply_to={"mid": "m-0"})
    assert isinstance(received, MessageReceived)
    assert (received.external_id, received.body, received.context_external_id) == ("m-1", "Hola", "m-0")
    assert (received.contact.user_id, received.contact.phone, received.owes_answer) == (FAN, None, True)


def test_in_a_thread_of_another_app_nobody_waits_for_us() -> None:
    received = direct("standby", message={"mid": "m-1", "text": "Hola"})
    assert (received.owes_answer, received.opens_window) == (False, False)


@pytest.mark.parametrize(
    ("content", "body", "url"),
    [
        ({"attachments": [{"type": "image", "payload": {"url": "https://x/1"}}]}, "📷 Foto", "https://x/1"),
        ({"attachments": [{"type": "audio", "payload": {"url": "https://x/2"}}]}, "🎤 Audio", "https://x/2"),
        ({"attachments": [{"type": "ig_reel", "payload": {"url": "https://x/3"}}]}, "🎬 Reel compartido", None),
        ({"attachments": [{"type": "story_mention"}]}, "📣 Mención en su historia", None),
        ({"attachments": [{"type": "new"}]}, "📎 Adjunto", None),
        ({"attachments": [None]}, "📎 Adjunto", None),
        ({"attachments": [{"type": "image"}, {"type": "image"}], "text": "mirá"}, "📷 Foto (y 1 más): mirá", None),
        ({"text": "qué lindo", "reply_to": {"story": {"id": "1"}}}, "💬 Respuesta a una historia: qué lindo", None),
        ({"is_unsupported": True}, "Mensaje no compatible", None),
        ({}, "Mensaje sin texto", None),
    ],
)
def test_every_content_has_a_readable_line(content: dict[str, Any], body: str, url: str | None) -> None:
    received = message(**content)
    assert received.body == body
    assert (received.media.url if received.media else None) == url


def test_a_quick_reply_and_a_postback_bring_their_payload() -> None:
    assert message(text="Sí", quick_reply={"payload": "yes"}).reply_id == "yes"
    postback = direct(postback={"mid": "m-2", "title": "Turnos", "payload": "BOOK"})
    assert (postback.type, postback.body, postback.reply_id, postback.owes_answer) == (
        "postback",
        "Turnos",
        "BOOK",
        True,
    )


def test_a_thread_opened_by_a_link_asks_for_nothing_yet() -> None:
    opened = direct(referral={"ref": "ad", "source": "ADS", "type": "OPEN_THREAD"})
    assert (opened.type, opened.owes_answer, opened.opens_window) == ("referral", False, False)


def test_an_echo_is_addressed_to_the_person() -> None:
    item = {
        "sender": {"id": ACCOUNT},
        "recipient": {"id": FAN},
        "timestamp": 1,
        "message": {"mid": "e", "is_echo": True},
    }
    echo = event(instagram_body(messaging=[item]))
    assert isinstance(echo, EchoSeen)
    assert (echo.external_id, echo.contact.user_id) == ("e", FAN)


def test_a_deleted_message_is_revoked() -> None:
    revoked = message(is_deleted=True)
    assert isinstance(revoked, MessageRevoked)
    assert revoked.target_external_id == "m-1"


@pytest.mark.parametrize(
    ("reaction", "emoji"),
    [
        ({"action": "react", "reaction": "love", "emoji": "❤"}, "❤"),
        ({"action": "react", "reaction": "love"}, "love"),
        ({"action": "unreact"}, None),
    ],
)
def test_a_reaction_is_put_on_or_taken_back(reaction: dict[str, str], emoji: str | None) -> None:
    changed = direct(reaction={"mid": "m-0", **reaction})
    assert isinstance(changed, ReactionChanged)
    assert (changed.target_external_id, changed.emoji) == ("m-0", emoji)


def test_an_edit_has_the_new_words() -> None:
    edited = direct(message_edit={"mid": "m-0", "text": "mejor mañana", "num_edit": 2})
    assert isinstance(edited, MessageEdited)
    assert (edited.target_external_id, edited.external_id, edited.body) == ("m-0", "m-0:edit:2", "mejor mañana")


def test_a_read_receipt_is_a_status_of_our_message() -> None:
    status = direct(read={"mid": "m-0"})
    assert isinstance(status, StatusChanged)
    assert (status.external_id, status.status, status.contact.user_id) == ("m-0", "read", FAN)
    assert status.occurred_at.isoformat() == "2026-11-07T01:40:00+00:00"


@pytest.mark.parametrize("field", ["comments", "live_comments"])
def test_a_comment_of_the_account_itself_is_marked(field: str) -> None:
    def comment(author: str) -> Any:
        value = {"id": "c", "text": "hola", "from": {"id": author}, "media": {"id": "p"}, "parent_id": "c0"}
        return event(instagram_body(field=field, value=value))

    assert isinstance(comment(FAN), CommentReceived)
    assert (comment(FAN).from_business, comment(ACCOUNT).from_business) == (False, True)
    assert comment(FAN).parent_external_id == "c0"


@pytest.mark.parametrize(
    "item",
    [
        messaging(),
        messaging(message={"text": "sin mid"}),
        messaging(read={}),
        {"recipient": {"id": ACCOUNT}, "message": {"mid": "m"}},
        {"sender": {"id": ACCOUNT}, "recipient": {"id": ACCOUNT}, "message": {"mid": "m", "is_self": True}},
        {"sender": {"id": ACCOUNT}, "message": {"mid": "m", "is_echo": True}},
    ],
)
def test_what_nobody_can_act_on_is_kept_as_malformed(item: dict[str, Any]) -> None:
    parked = event(instagram_body(messaging=[item]))
    assert isinstance(parked, Unintelligible)
    assert (parked.reason, parked.account_id, parked.raw) == ("malformed", ACCOUNT, item)
