"""What the benchmarks do with their figures: bounds that are stretched, tables, and the plot.

The rule: nothing is timed here; the seconds are given.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import calibration, measure, plot, report
from benchmarks.calibration import REFERENCE_SECONDS, Pace


@pytest.mark.parametrize(
    ("times", "stretch"), [(0.1, 1.0), (1.0, 1.0), (2.0, 2.0), (100.0, calibration.MOST)]
)
def test_bounds_are_stretched_on_a_slow_machine_and_never_tightened(
    times: float, stretch: float
) -> None:
    pace = Pace(REFERENCE_SECONDS * times, REFERENCE_SECONDS)
    assert calibration.slowness([pace] * 3) == pytest.approx((stretch, 1.0))


def test_only_what_is_timed_is_stretched(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = [Pace(2 * REFERENCE_SECONDS, REFERENCE_SECONDS)]
    monkeypatch.setattr(calibration, "paces", lambda: slow)

    def run(_quick: bool) -> list[measure.Figure]:
        found = [measure.allowed("seconds", [0.3], 0.2)]
        found.append(measure.allowed("processor", [0.2], 0.2, timed="cpu"))
        found.append(measure.allowed("bytes", [3.0], 2.0, unit="bytes", timed=""))
        return found

    seconds, cpu, size = measure.measured("some", run, quick=True)
    assert (seconds.limit, seconds.kept) == (2.0, True)
    assert seconds.ratio == pytest.approx(1.5), "the plain figure stays"
    assert (cpu.limit, cpu.kept) == (1.0, True)
    assert (size.limit, size.kept) == (1.0, False)


def test_a_broken_bound_is_measured_once_more_after_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calibration, "paces", lambda: [Pace(REFERENCE_SECONDS, REFERENCE_SECONDS)])
    monkeypatch.setattr("sys.argv", ["benchmarks", "import_time", "memory", "warm"])
    rounds = {"import_time": iter([0.3, 0.1]), "memory": iter([0.1]), "warm": iter([0.3, 0.4])}
    order: list[str] = []
    told: list[measure.Figure] = []

    def module(name: str) -> Any:
        one = name.removeprefix("benchmarks.")

        def run(_quick: bool) -> list[measure.Figure]:
            order.append(one)
            return [measure.allowed("seconds", [next(rounds[one])], 0.2)]

        return SimpleNamespace(run=run)

    def tell(figures: list[measure.Figure], **_: object) -> int:
        told.extend(figures)
        return 0

    monkeypatch.setattr(benchmarks, "import_module", module)
    monkeypatch.setattr(report, "tell", tell)
    assert benchmarks.main() == 0
    assert order == ["import_time", "memory", "warm", "import_time", "warm"]
    assert [one.kept for one in told] == [True, True, False]


def test_table_has_the_plain_bound_beside_the_stretched_one() -> None:
    figure = replace(measure.allowed("a | b", [0.3], 0.2), stretch=2.0, benchmark="some")
    (row,) = report.rows([figure])
    assert row[:4] == ("1.500", "1.000", "2.000", "ok")
    text = report.markdown([figure], {"machine": "this"})
    assert text.splitlines()[-1].startswith("| 1.500 | 1.000 | 2.000 | ok |")
    assert "a \\| b" in text
    assert "- machine: this" in text


def test_every_benchmark_is_named_and_documented() -> None:
    folder = Path(report.__file__).parent
    found = {path.stem for path in folder.glob("*.py") if "\ndef run(quick" in path.read_text()}
    assert found == set(benchmarks.NAMES)
    documented = (measure.ROOT / "docs" / "performance.md").read_text()
    assert [name for name in benchmarks.NAMES if f"| `{name}` |" not in documented] == []


def test_plot_is_a_picture_of_the_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [["ours & theirs", [[10, 0.1], [100, 0.2]]], ["peer", [[10, 1], [100, 10]]]]
    about = {"machine": "m", "Python": "3", "date": "2026-01-01T00:00"}
    kept = tmp_path / "growth.json"
    kept.write_text(json.dumps({"about": about, "charts": [["t", "frames", "MB", lines]]}))
    monkeypatch.setattr(plot, "IMAGE", tmp_path / "growth.svg")
    plot.draw(kept)
    root = ET.parse(tmp_path / "growth.svg").getroot()
    names = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert (names.count("polyline"), names.count("circle")) == (2, 4)
