"""Which thread carries out which job: those of one lane in order, lanes side by side.

The rule: it knows no request and no manager. A lane costs a thread only while it has jobs, and
there are never more threads than were allowed; a job that takes long holds up its own lane alone.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable

_LOG = logging.getLogger(__name__)
_MOST_WAITING = 100

Job = Callable[[], None]


class Lanes:
    """Runs jobs on daemon threads of its own. Safe from any thread.

    Args:
        name: of the threads.
        threads: how many there are at most.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._name, self._most = name, threads
        self._lock = threading.Lock()
        self._jobs: dict[Hashable, deque[Job]] = {}
        self._ready: deque[Hashable] = deque()
        self._threads = 0

    def put(self, lane: Hashable, job: Job) -> bool:
        """Have the job run after those of its lane; False if too many wait there already."""
        with self._lock:
            jobs = self._jobs.get(lane)
            if jobs is None:
                self._jobs[lane] = deque([job])
                self._ready.append(lane)
            elif len(jobs) >= _MOST_WAITING:
                return False
            else:
                jobs.append(job)
            if self._ready and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
        return True

    def _run(self) -> None:
        while (found := self._next()) is not None:
            lane, job = found
            try:
                job()
            except Exception:  # noqa: BLE001 - the thread serves other lanes
                _LOG.exception("A job failed")
            self._done(lane)

    def _next(self) -> tuple[Hashable, Job] | None:
        """The first job of the next lane that is not being served; None ends the thread."""
        with self._lock:
            if not self._ready:
                self._threads -= 1
                return None
            lane = self._ready.popleft()
            return lane, self._jobs[lane][0]

    def _done(self, lane: Hashable) -> None:
        with self._lock:
            jobs = self._jobs[lane]
            jobs.popleft()
            if jobs:
                self._ready.append(lane)
            else:
                del self._jobs[lane]
