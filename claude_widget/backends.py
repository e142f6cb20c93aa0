"""Which backend a manager gets when its maker names none.

The rule: reads environment variables and decides; nothing is started.
"""

from __future__ import annotations

import os

from claude_widget.backend import Backend
from claude_widget.errors import InvalidRequest
from claude_widget.local import DEFAULT_UNATTENDED, DEFAULT_UNWATCHED, LocalBackend
from claude_widget.replay import (
    MODE_VARIABLE,
    PACE_VARIABLE,
    RECORDINGS_VARIABLE,
    ReplayBackend,
)


def backend_of_environment(
    cli_path: str | os.PathLike[str] | None,
    *,
    unwatched: float | None = DEFAULT_UNWATCHED,
    unattended: float | None = DEFAULT_UNATTENDED,
) -> Backend:
    """The real CLI, unless `CLAUDE_WIDGET_MODE=replay` asks for recordings.

    Args:
        cli_path: the CLI; found anew at every start if None.
        unwatched: see `LocalBackend`.
        unattended: see `LocalBackend`.

    Raises:
        InvalidRequest: another mode is asked for, or seconds are no positive number.
    """
    mode = os.environ.get(MODE_VARIABLE) or "live"
    if mode == "replay":
        return ReplayBackend(os.environ.get(RECORDINGS_VARIABLE) or "recordings", pace=_pace())
    if mode != "live":
        raise InvalidRequest(
            f"{MODE_VARIABLE}={mode!r} is no mode.", field="mode", hint="Use live or replay."
        )
    return LocalBackend(cli_path, unwatched=unwatched, unattended=unattended)


def _pace() -> float:
    given = os.environ.get(PACE_VARIABLE) or "1"
    try:
        pace = float(given)
    except ValueError:
        pace = -1.0
    if not 0 <= pace < float("inf"):
        raise InvalidRequest(
            f"{PACE_VARIABLE}={given!r} is no pace.",
            field="pace",
            hint="1 is as recorded, 0 at once.",
        )
    return pace
