"""Who may be written to, when and with what: the gate refuses, and a refusal leaves no trace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.database.outbound_builders import (
    DAY,
    Clinic,
    Connection,
    answer_of_ai,
    claim,
    find,
    make_clinic,
    make_conversation,
    make_inbound,
    make_patient,
    make_template,
    rows,
    rpc,
    settle,
    snapshot,
    template_message,
    text_of_person,
    update,
    utc_now,
)


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


def refusal(db: Connection, clinic: Clinic, conversation_id: Any, message: dict[str, Any]) -> str:
    """The code of the refusal, after checking that it changed no row at all."""
    before = snapshot(db)
    answer = claim(db, clinic, conversation_id, message)
    assert answer["outcome"] == "refused", answer
    assert snapshot(db) == before
    return str(answer["code"])


# ---- feature and channel ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("enabled", [False, None])
def test_a_professional_without_the_feature_sends_nothing(db: Connection, enabled: bool | None) -> None:
    clinic = make_clinic(db, marketing_enabled=enabled)
    conversation = make_conversation(db, clinic)

    assert refusal(db, clinic, conversation, text_of_person()) == "feature_disabled"


@pytest.mark.parametrize("status", ["pending", "reauth_required", "restricted", "disconnected"])
@pytest.mark.parametrize("half", ["marketing_channels", "marketing_channel_credentials"])
def test_a_channel_that_is_not_connected_sends_nothing(db: Connection, clinic: Clinic, half: str, status: str) -> None:
    conversation = make_conversation(db, clinic)
    update(db, half, clinic.channel_id if half == "marketing_channels" else clinic.credential_id, status=status)

    assert refusal(db, clinic, conversation, text_of_person()) == "channel_disconnected"


def test_a_silenced_number_sends_for_people_but_not_for_the_assistant(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    update(db, "marketing_channels", clinic.channel_id, ai_enabled=False)

    assert refusal(db, clinic, conversation, answer_of_ai()) == "feature_disabled"
    assert claim(db, clinic, conversation, text_of_person())["outcome"] == "granted"


def test_a_conversation_of_another_professional_does_not_exist(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, make_clinic(db))
    before = snapshot(db)

    assert claim(db, clinic, conversation, text_of_person()) == {"outcome": "not_found"}
    assert claim(db, clinic, uuid4(), text_of_person()) == {"outcome": "not_found"}
    assert snapshot(db) == before


# ---- consent, asked before the window --------------------------------------------------------------------------------


def test_a_stranger_who_never_wrote_is_asked_for_consent_not_for_the_window(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic, wrote=False)

    assert refusal(db, clinic, conversation, text_of_person()) == "consent_required"


def test_a_patient_with_opt_in_outside_the_window_meets_the_window(db: Connection, clinic: Clinic) -> None:
    patient = make_patient(db, clinic, whatsapp_opt_in=True)
    conversation = make_conversation(db, clinic, wrote=False, patient_id=patient)

    assert refusal(db, clinic, conversation, text_of_person()) == "service_window_closed"


def test_who_writes_to_the_clinic_may_be_answered_but_not_advertised_to(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)

    assert refusal(db, clinic, conversation, text_of_person(purpose="marketing")) == "consent_required"
    assert claim(db, clinic, conversation, text_of_person(purpose="care"))["outcome"] == "granted"


def test_a_withdrawal_of_care_stops_everything_but_safety_and_its_own_confirmation(
    db: Connection, clinic: Clinic
) -> None:
    conversation = make_conversation(db, clinic)
    for scope in ("care", "marketing"):
        rpc(
            db,
            "record_consent",
            professional_id=clinic.professional_id,
            conversation_id=conversation,
            scope=scope,
            action="withdrawn",
            source="whatsapp",
        )

    assert refusal(db, clinic, conversation, text_of_person()) == "consent_required"
    assert refusal(db, clinic, conversation, text_of_person(purpose="marketing")) == "consent_required"
    for purpose in ("safety", "consent_confirmation"):
        granted = claim(db, clinic, conversation, answer_of_ai(purpose=purpose, answer_epoch=None, answer_part=None))
        assert granted["outcome"] == "granted"
        settle(db, clinic, granted["message_id"])


def test_the_next_ordinary_message_after_an_opt_out_restores_care_only(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    rpc(
        db,
        "record_consent",
        professional_id=clinic.professional_id,
        conversation_id=conversation,
        scope="care",
        action="withdrawn",
        source="whatsapp",
    )
    make_inbound(db, clinic, conversation)

    assert claim(db, clinic, conversation, text_of_person())["outcome"] == "granted"
    assert refusal(db, clinic, conversation, text_of_person(purpose="marketing")) == "consent_required"


@pytest.mark.parametrize("author", ["campaign", "system", "professional"])
def test_a_marketing_template_needs_marketing_consent_whatever_it_is_called(
    db: Connection, clinic: Clinic, author: str
) -> None:
    conversation = make_conversation(db, clinic)
    make_template(db, clinic, category="MARKETING")  # Meta recategorised it; the caller still says UTILITY and care

    assert refusal(db, clinic, conversation, template_message(author)) == "consent_required"


def test_a_campaign_is_marketing_whatever_its_template(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    make_template(db, clinic)

    assert refusal(db, clinic, conversation, template_message("campaign")) == "consent_required"


def test_an_opt_in_grants_marketing_and_is_recorded_as_such(db: Connection, clinic: Clinic) -> None:
    patient = make_patient(db, clinic, whatsapp_opt_in=True)
    conversation = make_conversation(db, clinic, wrote=False, patient_id=patient)
    make_template(db, clinic, category="MARKETING")

    granted = claim(db, clinic, conversation, template_message("campaign"))

    assert find(db, "marketing_messages", granted["message_id"])["purpose"] == "marketing"


# ---- window and templates --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "image", "interactive"])
def test_free_messages_end_with_the_window(db: Connection, clinic: Clinic, kind: str) -> None:
    conversation = make_conversation(db, clinic, last_inbound_at=utc_now() - DAY)

    assert refusal(db, clinic, conversation, text_of_person(type=kind)) == "service_window_closed"


def test_the_window_is_open_until_the_last_second(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic, last_inbound_at=utc_now() - DAY + timedelta(seconds=5))

    assert claim(db, clinic, conversation, text_of_person())["outcome"] == "granted"


@pytest.mark.parametrize("age", [timedelta(hours=1), timedelta(days=30)])
def test_an_approved_template_passes_inside_and_outside_the_window(
    db: Connection, clinic: Clinic, age: timedelta
) -> None:
    conversation = make_conversation(db, clinic, last_inbound_at=utc_now() - age)
    make_template(db, clinic)

    assert claim(db, clinic, conversation, template_message())["outcome"] == "granted"


@pytest.mark.parametrize("status", ["PENDING", "REJECTED", "PAUSED", "DISABLED"])
def test_a_template_meta_has_not_approved_is_not_sent(db: Connection, clinic: Clinic, status: str) -> None:
    conversation = make_conversation(db, clinic)
    make_template(db, clinic, status=status)

    assert refusal(db, clinic, conversation, template_message()) == "template_not_approved"


@pytest.mark.parametrize("other", [{"name": "otra"}, {"language": "es"}])
def test_a_template_of_another_name_or_language_is_not_this_one(
    db: Connection, clinic: Clinic, other: dict[str, str]
) -> None:
    conversation = make_conversation(db, clinic)
    make_template(db, clinic, **other)

    assert refusal(db, clinic, conversation, template_message()) == "template_not_found"


def test_a_template_of_another_channel_is_not_this_one(db: Connection, clinic: Clinic) -> None:
    make_template(db, make_clinic(db))
    conversation = make_conversation(db, clinic)

    assert refusal(db, clinic, conversation, template_message()) == "template_not_found"


def test_late_is_worse_than_never(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    a_second_ago = (utc_now() - timedelta(seconds=1)).isoformat()

    assert refusal(db, clinic, conversation, answer_of_ai(not_after=a_second_ago)) == "too_late"


# ---- to whom ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phone", ["+5491155550100", "+541155550100", "+5215512345678", "+525512345678"])
def test_a_message_goes_to_the_exact_digits_meta_gave(db: Connection, clinic: Clinic, phone: str) -> None:
    conversation = make_conversation(db, clinic, contact_phone=phone, contact_user_id="AR.13491208655302741918")

    granted = claim(db, clinic, conversation, text_of_person())

    assert (granted["to"], granted["recipient"]) == (phone, None)


def test_a_contact_known_by_user_id_only_has_a_recipient_and_no_to(db: Connection, clinic: Clinic) -> None:
    user_id = "AR.13491208655302741918"
    conversation = make_conversation(db, clinic, contact_phone=None, contact_user_id=user_id)

    granted = claim(db, clinic, conversation, text_of_person())

    assert (granted["to"], granted["recipient"]) == (None, user_id)


def test_a_grant_names_the_number_and_stores_the_row_it_is_for(db: Connection, clinic: Clinic) -> None:
    conversation, actor = make_conversation(db, clinic), uuid4()

    granted = claim(db, clinic, conversation, text_of_person(actor_id=str(actor), body="Buen día"))

    assert granted["channel_id"] == str(clinic.channel_id)
    assert granted["credential_id"] == str(clinic.credential_id)
    assert granted["phone_number_id"] == clinic.phone_number_id
    assert granted["attempt"] == 1
    row = find(db, "marketing_messages", granted["message_id"])
    assert (row["status"], row["direction"], row["sender"], row["body"]) == (
        "sending",
        "outbound",
        "professional",
        "Buen día",
    )
    assert row["actor_id"] == actor
    assert utc_now() < row["send_lease_until"] < utc_now() + timedelta(seconds=16)


def test_a_message_follows_a_merge_to_the_conversation_that_stayed(db: Connection, clinic: Clinic) -> None:
    kept = make_conversation(db, clinic)
    merged = make_conversation(db, clinic, contact_phone=None, contact_user_id="AR.1", merged_into_id=kept)

    granted = claim(db, clinic, merged, text_of_person())

    assert granted["conversation_id"] == str(kept)
    assert granted["to"] == "+5491155550100"
    assert rows(db, "marketing_messages", conversation_id=kept, direction="outbound")


# ---- mistakes of the caller ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mistake",
    [
        {"author": "contact"},
        {"purpose": None},
        {"type": None},
        {"send_lease_seconds": None},
        {"type": "template"},
        {"author": "ai"},  # without a human_epoch
    ],
)
def test_a_caller_that_breaks_the_contract_is_told_so_loudly(
    db: Connection, clinic: Clinic, mistake: dict[str, Any]
) -> None:
    conversation = make_conversation(db, clinic)

    with pytest.raises(psycopg.errors.InvalidParameterValue):
        claim(db, clinic, conversation, text_of_person(**mistake))


@pytest.mark.parametrize(
    "function",
    [
        "gate_claim",
        "settle_send",
        "mark_channel",
        "open_conversation",
        "claim_idempotency",
        "finish_idempotency",
        "release_idempotency",
        "busy_intervals",
        "create_offers",
        "hold_slot",
        "commit_slot",
        "expire_sends",
        "due_retries",
        "expire_holds",
        "expire_idempotency",
        "purge_pace",
    ],
)
def test_only_the_service_role_may_execute(db: Connection, function: str) -> None:
    found = db.execute(
        """
        select role, has_function_privilege(role, procedure.oid, 'execute') as allowed
        from pg_proc procedure, unnest(array['anon', 'authenticated', 'service_role']) as role
        where procedure.proname = %s and procedure.pronamespace = 'public'::regnamespace
        """,
        [function],
    ).fetchall()

    assert {row["role"]: row["allowed"] for row in found} == {
        "anon": False,
        "authenticated": False,
        "service_role": True,
    }


# ---- opening a conversation by phone ---------------------------------------------------------------------------------


def open_conversation(db: Connection, clinic: Clinic, phone: str) -> dict[str, Any]:
    answer: dict[str, Any] = rpc(
        db,
        "open_conversation",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        phone=phone,
    )
    return answer


def test_a_send_by_phone_finds_the_contact_under_either_argentine_form(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic, contact_phone="+5491155550100")

    for phone in ("+5491155550100", "+541155550100", "5491155550100"):
        assert open_conversation(db, clinic, phone)["conversation_id"] == str(conversation)
    assert find(db, "marketing_conversations", conversation)["contact_phone"] == "+5491155550100"


def test_a_send_by_phone_to_a_patient_begins_their_conversation(db: Connection, clinic: Clinic) -> None:
    patient = make_patient(db, clinic, phone="+541155550100")

    opened = open_conversation(db, clinic, "+5491155550100")

    conversation = find(db, "marketing_conversations", opened["conversation_id"])
    assert (conversation["contact_phone"], conversation["patient_id"]) == ("+5491155550100", patient)


def test_a_number_two_patients_share_is_nobodys(db: Connection, clinic: Clinic) -> None:
    make_patient(db, clinic)
    make_patient(db, clinic, full_name="Hermano Prueba")

    opened = open_conversation(db, clinic, "+5491155550100")

    assert find(db, "marketing_conversations", opened["conversation_id"])["patient_id"] is None


def test_a_conversation_is_not_opened_on_another_professionals_number(db: Connection, clinic: Clinic) -> None:
    other = make_clinic(db)
    foreign = Clinic(clinic.professional_id, other.channel_id, other.credential_id, other.phone_number_id)

    assert open_conversation(db, foreign, "+5491155550100") == {"outcome": "not_found"}
    assert rows(db, "marketing_conversations") == []


def test_a_phone_cannot_be_written_to_from_an_instagram_account(db: Connection, clinic: Clinic) -> None:
    update(db, "marketing_channels", clinic.channel_id, type="instagram")

    assert open_conversation(db, clinic, "+5491155550100") == {"outcome": "not_found"}


# ---- a channel that died ---------------------------------------------------------------------------------------------


def mark(db: Connection, clinic: Clinic, status: str, reason: str = "190") -> dict[str, Any]:
    answer: dict[str, Any] = rpc(
        db,
        "mark_channel",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        status=status,
        reason=reason,
    )
    return answer


def test_a_dead_token_silences_the_channel_and_calls_the_owner_once(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)

    assert mark(db, clinic, "reauth_required")["outcome"] == "marked"
    assert mark(db, clinic, "reauth_required")["outcome"] == "unchanged"

    assert find(db, "marketing_channel_credentials", clinic.credential_id)["status"] == "reauth_required"
    assert refusal(db, clinic, conversation, text_of_person()) == "channel_disconnected"
    alerts = rows(db, "marketing_alerts")
    assert [(alert["kind"], alert["severity"]) for alert in alerts] == [("channel_dead", "critical")]
    assert [row["action"] for row in rows(db, "marketing_audit_logs")] == ["channel.status_changed"]


def test_a_late_answer_of_meta_does_not_revive_a_disconnected_channel(db: Connection, clinic: Clinic) -> None:
    update(db, "marketing_channels", clinic.channel_id, status="disconnected")

    assert mark(db, clinic, "reauth_required") == {"outcome": "unchanged", "status": "disconnected"}


def test_another_professionals_channel_cannot_be_marked(db: Connection, clinic: Clinic) -> None:
    stranger = make_clinic(db)
    foreign = Clinic(stranger.professional_id, clinic.channel_id, clinic.credential_id, clinic.phone_number_id)

    assert mark(db, foreign, "restricted") == {"outcome": "not_found"}
    assert find(db, "marketing_channels", clinic.channel_id)["status"] == "connected"
