"""The changes of a worktree in JupyterLab: the diff, and its three buttons.

The rule: a real repository, and the fake CLI changes files in the worktree that git has made.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS, Dashboard
from tests.ui.notebook import Notebook
from tests.ui.test_dashboard import MANAGER, SHOW, shown

SCRIPT = """from pathlib import Path
Path("price.py").write_text("def price(net):\\\\n    return net * 1.2\\\\n")
Path("notes.md").write_text("# VAT\\\\n\\\\nIt is 20 %.\\\\n")
Path("logo.png").write_bytes(bytes(range(256)))
"""
PROJECT = f"""import os, pathlib, subprocess
os.makedirs("shop")
pathlib.Path("edit.py").write_text('''{SCRIPT}''')
pathlib.Path("shop/price.py").write_text("def price(net):\\n    return net * 1.19\\n")
for words in ("init -q", "config user.email a@b", "config user.name a", "add -A",
              "commit -q -m base"):
    subprocess.run(["git", *words.split()], cwd="shop", check=True)
ask = "fake:script=" + os.path.abspath("edit.py")
runs = [manager.start_execution(ask + " " + name, "shop", name=name, worktree=True)
        for name in ("raise", "again", "third")]
for run in runs:
    run.wait()
"""


def opened(desk: Desk, fake_cli: Path) -> tuple[Notebook, Dashboard]:
    cells = (MANAGER.format(2), SHOW, PROJECT)
    notebook = desk.open(*cells, env={"CLAUDE_WIDGET_CLI": str(fake_cli)})
    assert notebook.run(0) == ""
    notebook.run(1)
    dashboard = shown(notebook)
    assert notebook.run(2) == ""
    return notebook, dashboard


def changes_of(dashboard: Dashboard, name: str) -> Locator:
    row = dashboard.executions.get_by_role("row").filter(has_text=name).first
    row.get_by_role("button", name="View", exact=True).click()
    dashboard.output.get_by_role("tab", name="Changes", exact=True).click()
    return dashboard.output.get_by_role("region", name="Changes", exact=True)


def press(place: Locator, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def test_changes_are_looked_at_applied_kept_and_discarded(desk: Desk, fake_cli: Path) -> None:
    notebook, dashboard = opened(desk, fake_cli)
    changes = changes_of(dashboard, "raise")
    expect(changes).to_contain_text("3 files changed, +4 −1", timeout=START_MS)
    expect(changes.get_by_role("table")).to_have_count(2)
    expect(changes).to_contain_text("is no text")
    changes.get_by_role("table").last.scroll_into_view_if_needed()
    for theme in ("light", "dark"):
        notebook.theme(theme)
        notebook.screenshot(f"changes-{theme}")
    notebook.theme("light")
    press(changes, "Apply to project")
    expect(changes).to_contain_text("Applied to the project")
    assert notebook.execute("print(open('shop/price.py').read().split()[-1])") == "1.2\n"

    notebook.execute("open('shop/price.py', 'w').write('gone')")
    changes = changes_of(dashboard, "again")
    press(changes, "Apply to project")
    expect(changes.get_by_role("alert")).to_contain_text("price.py")
    notebook.screenshot("changes-conflict")
    press(changes, "Discard…")
    press(dashboard.root, "Discard these changes")
    expect(changes).to_contain_text("Discarded")

    changes = changes_of(dashboard, "third")
    changes.get_by_role("button", name="Keep branch", exact=True).focus()
    notebook.page.keyboard.press("Enter")
    expect(changes).to_contain_text("git merge claude-widget/")
    heads = "print(*os.listdir('shop/.git/refs/heads/claude-widget'), sep='\\n')"
    assert len(notebook.execute(heads).split()) == 2
    notebook.page.set_viewport_size({"width": 640, "height": 900})
    expect(changes_of(dashboard, "raise")).to_contain_text("Applied to the project")
    changes.scroll_into_view_if_needed()
    notebook.screenshot("changes-narrow")
