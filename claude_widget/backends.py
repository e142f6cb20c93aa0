"""Which backend a manager gets when its maker names none.

The rule: reads two environment variables and decides; nothing is started.
"""

from __future__ import annotations

import os

from claude_widget.backend import Backend
from claude_widget.errors import InvalidRequest
from claude_widget.local import LocalBackend
from claude_widget.replay import MODE_VARIABLE, RECORDINGS_VARIABLE, ReplayBackend


def backend_of_environment(cli_path: str | os.PathLike[str] | None) -> Backend:
    """The real CLI, unless `CLAUDE_WIDGET_MODE=replay` asks for recordings.

    Raises:
        InvalidRequest: another mode is asked for.
    """
    mode = os.environ.get(MODE_VARIABLE) or "live"
    if mode == "replay":
        return ReplayBackend(os.environ.get(RECORDINGS_VARIABLE) or "recordings")
    if mode != "live":
        raise InvalidRequest(
            f"{MODE_VARIABLE}={mode!r} is no mode.", field="mode", hint="Use live or replay."
        )
    return LocalBackend(cli_path)
