"""The table from a cause to status, alert and sentence."""

from datetime import UTC, datetime, timedelta

import pytest

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.channel_health import (
    Cause,
    can_heal,
    cause_of,
    data_access_sentence,
    diagnose,
    due_warning,
    expiring_sentence,
    health_sentence,
    repaired_sentence,
    restored_sentence,
    warning_severity,
)

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
STATUSES = {
    Cause.TOKEN_EXPIRED: ChannelStatus.REAUTH_REQUIRED,
    Cause.PASSWORD_CHANGED: ChannelStatus.REAUTH_REQUIRED,
    Cause.APP_REMOVED: ChannelStatus.REAUTH_REQUIRED,
    Cause.CHECKPOINT: ChannelStatus.REAUTH_REQUIRED,
    Cause.SCOPE_MISSING: ChannelStatus.REAUTH_REQUIRED,
    Cause.PERMISSION: ChannelStatus.REAUTH_REQUIRED,
    Cause.NOT_REGISTERED: ChannelStatus.PENDING,
    Cause.NOT_SUBSCRIBED: ChannelStatus.PENDING,
    Cause.RESTRICTED: ChannelStatus.RESTRICTED,
}


def test_every_cause_has_its_status() -> None:
    assert {cause: diagnose(cause, ChannelType.WHATSAPP).status for cause in Cause} == STATUSES


@pytest.mark.parametrize("channel", ChannelType)
def test_no_two_causes_are_told_alike_and_all_are_told_whole(channel: ChannelType) -> None:
    sentences = [diagnose(cause, channel).sentence for cause in Cause]

    assert len(set(sentences)) == len(Cause)
    for sentence in sentences:
        assert "{" not in sentence
        assert sentence.endswith(".")
        assert any(word in sentence for word in ("Canales", "pedí", "seguí")), "it says what to do"


@pytest.mark.parametrize("cause", Cause)
def test_the_sentence_names_the_account_it_is_about(cause: Cause) -> None:
    assert "WhatsApp" in diagnose(cause, ChannelType.WHATSAPP).sentence
    assert "Instagram" in diagnose(cause, ChannelType.INSTAGRAM).sentence
    assert "Google" in diagnose(cause, ChannelType.GOOGLE_CALENDAR).sentence


def test_a_dead_channel_of_messages_is_critical_and_a_calendar_a_warning() -> None:
    severities = {channel: diagnose(Cause.PERMISSION, channel).severity for channel in ChannelType}

    assert severities == {
        ChannelType.WHATSAPP: "critical",
        ChannelType.INSTAGRAM: "critical",
        ChannelType.GOOGLE_CALENDAR: "warning",
    }


@pytest.mark.parametrize("reason", [None, "", "PARTNER_REMOVED", "connected"])
def test_a_reason_that_is_no_cause_is_none(reason: str | None) -> None:
    assert cause_of(reason) is None


def test_an_unknown_cause_is_cured_by_linking_again() -> None:
    assert diagnose("who_knows", ChannelType.WHATSAPP).cause is Cause.TOKEN_EXPIRED


def test_health_is_told_in_one_sentence_for_every_status() -> None:
    told = {
        health_sentence(status, reason, ChannelType.INSTAGRAM)
        for status, reason in [
            (ChannelStatus.CONNECTED, None),
            (ChannelStatus.PENDING, None),
            (ChannelStatus.PENDING, "not_subscribed"),
            (ChannelStatus.REAUTH_REQUIRED, "password_changed"),
            (ChannelStatus.RESTRICTED, "restricted"),
            (ChannelStatus.DISCONNECTED, "owner"),
        ]
    }

    assert len(told) == 6
    assert health_sentence(ChannelStatus.RESTRICTED, None, ChannelType.INSTAGRAM) in told


def test_what_its_owner_took_off_never_heals() -> None:
    assert {status for status in ChannelStatus if can_heal(status)} == {
        ChannelStatus.PENDING,
        ChannelStatus.REAUTH_REQUIRED,
        ChannelStatus.RESTRICTED,
    }


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (timedelta(days=14, seconds=1), None),
        (timedelta(days=14), 14),
        (timedelta(days=7, seconds=1), 14),
        (timedelta(days=7), 7),
        (timedelta(days=1, seconds=1), 7),
        (timedelta(days=1), 1),
        (timedelta(0), 1),
        (timedelta(days=-3), 1),
    ],
)
def test_the_nearest_warning_is_due(left: timedelta, due: int | None) -> None:
    assert due_warning(NOW + left, NOW) == due


def test_earlier_warnings_can_be_left_out() -> None:
    assert due_warning(NOW + timedelta(days=10), NOW, from_days=7) is None
    assert due_warning(NOW + timedelta(days=6), NOW, from_days=7) == 7


def test_warnings_grow_louder() -> None:
    assert [warning_severity(days) for days in (14, 7, 1)] == ["info", "warning", "critical"]


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=13, hours=2), "en 14 días"),
        (timedelta(days=7), "en 7 días"),
        (timedelta(hours=20), "en menos de un día"),
        (timedelta(hours=-1), "hoy"),
    ],
)
def test_a_warning_says_how_long_there_is(left: timedelta, words: str) -> None:
    assert f"vence {words}" in expiring_sentence(ChannelType.INSTAGRAM, NOW + left, NOW)
    assert data_access_sentence(ChannelType.WHATSAPP, NOW + left, NOW).lower().startswith(words)


@pytest.mark.parametrize("channel", ChannelType)
def test_what_went_well_again_is_told_in_words_of_its_own(channel: ChannelType) -> None:
    sentences = {
        repaired_sentence(channel),
        restored_sentence(channel),
        expiring_sentence(channel, NOW, NOW),
        data_access_sentence(channel, NOW, NOW),
    }

    assert len(sentences) == 4
    assert not any("{" in sentence for sentence in sentences)
