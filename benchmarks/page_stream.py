"""What ten executions that stream 100 frames a second each cost the page that shows all of them.

The rule: on the plain page, with ten views and a dashboard that has one of them open. A frame
counts with its scripts, those of the fake kernel included; messages count in both directions.
"""

from __future__ import annotations

import time

from benchmarks import browser, measure
from benchmarks.page_open import view

FRAME_MS, MESSAGES = 50.0, 20.0
EXECUTIONS, RATE = 10, 100
SECONDS, QUICK_SECONDS = 20.0, 6.0
_MOST_IN_A_SECOND = """() => {
  const times = demo.courier.sentAt;
  let [first, most] = [0, 0];
  times.forEach((time, last) => {
    while (times[first] < time - 1000) first += 1;
    most = Math.max(most, last - first);
  });
  return most;
}"""
_HEARD = "() => demo.kernels.reduce((sum, { heard }) => sum + heard, 0)"


def play(seconds: float) -> dict[str, float]:
    """The longest frame's scripts in ms, and messages a second to and from the page."""
    cells = ",".join(f"stream{number}" for number in range(EXECUTIONS))
    query = f"streaming={EXECUTIONS}&rate={RATE}&cells={cells}"
    with browser.plain_pages() as pages, pages.open(query) as page:
        view(page)
        page.get_by_text("What was found").first.wait_for()
        browser.forget_frames(page)
        heard: float = page.evaluate(_HEARD)
        time.sleep(seconds)
        return {
            "script": browser.longest_script(page),
            "to the page": page.evaluate(_MOST_IN_A_SECOND),
            "from the page": (page.evaluate(_HEARD) - heard) / seconds,
        }


def run(quick: bool) -> list[measure.Figure]:
    """The longest frame, and the messages, against what is allowed."""
    found = measure.in_new_process(play, seconds=QUICK_SECONDS if quick else SECONDS)
    scene = f"{EXECUTIONS} executions at {RATE} frames a second"
    what = f"{scene}: script in the longest frame"
    return [
        measure.allowed(what, [found["script"]], FRAME_MS, unit="ms"),
        *(
            measure.allowed(
                f"{scene}: messages {way}, most in a second",
                [found[way]],
                MESSAGES,
                unit="messages",
                timed="",
            )
            for way in ("to the page", "from the page")
        ),
    ]
