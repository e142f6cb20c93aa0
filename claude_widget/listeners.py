"""Who is told that an execution has changed, without being told what: the faces.

The rule: a list of callbacks and nothing else. One that raises is logged and harms nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from claude_widget.execution import Execution

_LOG = logging.getLogger(__name__)
Listener = Callable[[Execution | str], None]


class Listeners:
    """Callbacks in the order in which they came. Safe from any thread."""

    def __init__(self) -> None:
        self._all: tuple[Listener, ...] = ()

    def add(self, listener: Listener) -> Callable[[], None]:
        """Tell it from now on; returns what takes that back."""
        self._all = (*self._all, listener)

        def remove() -> None:
            self._all = tuple(one for one in self._all if one is not listener)

        return remove

    def tell(self, execution: Execution | str) -> None:
        """An execution has changed; a forgotten one is told by its id."""
        for listener in self._all:
            try:
                listener(execution)
            except (Exception, SystemExit):  # noqa: BLE001 - logged; the others are told
                _LOG.exception("A listener failed")
