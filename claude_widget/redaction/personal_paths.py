"""Where a text says whose it is: the home folder, and the user's name in paths and addresses.

The rule: pure. The home folder becomes `~`, also as the CLI names a project's folder after its
path; the name becomes `user` as a part of a path or before a host, and nowhere else, since a name
may be any word. Names that every machine has tell nothing, and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

HOME, USER = "~", "user"
_OF_USERS = ("/home/", "/Users/", "/users/", "/media/", "/scratch/", "~")
"""What stands before a user's name and before no other."""
_NOBODY = re.compile(
    "root|user|admin|administrator|nobody|ubuntu|debian|vagrant|docker|jovyan|runner|vscode|node"
    "|codespaces?|ec2-user|app|home",
    re.IGNORECASE,
)
_ENDS = r"(?![\w-]|\.\w)"
"""No longer name; a full stop may follow."""
_ANYBODY = re.compile(rf"(?<![\w.~-])/(?:(?:home|Users)/\w[\w.-]*(?<!\.)|root{_ENDS})")


class Mention(NamedTuple):
    """A part of a text that says whose it is.

    Attributes:
        start: its first character.
        end: the character after its last one.
        instead: what it becomes.
    """

    start: int
    end: int
    instead: str


class PersonalPaths:
    """Finds them.

    Args:
        homes: the home folder, in each way in which it is written; none at all, too.
        user: the user's name; empty for nobody.
        sure: the name is found only where it can be nothing else, as below `/home/`: in a project
            of somebody called "data" or "test", folders of that name are the project's.
        anybody: everybody's home folder is found, as far as it lies where systems put them.
    """

    def __init__(
        self, homes: Sequence[PurePath], user: str, *, sure: bool = False, anybody: bool = False
    ) -> None:
        user = "" if _NOBODY.fullmatch(user) else user
        folders = {str(home) for home in homes if home.is_absolute() and len(home.parts) > 1}
        by_length = sorted(folders, key=lambda folder: (-len(folder), folder))
        self._patterns = [
            (literal, re.compile(pattern), HOME)
            for folder in by_length
            for literal, pattern in _folder(folder, user)
        ]
        if anybody:
            self._patterns.append(("/", _ANYBODY, HOME))
        if user:
            self._patterns += [(user, re.compile(one), USER) for one in _name(user, sure=sure)]
        self._name = re.compile(rf"(?<=-){re.escape(as_folder_name(user))}(?![A-Za-z0-9])")
        self._in_names = bool(user) and not sure

    def found(self, text: str) -> Iterator[Mention]:
        """Where they stand, in no order, overlapping or not."""
        for literal, pattern, instead in self._patterns:
            if literal not in text:  # a hundred times as fast as the pattern, and true of most
                continue
            for found in pattern.finditer(text):
                yield Mention(*found.span(), instead)
        if self._in_names and "/-" in text:
            for folder in _FOLDER_NAME.finditer(text):
                for found in self._name.finditer(text, *folder.span()):
                    yield Mention(*found.span(), USER)


_FOLDER_NAME = re.compile("(?<=/)-[A-Za-z0-9-]+")


def as_folder_name(path: str) -> str:
    """A path as the CLI names a project's folder after it."""
    return re.sub("[^A-Za-z0-9]", "-", path)


def _name(user: str, *, sure: bool) -> Iterator[str]:
    """Patterns of the user's name."""
    name = re.escape(user)
    yield rf"(?<![\w.+-]){name}(?=@[A-Za-z0-9])"
    if sure:
        yield rf"(?:{'|'.join(f'(?<={before})' for before in _OF_USERS)}){name}{_ENDS}"
    else:
        yield rf"(?:(?<=/)|(?<=~)){name}{_ENDS}"
        yield rf"(?<![\w./~%+@-]){name}(?=/\w)"


def _folder(folder: str, user: str) -> Iterator[tuple[str, str]]:
    """Patterns of one home folder, each with what any text has that it matches.

    One of a single part (`/root`) is found only where a path begins, since many a path has a part
    of that name; so is one that has the user's name in it, which is found by itself elsewhere.
    """
    parts = PurePath(folder).parts
    single = len(parts) == 2
    begins = r"(?<![\w.~-])" if single or (user and user in parts) else ""
    yield folder, rf"{begins}{re.escape(folder)}{_ENDS}"
    begins, named = "(?<=/)" if single else "(?<![A-Za-z0-9-])", as_folder_name(folder)
    yield named, rf"{begins}{re.escape(named)}(?![A-Za-z0-9])"
