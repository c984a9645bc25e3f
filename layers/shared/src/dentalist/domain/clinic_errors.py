"""What can go wrong when a clinic's own data, team or alerts are changed; named as in ``errors``."""

from __future__ import annotations

from dentalist.domain.errors import DomainError, NotFound, RateLimited


class MemberNotFound(NotFound):
    detail = "There is no such member."


class AlertNotFound(NotFound):
    detail = "There is no such alert."


class ClinicRefusal(DomainError):
    """Well-formed, and still not possible here."""


class ClinicChangeRefused(ClinicRefusal):
    detail = "The practice software does not accept these values."


class InvitationRefused(ClinicRefusal):
    detail = "Nobody can invite themself, nor the professional, who is the owner already."


class TooManyInvitations(RateLimited):
    detail = "Too many people were let in today, or this person was written to too often; try again tomorrow."
