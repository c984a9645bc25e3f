"""What a person may read, and what the secret key writes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from dentalist.domain import errors
from dentalist.domain.answering import AnswerClaim, AnswerMode
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.hours import Interval
from dentalist.domain.sending_errors import MediaNotFound
from dentalist.services.answering.ports_agenda import SlotToOffer
from dentalist.services.ports import KeptAnswer
from dentalist.storage.agenda import SupabaseAgenda
from dentalist.storage.answers import SupabaseAnswers, SupabaseConsent, SupabaseHandover
from dentalist.storage.channels import SupabaseChannels
from dentalist.storage.conversations import SupabaseConversationOpener, SupabaseConversations
from dentalist.storage.database import Database, StoreRefused
from dentalist.storage.idempotency import SupabaseIdempotency
from dentalist.storage.inbox import SupabaseInbox, SupabaseMediaRecords
from dentalist.storage.media import SupabaseMedia
from dentalist.storage.sweeps import SupabaseSweeps
from dentalist.storage.templates import SupabaseTemplates
from tests.database.outbound_builders import (
    Clinic,
    find,
    insert,
    make_clinic,
    make_conversation,
    make_inbound,
    make_patient,
    make_template,
    rows,
    update,
)
from tests.database.stack import SupabaseServer

Connection = psycopg.Connection[dict[str, Any]]
TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


@pytest.fixture
def stranger(db: Connection) -> Clinic:
    return make_clinic(db)


# ---- failures


def test_a_store_that_is_not_there_is_unavailable() -> None:
    with httpx.Client() as http, pytest.raises(errors.StoreUnavailable):
        Database("http://127.0.0.1:9", "key", http=http).select("patients", "id")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500, json={"code": "57014", "message": "timeout"}), errors.StoreUnavailable),
        (httpx.Response(500, json={"code": "40P01", "message": "deadlock"}), errors.StoreUnavailable),
        (httpx.Response(503, json={"code": "PGRST001", "message": "no database"}), errors.StoreUnavailable),
        (httpx.Response(502, text="<html>Bad Gateway</html>"), errors.StoreUnavailable),
        (httpx.Response(404, text="<html>no such host</html>"), errors.StoreUnavailable),
        (httpx.Response(200, text="<html>maintenance</html>"), errors.StoreUnavailable),
        (httpx.Response(401, json={"message": "Invalid API key"}), errors.StoreUnavailable),
        (httpx.Response(403, json={"code": "42501", "message": "permission denied"}), StoreRefused),
        (httpx.Response(409, json={"code": "23505", "message": "duplicate"}), StoreRefused),
        (httpx.Response(404, json={"code": "PGRST202", "message": "no such function"}), StoreRefused),
    ],
    ids=lambda value: f"{value.status_code} {value.text[:24]}" if isinstance(value, httpx.Response) else value.__name__,
)
def test_an_outage_is_told_from_a_mistake(answer: httpx.Response, error: type[Exception]) -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as http, pytest.raises(error):
        Database("http://supabase.invalid", "key", http=http).rpc("settle_send", {})


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("no_such_function", {}), ("settle_send", {"professional_id": uuid4(), "message_id": "x", "result": {}})],
)
def test_a_mistake_of_ours_is_no_outage(store: Database, function: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(StoreRefused):
        store.rpc(function, arguments)


def test_a_violated_constraint_says_its_code_and_no_value_of_the_row(
    store: Database, clinic: Clinic, db: Connection
) -> None:
    patient_id = make_patient(db, clinic)

    with pytest.raises(StoreRefused) as raised:
        store.update("patients", {"phone": "secret"}, id=patient_id)

    assert raised.value.code == "23514"
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_function_is_closed_to_people(person: Database) -> None:
    with pytest.raises(StoreRefused) as raised:
        person.rpc("expire_holds", {})

    assert raised.value.code == "42501"


def test_a_person_whose_token_is_no_longer_valid_has_to_sign_in(supabase: SupabaseServer, store: Database) -> None:
    expired = supabase.mint(uuid4(), exp=1)

    with pytest.raises(errors.Unauthenticated):
        Database(supabase.url, supabase.publishable_key, http=store.http).signed_in(expired).select("patients", "id")


# ---- conversations, channels, templates


def test_a_person_reads_their_own_conversation_and_no_other(
    person: Database, clinic: Clinic, stranger: Clinic, db: Connection
) -> None:
    conversations = SupabaseConversations(person, clinic.professional_id)
    own, foreign = make_conversation(db, clinic), make_conversation(db, stranger)

    assert conversations.get(own).id == own
    for other in (foreign, uuid4()):
        with pytest.raises(errors.ConversationNotFound):
            conversations.get(other)


def test_a_conversation_is_followed_to_where_it_was_merged(person: Database, clinic: Clinic, db: Connection) -> None:
    kept = make_conversation(db, clinic)
    merged = make_conversation(db, clinic, contact_phone=None, contact_user_id="AR.1", merged_into_id=kept)

    assert SupabaseConversations(person, clinic.professional_id).get(merged).id == kept


def test_a_template_says_of_a_contact_what_the_record_knows_and_else_the_profile(
    person: Database, clinic: Clinic, db: Connection
) -> None:
    conversations = SupabaseConversations(person, clinic.professional_id)
    patient = make_conversation(db, clinic, contact_name="Lu 🌸", patient_id=make_patient(db, clinic))
    lead = make_conversation(db, clinic, contact_phone="+5491155550177", contact_name="Mario Díaz")
    nobody = make_conversation(db, clinic, contact_phone="+5491155550178")
    labelled = make_conversation(db, clinic, contact_phone="+5491155550179")
    update(db, "marketing_conversations", labelled, contact_name="Juan Moroso", name_from_phone_app=True)

    clinic_name = {"clinic_name": "Consultorio"}
    assert conversations.recipient_values(conversations.get(patient)) == {
        "full_name": "Ana Prueba", "first_name": "Ana", **clinic_name
    }  # fmt: skip
    assert conversations.recipient_values(conversations.get(lead))["first_name"] == "Mario"
    assert conversations.recipient_values(conversations.get(nobody)) == clinic_name
    assert conversations.recipient_values(conversations.get(labelled)) == clinic_name


def test_a_conversation_with_a_number_is_begun_once(store: Database, clinic: Clinic, stranger: Clinic) -> None:
    opener = SupabaseConversationOpener(store, clinic.professional_id)

    first = opener.open(clinic.channel_id, "+5491155550199")

    assert opener.open(clinic.channel_id, "+541155550199") == first, "the same number in its other spelling"
    with pytest.raises(errors.ChannelNotFound):
        opener.open(stranger.channel_id, "+5491155550199")


def test_a_person_reads_their_own_channel_and_no_other(person: Database, clinic: Clinic, stranger: Clinic) -> None:
    channels = SupabaseChannels(person, clinic.professional_id)

    assert channels.get(clinic.channel_id).status is ChannelStatus.CONNECTED
    with pytest.raises(errors.ChannelNotFound):
        channels.get(stranger.channel_id)


def test_a_dead_channel_is_marked_with_a_critical_alert(store: Database, clinic: Clinic, db: Connection) -> None:
    SupabaseChannels(store, clinic.professional_id).mark(
        clinic.channel_id, ChannelStatus.REAUTH_REQUIRED, "token_expired", message="Venció el permiso."
    )

    credential = find(db, "marketing_channel_credentials", clinic.credential_id)
    assert (credential["status"], credential["status_reason"]) == ("reauth_required", "token_expired")
    alerts = rows(db, "marketing_alerts", professional_id=clinic.professional_id)
    assert [(alert["severity"], alert["message"]) for alert in alerts] == [("critical", "Venció el permiso.")]


def test_a_template_is_found_by_channel_name_and_language(person: Database, clinic: Clinic, db: Connection) -> None:
    make_template(db, clinic, components=[{"type": "BODY", "text": "Hola {{1}}"}])
    templates = SupabaseTemplates(person, clinic.professional_id)

    assert templates.get(clinic.channel_id, "recordatorio", "es_AR").variables == ["1"]
    with pytest.raises(errors.TemplateNotFound):
        templates.get(clinic.channel_id, "recordatorio", "es_MX")


# ---- idempotency keys


def test_a_key_keeps_its_first_answer(store: Database, clinic: Clinic) -> None:
    keys = SupabaseIdempotency(store, clinic.professional_id)
    lease = keys.claim("POST /x", "k", "hash", lease_seconds=60)
    assert isinstance(lease, UUID)
    with pytest.raises(errors.IdempotencyInProgress):
        keys.claim("POST /x", "k", "hash", lease_seconds=60)

    keys.finish("POST /x", "k", lease, KeptAnswer(201, {"wamid": "ñ"}))

    assert keys.claim("POST /x", "k", "hash", lease_seconds=60) == KeptAnswer(201, {"wamid": "ñ"})
    with pytest.raises(errors.IdempotencyConflict):
        keys.claim("POST /x", "k", "other", lease_seconds=60)
    assert isinstance(keys.claim("POST /y", "k", "other", lease_seconds=60), UUID)


def test_a_released_key_may_be_used_again(store: Database, clinic: Clinic) -> None:
    keys = SupabaseIdempotency(store, clinic.professional_id)
    lease = keys.claim("POST /x", "k", "hash", lease_seconds=60)
    assert isinstance(lease, UUID)

    keys.release("POST /x", "k", lease)

    assert isinstance(keys.claim("POST /x", "k", "hash", lease_seconds=60), UUID)


# ---- agenda


def test_an_offered_slot_is_held_booked_once_and_then_busy(store: Database, clinic: Clinic, db: Connection) -> None:
    agenda = SupabaseAgenda(store, clinic.professional_id)
    conversation_id = make_conversation(db, clinic)
    slot = SlotToOffer(TOMORROW, TOMORROW + timedelta(minutes=30), reason="Limpieza")
    (offer,) = agenda.offer(conversation_id, [slot], ttl_seconds=600)

    held = agenda.hold(conversation_id, offer.id)
    booked = [agenda.commit(conversation_id, offer.id, attendee_name="Ana", source="assistant") for _ in range(2)]

    assert held.outcome == "held"
    assert booked[0] == booked[1]
    assert booked[0].appointment is not None
    assert (booked[0].appointment.starts_at, booked[0].appointment.attendee_name) == (TOMORROW, "Ana")
    assert agenda.busy(TOMORROW, TOMORROW + timedelta(days=1)) == [Interval(slot.starts_at, slot.ends_at)]


def test_a_slot_that_was_never_offered_here_books_nothing(store: Database, clinic: Clinic, db: Connection) -> None:
    agenda = SupabaseAgenda(store, clinic.professional_id)

    assert agenda.hold(make_conversation(db, clinic), uuid4()).outcome == "not_found"
    with pytest.raises(errors.ConversationNotFound):
        agenda.offer(uuid4(), [], ttl_seconds=600)


# ---- inbox, answers, sweeps


def event_of(clinic: Clinic, db: Connection, **overrides: Any) -> dict[str, Any]:
    """A text message as ``Event.as_arguments()`` writes it."""
    credential = find(db, "marketing_channel_credentials", clinic.credential_id)
    return {
        "kind": "message",
        "object": "whatsapp_business_account",
        "field": "messages",
        "channel_type": "whatsapp",
        "waba_id": credential["external_business_id"],
        "phone_number_id": clinic.phone_number_id,
        "display_phone_number": "+541150320001",
        "account_id": None,
        "received_at": datetime.now(UTC).isoformat(),
        "correlation_id": "request-1",
        "raw": {},
        "contact_phone": "+5491155550123",
        "contact_user_id": None,
        "contact_username": None,
        "contact_name": "Lucía",
        "external_id": f"wamid.{uuid4().hex}",
        "sent_at": datetime.now(UTC).isoformat(),
        "type": "text",
        "body": "Hola",
        "payload": {"type": "text", "text": {"body": "Hola"}},
        "reply_id": None,
        "media": None,
        "context_external_id": None,
        "owes_answer": True,
        "opens_window": True,
        "group_id": None,
        **overrides,
    }


def test_an_event_is_stored_once_and_wakes_the_answer(store: Database, clinic: Clinic, db: Connection) -> None:
    inbox = SupabaseInbox(store)
    event = event_of(clinic, db)

    first, again = (inbox.ingest(event, debounce_seconds=4) for _ in range(2))

    assert (first.outcome, again.outcome) == ("stored", "duplicate")
    assert first.professional_id == clinic.professional_id
    assert first.wake is not None
    assert first.wake.conversation_id == first.conversation_id
    assert 0 <= first.wake.delay_seconds <= 4
    assert len(rows(db, "marketing_messages", conversation_id=first.conversation_id)) == 1


def test_an_event_of_nobody_is_parked(store: Database, clinic: Clinic, db: Connection) -> None:
    parked = SupabaseInbox(store).ingest(event_of(clinic, db, phone_number_id="1"), debounce_seconds=0)

    assert (parked.outcome, parked.reason, parked.wake) == ("parked", "unknown_tenant", None)


def test_the_file_of_a_message_is_known_until_it_was_fetched(store: Database, clinic: Clinic, db: Connection) -> None:
    media = {"id": "900", "mime": "image/jpeg", "sha256": "x", "filename": None, "voice": False, "url": None}
    stored = SupabaseInbox(store).ingest(event_of(clinic, db, type="image", media=media), debounce_seconds=0)
    assert stored.media
    assert stored.message_id is not None
    records = SupabaseMediaRecords(store)

    job = records.find_media(stored.message_id)
    assert job is not None
    path = f"{clinic.professional_id}/inbound/x.jpg"
    records.record_media(job, "stored", storage_path=path)

    assert (job.media_id, job.credential_id, job.phone_number_id) == (
        "900",
        clinic.credential_id,
        clinic.phone_number_id,
    )
    row = find(db, "marketing_messages", stored.message_id)
    assert (row["media_status"], row["storage_path"], row["media_attempts"]) == ("stored", path, 1)


def test_a_message_without_a_file_has_no_media(store: Database, clinic: Clinic, db: Connection) -> None:
    message = make_inbound(db, clinic, make_conversation(db, clinic))

    assert SupabaseMediaRecords(store).find_media(message["id"]) is None
    assert SupabaseMediaRecords(store).find_media(uuid4()) is None


def test_an_owed_answer_is_claimed_by_one_worker_with_all_it_needs(
    store: Database, clinic: Clinic, db: Connection
) -> None:
    stored = SupabaseInbox(store).ingest(event_of(clinic, db, body="¿Qué precio tiene?"), debounce_seconds=0)
    assert stored.conversation_id is not None
    answers = SupabaseAnswers(store)

    claim = answers.claim(stored.conversation_id, lease_seconds=60, history=10)
    second = answers.claim(stored.conversation_id, lease_seconds=60, history=10)

    assert isinstance(claim, AnswerClaim)
    assert (claim.mode, claim.late, claim.first_answer) == (AnswerMode.ANSWER, False, True)
    assert [message.body for message in claim.unanswered] == ["¿Qué precio tiene?"]
    assert claim.professional["name"] == "Consultorio"
    assert not isinstance(second, AnswerClaim)
    assert second.outcome == "leased"


def test_a_released_answer_stays_owed_and_a_finished_one_does_not(
    store: Database, clinic: Clinic, db: Connection
) -> None:
    stored = SupabaseInbox(store).ingest(event_of(clinic, db), debounce_seconds=0)
    assert stored.conversation_id is not None
    assert stored.message_id is not None
    answers = SupabaseAnswers(store)
    first = answers.claim(stored.conversation_id, lease_seconds=60, history=10)
    assert isinstance(first, AnswerClaim)
    answers.release(stored.conversation_id, first.lease_id, delay_seconds=0)

    claim = answers.claim(stored.conversation_id, lease_seconds=60, history=10)
    assert isinstance(claim, AnswerClaim)
    classified = {str(stored.message_id): {"intent": "general_inquiry", "confidence": 0.9}}
    answers.finish(stored.conversation_id, claim.lease_id, claim.epoch, classified, unanswered=False)

    after = answers.claim(stored.conversation_id, lease_seconds=60, history=10)
    assert not isinstance(after, AnswerClaim)
    assert after.outcome == "nothing"
    assert find(db, "marketing_messages", stored.message_id)["ai_metadata"]["intent"] == "general_inquiry"


def test_handing_over_asks_for_a_person(store: Database, clinic: Clinic, db: Connection) -> None:
    conversation_id = make_conversation(db, clinic)

    SupabaseHandover(store, clinic.professional_id).hand_over(conversation_id, "human_handoff")

    conversation = find(db, "marketing_conversations", conversation_id)
    assert (conversation["ai_enabled"], conversation["handoff_reason"]) == (False, "human_handoff")
    with pytest.raises(errors.ConversationNotFound):
        SupabaseHandover(store, uuid4()).hand_over(conversation_id, "human_handoff")


def test_a_withdrawal_is_written_into_the_ledger(store: Database, clinic: Clinic, db: Connection) -> None:
    conversation_id = make_conversation(db, clinic)

    SupabaseConsent(store, clinic.professional_id).record(
        conversation_id, "marketing", "withdrawn", source="chat", wording="BAJA", occurred_at=datetime.now(UTC)
    )

    (event,) = rows(db, "marketing_consent_events", professional_id=clinic.professional_id)
    assert (event["scope"], event["action"], event["wording"]) == ("marketing", "withdrawn", "BAJA")
    with pytest.raises(errors.ConversationNotFound):
        SupabaseConsent(store, uuid4()).record(conversation_id, "care", "granted", source="chat")


def test_every_sweep_can_be_asked_and_finds_what_is_due(store: Database, clinic: Clinic, db: Connection) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    conversation_id = make_conversation(db, clinic, answer_due_at=long_ago)
    insert(
        db,
        "appointments",
        professional_id=clinic.professional_id,
        starts_at=TOMORROW,
        ends_at=TOMORROW + timedelta(minutes=30),
        status="held",
        hold_expires_at=long_ago,
    )
    sweeps = SupabaseSweeps(store)

    assert conversation_id in sweeps.overdue_answers(500)
    assert sweeps.expire_holds() >= 1
    assert (sweeps.pending_media(10), sweeps.due_retries(10)) is not None
    assert min(sweeps.expire_sends(), sweeps.expire_idempotency(), sweeps.purge_pace()) >= 0


# ---- files


def test_a_file_is_stored_replaced_and_handed_out_by_a_link(
    supabase: SupabaseServer, store: Database, clinic: Clinic
) -> None:
    media = SupabaseMedia(supabase.url, supabase.secret_key, clinic.professional_id, http=store.http)
    path = f"{clinic.professional_id}/inbound/radiografía 1.jpg"
    for content in (b"first", b"\xff\xd8\xff second"):
        media.store(path, content, content_type="image/jpeg")

    link = media.link(path)

    answer = httpx.get(link)
    assert (answer.content, answer.headers["content-type"]) == (b"\xff\xd8\xff second", "image/jpeg")


def test_only_files_below_the_professionals_own_prefix_exist(
    supabase: SupabaseServer, store: Database, clinic: Clinic, stranger: Clinic
) -> None:
    theirs = f"{stranger.professional_id}/x.jpg"
    SupabaseMedia(supabase.url, supabase.secret_key, stranger.professional_id, http=store.http).store(
        theirs, b"x", content_type="image/jpeg"
    )
    media = SupabaseMedia(supabase.url, supabase.secret_key, clinic.professional_id, http=store.http)

    prefix = str(clinic.professional_id)
    for path in (theirs, f"{prefix}/none.jpg", f"{prefix}/../{theirs}", f"{prefix}//x", f"{prefix}/", prefix, ""):
        with pytest.raises(MediaNotFound):
            media.link(path)


def test_a_storage_that_is_not_there_is_unavailable(clinic: Clinic) -> None:
    with httpx.Client() as http, pytest.raises(errors.StoreUnavailable):
        SupabaseMedia("http://127.0.0.1:9", "key", clinic.professional_id, http=http).link(
            f"{clinic.professional_id}/x"
        )
