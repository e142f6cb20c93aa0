"""axe, the accessibility checker, run in a page that is open.

The rule: every rule that axe has, best practices and target sizes included, except those that are
about what a host does around the widget; what it finds is told in words.
"""

from __future__ import annotations

import functools
from typing import Any

from playwright.sync_api import Page

from scripts.paths import JS

NOT_OURS = (
    # A page has one; a widget on it must not.
    "page-has-heading-one",
    # Several widgets on a page have parts of the same names.
    "landmark-unique",
    # A host puts a cell's output wherever it likes.
    "region",
)
RUN = """async ([within, notOurs]) => {
  const off = notOurs.map((name) => [name, { enabled: false }]);
  const rules = { ...Object.fromEntries(off), 'target-size': { enabled: true } };
  const { violations, passes } = await axe.run(within, { rules });
  delete window.axe;
  return { violations, passed: passes.length };
}"""


@functools.cache
def _source() -> str:
    return (JS / "node_modules" / "axe-core" / "axe.min.js").read_text()


def findings(page: Page, within: str = ".claude-widget") -> list[str]:
    """What axe finds within the elements of a selector, a line for each rule and element."""
    page.evaluate(_source())
    found: dict[str, Any] = page.evaluate(RUN, [within, list(NOT_OURS)])
    assert found["passed"] > 0, "axe looked at nothing"
    return [
        f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
