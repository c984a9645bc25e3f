from datetime import UTC, datetime
from typing import Any

import pytest

from dentalist.inbound.events import (
    AccountChanged,
    EchoSeen,
    Event,
    IdentityChanged,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    PreferenceChanged,
    ReactionChanged,
    StatusChanged,
    Unintelligible,
)
from tests.unit.inbound.bodies import (
    BSUID,
    PHONE,
    WABA,
    event,
    event_of_message,
    make_body,
    make_message,
    make_value,
)

RECEIVED = datetime(2026, 11, 22, 16, 0, 0, 123000, tzinfo=UTC)


def echo(**overrides: Any) -> Any:
    item = {**make_message(**{"from": "5491150320001"}), "to": PHONE, **overrides}
    return event(make_body(make_value(message_echoes=[item]), field="smb_message_echoes"))


def status(**overrides: Any) -> Any:
    item = {"id": "wamid.s", "status": "sent", "timestamp": "1794010340", "recipient_id": PHONE, **overrides}
    return event(make_body(make_value(statuses=[item])))


@pytest.mark.parametrize(
    ("sender", "phone", "user_id"),
    [
        ({"from": "541155550201"}, "+541155550201", None),
        ({"from": "5491155550201"}, "+5491155550201", None),
        ({"from": "", "from_user_id": BSUID}, None, BSUID),
        ({"from": PHONE, "from_user_id": BSUID}, f"+{PHONE}", BSUID),
        ({"from": BSUID}, None, BSUID),
    ],
)
def test_a_contact_is_the_exact_phone_the_user_id_or_both(
    sender: dict[str, str], phone: str | None, user_id: str | None
) -> None:
    contact = event_of_message(**sender).contact
    assert (contact.phone, contact.user_id) == (phone, user_id)


def test_the_contact_card_fills_in_what_the_message_hides() -> None:
    card = {"wa_id": "", "user_id": BSUID, "profile": {"name": "Ana", "username": "ana.b"}}
    message = make_message()
    del message["from"]
    contact = event(make_body(make_value(contacts=[card], messages=[message]))).contact
    assert (contact.phone, contact.user_id, contact.name, contact.username) == (None, BSUID, "Ana", "ana.b")


def test_the_payload_keeps_the_message_its_contact_and_the_errors() -> None:
    card, errors = {"wa_id": PHONE, "profile": {"name": "Ana"}}, [{"code": 131000}]
    referral = {"source_type": "ad", "ctwa_clid": "clid"}
    message = make_message(referral=referral, context={"forwarded": True})
    payload = event(make_body(make_value(contacts=[card], errors=errors, messages=[message]))).payload
    assert payload == message | {"contact": card, "value_errors": errors}


@pytest.mark.parametrize(
    ("overrides", "quiet"),
    [
        ({}, False),
        ({"type": "unsupported"}, False),
        ({"type": "interactive"}, False),
        ({"type": "hologram"}, False),
        ({"type": "request_welcome"}, True),
        ({"type": "system", "system": {"type": "new_kind", "body": "Aviso"}}, True),
        ({"group_id": "g-1"}, True),
    ],
)
def test_only_what_somebody_wrote_to_the_clinic_owes_an_answer(overrides: dict[str, Any], quiet: bool) -> None:
    received = event_of_message(**overrides)
    assert isinstance(received, MessageReceived)
    assert (received.owes_answer, received.opens_window) == (not quiet, not quiet)


@pytest.mark.parametrize(
    ("timestamp", "sent_at"),
    [
        ("1794009637", datetime(2026, 11, 7, 0, 0, 37, tzinfo=UTC)),
        (1794009637, datetime(2026, 11, 7, 0, 0, 37, tzinfo=UTC)),
        ("1794009637000", datetime(2026, 11, 7, 0, 0, 37, tzinfo=UTC)),
        ("", RECEIVED),
        (None, RECEIVED),
        ("ayer", RECEIVED),
        ("0", RECEIVED),
        ("nan", RECEIVED),
        ("9" * 40, RECEIVED),
        ("1895449600", RECEIVED),  # years ahead would hold the window open for years
    ],
)
def test_an_absurd_timestamp_gives_way_to_our_own_clock(timestamp: Any, sent_at: datetime) -> None:
    assert event_of_message(timestamp=timestamp).sent_at == sent_at


def test_a_voice_note_is_told_from_an_audio_file() -> None:
    voice = event_of_message(type="audio", audio={"id": "1", "voice": True, "mime_type": "audio/ogg; codecs=opus"})
    file = event_of_message(type="audio", audio={"id": "1", "voice": False})
    assert (voice.media.voice, voice.media.mime) == (True, "audio/ogg; codecs=opus")
    assert file.media.voice is False


def test_media_without_an_id_is_a_message_without_media() -> None:
    assert event_of_message(type="image", image={"caption": "hola"}).media is None


@pytest.mark.parametrize("emoji", [{"emoji": ""}, {}])
def test_a_reaction_without_emoji_is_taken_back(emoji: dict[str, str]) -> None:
    reaction = event_of_message(type="reaction", reaction={"message_id": "wamid.0", **emoji})
    assert isinstance(reaction, ReactionChanged)
    assert reaction.emoji is None


def test_an_edit_names_its_message_and_has_the_new_words() -> None:
    content = {"type": "text", "text": {"body": "El viernes, no el jueves"}}
    edited = event_of_message(type="edit", edit={"original_message_id": "wamid.0", "message": content})
    assert isinstance(edited, MessageEdited)
    assert (edited.target_external_id, edited.body, edited.sender) == (
        "wamid.0",
        "El viernes, no el jueves",
        "contact",
    )


def test_a_revoke_names_its_message() -> None:
    revoked = event_of_message(type="revoke", revoke={"original_message_id": "wamid.0"})
    assert isinstance(revoked, MessageRevoked)
    assert (revoked.target_external_id, revoked.sender) == ("wamid.0", "contact")


def test_an_echo_is_addressed_to_the_contact() -> None:
    seen = echo(type="image", image={"id": "1", "caption": "Así queda"})
    assert isinstance(seen, EchoSeen)
    assert (seen.contact.phone, seen.body, seen.media.id) == (f"+{PHONE}", "📷 Foto: Así queda", "1")


def test_an_echo_can_go_to_a_user_id_alone() -> None:
    assert echo(to="", to_user_id=BSUID).contact.user_id == BSUID


@pytest.mark.parametrize(
    ("overrides", "kind"),
    [
        ({"type": "revoke", "revoke": {"original_message_id": "wamid.0"}}, MessageRevoked),
        ({"type": "edit", "edit": {"original_message_id": "wamid.0", "message": {}}}, MessageEdited),
        ({"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}, ReactionChanged),
    ],
)
def test_what_the_phone_app_does_to_a_message_is_done_by_the_business(
    overrides: dict[str, Any], kind: type[Event]
) -> None:
    seen = echo(**overrides)
    assert isinstance(seen, kind)
    assert seen.sender == "business"


def changed(system: dict[str, Any], **overrides: Any) -> Any:
    return event_of_message(type="system", system=system, **overrides)


def test_a_new_number_is_a_change_of_identity() -> None:
    identity = changed(
        {
            "type": "user_changed_number",
            "body": "Ana cambió su número",
            "wa_id": "5491155559999",
            "user_id": "AR.2",
            "previous_user_id": "AR.1",
        }
    )
    assert isinstance(identity, IdentityChanged)
    assert (identity.change, identity.body) == ("number", "Ana cambió su número")
    assert (identity.contact.phone, identity.contact.user_id) == (f"+{PHONE}", "AR.1")
    assert (identity.new_phone, identity.new_user_id) == ("+5491155559999", "AR.2")


@pytest.mark.parametrize(
    ("system", "sender", "change"),
    [
        ({"type": "customer_changed_number", "new_wa_id": "5491155559999"}, {}, "number"),
        ({"type": "customer_changed_number", "new_wa_id": "5491155559999", "customer": PHONE}, {"from": ""}, "number"),
        ({"type": "user_changed_user_id", "user_id": "AR.2", "previous_user_id": "AR.1"}, {"from": ""}, "user_id"),
        ({"type": "user_changed_user_id", "user_id": "AR.2"}, {"from": "", "from_user_id": "AR.1"}, "user_id"),
        ({"type": "customer_identity_changed"}, {}, "security_code"),
    ],
)
def test_every_spelling_of_a_change_of_identity_is_known(
    system: dict[str, Any], sender: dict[str, str], change: str
) -> None:
    identity = changed(system, **sender)
    assert isinstance(identity, IdentityChanged)
    assert identity.change == change


def test_a_user_id_that_is_new_already_is_not_the_former_one() -> None:
    identity = changed(
        {"type": "user_changed_number", "wa_id": "5491155559999", "user_id": "AR.2"}, from_user_id="AR.2"
    )
    assert (identity.contact.user_id, identity.new_user_id) == (None, "AR.2")


def test_a_change_of_identity_of_nobody_is_not_understood() -> None:
    assert isinstance(changed({"type": "user_changed_user_id", "user_id": "AR.2"}, **{"from": ""}), Unintelligible)


def test_a_status_may_know_its_recipient_by_user_id_or_not_at_all() -> None:
    assert status(recipient_id="", recipient_user_id=BSUID).contact.user_id == BSUID
    nobody = status(recipient_id="")
    assert isinstance(nobody, StatusChanged)
    assert (nobody.contact.phone, nobody.contact.user_id) == (None, None)


def test_a_status_of_a_group_is_about_the_participant() -> None:
    seen = status(recipient_type="group", recipient_id="g-1", recipient_participant_id=PHONE)
    assert (seen.group_id, seen.contact.phone) == ("g-1", f"+{PHONE}")


@pytest.mark.parametrize(
    ("errors", "code"), [([], None), (["x"], None), ([{"code": "x"}], None), ([{"code": 131026}], 131026)]
)
def test_the_first_error_of_a_status_decides(errors: list[Any], code: int | None) -> None:
    assert status(status="failed", errors=errors).error_code == code


def test_a_status_word_of_next_year_is_kept() -> None:
    assert status(status="teleported").status == "teleported"


@pytest.mark.parametrize("value", ["stop", "resume", "signup"])
def test_a_preference_is_kept_as_meta_said_it(value: str) -> None:
    item = {"user_id": BSUID, "category": "marketing_messages", "value": value, "timestamp": 1794014600}
    preference = event(make_body(make_value(user_preferences=[item]), field="user_preferences"))
    assert isinstance(preference, PreferenceChanged)
    assert (preference.value, preference.contact.user_id) == (value, BSUID)


def test_a_partner_event_names_the_clinics_account_inside() -> None:
    value = {"event": "PARTNER_REMOVED", "waba_info": {"waba_id": "999"}}
    change = event(make_body(value, field="account_update"))
    assert isinstance(change, AccountChanged)
    assert (change.waba_id, change.event, change.value) == ("999", "PARTNER_REMOVED", value)


def test_a_review_has_a_decision_where_others_have_an_event() -> None:
    change = event(make_body({"decision": "APPROVED"}, field="account_review_update"))
    assert (change.event, change.waba_id) == ("APPROVED", WABA)


@pytest.mark.parametrize(
    "message",
    [
        make_message(id=""),
        make_message(id=None),
        make_message(id="x" * 3000),
        make_message(**{"from": ""}),
        make_message(**{"from": "unknown"}),
        make_message(type="reaction", reaction={}),
        make_message(type="edit", edit={"message": {}}),
        make_message(type="revoke"),
    ],
)
def test_what_lacks_an_id_or_a_contact_is_kept_as_malformed(message: dict[str, Any]) -> None:
    parked = event(make_body(make_value(messages=[message])))
    assert isinstance(parked, Unintelligible)
    assert (parked.reason, parked.raw) == ("malformed", message)


def test_a_name_that_cannot_be_stored_is_made_storable() -> None:
    card = {"wa_id": PHONE, "profile": {"name": "An\x00a \ud83d"}}
    assert event(make_body(make_value(contacts=[card], messages=[make_message()]))).contact.name == "An\ufffda \ufffd"
