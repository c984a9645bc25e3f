"""The settings of channels and their templates over the real store."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from dentalist.domain.accounts import RemoteTemplate
from dentalist.domain.errors import ChannelNotFound, StoreUnavailable
from dentalist.domain.standard_templates import StandardTemplate, standard_template
from dentalist.outbound.aws.keys import KeyService
from dentalist.storage.channel_settings import ProfessionalModelKeys, SupabaseChannelSettings
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database, StoreRefused
from dentalist.storage.template_book import SupabaseChannelTemplates, SupabaseTemplateBook
from dentalist.storage.vault import SecretUnreadable
from tests.database.outbound_builders import Clinic, find, make_clinic, make_template

Connection = psycopg.Connection[dict[str, Any]]
ACTOR = UUID("00000000-0000-4000-8000-00000000000a")


@pytest.fixture
def stranger(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def settings(store: Database, clinic: Clinic) -> SupabaseChannelSettings:
    return SupabaseChannelSettings(store, clinic.professional_id)


def remote(name: str, status: str = "APPROVED", **overrides: Any) -> RemoteTemplate:
    defaults = {
        "external_id": "1689556908120001",
        "name": name,
        "language": "es_AR",
        "category": "UTILITY",
        "status": status,
        "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": "Hola {{name}}, te esperamos."}],
    }
    return RemoteTemplate(**{**defaults, **overrides})


# ---- settings --------------------------------------------------------------------------------------------------------


def test_a_professional_sees_their_own_channels_and_nobody_elses(
    settings: SupabaseChannelSettings, clinic: Clinic, stranger: Clinic
) -> None:
    [channel] = settings.overview()

    assert channel.id == clinic.channel_id != stranger.channel_id
    assert (channel.type, channel.status) == ("whatsapp", "connected")
    assert channel.usage is not None
    assert (channel.usage.service_messages, channel.usage.free) == (0, 1000)
    assert {feature.enabled for feature in channel.features} == {False}


def test_what_is_changed_is_stored_and_answered_and_the_rest_stays(
    settings: SupabaseChannelSettings, clinic: Clinic
) -> None:
    before = settings.overview()[0]

    changed = settings.update(clinic.channel_id, {"ai_enabled": False, "ai_persona": {"name": "Sofi"}}, actor_id=ACTOR)

    assert changed == before.model_copy(update={"ai_enabled": False, "ai_persona": {"name": "Sofi"}})
    assert settings.overview() == [changed]


def test_a_key_is_stored_sealed_and_told_only_as_being_there(
    db: Connection, store: Database, settings: SupabaseChannelSettings, clinic: Clinic, keys: KeyService
) -> None:
    model_keys = ProfessionalModelKeys(lambda: Credentials(store, keys), clinic.professional_id)
    sealed = model_keys.seal(clinic.credential_id, "sk-canary")
    choice = {"ai_provider": "openai", "ai_model": "gpt-5-mini", "ai_api_key_encrypted": sealed}

    changed = settings.update(clinic.channel_id, choice, actor_id=ACTOR)

    assert changed.has_own_key
    assert model_keys.kept(clinic.credential_id) == "sk-canary"
    audits = db.execute(
        "select payload::text, actor_id from marketing_audit_logs where entity_id = %s", [clinic.channel_id]
    ).fetchall()
    told = [audit["payload"] for audit in audits if audit["actor_id"] == ACTOR]
    assert any('"ai_api_key": "set"' in payload for payload in told)
    assert not any("canary" in payload or sealed in payload for payload in told)

    erased = settings.update(clinic.channel_id, {"ai_api_key_encrypted": None}, actor_id=ACTOR)

    assert not erased.has_own_key
    assert model_keys.kept(clinic.credential_id) is None
    assert find(db, "marketing_channel_credentials", clinic.credential_id)["ai_api_key_encrypted"] is None


def test_a_key_opens_for_its_own_professional_and_row_only(
    db: Connection, store: Database, clinic: Clinic, stranger: Clinic, keys: KeyService
) -> None:
    credentials = Credentials(store, keys)
    own = ProfessionalModelKeys(lambda: credentials, clinic.professional_id)
    other = ProfessionalModelKeys(lambda: credentials, stranger.professional_id)
    other.seal(stranger.credential_id, "makes the stranger's data key")
    sealed = own.seal(clinic.credential_id, "sk-canary")
    for row_id in (clinic.credential_id, stranger.credential_id):
        db.execute("update marketing_channel_credentials set ai_api_key_encrypted = %s where id = %s", [sealed, row_id])

    assert own.kept(clinic.credential_id) == "sk-canary"
    assert own.kept(stranger.credential_id) is None, "not a row of this professional"
    with pytest.raises(SecretUnreadable):
        other.kept(stranger.credential_id)


def test_another_professionals_channel_cannot_be_changed(
    db: Connection, settings: SupabaseChannelSettings, stranger: Clinic
) -> None:
    for channel_id in (stranger.channel_id, uuid4()):
        with pytest.raises(ChannelNotFound):
            settings.update(channel_id, {"ai_enabled": False}, actor_id=ACTOR)

    assert find(db, "marketing_channels", stranger.channel_id)["ai_enabled"] is True


def test_a_signed_in_person_reaches_the_settings_only_through_the_api(person: Database, clinic: Clinic) -> None:
    as_person = SupabaseChannelSettings(person, clinic.professional_id)

    with pytest.raises(StoreRefused):
        as_person.overview()
    with pytest.raises(StoreRefused):
        as_person.update(clinic.channel_id, {"ai_enabled": False}, actor_id=ACTOR)


# ---- templates -------------------------------------------------------------------------------------------------------


def test_what_meta_told_is_what_the_team_reads(store: Database, person: Database, clinic: Clinic) -> None:
    book = SupabaseTemplateBook(store, clinic.professional_id)
    readable = SupabaseChannelTemplates(person, clinic.professional_id)

    told = [remote("b_aviso"), remote("a_promo", "REJECTED", category="MARKETING", rejection_reason="PROMOTIONAL")]
    book.keep(clinic.channel_id, told, complete=True)

    promo, notice = readable.of_channel(clinic.channel_id)
    assert (promo.name, promo.status, promo.rejection_reason) == ("a_promo", "REJECTED", "PROMOTIONAL")
    assert (notice.name, notice.variables, notice.parameter_format) == ("b_aviso", ["name"], "NAMED")


def test_what_meta_no_longer_has_is_no_longer_shown(
    db: Connection, store: Database, person: Database, clinic: Clinic
) -> None:
    make_template(db, clinic, name="vieja")
    book = SupabaseTemplateBook(store, clinic.professional_id)
    readable = SupabaseChannelTemplates(person, clinic.professional_id)

    book.keep(clinic.channel_id, [remote("nueva")], complete=False)
    assert [template.name for template in readable.of_channel(clinic.channel_id)] == ["nueva", "vieja"]
    book.keep(clinic.channel_id, [remote("nueva")], complete=True)
    assert [template.name for template in readable.of_channel(clinic.channel_id)] == ["nueva"]
    assert [template.name for template in readable.of_every_channel()] == ["nueva"]


def test_an_approved_template_switches_its_feature_on(
    store: Database, settings: SupabaseChannelSettings, clinic: Clinic
) -> None:
    SupabaseTemplateBook(store, clinic.professional_id).keep(
        clinic.channel_id,
        [
            remote(**standard_template(StandardTemplate.REMINDER, "es_AR")),
            remote(**standard_template(StandardTemplate.URGENT_NOTICE, "es_AR"), status="PENDING"),
            remote("appointment_confirmation"),
        ],
        complete=False,
    )

    features = {feature.name: feature for feature in settings.overview()[0].features}

    assert features["appointment_reminders"].enabled
    assert "revisando" in str(features["urgent_notice"].reason)
    assert "otra plantilla" in str(features["appointment_confirmations"].reason), "it takes other values"


def test_templates_of_another_professional_are_neither_kept_nor_read(
    db: Connection, store: Database, person: Database, clinic: Clinic, stranger: Clinic
) -> None:
    make_template(db, stranger, name="ajena")

    with pytest.raises(ChannelNotFound):
        SupabaseTemplateBook(store, clinic.professional_id).keep(stranger.channel_id, [remote("mia")], complete=True)

    for owner in (clinic, stranger):
        readable = SupabaseChannelTemplates(person, owner.professional_id)
        assert (readable.of_channel(stranger.channel_id), readable.of_every_channel()) == ([], [])
    names = db.execute("select name, status from marketing_templates where channel_id = %s", [stranger.channel_id])
    assert names.fetchall() == [{"name": "ajena", "status": "APPROVED"}]


def test_the_country_of_the_clinic_is_known(db: Connection, person: Database, clinic: Clinic) -> None:
    db.execute("update professionals set country = 'MX' where id = %s", [clinic.professional_id])

    assert SupabaseChannelTemplates(person, clinic.professional_id).country() == "MX"
    assert SupabaseChannelTemplates(person, uuid4()).country() is None


def test_a_store_that_is_away_is_told_as_such(store: Database) -> None:
    away = Database("http://127.0.0.1:9", "key", http=store.http)

    with pytest.raises(StoreUnavailable):
        SupabaseChannelSettings(away, uuid4()).overview()
    with pytest.raises(StoreUnavailable):
        SupabaseTemplateBook(away, uuid4()).keep(uuid4(), [], complete=False)
