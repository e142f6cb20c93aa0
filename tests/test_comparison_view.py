"""A comparison in a cell: the table that it keeps, what it does to hostile text, and the magic.

The rule: what is saved with a notebook has no structure that is not ours, no secret, and an end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output

from claude_widget.comparison.comparison import Comparison
from claude_widget.comparison.view import comparison_bundle
from claude_widget.errors import InvalidRequest
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from tests.fake import running
from tests.shell import RunCell
from tests.waiting import BOUND, until

HOSTILE = "fake:says=<script>alert(1)</script><img/src=x/onerror=e>|\u202eevil|**b**|$x$"


def test_figures_and_results_stand_side_by_side(manager: ProcessManager, project: Path) -> None:
    comparison = manager.compare(
        "fake:says=**yes**", project, models=["opus", "haiku"], repeat=2, score=lambda one: 0.5
    ).wait(BOUND)
    told = comparison_bundle(comparison)
    plain = told["text/plain"].splitlines()
    assert plain[0].startswith("Claude Code: 4 compared, 4 completed; $")
    assert " ".join(plain[2].split()) == "Rank Model No. Status Score Turns Duration Cost"
    assert plain[3].split()[:5] == ["1", "opus", "1", "completed", "0.5"]
    assert plain[5].split()[:3] == ["1", "haiku", "1"], "equal scores share a rank"
    assert plain[-1] == "Costs are estimates at list prices."
    assert "opus 2: **yes**" in plain
    assert told["text/html"].count("<table>") == 3, "the figures, and three results in a row"
    assert told["text/html"].count("<strong>yes</strong>") == 4
    assert "| 1 | opus | 1 | completed | 0.5 |" in told["text/markdown"]


def test_what_models_scores_and_users_say_is_inert(manager: ProcessManager, project: Path) -> None:
    def score(execution: Execution) -> float:
        raise ValueError("<b>\u202e|\n# no")

    comparison = manager.compare(
        HOSTILE, project, models=["<i>|x", "b"], score=score, name="<u>\n|n"
    ).wait(BOUND)
    told = comparison_bundle(comparison)
    html = told["text/html"]
    for tag in ("<script", "<img", "<b>", "<i>", "<u>"):
        assert tag not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in "".join(told.values())
    rows = [line for line in told["text/markdown"].splitlines() if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1, "no cell ends early"
    assert "# no" not in [line.strip() for line in told["text/markdown"].splitlines()]
    assert "raised ValueError: " in told["text/plain"]


def test_it_is_bounded_however_much_was_said(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    script = tmp_path / "much.py"
    script.write_text("cli.words['says'] = 'x' * 300_000\n")
    comparison = manager.compare(f"fake:script={script}", project, repeat=13).wait(BOUND)
    told = comparison_bundle(comparison)
    assert sum(map(len, told.values())) < 60_000
    assert "The results of 1 more are left out." in told["text/plain"]


def tables(run: RunCell, source: str) -> tuple[list[RichOutput], Any]:
    """The tables that a cell shows, and its value."""
    with capture_output() as captured:
        value = run(source)
        until(  # a moment after the wait for it is over
            lambda: any("4 completed" in str(one.data) for one in captured.outputs),
            what="its last table",
        )
    shown = [one for one in captured.outputs if "compared" in one.data.get("text/plain", "")]
    return shown, value


def test_the_magic_compares_and_its_value_is_not_shown_twice(
    run: RunCell, shell: InteractiveShell
) -> None:
    shell.user_ns["longest"] = lambda one: len(one.run.request.model)
    line = "%claude_exec --models sonnet,opus --repeat 2 --score longest --name best --wait hi"
    shown, value = tables(run, line)
    assert isinstance(value, Comparison)
    assert shell.user_ns["best"] is value
    assert value.scores == (6.0, 6.0, 4.0, 4.0)
    assert [one.info.query for one in value] == ["hi"] * 4
    first, *later = shown
    assert "display_id" in first.transient
    assert {one.transient["display_id"] for one in later} == {first.transient["display_id"]}
    assert all(one.update for one in later)
    assert "4 completed" in shown[-1].data["text/plain"]


def test_a_running_comparison_is_shown_with_the_views_of_its_executions(
    run: RunCell, shell: InteractiveShell, manager: ProcessManager, project: Path
) -> None:
    comparison = shell.user_ns["c"] = manager.compare("fake:long", project, repeat=2)
    running(comparison[0])
    running(comparison[1])
    with capture_output() as captured:
        run("c")
    views = "application/vnd.jupyter.widget-view+json"
    assert [views in one.data for one in captured.outputs] == [False, True, True]
    comparison.kill()
    comparison.wait(BOUND)
    until(lambda: comparison.over, what="it is over")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("--models a,a x", InvalidRequest),
        ("--models a,b --model c x", InvalidRequest),
        ("--models '' x", InvalidRequest),
        ("--repeat 0 x", InvalidRequest),
        ("--repeat many x", UsageError),
        ("--repeat 2 --score nobody x", UsageError),
        ("--score print x", UsageError),
    ],
)
def test_a_wrong_line_compares_nothing(
    shell: InteractiveShell, manager: ProcessManager, line: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        shell.run_line_magic("claude_exec", line)
    assert manager.get_all_executions() == []
