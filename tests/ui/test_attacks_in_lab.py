"""The corpus in JupyterLab, where the policy only reports, since JupyterLab itself breaks it.

The rule: what is reported is ours when the script behind it came from a blob: address, as the
widget's bundle does. The attacks are recorded executions, played; each place has another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Request

from tests.attacks import ATTACKS, mixed_lines
from tests.ui.attacked import MARK, READ, WATCH
from tests.ui.conftest import Desk
from tests.ui.dashboard import Dashboard
from tests.ui.notebook import Notebook
from tests.ui.servers import JupyterServer
from tests.waiting import until

POLICY = "require-trusted-types-for 'script'"
START = """
import json, os
from claude_widget import ProcessManager
manager = ProcessManager(max_concurrency=1)
queries = json.load(open(os.environ["ATTACKED"]))["queries"]
runs = [manager.start_execution(query, name=f"run{i}") for i, query in enumerate(queries)]
for run in runs:
    run.wait()
"""
STATIC = """
from IPython.display import display
from claude_widget.models import Denial, ExecutionInfo
from claude_widget.cells.static_view import execution_bundle, table_bundle
infos = [
    ExecutionInfo(
        execution_id=f"e{i}", query=text, name=text, model=text, result=text, errors=(text,),
        denials=(Denial(tool_name=text),),
    )
    for i, text in enumerate(json.load(open(os.environ["ATTACKED"]))["attacks"])
]
bundles = [execution_bundle(info) for info in infos]
# JupyterLab shows the first 50 outputs of a cell.
display({kind: "".join(one[kind] for one in bundles) for kind in bundles[0]}, raw=True)
display(table_bundle(infos[:150]), raw=True)
display(table_bundle(infos[150:]), raw=True)
# Typeset after all of these, which shows that they have been, if they are at all.
display({"text/html": "<p>$x$</p>", "text/plain": "x"}, raw=True)
"""
SEE = (
    "async (root) => {"
    + READ
    + """
  const counts = [];
  look(root);
  for (const row of [...root.querySelectorAll('[role=row]')]) {
    if (![...row.querySelectorAll('button')].some((b) => b.textContent === 'View')) continue;
    press(row, 'View');
    await frame();
    await readAll(root);
    await readTabs(root);
    counts.push(rows.size);
    rows.clear();
  }
  return { found: [...found], counts };
}"""
)
SINK = """() => {
  const code = "document.createElement('p').innerHTML = 'x';";
  const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  return import(address).then(() => null);
}"""
LOOK_AT = "(root) => {" + READ + "look(root); return [...found]; }"
PLAYED = 3
pytestmark = [
    pytest.mark.fresh_page(reason="its server is not the others', and WATCH stays in it"),
    pytest.mark.xdist_group("attacks in lab"),  # one server
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """JupyterLab that sends the policy with every page."""
    root = tmp_path_factory.mktemp("reporting")
    settings = {"headers": {"Content-Security-Policy-Report-Only": POLICY}}
    config = root / "config" / "jupyter_server_config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"ServerApp": {"tornado_settings": settings}}))
    server = JupyterServer(root, "lab")
    try:
        server.wait_ready()
        yield server
    finally:
        server.close()


@pytest.fixture
def attacked(tmp_path: Path) -> dict[str, str]:
    """Recordings of executions that attack, and where a kernel finds them."""
    folder = tmp_path / "recordings"
    queries = []
    for number in range(PLAYED):
        first = number * len(ATTACKS) // PLAYED
        queries.append(f"<img src=x onerror=alert({number})> [a](javascript:alert({number}))")
        place = folder / str(number)
        place.mkdir(parents=True)
        (place / "recording.json").write_text(json.dumps({"query": queries[-1]}))
        (place / "transcript").write_text(_recording(first), "utf-8")
    told = tmp_path / "attacked.json"
    told.write_text(json.dumps({"queries": queries, "attacks": ATTACKS}))
    return {
        "CLAUDE_WIDGET_MODE": "replay",
        "CLAUDE_WIDGET_RECORDINGS": str(folder),
        "CLAUDE_WIDGET_PACE": "0",
        "ATTACKED": str(told),
    }


def _recording(first: int) -> str:
    head: list[dict[str, Any]] = [
        {"event": "transcript", "version": 1, "execution_id": "e", "epoch": 1.7e9},
        {"event": "requested", "request": {"query": "q", "project_path": "/p"}},
        {"event": "spawned", "pid": 0, "shim_pid": 0, "cli_path": "claude"},
    ]
    end = {"event": "ended", "exit_code": 0, "error": "", "forced": False, "descendants": 0}
    # Our own records are strict and not an agent's.
    said = [(stream, line) for stream, line in mixed_lines(first) if stream != "meta"]
    rows = [("meta", json.dumps(one)) for one in head] + said + [MARK, ("meta", json.dumps(end))]
    return "".join(f"0.000000 {stream} {line}\n" for stream, line in rows)


class Listener:
    """Loads a notebook's page again, and hears what it does and asks for."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook, self.page = notebook, notebook.page
        self.requests: list[str] = []
        self.page.add_init_script(WATCH)
        self.page.on("request", self._requested)
        notebook.reload(kernel="connected idle")

    def _requested(self, request: Request) -> None:
        if not request.url.startswith(("blob:", "data:", self.notebook.server.url)):
            self.requests.append(request.url)

    def is_quiet(self) -> None:
        """Nothing was asked for, nothing ran, and no report is about our bundle."""
        assert self.page.evaluate("reports"), "JupyterLab itself gives some"
        assert self._blobs() == 0
        assert self.page.evaluate("attacked") == []
        assert self.requests == []
        # What a bundle did would be reported; of its address, only the scheme is told.
        self.page.evaluate(SINK)
        until(lambda: self._blobs() == 1, what="the report on a blob's script")

    def _blobs(self) -> int:
        reports: list[list[str]] = self.page.evaluate("reports")
        return sum(source.startswith("blob") for source, _ in reports)


def test_played_attacks_in_the_dashboard(desk: Desk, attacked: dict[str, str]) -> None:
    notebook = desk.open(START, "manager", "runs[0]", env=attacked)
    listener = Listener(notebook)
    assert notebook.run(0) == ""
    notebook.run(1)
    Dashboard(notebook.output(1)).ready()
    seen = notebook.output(1).locator(".claude-widget").evaluate(SEE)
    assert seen["found"] == []
    assert len(seen["counts"]) == PLAYED
    assert min(seen["counts"]) > 100, "all places are looked at"
    notebook.run(2)
    one = notebook.output(2).locator(".claude-widget, .jp-RenderedHTMLCommon").first
    assert one.evaluate(LOOK_AT) == []
    listener.is_quiet()


def test_static_outputs_of_a_trusted_notebook(desk: Desk, attacked: dict[str, str]) -> None:
    notebook = desk.open("import json, os", STATIC, env=attacked)
    notebook.run(0)
    notebook.run(1)
    notebook.save()
    listener = Listener(notebook)
    outputs = notebook.output(1)
    outputs.locator("table").last.wait_for()
    outputs.locator("mjx-container").wait_for()
    trusted = "window.jupyterapp.shell.currentWidget.content.widgets[1].model.trusted"
    assert notebook.page.evaluate(trusted) is True
    kinds = {kind for output in notebook.outputs(1) for kind in output["data"]}
    assert kinds == {"text/plain", "text/markdown", "text/html"}
    harm = outputs.locator(".jp-RenderedHTMLCommon:has(div)").evaluate_all(
        "(all) => {" + READ + "for (const one of all) look(one); return [...found]; }"
    )
    # JupyterLab itself writes the `rel` of a link anew, without noreferrer.
    assert set(harm) <= {"a link into this window"}
    links = outputs.locator(".jp-RenderedHTMLCommon:has(div) a")
    kinds_of_link = links.evaluate_all("(all) => all.map(({ target, rel }) => [target, rel])")
    assert kinds_of_link
    assert all(target == "_blank" and "noopener" in rel for target, rel in kinds_of_link)
    assert listener.page.evaluate("attacked") == []
    assert listener.requests == []
