"""The clinic's profile as its people see and change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dentalist.domain.clinic import Clinic
from dentalist.domain.holidays import Holiday, holidays_between
from dentalist.services.ports_clinic import Clinics

HOLIDAYS_SHOWN = timedelta(days=365)


@dataclass(frozen=True)
class UpcomingHoliday:
    """A holiday of the coming year, and whether the clinic opens on it."""

    holiday: Holiday
    is_open: bool


@dataclass(frozen=True)
class Profile:
    """The professional's row, and what follows from its ``holiday_country``."""

    row: Mapping[str, Any]
    holidays: tuple[UpcomingHoliday, ...]


def read_clinic(*, clinics: Clinics, now: datetime) -> Profile:
    """The profile as it is.

    Raises:
        ProfessionalNotFound: there is no such professional, or the reader may not see them.
        StoreUnavailable: the store cannot be reached.
    """
    return _profile(clinics.get(), now)


def change_clinic(changes: Mapping[str, Any], *, actor_id: UUID, clinics: Clinics, now: datetime) -> Profile:
    """Change columns of the profile, audited with before and after; what is not named stays.

    Args:
        changes: valid values by column; None erases.
        actor_id: the person who changes them.
        clinics: writes for the verified professional.
        now: the instant from which holidays are shown.

    Raises:
        ClinicChangeRefused: the host application's own rules for its table say no.
        ProfessionalNotFound, StoreUnavailable: as ``read_clinic``.
    """
    return _profile(clinics.update(changes, actor_id=actor_id), now)


def _profile(row: Mapping[str, Any], now: datetime) -> Profile:
    clinic = Clinic.from_row(row)
    today = now.astimezone(clinic.timezone).date()
    coming = holidays_between(clinic.holiday_country, today, today + HOLIDAYS_SHOWN)
    return Profile(row, tuple(UpcomingHoliday(item, item.date in clinic.open_holidays) for item in coming))
