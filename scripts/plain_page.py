"""The plain page of the front end, built from the sources as they are and served on loopback.

The rule: no kernel and no Jupyter; what the page shows is asked for in its address
(js/src/demo.ts). For tests and benchmarks, which open it in a browser of their own.
"""

from __future__ import annotations

import fcntl
import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scripts.paths import JS, ROOT, VENVS, scrubbed

BUILD_SECONDS = 120


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base names it
        """What was served is of no interest."""


def build() -> None:
    """Build it, unless it is newer than its sources; two at once would read each other's halves."""
    built = JS / "dist" / "demo.js"
    VENVS.mkdir(exist_ok=True)
    with open(VENVS / "plain_page.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sources = [JS / "build.mjs", JS / "package-lock.json", *(JS / "src").rglob("*")]
        sources += (ROOT / "tests" / "transcripts").rglob("*")
        if built.is_file() and built.stat().st_mtime > max(one.stat().st_mtime for one in sources):
            return
        command = ["node", "build.mjs", "--demo"]
        subprocess.run(command, cwd=JS, env=scrubbed(), check=True, timeout=BUILD_SECONDS)


@contextmanager
def served() -> Iterator[str]:
    """Build and serve it; its address, to which a query can be added."""
    build()
    handler = functools.partial(_Quiet, directory=str(JS))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/demo.html"
        finally:
            server.shutdown()
            thread.join(10)
