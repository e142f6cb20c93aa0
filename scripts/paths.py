"""Where things lie in a checkout, and the environment that commands are run in.

The rule: every path is made from the checkout's own root, and no command inherits what would let a
developer's own Claude session, keys or settings leak into a test.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENVS = ROOT / ".venvs"
KERNEL73 = VENVS / "ipykernel73"
RESULTS = ROOT / "test-results"
JS = ROOT / "js"

SCRUBBED = ("ANTHROPIC_", "CLAUDE")
"""Beginnings of the names that no test and no demo kernel inherits."""


def python_of(venv: Path) -> Path:
    """The interpreter of a virtual environment."""
    return venv / "bin" / "python"


def scrubbed(
    environ: Mapping[str, str] | None = None, *, keep: Iterable[str] = ()
) -> dict[str, str]:
    """The environment without the names that begin like one of `SCRUBBED`."""
    kept = frozenset(keep)
    source = os.environ if environ is None else environ
    return {
        name: value
        for name, value in source.items()
        if name in kept or not name.startswith(SCRUBBED)
    }


def activated(environ: Mapping[str, str] | None = None, venv: Path = VENV) -> dict[str, str]:
    """A scrubbed environment in which the commands of `venv` come first on PATH."""
    env = scrubbed(environ)
    env["PATH"] = os.pathsep.join([str(venv / "bin"), env.get("PATH", os.defpath)])
    env["VIRTUAL_ENV"] = str(venv)
    env.pop("PYTHONHOME", None)
    # Every process of the tests would compile the package again, and pytest its own tests.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def say(text: str) -> None:
    """A line for the person at the terminal, in order with the output of the commands run."""
    sys.stdout.flush()
    sys.stderr.flush()
    print(text, flush=True)
