"""How figures are told: a table for the terminal, the same as Markdown and JSON in files.

The rule: it measures nothing. Ratios come first; then what they were made of; and beside them what
they depend on: the machine, the versions and the date.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measure import ROOT, Figure
from claude_widget import doctor
from scripts.browsers import CHROMIUM

FOLDER = ROOT / "build" / "benchmarks"
_PACKAGES = ("claude-widget", "claude-agent-sdk", "ipywidgets", "pydantic", "jupyterlab")
_HEAD = ("ratio", "bound", "stretched", "", "rounds", "from", "to", "ours", "peer", "figure")


def rows(figures: Sequence[Figure]) -> list[tuple[str, ...]]:
    """One row for each figure, the ratio first."""
    return [_row(one) for one in figures]


def _row(one: Figure) -> tuple[str, ...]:
    low, high = one.spread or (one.ratio, one.ratio)
    return (
        _number(one.ratio),
        "-" if one.bound is None else _number(one.bound),
        _number(one.limit) if one.limit is not None and one.timed else "",
        "" if one.bound is None else "ok" if one.kept else "BROKEN",
        str(one.rounds),
        _number(low),
        _number(high),
        one.ours,
        one.peer,
        f"{one.benchmark}: {one.name}",
    )


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 100 else f"{value:.0f}"


def table(figures: Sequence[Figure]) -> str:
    """For the terminal."""
    lines = [_HEAD, *rows(figures)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(_HEAD))]
    shown = []
    for row in lines:
        cells = [cell.rjust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
        shown.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(shown)


def markdown(figures: Sequence[Figure], about: dict[str, str]) -> str:
    """The same for a reader of files."""
    lines = ["# Benchmarks", ""]
    lines += [f"- {name}: {value}" for name, value in about.items()]
    lines += ["", _line(_HEAD), _line(["---"] * len(_HEAD)), *map(_line, rows(figures)), ""]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def surroundings(*, quick: bool) -> dict[str, str]:
    """What the figures depend on."""
    memory = psutil.virtual_memory().total / 2**30
    found = {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "form": "quick" if quick else "full",
        "machine": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} "
        f"{platform.release()}",
        "load before": ", ".join(f"{one:.1f}" for one in os.getloadavg()),
        "Python": platform.python_version(),
    }
    found |= {name: _version(name) for name in _PACKAGES}
    return {**found, "Claude Code CLI": _cli(), "browser": _browser()}


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _cli() -> str:
    """The CLI of this machine. No benchmark runs it; the frames are those that it has printed."""
    return str(doctor().cli_version or "none")


def _browser() -> str:
    path = CHROMIUM.find()
    if path is None:
        return "none"
    command = [str(path), "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def tell(figures: Sequence[Figure], *, quick: bool, as_json: bool) -> int:
    """Print them, and keep them as files; the exit code is 1 when a bound is broken."""
    about = surroundings(quick=quick)
    said = [{**asdict(one), "limit": one.limit, "kept": one.kept} for one in figures]
    document: dict[str, Any] = {"about": about, "figures": said}
    text = json.dumps(document, indent=1)
    if as_json:
        print(text)
    else:
        print("\n".join(f"{name}: {value}" for name, value in about.items()), end="\n\n")
        print(table(figures))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in (("figures.json", text + "\n"), ("figures.md", markdown(figures, about))):
        (FOLDER / name).write_text(content)
        print(FOLDER / name, file=sys.stderr)
    return int(not all(one.kept for one in figures))
