"""Every attack in a real browser: no script, no handler, no request, no word from the policy.

The rule: what is drawn is looked at from its top to its end, with all that is folded opened. With
ATTACKS=all (`make attacks`) each attack is done in every place; else each place has every eighth
attack, another one than its neighbours, so that each attack is somewhere and each place is attacked
often.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route

from tests.attacks import ATTACKS, LOOK, ending_lines, lines, mixed_lines, transcript
from tests.ui.attacked import MARK, READ, WATCH
from tests.ui.plain import PlainPage
from tests.waiting import until

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src blob:; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
SEE = (
    "async ([id, fields, live, ending]) => {"
    + READ
    + """
  const MOST_AT_AN_END = 100;
  const root = document.querySelector('main');
  const bytes = (text) => new TextEncoder().encode(text);
  demo.world.change(id, fields);
  press(await until('row', () => root.querySelector(`[data-key="${id}"]`)), 'View');
  demo.world.append(id, bytes(live));
  // While only the end of a long transcript is there, that is all there is to look at.
  for (let times = 0; times < 50 && rows.size <= MOST_AT_AN_END; times += 1) await readAll(root);
  demo.world.append(id, bytes(ending));
  demo.world.change(id, { status: 'failed', reason: 'api_error', endTime: Date.now() / 1000 });
  await readTabs(root);
  return { found: [...found], rows: rows.size };
}"""
)
PART = 8
"""So many in one test, which may take three minutes."""
STRIDE = 8


class Watched:
    """A plain page under the policy, with all that it asked for."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self._origin = url.rpartition("/")[0] + "/"
        page.add_init_script(WATCH)
        page.on("request", self._requested)
        page.on("dialog", lambda dialog: self.dialogs.append(dialog.message))
        page.route("**/demo.html*", self._serve)

    def _requested(self, request: Request) -> None:
        if not request.url.startswith(("blob:", self._origin)):
            self.requests.append(request.url)

    def _serve(self, route: Route) -> None:
        answer = route.fetch()
        headers = {**answer.headers, "content-security-policy": POLICY}
        route.fulfill(response=answer, headers=headers)

    def attack(
        self, text: str, serial: int, live: list[tuple[str, str]] | None = None
    ) -> dict[str, Any]:
        """Do it in all places, or these lines in theirs, and look at all of it."""
        said = ("query", "name", "activity", "error", "model", "sessionId", "permissionMode")
        fields = {
            **dict.fromkeys(said, text.encode("utf-8", "replace").decode()),
            "status": "running",
            "createdTime": 2_000_000_000 + serial,
            "startTime": 2_000_000_000 + serial,
        }
        live = [*(lines(text, str(serial)) if live is None else live), MARK]
        found = [transcript(live), transcript(ending_lines(text, str(serial)))]
        seen: dict[str, Any] = self.page.evaluate(SEE, [f"attack{serial}", fields, *found])
        return seen


@pytest.fixture
def watched(chromium: BrowserContext, plain_url: str) -> Iterator[Watched]:
    page = chromium.new_page()
    page.set_viewport_size({"width": 1280, "height": 6000})
    opened = Watched(page, plain_url)
    plain = PlainPage(page, plain_url).open("empty")
    yield opened
    page.close()
    assert plain.errors == []


if os.environ.get("ATTACKS") == "all":
    CHOSEN: list[tuple[int, list[tuple[str, str]] | None]] = [
        (first, None) for first in range(len(ATTACKS))
    ]
else:
    CHOSEN = [(first, mixed_lines(first)) for first in range(0, len(ATTACKS), STRIDE)]


@pytest.mark.parametrize("part", range(0, len(CHOSEN), PART))
def test_plain_page_under_trusted_types(watched: Watched, part: int) -> None:
    harm = {}
    for serial, (first, live) in enumerate(CHOSEN[part : part + PART]):
        text = ATTACKS[first]
        seen = watched.attack(text, serial, live)
        assert seen["rows"] > 100, "all places are looked at"
        if seen["found"]:
            harm[text] = seen["found"]
    assert harm == {}
    assert (watched.requests, watched.dialogs) == ([], [])


def test_the_policy_is_heard(watched: Watched) -> None:
    script = """() => {
      const main = document.querySelector('main');
      try { main.innerHTML = '<b>x</b>'; } catch { /* It is refused. */ }
      main.append(Object.assign(new Image(), { src: 'http://evil.invalid/x.png' }));
    }"""
    watched.page.evaluate(script)
    heard = "attacked.map((said) => said.split(' ')[1])"
    expected = ["require-trusted-types-for", "img-src"]
    until(lambda: watched.page.evaluate(heard) == expected, what="both violations")
    harm = f"() => {{ {LOOK}; return findHarm(document.querySelector('main')); }}"
    assert watched.page.evaluate(harm) == ["src=http://evil.invalid/x.png"]
