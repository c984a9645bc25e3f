"""The budget and the circuit of models, and the playground's material, over the real store."""

from uuid import uuid4

import pytest

from dentalist.domain.errors import ChannelNotFound
from dentalist.services.answering.ports_models import Usage
from dentalist.storage.database import Database
from dentalist.storage.model_usage import SupabaseModelMeter
from dentalist.storage.playgrounds import SupabasePlaygrounds
from tests.database.outbound_builders import Clinic, Connection, make_clinic, rows


def test_what_was_spent_is_kept_in_millionths_of_a_dollar(store: Database, clinic: Clinic, db: Connection) -> None:
    meter = SupabaseModelMeter(store, clinic.professional_id, owns_key=False)

    assert meter.admit("openai") is None
    meter.record("openai", Usage(900, 120, 0.000465), failure=None)

    [day] = rows(db, "ai_usage", professional_id=clinic.professional_id)
    assert (day["input_tokens"], day["output_tokens"], day["cost_micros"], day["failures"]) == (900, 120, 465, 0)


def test_a_spent_budget_and_an_open_circuit_are_told_apart(store: Database, db: Connection) -> None:
    poor = make_clinic(db, policies={"ai_budget_cents": 0}).professional_id
    unlucky = make_clinic(db).professional_id
    failing = SupabaseModelMeter(store, unlucky, owns_key=True)
    for _ in range(3):
        failing.record("openai", Usage(), failure="timeout")

    assert SupabaseModelMeter(store, poor, owns_key=False).admit("openai") == "budget_spent"
    assert failing.admit("openai") == "circuit_open"
    assert SupabaseModelMeter(store, unlucky, owns_key=False).admit("openai") is None


def test_the_material_of_a_playground_holds_no_secret(store: Database, clinic: Clinic, db: Connection) -> None:
    db.execute(
        "update marketing_channel_credentials set ai_persona = '{\"name\": \"Lía\"}', ai_api_key_encrypted = 'v1.x'"
    )

    material = SupabasePlaygrounds(store, clinic.professional_id).material(clinic.channel_id)

    assert material["professional"]["id"] == str(clinic.professional_id)
    assert (material["channel"]["id"], material["channel"]["ai_mode"]) == (str(clinic.channel_id), "auto")
    assert material["credential"]["ai_persona"] == {"name": "Lía"}
    assert "v1." not in str(material)
    assert "encrypted" not in str(material)


def test_only_ones_own_channels_have_a_playground(store: Database, clinic: Clinic, db: Connection) -> None:
    stranger = make_clinic(db)

    for channel_id in (stranger.channel_id, uuid4()):
        with pytest.raises(ChannelNotFound):
            SupabasePlaygrounds(store, clinic.professional_id).material(channel_id)


def test_a_calendar_has_no_playground(store: Database, clinic: Clinic, db: Connection) -> None:
    db.execute("update marketing_channels set type = 'google_calendar'")

    with pytest.raises(ChannelNotFound):
        SupabasePlaygrounds(store, clinic.professional_id).material(clinic.channel_id)
