import json
from uuid import UUID

import pytest
from pydantic import ValidationError

from dentalist.inbound.jobs import parse_media_job, parse_wake_up

ID = "6f1f8f0e-93a5-4a52-8b8c-0d0b0c3a1a11"


def test_a_wake_up_names_its_conversation() -> None:
    job = parse_wake_up(json.dumps({"v": 1, "conversation_id": ID, "correlation_id": "c", "later": True}))
    assert (job.conversation_id, job.correlation_id) == (UUID(ID), "c")


def test_a_media_job_names_its_message() -> None:
    assert parse_media_job(json.dumps({"v": 1, "message_id": ID, "correlation_id": "c"})).message_id == UUID(ID)


@pytest.mark.parametrize("body", ["", "{}", "null", '{"conversation_id": "secreto"}'])
def test_what_is_no_job_is_refused_without_quoting_it(body: str) -> None:
    with pytest.raises(ValidationError) as error:
        parse_wake_up(body)
    assert "secreto" not in str(error.value)
