"""A professional with nothing linked links each kind of account, through the providers' pages, until it works."""

from collections.abc import Iterator

import pytest

from infra.demo.outside import Patient, eventually
from tests.integration.e2e.support.linking import Professional, new_owner, professional, query_of
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

SIXTY_DAYS = 60 * 24 * 3600
WHATSAPP = {"whatsapp_business_management", "whatsapp_business_messaging"}


@pytest.fixture
def empty(world: World) -> Iterator[Professional]:
    """Somebody with nothing linked."""
    with professional(world) as new:
        assert new.dashboard.channels() == []
        yield new


def marks_of_sends(world: World, patient: Patient) -> set[str]:
    """With which tokens this patient was written to."""
    return {call["token"] for call in world.sandbox.calls(route="messages", to=patient.digits, message_type="text")}


def test_a_number_linked_in_the_browser_answers_its_first_patient_with_its_new_token(
    world: World, empty: Professional
) -> None:
    owner = new_owner(world)
    (number,) = owner.numbers
    before = owner.account()
    landing = empty.link("whatsapp", owner)
    (channel,) = empty.linked()
    after = owner.account()

    assert (before["registered"], before["subscribed"], before["tokens"]) == (False, False, [])
    assert landing.told == {"connected": "whatsapp"}
    assert (channel["status"], channel["status_reason"]) == ("connected", None)
    assert (channel["phone_number_id"], channel["display_name"]) == (number, "Consultorio Nuevo")
    assert channel["token_kind"] == "system"
    assert set(channel["scopes"]) >= WHATSAPP
    assert (after["registered"], after["subscribed"], after["status"]) == (True, True, "CONNECTED")

    (patient,) = empty.answers_on(number)

    assert marks_of_sends(world, patient) == set(owner.tokens())


def test_the_owner_reads_the_new_channel_in_supabase_without_its_secrets(world: World, empty: Professional) -> None:
    empty.link("whatsapp", new_owner(world))
    (channel,) = empty.linked()
    (read,) = empty.dashboard.select("marketing_channels")
    (credential,) = empty.dashboard.select("marketing_channel_credentials", "status,token_kind,scopes,phone_number_id")

    assert (read["id"], read["status"]) == (channel["id"], "connected")
    assert credential["phone_number_id"] == channel["phone_number_id"]
    assert not [name for name in read if name.endswith("_encrypted")]
    for secret in ("access_token_encrypted", "registration_pin_encrypted", "*"):
        with pytest.raises(AssertionError, match="403"):
            empty.dashboard.select("marketing_channel_credentials", secret)


def test_embedded_signup_links_the_number_it_names_and_no_other(world: World, empty: Professional) -> None:
    owner = new_owner(world, numbers=[2])
    first, second = owner.numbers
    answer = empty.sign_up(owner, second)

    assert answer.status_code == 201, answer.text
    assert [channel["phone_number_id"] for channel in answer.json()["channels"]] == [second]
    assert [channel["phone_number_id"] for channel in empty.linked()] == [second]
    assert owner.account(first)["registered"] is False

    empty.answers_on(second)


def test_embedded_signup_again_with_the_same_key_gets_the_first_answer(world: World, empty: Professional) -> None:
    owner = new_owner(world)
    given = world.sandbox.post("/embedded-signup", {"person": owner.user_id, "phone_number_id": owner.numbers[0]})
    request = {"state": empty.begin("whatsapp")["state"], **{name: given[name] for name in ("code", "waba_id")}}
    path = "/api/marketing/channels/oauth/callback"
    first = empty.dashboard.post(path, request, idempotency_key="una-vez")
    again = empty.dashboard.post(path, request, idempotency_key="una-vez")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()


def test_all_numbers_of_all_accounts_that_were_ticked_are_linked_at_once(world: World, empty: Professional) -> None:
    owner = new_owner(world, numbers=[2, 1, 1])
    ticked = list(owner.wabas)[:2]
    landing = empty.link("whatsapp", owner, wabas=ticked)
    wanted = {number for waba_id in ticked for number in owner.wabas[waba_id]}

    assert landing.told == {"connected": "whatsapp"}
    assert {channel["phone_number_id"] for channel in empty.linked()} == wanted
    empty.answers_on(*wanted)


def test_a_number_that_stays_on_the_phone_is_linked_without_taking_it_away_from_there(
    world: World, empty: Professional
) -> None:
    known = {"full_name": "Marta Godoy", "phone_number": world.patient().digits}
    chat = {"from_me": False, "text": "¿Me cambia el turno del lunes?", "age_seconds": 20 * 24 * 3600}
    phone_app = {"contacts": [known], "threads": [{"id": known["phone_number"], "messages": [chat]}]}
    owner = new_owner(world, on_phone_app=True, phone_app=phone_app)
    (number,) = owner.numbers
    landing = empty.link("whatsapp", owner)
    (channel,) = empty.linked()
    calls = [call for call in world.sandbox.calls() if number in call["path"]]
    asked = [call["request"]["sync_type"] for call in calls if call["route"] == "smb_app_data"]

    assert landing.told == {"connected": "whatsapp"}
    assert (channel["status"], channel["on_phone_app"]) == ("connected", True)
    assert "register" not in {call["route"] for call in calls}
    assert asked == ["smb_app_state_sync", "history"]

    marta = Patient(world.sandbox, "Marta Godoy", known["phone_number"], empty.number(number))
    (imported,) = eventually(lambda: world.messages(marta), "the chat of the phone imported")
    empty.answers_on(number)
    marta.writes("¿Me cambia el turno?")
    eventually(lambda: len(world.messages(marta)) == 2, "the new message stored")
    world.calm()

    assert "¿Me cambia el turno del lunes?" in str(imported)
    assert world.conversation(marta)["ai_enabled"] is False, "nobody knows yet whether they are a patient"
    assert marta.received() == [], "neither what is past nor who was spoken with by hand is answered"


def test_an_instagram_account_is_linked_for_sixty_days_and_its_webhooks_come(world: World, empty: Professional) -> None:
    owner = new_owner(world)
    landing = empty.link("instagram", owner)
    (channel,) = empty.linked("instagram")
    account = world.sandbox.call("GET", f"/instagram/{owner.instagram}")

    assert landing.told == {"connected": "instagram"}
    assert (channel["status"], channel["token_kind"]) == ("connected", "instagram")
    assert (channel["external_business_id"], channel["display_name"]) == (owner.instagram, account["username"])
    assert {"messages", "comments"} <= set(account["subscribed_fields"])
    assert account["tokens"][-1]["token_expires_at"] - account["tokens"][-1]["issued_at"] > SIXTY_DAYS - 3600


def test_a_calendar_is_linked_with_proof_that_the_browser_is_the_same(world: World, empty: Professional) -> None:
    owner = new_owner(world)
    begun = empty.begin("google_calendar")
    asked = query_of(begun["authorization_url"])
    landing = empty.link("google_calendar", owner)
    (channel,) = empty.linked("google_calendar")
    (refresh,) = [
        token
        for account in world.sandbox.call("GET", "/google")["accounts"]
        if account["email"] == owner.google
        for token in account["tokens"]
        if token.get("kind") == "refresh"
    ]

    assert (asked["code_challenge_method"], asked["access_type"]) == ("S256", "offline")
    assert landing.told == {"connected": "google_calendar"}
    assert (channel["status"], channel["token_kind"], channel["display_name"]) == (
        "connected",
        "google",
        "Agenda del consultorio",
    )
    assert empty.credential(channel["id"])["refresh_token_encrypted"]
    assert refresh["token"]


def test_a_disconnected_number_is_silent_and_its_secrets_are_gone_until_it_is_linked_again(
    world: World, empty: Professional
) -> None:
    owner = new_owner(world, numbers=[2])
    first, second = owner.numbers
    empty.link("whatsapp", owner)
    channels = {channel["phone_number_id"]: channel["id"] for channel in empty.linked()}
    (patient,) = empty.answers_on(first)
    conversation = world.conversation(patient)

    assert empty.dashboard.call("DELETE", f"/api/marketing/channels/{channels[first]}").status_code == 204
    assert owner.account(first)["subscribed"] is True, "the other number of the account still needs the webhooks"
    assert empty.dashboard.call("DELETE", f"/api/marketing/channels/{channels[second]}").status_code == 204
    assert owner.account(second)["subscribed"] is False
    for channel_id in channels.values():
        credential = empty.credential(channel_id)
        assert [name for name in credential if name.endswith("_encrypted") and credential[name]] == []
        assert "channel.disconnected" in world.audits(channel_id)

    owner.change(first, subscribed=True)  # an event that was on its way
    patient.writes("¿Siguen ahí?")
    eventually(world.is_taken_in, "the message taken in")

    assert len(patient.received()) == 1

    assert empty.link("whatsapp", owner).told == {"connected": "whatsapp"}
    assert {channel["phone_number_id"]: channel["id"] for channel in empty.linked()} == channels
    empty.answers_again(patient)

    assert world.conversation(patient)["id"] == conversation["id"]
