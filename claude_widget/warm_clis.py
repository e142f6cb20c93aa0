"""CLIs that were started ahead, each in the folder of an execution that is still to come.

The rule: it keeps this end of the socket pairs and hands executions over; whoever closes an end, by
whatever death, ends that CLI. What was started with anything else than the execution would be is
never handed over.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from typing import NamedTuple

from claude_widget.backend import Run
from claude_widget.launch_files import Launch, write_private
from claude_widget.shim.warm import ASKED, PROMPT, READY
from claude_widget.transcript import Writer

ANSWER_WITHIN = 2.0
"""Seconds."""


class _Warm(NamedTuple):
    launch: Launch
    end: socket.socket


class WarmCLIs:
    """Those of one backend. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._warm: dict[str, _Warm] = {}

    def add(self, execution_id: str, launch: Launch, end: socket.socket) -> None:
        """One was started, with that at the other end."""
        with self._lock:
            self._warm[execution_id] = _Warm(launch, end)

    def launch_of(self, execution_id: str) -> Launch | None:
        """What it was started with; None if there is none, or it has gone."""
        with self._lock:
            warm = self._warm.get(execution_id)
        return None if warm is None or _has_gone(warm.end) else warm.launch

    def answers(self, execution_id: str) -> bool:
        """Whether its shim does, within a bound; True is true for this moment only."""
        with self._lock:
            warm = self._warm.get(execution_id)
        if warm is None:
            return False
        try:
            warm.end.settimeout(ANSWER_WITHIN)
            warm.end.sendall(ASKED)
            answer = warm.end.recv(1)
            warm.end.settimeout(None)
        except OSError:
            return False
        return answer == READY

    def hand_over(self, run: Run, launch: Launch, writer: Writer, prompt: bytes) -> bool:
        """Make it that execution; False if it cannot be, and has been given up.

        What was handed over is never said again: nothing is waited for, so nothing can be in doubt.

        Args:
            run: the execution.
            launch: what it would be started with.
            writer: of its transcript; closed if it was handed over.
            prompt: the first line.
        """
        with self._lock:
            warm = self._warm.pop(run.execution_id, None)
        if warm is None:
            return False
        with warm.end as end:
            if warm.launch != launch:
                return False
            said = json.dumps({"epoch_clock": writer.epoch_clock}).encode()
            try:
                write_private(run.folder / PROMPT, prompt)
                socket.send_fds(end, [said], [writer.fd])
            except OSError:
                return False
        writer.close()
        return True

    def end(self, execution_id: str) -> None:
        """Nobody needs it any more."""
        with self._lock:
            warm = self._warm.pop(execution_id, None)
        if warm is not None:
            warm.end.close()

    def close(self) -> None:
        """Nobody needs any of them."""
        with self._lock:
            every = list(self._warm.values())
            self._warm.clear()
        for warm in every:
            warm.end.close()


def _has_gone(end: socket.socket) -> bool:
    """Whether the other end is closed: it says nothing before it is taken over."""
    with contextlib.suppress(BlockingIOError):
        return end.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) == b""
    return False
