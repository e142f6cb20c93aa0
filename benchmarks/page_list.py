"""A list of 1,000 executions: its first paint, and what one change of status draws again.

The rule: on the plain page. The paint is timed from the moment at which the page's code begins to
draw; a row counts as drawn again when anything in it changed.
"""

from __future__ import annotations

from benchmarks import browser, measure

PAINT_MS, ROWS = 300.0, 1.0
LOADS, QUICK_LOADS = 5, 3
EXECUTIONS = 1000
_PAINTED = """async () => {
  const rows = () => document.querySelector('[aria-label="Executions"] [role="row"]');
  const at = await window.whenPainted(rows);
  return at - performance.getEntriesByName("show")[0].startTime;
}"""
_CHANGE = """async () => {
  const list = document.querySelector('[aria-label="Executions"]');
  await window.painted();
  const changed = new Set();
  const observer = new MutationObserver((records) => {
    for (const { target } of records) {
      const element = target instanceof Element ? target : target.parentElement;
      changed.add(element?.closest('[role="row"]') ?? null);
    }
  });
  const options = { subtree: true, childList: true, characterData: true, attributes: true };
  observer.observe(list, options);
  const { executionId } = [...demo.world.executions.values()][0].row;
  demo.world.change(executionId, { activity: "Bash: ls", toolCount: 77 });
  await window.whenPainted(() => list.textContent.includes("Bash: ls") || changed.size > 0);
  observer.disconnect();
  changed.delete(null);
  return changed.size;
}"""


def play(loads: int) -> list[dict[str, float]]:
    """One page after the other: milliseconds to the first paint, and rows that one change drew."""
    found = []
    with browser.plain_pages() as pages:
        for _ in range(loads):
            with pages.open(f"executions={EXECUTIONS}") as page:
                painted: float = page.evaluate(_PAINTED)
                rows: float = page.evaluate(_CHANGE)
                found.append({"painted": painted, "rows": rows})
    return found


def run(quick: bool) -> list[measure.Figure]:
    """Both, against what is allowed."""
    loads = QUICK_LOADS if quick else LOADS
    found = measure.in_new_process(play, loads=loads)
    scene = "1,000 executions"
    painted = [one["painted"] for one in found]
    paint = measure.allowed(f"{scene}: first paint of the list", painted, PAINT_MS, unit="ms")
    what = f"{scene}: rows that one change of status draws / one"
    rows = [one["rows"] for one in found]
    return [paint, measure.compared(what, rows, [ROWS] * loads, bound=1, unit="rows")]
