"""Trees of files as data: written, read, compared, and looked at as projects are.

The rule: a tree is a dictionary from paths to contents: bytes, or a link's target as a string;
a path that ends in "*" is executable.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from hypothesis import strategies as st

from claude_widget.changes.git_changes import GitState
from claude_widget.changes.observed import Before, Changes, before

Tree = dict[str, bytes | str]

TREE: Tree = {
    "code.py": b"one\ntwo\nthree\n",
    "run.sh*": b"#!/bin/sh\n",
    "picture": bytes(range(256)),
    "deep/er/file": b"deep\n",
    "link": "code.py",
}

NAMES = st.sampled_from(["a", "b", "long name", 'q"t', "b\\s", "ü", "n\nl", "-x", "b b", "\udcff"])
LINES = st.sampled_from(["one\n", "two\n", "\n", "  one\n", "drei ü\r\n", "\f\u2028x\n", "-- a\n"])
TEXTS = st.tuples(st.lists(LINES, max_size=30), st.sampled_from(["", "end"])).map(
    lambda parts: "".join([*parts[0], parts[1]]).encode()
)
CONTENTS = st.one_of(TEXTS, TEXTS, TEXTS, st.binary(max_size=300))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A tree in which no file stands where a folder has to."""
    made: Tree = {}
    for path in draw(st.lists(PATHS, max_size=6, unique=True)):
        clash = any(f"{path}/".startswith(f"{one.rstrip('*')}/") for one in made)
        if clash or any(one.startswith(f"{path}/") for one in made):
            continue
        kind = draw(st.integers(0, 9))
        if kind == 0:
            made[path] = draw(st.sampled_from(["a", "somewhere", "b b/x"]))
        else:
            made[path + "*" * (kind == 1)] = draw(CONTENTS)
    return made


@st.composite
def edits(draw: st.DrawFn, tree: Tree) -> Tree:
    """A tree that has come about from another one: some files as they were, some changed."""
    made = draw(trees())
    kept: Tree = {}
    for path, content in tree.items():
        plain = path.rstrip("*")
        if any(
            one.rstrip("*") == plain
            or one.startswith(f"{plain}/")
            or plain.startswith(f"{one.rstrip('*')}/")
            for one in made
        ):
            continue
        if draw(st.booleans()):
            kept[path] = _edited(draw, content)
    return {**kept, **made}


def _edited(draw: st.DrawFn, content: bytes | str) -> bytes | str:
    lines = content.splitlines(keepends=True) if isinstance(content, bytes) else []
    if not lines or draw(st.booleans()):
        return content
    at = draw(st.integers(0, len(lines)))
    return b"".join([*lines[:at], draw(TEXTS), *lines[at + draw(st.integers(0, 3)) :]])


def write(tree: Tree, folder: Path) -> Path:
    """Make a folder be this tree; what is right already is not touched, nor is git's."""
    folder.mkdir(parents=True, exist_ok=True)
    there = read(folder)
    for path in there:
        if tree.get(path) != there[path]:
            (folder / path.rstrip("*")).unlink()
    for at, _, _ in os.walk(folder, topdown=False):
        if at != str(folder) and "/.git" not in at and not any(Path(at).iterdir()):
            Path(at).rmdir()
    for path, content in tree.items():
        if there.get(path) == content:
            continue
        full = folder / path.rstrip("*")
        full.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            full.symlink_to(content)
        else:
            full.write_bytes(content)
            full.chmod(0o755 if path.endswith("*") else 0o644)
    return folder


def read(folder: Path) -> Tree:
    """The tree that a folder is, without git's own."""
    found: Tree = {}
    for at, folders, files in os.walk(folder):
        if ".git" in folders:
            folders.remove(".git")
        for name in [*files, *(one for one in folders if Path(at, one).is_symlink())]:
            full = Path(at, name)
            path = str(full.relative_to(folder))
            if full.is_symlink():
                found[path] = str(full.readlink())
            elif full.is_file():
                found[path + "*" * bool(full.stat().st_mode & 0o100)] = full.read_bytes()
    return found


def copy(folder: Path, to: Path) -> Path:
    """The same files somewhere else, without git's own."""
    shutil.copytree(folder, to, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    return to


def git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    """What a git command says there, with an author and none of the machine's settings."""
    settings = ("user.name=a", "user.email=a@example.com", "init.defaultBranch=main")
    options = [part for setting in settings for part in ("-c", setting)]
    command = ["git", *options, *arguments]
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent"}
    done = subprocess.run(
        command, cwd=folder, env=env, input=given, capture_output=True, check=True
    )
    return done.stdout


def repository(folder: Path) -> Path:
    """Make a folder a repository whose first commit is what lies there."""
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first", "--allow-empty")
    return folder


def seen(project: Path, act: Callable[[], object], **options: object) -> Changes | None:
    """What an act changed."""
    state = before(project, **options)  # type: ignore[arg-type]
    act()
    return state.after()


def by_git(state: Before) -> bool:
    return isinstance(state._state, GitState)


def edit(project: Path) -> None:
    (project / "code.py").write_text("one\nTWO\nthree\n")
