"""The backend of a manager that may run executions, record them, or play what was recorded.

The rule: what was chosen to be played goes to the player and never near a CLI; all else goes to the
backend that runs. Which of the two it is others decide, for each execution before it starts.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from claude_widget.backend import Backend, Run, Warmer
from claude_widget.models import ExecutionInfo, ExecutionRequest, Mode
from claude_widget.recordings.key import RecordingKey
from claude_widget.recordings.reading import Played
from claude_widget.recordings.replay import ReplayBackend
from claude_widget.recordings.store import Recording, Recordings
from claude_widget.reports import EndedProcess
from claude_widget.transcript import Writer


class RecordedBackend:
    """Two backends in one.

    Args:
        live: runs what is not played.
        player: plays the rest.
        mode: of what is started without one of its own.
        base: the notebook's folder.
        only_replays: a mode of its own that a start has does not count.
    """

    def __init__(
        self,
        live: Backend,
        player: ReplayBackend,
        mode: Mode,
        base: Path,
        *,
        only_replays: bool = False,
    ) -> None:
        self.mode = mode
        self._only_replays = only_replays
        self.base = base
        self._live = live
        self._player = player
        self._lock = threading.Lock()
        self._chosen: dict[str, Recording | None] = {}
        self._read: tuple[str, Played] | None = None

    @property
    def name(self) -> Literal["local", "replay"]:
        """As the page is told: replay, if nothing is run unless a start asks for it."""
        return "replay" if self.mode == "replay" else self._live.name

    def mode_of(self, request: ExecutionRequest) -> Mode:
        """The mode that it is started in."""
        return self.mode if self._only_replays else request.mode or self.mode

    @property
    def may_run(self) -> bool:
        """Whether something may be run: by default, or by a start that asks for it."""
        return not self._only_replays

    @property
    def recordings(self) -> Recordings:
        """What there is to be played, and where records go."""
        return self._player.recordings

    def choose(self, execution_id: str, recording: Recording, read: Played) -> None:
        """That execution is to be played, from that recording, which was read a moment ago.

        What was read is kept for the latest alone: most are played at once, and one may be large.
        """
        with self._lock:
            self._chosen[execution_id] = recording
            self._read = (execution_id, read)

    def is_chosen(self, execution_id: str) -> bool:
        """Whether it is to be played, or was."""
        with self._lock:
            return execution_id in self._chosen

    def recording_of(self, info: ExecutionInfo) -> Recording | None:
        """The recording that an execution is played from, wherever it was started.

        Raises:
            RecordingDamaged, RecordingTooNew: there is one, and it cannot be played.
        """
        key = info.recording_key
        found = None if key is None else self.recordings.find(RecordingKey(key, {}))
        return found or self.recordings.by_query(info.query)

    @property
    def warmer(self) -> Warmer | None:
        """What can start CLIs ahead, if anything may be run."""
        return self._live if self.may_run and isinstance(self._live, Warmer) else None

    def _of(self, run: Run) -> Backend:
        with self._lock:
            return self._player if run.execution_id in self._chosen else self._live

    def check(self, request: ExecutionRequest) -> None:
        """Refuse what cannot be run; what is to be played was found before."""
        self._live.check(request)

    def start(self, run: Run, writer: Writer) -> None:
        """Run it, or play it."""
        with self._lock:
            recording = self._chosen.get(run.execution_id)
            read = None
            if self._read is not None and self._read[0] == run.execution_id:
                read, self._read = self._read[1], None
        if recording is None:
            self._live.start(run, writer)
            return
        self._player.play(run, writer, recording, read)
        with self._lock:
            self._chosen[run.execution_id] = None  # whose it is stays known, what it plays need not

    def ask(self, run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        """Ask whichever has it."""
        return self._of(run).ask(run, operation, **fields)

    def await_end(self, run: Run) -> None:
        """Somebody waits for its end; what is run is as it is."""
        self._player.await_end(run)

    def alive(self, run: Run) -> bool:
        """Whether something still writes its transcript."""
        return self._of(run).alive(run)

    def sweep(self, run: Run) -> tuple[EndedProcess, ...]:
        """End what a dead one left behind."""
        return self._of(run).sweep(run)

    def wait_handles(self) -> Sequence[int]:
        """Those of both."""
        return [*self._live.wait_handles(), *self._player.wait_handles()]

    def notice(self) -> str:
        """That nothing is live, where nothing is."""
        return self._player.notice() if self.mode == "replay" else self._live.notice()

    def suggested_queries(self) -> tuple[str, ...]:
        """The recorded ones, where only those have an answer."""
        if self.mode == "replay":
            return self._player.suggested_queries()
        return self._live.suggested_queries()

    def close(self) -> None:
        """Let go of what both hold."""
        self._player.close()
        self._live.close()
