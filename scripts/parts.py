"""The parts of `make test`, in the order they run.

The rule: data only. A part has the set-up steps that it needs, the commands it runs and a bound in
seconds; `scripts.run_tests` does the rest. Every check of the project is in exactly one part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from scripts.paths import JS, ROOT, VENV, python_of

PYTHON = str(python_of(VENV))
RECORDINGS = ROOT / "notebooks" / "recordings"


@dataclass(frozen=True)
class Command:
    """One command of a part.

    `report` says how its tests are counted: "pytest" and "vitest" write a JUnit file, anything else
    counts as one test, passed when the command ends with 0.
    """

    argv: tuple[str, ...]
    report: str = ""
    cwd: Path = ROOT


@dataclass(frozen=True)
class Part:
    """A named group of commands; each runs even when the one before it failed."""

    name: str
    about: str
    commands: tuple[Command, ...]
    needs: tuple[str, ...] = ("python",)
    bound: float = 300
    env: dict[str, str] = field(default_factory=dict)


def python(*argv: str) -> Command:
    """A command of the environment's Python."""
    return Command((PYTHON, *argv))


def pytest(*argv: str) -> Command:
    """A pytest run."""
    return Command((PYTHON, "-m", "pytest", "-q", *argv), report="pytest")


def pytest_in(processes: int, *argv: str) -> Command:
    """A pytest run in several processes: much of its time is waiting for others to start."""
    return pytest(f"--numprocesses={processes}", "--dist=loadgroup", *argv)


def npm(*argv: str, report: str = "") -> Command:
    """A script of js/package.json."""
    return Command(("npm", "run", "--silent", *argv), report=report, cwd=JS)


PARTS = (
    Part(
        "lint",
        "ruff and biome",
        (python("-m", "ruff", "check"), python("-m", "ruff", "format", "--check"), npm("lint")),
        needs=("python", "npm"),
    ),
    Part(
        "types",
        "mypy and tsc, and the TypeScript types generated from the protocol",
        (python("-m", "mypy"), npm("typecheck"), npm("check:types")),
        needs=("package",),
    ),
    Part("ts", "the TypeScript tests", (npm("test", report="vitest"),), needs=("npm",)),
    Part(
        "unit",
        "the Python tests",
        (pytest_in(6, "tests"),),
        needs=("package", "isolation"),
        bound=600,
    ),
    Part(
        "cli",
        "the real CLI against a scripted API",
        (pytest_in(4, "tests/cli"),),
        needs=("package", "isolation"),
        bound=600,
    ),
    Part(
        "notebooks",
        "every notebook, offline, from its recordings: the outputs are those that are saved",
        (
            pytest(
                "--numprocesses=2",
                "--dist=loadfile",  # the cells of a notebook have one kernel
                "-p",
                "nbval.plugin",
                "--nbval",
                "--nbval-current-env",
                "--nbval-sanitize-with",
                "claude_widget/nbval_sanitize.cfg",
                "-o",
                "timeout=0",
                "notebooks",
            ),
        ),
        needs=("package",),
        env={"CLAUDE_WIDGET_MODE": "replay"},  # as their own file says, or nothing would be free
    ),
    Part(
        "ui",
        "JupyterLab, Notebook 7 and marimo in Chromium, and JupyterLab in Firefox",
        (pytest_in(3, "tests/ui"),),
        needs=("package", "kernel73", "browser"),
        bound=1100,
    ),
    Part(
        "packaging",
        "sdist and wheel, and a wheel without Node.js",
        (pytest("tests/test_packaging.py"),),
        needs=("package",),
        bound=600,
    ),
    Part(
        "bench",
        "the benchmarks' bounds",
        (python("-m", "benchmarks", "--quick"),),
        needs=("package",),
        bound=600,
    ),
)
BY_NAME = {part.name: part for part in PARTS}
