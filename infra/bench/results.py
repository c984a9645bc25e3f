"""What a run found: as a table, as a JSON file, and as an entry of BENCHMARKS.md."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.bench.figures import Figure

ENTRIES_MARK = "<!-- The newest entry comes first, below this line. -->\n"
_COLUMNS = ("figure", "measured", "floor", "limit", "", "note")
_SMALL = 10  # numbers below keep two decimals


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the benchmark.

    ``notes`` explain the figures; ``failures`` are sentences about what must never happen, whatever the speed.
    """

    title: str
    figures: list[Figure]
    details: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run."""

    recorded_at: str
    machine: dict[str, Any]
    sizes: dict[str, Any]
    parts: list[Part]

    @property
    def failures(self) -> list[str]:
        return [failure for part in self.parts for failure in part.failures]

    def write(self, folder: Path) -> Path:
        """Keep the run as a file named by its time, and answer where."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.recorded_at.replace(':', '').replace('-', '')}.json"
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")
        return path

    @classmethod
    def read(cls, path: Path) -> "Report":
        content = json.loads(path.read_text())
        parts = [
            Part(**{**part, "figures": [Figure(**figure) for figure in part["figures"]]}) for part in content["parts"]
        ]
        return cls(**{**content, "parts": parts})

    def as_text(self) -> str:
        """For a terminal: the machine, a table per part, what went wrong."""
        lines = [*_machine_lines(self), ""]
        for part in self.parts:
            rows = [_COLUMNS, *map(_row, part.figures)]
            widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
            lines.append(part.title)
            lines += ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
            lines += [f"  {note}" for note in part.notes]
            lines.append("")
        lines += [f"FAILED: {failure}" for failure in self.failures]
        return "\n".join(lines).rstrip()

    def as_markdown(self, note: str = "") -> str:
        """For BENCHMARKS.md; ``note`` is what else a reader should know."""
        lines = [f"### {self.recorded_at}", "", *(f"- {line}" for line in _machine_lines(self)), ""]
        lines += [note, ""] if note else []
        for part in self.parts:
            lines += [f"**{part.title}**", "", _cells(_COLUMNS), _cells(["---"] * len(_COLUMNS))]
            lines += [_cells(_row(figure)) for figure in part.figures]
            lines += ["", *(f"- {note}" for note in part.notes)]
            lines.append("")
        lines += [f"Failed: {failure}." for failure in self.failures]
        return "\n".join(lines).rstrip() + "\n"


def record(report: Report, document: Path, note: str = "") -> None:
    """Put the run at the top of the entries of ``document``.

    Raises:
        ValueError: the document has no place for entries.
    """
    text = document.read_text()
    before, mark, after = text.partition(ENTRIES_MARK)
    if not mark:
        raise ValueError(f"{document.name} has no line {ENTRIES_MARK.strip()!r}")
    document.write_text(f"{before}{mark}\n{report.as_markdown(note)}{after}")


def newest(folder: Path) -> Path | None:
    """The latest run that was kept."""
    return max(folder.glob("*.json"), default=None)


def _size(value: float | Sequence[float]) -> str:
    return " and ".join(f"{one:g}" for one in value) if isinstance(value, Sequence) else f"{value:g}"


def _machine_lines(report: Report) -> list[str]:
    machine = report.machine
    changed = " with uncommitted changes" if machine["uncommitted_changes"] else ""
    sizes = ", ".join(f"{name} {_size(value)}" for name, value in report.sizes.items())
    return [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB",
        f"{machine['os']}, Python {machine['python']}, commit {machine['commit']}{changed}",
        f"load average {machine['load_before']} before, {machine['load_after']} after",
        f"sizes: {sizes}",
    ]


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        _number(figure.measured, figure.unit),
        "" if figure.floor is None else _number(figure.floor, figure.unit),
        "" if figure.limit is None else f"≤ {_number(figure.limit, figure.unit)}",
        figure.verdict,
        figure.note,
    )


def _number(value: float, unit: str) -> str:
    digits = f"{value:g}" if float(value).is_integer() else f"{value:.2f}" if abs(value) < _SMALL else f"{value:.1f}"
    return f"{digits} {unit}".rstrip()


def _cells(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |"
