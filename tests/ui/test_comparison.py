"""A comparison in a cell of a real JupyterLab: side by side, live, and as it is saved."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.scenarios import Text, ToolUse, Turn
from tests.scripted_api import ScriptedAPI
from tests.ui.axe import findings
from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS
from tests.ui.kept import VIEWPORT
from tests.ui.notebook import Notebook
from tests.ui.test_cells import WIDGET, opened

REPOSITORY = """
import subprocess
for words in ("init -q", "config user.email a@b", "config user.name a", "add -A",
              "commit -q --allow-empty -m base"):
    subprocess.run(["git", *words.split()], check=True)
"""


COMPARE = """def score(run):
    return len((run.worktree / "cart.py").read_text()) + len(run.run.request.model) / 10

comparison = manager.compare(
    "Add up the cart.", "shop", models=["sonnet", "opus", "haiku"],
    score=score, allowed_tools=["Bash"],
)
comparison"""
SAID = """The cart adds up what is in it:

- `total()` takes the **quantity** of each item into account,
- prices are decimals, so no cent is lost.

The tests of `cart.py` pass."""


def test_it_stands_side_by_side_in_both_themes(
    desk: Desk, claude: dict[str, str], scripted_api: ScriptedAPI
) -> None:
    bash = ToolUse("Bash", {"command": "echo 'total = 0' > cart.py", "description": "Write"})
    scripted_api.scripts["Add up the cart."] = [Turn([bash]), Turn([Text(SAID)])]
    make = "import os; os.makedirs('shop', exist_ok=True); os.chdir('shop')" + REPOSITORY
    notebook = opened(desk, claude, make + "\nos.chdir('..')", COMPARE, "await comparison;")
    assert notebook.run(1) == ""
    notebook.run(2)
    notebook.run(3)
    output = notebook.output(2)
    expect(output).to_contain_text("3 compared, 3 completed", timeout=START_MS)
    expect(output).to_contain_text("1 file, +1 -0")
    expect(output.locator("td li").first).to_have_css("text-align", re.compile("left"))
    for theme in ("light", "dark"):
        notebook.theme(theme)
        notebook.screenshot(f"comparison-{theme}")
    notebook.theme("light")
    notebook.page.set_viewport_size({"width": 480, "height": 900})
    notebook.screenshot("comparison-narrow")
    notebook.page.set_viewport_size(VIEWPORT)
    promoted(notebook)
    notebook.save()
    (table, promotion, *_) = notebook.saved().cells[2].outputs
    assert WIDGET not in table.data
    assert "| 1 (promoted) | sonnet |" in table.data["text/markdown"]
    assert WIDGET not in promotion.data
    assert "Promoted: sonnet" in promotion.data["text/plain"]


def promoted(notebook: Notebook) -> None:
    """A conflict is told and changes nothing; without it the button applies the changes."""
    promotions = notebook.output(2).get_by_role("region", name="Promote", exact=True)
    assert findings(notebook.page, ".claude-widget-comparison") == []
    notebook.execute("open('shop/cart.py', 'w').write('mine')")
    promotions.get_by_role("button", name="Promote sonnet").click()
    expect(promotions.get_by_role("alert")).to_contain_text("cart.py", timeout=START_MS)
    read = "print(open('shop/cart.py').read())"
    assert notebook.execute(f"{read}; os.remove('shop/cart.py')") == "mine\n"
    promotions.get_by_role("button", name="Changes of sonnet").click()
    expect(promotions).to_contain_text("total = 0", timeout=START_MS)
    promotions.scroll_into_view_if_needed()
    notebook.screenshot("promotion-light")
    notebook.page.set_viewport_size({"width": 480, "height": 900})
    promotions.scroll_into_view_if_needed()
    notebook.screenshot("promotion-narrow")
    promotions.get_by_role("button", name="Promote sonnet").click()
    expect(notebook.output(2)).to_contain_text("Promoted: sonnet (1 file, +1 -0)", timeout=START_MS)
    assert notebook.execute(read) == "total = 0\n\n"
    notebook.page.set_viewport_size(VIEWPORT)
    notebook.output(2).get_by_text("Promoted: sonnet").scroll_into_view_if_needed()
    notebook.screenshot("promoted-light")
