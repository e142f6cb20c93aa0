"""What a fake CLI leaves behind: children that end with it, and those that try hard not to.

The rule: a part of fake_claude, which copies it beside itself; it imports little, as that does.
"""
# ruff: noqa: PTH110
# Its start is part of what is measured, and pathlib would be most of it.

from __future__ import annotations

import os
import signal
import sys
import time

_FOREVER = 86_400.0
_UNDRESSED = (
    "import os,signal,time\n"
    "signal.signal(15, signal.SIG_IGN)\n"
    "open('undressed.tmp', 'w').write(str(os.getpid()))\n"
    "os.rename('undressed.tmp', 'undressed.pid')\n"
    "time.sleep(86400)"
)


class Children:
    """The words for children."""

    def do_daemon(self, _: str) -> None:
        """A grandchild in a session of its own, deaf to SIGTERM, that holds our streams open."""
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.signal(15, signal.SIG_IGN)
                with open("daemon.tmp", "w") as file:
                    file.write(str(os.getpid()))
                os.rename("daemon.tmp", "daemon.pid")  # noqa: PTH104
                time.sleep(_FOREVER)
            os._exit(0)
        while not os.path.exists("daemon.pid"):
            time.sleep(0.002)

    def do_undressed(self, _: str) -> None:
        """A daemon that has dropped its environment, as `env -i` or a service manager does."""
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, 256)
                os.execve(sys.executable, [sys.executable, "-IS", "-c", _UNDRESSED], {})
            os._exit(0)
        while not os.path.exists("undressed.pid"):
            time.sleep(0.002)

    def do_server(self, _: str) -> None:
        """An MCP server over pipes that neither SIGTERM nor the end of its input ends."""
        theirs, ours = os.pipe()
        os.set_inheritable(ours, False)
        if os.fork() == 0:
            signal.signal(15, signal.SIG_IGN)
            os.close(ours)
            while os.read(theirs, 1024):
                pass
            time.sleep(_FOREVER)
        os.close(theirs)

    def do_forks(self, count: str) -> None:
        """So many children that sleep."""
        for _ in range(int(count or 20)):
            if os.fork() == 0:
                time.sleep(_FOREVER)
