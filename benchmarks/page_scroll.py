"""The frame rate of scrolling through 100,000 frames, beside that of an empty scroller.

The rule: both are in one page and scrolled in turn, from one end to the other, by half a screen a
frame, which is as fast as a scrollbar is dragged; the empty one is as high and has nothing in it. A
frame is one that the browser gave.
"""

from __future__ import annotations

from playwright.sync_api import Page

from benchmarks import browser, measure
from benchmarks.page_open import view

RATIO_BOUND = 1 / 0.8
FRAMES, QUICK_FRAMES = 100_000, 6_000
ROUNDS = 3
WITHIN = 900.0
"""Seconds: two thousand frames a round, on either side."""
_PREPARE = """() => {
  const box = document.querySelector('[aria-label="Blocks"]');
  const empty = document.createElement("div");
  empty.id = "empty";
  empty.style.overflow = "auto";
  empty.style.width = `${box.clientWidth}px`;
  empty.style.height = `${box.clientHeight}px`;
  const inside = document.createElement("div");
  inside.style.height = `${box.scrollHeight}px`;
  empty.append(inside);
  document.body.append(empty);
}"""
_SCROLL = """async (selector) => {
  const box = document.querySelector(selector);
  box.scrollTop = 0;
  await window.painted();
  const began = performance.now();
  let frames = 0;
  while (box.scrollTop < box.scrollHeight - box.clientHeight - 1) {
    box.scrollTop += box.clientHeight / 2;
    frames += 1;
    await new Promise(requestAnimationFrame);
  }
  return frames / ((performance.now() - began) / 1000);
}"""


def play(count: int) -> list[list[float]]:
    """Frames a second of the transcript and of the empty scroller, of each round."""
    with browser.plain_pages() as pages, pages.open(f"frames={count}") as page:
        view(page)
        page.get_by_text("Exited with code 0").wait_for()
        page.get_by_text("Reading what came before").wait_for(state="detached")
        page.evaluate(_PREPARE)

        def ours() -> float:
            return _rate(page, '[aria-label="Blocks"]')

        return measure.in_turn(ROUNDS, ours, lambda: _rate(page, "#empty"))


def _rate(page: Page, selector: str) -> float:
    found: float = page.evaluate(_SCROLL, selector)
    return found


def run(quick: bool) -> list[measure.Figure]:
    """How much slower ours is."""
    count = QUICK_FRAMES if quick else FRAMES
    ours, empty = measure.in_new_process(play, within=WITHIN, count=count)
    what = f"frame rate of an empty scroller / of {count:,} frames scrolled from end to end"
    figure = measure.compared(what, empty, ours, bound=RATIO_BOUND, unit="frames a second")
    return [figure]
