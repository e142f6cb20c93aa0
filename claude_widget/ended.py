"""What is kept in memory of an execution that has ended: its fold as one short text.

The rule: no I/O. A kernel may know thousands of them, and as models each takes several times that.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from claude_widget.models import ExecutionInfo

_NOBODY: Mapping[str, Any] = MappingProxyType({})


class Ended:
    """The fold of one that has ended.

    Attributes:
        status: what it ended as.
        start_time, end_time: from when to when it ran, in epoch seconds, where that is known.
        attempt: which attempt it was, from 1.
        attempt_of: id of the first attempt, where it was a further one.
        owner: whose it was, as far as its transcript says; one object for all that were theirs.
        recording_key: of its recording, if it is to have one.
        session_id: of its session, if it had one.
        text: all of it, as a JSON object without what is as it would be by default.
    """

    __slots__ = (
        "attempt",
        "attempt_of",
        "end_time",
        "owner",
        "recording_key",
        "session_id",
        "start_time",
        "status",
        "text",
    )

    def __init__(self, info: ExecutionInfo, owner: Mapping[str, Any] = _NOBODY) -> None:
        self.status = info.status
        self.start_time, self.end_time = info.start_time, info.end_time
        self.attempt, self.attempt_of = info.attempt, info.attempt_of
        self.recording_key, self.session_id = info.recording_key, info.session_id
        self.owner = _shared(tuple(owner.items()))
        known = info.model_dump(mode="json", exclude_defaults=True)
        self.text = json.dumps(known, separators=(",", ":")).encode()

    @property
    def info(self) -> ExecutionInfo:
        """All of it, read anew on each call."""
        return ExecutionInfo.model_validate(json.loads(self.text))


@functools.lru_cache(maxsize=256)
def _shared(owner: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    """The same object for the same owner."""
    return MappingProxyType(dict(owner)) if owner else _NOBODY
