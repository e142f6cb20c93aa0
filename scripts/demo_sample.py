"""The small project that the recorded executions of the demo work on.

The rule: file contents only, by path, the same at every call. One test fails on purpose, `load` is
slow on purpose, and two TODOs are there to be found: the recorded queries depend on it.
"""

from __future__ import annotations

from pathlib import Path

_STATS = '''"""Summary statistics of a series of readings."""


def mean(values):
    """The arithmetic mean."""
    return sum(values) / len(values)


def median(values):
    """The middle value."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def rolling_mean(values, window):
    """The mean of every `window` neighbours."""
    # TODO: keep a running sum instead of adding each window up again
    return [mean(values[i : i + window]) for i in range(len(values) - window + 1)]
'''

_LOADER = '''"""Reads the logger's CSV files."""

import csv
from datetime import datetime


def load(path):
    """Return (time, celsius) pairs; of a repeated time only the last one counts."""
    readings = []
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            time = datetime.strptime(row["time"], "%Y-%m-%dT%H:%M")
            readings = [reading for reading in readings if reading[0] != time]
            readings.append((time, float(row["celsius"])))
    return readings
'''

_REPORT = '''"""Prints one line a day."""

from stats import mean, median


def daily(readings):
    """Return {day: (mean, median)} of (time, celsius) pairs."""
    days = {}
    for time, celsius in readings:
        days.setdefault(time.date(), []).append(celsius)
    # TODO: say how many readings a day had
    return {day: (mean(values), median(values)) for day, values in days.items()}
'''

_TESTS = """import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from stats import mean, median, rolling_mean


class TestStats(unittest.TestCase):
    def test_mean(self):
        self.assertEqual(mean([1, 2, 6]), 3)

    def test_median_of_an_odd_number(self):
        self.assertEqual(median([5, 1, 3]), 3)

    def test_median_of_an_even_number(self):
        self.assertEqual(median([4, 1, 3, 2]), 2.5)

    def test_rolling_mean(self):
        self.assertEqual(rolling_mean([1, 2, 3, 4], 2), [1.5, 2.5, 3.5])
"""

_README = """# greenhouse

Turns the temperature logger's CSV files into daily figures.

## Layout

- `src/loader.py` reads a file
- `src/stats.py` has the arithmetic
- `src/report.py` prints one line a day
"""


def _readings() -> str:
    """Two weeks, one reading every ten minutes, from a small integer recurrence."""
    rows, state = ["time,celsius"], 7
    for minute in range(0, 14 * 24 * 60, 10):
        state = (state * 1103515245 + 12345) % 2**31
        day, rest = divmod(minute, 24 * 60)
        celsius = 18 + 6 * (1 - abs(rest / 720 - 1)) + state % 100 / 100
        rows.append(f"2026-03-{day + 1:02d}T{rest // 60:02d}:{rest % 60:02d},{celsius:.2f}")
    return "\n".join(rows) + "\n"


FILES = {
    "README.md": _README,
    "src/stats.py": _STATS,
    "src/loader.py": _LOADER,
    "src/report.py": _REPORT,
    "tests/test_stats.py": _TESTS,
    "data/march.csv": _readings(),
    "reports/2025.txt": "2025-12-31  mean 17.9  median 18.0\n",
}


def write_sample(folder: Path) -> None:
    """Write the project's files below a folder."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
