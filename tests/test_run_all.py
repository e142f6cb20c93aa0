"""Run All, without a page: recorded once, then replayed by papermill and compared by nbval.

The rule: one notebook, real kernels. What is replayed finds no CLI at all, and a PATH with nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill  # type: ignore[import-untyped]
import pytest

from claude_widget.command_line import NBVAL_SANITIZE, main
from tests.documented import compare_command
from tests.kernels import LEFT_OVER, executed, notebook_of
from tests.waiting import BOUND

pytestmark = [
    *LEFT_OVER,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
CELLS = (
    "%load_ext claude_widget\nfrom claude_widget import ProcessManager",
    "%claude_exec --wait --name first fake:says=hello fake:tools",
    """manager = ProcessManager.latest()
asked = [manager.start_execution('fake:says=same') for _ in range(2)]
[(await one).result for one in asked]""",
    "%claude_exec --name last fake:says=last",
    "print(last.wait().result, first.info.cost_usd, [one.info.num_turns for one in asked])",
    "last",
)


def outputs(path: Path) -> list[str]:
    """What the cells of a notebook keep, as nbval compares it."""
    rules = re.findall(r"^regex: (.*)$\n^replace: (.*)$", NBVAL_SANITIZE.read_text(), re.MULTILINE)
    found = []
    for cell in nbformat.read(path, 4).cells:
        text = "".join(str(one.get("data", one.get("text"))) for one in cell.outputs)
        for pattern, instead in rules:
            text = re.sub(pattern, instead, text)
        found.append(text)
    return found


def documented_check(folder: Path) -> subprocess.Popen[str]:
    """The check of the workflow in docs/reproducible.md, in a folder that has `notebooks`."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    environment = {"PATH": path, "HOME": str(folder), "CLAUDE_WIDGET_MODE": "replay"}
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment["PYTEST_ADDOPTS"] = "-c pytest.ini"  # else the one near the sanitize file counts
    return subprocess.Popen(
        ["bash", "-c", compare_command()],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def jupyter_execute(notebook: Path, output: str, home: Path) -> subprocess.Popen[str]:
    """`jupyter execute` as one types it, where there is no CLI, no key and no other variable."""
    folder = Path(sys.executable).parent
    environment = {"PATH": str(folder), "HOME": str(home), "CLAUDE_WIDGET_MODE": "replay"}
    command = [str(folder / "jupyter"), "execute", f"--output={output}", notebook.name]
    return subprocess.Popen(
        command, cwd=notebook.parent, env=environment, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow  # four kernels, three of them at once
def test_recorded_once_a_notebook_runs_everywhere(
    project: Path, fake_cli: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = project / "study.ipynb"
    monkeypatch.setenv("CLAUDE_WIDGET_MODE", "record")
    monkeypatch.setenv("CLAUDE_WIDGET_CLI", str(fake_cli))
    nbformat.write(executed(notebook_of(CELLS), project), notebook)
    assert len(list((project / "recordings").glob("*/transcript"))) == 4

    monkeypatch.setenv("CLAUDE_WIDGET_MODE", "replay")
    monkeypatch.setenv("CLAUDE_WIDGET_STATE_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("CLAUDE_WIDGET_CLI", str(tmp_path / "no-such-cli"))
    shutil.copytree(project, tmp_path / "elsewhere" / "notebooks")
    compared = documented_check(tmp_path / "elsewhere")
    executing = jupyter_execute(notebook, "executed", tmp_path)
    with compared, executing:
        again = tmp_path / "again.ipynb"
        papermill.execute_notebook(
            notebook, again, cwd=project, kernel_name="python3", progress_bar=False
        )
        assert outputs(again) == outputs(notebook)
        assert "replayed from a recording of 20" in again.read_text()
        assert "replayed" not in notebook.read_text()
        said, _ = compared.communicate(timeout=BOUND)
        _, problems = executing.communicate(timeout=BOUND)
    assert executing.returncode == 0, problems
    assert outputs(project / "executed.ipynb") == outputs(notebook)
    assert "replayed from a recording of 20" in (project / "executed.ipynb").read_text()
    assert f"{len(CELLS)} passed" in said, said


def sanitized(text: str) -> str:
    rules = re.findall(r"^regex: (.*)$\n^replace: (.*)$", NBVAL_SANITIZE.read_text(), re.MULTILINE)
    for pattern, instead in rules:
        text = re.sub(pattern, instead, text)
    return text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1b4e28ba-2fa1-41d2-883f-0016d3cca427", "UUID"),
        ("completed · 12.3 s · 2 turns", "completed · DURATION · 2 turns"),
        ("took 350 ms", "took DURATION"),
        (
            "failed (user) · 0.0 s (replayed from a recording of 2026-11-22 21:54 UTC) · 5 turns",
            "failed (user) · DURATION · 5 turns",
        ),
        ("completed · 3.1 s (replayed from a recording)", "completed · DURATION"),
        ("$0.0050 (recorded) · $1,234.50.", "DOLLARS · DOLLARS."),
        ("2026-11-22 21:54 UTC", "TIME"),
        ("2026-11-22T21:54:01.123Z, 21:54:01", "TIME, TIME"),
        ("last kernel, asked for at 21:54.", "last kernel, asked for at TIME."),
    ],
)
def test_the_sanitize_file_knows_what_differs(text: str, expected: str) -> None:
    assert sanitized(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "CLI 2.1.330",
        "version 1.2.3-4",
        "$5 and $HOME and $1 and $x.50",
        r"\$12.50 of TeX",
        "US$ 12.50",
        "3 steps, 5 shirts, 2 hands, 7 minutes",
        "10 km/h, 5 m/s, 12 s/mm",
        "0x1b4e28ba 1b4e28ba 2fa1",
        "1b4e28ba-2fa1-41d2-883f-0016d3cca42",
        "x1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        "16:9 and 12:30 and localhost:8888",
        "10.0.0.1:8080 and 1:02:03:04:05:06",
        "2026-11-22",
        "it was replayed from a recording of 2026-11-22",
        "completed · replayed from a recording",
        "12,345 tokens; 42; 3.14; 1e-5",
        "file.py:12:34",
    ],
)
def test_the_sanitize_file_leaves_everything_else(text: str) -> None:
    assert sanitized(text) == text


def test_the_command_says_where_the_sanitize_file_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nbval-sanitize"]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path.is_file()
    assert os.access(path, os.R_OK)
