"""Git as it is run in the user's own repository, where a worktree is made, read or removed.

The rule: no program runs that the repository names, since an agent may have written its settings:
no hook, no file watcher, no filter of its own. Filters of the user's own settings do run (large
files that lie elsewhere), because git makes a work tree with them. No prompt, no network of git's,
no variable of the caller's that would lead git elsewhere, and a bound in time for all of it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from claude_widget.changes.git_commands import GitFailed
from claude_widget.worktrees.errors import WorktreeUnavailable

OLDEST = (2, 33)
"""The first git that says why a worktree is locked while it makes it."""
QUICK = 30.0
"""Seconds for what reads or writes little."""
_INHERITED = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "SUDO_UID"),
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"),
    *("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"),
    *("GIT_LFS_SKIP_SMUDGE", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"),
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)
"""Of the caller's environment: what the user's own filters need, and who the user is."""
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.untrackedCache": "false",
    "core.splitIndex": "false",
    "core.pager": "cat",
    "protocol.allow": "never",
    "submodule.recurse": "false",
    "worktree.useRelativePaths": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
}
"""These outrank the repository's."""
_NAMED = re.compile(r"(filter|hook)\.(.+)\.([^.]+)", re.IGNORECASE | re.DOTALL)
_FILTER = {"clean": "", "smudge": "", "process": "", "required": "false"}
"""A filter that does nothing: where there is a process, even an empty one, git asks no other."""
_USERS = ("system", "global", "command")
_TRIES = 6
_LOCKED = re.compile(r"\.lock'?: File exists|Unable to create '[^']*\.lock'|could not lock")


def find_git() -> str:
    """The executable.

    Raises:
        WorktreeUnavailable: there is none, or it is too old.
    """
    path = shutil.which("git")
    if path is None:
        raise WorktreeUnavailable(
            "There is no git on PATH, and a worktree is made by git.",
            why="no_git",
            hint="Install git, or start without worktree=True.",
        )
    said = _version_of(path, Path(path).stat().st_mtime_ns)
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        raise WorktreeUnavailable(
            f"{said or path} is too old to make worktrees with.",
            why="no_git",
            hint=f"Install git {OLDEST[0]}.{OLDEST[1]} or later.",
        )
    return path


@functools.cache
def _version_of(path: str, _: int) -> str:
    """What it says of itself; asked once, as long as it is the same file."""
    done = subprocess.run(
        [path, "version"], capture_output=True, text=True, timeout=QUICK, check=False
    )
    return done.stdout.strip()


class UserGit:
    """Git in one repository of the user's.

    Args:
        path: the executable.
        folder: where it runs, such as the project.
        env: variables on top, such as GIT_DIR, where git must not look for the repository itself.
        settings: those that keep it harmless there, if they were found just now; None finds them.

    Raises:
        GitFailed: its settings cannot be read.

    Attributes:
        filters_left: filters that only the repository's own settings have: they do not run.
    """

    def __init__(
        self,
        path: str,
        folder: Path,
        env: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._path = path
        self._folder = folder
        self.filters_left: tuple[str, ...] = ()
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self._env = inherited | _QUIET | dict(env or {}) | _as_env(settings or _SETTINGS)
        self._settings = settings or _SETTINGS | self._without_its_programs()
        self._env |= _as_env(self._settings)

    def at(self, folder: Path, env: Mapping[str, str] | None = None) -> UserGit:
        """The same in another folder of the repository, whose settings were read just now.

        Args:
            folder: where it runs.
            env: variables on top.
        """
        return UserGit(self._path, folder, env, self._settings)

    def _without_its_programs(self) -> dict[str, str]:
        """Settings that take the programs away which the repository's own settings name."""
        asked = ("config", "--show-scope", "-z", "--get-regexp", r"^(filter|hook)\.")
        parts = [os.fsdecode(part) for part in self.run(*asked, fine=(0, 1)).split(b"\0")]
        users: dict[str, str] = {}
        own: dict[str, set[str]] = {}
        off: dict[str, str] = {}
        for scope, setting in zip(parts[::2], parts[1::2], strict=False):
            name, is_set, value = setting.partition("\n")
            found = _NAMED.fullmatch(name)
            if found is None or scope in _USERS:
                users[name] = value if is_set else "true"
            elif found[1].lower() == "hook":
                off[f"hook.{found[2]}.enabled"] = "false"
            else:
                own.setdefault(found[2], set()).add(found[3].lower())
        for filter_name, ways in sorted(own.items()):
            names = {way: f"filter.{filter_name}.{way}" for way in _FILTER}
            is_users = any(name in users for name in names.values())
            if is_users and ("process" not in ways or names["process"] in users):
                off |= {
                    names[way]: users.get(names[way], _FILTER[way]) for way in ways & _FILTER.keys()
                }
                continue
            off |= {names[way]: nothing for way, nothing in _FILTER.items()}
            self.filters_left = (*self.filters_left, filter_name)
        return off

    def run(
        self,
        *args: str,
        given: bytes | BinaryIO = b"",
        seconds: float = QUICK,
        fine: tuple[int, ...] = (0,),
        env: Mapping[str, str] | None = None,
    ) -> bytes:
        """What one command says; one that meets another's lock is tried again for some seconds.

        Args:
            args: of git.
            given: its standard input, as bytes or as an open file.
            seconds: its bound, with all that it starts.
            fine: exit codes that are no failure.
            env: variables on top.

        Raises:
            GitFailed: it failed, or took longer; `said` is its last words.
        """
        for left in range(_TRIES, -1, -1):
            code, told, said = self._once(args, given, seconds, env or {})
            if code in fine:
                return told
            if not left or not _LOCKED.search(said):
                raise GitFailed(f"git {args[0]}: {said[-600:] or f'exit code {code}'}")
            time.sleep(random.uniform(0.1, 0.4))  # noqa: S311 - so that two do not meet again
        raise AssertionError

    def line(self, *args: str) -> str:
        """The one line that a command says, without its end; a path may hold newlines itself.

        Raises:
            GitFailed: it failed.
        """
        return os.fsdecode(self.run(*args).removesuffix(b"\n"))

    def _once(
        self,
        args: tuple[str, ...],
        given: bytes | BinaryIO,
        seconds: float,
        env: Mapping[str, str],
    ) -> tuple[int, bytes, str]:
        source, sent = (subprocess.PIPE, given) if isinstance(given, bytes) else (given, None)
        command = [self._path, *args]
        try:
            with _started(command, self._folder, {**self._env, **env}, source) as process:
                told, said = process.communicate(sent, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise GitFailed(f"git {args[0]} did not end within {seconds:g} s") from None
        except OSError as error:
            raise GitFailed(f"git {args[0]}: {error}") from error
        return process.returncode, told, said.decode("utf-8", "replace").strip()


def _as_env(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as variables: a name may hold what would be a value's beginning in an argument."""
    made = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        made |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return made


@contextlib.contextmanager
def _started(
    command: list[str], folder: Path, env: Mapping[str, str], source: int | BinaryIO
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is gone at the end, with those of its session: a filter may be a script."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(env),
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
