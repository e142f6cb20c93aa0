"""A small disk of the test's own: a tmpfs that can be filled and made read-only.

The rule: who may mount mounts one; else the test runs itself again as root of a user and mount
namespace of its own, and is skipped where that cannot be had either: test_hard_times has the same
disk by a limit on the size of files.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec

import pytest

P = ParamSpec("P")


class Disk:
    """A mounted tmpfs.

    Attributes:
        path: where it is mounted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    @property
    def free(self) -> int:
        """Bytes that can be written."""
        return shutil.disk_usage(self.path).free

    def fill(self) -> None:
        """Take all the room that there is."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def make_room(self) -> None:
        """Give back what `fill` took."""
        self._filler.unlink()

    def remount(self, how: str) -> None:
        """Make it `ro` or `rw`."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.path)], check=True)


@contextmanager
def mounted(path: Path, size: str = "2m") -> Iterator[Disk]:
    """A tmpfs at that path, for as long as it takes."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(path)]
    subprocess.run(command, check=True)
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@functools.cache
def may_mount() -> bool:
    """Whether this process may mount a disk."""
    return os.geteuid() == 0 and _succeeds("unshare", "-m", "true")


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def as_root(test: Callable[P, None]) -> Callable[P, None]:
    """Run a test as root, of a namespace of its own if need be."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        if may_mount():
            test(*args, **kwargs)
            return
        if not _succeeds("unshare", "-Urm", "true"):
            pytest.skip("no disk can be mounted here")
        node = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
        command = ["unshare", "-Urm", sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", node]
        told: Any = subprocess.run(command, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout[-4000:] + told.stderr[-2000:]

    return run
