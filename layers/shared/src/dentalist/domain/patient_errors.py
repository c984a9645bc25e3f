"""What can go wrong between conversations, patients and their appointments; named as in ``errors``."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.errors import DomainError, NotFound


class PatientNotFound(NotFound):
    detail = "There is no such patient."


class PatientConflict(DomainError):
    """Another patient is in the way; ``patient_id`` says who."""

    def __init__(self, patient_id: UUID) -> None:
        super().__init__()
        self.patient_id = patient_id


class AlreadyLinked(PatientConflict):
    detail = "The conversation is already this patient's; to change that, say that it replaces them."


class PatientExists(PatientConflict):
    detail = "A patient with this name and number is on record; link the conversation to them."


class PhoneNotUnderstood(DomainError):
    detail = "This is no phone number that can be reached; write it with its country code."


class PhoneUnverified(DomainError):
    """The contact may be somebody else: the clinic begins nothing with them."""

    detail = "Somebody else may have this number now; verify who it is before writing to them."


class SlotTaken(DomainError):
    detail = "The time is taken by another appointment."


class SlotInThePast(DomainError):
    detail = "The time has passed."


class NotRetryable(DomainError):
    """Sending it again could repeat it, or there is nothing to send."""

    detail = "Only an outgoing message that has failed can be sent again."
