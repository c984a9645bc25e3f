"""What becomes of the file of a message."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest

from dentalist.domain.errors import ChannelDisconnected, MetaError, MetaFault, StoreUnavailable
from dentalist.domain.media_types import MAX_BYTES
from dentalist.domain.sending_errors import (
    MediaGone,
    MediaRefused,
    MetaRateLimited,
    MetaTransient,
    MetaUnreachable,
    TokenDead,
)
from dentalist.services.fetch_media import fetch_media
from dentalist.services.ports import MediaFile
from tests.builders import NOON
from tests.fakes_inbox import JPEG, FakeMediaRecords, FakeMediaStore, FakeNumber, make_media_job

FAULT = MetaFault(131000, message="Something went wrong with Ana's file")
PASSING = [
    MetaUnreachable(),
    MetaTransient(FAULT),
    MetaError(FAULT),
    MetaRateLimited(FAULT, retry_after=timedelta(seconds=6)),
    TokenDead(MetaFault(190), reason="token_expired"),
    ChannelDisconnected(),
    StoreUnavailable(),
]


class Post:
    """A message with a file, Meta, and the bucket."""

    def __init__(self, **job: Any) -> None:
        self.job = make_media_job(**job)
        self.records = FakeMediaRecords(self.job)
        self.number, self.store = FakeNumber(), FakeMediaStore()
        self.number_failure: Exception | None = None

    def fetch(self) -> str:
        def number(_job: object) -> FakeNumber:
            if self.number_failure is not None:
                raise self.number_failure
            return self.number

        def store(professional_id: object) -> FakeMediaStore:
            assert professional_id == self.job.professional_id
            return self.store

        return fetch_media(self.job.message_id, now=NOON, records=self.records, number=number, store=store)

    @property
    def outcome(self) -> str:
        """What was recorded; nothing must lie in the bucket unless it is ``stored``."""
        [(status, path)] = self.records.recorded
        assert set(self.store.files) == ({path} if status == "stored" else set())
        return status


def test_a_file_is_stored_below_the_professional_by_the_messages_id() -> None:
    post = Post()

    assert post.fetch() == post.outcome == "stored"
    path = f"{post.job.professional_id}/inbound/{post.job.message_id}.jpg"
    assert post.records.recorded == [("stored", path)]
    assert post.store.files == {path: (JPEG, "image/jpeg")}


def test_a_file_whose_contact_was_erased_on_its_way_does_not_stay_behind() -> None:
    post = Post()
    post.records.erased = True

    assert post.fetch() == "none"
    assert post.store.files == {}


def test_a_voice_note_is_stored_without_the_parameters_of_its_type() -> None:
    post = Post(type="audio")
    post.number.file = MediaFile(b"OggS voice", "audio/ogg; codecs=opus")

    assert post.fetch() == "stored"
    [(path, (_, content_type))] = post.store.files.items()
    assert (path.rpartition(".")[2], content_type) == ("ogg", "audio/ogg")


@pytest.mark.parametrize("kind", sorted(MAX_BYTES))
def test_meta_is_asked_for_no_more_bytes_than_the_kind_of_message_may_have(kind: str) -> None:
    post = Post(type=kind)
    post.fetch()

    assert post.number.asked == [(post.job.media_id, MAX_BYTES[kind])]


@pytest.mark.parametrize(
    "file",
    [
        MediaRefused("The file is too large."),
        MediaFile(b"MZ\x90\x00", "image/jpeg"),
        MediaFile(b"\x89PNG\r\n\x1a\n", "image/jpeg"),
        MediaFile(b"", "image/jpeg"),
        MediaFile(b"<svg onload='alert(1)'/>", "image/svg+xml"),
    ],
)
def test_a_file_that_is_too_large_or_not_what_it_says_is_refused(file: MediaFile | Exception) -> None:
    post = Post()
    post.number.file = file

    assert post.fetch() == post.outcome == "refused"


def test_a_kind_of_message_without_a_known_limit_is_refused_unasked() -> None:
    post = Post(type="hologram")

    assert post.fetch() == post.outcome == "refused"
    assert post.number.asked == []


def test_a_file_that_the_bucket_does_not_take_is_refused() -> None:
    post = Post()
    post.store.failure = MediaRefused()

    assert post.fetch() == post.outcome == "refused"


DIGEST = hashlib.sha256(JPEG)


@pytest.mark.parametrize(
    "announced",
    [base64.b64encode(DIGEST.digest()).decode(), DIGEST.hexdigest(), DIGEST.hexdigest().upper(), None, "", "qk3=", "ñ"],
)
def test_a_file_with_the_announced_digest_or_none_that_can_be_read_is_stored(announced: str | None) -> None:
    post = Post(media_sha256=announced)

    assert post.fetch() == post.outcome == "stored"


OTHER = hashlib.sha256(b"another file")


@pytest.mark.parametrize("announced", [base64.b64encode(OTHER.digest()).decode(), OTHER.hexdigest()])
def test_a_file_with_another_digest_than_announced_is_refused(announced: str) -> None:
    post = Post(media_sha256=announced)

    assert post.fetch() == post.outcome == "refused"


def test_a_file_that_meta_no_longer_has_is_failed() -> None:
    post = Post()
    post.number.file = MediaGone()

    assert post.fetch() == post.outcome == "failed"


@pytest.mark.parametrize("trouble", PASSING)
def test_trouble_that_passes_is_recorded_as_pending(trouble: Exception) -> None:
    post = Post()
    post.number.file = trouble

    assert post.fetch() == post.outcome == "pending"


@pytest.mark.parametrize("trouble", PASSING)
def test_the_last_attempt_that_fails_is_final(trouble: Exception) -> None:
    post = Post(media_attempts=12, created_at=NOON - timedelta(days=3))
    post.number.file = trouble

    assert post.fetch() == post.outcome == "failed"


def test_a_disconnected_number_may_be_linked_again() -> None:
    post = Post()
    post.number_failure = ChannelDisconnected()

    assert post.fetch() == post.outcome == "pending"


def test_trouble_of_the_bucket_is_pending_too() -> None:
    post = Post()
    post.store.failure = StoreUnavailable()

    assert post.fetch() == post.outcome == "pending"


def test_an_outcome_that_cannot_be_recorded_brings_the_job_back() -> None:
    post = Post()
    post.records.failure = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        post.fetch()


def test_an_attempt_before_its_time_is_none() -> None:
    post = Post(media_attempts=3, created_at=NOON - timedelta(minutes=7))

    assert post.fetch() == "none"
    assert post.records.recorded == post.number.asked == []


def test_a_file_of_last_week_is_given_up_without_asking() -> None:
    post = Post(created_at=NOON - timedelta(days=8))

    assert post.fetch() == post.outcome == "failed"
    assert post.number.asked == []


@pytest.mark.parametrize("status", ["stored", "refused", "failed", None])
def test_a_file_that_no_longer_waits_is_left_alone(status: str | None) -> None:
    post = Post(media_status=status)

    assert post.fetch() == "none"
    assert post.records.recorded == post.number.asked == []


def test_a_message_that_does_not_exist_has_none() -> None:
    post = Post()
    post.records.job = None

    assert post.fetch() == "none"


def test_the_log_names_the_cause_but_nothing_that_meta_wrote(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="dentalist")
    post = Post()
    post.number.file = MetaError(FAULT)

    post.fetch()

    [line] = [record for record in caplog.records if record.message == "file not fetched"]
    assert (vars(line)["cause"], vars(line)["outcome"], vars(line)["attempt"]) == ("meta_error", "pending", 1)
    assert "Ana" not in str(vars(line))
