"""A Chromium for the benchmarks of the page, and what it can be asked.

The rule: it knows the plain page and how a browser is measured, never what a benchmark looks for. A
frame counts with the time of its scripts alone, as the browser's long-animation-frame entries say;
heap is what is used after a forced collection, buffers included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

from scripts.browsers import CHROMIUM
from scripts.plain_page import served

VIEWPORT: ViewportSize = {"width": 1280, "height": 900}
FLAGS = ("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
WITHIN_MS = 120_000
_WATCH = """
window.longFrames = [];
new PerformanceObserver((list) => {
  for (const frame of list.getEntries()) {
    const scripts = frame.scripts.map(({ sourceURL, duration }) => ({ sourceURL, duration }));
    window.longFrames.push({ start: frame.startTime, duration: frame.duration, scripts });
  }
}).observe({ type: "long-animation-frame" });
window.painted = () => new Promise((resolve) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => resolve(performance.now());
  port2.postMessage(null);
}));
window.whenPainted = (fact) => new Promise((resolve) => {
  const look = () => {
    if (fact()) window.painted().then(resolve);
    else requestAnimationFrame(look);
  };
  look();
});
"""


class PlainPages:
    """Opens plain pages, each in a context of its own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url

    @contextmanager
    def open(self, query: str) -> Iterator[Page]:
        """A page on what this query asks for; closed behind it."""
        with watched(self._browser) as page:
            page.goto(f"{self._url}?{query}")
            yield page


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser, closed behind it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM.ensure(), chromium_sandbox=False, args=list(FLAGS)
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Browser) -> Iterator[Page]:
    """A page whose long frames are noted, in a context of its own; closed behind it."""
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(WITHIN_MS)
    page = context.new_page()
    page.add_init_script(_WATCH)
    try:
        yield page
    finally:
        context.close()


@contextmanager
def plain_pages() -> Iterator[PlainPages]:
    """The plain page, served, and a browser to open it in."""
    with served() as url, launched() as browser:
        yield PlainPages(browser, url)


def heap(page: Page) -> float:
    """Bytes that the page's scripts hold, after a forced collection."""
    session: CDPSession = page.context.new_cdp_session(page)
    for _ in range(2):  # what the first one let go may have held something
        session.send("HeapProfiler.collectGarbage")
    used: dict[str, Any] = session.send("Runtime.getHeapUsage")
    session.detach()
    return float(used["usedSize"]) + float(used["backingStorageSize"])


def longest_script(page: Page, of: str = "") -> float:
    """Milliseconds of scripts in the frame where they took longest, since the page was loaded.

    Args:
        page: one that is watched.
        of: what the addresses of the scripts that count begin with.
    """
    found: float = page.evaluate(
        """(of) => Math.max(0, ...window.longFrames.map(({ scripts }) => scripts
            .filter(({ sourceURL }) => sourceURL.startsWith(of))
            .reduce((sum, { duration }) => sum + duration, 0)))""",
        of,
    )
    return found


def forget_frames(page: Page) -> None:
    """Forget the long frames so far: loading a page is a scene of its own."""
    page.evaluate("() => { window.longFrames.length = 0; }")
