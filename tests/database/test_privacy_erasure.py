"""An erased contact is nowhere: not in a table, not in a queue's way back, and what stays is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database.inbound_builders import (
    Office,
    claim_answer,
    consent,
    finish_answer,
    ingest,
    make_due,
    make_instagram,
    make_office,
    message,
    record_consent,
    write,
)
from tests.database.outbound_builders import (
    Connection,
    answer_of_ai,
    claim,
    find,
    make_conversation,
    make_inbound,
    rows,
    rpc,
    settle,
    text_of_person,
    update,
    utc_now,
)
from tests.database.privacy_builders import (
    CANONICAL,
    DIGITS,
    INSTAGRAM_ID,
    NAME,
    PHONE,
    TRACES,
    WHO,
    WORDS,
    Known,
    erase,
    export,
    finish,
    found_in,
    make_instagram_contact,
    make_known,
    wamid_of_contact,
)


@pytest.fixture
def known(db: Connection) -> Known:
    return make_known(db)


def table_rows(db: Connection, office: Office, table: str) -> list[dict[str, Any]]:
    return rows(db, table, professional_id=office.id)


def test_the_search_finds_the_contact_in_every_place_that_may_hold_them(db: Connection, known: Known) -> None:
    """What the tests below stand on: were a kind of row not made, its erasure would be proven by nothing."""
    assert {
        "appointments",
        "idempotency_keys",
        "marketing_campaign_recipients",
        "marketing_consent_events",
        "marketing_contact_identities",
        "marketing_conversations",
        "marketing_messages",
        "marketing_slot_offers",
        "marketing_suggestions",
        "marketing_webhook_events",
        "message_status_events",
        "patients",
        "phone_app_contacts",
    } == set(found_in(db))


def test_an_erased_contact_is_found_only_in_the_records_that_the_receipt_names(db: Connection, known: Known) -> None:
    erased = erase(db, known.office, known.conversation)

    assert erased["outcome"] == "erased"
    assert set(found_in(db)) == {"patients", "appointments"}
    assert [row["id"] for row in table_rows(db, known.office, "patients")] == [known.patient]
    (kept,) = table_rows(db, known.office, "appointments")
    assert (kept["status"], kept["attendee_name"], kept["conversation_id"]) == ("booked", NAME, None)


def test_the_receipt_counts_what_went_and_what_stays(db: Connection, known: Known) -> None:
    receipt = erase(db, known.office, known.conversation)["receipt"]

    assert receipt["erased"] == {
        "conversations": 3,
        "identities": 4,
        "messages": 11,
        "message_statuses": 2,
        "slot_offers": 2,
        "webhook_events": 4,
        "comments": 0,
        "consent": 0,
        "files": 2,
        "cancelled_sends": 0,
    }
    assert receipt["kept"] == {
        "patients": 1,
        "appointments": 1,
        "audit": 4,
        "consent": 4,
        "other_conversations": 0,
        "suppressions": 2,
    }


def test_the_same_contact_of_another_clinic_is_untouched(db: Connection, known: Known) -> None:
    other = make_known(db)
    before = {table: len(hits) for table, hits in found_in(db).items()}
    own = {table: len(table_rows(db, other.office, table)) for table in before}

    erase(db, known.office, known.conversation)

    assert {table: len(table_rows(db, other.office, table)) for table in before} == own
    assert find(db, "marketing_conversations", other.conversation)["contact_name"] == NAME
    assert set(found_in(db)) == set(before)


def test_another_clinic_s_contact_cannot_be_erased(db: Connection, known: Known) -> None:
    stranger = make_office(db)

    assert erase(db, stranger, known.conversation) == {"outcome": "not_found"}
    assert find(db, "marketing_conversations", known.conversation)["contact_name"] == NAME


def test_a_merged_conversation_leads_to_the_same_erasure(db: Connection, known: Known) -> None:
    (merged,) = [row for row in table_rows(db, known.office, "marketing_conversations") if row["merged_into_id"]]

    first = erase(db, known.office, merged["id"])

    assert first["outcome"] == "erased"
    assert erase(db, known.office, known.conversation)["request_id"] == first["request_id"]


def test_the_conversation_on_the_clinic_s_other_number_goes_too(db: Connection, known: Known) -> None:
    assert len(rows(db, "marketing_conversations", channel_id=known.second.channel_id)) == 1

    erase(db, known.office, known.conversation)

    assert rows(db, "marketing_conversations", channel_id=known.second.channel_id) == []


def test_files_wait_in_the_request_until_they_are_gone(db: Connection, known: Known) -> None:
    erased = erase(db, known.office, known.conversation)
    first, second = erased["pending_paths"]
    assert erased["status"] == "pending_media"

    half = finish(db, known.office, erased["request_id"], first)
    done = finish(db, known.office, erased["request_id"], second)

    assert (half["status"], half["pending_paths"]) == ("pending_media", [second])
    assert (done["status"], done["pending_paths"]) == ("completed", [])
    assert erase(db, known.office, known.conversation) == done


def test_a_file_that_went_to_others_too_stays(db: Connection, known: Known) -> None:
    shared = f"{known.office.id}/outbound/radiografia.pdf"
    other = make_conversation(db, known.office.clinic, contact_phone="+5491144440000")
    payload = {"type": "document", "document": {"storage_path": shared}}
    granted = claim(db, known.office.clinic, other, text_of_person(type="document", payload=payload))
    settle(db, known.office.clinic, granted["message_id"])

    assert shared not in erase(db, known.office, known.conversation)["pending_paths"]


def test_the_document_of_an_earlier_export_is_deleted(db: Connection, known: Known) -> None:
    export(db, known.office, known.conversation)

    paths = erase(db, known.office, known.conversation)["pending_paths"]

    assert f"{known.office.id}/exports/{known.conversation}.json" in paths


def test_a_contact_without_files_is_completed_at_once(db: Connection) -> None:
    office = make_office(db)

    assert erase(db, office, write(db, office))["status"] == "completed"


def test_somebody_who_wrote_on_instagram_is_erased_with_their_comments(db: Connection) -> None:
    office, account = make_office(db), "17841400000000099"
    make_instagram(db, office, account)
    conversation = make_instagram_contact(db, office, account)
    assert set(found_in(db, (INSTAGRAM_ID, *TRACES))) >= {"marketing_comments", "marketing_messages"}

    erased = erase(db, office, conversation)

    assert erased["receipt"]["erased"]["comments"] == 1
    assert found_in(db, (INSTAGRAM_ID, *TRACES)) == {}


def test_nothing_is_sent_to_them_any_more(db: Connection, known: Known) -> None:
    erase(db, known.office, known.conversation)

    statuses = {row["status"] for row in table_rows(db, known.office, "marketing_campaign_recipients")}
    assert statuses == {"skipped", "failed"}
    assert find(db, "patients", known.patient)["whatsapp_opt_in"] is False
    later = make_conversation(db, known.office.clinic, wrote=False, contact_phone=PHONE, patient_id=known.patient)
    assert consent(db, later)[1] is False


def test_a_message_that_waited_for_its_next_attempt_is_cancelled_and_counted(db: Connection) -> None:
    office = make_office(db)
    conversation = make_conversation(db, office.clinic)
    granted = claim(db, office.clinic, conversation, answer_of_ai())
    later = (utc_now() + timedelta(minutes=5)).isoformat()
    settle(db, office.clinic, granted["message_id"], "throttled", retry_at=later, error={"code": 130429})

    erased = erase(db, office, conversation)

    assert erased["receipt"]["erased"]["cancelled_sends"] == 1
    assert rpc(db, "due_retries", limit=10) == []


def test_open_alerts_about_them_are_closed(db: Connection, known: Known) -> None:
    assert any(row["acknowledged_at"] is None for row in table_rows(db, known.office, "marketing_alerts"))

    erase(db, known.office, known.conversation)

    assert all(row["acknowledged_at"] for row in table_rows(db, known.office, "marketing_alerts"))


def test_the_erasure_is_audited_by_ids_alone(db: Connection, known: Known) -> None:
    erased = erase(db, known.office, known.conversation)

    (audit,) = rows(db, "marketing_audit_logs", action="contact.erased")
    assert (audit["entity_id"], audit["payload"]["request_id"]) == (known.conversation, erased["request_id"])
    assert len(audit["payload"]["conversation_ids"]) == 3


def test_a_repeated_request_of_the_api_still_gets_its_answer_without_the_number_in_it(
    db: Connection, known: Known
) -> None:
    erase(db, known.office, known.conversation)

    (key,) = table_rows(db, known.office, "idempotency_keys")
    assert key["response_body"] == {"wamid": None, "conversation_id": str(known.conversation), "status": "sent"}


def test_a_message_that_is_leaving_is_waited_for(db: Connection) -> None:
    office = make_office(db)
    conversation = make_conversation(db, office.clinic)
    granted = claim(db, office.clinic, conversation, answer_of_ai())

    assert erase(db, office, conversation) == {"outcome": "busy"}
    settle(db, office.clinic, granted["message_id"])
    assert erase(db, office, conversation)["outcome"] == "erased"


# ---- whoever is in the middle of something ---------------------------------------------------------------------------


def test_an_answer_under_way_for_them_ends_quietly_and_leaves_nothing(db: Connection) -> None:
    office = make_office(db)
    conversation = write(db, office, WORDS, **WHO)
    make_due(db, conversation)
    claimed = claim_answer(db, conversation)
    erase(db, office, conversation)

    gate = claim(db, office.clinic, conversation, answer_of_ai(effect=True, lease_id=claimed["lease_id"]))
    ended = finish_answer(db, conversation, claimed, unanswered=True)
    released = rpc(
        db,
        "release_answer",
        conversation_id=conversation,
        lease_id=UUID(claimed["lease_id"]),
        delay_seconds=0,
    )

    assert (gate, ended, released) == ({"outcome": "not_found"}, {"outcome": "lost"}, {"outcome": "lost"})
    assert found_in(db) == {}


def test_a_wake_up_and_a_tap_for_them_find_nothing(db: Connection) -> None:
    office = make_office(db)
    conversation = write(db, office)
    erase(db, office, conversation)
    who = {"professional_id": office.id, "conversation_id": conversation}

    assert claim_answer(db, conversation) == {"outcome": "nothing"}
    assert rpc(db, "create_offers", slots=[], ttl_seconds=60, **who)["outcome"] == "not_found"
    assert rpc(db, "hold_slot", offer_id=uuid4(), **who)["outcome"] == "not_found"
    assert rpc(db, "hand_over", reason="emergency", **who)["outcome"] == "not_found"
    assert record_consent(db, office, conversation, "care", "withdrawn")["outcome"] == "not_found"


# ---- what they had withdrawn -----------------------------------------------------------------------------------------


def test_an_opt_out_of_advertising_survives_the_erasure(db: Connection) -> None:
    office = make_office(db)
    conversation = write(db, office, **WHO)
    record_consent(db, office, conversation, "marketing", "granted")
    record_consent(db, office, conversation, "marketing", "withdrawn")
    erase(db, office, conversation)

    again = write(db, office, phone=f"+{CANONICAL.removeprefix('+')}", user_id=None, name="Otro")

    assert consent(db, again) == (True, False)
    (event,) = rows(db, "marketing_consent_events", professional_id=office.id)
    assert (event["source"], event["scope"], event["action"], event["contact_value"]) == (
        "suppression",
        "marketing",
        "withdrawn",
        CANONICAL,
    )


def test_whoever_withdrew_care_is_not_written_to_until_they_write(db: Connection) -> None:
    office = make_office(db)
    conversation = write(db, office, **WHO)
    for scope in ("care", "marketing"):
        record_consent(db, office, conversation, scope, "withdrawn")
    erase(db, office, conversation)

    opened = rpc(db, "open_conversation", professional_id=office.id, channel_id=office.channel_id, phone=PHONE)
    again = UUID(opened["conversation_id"])
    assert consent(db, again) == (False, False)

    assert write(db, office, **WHO) == again
    assert consent(db, again) == (True, False)


def test_a_consent_given_after_the_erasure_counts(db: Connection) -> None:
    office = make_office(db)
    erase(db, office, write(db, office, **WHO))
    again = write(db, office, **WHO)

    record_consent(db, office, again, "marketing", "granted", source="paper")

    assert consent(db, again) == (True, True)


def test_the_withdrawal_is_restored_under_each_identity_and_once(db: Connection, known: Known) -> None:
    erase(db, known.office, known.conversation)

    write(db, known.office, **WHO)
    write(db, known.second, **WHO)

    restored = rows(db, "marketing_consent_events", source="suppression")
    assert sorted(event["contact_kind"] for event in restored) == ["phone", "user_id"]


def test_the_ledger_of_somebody_who_is_no_patient_goes(db: Connection) -> None:
    office = make_office(db)
    conversation = write(db, office, **WHO)
    record_consent(db, office, conversation, "marketing", "withdrawn", wording=f"Soy {NAME}, no quiero más ofertas")

    receipt = erase(db, office, conversation)["receipt"]

    assert (receipt["erased"]["consent"], receipt["kept"]["consent"]) == (2, 0)
    assert table_rows(db, office, "marketing_consent_events") == []


def test_the_ledger_of_a_patient_stays_with_the_patient_without_their_number_or_words(
    db: Connection, known: Known
) -> None:
    form = {"wording": "Acepto recibir novedades", "wording_version": "2026-11"}
    record_consent(db, known.office, known.conversation, "care", "granted", source="paper", **form)
    erase(db, known.office, known.conversation)

    ledger = table_rows(db, known.office, "marketing_consent_events")
    assert {event["patient_id"] for event in ledger} == {known.patient}
    assert {event["contact_value"] for event in ledger} == {None}
    assert {event["wording"] for event in ledger} == {None, form["wording"]}
    assert [(event["scope"], event["action"]) for event in ledger if event["source"] == "erasure"] == [
        ("marketing", "withdrawn")
    ]


def test_a_hash_says_nothing_without_the_key_and_differs_between_clinics(db: Connection) -> None:
    hashes = []
    for office in (make_office(db), make_office(db)):
        erase(db, office, write(db, office, phone=PHONE))
        (suppression,) = table_rows(db, office, "contact_suppressions")
        hashes.append(suppression["contact_hash"])
        assert suppression["scopes"] == ["marketing"]

    assert hashes[0] != hashes[1]
    assert all(len(value) == 64 and value.strip("0123456789abcdef") == "" for value in hashes)


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_no_role_of_the_api_reads_the_keys(db: Connection, role: str) -> None:
    readable = db.execute("select has_table_privilege(%s, 'app.hash_keys', 'select') as can", [role]).fetchone()

    assert readable == {"can": False}


def test_a_family_member_s_other_chat_about_the_same_patient_stays_and_is_told(db: Connection, known: Known) -> None:
    mother = make_conversation(db, known.office.clinic, contact_phone="+5491144441111", patient_id=known.patient)
    make_inbound(db, known.office.clinic, mother, body="Hola")
    update(db, "marketing_conversations", mother, contact_name="Mamá")

    receipt = erase(db, known.office, known.conversation)["receipt"]

    assert receipt["kept"]["other_conversations"] == 1
    assert find(db, "marketing_conversations", mother)["contact_name"] == "Mamá"


# ---- all that is kept ------------------------------------------------------------------------------------------------


def test_an_export_holds_a_part_of_every_kind(db: Connection, known: Known) -> None:
    document = export(db, known.office, known.conversation)["document"]

    assert {kind: len(items) for kind, items in document.items()} == {
        "conversations": 3,
        "identities": 4,
        "messages": 11,
        "message_statuses": 2,
        "consent": 4,
        "patients": 1,
        "appointments": 2,
        "slot_offers": 2,
        "suggestions": 1,
        "address_book": 1,
        "comments": 0,
        "campaigns": 2,
        "webhook_events": 4,
        "alerts": 2,  # one of them: that their security code changed
        "audit": 4,
    }
    assert WORDS in {item["body"] for item in document["messages"]}


def test_an_export_is_audited_and_another_clinic_gets_nothing(db: Connection, known: Known) -> None:
    stranger = make_office(db)

    assert export(db, stranger, known.conversation) == {"outcome": "not_found"}
    export(db, known.office, known.conversation)

    (audit,) = rows(db, "marketing_audit_logs", action="contact.exported")
    assert (audit["professional_id"], audit["entity_id"]) == (known.office.id, known.conversation)


def test_an_export_of_one_contact_holds_nothing_of_another(db: Connection, known: Known) -> None:
    other = write(db, known.office, "Soy otra persona", phone="+5491144442222", name="Otra")
    ingest(db, message(known.office, external_id=wamid_of_contact(), **WHO))

    document = export(db, known.office, other)["document"]

    assert [item["id"] for item in document["conversations"]] == [str(other)]
    assert DIGITS not in str(document)
    assert NAME not in str(document)
