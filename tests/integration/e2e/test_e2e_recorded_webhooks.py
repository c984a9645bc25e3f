"""Every recorded webhook of Meta through the running stack, over HTTP, twice: each ends as the rows it should, once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.demo.outside import eventually
from tests.integration.e2e.support.webhooks import RECORDED, recorded
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

MESSAGE = "select direction, sender, type, body from marketing_messages where external_id = %s"

# The message each of these becomes: direction, sender, type, and what its readable body holds.
MESSAGES: dict[str, tuple[str, str, str, str]] = {
    "01": ("inbound", "contact", "text", "jueves a la tarde"),
    "02": ("inbound", "contact", "text", "ese horario me sirve"),
    "03": ("inbound", "contact", "text", "2x1 en blanqueamiento"),
    "04": ("inbound", "contact", "image", "Se me salió la corona"),
    "05": ("inbound", "contact", "audio", ""),
    "06": ("inbound", "contact", "document", "Mi radiografía panorámica"),
    "07": ("inbound", "contact", "video", ""),
    "08": ("inbound", "contact", "sticker", ""),
    "09": ("inbound", "contact", "location", "Bv. Oroño 1200"),
    "10": ("inbound", "contact", "contacts", "Mamá"),
    "11": ("inbound", "contact", "reaction", "👍"),
    "12": ("inbound", "contact", "reaction", ""),
    "13": ("inbound", "contact", "button", "Confirmo"),
    "14": ("inbound", "contact", "interactive", "Reprogramar"),
    "15": ("inbound", "contact", "interactive", "Jue 12/11 15:30"),
    "16": ("inbound", "contact", "interactive", ""),
    "17": ("inbound", "contact", "text", "vi el anuncio de implantes"),
    "18": ("inbound", "contact", "text", "Swiss Medical"),
    "19": ("inbound", "contact", "unsupported", ""),
    "30": ("outbound", "professional", "text", "soy la doctora"),
    "31": ("inbound", "contact", "text", "hacen carillas"),
    "32": ("outbound", "professional", "text", "contanos qué te gustaría mejorar"),
}
STATUSES = {"20": "sent", "21": "delivered", "22": "read", "23": "sent", "24": "failed"}


@pytest.fixture(scope="module")
def delivered(world: World) -> Iterator[World]:
    """All of them, delivered twice and taken in; what they do to the account is undone at the end."""
    ferreyra = world.ferreyra.id
    world.rows("update marketing_templates set status = 'PENDING' where professional_id = %s", ferreyra)
    world.rows("delete from marketing_webhook_events")
    for body in [recorded(path.name[:2]) for path in RECORDED] * 2:
        answer = world.post_webhook(body, world.signature(body))
        assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
    eventually(lambda: world.rows("select id from marketing_comments"), "the last of them stored")
    world.calm()
    yield world
    for number in world.ferreyra.numbers:
        world.reconnect(number)
    world.rows(
        "update marketing_templates set status = 'APPROVED' where professional_id = %s and status = 'PENDING'", ferreyra
    )


def event_of(name: str, *path: str | int) -> Any:
    """What stands at a path of a recorded body."""
    found: Any = json.loads(recorded(name))
    for step in path:
        found = found[step]
    return found


def id_of(name: str) -> str:
    """The id of the one message, echo or status in a recorded webhook."""
    if event_of(name, "object") == "instagram":
        return str(event_of(name, "entry", 0, "messaging", 0, "message", "mid"))
    value = event_of(name, "entry", 0, "changes", 0, "value")
    (items,) = [value[key] for key in ("messages", "statuses", "message_echoes") if key in value]
    return str(items[0]["id"])


def test_every_recorded_webhook_has_an_expectation() -> None:
    others = {"25", "26", "27", "28", "29", "33"}
    assert {path.name[:2] for path in RECORDED} == {*MESSAGES, *STATUSES, *others}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_one_row_with_a_readable_body(delivered: World, name: str) -> None:
    direction, sender, kind, words = MESSAGES[name]
    (row,) = delivered.rows(MESSAGE, id_of(name))

    assert (row["direction"], row["sender"], row["type"]) == (direction, sender, kind)
    assert words in (row["body"] or "")


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_of_a_message_that_is_not_ours_is_kept(delivered: World, name: str) -> None:
    kept = delivered.rows("select status from message_status_events where external_id = %s", id_of(name))

    assert [row["status"] for row in kept].count(STATUSES[name]) == 1


def test_old_messages_are_stored_and_nobody_is_answered_weeks_late(delivered: World) -> None:
    assert delivered.sandbox.accepted(to=event_of("01", "entry", 0, "changes", 0, "value", "messages", 0, "from")) == []


def test_the_verdict_on_a_template_is_kept(delivered: World) -> None:
    rows = delivered.rows("select * from marketing_templates where professional_id = %s", delivered.ferreyra.id)
    found = {(row["name"], row["status"]) for row in rows}

    assert ("recordatorio_turno_24h", "APPROVED") in found
    assert ("promo_blanqueamiento", "REJECTED") in found


def test_a_new_messaging_limit_reaches_its_number(delivered: World) -> None:
    (channel,) = delivered.rows(
        "select messaging_limit from marketing_channels where id = %s", delivered.ferreyra.numbers[0].channel_id
    )
    assert channel["messaging_limit"] == "TIER_UNLIMITED"


def test_a_disabled_account_restricts_its_numbers_and_is_a_critical_alert(delivered: World) -> None:
    numbers = [number.channel_id for number in delivered.ferreyra.numbers]
    channels = delivered.rows("select status from marketing_channels where id = any(%s::uuid[])", numbers)
    alerts = delivered.rows(
        "select severity from marketing_alerts where professional_id = %s and entity_id = any(%s::uuid[])",
        delivered.ferreyra.id,
        numbers,
    )

    assert {channel["status"] for channel in channels} == {"restricted"}
    assert "critical" in {alert["severity"] for alert in alerts}
    assert "channel.account_update" in delivered.audits(numbers[0])


def test_an_account_of_another_clinic_is_left_alone(delivered: World) -> None:
    channels = delivered.rows("select status from marketing_channels where professional_id = %s", delivered.salgado.id)
    assert {channel["status"] for channel in channels} == {"connected"}


def test_stopping_marketing_messages_withdraws_marketing_alone(delivered: World) -> None:
    events = delivered.rows(
        """select scope, action from marketing_consent_events
           where source = 'user_preferences' and contact_value like '%%3415550204'""",
    )
    assert [(event["scope"], event["action"]) for event in events] == [("marketing", "withdrawn")]


def test_a_comment_on_instagram_is_kept(delivered: World) -> None:
    (comment,) = delivered.rows(
        "select * from marketing_comments where external_id = %s",
        event_of("33", "entry", 0, "changes", 0, "value", "id"),
    )
    assert (comment["author_username"], comment["body"]) == ("sofi.dientes", "¿Cuánto sale el blanqueamiento?")


def test_none_of_them_was_too_strange_to_understand(delivered: World) -> None:
    assert delivered.rows("select reason, payload from marketing_webhook_events") == []
