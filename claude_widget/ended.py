"""What is kept in memory of an execution that has ended: its fold as one short text.

The rule: no I/O. A kernel may know thousands of them, and as models each takes several times that.
"""

from __future__ import annotations

import json

from claude_widget.models import ExecutionInfo


class Ended:
    """The fold of one that has ended.

    Attributes:
        status: what it ended as.
    """

    __slots__ = ("_text", "status")

    def __init__(self, info: ExecutionInfo) -> None:
        self.status = info.status
        known = info.model_dump(mode="json", exclude_defaults=True)
        self._text = json.dumps(known, separators=(",", ":")).encode()

    @property
    def info(self) -> ExecutionInfo:
        """All of it, read anew on each call."""
        return ExecutionInfo.model_validate(json.loads(self._text))
