"""A disconnected channel holds no secret and sends nothing more, whatever a container still has in its memory."""

from typing import cast

import pytest

from dentalist.domain.errors import ChannelDisconnected
from dentalist.domain.message import Claim
from dentalist.outbound.meta.whatsapp import WhatsAppClient
from dentalist.runtime import wiring, wiring_accounts
from tests.database.outbound_builders import find, insert, rows
from tests.integration.leaks.practice import CREDENTIALS, MODEL_KEY, PIN, REFRESH_TOKEN, TOKEN, Practice

# Of whoever linked the account; Meta's callbacks name it, and there is nobody to be called back about any more.
PERSONAL = {"meta_user_id"}


def secret_columns(practice: Practice) -> set[str]:
    """Every column of linked accounts that holds a secret, also one that is added tomorrow."""
    named = practice.db.execute(
        "select column_name from information_schema.columns where table_schema = 'public' and table_name = %s",
        [CREDENTIALS],
    ).fetchall()
    return {row["column_name"] for row in named if row["column_name"].endswith("_encrypted")} | PERSONAL


@pytest.fixture
def linked(practice: Practice) -> Practice:
    """A container that has just sent a message: the data key, the connections and the token are known to it."""
    practice.db.execute(f"update {CREDENTIALS} set meta_user_id = '122' where id = %s", [practice.clinic.credential_id])  # noqa: S608 - a table of ours
    practice.meta_accepts()
    assert practice.send()[0] == 201
    assert all(practice.credential[column] for column in secret_columns(practice)), "every secret is there"
    practice.meta.clear_log()
    return practice


def test_disconnecting_erases_every_secret_and_says_so_to_meta_and_to_the_audit(linked: Practice) -> None:
    status, told = linked.disconnect()

    assert (status, told) == (204, {})
    assert {column: linked.credential[column] for column in secret_columns(linked)} == dict.fromkeys(
        secret_columns(linked)
    )
    assert (linked.credential["status"], linked.channel["status"]) == ("disconnected", "disconnected")
    (audit,) = linked.audits("channel.disconnected")
    assert (audit["entity_id"], audit["actor_id"]) == (linked.clinic.channel_id, linked.clinic.professional_id)
    assert linked.asked == [f"DELETE /v25.0/{linked.credential['external_business_id']}/subscribed_apps"]


def test_a_container_that_knows_the_keys_sends_nothing_after_the_disconnect(linked: Practice) -> None:
    linked.disconnect()
    linked.meta.clear_log()

    status, told = linked.send()

    assert (status, told["code"]) == (409, "channel_disconnected")
    assert linked.asked == []
    with pytest.raises(ChannelDisconnected):
        wiring.credentials().access_token(linked.clinic.professional_id, linked.clinic.credential_id, even_if_dead=True)
    assert wiring.credentials().ai_api_key(linked.clinic.professional_id, linked.clinic.credential_id) is None, (
        "nor is the model asked with the own key"
    )


def test_what_was_claimed_already_does_not_leave_after_the_disconnect(
    linked: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate has said yes, and the owner disconnects before the message is sent."""
    sender_for = wiring.sender_for(linked.clinic.professional_id)

    def disconnect_first(claim: Claim) -> WhatsAppClient:
        accounts = wiring_accounts.accounts(linked.clinic.professional_id)
        accounts.disconnect(linked.clinic.channel_id, actor_id=None, reason="owner")
        return cast("WhatsAppClient", sender_for(claim))

    monkeypatch.setattr(wiring, "sender_for", lambda _: disconnect_first)

    status, told = linked.send()

    assert (status, told["code"]) == (409, "channel_disconnected")
    assert linked.asked == []
    messages = rows(linked.db, "marketing_messages", conversation_id=linked.conversation_id, direction="outbound")
    assert messages[-1]["status"] == "failed"


def test_the_other_numbers_of_the_same_business_keep_their_secrets_and_their_webhooks(linked: Practice) -> None:
    sibling = insert(
        linked.db,
        CREDENTIALS,
        professional_id=linked.clinic.professional_id,
        channel="whatsapp",
        external_business_id=linked.credential["external_business_id"],
        phone_number_id=linked.clinic.phone_number_id[::-1],
        access_token_encrypted="v1.1.sealed",
        status="connected",
    )
    insert(
        linked.db,
        "marketing_channels",
        professional_id=linked.clinic.professional_id,
        credential_id=sibling["id"],
        type="whatsapp",
        status="connected",
    )

    linked.disconnect()

    assert find(linked.db, CREDENTIALS, sibling["id"])["access_token_encrypted"] == "v1.1.sealed"
    assert linked.asked == []


def test_nothing_that_is_kept_after_a_disconnect_holds_a_secret(linked: Practice) -> None:
    linked.disconnect()

    kept = linked.db.execute(
        f"""select (select jsonb_agg(c) from {CREDENTIALS} c where id = %(id)s)::text
                || (select jsonb_agg(a) from marketing_audit_logs a where professional_id = %(owner)s)::text
                || coalesce((select jsonb_agg(a) from marketing_alerts a where professional_id = %(owner)s)::text, '')
            as text""",  # noqa: S608 - a table of ours
        {"id": linked.clinic.credential_id, "owner": linked.clinic.professional_id},
    ).fetchone()
    assert kept is not None
    for secret in (TOKEN, REFRESH_TOKEN, PIN, MODEL_KEY, "v1.1."):
        assert secret not in kept["text"]
