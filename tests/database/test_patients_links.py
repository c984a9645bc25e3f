"""A person of the clinic says whose conversation it is, and what was decided there goes along."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database.inbound_builders import Office, consent, make_office, make_second_number, record_consent, write
from tests.database.outbound_builders import (
    Connect,
    Connection,
    Row,
    find,
    insert,
    make_patient,
    race,
    rows,
    rpc,
    update,
    utc_now,
)

PERSON = uuid4()
SAID = "+5493415550204"  # as Meta gives it
HOST = "+543415550204"  # as practice software keeps it
BSUID = "AR.2340987"


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


@pytest.fixture
def lead(db: Connection, office: Office) -> UUID:
    return write(db, office)


def convert(db: Connection, office: Office, conversation: UUID, name: str = "Óscar Núñez", **named: Any) -> Row:
    arguments = {"phone": None, "actor_id": PERSON, **named}
    answer: Row = rpc(
        db, "convert_contact", professional_id=office.id, conversation_id=conversation, full_name=name, **arguments
    )
    return answer


def link(db: Connection, office: Office, conversation: UUID, patient: UUID, **named: Any) -> Row:
    answer: Row = rpc(
        db,
        "link_patient",
        professional_id=office.id,
        conversation_id=conversation,
        patient_id=patient,
        actor_id=PERSON,
        **named,
    )
    return answer


def doubt(db: Connection, conversation: UUID, reason: str = "wrong_number") -> None:
    update(db, "marketing_conversations", conversation, phone_unverified_at=utc_now(), phone_unverified_reason=reason)


def book(db: Connection, office: Office, conversation: UUID, days: int = 1, **columns: Any) -> UUID:
    starts_at = utc_now() + timedelta(days=days)
    row = insert(
        db,
        "appointments",
        professional_id=office.id,
        conversation_id=conversation,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        **columns,
    )
    return UUID(str(row["id"]))


def get(db: Connection, conversation: UUID) -> Row:
    return find(db, "marketing_conversations", conversation)


# ---- a lead becomes a patient


def test_a_lead_becomes_a_patient_with_the_digits_they_write_from(db: Connection, office: Office, lead: UUID) -> None:
    told = convert(db, office, lead)

    assert (told["outcome"], told["conversation_id"], told["full_name"]) == ("converted", str(lead), "Óscar Núñez")
    patient = find(db, "patients", told["patient_id"])
    assert (patient["professional_id"], patient["phone"]) == (office.id, SAID)
    linked = get(db, lead)
    assert (linked["patient_id"], linked["patient_linked_by"]) == (patient["id"], PERSON)
    created, named = (
        rows(db, "marketing_audit_logs", action=action)[0]
        for action in ("patient.created", "conversation.patient_linked")
    )
    assert (created["actor_id"], created["entity_id"]) == (PERSON, patient["id"])
    assert named["payload"] == {"patient_id": str(patient["id"]), "previous_patient_id": None}


def test_a_patient_may_have_another_number_than_the_one_they_write_from(
    db: Connection, office: Office, lead: UUID
) -> None:
    assert convert(db, office, lead, phone="+5491150320001")["phone"] == "+5491150320001"


def test_the_same_number_in_another_spelling_keeps_metas_digits(db: Connection, office: Office, lead: UUID) -> None:
    assert convert(db, office, lead, phone=HOST)["phone"] == SAID


def test_somebody_who_hides_their_number_is_a_patient_without_one(db: Connection, office: Office) -> None:
    assert convert(db, office, write(db, office, phone=None, user_id=BSUID))["phone"] is None


def test_a_patient_is_not_converted_again(db: Connection, office: Office, lead: UUID) -> None:
    patient = convert(db, office, lead)["patient_id"]

    assert convert(db, office, lead, "Otra Persona") == {"outcome": "already_linked", "patient_id": patient}
    assert len(rows(db, "patients")) == 1


def test_whoever_is_on_record_with_this_name_and_number_is_not_put_down_twice(db: Connection, office: Office) -> None:
    known = make_patient(db, office.clinic, full_name="Oscar  NUÑEZ", phone=HOST)
    make_patient(db, office.clinic, full_name="Su madre", phone=SAID)
    lead = write(db, office)
    assert get(db, lead)["patient_id"] is None  # two share it

    assert convert(db, office, lead) == {"outcome": "patient_exists", "patient_id": str(known)}
    assert convert(db, office, lead, "Su hermana")["outcome"] == "converted"


def test_another_clinics_conversation_and_patient_do_not_exist(db: Connection, office: Office, lead: UUID) -> None:
    stranger = make_office(db)

    assert convert(db, stranger, lead) == {"outcome": "not_found"}
    assert link(db, stranger, lead, make_patient(db, stranger.clinic)) == {"outcome": "not_found"}
    assert link(db, office, lead, make_patient(db, stranger.clinic)) == {"outcome": "patient_not_found"}


def test_of_two_who_convert_a_lead_at_once_one_does(
    db: Connection, connect: Connect, office: Office, lead: UUID
) -> None:
    told = race(connect, [lambda mine: convert(mine, office, lead)] * 6)

    assert sorted(answer["outcome"] for answer in told) == ["already_linked"] * 5 + ["converted"]
    assert len(rows(db, "patients")) == 1


def test_of_two_numbers_that_convert_one_person_at_once_one_record_comes(
    db: Connection, connect: Connect, office: Office, lead: UUID
) -> None:
    other = make_second_number(db, office)
    elsewhere = write(db, other)

    told = race(
        connect,
        [lambda mine: convert(mine, office, lead), lambda mine: convert(mine, other, elsewhere)] * 3,
    )

    assert sum(answer["outcome"] == "converted" for answer in told) == 1
    assert len(rows(db, "patients")) == 1


# ---- one who is on record


def test_a_conversation_is_linked_to_a_patient_and_again(db: Connection, office: Office, lead: UUID) -> None:
    patient = make_patient(db, office.clinic, phone="+5491150320099")

    told = [link(db, office, lead, patient) for _ in range(2)]

    assert [answer["outcome"] for answer in told] == ["linked", "linked"]
    assert get(db, lead)["patient_id"] == patient
    assert len(rows(db, "marketing_audit_logs", action="conversation.patient_linked")) == 1


def test_another_patients_conversation_stays_theirs_unless_it_was_a_mistake(
    db: Connection, office: Office, lead: UUID
) -> None:
    first, second = (make_patient(db, office.clinic, full_name=name, phone=None) for name in ("Ana", "Eva"))
    link(db, office, lead, first)

    assert link(db, office, lead, second) == {"outcome": "already_linked", "patient_id": str(first)}
    assert get(db, lead)["patient_id"] == first
    assert link(db, office, lead, second, replace=True)["patient_id"] == str(second)
    last = rows(db, "marketing_audit_logs", action="conversation.patient_linked")[-1]
    assert last["payload"] == {"patient_id": str(second), "previous_patient_id": str(first)}


def test_linking_follows_a_merge(db: Connection, office: Office, lead: UUID) -> None:
    gone = write(db, office, phone=None, user_id=BSUID)
    rpc(db, "merge_contacts", professional_id=office.id, keep=lead, merge=gone)

    assert convert(db, office, gone)["conversation_id"] == str(lead)


# ---- appointments


def test_what_a_lead_booked_for_themself_is_the_patients_and_what_they_booked_for_others_is_not(
    db: Connection, office: Office, lead: UUID
) -> None:
    own = book(db, office, lead, attendee_name="oscar nuñez")
    unnamed = book(db, office, lead, 2)
    child = book(db, office, lead, 3, attendee_name="Tomás Núñez")

    patient = convert(db, office, lead)["patient_id"]

    owners = {row["id"]: row["patient_id"] for row in rows(db, "appointments")}
    assert {str(owners[own]), str(owners[unnamed])} == {patient}
    assert owners[child] is None


# ---- consent goes along


def test_a_yes_to_marketing_in_the_chat_is_the_patients(db: Connection, office: Office, lead: UUID) -> None:
    record_consent(db, office, lead, "marketing", "granted", wording="Sí, quiero", wording_version="2")

    told = convert(db, office, lead)

    assert told["whatsapp_opt_in"] is True
    [inherited] = [row for row in rows(db, "marketing_consent_events") if str(row["patient_id"]) == told["patient_id"]]
    assert (inherited["scope"], inherited["source"], inherited["wording"]) == ("marketing", "chat", "Sí, quiero")
    assert consent(db, lead) == (True, True)


def test_a_patient_takes_a_withdrawal_along_to_another_number_of_theirs(
    db: Connection, office: Office, lead: UUID
) -> None:
    record_consent(db, office, lead, "marketing", "withdrawn")
    patient = UUID(convert(db, office, lead)["patient_id"])
    elsewhere = write(db, office, phone="+5491150320001")
    record_consent(db, office, elsewhere, "care", "granted")

    link(db, office, elsewhere, patient)

    assert consent(db, elsewhere) == (True, False)


def test_the_newest_decision_wins_wherever_it_was_taken(db: Connection, office: Office, lead: UUID) -> None:
    patient = make_patient(db, office.clinic, phone=None, whatsapp_opt_in=True)
    record_consent(db, office, lead, "marketing", "withdrawn")

    assert link(db, office, lead, patient)["whatsapp_opt_in"] is False
    assert find(db, "patients", patient)["whatsapp_opt_in"] is False


def test_a_patients_earlier_yes_holds_in_a_conversation_where_nothing_was_said(
    db: Connection, office: Office, lead: UUID
) -> None:
    patient = make_patient(db, office.clinic, phone=None, whatsapp_opt_in=True)

    assert link(db, office, lead, patient)["whatsapp_opt_in"] is True
    assert consent(db, lead) == (True, True)


def test_somebody_who_wrote_since_they_withdrew_is_still_answered_as_a_patient(
    db: Connection, office: Office, lead: UUID
) -> None:
    record_consent(db, office, lead, "care", "withdrawn")
    write(db, office, "Hola, otra vez yo")
    assert consent(db, lead)[0] is True

    convert(db, office, lead)

    assert consent(db, lead)[0] is True


def test_linking_again_writes_nothing_into_the_ledger(db: Connection, office: Office, lead: UUID) -> None:
    record_consent(db, office, lead, "marketing", "granted")
    patient = UUID(convert(db, office, lead)["patient_id"])
    before = len(rows(db, "marketing_consent_events"))

    link(db, office, lead, patient)

    assert len(rows(db, "marketing_consent_events")) == before


# ---- a number in other hands


def test_naming_the_patient_again_ends_a_doubt(db: Connection, office: Office, lead: UUID) -> None:
    patient = UUID(convert(db, office, lead)["patient_id"])
    doubt(db, lead, "identity_changed")

    told = link(db, office, lead, patient)

    assert told["phone_verified"] is True
    assert get(db, lead)["phone_unverified_at"] is None
    assert rows(db, "marketing_audit_logs", action="contact.phone_verified")[0]["actor_id"] == PERSON


def test_a_number_in_other_hands_takes_neither_appointments_nor_a_yes_to_marketing_along(
    db: Connection, office: Office
) -> None:
    marta = make_patient(db, office.clinic, full_name="Marta Sosa", phone=SAID, whatsapp_opt_in=True)
    conversation = write(db, office)
    hers = book(db, office, conversation, attendee_name="Marta Sosa", patient_id=marta)
    doubt(db, conversation, "not_me")

    told = convert(db, office, conversation, "Juan Paz")

    assert (told["outcome"], told["whatsapp_opt_in"]) == ("converted", False)
    kept = find(db, "appointments", hers)
    assert (kept["patient_id"], kept["conversation_id"], kept["status"]) == (marta, None, "booked")
    assert consent(db, conversation) == (True, False)
    assert find(db, "patients", marta)["whatsapp_opt_in"] is False
    withdrawn = rows(db, "marketing_consent_events", source="phone_reassigned")
    assert {row["patient_id"] for row in withdrawn} == {None, UUID(told["patient_id"])}
    assert find(db, "marketing_conversations", conversation)["phone_unverified_at"] is None


def test_a_leads_appointments_stay_away_from_whoever_has_the_number_now(
    db: Connection, office: Office, lead: UUID
) -> None:
    earlier = book(db, office, lead, attendee_name="Óscar Núñez")
    doubt(db, lead)

    convert(db, office, lead, "Juan Paz")

    assert find(db, "appointments", earlier)["conversation_id"] is None


def test_since_when_somebody_else_has_the_number_is_kept(db: Connection, office: Office, lead: UUID) -> None:
    doubt(db, lead)
    doubted_at = find(db, "marketing_conversations", lead)["phone_unverified_at"]

    convert(db, office, lead, "Juan Paz")

    assert find(db, "marketing_conversations", lead)["held_since"] == doubted_at


def test_the_same_person_with_a_new_security_code_keeps_everything(db: Connection, office: Office, lead: UUID) -> None:
    record_consent(db, office, lead, "marketing", "granted")
    child = book(db, office, lead, attendee_name="Tomás Núñez")
    doubt(db, lead, "identity_changed")

    told = convert(db, office, lead)

    assert told["whatsapp_opt_in"] is True
    assert find(db, "appointments", child)["conversation_id"] == lead
    assert find(db, "marketing_conversations", lead)["held_since"] is None


# ---- a number that several share


def test_a_number_that_comes_to_be_shared_no_longer_says_whose_conversation_it_is(
    db: Connection, office: Office
) -> None:
    make_patient(db, office.clinic, full_name="La madre", phone=HOST)
    conversation = write(db, office)
    assert get(db, conversation)["patient_id"] is not None

    child = make_patient(db, office.clinic, full_name="El hijo", phone=SAID)

    assert get(db, conversation)["patient_id"] is None
    update(db, "patients", child, phone="+5491150320001")
    write(db, office)
    assert get(db, conversation)["patient_id"] is not None
    update(db, "patients", child, phone=HOST)
    assert get(db, conversation)["patient_id"] is None


def test_what_a_person_said_stays_when_the_number_comes_to_be_shared(
    db: Connection, office: Office, lead: UUID
) -> None:
    patient = convert(db, office, lead)["patient_id"]

    make_patient(db, office.clinic, full_name="El hijo", phone=HOST)

    assert str(get(db, lead)["patient_id"]) == patient


def test_patients_of_another_clinic_share_nothing(db: Connection, office: Office) -> None:
    make_patient(db, office.clinic, phone=HOST)
    conversation = write(db, office)

    make_patient(db, make_office(db).clinic, phone=HOST)

    assert get(db, conversation)["patient_id"] is not None


def test_a_number_in_other_hands_is_so_on_every_number_of_the_clinic(db: Connection, office: Office) -> None:
    marta = make_patient(db, office.clinic, full_name="Marta Sosa", phone=SAID)
    here, there = write(db, office), write(db, make_second_number(db, office))
    for conversation in (here, there):
        assert get(db, conversation)["patient_id"] == marta
        doubt(db, conversation, "not_me")

    juan = UUID(convert(db, office, here, "Juan Paz")["patient_id"])

    kept = [get(db, conversation) for conversation in (here, there)]
    assert [(row["patient_id"], row["phone_unverified_at"]) for row in kept] == [(juan, None)] * 2


def test_a_trusted_conversation_on_another_number_is_not_touched(db: Connection, office: Office, lead: UUID) -> None:
    there = write(db, make_second_number(db, office))
    patient = make_patient(db, office.clinic, phone=None)

    link(db, office, lead, patient)

    assert get(db, there)["patient_id"] is None
