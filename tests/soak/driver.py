"""The soak as its user at the page runs it: lets waves go, acts on rows, reloads and restarts.

The rule: a real JupyterLab in Chromium. The kernel is restarted once from the menu and once by
`kill -9`, each time in the first wave of a quarter that is compared (the second and the last), and
the page is reloaded in the second wave of every quarter: so the figures of both are of a kernel and
a page of the same age, and what grows is what grows with the executions there are.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, expect

from tests.soak.figures import (
    Check,
    Growth,
    balance,
    ended_as_planned,
    growth,
    of_transcripts,
)
from tests.soak.plan import Planned, Size
from tests.ui.asking import PERMISSION, press
from tests.ui.conftest import Desk
from tests.ui.dashboard import Dashboard
from tests.ui.notebook import Notebook
from tests.waiting import until

ROOT = Path(__file__).parents[2]
BEGIN = "import os\nfrom tests.soak.kernel import begin\nmanager = begin({!r}, {}, {})"
WAVE_BOUND = 700.0
"""Seconds that one wave may take."""


class Soak:
    """One soak.

    Args:
        desk: opens the notebook.
        cli: the fake CLI.
        folder: where it writes down what is to be done and what was.
        temp: a short folder, for temp files and sockets.
        size: how long it is.

    Attributes:
        waves: the figures at the end of each wave.
        ends: id, status and reason by name.
    """

    def __init__(self, desk: Desk, cli: Path, folder: Path, temp: Path, size: Size) -> None:
        self.size, self.state = size, desk.state
        self._folder = folder
        self.waves: list[dict[str, float]] = []
        self.ends: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        for made in (folder, temp):
            made.mkdir(parents=True)
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        env = {"CLAUDE_WIDGET_CLI": str(cli), "PYTHONPATH": path, "TMPDIR": str(temp)}
        begin = BEGIN.format(str(folder), size.waves, size.in_wave)
        self._notebook: Notebook = desk.open(begin, "manager", "print(os.getpid())", env=env)
        self._dashboard = self._shown()

    def _shown(self) -> Dashboard:
        """Make the manager, and show its dashboard."""
        self._notebook.run(0)
        self._notebook.run(1)
        return Dashboard(self._notebook.output(1)).ready()

    def run(self) -> None:
        """All waves, one after the other."""
        for wave in range(self.size.waves):
            (self._folder / f"go-{wave}").touch()
            in_quarter, quarter = wave % self.size.quarter, wave // self.size.quarter
            if in_quarter == 0 and quarter in (1, 3):
                self._some_run()
                self._restart(violently=quarter == 3)
            elif in_quarter == 1:
                self._some_run()
                self._reload()
            self._act_on_page(wave)
            self._finish(wave)

    def _some_run(self) -> None:
        running = self._dashboard.executions.get_by_role("button", name=re.compile("^Running"))
        until(lambda: _number(running.inner_text()) > 0, timeout=120, what="some run")

    def _restart(self, *, violently: bool) -> None:
        """Restart the kernel while executions run, and make the manager anew."""
        if not violently:
            self._notebook.restart_kernel()
        else:
            before = int(self._notebook.run(2))
            os.kill(before, signal.SIGKILL)
            self._after_death()
        self._dashboard = self._shown()

    def _after_death(self) -> None:
        """Jupyter sees that its kernel has died, says so, and starts another one."""
        page = self._notebook.page
        dialog = page.locator(".jp-Dialog .jp-mod-accept")
        expect(dialog.first).to_be_visible(timeout=90_000)

        def back() -> bool:
            if dialog.count() > 0:
                with contextlib.suppress(Error):  # it may go while it is aimed at
                    dialog.first.click(timeout=1_000)
            return dialog.count() == 0 and self._notebook.kernel_status() == "connected idle"

        until(back, timeout=90, what="another kernel")

    def _reload(self) -> None:
        """Reload the page while executions run."""
        self._notebook.save()
        self._notebook.reload()
        self._dashboard = Dashboard(self._notebook.output(1)).ready()

    # -- what the user does on the page ------------------------------------------------------

    def _act_on_page(self, wave: int) -> None:
        for one in self.size.of_wave(wave):
            if one.kind.does == "page kills":
                self._on_row(one, "Kill")
            elif one.kind.does == "page allows":
                self._on_row(one, "View")
                press(self._dashboard.card(PERMISSION), "Allow once")

    def _on_row(self, one: Planned, button: str) -> None:
        """Find a row by its text, as a user would, and press one of its buttons once it runs."""
        search = self._dashboard.field("Search executions")
        search.fill(f"{one.number:05}")
        row = self._dashboard.row(f"{one.name}: {one.query}")
        expect(row).to_be_visible(timeout=60_000)
        state = row.get_by_text("Needs you" if button == "View" else "running", exact=True)
        expect(state).to_be_visible(timeout=60_000)
        row.get_by_role("button", name=button, exact=True).click()
        search.fill("")

    # -- what is written down ----------------------------------------------------------------

    def _finish(self, wave: int) -> None:
        done, failed = self._folder / f"done-{wave}", self._folder / "failed"
        until(lambda: done.exists() or failed.exists(), timeout=WAVE_BOUND, what=f"wave {wave}")
        assert not failed.exists(), failed.read_text()
        said: dict[str, Any] = json.loads(done.read_text())
        self.ends |= said["ends"]
        self._counts = said["counts"]
        self.waves.append({**said["figures"], "page heap": self._heap()})

    def _heap(self) -> float:
        """Bytes that the page's scripts hold, after a forced collection."""
        page = self._notebook.page
        session = page.context.new_cdp_session(page)
        for _ in range(2):  # what the first one let go may have held something
            session.send("HeapProfiler.collectGarbage")
        used = session.send("Runtime.getHeapUsage")
        session.detach()
        return float(used["usedSize"]) + float(used.get("backingStorageSize", 0))

    def checks(self, bounds: dict[str, float]) -> tuple[list[Growth], list[Check]]:
        """What grew and by how much, and all that must hold."""
        every = [one for wave in range(self.size.waves) for one in self.size.of_wave(wave)]
        planned = Counter(one.kind.status for one in every)
        on_disk, wrong = of_transcripts(self.state)
        grown = growth(self.waves, bounds)
        checks = [
            ended_as_planned(every, self.ends),
            balance(planned, kernel=self._counts, transcripts=on_disk),
            self._dashboard_balances(planned),
            Check("each transcript has one ending record, its last", "; ".join(wrong[:5])),
            Check("nothing uncaught in the page", "; ".join(self._notebook.uncaught()[:3])),
            *(one.check for one in grown),
        ]
        return grown, checks

    def _dashboard_balances(self, planned: Counter[str]) -> Check:
        """The page counts completed and killed ones together, as done."""
        done = planned["completed"] + planned["killed"]
        wanted = {"All": planned.total(), "Running": 0, "Failed": planned["failed"], "Done": done}
        shown = {}

        def agrees() -> bool:
            for name in wanted:
                pattern = re.compile(f"^{name} [0-9]")
                button = self._dashboard.executions.get_by_role("button", name=pattern)
                shown[name] = _number(button.inner_text())
            return shown == wanted

        with contextlib.suppress(AssertionError):
            until(agrees)
        problem = "" if shown == wanted else f"planned were {wanted}, the page shows {shown}"
        return Check("the dashboard's counts are those that were planned", problem)


def _number(text: str) -> int:
    return int(re.sub(r"\D", "", text) or 0)


def table(grown: list[Growth], seconds: float, size: Size) -> str:
    """All figures, for a person."""
    lines = [
        f"{size.executions} executions in {seconds:.0f} s ({time.strftime('%Y-%m-%d')})",
        "",
        f"{'median of a quarter':<20} {'second':>12} {'last':>12} {'ratio':>7}",
    ]
    for one in grown:
        scale, unit = (1e6, " MB") if one.before > 1e6 else (1, "")
        before, after = f"{one.before / scale:.1f}{unit}", f"{one.after / scale:.1f}{unit}"
        lines.append(f"{one.name:<20} {before:>12} {after:>12} {one.ratio:>7.3f}")
    return "\n".join(lines)
