"""What a cell shows of an execution: live while it runs, its static result once it has ended.

The rule: it displays and replaces outputs; what they hold is the widget's and the static view's. An
output is replaced once, by its display id: in the cell that waited for the end, so that whoever
runs a notebook without a page keeps it there; else in its turn among all messages to the page.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from claude_widget.cells.static_view import MimeBundle
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.connected import Connected
from claude_widget.page.courier import COURIER, MESSAGES_PER_SECOND
from claude_widget.page.widget import ClaudeWidget, ExecutionView, bundle_of

Forget = Callable[[], None]
"""Ends what was begun."""
_PLAYED_WITHIN = 5.0
"""Seconds in which what was replayed at once has been read."""
_LIVE: dict[str, LiveOutput] = {}
"""By display id: outputs that are not yet replaced."""
_BETWEEN: dict[str, LiveOutput] = {}
"""Those that were replaced while no cell ran: who runs a notebook without a page has not heard."""


class LiveOutput:
    """One output of a cell: live, and its static result once what it shows has ended.

    An outlet of the courier from then on until that result is in place.
    """

    watching = False

    def __init__(self, view: Connected, listen: Callable[[Callable[[], None]], Forget]) -> None:
        self._display_id = uuid.uuid4().hex
        self._lock = threading.RLock()
        self._static = self._shown = False
        self._in_cell = _CELLS.there_are()
        _LIVE[self._display_id] = self
        self._view = view
        self._stop = listen(self._note)
        display(self._view, display_id=self._display_id)
        self._shown = True
        if self.ended:
            self.settle()

    @property
    def ended(self) -> bool:
        """What it shows has ended."""
        raise NotImplementedError

    def _result(self) -> MimeBundle:
        """What is left of it."""
        raise NotImplementedError

    def _note(self) -> None:
        """What it shows has changed; on any thread."""
        if self.ended and not self._in_cell:
            self._take_turn()

    def leave_cell(self, *, settle: bool) -> None:
        """A cell has run to its end; this output's own, or a later one.

        Args:
            settle: if what it shows has ended, put its result in place at once, while whatever
                runs the cell still listens.
        """
        self._in_cell = False
        if not self.ended:
            return
        if settle:
            self.settle()
        else:
            self._take_turn()

    def _take_turn(self) -> None:
        with self._lock:
            if not self._static:
                COURIER.remove(self)  # it may stand in line already
                COURIER.add(self)

    def send_one(self) -> bool:
        """Put the static result in place, if nothing goes on by now; on the courier's thread."""
        return self.ended and self.settle()

    def say_result(self) -> None:
        """Replace the output; a second time changes nothing of it."""
        display(self._result(), raw=True, display_id=self._display_id, update=True)

    def settle(self) -> bool:
        """Put the static result in the view's place; the first call does it, and says so."""
        with self._lock:
            if self._static or not self._shown:  # what is not shown yet sees to it itself
                return False
            self._static = True
            self._stop()
            COURIER.remove(self)
            if _CELLS.none_runs:
                _BETWEEN[self._display_id] = self
            self.say_result()
            _LIVE.pop(self._display_id, None)  # a cell that ends meanwhile waits for what is said
            if not self._view.has_later_page:  # a later page goes on showing the view
                self._view.close()
            return True


class CellOutput(LiveOutput):
    """One output of a cell, showing one execution."""

    def __init__(self, manager: ProcessManager, execution: Execution) -> None:
        self._execution = execution

        def listen(note: Callable[[], None]) -> Forget:
            return manager.on_change(lambda changed: note() if changed is execution else None)

        super().__init__(ExecutionView(manager, execution), listen)

    @property
    def ended(self) -> bool:
        """Its execution has ended."""
        return self._execution.status.ended

    def _result(self) -> MimeBundle:
        return bundle_of(self._execution)


class PlayedOutput:
    """One output of a cell, showing one execution that was replayed at once: its static result.

    There is nothing to watch, and whoever compares outputs finds the same from the first moment on.
    """

    def __init__(self, execution: Execution) -> None:
        display(bundle_of(execution), raw=True)

    def settle(self) -> bool:
        """It is settled."""
        return False


class _Cells:
    """Whether a cell runs, and what is done at its end."""

    def __init__(self) -> None:
        self._running = False
        self._shell: InteractiveShell | None = None

    def there_are(self) -> bool:
        """Whether this is in a cell, whose end will be told."""
        shell = get_ipython()
        if shell is None:
            return False
        if shell is not self._shell:
            self._shell = shell
            self._running = True
            shell.events.register("pre_execute", self._begin)
            shell.events.register("post_execute", self._end)
        return True

    @property
    def none_runs(self) -> bool:
        """This is a notebook's kernel, and just now between two cells."""
        return self._shell is not None and not self._running

    def _begin(self) -> None:
        self._running = True

    def _end(self) -> None:
        """Put results in place in the cell that waited for them: a second's worth of messages.

        Whoever runs a notebook without a page hears what is said while a cell runs, and no more.
        """
        unheard = list(_BETWEEN)[:MESSAGES_PER_SECOND]
        for display_id in unheard:
            _BETWEEN.pop(display_id).say_result()
        self._running = False  # what another thread says from now on may come too late
        live = list(_LIVE.items())
        ended = [one for one, output in live if output.ended]
        settled = ended[: MESSAGES_PER_SECOND - len(unheard)]
        for display_id, output in live:
            output.leave_cell(settle=display_id in settled)
        for display_id in settled:
            _BETWEEN.pop(display_id, None)  # it was said in this cell


_CELLS = _Cells()


_DASHBOARDS: dict[str, ClaudeWidget] = {}
"""By manager: what shows it, wherever and however often it is displayed."""


def dashboard_of(manager: ProcessManager) -> ClaudeWidget:
    """The one dashboard of a manager, or another one once that is closed."""
    found = _DASHBOARDS.get(manager.manager_id)
    if found is None or found.comm is None:
        found = _DASHBOARDS[manager.manager_id] = ClaudeWidget(manager)
    return found


_VIEWS: dict[str, ExecutionView] = {}
"""By execution: what shows it where outputs are not replaced."""


def widget_of(
    manager: ProcessManager, value: ProcessManager | Execution
) -> ClaudeWidget | ExecutionView:
    """The one widget of a manager or of an execution, for a host without IPython's display."""
    if isinstance(value, ProcessManager):
        return dashboard_of(value)
    found = _VIEWS.get(value.execution_id)
    if found is None or found.comm is None:
        found = _VIEWS[value.execution_id] = ExecutionView(manager, value)
    return found


_SHOWN: dict[str, int] = {}
"""By execution: the cell whose magic has just shown it."""


def show_in_cell(manager: ProcessManager, execution: Execution) -> CellOutput | PlayedOutput:
    """Show an execution in the running cell; as that cell's value it is not shown a second time."""
    output = _output_of(manager, execution)
    _SHOWN[execution.execution_id] = _cell_number()
    return output


def show(manager: ProcessManager, value: object) -> None:
    """Show a manager or an execution that is a cell's value."""
    if isinstance(value, ProcessManager):
        display(dashboard_of(manager))
    elif isinstance(value, Execution) and _SHOWN.pop(value.execution_id, None) != _cell_number():
        _output_of(manager, value)


def _output_of(manager: ProcessManager, execution: Execution) -> CellOutput | PlayedOutput:
    played = execution.info.recorded and not manager.backend.alive(execution.run)
    if not played or manager.closed:
        return CellOutput(manager, execution)
    try:
        execution.wait(_PLAYED_WITHIN)  # all of it is written; what is left is to read it
    except TimeoutError:
        return CellOutput(manager, execution)
    return PlayedOutput(execution)


def _cell_number() -> int:
    shell = get_ipython()
    return -1 if shell is None else int(shell.execution_count)
