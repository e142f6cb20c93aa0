"""Git as it is run to look at a project: every command, with what keeps it harmless.

The rule: a repository is a stranger's. Its settings can name programs (filters, a file watcher,
hooks, pagers), so none that could is asked of it, and ours outrank the rest; no network, no
prompts, no variables of the caller's environment that git or a program of it would follow. What is
written goes to a git folder of ours, made by hand, so that no template has a say in it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("-c", "core.untrackedCache=false", "-c", "safe.bareRepository=explicit"),
    *("-c", "protocol.allow=never"),
)
"""These outrank the settings of a repository."""
_INHERITED = ("PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME", "SUDO_UID")
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C",
}
_OWN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_CONFIG = "[core]\nrepositoryformatversion = 0\nfilemode = true\nlooseCompression = 0\n"
_RAW = "* -text -eol -crlf -ident -filter -working-tree-encoding\n"


class GitFailed(OSError):
    """Git refused or failed; nothing can be known through it."""


@dataclass(frozen=True)
class Repository:
    """What is read of the user's repository.

    Attributes:
        top: its work tree.
        objects: its folder of objects.
        index: its index, which may not be there.
        usable: its objects have the names that ours have.
    """

    top: Path
    objects: Path
    index: Path
    usable: bool


class Git:
    """Git in one project.

    Args:
        path: the executable.
        project: the folder, links resolved.
        own: where our git folder is to be made.
        seconds: the bound of each command.

    Raises:
        GitFailed: git will not work there.
    """

    def __init__(self, path: str, project: Path, own: Path, seconds: float) -> None:
        self._path = path
        self._project = project
        self._own = own
        self._seconds = seconds
        self.index = own / "index"
        self._plain = {name: os.environ[name] for name in _INHERITED if name in os.environ} | _QUIET
        self.repository = self._found()
        self._made = {
            **self._plain,
            **_OWN,
            "GIT_DIR": str(own),
            "GIT_WORK_TREE": str(self.repository.top),
            "GIT_INDEX_FILE": str(self.index),
        }
        for name, text in (("HEAD", "ref: refs/heads/none\n"), ("config", _CONFIG)):
            own.mkdir(parents=True, exist_ok=True)
            (own / name).write_text(text)
        for name in ("objects", "refs", "info"):
            (own / name).mkdir()
        (own / "info" / "attributes").write_text(_RAW)

    # -- the user's repository, which is read ----------------------------------------------------

    def _found(self) -> Repository:
        asked = ("--show-object-format", "--show-toplevel")
        paths = ("--git-path", "objects", "--git-path", "index")
        told = self._run(self._plain, "rev-parse", "--path-format=absolute", *asked, *paths)
        try:
            names, *lines = told.splitlines()
            top, objects, index = (Path(os.fsdecode(line)) for line in lines)
        except ValueError as error:
            raise GitFailed("git names other places than were asked for") from error
        if not self._project.is_relative_to(top.resolve()):
            raise GitFailed(f"its work tree is {top}")
        ignored = ("check-ignore", "-z", "--stdin")
        if self._run(self._plain, *ignored, given=_joined([str(self._project)]), fine=(0, 1)):
            raise GitFailed("its repository ignores it")
        return Repository(top, objects, index, names == b"sha1")

    def listed(self, left: Iterable[str]) -> list[tuple[str, str]]:
        """The files below the project that are tracked, or are neither tracked nor ignored.

        Args:
            left: names of folders in which nothing is listed that is not tracked.

        Returns:
            Of each its tag ("?" if it is not tracked) and its path.
        """
        without = [f"--exclude={name}/" for name in sorted(left)]
        which = ("--cached", "--others", "--exclude-standard", *without)
        lines = _split(self._run(self._plain, "ls-files", "-z", "-t", *which))
        return [(line[0], line[2:]) for line in lines]

    def filtered(self, paths: Sequence[str]) -> set[str]:
        """Those of the paths whose contents go through a program, by the project's attributes."""
        asked = ("check-attr", "-z", "--stdin", "filter")
        told = _split(self._run(self._plain, *asked, given=_joined(paths)))
        return {
            path
            for path, value in zip(told[::3], told[2::3], strict=True)
            if value not in ("unspecified", "unset")
        }

    # -- our own git folder, which is written ----------------------------------------------------

    def indexed(self) -> list[tuple[str, int, str, str]]:
        """The entries of our index below the project: tag, mode, id and path."""
        if not self.index.exists():
            return []
        found = []
        for line in _split(self._run(self._made, "ls-files", "-z", "-v", "-s")):
            facts, _, path = line.partition("\t")
            tag, mode, name, stage = facts.split(" ")
            found.append((tag if stage == "0" else "M", int(mode, 8), name, path))
        return found

    def note(self, paths: Sequence[str]) -> None:
        """Bring the entries of these paths up to date with their files."""
        if paths:
            ways = ("--add", "--remove", "--replace", "-z", "--stdin")
            self._run(self._made, "update-index", *ways, given=_joined(paths))

    def forget(self, paths: Sequence[str]) -> None:
        """Take these paths out of our index."""
        if paths:
            ways = ("--force-remove", "-z", "--stdin")
            self._run(self._made, "update-index", *ways, given=_joined(paths))

    def sizes(self, names: Sequence[str]) -> list[int]:
        """The lengths of contents in bytes; -1 of what cannot be read."""
        asked = ("cat-file", "--batch-check=%(objectsize)")
        told = self._run(self._reading(), *asked, given="".join(f"{n}\n" for n in names).encode())
        return [int(line) if line.isdigit() else -1 for line in told.splitlines()]

    @contextlib.contextmanager
    def contents(self) -> Iterator[Callable[[str], bytes]]:
        """Something that gives the content of an id, for as long as one look may take."""
        command = [self._path, *_SAFE, "cat-file", "--batch"]
        with subprocess.Popen(
            command,
            cwd=self._project,
            env=self._reading(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            late = threading.Timer(self._seconds, process.kill)
            late.daemon = True
            late.start()
            try:
                yield lambda name: _content(process, name)
            finally:
                late.cancel()
                process.kill()

    def _reading(self) -> dict[str, str]:
        """With the objects of the user's repository: only for what does not write."""
        if not self.repository.usable:
            return self._made
        objects = str(self.repository.objects).replace("\\", r"\\").replace('"', r"\"")
        return {**self._made, "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{objects}"'}

    def _run(
        self, env: dict[str, str], *args: str, given: bytes = b"", fine: tuple[int, ...] = (0,)
    ) -> bytes:
        try:
            done = subprocess.run(
                [self._path, *_SAFE, *args],
                cwd=self._project,
                env=env,
                input=given,
                capture_output=True,
                timeout=self._seconds,
                check=False,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise GitFailed(f"git {args[0]}: {error}") from error
        if done.returncode not in fine:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise GitFailed(f"git {args[0]}: {said[-300:]}")
        return done.stdout


def _content(process: subprocess.Popen[bytes], name: str) -> bytes:
    sent, got = process.stdin, process.stdout
    if sent is None or got is None:
        raise GitFailed("git cat-file has no pipes")
    sent.write(f"{name}\n".encode())
    sent.flush()
    head = got.readline().split()
    if len(head) != 3 or head[1] != b"blob":
        raise GitFailed(f"git has no content {name} any more")
    data = got.read(int(head[2]))
    got.read(1)
    return data


def _split(told: bytes) -> list[str]:
    return [os.fsdecode(line) for line in told.split(b"\0")[:-1]]


def _joined(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)
