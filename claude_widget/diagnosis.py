"""`doctor()`: what this machine has, and what claude_widget would do with it.

The rule: reports and changes nothing; never a secret, only where one comes from.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from claude_widget.discovery import cli_version, find_cli, login_source
from claude_widget.errors import ClaudeWidgetError, CLINotFound
from claude_widget.queue.capacity import default_concurrency
from claude_widget.runtime import runtime_folder
from claude_widget.state_folder import StateFolder, state_path


class Report(BaseModel):
    """What `doctor` found. Printed as a table; `problems` is empty when all is well.

    Attributes:
        is_new: the state folder is not there yet; the first `ProcessManager` makes it.
    """

    model_config = ConfigDict(frozen=True)

    cli_path: str | None
    cli_version: str | None
    login: str
    state_dir: str | None
    runtime_dir: str | None
    max_concurrency: int
    platform: str
    is_new: bool = False
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        rows = [
            ("Claude Code", self.cli_path or "not found"),
            ("version", self.cli_version or "-"),
            ("login", self.login),
            ("state folder", (self.state_dir or "none") + (" (not there yet)" * self.is_new)),
            ("runtime folder", self.runtime_dir or "none"),
            ("runs at once", str(self.max_concurrency)),
            ("platform", self.platform),
        ]
        lines = [f"{name:>15}  {value}" for name, value in rows]
        lines += [f"{'problem':>15}  {problem}" for problem in self.problems]
        return "\n".join(lines)

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        del cycle
        printer.text(str(self))  # type: ignore[attr-defined]


def doctor(
    cli_path: str | os.PathLike[str] | None = None,
    state_dir: str | os.PathLike[str] | None = None,
) -> Report:
    """Look at everything that an execution would need.

    Args:
        cli_path: as for `ProcessManager`.
        state_dir: as for `ProcessManager`.
    """
    problems: list[str] = []
    path = version = state = runtime = None
    try:
        path = find_cli(cli_path)
        version = cli_version(path)
    except CLINotFound as error:
        problems.append(str(error))
    folder = state_path(state_dir)
    is_new = not os.path.lexists(folder)
    try:
        state = str(folder if is_new else StateFolder(folder).path)
        runtime = str(runtime_folder())
    except ClaudeWidgetError as error:
        problems.append(str(error))
    if is_new and (problem := _cannot_be_made(folder)):
        problems.append(problem)
    if sys.platform not in ("linux", "darwin"):
        problems.append(f"Executions cannot be started on {sys.platform}; use WSL.")
    return Report(
        cli_path=None if path is None else str(path),
        cli_version=version,
        login=login_source(),
        state_dir=state,
        runtime_dir=runtime,
        is_new=is_new,
        max_concurrency=default_concurrency(),
        platform=f"{sys.platform}, Python {sys.version.split()[0]}",
        problems=tuple(problems),
    )


def _cannot_be_made(folder: Path) -> str:
    """Why a folder that is not there could not be made; empty if it could."""
    above = next(one for one in folder.parents if one.exists())
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return ""
    why = "is no folder" if not above.is_dir() else "cannot be written to"
    return f"The state folder {folder} cannot be made: {above} {why}."
