"""A report says what was met, on which machine, and survives being a file."""

from pathlib import Path

import pytest

from infra.bench.figures import Figure
from infra.bench.results import ENTRIES_MARK, Part, Report, newest, record


@pytest.fixture
def report() -> Report:
    machine = {
        "cpu": "A Processor",
        "cores": 2,
        "memory_gib": 8.0,
        "os": "Linux",
        "python": "3.11.7",
        "commit": "abc1234",
        "uncommitted_changes": True,
        "load_before": 0.25,
        "load_after": 1.75,
    }
    figures = [
        Figure("acknowledgement p50", 12.345, floor=4.0, limit=100.0, note="fine"),
        Figure("times the bare handler", 1.731, "×", limit=1.5),
        Figure("until all was stored", 3.0, "s"),
    ]
    part = Part("webhook under load", figures, {"samples": [1, 2]}, ["floor: processor seconds aws 2.0"], [])
    return Report("2026-11-22T16:00:00Z", machine, {"rate": 100.0, "seconds": 60}, [part])


def test_the_table_has_a_line_per_figure_with_its_verdict(report: Report) -> None:
    lines = [" ".join(line.split()) for line in report.as_text().splitlines()]
    assert "acknowledgement p50 12.3 ms 4 ms ≤ 100 ms met fine" in lines
    assert "times the bare handler 1.73 × ≤ 1.50 × NOT MET" in lines
    assert "until all was stored 3 s" in lines


def test_the_machine_the_commit_and_the_sizes_are_told(report: Report) -> None:
    text = report.as_text()
    for told in (
        "A Processor, 2 cores, 8.0 GiB",
        "abc1234 with uncommitted changes",
        "0.25 before, 1.75 after",
        "rate 100, seconds 60",
    ):
        assert told in text


def test_what_must_never_happen_is_told_last(report: Report) -> None:
    report.parts[0].failures.append("2 acknowledged messages are not stored")
    assert report.failures == ["2 acknowledged messages are not stored"]
    assert report.as_text().splitlines()[-1] == "FAILED: 2 acknowledged messages are not stored"
    assert "Failed: 2 acknowledged messages are not stored." in report.as_markdown()


def test_a_kept_report_is_read_back_as_it_was(report: Report, tmp_path: Path) -> None:
    path = report.write(tmp_path / "bench")
    assert path.name == "20261122T160000Z.json"
    assert Report.read(path) == report


def test_the_newest_run_is_the_one_of_the_latest_name(report: Report, tmp_path: Path) -> None:
    assert newest(tmp_path) is None
    for name in ("20261122T160000Z.json", "20261203T090000Z.json", "20261122T170000Z.json"):
        (tmp_path / name).touch()
    assert newest(tmp_path) == tmp_path / "20261203T090000Z.json"


def test_an_entry_goes_above_the_earlier_ones(report: Report, tmp_path: Path) -> None:
    document = tmp_path / "BENCHMARKS.md"
    document.write_text(f"# Benchmarks\n\n{ENTRIES_MARK}\n### earlier\n")
    record(report, document)
    text = document.read_text()
    assert text.startswith(f"# Benchmarks\n\n{ENTRIES_MARK}\n### 2026-11-22T16:00:00Z\n")
    assert text.endswith("\n\n### earlier\n")
    assert "| times the bare handler | 1.73 × |  | ≤ 1.50 × | NOT MET |  |" in text


def test_an_entry_says_what_else_a_reader_should_know(report: Report, tmp_path: Path) -> None:
    document = tmp_path / "BENCHMARKS.md"
    document.write_text(ENTRIES_MARK)
    record(report, document, "Others used the machine.")
    assert "\n\nOthers used the machine.\n\n**webhook under load**\n" in document.read_text()


def test_a_document_without_a_place_for_entries_is_left_alone(report: Report, tmp_path: Path) -> None:
    document = tmp_path / "BENCHMARKS.md"
    document.write_text("# Something else\n")
    with pytest.raises(ValueError, match=r"BENCHMARKS\.md"):
        record(report, document)
    assert document.read_text() == "# Something else\n"
