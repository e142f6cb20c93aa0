"""Which managers of this process are open: a magic and a cell's value find theirs here.

The rule: it keeps weak references only; a manager that nobody holds is none.
"""

from __future__ import annotations

import weakref
from typing import Any, ClassVar, Self

from claude_widget.execution import Execution


class OpenManagers:
    """A manager among the open ones of this process."""

    _open: ClassVar[list[weakref.ref[Any]]] = []

    def get_execution(self, execution_id: str) -> Execution | None:
        """The execution of that id, or None."""
        raise NotImplementedError

    def holds(self, execution: Execution) -> bool:
        """Whether it is this manager's."""
        return self.get_execution(execution.execution_id) is execution

    def _opened(self) -> None:
        self._open.append(weakref.ref(self))

    def _not_open(self) -> None:
        self._open[:] = [ref for ref in self._open if ref() is not self]

    @classmethod
    def latest(cls) -> Self | None:
        """The manager made last in this process that is not closed, or None."""
        cls._open[:] = [ref for ref in cls._open if ref() is not None]
        return cls._open[-1]() if cls._open else None

    @classmethod
    def holding(cls, execution: Execution) -> Self | None:
        """The open manager of this process that an execution belongs to, or None."""
        managers = [manager for ref in cls._open if (manager := ref()) is not None]
        return next((one for one in managers if one.holds(execution)), None)
