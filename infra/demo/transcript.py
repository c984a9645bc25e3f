"""What the demo shows: who wrote what to whom and when, in Spanish, and whether each claim held."""

import sys
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from infra.demo.outside import Patient

_WIDTH = 96
_MARGIN = " " * 11
_TICKS = {"sent": "✓", "delivered": "✓✓", "read": "✓✓ leído"}


class Transcript:
    """Prints as things happen; several threads may tell at once."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.held = 0
        self._lock = threading.Lock()
        self._started = time.monotonic()
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]

    def scene(self, title: str) -> None:
        self._print("", f"── {title} ".ljust(_WIDTH, "─"))

    def note(self, text: str) -> None:
        self._print(f"{_clock()}  {text}")

    def patient_wrote(self, patient: Patient, clinic: str, text: str) -> None:
        self._print(f"{_clock()}  {patient.name} → {clinic}", f"{_MARGIN}│ {text}  ✓✓")

    def clinic_wrote(self, message: Mapping[str, Any], patient: Patient, clinic: str) -> None:
        reached = [_TICKS[status] for status in message["statuses"] if status in _TICKS]
        lines = [f"{_MARGIN}┃ {line}" for line in readable(message).splitlines()]
        at = datetime.fromtimestamp(message["at"]).astimezone().strftime("%H:%M:%S")
        self._print(f"{at}   {clinic} → {patient.name}  {reached[-1] if reached else ''}", *lines)

    def expect(self, claim: str, holds: object, found: object = "") -> None:
        """One claim of the story, and what was found instead when it does not hold."""
        with self._lock:
            if holds:
                self.held += 1
            else:
                self.failures.append(claim)
        seen = "" if holds else f": {found}"
        self._print(f"{_MARGIN}{'✔' if holds else '✘'} {claim}{seen}")

    def verdict(self) -> None:
        seconds = time.monotonic() - self._started
        self.scene("Resultado")
        if self.failures:
            self._print(f"✘ {len(self.failures)} de {self.held + len(self.failures)} comprobaciones no se cumplieron:")
            self._print(*(f"   - {claim}" for claim in self.failures))
        else:
            self._print(f"✔ Las {self.held} comprobaciones se cumplieron en {seconds:.0f} segundos.")

    def _print(self, *lines: str) -> None:
        with self._lock:
            print("\n".join(lines), flush=True)


def readable(message: Mapping[str, Any]) -> str:
    """A message as the patient sees it: its text, and the rows of a list."""
    content = message["content"]
    body = content["body"]
    text = body if isinstance(body, str) else body["text"]
    rows = [row for section in content.get("action", {}).get("sections", []) for row in section["rows"]]
    return "\n".join([text, *(f"  ▸ {row['title']}  ({row['description']})" for row in rows)])


def _clock() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")
