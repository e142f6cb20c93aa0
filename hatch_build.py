"""Build hook: a wheel, an sdist or an editable install never comes without its front end.

The rule: the bundle in claude_widget/static is built by npm only when a file of it is missing (a
checkout of the repository) or when CLAUDE_WIDGET_BUILD_JS=1 asks for it (a release). An sdist
carries the bundle, so installing a release needs no Node. A build that would leave a file out fails
and says what to do; it never packs an empty front end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = Path("claude_widget", "static")
BUNDLE = tuple(
    STATIC / name
    for name in ("loader.js", "widget.js", "widget.css", "highlighter.js", "panels.js")
)
FORCE = "CLAUDE_WIDGET_BUILD_JS"
NO_NPM = (
    "claude-widget: the front end ({missing}) is not built, and npm was not found.\n"
    "Install Node.js 20.19 or newer and try again, or install a released wheel or sdist: "
    "those carry the front end and need no Node.js."
)
NPM_FAILED = (
    "claude-widget: `{command}` in js/ ended with exit code {code}; its messages are above.\n"
    "The front end needs Node.js 20.19 or newer and a reachable npm registry."
)
STILL_MISSING = "claude-widget: the front end was built, but {missing} did not come out of it."


def missing(root: Path) -> list[Path]:
    """The files of the bundle that are not there."""
    return [path for path in BUNDLE if not (root / path).is_file()]


def listed(paths: list[Path]) -> str:
    """Paths as a message names them."""
    return ", ".join(path.as_posix() for path in paths)


def build(root: Path) -> None:
    """Run npm in js/; raise RuntimeError when it is not there or fails."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(NO_NPM.format(missing=listed(missing(root)) or "as forced"))
    commands = [["run", "build"]]
    if not _installed(root / "js"):
        commands.insert(0, ["ci", "--omit=dev", "--no-audit", "--no-fund"])
    for command in commands:
        code = subprocess.run([npm, *command], cwd=root / "js", check=False).returncode
        if code != 0:
            raise RuntimeError(NPM_FAILED.format(command=" ".join(["npm", *command]), code=code))


def _installed(js: Path) -> bool:
    """Whether npm has installed this lock already: a developer's own modules are left alone."""
    done, lock = js / "node_modules" / ".package-lock.json", js / "package-lock.json"
    return done.is_file() and done.stat().st_mtime >= lock.stat().st_mtime


class FrontEndHook(BuildHookInterface[Any]):
    """See the module."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before every build; `version` is "standard" or "editable"."""
        del version, build_data
        root = Path(self.root)
        if missing(root) or os.environ.get(FORCE) == "1":
            build(root)
        if left := missing(root):
            raise RuntimeError(STILL_MISSING.format(missing=listed(left)))
