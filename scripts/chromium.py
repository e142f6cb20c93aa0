"""Finds a Chromium for the browser tests, and installs Debian's where that is possible.

The rule: a browser named by CHROMIUM wins, then one on PATH, then the usual place on macOS. Only on
Debian-like systems, and only as root or with a sudo that asks no password, is one installed. When
there is none in the end, `SetupFailed` says what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from scripts.failure import SetupFailed
from scripts.paths import say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
PACKAGES = ("chromium", "fonts-dejavu-core")
ADVICE = (
    "The browser tests need Chromium: install it (Debian: apt-get install chromium), "
    "or name one with CHROMIUM=/path/to/chromium."
)


def find() -> Path | None:
    """The Chromium to use, or None."""
    named = os.environ.get("CHROMIUM")
    if named:
        path = Path(named)
        if not path.is_file():
            raise SetupFailed(f"CHROMIUM={named} is not a file.")
        return path
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    return next((path for path in MACOS if path.is_file()), None)


def ensure() -> Path:
    """The Chromium to use, installed first if need be."""
    found = find()
    if found is not None:
        return found
    install()
    found = find()
    if found is None:
        raise SetupFailed(f"Chromium was installed but is not on PATH. {ADVICE}")
    return found


def install() -> None:
    """Debian's Chromium by apt-get, or `SetupFailed`."""
    if shutil.which("apt-get") is None:
        raise SetupFailed(f"No Chromium, and no apt-get to install one. {ADVICE}")
    root = _root()
    if root is None:
        raise SetupFailed(f"No Chromium, and no rights to install one. {ADVICE}")
    say("set-up: Debian's Chromium, by apt-get")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *PACKAGES],
    ):
        done = subprocess.run(
            [*root, *command],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            tail = "\n".join(done.stdout.splitlines()[-15:])
            raise SetupFailed(f"`{' '.join(command)}` failed:\n{tail}\n{ADVICE}")


def _root() -> list[str] | None:
    """What to put before a command to run it as root; None when that is not possible."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if (
        sudo
        and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return [sudo, "-n"]
    return None
