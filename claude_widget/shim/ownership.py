"""Whose execution this is: as its transcript says, then as managers take it over from another.

The rule: one owner at a time. A manager names the one that it takes over from, and is refused if
that is not the owner any more, so that of several that try exactly one succeeds. Whether an owner
lives is not known here.
"""

import json
from typing import Any

from . import records

_LONGEST = 16_384
"""Characters of an owner as JSON."""


class Ownership:
    """The owner of one execution; looked up when somebody first asks."""

    def __init__(self) -> None:
        self._owner: dict[str, Any] | None = None

    @property
    def owner(self) -> dict[str, Any]:
        """Who owns it now."""
        if self._owner is None:
            self._owner = told_owner("transcript")
        return self._owner

    def take(self, owner: dict[str, Any], instead_of: str) -> bool:
        """Whether it is that owner's from now on: only if the one named is the owner until now."""
        if self.owner.get("manager_id", "") != instead_of:
            return False
        self._owner = owner
        return True


def told_owner(path: str) -> dict[str, Any]:
    """The owner that a transcript names last before its CLI was started; empty if it names none."""
    found: object = None
    try:
        with open(path, "rb") as file:
            for line in file:
                _, stream, data = line.split(b" ", 2)
                if stream == records.META:
                    said = json.loads(data)
                    if said["event"] == "spawned":
                        break
                    found = said.get("owner", found)
    except (OSError, ValueError, KeyError):
        return {}  # the file was taken away or spoilt: then nobody may take the execution over
    return found if isinstance(found, dict) else {}


def as_owner(said: object) -> dict[str, Any] | None:
    """What can be written down as an owner, or None."""
    if not isinstance(said, dict) or not isinstance(said.get("manager_id"), str):
        return None
    plain = all(isinstance(part, (str, int, float)) for part in said.values())
    return said if plain and len(json.dumps(said)) <= _LONGEST else None
