"""What the fake CLI uses up, and how long it says nothing.

The rule: a mixin of `fake_claude.Fake`, copied beside it; it imports as little. Words in a prompt,
done in their order:

    memory=MB    holds so much, written to
    shares=MB    the same, held by a child as well, in the same pages
    cpu=SECONDS  keeps a core busy
    temp=MB      writes so much below its temp folder
    bomb=N       processes that double until there are so many
    calls        calls a tool whose result does not come
    silent       waits for the file `go`, reads nothing and says nothing
"""
# ruff: noqa: PTH110

from __future__ import annotations

import mmap
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NEVER = 86_400.0


class Uses:
    """Uses more than it needs."""

    held: mmap.mmap

    if TYPE_CHECKING:

        def frame(self, frame: dict[str, Any]) -> None: ...
        def assistant(self, block: dict[str, Any]) -> dict[str, Any]: ...

    def do_memory(self, megabytes: str) -> None:
        self.held = mmap.mmap(-1, int(megabytes) << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for _ in range(int(megabytes)):
            self.held.write(b"x" * (1 << 20))

    def do_shares(self, megabytes: str) -> None:
        self.do_memory(megabytes)
        if os.fork() == 0:
            time.sleep(NEVER)

    def do_cpu(self, seconds: str) -> None:
        while time.process_time() < float(seconds):
            pass

    def do_temp(self, megabytes: str) -> None:
        with open(os.environ["CLAUDE_CODE_TMPDIR"] + "/big", "wb") as file:
            file.writelines(b"x" * (1 << 20) for _ in range(int(megabytes)))

    def do_bomb(self, count: str) -> None:
        """Bounded, since the machine is the tests' own."""
        for _ in range(int(count).bit_length() - 1):
            os.fork()
        time.sleep(NEVER)

    def do_calls(self, _: str) -> None:
        told = {
            "type": "tool_use",
            "id": "toolu_open",
            "name": "Bash",
            "input": {"command": "make"},
        }
        self.frame(self.assistant(told))

    def do_silent(self, name: str) -> None:
        while not os.path.exists(name or "go"):
            time.sleep(0.005)
