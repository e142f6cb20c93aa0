"""What is left to do once the CLI has exited, and who wanted it to.

The rule: bounded in time, whatever still holds the streams open.
"""

import contextlib
import os
import select
import time

from .operations import KILL_REASONS
from .streams import Output

_DRAIN = 2.0
"""Seconds that the streams may stay open after the last descendant has gone."""
_LONGEST = 4000


def told_reason() -> tuple[str, str]:
    """Why a SIGTERM came, as a reason and in words, where the one who sent it could write it."""
    said = _told("kill", 100)
    return said if said in KILL_REASONS else "close", _told("kill_error", _LONGEST)


def _told(name: str, most: int) -> str:
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            return file.read(most).decode("utf-8", "replace")
    except OSError:
        return ""


def drain(outputs: list[Output]) -> None:
    """Read what the streams still hold, then close them."""
    until = time.monotonic() + _DRAIN
    poll = select.poll()
    outputs = [output for output in outputs if output.open]
    for output in outputs:
        poll.register(output.fd, select.POLLIN)
    while any(output.open for output in outputs) and time.monotonic() < until:
        poll.poll(50)
        for output in outputs:
            _read_on(output, poll)
    for output in outputs:
        output.close()


def _read_on(output: Output, poll: select.poll) -> None:
    if output.open:
        output.read()
    if not output.open:
        with contextlib.suppress(KeyError):
            poll.unregister(output.fd)
