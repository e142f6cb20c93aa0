"""Where the tests' real CLI is, and the environment that it runs in.

The rule: nothing of the machine's own set-up reaches it. The environment is made from nothing: a
PATH, folders below the test's own, the scripted API's address and a made-up key; whatever would
talk to another address is off. A missing CLI is a failure with the command that installs it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

CLI_VARIABLE = "CLAUDE_WIDGET_TEST_CLI"
PINNED_CLI = Path(__file__).parents[1] / "js" / "node_modules" / ".bin" / "claude"
MADE_UP_KEY = "sk-ant-api03-made-up-for-tests"
_PATH = "/usr/local/bin:/usr/bin:/bin"
_NAMED = os.environ.get(CLI_VARIABLE)  # read at import: a test's own environment is scrubbed


def find_real_cli() -> str:
    """Return the path of the CLI to test against; fail, never skip, when there is none."""
    path = Path(_NAMED) if _NAMED else PINNED_CLI
    if os.access(path, os.X_OK) and path.is_file():
        return str(path.absolute())
    raise AssertionError(
        f"No real CLI at {path}. Install the pinned one with `npm ci` in js/, "
        f"or point {CLI_VARIABLE} at one."
    )


def cli_environment(folder: Path, api_url: str, **more: str) -> dict[str, str]:
    """Return the whole environment for the CLI, with its homes made below `folder`."""
    home, config, temp = folder / "home", folder / "config", folder / "temp"
    for each in (home, config, temp):
        each.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": _path(),
        "HOME": str(home),
        "TMPDIR": str(temp),
        "LANG": "C.UTF-8",
        "SHELL": "/bin/bash",
        "CLAUDE_CONFIG_DIR": str(config),
        "ANTHROPIC_BASE_URL": api_url,
        "ANTHROPIC_API_KEY": MADE_UP_KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_AUTOUPDATER": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **more,
    }


def _path() -> str:
    """Return the plain PATH, with Node's folder when Node is somewhere else."""
    node = shutil.which("node")
    if node is None or str(Path(node).parent) in _PATH.split(":"):
        return _PATH
    return f"{_PATH}:{Path(node).parent}"
