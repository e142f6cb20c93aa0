"""What a test run counted and which tests failed, from the JUnit file of pytest or vitest.

The rule: what was counted comes from the runner's own report, never from its printed text. A report
that is not there or cannot be read counts nothing; the exit code then decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

MESSAGE = 200
"""Characters of a failed test's message that the summary shows."""


@dataclass
class Counts:
    """How many tests passed and failed, which failed, and why the skipped ones were."""

    passed: int = 0
    failed: int = 0
    skip_reasons: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skip_reasons + other.skip_reasons,
            self.failures + other.failures,
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
        if (failure := case.find("failure")) is None:
            failure = case.find("error")
        if failure is not None:
            counts.failed += 1
            counts.failures.append(told(case, failure))
        elif skipped is None or skipped.get("type") == "pytest.xfail":
            counts.passed += 1
        else:
            counts.skip_reasons.append(skipped.get("message") or case.get("name") or "?")
    return counts


def told(case: ET.Element, failure: ET.Element) -> str:
    """A failed test on one line: its name and how its message begins."""
    name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
    message = (failure.get("message") or failure.text or "").strip().partition("\n")[0]
    return f"{name}: {message[:MESSAGE]}"
