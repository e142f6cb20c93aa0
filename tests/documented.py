"""What docs/reproducible.md says to type, as the tests read and run it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

REPRODUCIBLE = Path(__file__).parents[1] / "docs" / "reproducible.md"


def blocks(language: str) -> list[str]:
    """The page's examples in one language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", REPRODUCIBLE.read_text())


def workflow() -> Any:
    """Its GitHub Actions workflow."""
    (text,) = blocks("yaml")
    return yaml.safe_load(text)


def compare_command() -> str:
    """The command of the workflow that runs and compares notebooks."""
    (command,) = (
        step["run"]
        for step in workflow()["jobs"]["replay"]["steps"]
        if "--nbval" in step.get("run", "")
    )
    return str(command)
