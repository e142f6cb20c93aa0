"""What it takes to look at an execution of 100,000 frames: time to the last screen, and heap.

The rule: on the plain page, whose fake kernel keeps the real one's pace (20 messages a second of at
most 256 KB). The click is a real one; painted is the first frame that shows how it ended. Heap is
compared once all frames have been read, with that of the same page before anything was opened.
"""

from __future__ import annotations

from playwright.sync_api import Page

from benchmarks import browser, measure

OPEN_MS, HEAP_MB = 500.0, 150.0
FRAMES = 100_000
SCENES = {"text in deltas": "", "no deltas, all calls": "&streamed=0"}
_ON_CLICK = """() => {
  const shown = () => document.querySelector('[aria-label="Blocks"]')?.textContent
    .includes("Exited with code 0");
  document.addEventListener("click", () => {
    const clicked = performance.now();
    window.opened = window.whenPainted(shown).then((at) => at - clicked);
  }, { capture: true, once: true });
}"""
_READ = "() => !document.body.textContent.includes('Reading what came before')"


def play(query: str) -> dict[str, float]:
    """One page: milliseconds from the click, and bytes above the page before it."""
    with browser.plain_pages() as pages, pages.open(query) as page:
        before = browser.heap(page)
        page.evaluate(_ON_CLICK)
        view(page)
        opened: float = page.evaluate("() => window.opened")
        page.wait_for_function(_READ)
        return {"opened": opened, "heap": browser.heap(page) - before}


def view(page: Page) -> None:
    """Press View on the only execution."""
    page.get_by_role("button", name="View", exact=True).first.click()


def run(quick: bool) -> list[measure.Figure]:
    """Both, against what is allowed."""
    figures = []
    for name, more in list(SCENES.items())[: 1 if quick else None]:
        found = measure.in_new_process(play, query=f"frames={FRAMES}{more}")
        what = f"100,000 frames ({name}): from View to the last screen"
        figures.append(measure.allowed(what, [found["opened"]], OPEN_MS, unit="ms"))
        what = f"100,000 frames ({name}): heap above an empty dashboard"
        heap = found["heap"] / 2**20
        figures.append(measure.allowed(what, [heap], HEAP_MB, unit="MB", timed=""))
    return figures
