"""What language models cost a professional, and which provider answers them at the moment."""

from __future__ import annotations

from uuid import UUID

from dentalist.services.answering.ports_models import Usage
from dentalist.storage.database import Database

_MICROS = 1_000_000  # of a dollar: amounts are stored whole


class SupabaseModelMeter:
    """Budget and circuit breaker of one professional.

    Both live in the store: a container answers a few conversations and ends, so that alone it would learn too late that
    a provider is down, and would know nothing of what the others spent.
    """

    def __init__(self, db: Database, professional_id: UUID, *, owns_key: bool) -> None:
        """Count for one professional with the secret key's ``db``.

        Args:
            db: the store.
            professional_id: who pays attention to the bill.
            owns_key: the key is the professional's own; else the platform's, whose troubles all of its users share.
        """
        self._db = db
        self._whose = {"professional_id": professional_id, "owns_key": owns_key}

    def admit(self, provider: str) -> str | None:
        """None when a model of this provider may be asked now, else ``budget_spent`` or ``circuit_open``.

        Of a provider that fails, one question after another is let through from time to time, to see whether it works
        again.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._db.rpc("admit_model", {**self._whose, "provider": provider})
        return None if answer["outcome"] == "admitted" else str(answer["outcome"])

    def record(self, provider: str, usage: Usage, *, failure: str | None) -> None:
        """Count one question; the day's budget, once spent, is told in an alert.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        counted = {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_micros": round(usage.cost_usd * _MICROS),
            "failure": failure,
        }
        self._db.rpc("record_model_use", {**self._whose, "provider": provider, **counted})
