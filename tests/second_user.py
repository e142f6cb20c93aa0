"""A real second user: what another person on the same machine can do to us, done by one.

The rule: the kernel decides, no mode bits are trusted. As root the second user is a user id that
nobody has; otherwise one of our subordinate ids, in a user namespace. Where neither is possible the
tests that ask for one fail by name: that they were not run must not look like that they passed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

NOBODYS_ID = 54_321
_CLONE_NEWUSER = 0x10000000
_INSIDE = 1


class SecondUser:
    """Runs functions as another user, each in a process of its own.

    Attributes:
        uid: as this user sees it.
    """

    def __init__(self) -> None:
        self.uid = NOBODYS_ID if os.geteuid() == 0 else _subordinate("/etc/subuid")

    def run(self, act: Callable[[], Any]) -> Any:
        """What a function returns as the other user; the name of the error if it raises one."""
        with self._process(act) as (said, _):
            return json.loads(said.readline())

    @contextlib.contextmanager
    def doing(self, act: Callable[[], Any]) -> Iterator[Any]:
        """Run a function as the other user, whose process lives until the end of the block."""
        with self._process(act) as (said, _):
            yield json.loads(said.readline())

    @contextlib.contextmanager
    def _process(self, act: Callable[[], Any]) -> Iterator[tuple[Any, int]]:
        answer, answer_end = os.pipe()
        stays, stays_end = os.pipe()
        ready, ready_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(answer)
            os.close(stays_end)
            _child(act, (ready_end, answer_end, stays), self.uid)
        for end in (answer_end, stays, ready_end):
            os.close(end)
        try:
            with os.fdopen(answer) as said:
                if os.read(ready, 1) == b"n":
                    _map_ids(pid)
                yield said, pid
        finally:
            os.close(ready)
            os.close(stays_end)
            os.waitpid(pid, 0)


def _child(act: Callable[[], Any], ends: tuple[int, int, int], uid: int) -> NoReturn:
    """Become the other user, act, tell, and stay until nobody wants it any more."""
    ready, answer, stays = ends
    try:
        try:
            _become(uid, ready)
            said = act()
        except BaseException as error:  # noqa: BLE001 - told to the test
            said = type(error).__name__
        os.write(answer, json.dumps(said).encode() + b"\n")
        os.read(stays, 1)
    finally:
        os._exit(0)


def _become(uid: int, ready: int) -> None:
    if os.geteuid() == 0:
        os.write(ready, b"y")
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    os.write(ready, b"n")
    while not Path("/proc/self/uid_map").read_text().strip():
        os.sched_yield()
    os.setresgid(_INSIDE, _INSIDE, _INSIDE)
    os.setresuid(_INSIDE, _INSIDE, _INSIDE)


def _map_ids(pid: int) -> None:
    for tool, own, file in (
        ("newgidmap", os.getgid(), "/etc/subgid"),
        ("newuidmap", os.getuid(), "/etc/subuid"),
    ):
        ids = ["0", str(own), "1", str(_INSIDE), str(_subordinate(file)), "1"]
        subprocess.run([tool, str(pid), *ids], check=True)


def _subordinate(file: str) -> int:
    """The first subordinate id of this user.

    Raises:
        LookupError: it has none.
    """
    import pwd  # noqa: PLC0415 - not on every system

    names = (pwd.getpwuid(os.getuid()).pw_name, str(os.getuid()))
    with contextlib.suppress(OSError):
        for line in Path(file).read_text().splitlines():
            name, first, _ = line.split(":")
            if name in names:
                return int(first)
    raise LookupError(f"{file} gives this user no ids")


def second_user_or_fail() -> SecondUser:
    """A second user, seen to be one; else the test fails, and says what it would take."""
    advice = (
        "This test needs a real second user: run it as root, or on Linux with user namespaces, "
        "newuidmap and newgidmap (Debian: uidmap) and ids in /etc/subuid and /etc/subgid."
    )
    if sys.platform == "linux" and os.geteuid() != 0 and shutil.which("newuidmap") is None:
        pytest.fail(advice)
    try:
        user = SecondUser()
        seen = user.run(os.getuid)
    except (OSError, LookupError, subprocess.CalledProcessError) as error:
        pytest.fail(f"{advice} ({error})")
    if seen not in (user.uid, _INSIDE):
        pytest.fail(f"{advice} ({seen})")
    return user


@pytest.fixture
def second_user() -> SecondUser:
    """Another user of this machine."""
    return second_user_or_fail()


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that everybody may enter."""
    path = Path(tempfile.mkdtemp(prefix="cw-reach-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def theirs(reachable: Path, second_user: SecondUser) -> Path:
    """A folder of the second user's, open to all, as an attacker would leave it."""
    folder = reachable / "theirs"
    folder.mkdir()
    folder.chmod(0o777)

    def make() -> str:
        own = folder / "own"
        own.mkdir()
        own.chmod(0o777)
        return str(own)

    return Path(second_user.run(make))
