"""Isolation on request: bubblewrap around the CLI, so that it sees no more than it needs.

The rule: from a request to the command that starts the CLI, and whether this machine can do that;
where it cannot, it is said, and nothing is ever started without. What is not named here is not
there: the home folder and the system's temp folder are empty ones of the execution's own. The shim
stays outside, and sees the whole of it end with bubblewrap, which holds it in a process namespace.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from claude_widget import command
from claude_widget.discovery import config_folder
from claude_widget.errors import SandboxUnavailable
from claude_widget.models import ExecutionRequest
from claude_widget.own_files import make_own
from claude_widget.worktrees.worktree import Worktree

BUBBLEWRAP = "bwrap"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix")
"""Read-only in there, where they are."""
_LATE = ("/etc/resolv.conf",)
"""Of the system, but often links to what lies elsewhere."""
_TRIAL_BOUND = 10.0
_PACKAGE_LEVELS = 4


@dataclass(frozen=True)
class Places:
    """What the CLI of one execution needs beside its project.

    Attributes:
        cli: its executable, links resolved.
        folder: the run folder.
        scratch: its own temp folder.
        worktree: what its project's folder is one of; None if it works in the project itself.
    """

    cli: Path
    folder: Path
    scratch: Path
    worktree: Worktree | None = None


def check_sandbox(request: ExecutionRequest, env: Mapping[str, str]) -> None:
    """See that this machine can isolate an execution as it asks for.

    Args:
        request: what was asked for; without `sandbox="bubblewrap"` there is nothing to see.
        env: the environment that the CLI would get.

    Raises:
        SandboxUnavailable: it cannot, with the reason and what to do.
    """
    if request.sandbox != "bubblewrap":
        return
    if sys.platform != "linux":
        raise SandboxUnavailable(
            f"bubblewrap is for Linux; this is {sys.platform}.",
            hint="sandbox='cli' has Claude Code isolate its commands by what the system offers.",
        )
    found = shutil.which(BUBBLEWRAP)
    if found is None:
        raise SandboxUnavailable(
            "There is no bwrap on PATH.",
            hint="Install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap).",
        )
    problem = _problem_with(found)
    if problem:
        _problem_with.cache_clear()  # it may be put right while this kernel lives
        raise SandboxUnavailable(
            f"bubblewrap cannot isolate anything here: {problem}.",
            hint="The kernel must allow user namespaces (sysctl user.max_user_namespaces, "
            "kernel.apparmor_restrict_unprivileged_userns), also inside of a container.",
        )
    _check_home(request, env)


def _check_home(request: ExecutionRequest, env: Mapping[str, str]) -> None:
    home = _home(env)
    for field, folders in (
        ("project_path", (request.project_path,)),
        ("add_dirs", request.add_dirs),
    ):
        for folder in folders:
            if home.is_relative_to(folder):
                raise SandboxUnavailable(
                    f"{field}: {folder} holds the home folder, which is to be held back.",
                    hint="Give a folder below it.",
                )


@functools.cache
def _problem_with(bwrap: str) -> str:
    """Why bubblewrap does not work here, by a trial; empty if it does."""
    command_line = [bwrap, *_NAMESPACES, *_system(), *_OWN, "--", "/bin/true"]
    try:
        done = subprocess.run(
            command_line,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRIAL_BOUND,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = done.stderr.decode("utf-8", "replace").strip()
    return "" if done.returncode == 0 else said or f"exit code {done.returncode}"


_NAMESPACES = (
    "--die-with-parent",
    "--unshare-user-try",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--cap-drop",
    "ALL",
)
"""Of its own: processes, so that it can neither see nor signal others, and reads none of their
files through /proc. The network is shared: the CLI needs it."""
_OWN = ("--dev", "/dev", "--proc", "/proc")


def isolated(
    argv: Sequence[str], request: ExecutionRequest, places: Places, env: Mapping[str, str]
) -> list[str]:
    """The command that starts the CLI in its sandbox.

    Args:
        argv: the CLI's own arguments, its executable first.
        request: what was asked for.
        places: where its files are.
        env: the environment that the CLI gets.
    """
    home, temp = _home(env), places.scratch / "tmp"
    config = config_folder(env)
    mounts = [*_system(), *_OWN, "--tmpfs", str(home), "--bind", str(temp), "/tmp"]  # noqa: S108
    for path in _program(places.cli, home):
        mounts += ["--ro-bind", str(path), str(path)]
    for path in (config, *_own_config(env)):
        mounts += ["--bind-try", str(path), str(path)]
    mounts += ["--tmpfs", str(config / "sessions")]  # named by pids, which are its own in there
    tree = places.worktree
    if tree is not None:  # what git runs outside must not be for an agent to write
        mounts += ["--ro-bind", str(tree.repository), str(tree.repository)]
    project = request.project_path if tree is None else tree.path
    for folder in (places.scratch, project, *request.add_dirs):
        mounts += ["--bind", str(folder), str(folder)]
    for name in command.files(request):
        path = places.folder / name
        mounts += ["--ro-bind", str(path), str(path)]
    return [
        shutil.which(BUBBLEWRAP) or BUBBLEWRAP,
        *_NAMESPACES,
        *mounts,
        *("--setenv", "TMPDIR", "/tmp"),  # noqa: S108 - the execution's own
        *("--chdir", request.project_path),
        "--",
        *argv,
    ]


def prepare(places: Places, env: Mapping[str, str]) -> None:
    """Make the folders that are mounted: the temp folder, and the CLI's config folder."""
    make_own(places.scratch / "tmp")
    make_own(config_folder(env))


def _home(env: Mapping[str, str]) -> Path:
    return Path(env.get("HOME") or Path.home()).resolve()


def _system() -> list[str]:
    """The system's folders read-only; where one is a link, the same link."""
    found: list[str] = []
    for path in map(Path, _SYSTEM):
        if path.is_symlink():
            found += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            found += ["--ro-bind", str(path), str(path)]
    for path in map(Path, _LATE):
        target = path.resolve()
        if target != path and target.is_file():
            found += ["--ro-bind", str(target), str(target)]
    return found


def _own_config(env: Mapping[str, str]) -> Iterator[Path]:
    """What the CLI keeps beside its config folder, unless that was chosen."""
    if not env.get("CLAUDE_CONFIG_DIR"):
        yield config_folder(env).with_name(".claude.json")


def _program(cli: Path, home: Path) -> Iterator[Path]:
    """The CLI's files: its executable, or for a script its package and its interpreter."""
    interpreter = _interpreter(cli)
    if interpreter is None:
        yield cli
        return
    yield _package(cli, home)
    prefix = interpreter.parents[1]
    whole = interpreter.parent.name == "bin" and prefix.name != ".local"
    yield prefix if whole and not home.is_relative_to(prefix) else interpreter


def _interpreter(script: Path) -> Path | None:
    """The program that a script's first line names, links resolved; None for what is no script."""
    with script.open("rb") as file:
        first = file.readline(1000)
    if not first.startswith(b"#!"):
        return None
    words = os.fsdecode(first[2:]).split()
    if words and Path(words[0]).name == "env":
        named = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        return Path(shutil.which(named[0]) or named[0]).resolve() if named else None
    return Path(words[0]).resolve() if words else None


def _package(script: Path, home: Path) -> Path:
    """The folder of the package that a script belongs to, else the script's own."""
    for folder in list(script.parents)[:_PACKAGE_LEVELS]:
        if home.is_relative_to(folder):
            break
        if (folder / "package.json").is_file():
            return folder
    return script if home.is_relative_to(script.parent) else script.parent
