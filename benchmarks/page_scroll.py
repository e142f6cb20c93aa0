"""The frame rate of scrolling through 100,000 frames, beside that of an empty scroller.

The rule: both are in one page and scrolled in turn, by the same steps, from one end to the other;
the empty one is as high and has nothing in it. A frame is one that the browser gave.
"""

from __future__ import annotations

import sys

from playwright.sync_api import Page

from benchmarks import browser, measure
from benchmarks.page_open import FRAMES, view

RATIO_BOUND = 1 / 0.8
STEPS, QUICK_STEPS = 240, 120
ROUNDS, QUICK_ROUNDS = 5, 3
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
_SCROLL = """async ([selector, steps]) => {
  const box = document.querySelector(selector);
  box.scrollTop = 0;
  await window.painted();
  const began = performance.now();
  for (let step = 1; step <= steps; step += 1) {
    box.scrollTop = ((box.scrollHeight - box.clientHeight) * step) / steps;
    await new Promise(requestAnimationFrame);
  }
  return steps / ((performance.now() - began) / 1000);
}"""


def play(steps: int, rounds: int) -> list[list[float]]:
    """Frames a second of the transcript and of the empty scroller, of each round."""
    with browser.plain_pages() as pages, pages.open(f"frames={FRAMES}") as page:
        view(page)
        page.get_by_text("Exited with code 0").wait_for()
        page.get_by_text("Reading what came before").wait_for(state="detached")
        page.evaluate(_PREPARE)

        def rate(selector: str) -> float:
            return _rate(page, selector, steps)

        ours = lambda: rate('[aria-label="Blocks"]')  # noqa: E731 - one of two sides
        return measure.in_turn(rounds, ours, lambda: rate("#empty"))


def _rate(page: Page, selector: str, steps: int) -> float:
    found: float = page.evaluate(_SCROLL, [selector, steps])
    return found


def run(quick: bool) -> list[measure.Figure]:
    """How much slower ours is."""
    steps, rounds = (QUICK_STEPS, QUICK_ROUNDS) if quick else (STEPS, ROUNDS)
    ours, empty = measure.in_new_process(play, steps=steps, rounds=rounds)
    what = "frame rate of an empty scroller / of 100,000 frames scrolled from end to end"
    figure = measure.compared(what, empty, ours, bound=RATIO_BOUND, unit="frames a second")
    return [figure]


def main() -> int:
    """Print the ratio; 1 when the bound is broken."""
    return measure.main(__name__, run)


if __name__ == "__main__":
    sys.exit(main())
