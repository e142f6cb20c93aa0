"""Finds, ends and reports what dead executions left behind: the order of it, and the thread.

The rule: first whoever lost its supervisor is settled, then processes end, then files go, so that
nothing is removed that something still uses. Another host's executions are never touched, nor is
what another user owns, nor an execution of another state folder that lives. It folds nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from claude_widget.cleanup.batch_files import half_made
from claude_widget.cleanup.leftovers import DESCENDANTS, Seen, end_leftovers, look, recorded
from claude_widget.cleanup.remains import YOUNG, Remains, is_here, is_uuid, is_warm, read_breadcrumb
from claude_widget.errors import ClaudeWidgetError
from claude_widget.header import read_header
from claude_widget.registry import Registry
from claude_widget.reports import EndedProcess, SweepReport
from claude_widget.runtime import host_name
from claude_widget.transcript import lock_is_held
from claude_widget.upkeep import Upkeep

_LOG = logging.getLogger(__name__)
_BOUND = 60.0
"""Seconds after which a sweep stops where it is; the next one goes on."""
_STOPS_WITHIN = 10.0


class Sweep:
    """Sweeps one state folder and the runtime folder. Safe from any thread.

    Args:
        registry: what is known of the state folder.
        upkeep: knows whom to look at, and settles those that have died.

    Attributes:
        report: what the last sweep found; None until one is over.
    """

    def __init__(self, registry: Registry, upkeep: Upkeep) -> None:
        self.report: SweepReport | None = None
        self._registry = registry
        self._upkeep = upkeep
        self._executions = registry.folder.executions
        self._one_at_a_time = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._start, name="claude-widget-sweep", daemon=True)

    def start(self) -> None:
        """Sweep once, on a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Sweep no more; returns when the thread has ended."""
        self._stop.set()
        self._thread.join(timeout=_STOPS_WITHIN)

    def _start(self) -> None:
        try:
            self.run()
        except Exception:  # noqa: BLE001 - nobody waits for it; the manager works without
            _LOG.exception("The sweep of %s failed", self._registry.folder.path)

    def run(self) -> SweepReport:
        """Sweep now; what was found. One that is under way is waited for."""
        with self._one_at_a_time:
            until = time.monotonic() + _BOUND

            def stopped() -> bool:
                return self._stop.is_set() or time.monotonic() > until

            self.report = self._sweep(stopped)
        if self.report:
            only_files = not (self.report.settled or self.report.processes or self.report.problems)
            level = logging.INFO if only_files else logging.WARNING
            _LOG.log(level, "Sweep of %s: %s", self._registry.folder.path, self.report)
        return self.report

    def _sweep(self, stopped: Callable[[], bool]) -> SweepReport:
        remains = Remains(self._executions, stopped)
        settled, processes = self._settle(remains.problems)
        seen = look()  # before any lock is tried: whose shim has died since is another sweep's
        processes += self._end_strays(seen, stopped)
        used = look() if processes else seen
        half_made, unreadable = remains.half_made()
        found = SweepReport(
            settled=tuple(settled),
            processes=tuple(processes),
            sockets=remains.sockets(),
            scratch=remains.scratch({one.scratch for one in used.values()}),
            half_made=tuple(half_made),
            temp_files=(*remains.temp_files(), *self._half_made_batches()),
            manager_locks=tuple(self._registry.owners.tidy()),
            unreadable=tuple(unreadable),
            complete=not stopped(),
        )
        return found.model_copy(update={"problems": tuple(remains.problems)})

    def _half_made_batches(self) -> Iterator[str]:
        for path in half_made(self._registry.folder.path):
            with contextlib.suppress(OSError):
                path.unlink()
                yield str(path)

    # -- executions --------------------------------------------------------------------------

    def _settle(self, problems: list[str]) -> tuple[list[str], list[EndedProcess]]:
        """Those whose shim has died; and what they had left."""
        settled: list[str] = []
        processes: list[EndedProcess] = []
        for execution in self._upkeep.followed():
            try:
                left = self._upkeep.settle(execution)
            except (OSError, ClaudeWidgetError) as error:
                problems.append(f"Execution {execution.execution_id}: {error}")
                continue
            if left is not None:
                settled.append(execution.execution_id)
                processes += left
        return settled, processes

    # -- processes ---------------------------------------------------------------------------

    def _end_strays(self, seen: dict[int, Seen], stopped: Callable[[], bool]) -> list[EndedProcess]:
        """Processes of executions that are over, however that came."""
        marked: dict[str, list[Seen]] = {}
        for one in seen.values():
            if is_uuid(one.mark):
                marked.setdefault(one.mark, []).append(one)
        suspects = {*marked, *self._with_record(seen)}
        ended: list[EndedProcess] = []
        for execution_id in sorted(suspects):
            if stopped():
                break
            folder = self._executions / execution_id
            if self._is_over(folder) or self._is_gone(folder, marked.get(execution_id, [])):
                ended += end_leftovers(execution_id, recorded(folder))
        return ended

    def _with_record(self, seen: dict[int, Seen]) -> set[str]:
        """Executions whose shim wrote down a process that lives."""
        living = {(one.pid, one.start) for one in seen.values()}
        with contextlib.suppress(OSError), os.scandir(self._executions) as entries:
            return {
                entry.name
                for entry in entries
                if is_uuid(entry.name)
                and Path(entry.path, DESCENDANTS).exists()
                and living & recorded(Path(entry.path))
            }
        return set()

    @staticmethod
    def _is_over(folder: Path) -> bool:
        """Whether an execution of this state folder has no shim that could end what it started."""
        transcript = folder / "transcript"
        if is_warm(folder):
            return False
        try:
            header = read_header(transcript, strict=True)
            if header is not None:
                return header.host == host_name() and not lock_is_held(transcript)
            # Nobody can follow what has no beginning, and nobody would end it.
            return time.time() - folder.stat(follow_symlinks=False).st_mtime > YOUNG
        except OSError:
            return False

    def _is_gone(self, folder: Path, seen: list[Seen]) -> bool:
        """Whether these processes are of an execution of this state folder that was taken away."""
        try:
            folder.lstat()
        except FileNotFoundError:
            return any(self._names(one, folder) for one in seen)
        except OSError:
            pass
        return False

    @staticmethod
    def _names(one: Seen, folder: Path) -> bool:
        """Whether a process says that it belongs to the execution of that folder."""
        crumb = read_breadcrumb(Path(one.scratch)) if one.scratch else None
        if crumb is not None and crumb["folder"] == str(folder):
            return is_here(crumb)  # a container that shares the temp folder has paths of its own
        try:
            return os.readlink(f"/proc/{one.pid}/cwd") == f"{folder} (deleted)"  # noqa: PTH115
        except OSError:
            return False
