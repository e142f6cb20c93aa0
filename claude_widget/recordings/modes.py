"""Which mode executions are started in, and where their recordings are.

The rule: from what is given, the environment and the project's file to a decision. It reads one
small file and starts nothing. What a project brings with it can only make starts cheaper.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

from claude_widget.errors import InvalidRequest, end_of
from claude_widget.models import Mode
from claude_widget.own_files import open_any

MODE_VARIABLE = "CLAUDE_WIDGET_MODE"
"""`live`, `record`, `replay` or `auto`."""
RECORDINGS_VARIABLE = "CLAUDE_WIDGET_RECORDINGS"
"""The folder of recordings."""
PACE_VARIABLE = "CLAUDE_WIDGET_PACE"
"""How fast recordings are played: 0 (the default) at once, 1 as recorded, 2 twice as fast."""
PROJECT_FILE = Path(".claude_widget", "config.toml")
"""In the notebook's folder or one above it, up to the repository's root."""
MODES = get_args(Mode)
_OF_PROJECTS = ("replay", "auto")
_LARGEST = 64 << 10
"""Bytes of the project's file."""


def mode_of(given: str | None, folder: Path, environ: Mapping[str, str]) -> Mode:
    """The mode that counts: the argument, else the environment's, else the project's, else live.

    Of the environment `replay` counts before all others (`only_replays`).

    Args:
        given: the manager's argument.
        folder: the notebook's.
        environ: the kernel's environment.

    Raises:
        InvalidRequest: one of them is no mode, or the project's file chooses what it may not.
    """
    if given is not None:
        given = check_mode(given, "mode")
        return "replay" if only_replays(environ) else given
    if named := environ.get(MODE_VARIABLE):
        return check_mode(named, MODE_VARIABLE)
    return _of_project(folder) or "live"


def only_replays(environ: Mapping[str, str]) -> bool:
    """Whether the environment has everything replayed, whatever a notebook or a start asks for.

    Who runs notebooks of others, as CI does, trusts that nothing is started and nothing is paid.
    """
    return environ.get(MODE_VARIABLE) == "replay"


def check_mode(given: object, named: str) -> Mode:
    """That mode.

    Raises:
        InvalidRequest: it is none.
    """
    if given in MODES:
        return cast("Mode", given)
    raise InvalidRequest(
        f"{named}={given!r} is no mode.", field="mode", hint=f"Use one of {', '.join(MODES)}."
    )


def recordings_of(
    given: str | os.PathLike[str] | None, folder: Path, environ: Mapping[str, str]
) -> Path:
    """The folder of recordings: the argument, else the environment's, else beside the notebook."""
    named = given if given is not None else environ.get(RECORDINGS_VARIABLE) or "recordings"
    return Path(os.path.normpath(folder / Path(named).expanduser()))


def pace_of(given: float | None, environ: Mapping[str, str]) -> float:
    """How fast recordings are played; 0 is at once.

    Raises:
        InvalidRequest: it is no pace.
    """
    named, said = ("pace", given) if given is not None else (PACE_VARIABLE, None)
    asked: Any = said if said is not None else environ.get(PACE_VARIABLE) or "0"
    try:
        pace = float(asked)
    except (TypeError, ValueError):
        pace = -1.0
    if not 0 <= pace < float("inf"):
        raise InvalidRequest(
            f"{named}={asked!r} is no pace.", field="pace", hint="1 is as recorded, 0 at once."
        )
    return pace


def _of_project(folder: Path) -> Mode | None:
    """What the project's file chooses; None where there is none."""
    for place in (folder, *folder.parents):
        file = place / PROJECT_FILE
        if file.exists():
            return _mode_in(file)
        if (place / ".git").exists():
            return None
    return None


def _mode_in(file: Path) -> Mode | None:
    """The mode that a project's file chooses.

    Raises:
        InvalidRequest: it cannot be read, or says anything else.
    """
    try:
        with os.fdopen(open_any(file), "rb") as opened:
            said = tomllib.loads(opened.read(_LARGEST).decode())
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or error  # without the path, as end_of has it
        raise _refused(file, f"cannot be read: {why}") from None
    mode = said.pop("mode", None)
    if said:
        raise _refused(file, f"has {min(said)!r}, which is nothing that it can choose")
    if mode is not None and mode not in _OF_PROJECTS:
        raise _refused(file, f"chooses mode {mode!r}")
    return cast("Mode | None", mode)


def _refused(file: Path, problem: str) -> InvalidRequest:
    return InvalidRequest(
        f"{end_of(str(file), 3)} {problem}.",
        field="mode",
        hint='A project\'s file may hold `mode = "replay"` or `mode = "auto"`, and nothing else.',
    )
