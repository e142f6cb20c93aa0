"""Every mode, by everything that runs a notebook without a page.

The rule: real kernels, each run by nbclient, papermill or nbval. What a cell expects it asserts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from tests.kernels import LEFT_OVER, executed, notebook_of
from tests.replaying import folders
from tests.waiting import BOUND

pytestmark = LEFT_OVER
CELLS = (
    "%load_ext claude_widget\nimport os\nsecond = os.environ['SECOND']",
    "%claude_exec --wait --name one fake:says=one",
    "%claude_exec --wait --name two {{ second }}",
    "assert f'{one.info.recorded} {two.info.recorded}' == os.environ['EXPECTED']",
)
Run = Callable[[Path], None]


def by_nbclient(notebook: Path) -> None:
    executed(nbformat.read(notebook, 4), notebook.parent)


def papermill(notebook: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command as one types it in the folder above the notebook's."""
    command = [str(Path(sys.executable).with_name("papermill")), "--no-progress-bar", *options]
    command += ["-k", "python3", f"{notebook.parent.name}/{notebook.name}", os.devnull]
    return _ran(command, notebook.parent.parent)


def _ran(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=BOUND, check=False
    )


def by_papermill(notebook: Path) -> None:
    ran = papermill(notebook, "--cwd", notebook.parent.name)
    assert ran.returncode == 0, ran.stderr


def by_nbval(notebook: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--nbval-lax", "--nbval-current-env", str(notebook)]
    ran = _ran(command, notebook.parent)
    assert f"{len(CELLS)} passed" in ran.stdout, ran.stdout + ran.stderr


@pytest.fixture
def notebook(project: Path, fake_cli: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with two executions, and a CLI for it."""
    monkeypatch.setenv("CLAUDE_WIDGET_CLI", str(fake_cli))
    monkeypatch.setenv("SECOND", "fake:says=two")
    path = project / "study.ipynb"
    nbformat.write(notebook_of(CELLS), path)
    return path


@pytest.mark.slow  # two kernels, one after the other
@pytest.mark.parametrize("run", [by_nbclient, by_papermill, by_nbval])
def test_what_is_recorded_is_replayed_by_auto_which_records_the_rest(
    notebook: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def runs(mode: str, expected: str) -> int:
        monkeypatch.setenv("CLAUDE_WIDGET_MODE", mode)
        monkeypatch.setenv("EXPECTED", expected)
        run(notebook)
        return len(folders(notebook.parent / "recordings"))

    assert runs("record", "False False") == 2
    monkeypatch.setenv("SECOND", "fake:says=new")
    assert runs("auto", "True False") == 3


@pytest.mark.slow  # three kernels
def test_papermill_from_another_folder_says_where_it_looked_and_what_to_give(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_WIDGET_MODE", "record")
    monkeypatch.setenv("EXPECTED", "False False")
    by_nbclient(notebook)
    monkeypatch.setenv("CLAUDE_WIDGET_MODE", "replay")
    monkeypatch.setenv("EXPECTED", "True True")
    bare = papermill(notebook)
    assert bare.returncode != 0
    for told in ("There is no recording in", "--cwd", "CLAUDE_WIDGET_RECORDINGS"):
        assert told in bare.stderr
    by_papermill(notebook)
