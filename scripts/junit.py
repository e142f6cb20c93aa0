"""Counts of a test run, read from the JUnit file that pytest and vitest both write.

The rule: what was counted comes from the runner's own report, never from its printed text. A report
that is not there or cannot be read counts nothing; the exit code then decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET


@dataclass
class Counts:
    """How many tests passed and failed, and why the skipped ones were."""

    passed: int = 0
    failed: int = 0
    skip_reasons: list[str] = field(default_factory=list)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skip_reasons + other.skip_reasons,
        )


def options(report: str, path: Path) -> list[str]:
    """What makes a runner write its report to `path`."""
    if report == "pytest":
        return [f"--junit-xml={path}"]
    if report == "vitest":
        return ["--", "--reporter=default", "--reporter=junit", f"--outputFile.junit={path}"]
    return []


def read(path: Path) -> Counts:
    """The counts of one report."""
    try:
        root = ET.parse(path).getroot()  # noqa: S314 - our own runner wrote it
    except (OSError, ET.ParseError):
        return Counts()
    counts = Counts()
    for case in root.iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            counts.failed += 1
        elif skipped is None or skipped.get("type") == "pytest.xfail":
            counts.passed += 1
        else:
            counts.skip_reasons.append(skipped.get("message") or case.get("name") or "?")
    return counts
