"""Opening and streaming in JupyterLab, with a real kernel: how much of the time is our bundle's.

The rule: the server, the kernel and the dashboard are real ones; only what CLIs would write is
prepared, and written by a thread of the kernel. Of a long frame only those scripts count that come
from a blob: address, where the bundle is imported from; the rest is JupyterLab's.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from benchmarks import browser, frames, measure
from benchmarks.stage import Stage
from tests.ui.dashboard import Dashboard
from tests.ui.notebook import Notebook
from tests.ui.servers import JupyterServer

if TYPE_CHECKING:
    from claude_widget import ProcessManager

FRAME_MS = 50.0
OPENING, STREAMING = "opening a long one", "ten that stream"
BOUNDS = {OPENING: None, STREAMING: 1.0}
"""Opening has its bound in `page_open`, where nobody else draws."""
FRAMES, QUICK_FRAMES = 100_000, 20_000
EXECUTIONS, RATE = 10, 100
SECONDS, QUICK_SECONDS, QUICK_OPENING = 20.0, 6.0, 0.5
BUNDLE = "blob:"
LONG = "all of it"
_TICK = 0.1
_KERNEL = "python3"


def managed(folder: str, count: int) -> ProcessManager:
    """In the kernel: one execution with so many frames that has ended, and ten that stream."""
    from claude_widget import ProcessManager  # noqa: PLC0415 - in the kernel alone

    stage = Stage()
    manager = ProcessManager(Path(folder), None, EXECUTIONS + 1, stagger=0, backend=stage)
    long = manager.start_execution(LONG, folder)
    writer = stage.writers[long.execution_id]
    writer.lines(b"out", b"\n".join(frames.session(count)))
    writer.meta("ended", exit_code=0, error="", forced=False, descendants=0)
    for number in range(EXECUTIONS):
        manager.start_execution(f"stream {number}", folder)
    streaming = [one for key, one in stage.writers.items() if key != long.execution_id]
    sources = [frames.session(10**9) for _ in streaming]

    def write() -> None:
        while True:
            time.sleep(_TICK)
            for writer, source in zip(streaming, sources, strict=True):
                some = [next(source) for _ in range(int(RATE * _TICK))]
                writer.lines(b"out", b"\n".join(some))

    threading.Thread(target=write, daemon=True).start()
    return manager


def views(manager: ProcessManager) -> None:
    """In the kernel: the executions that stream, each in a view of its own."""
    from IPython.display import display  # noqa: PLC0415 - in the kernel alone

    display(*(one for one in manager.get_all_executions() if one.info.query != LONG))


def play(count: int, seconds: dict[str, float]) -> dict[str, float]:
    """Milliseconds of our scripts in the longest frame of each scene, which take so long."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        server = JupyterServer(Path(folder), "lab")
        try:
            server.wait_ready()
            env = {"PYTHONPATH": str(measure.ROOT), "HOME": folder}
            server.add_kernel(_KERNEL, Path(sys.executable), env)
            made = f"manager = managed({str(Path(folder) / 'state')!r}, {count})"
            named = "from claude_widget import ClaudeWidget"
            first = f"from benchmarks.page_lab import managed, views\n{named}\n{made}"
            cells = [first, "ClaudeWidget(manager)", "views(manager)"]
            server.add_notebook("page.ipynb", cells, _KERNEL)
            with browser.launched() as opened, browser.watched(opened) as page:
                notebook = Notebook(page, server, "page.ipynb").open()
                return _scenes(notebook, seconds)
        finally:
            server.close()


def _scenes(notebook: Notebook, seconds: dict[str, float]) -> dict[str, float]:
    page = notebook.page
    page.set_default_timeout(browser.WITHIN_MS)
    notebook.run(0)
    notebook.run(1, timeout=120)
    shown = Dashboard(notebook.output(1)).ready()
    found = {}
    for name, query in ((OPENING, LONG), (STREAMING, "stream 0")):
        if name == STREAMING:
            _show_views(notebook)
        browser.forget_frames(page)
        output = shown.view(query)
        output.get_by_text("Hello from script").last.wait_for()
        time.sleep(seconds[name])
        found[name] = browser.longest_script(page, BUNDLE)
    return found


def _show_views(notebook: Notebook) -> None:
    notebook.run(2)
    views = notebook.output(2).get_by_role("region", name="Output")
    expect(views).to_have_count(EXECUTIONS, timeout=browser.WITHIN_MS)


def run(quick: bool) -> list[measure.Figure]:
    """Our scripts in the longest frame of each scene, against what is allowed."""
    count = QUICK_FRAMES if quick else FRAMES
    opening, streaming = (QUICK_OPENING, QUICK_SECONDS) if quick else (SECONDS, SECONDS)
    seconds = {OPENING: opening, STREAMING: streaming}
    found = measure.in_new_process(play, count=count, seconds=seconds)
    return [
        measure.compared(
            f"JupyterLab, {name}: our script in the longest frame / the bound of a stream",
            [script],
            [FRAME_MS],
            bound=BOUNDS[name],
            unit="ms",
            timed="wall",
        )
        for name, script in found.items()
    ]
