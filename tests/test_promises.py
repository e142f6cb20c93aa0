"""docs/reliability.md names a test for each promise, and each of them is there."""

from __future__ import annotations

import re

from scripts.paths import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
ROW = re.compile(r"^\| (?!promise|---)(?P<promise>.+?) \| (?P<held_by>.+) \|$", re.MULTILINE)


def test_every_promise_names_tests_that_are_there() -> None:
    files = {str(path.relative_to(ROOT)): path for path in ROOT.glob("tests/**/test_*.py")}
    tests = {
        name for path in files.values() for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    known = tests | set(files)
    rows = ROW.findall(PAGE)
    assert len(rows) > 20
    for promise, held_by in rows:
        named = [
            name for name in re.findall(r"`([\w/.]+)`", held_by) if "test_" in name.split("/")[-1]
        ]
        assert named, promise
        assert set(named) <= known, promise
