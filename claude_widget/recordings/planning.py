"""What is to become of a start: is it run, recorded, or played, and from which recording.

The rule: it decides by mode and key, and counts equal starts. It starts nothing, plays nothing and
saves nothing; what it decided it remembers only to tell which recordings nobody asked for.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from claude_widget.backend import Backend
from claude_widget.errors import InvalidRequest, SessionOnlyReplayed
from claude_widget.execution import Execution
from claude_widget.models import ExecutionInfo, ExecutionRequest, Mode
from claude_widget.recordings import key as recording_key
from claude_widget.recordings.backend import RecordedBackend
from claude_widget.recordings.call_sites import call_site
from claude_widget.recordings.inputs import digests
from claude_widget.recordings.key import RecordingKey
from claude_widget.recordings.occurrences import Cell, Occurrences
from claude_widget.recordings.reading import Played
from claude_widget.recordings.recorded_patch import changes_of
from claude_widget.recordings.staleness import StaleRecording, stale_among
from claude_widget.recordings.store import Recording
from claude_widget.sessions import has_session

_KeyOf = Callable[[Execution | None], RecordingKey]


class Plan(NamedTuple):
    """What is to become of one start.

    Attributes:
        mode: that it is started in.
        key: what its recording is found by; None where nothing is recorded or played.
        recording: what it is played from; None if it is run.
        call: where the start stands.
        asked: the same for equal starts.
        number: of this one among them; 0 if it was not counted.
        turn: the same for starts of one session, whichever execution they go on with.
        from_the_top: the number that it would have if the notebook were run once from its top.
        played: what was read of it.
        lacking: what it changed and cannot be changed again, where that is asked for.
    """

    mode: Mode = "live"
    key: RecordingKey | None = None
    recording: Recording | None = None
    call: Cell | None = None
    asked: str = ""
    number: int = 0
    turn: tuple[str, int] | None = None
    from_the_top: int = 0
    played: Played | None = None
    lacking: tuple[str, ...] = ()

    @property
    def records(self) -> bool:
        """It is run, and recorded."""
        return self.key is not None and self.recording is None


class Planner:
    """Decides for one manager. Safe from any thread.

    Args:
        backend: what runs and plays; one that can only run, or only play, decides by itself.
        cell: says which cell runs, if one does.

    Attributes:
        plays_all: the backend can only play.
        may_run: something may be run; not where the environment has everything replayed.
    """

    def __init__(self, backend: Backend, cell: Callable[[], Cell | None] | None) -> None:
        self._backend = backend if isinstance(backend, RecordedBackend) else None
        self.plays_all = self._backend is None and backend.name == "replay"
        self.may_run = not self.plays_all if self._backend is None else self._backend.may_run
        self._cell = cell
        self._occurrences = Occurrences()
        self._turns = Occurrences()
        self._held: dict[tuple[str | None, str, int], str] = {}
        """Which execution starts have gone on with, by cell and by their turn among equal ones."""
        self._lock = threading.Lock()
        self._asked: dict[str, tuple[str, dict[str, Mapping[str, Any]]]] = {}
        """Where starts stood that were to be recorded or played: the last run of that cell, and
        what it asked for."""
        self._made: dict[str, dict[str, str]] = {}
        """By where their starts stood: the executions that came of them, with their keys."""
        self._made_of: dict[tuple[str, str], list[str]] = {}
        """The same executions by where their starts stood and their key: there may be thousands."""
        self._made_by: dict[str, str] = {}
        self._turned: set[str] = set()
        """Cells that have begun another run, of which nothing has come yet."""

    def mode_of(self, request: ExecutionRequest) -> Mode:
        """The mode that it is started in."""
        if self._backend is None:
            return "replay" if self.plays_all else "live"
        return self._backend.mode_of(request)

    def check_runs(self, request: ExecutionRequest) -> None:
        """Refuse to run what would only be played if it were started now.

        Raises:
            InvalidRequest: so it is.
        """
        if self.mode_of(request) == "replay":
            raise InvalidRequest(
                "It waits to be run, and mode replay runs nothing.",
                field="mode",
                hint="Adopt it by a manager in another mode, without CLAUDE_WIDGET_MODE=replay.",
            )

    def call(self) -> Cell | None:
        """Where the start that is being made stands; None where that does not matter."""
        return None if self._backend is None else call_site(self._cell, self._backend.base)

    def plan(
        self,
        request: ExecutionRequest,
        holders: Sequence[Execution] = (),
        *,
        named: bool = False,
        call: Cell | None = None,
    ) -> Plan:
        """What is to become of a start. What comes of nothing is given back.

        Args:
            request: what is asked for.
            holders: the executions of the session that it goes on with, the latest first.
            named: it goes on with the first of them, as its caller has said; else with whichever
                was the latest when its cell was first run.
            call: where the start stands; None if it is being made just now.

        Raises:
            RecordingNotFound: it is to be played, and there is no recording of it.
            RecordingDamaged, RecordingTooNew: there is one, and it cannot be played.
            SessionOnlyReplayed: it is to be run, on a session that was only replayed.
            RecordingsUnwritable: it is to be recorded, and nothing can be saved.
            RecordingsLocked: another process holds the recordings.
            InvalidRequest: its inputs cannot be read.
            PatchConflict: its changes are to be made again, and their patch cannot be read.
        """
        mode = self.mode_of(request)
        if self._backend is None:
            return Plan()
        if mode == "live":
            self._check_lives(request, holders)
            return Plan()
        key_of = self._keys_of(request)
        call = call or call_site(self._cell, self._backend.base)
        plan = Plan(mode, call=call)
        if holders and not named:
            asked = key_of(None).key
            plan = plan._replace(turn=(asked, self._turns.take(asked, call)))
        try:
            holder = self._holder(plan, key_of, holders)
            first = key_of(holder)
            asked = f"{first.key} {'record' if mode == 'record' else 'replay'}"  # each on its own
            number = self._occurrences.take(asked, call)
            plan = plan._replace(key=_numbered(first, number), asked=asked, number=number)
            top = self._occurrences.from_the_top(asked, call, number)
            plan = plan._replace(from_the_top=top)
            return self._with_recording(plan, request, holder)
        except BaseException:
            self.give_back(plan)
            raise

    def _holder(self, plan: Plan, key_of: _KeyOf, holders: Sequence[Execution]) -> Execution | None:
        """The execution that it goes on with, the same whenever its cell is run again.

        By then what that cell started is the latest itself, and other cells may have been run
        again. What the first run had is remembered; a first run has what is recorded.
        """
        assert self._backend is not None
        if plan.turn is None or plan.call is None:
            return holders[0] if holders else None
        place = (plan.call.id, *plan.turn)
        with self._lock:
            before = self._held.get(place)
        found = next((one for one in holders if one.execution_id == before), None)
        if found is None and plan.mode != "record":
            find = self._backend.recordings.find
            found = next((one for one in holders if find(key_of(one)) is not None), None)
        found = found or holders[0]
        with self._lock:
            self._held[place] = found.execution_id
        return found

    def stale(self) -> list[StaleRecording]:
        """The recordings that none of the starts so far has asked for."""
        with self._lock:
            asked = {label: dict(keys) for label, (_, keys) in self._asked.items()}
        if self._backend is None or not (asked or self._backend.mode != "live"):
            return []
        return stale_among(self._backend.recordings, asked)

    def give_back(self, plan: Plan) -> None:
        """That start did not come about."""
        if plan.number:
            self._occurrences.give_back(plan.asked, plan.call, plan.number)
        if plan.turn is not None:
            self._turns.give_back(plan.turn[0], plan.call, plan.turn[1])

    def _keys_of(self, request: ExecutionRequest) -> _KeyOf:
        """Tells its key by the execution that it goes on with; the inputs are read this once.

        Raises:
            InvalidRequest: they cannot be read.
        """
        assert self._backend is not None
        base, kept = self._backend.base, self._backend.recordings
        inputs = digests(request.inputs, base, kept.folder) if request.inputs else {}

        def key_of(holder: Execution | None) -> RecordingKey:
            return recording_key.key_of(
                request,
                base=base,
                redactor=kept.redactor,
                made_by_key=None if holder is None else holder.info.recording_key,
                inputs=inputs,
            )

        return key_of

    def _with_recording(
        self, plan: Plan, request: ExecutionRequest, holder: Execution | None
    ) -> Plan:
        assert self._backend is not None
        assert plan.key is not None
        assert plan.call is not None
        self._note(plan.call, plan.key)
        recordings = self._backend.recordings
        found = None
        if plan.mode != "record":
            found = recordings.find(plan.key) or recordings.by_query(request.query)
        if found is not None:
            played = recordings.read(found)  # refused, if it must be, before anything is written
            lacking = _lacking(found) if request.apply_changes else ()
            return plan._replace(recording=found, played=played, lacking=lacking)
        if plan.mode == "replay":
            raise recordings.missing(plan.key, request)
        if holder is not None and holder.info.recorded:  # also if its session is here: by now
            raise self._only_replayed(holder.info)  # it may have gone on otherwise than recorded
        recordings.check_writable()
        return plan

    def _check_lives(self, request: ExecutionRequest, holders: Sequence[Execution]) -> None:
        """Refuse to run what goes on with a session that is not here.

        Raises:
            SessionOnlyReplayed: all that is known of it was played.
        """
        if request.session_id is None or not all(one.info.recorded for one in holders):
            return
        env = {**os.environ, **request.env}
        if holders and not has_session(request.project_path, request.session_id, env):
            raise self._only_replayed(holders[0].info)

    def _only_replayed(self, info: ExecutionInfo) -> SessionOnlyReplayed:
        return SessionOnlyReplayed(str(info.session_id), self._place_of(info))

    def _place_of(self, info: ExecutionInfo) -> str:
        """The recording that an execution was played from, as people find it."""
        assert self._backend is not None
        found = self._backend.recording_of(info)
        return self._backend.recordings.folder.name if found is None else str(found.folder)

    def _note(self, call: Cell, key: RecordingKey) -> None:
        with self._lock:
            run, keys = self._asked.get(call.label, (call.run, {}))
            if run != call.run:  # it is run again: what it asked for before counts no more
                keys = {}
                self._turned.add(call.label)
            keys[key.key] = key.material
            self._asked[call.label] = (call.run, keys)

    def made(self, plan: Plan, execution_id: str) -> list[str]:
        """That start has become an execution; those that may be stale from now on, or no more."""
        if plan.call is None or plan.key is None:
            return []
        label, key = plan.call.label, plan.key.key
        with self._lock:
            others = self._made.setdefault(label, {})
            equal = self._made_of.setdefault((label, key), [])
            changed = list(others if label in self._turned else equal)
            self._turned.discard(label)
            if others.get(execution_id) != key:  # it may be planned before it is filled, and then
                others[execution_id] = key
                equal.append(execution_id)
            self._made_by[execution_id] = label
        return changed

    def is_stale(self, execution_id: str) -> bool:
        """Whether the call that made an execution asks for something else by now."""
        with self._lock:
            label = self._made_by.get(execution_id)
            if label is None:
                return False
            return self._made[label][execution_id] not in self._asked[label][1]


def _lacking(recording: Recording) -> tuple[str, ...]:
    """What it changed and its patch has not."""
    changes = changes_of(recording)
    return () if changes is None else changes.lacking


def _numbered(first: RecordingKey, number: int) -> RecordingKey:
    """The key of a later one of equal starts."""
    if number == 1:
        return first
    return recording_key.numbered(first, number)
