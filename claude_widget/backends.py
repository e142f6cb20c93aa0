"""Which backend a manager gets: what runs, what plays recordings, and when it is the one or other.

The rule: reads environment variables and the project's file, and decides; nothing is started.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from claude_widget.backend import Backend
from claude_widget.local import DEFAULT_UNATTENDED, DEFAULT_UNWATCHED, LocalBackend
from claude_widget.recordings.backend import RecordedBackend
from claude_widget.recordings.modes import (
    check_mode,
    mode_of,
    only_replays,
    pace_of,
    recordings_of,
)
from claude_widget.recordings.replay import ReplayBackend
from claude_widget.recordings.store import Recordings
from claude_widget.redaction.redactor import Redactor


class Recording(NamedTuple):
    """How a manager records and replays, as its maker gives it; None is what is usual.

    Attributes:
        recordings: the folder of recordings.
        mode: live, record, replay or auto.
        pace: of what is played.
        redact: rules of the user's own for what is secret.
    """

    recordings: str | os.PathLike[str] | None = None
    mode: str | None = None
    pace: float | None = None
    redact: Iterable[str | re.Pattern[str]] = ()


def backend_for(
    backend: Backend | None,
    cli_path: str | os.PathLike[str] | None,
    asked: Recording,
    *,
    unwatched: float | None = DEFAULT_UNWATCHED,
    unattended: float | None = DEFAULT_UNATTENDED,
) -> Backend:
    """What runs a manager's executions.

    Args:
        backend: given by the manager's maker; then neither the environment nor the project's file
            has a say in the mode, but for an environment that has everything replayed. One that
            plays is taken as it is.
        cli_path: the CLI; found anew at every start if None.
        asked: how it records and replays.
        unwatched: see `LocalBackend`.
        unattended: see `LocalBackend`.

    Raises:
        InvalidRequest: a mode, pace or rule is none, or seconds are no positive number.
    """
    base = Path.cwd()
    if backend is None:
        mode = mode_of(asked.mode, base, os.environ)
        backend = LocalBackend(cli_path, unwatched=unwatched, unattended=unattended)
    else:
        mode = check_mode("live" if asked.mode is None else asked.mode, "mode")
        if backend.name == "replay":
            return backend
        mode = "replay" if only_replays(os.environ) else mode
    folder = recordings_of(asked.recordings, base, os.environ)
    kept = Recordings(folder, Redactor(asked.redact))
    player = ReplayBackend(kept, pace=pace_of(asked.pace, os.environ))
    return RecordedBackend(backend, player, mode, base, only_replays=only_replays(os.environ))
