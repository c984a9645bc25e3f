"""Clinics, personas and contexts that are valid by default, so that a test names only what matters to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dentalist.domain.agenda import OfferedSlot
from dentalist.domain.clinic import Clinic
from dentalist.domain.wording.drafts import AnswerContext

MONDAY_11AM = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)  # in Buenos Aires
WEEKDAYS = {day: [["09:00", "13:00"], ["15:00", "19:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def make_clinic(**columns: Any) -> Clinic:
    """A clinic in Buenos Aires with everything filled in, open at MONDAY_11AM."""
    row = {
        "id": "8d3f4f1e-6d5b-4a51-9d3c-0d6f5f3a1b11",
        "name": "Clínica Sonrisas",
        "timezone": "America/Argentina/Buenos_Aires",
        "country": "AR",
        "opening_hours": WEEKDAYS,
        "price_list": [
            {"treatment": "Limpieza dental", "price": 25000, "currency": "ARS", "minutes": 45},
            {"treatment": "Implante", "price": 900, "currency": "USD", "minutes": 90},
        ],
        "address": "Av. Siempreviva 742, CABA",
        "phone": "+54 11 5555-1000",
        "emergency_phone": "+54 11 5555-0000",
        "insurances": ["OSDE", "Swiss Medical"],
        "payment_methods": ["efectivo", "Mercado Pago"],
    }
    return Clinic.from_row({**row, **columns})


def make_bare_clinic(**columns: Any) -> Clinic:
    """A clinic that filled in nothing but its name and timezone."""
    row = {"id": "8d3f4f1e-6d5b-4a51-9d3c-0d6f5f3a1b11", "name": "Consultorio Vidal", "timezone": "UTC"}
    return Clinic.from_row({**row, **columns})


def make_context(**overrides: Any) -> AnswerContext:
    """A conversation in which the assistant introduced itself an hour ago."""
    defaults = {"now": MONDAY_11AM, "last_ai_answer_at": MONDAY_11AM - timedelta(hours=1)}
    return AnswerContext(**{**defaults, **overrides})


def make_slots(*starts: datetime, minutes: int = 30) -> tuple[OfferedSlot, ...]:
    """Offered slots with ids slot-1, slot-2, …"""
    length = timedelta(minutes=minutes)
    return tuple(OfferedSlot(f"slot-{number}", start, start + length) for number, start in enumerate(starts, 1))
