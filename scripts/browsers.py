"""Finds the browsers of the browser tests, and installs Debian's where that is possible.

The rule: a browser named by its variable (CHROMIUM, FIREFOX) wins, then one on PATH, then the usual
place on macOS. Only on Debian-like systems, and only as root or with a sudo that asks no password,
is one installed; all that are missing at once. When there is none in the end, `SetupFailed` says
what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.failure import SetupFailed
from scripts.paths import say

_FONTS = "fonts-dejavu-core"


@dataclass(frozen=True)
class Browser:
    """A browser that tests are run in.

    Attributes:
        name: what people call it.
        package: Debian's.
        commands: what it may be called on PATH.
        macos: where it may be on macOS.
    """

    name: str
    package: str
    commands: tuple[str, ...]
    macos: tuple[str, ...]

    @property
    def variable(self) -> str:
        """Environment variable that names another one."""
        return self.name.upper()

    @property
    def advice(self) -> str:
        """What a person can do who has none."""
        return (
            f"The browser tests need {self.name}: install it (Debian: apt-get install "
            f"{self.package}), or name one with {self.variable}=/path/to/it."
        )

    def find(self) -> Path | None:
        """The one to use, or None.

        Raises:
            SetupFailed: the one that is named is not there.
        """
        named = os.environ.get(self.variable)
        if named:
            path = Path(named)
            if not path.is_file():
                raise SetupFailed(f"{self.variable}={named} is not a file.")
            return path
        for command in self.commands:
            if found := shutil.which(command):
                return Path(found)
        places = (Path("/Applications") / place for place in self.macos)
        return next((path for path in places if path.is_file()), None)

    def ensure(self) -> Path:
        """The one to use, installed first if need be."""
        ensure(self)
        found = self.find()
        if found is None:
            raise SetupFailed(f"{self.name} was installed but is not on PATH. {self.advice}")
        return found


CHROMIUM = Browser(
    "Chromium",
    "chromium",
    ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    ("Chromium.app/Contents/MacOS/Chromium", "Google Chrome.app/Contents/MacOS/Google Chrome"),
)
FIREFOX = Browser(
    "Firefox", "firefox-esr", ("firefox-esr", "firefox"), ("Firefox.app/Contents/MacOS/firefox",)
)


def ensure(*browsers: Browser) -> None:
    """Install those that are missing: Debian's, by apt-get.

    Raises:
        SetupFailed: that cannot be done, or did not work.
    """
    missing = [browser for browser in browsers if browser.find() is None]
    if not missing:
        return
    names = " and ".join(browser.name for browser in missing)
    advice = " ".join(browser.advice for browser in missing)
    if shutil.which("apt-get") is None:
        raise SetupFailed(f"No {names}, and no apt-get to install from. {advice}")
    install([*(browser.package for browser in missing), _FONTS], names, advice)


def install(packages: list[str], names: str, advice: str) -> None:
    """Install packages of Debian's.

    Args:
        packages: which.
        names: what people call them.
        advice: what a person can do where that fails.

    Raises:
        SetupFailed: there are no rights to, or it did not work.
    """
    root = _root()
    if root is None:
        raise SetupFailed(f"No {names}, and no rights to install. {advice}")
    say(f"set-up: Debian's {names}, by apt-get")
    _run([*root, "apt-get", "update", "-q"], advice)
    options = ("-q", "-y", "--no-install-recommends")
    _run([*root, "apt-get", "install", *options, *packages], advice)


def _run(command: list[str], advice: str) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise SetupFailed(f"`{' '.join(command)}` failed:\n{tail}\n{advice}")


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
