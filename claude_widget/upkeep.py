"""What the following thread needs of a manager: whom to follow, and what to do with what it read.

The rule: called on the manager's one thread. It joins the registry, the admission, the backend and
whoever listens; users never see it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from claude_widget.adoption import Adoption
from claude_widget.backend import Backend
from claude_widget.broker import Broker
from claude_widget.budgets.watching import Watching
from claude_widget.command import INITIALIZE_ID
from claude_widget.errors import ControlFailed
from claude_widget.events import ControlRequest, ControlResponse, Event
from claude_widget.execution import Execution
from claude_widget.listeners import Listeners
from claude_widget.mcp.requirements import Requirements
from claude_widget.model_choices import models_in
from claude_widget.models import Reason
from claude_widget.outputs.correcting import Corrections
from claude_widget.page.gauges import Gauges
from claude_widget.presence import presence_of
from claude_widget.protocol import Notification
from claude_widget.queue.governing import Governing
from claude_widget.queue.starting import Starting
from claude_widget.recordings.recorder import Recorder
from claude_widget.recovery import settle_if_dead
from claude_widget.registry import Registry
from claude_widget.reports import EndedProcess
from claude_widget.retries.retrying import Retrying
from claude_widget.steering import Steering
from claude_widget.subscriptions import Subscriptions
from claude_widget.worktrees.settling import Settling

_LOG = logging.getLogger(__name__)


class Upkeep:
    """Keeps a manager's executions up to date.

    Attributes:
        presence: whether there is a page that can be asked.
        gauges: what running executions use, while there is a page.
        models: what the CLI offers, as the last one that started has told, here or before.
        ends: hear of each execution once it has ended and everybody who awaits it was told.
    """

    def __init__(
        self,
        registry: Registry,
        starting: Starting,
        backend: Backend,
        subscriptions: Subscriptions,
        listeners: Listeners,
        *,
        steering: Steering,
        adoption: Adoption,
        budgets: Watching,
        governing: Governing,
        retrying: Retrying,
        look: Callable[[], None],
        recorder: Recorder,
        settling: Settling,
        grace: float,
    ) -> None:
        self._settling = settling
        self._recorder = recorder
        self._budgets = budgets
        self._governing = governing
        self._retrying = retrying
        self.models = registry.folder.load_models()
        self.ends = Listeners()
        self.also_look: Callable[[], None] = lambda: None
        """Takes in what others have written of batches; set by the manager."""
        self._registry = registry
        self._starting = starting
        self._backend = backend
        self._subscriptions = subscriptions
        self._listeners = listeners
        self._controls = steering.controls
        self._adoption = adoption
        self._look = look
        self.presence = presence_of(registry.folder)
        self.gauges = Gauges(registry.active, self.presence.left, listeners.tell)
        self._broker = Broker(registry, steering, self.presence, grace=grace)
        self._requirements = Requirements(registry, steering)
        self._corrections = Corrections(registry, steering)

    def followed(self) -> Sequence[Execution]:
        """Executions whose transcript someone else may write."""
        return [one for one in self._registry.growing() if not self._starting.waits(one)]

    def hears_frames(self, execution: Execution) -> bool:
        """Whether somebody subscribed to its frames."""
        return bool(self._subscriptions.of(execution.execution_id))

    def publish(self, execution: Execution, notifications: list[Notification]) -> None:
        """Tell the subscribers."""
        self._subscriptions.publish(execution.execution_id, notifications)

    def changed(self, execution: Execution) -> None:
        """Tell the faces, and see to what it asks."""
        self._adoption.noted(execution)
        self._listeners.tell(execution)
        self._broker.changed(execution)
        self._requirements.changed(execution)
        self._corrections.changed(execution)
        self._budgets.changed(execution)

    def learn(self, execution: Execution, answer: ControlResponse) -> None:
        """A CLI has answered a request of ours; its first answer tells the models it offers."""
        self._controls.heard(execution, answer)
        if answer.response.request_id == INITIALIZE_ID:
            models = models_in(answer.response.response)
            if models and models != self.models:
                self.models = models
                self._registry.folder.save_models(models)

    def asked(self, execution: Execution, request: ControlRequest) -> None:
        """A CLI asks its host for something: refused, if it is what nobody can answer."""
        self._broker.refuse(execution, request)

    def heard(self, execution: Execution, event: Event) -> None:
        """A CLI has told how a call to the API went; it may have been refused."""
        self._governing.heard(execution, event)

    def ended(self, execution: Execution, size: int) -> None:
        """An execution has ended: its slot is free, and its fold is kept, once it is recorded."""
        self._budgets.ended(execution)
        self._governing.ended(execution)
        self._retrying.ended(execution, lambda: self._save(execution, size))

    def _save(self, execution: Execution, size: int) -> None:
        self._recorder.ended(execution, lambda: self._tell_end(execution, size))

    def _tell_end(self, execution: Execution, size: int) -> None:
        self._starting.freed(execution)
        owner = execution.owner
        self._registry.folder.save_ended(execution.run, execution.keep_end(), size, owner)
        execution.tell_end()
        self._subscriptions.ended(execution.execution_id)
        self.ends.tell(execution)
        self._settling.ended(execution)
        self._budgets.forget(execution)
        self._look()

    def damaged(self, execution: Execution, problem: str) -> None:
        """It cannot be followed any more: end what runs, since nobody would notice."""
        _LOG.error("Execution %s: %s", execution.execution_id, problem)
        try:
            self._backend.ask(execution.run, "kill", reason=Reason.SWEEP)
        except (ControlFailed, OSError):  # whoever took the transcript away took more than that
            try:
                self._backend.sweep(execution.run)
            except OSError:  # the next sweep of the state folder finds what it left
                _LOG.exception("Execution %s: its processes are left", execution.execution_id)

    def check_alive(self, execution: Execution) -> bool:
        """It is silent; if it is dead, its transcript says so afterwards, and this is true.

        Raises:
            OSError: it is dead, and its transcript cannot be read or written.
        """
        return self.settle(execution) is not None

    def settle(self, execution: Execution) -> tuple[EndedProcess, ...] | None:
        """Write the end of one that is dead; the processes that were left, None if it is not dead.

        Raises:
            OSError: it is dead, and its transcript cannot be read or written.
        """
        spawned = self._starting.has_spawned(execution)
        return settle_if_dead(execution, self._backend, was_spawned=spawned)

    def act(self) -> float | None:
        """Start who may start, decide what is due; seconds until more is due, or None."""
        due = (self._budgets.act(), self._starting.fill_slots(), self._broker.look())
        return min((one for one in due if one is not None), default=None)

    def look_around(self) -> None:
        """Take in what other managers have started or left; see that all know of this one."""
        self._registry.folder.watch()
        self._registry.owners.hold()
        self._registry.look_around()
        self._starting.let_go()
        self._adoption.look()
        self._governing.look()
        for execution in self._registry.take_new():
            self.changed(execution)
        self.also_look()

    def close(self) -> None:
        """Nobody follows any more."""
        self.gauges.close()
        self._retrying.close()

    def wait_handles(self) -> Sequence[int]:
        """Descriptors that become readable when one may have ended."""
        return self._backend.wait_handles()
