"""Jobs that one function queues and another reads: a conversation to answer, a file to fetch."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict


class _Job(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    v: int = 1
    correlation_id: str = ""


class WakeUp(_Job):
    """Answer this conversation if it still owes an answer and has been quiet long enough."""

    conversation_id: UUID


class MediaJob(_Job):
    """Fetch the file of this message."""

    message_id: UUID


def parse_wake_up(body: str) -> WakeUp:
    """The job in an SQS record's body.

    Raises:
        pydantic.ValidationError: it is none; asking again will not make it one.
    """
    return WakeUp.model_validate_json(body)


def parse_media_job(body: str) -> MediaJob:
    """The job in an SQS record's body.

    Raises:
        pydantic.ValidationError: it is none; asking again will not make it one.
    """
    return MediaJob.model_validate_json(body)
