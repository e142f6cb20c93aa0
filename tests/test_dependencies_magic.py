"""Executions that come after others, from cells: a variable in a prompt says it all.

The rule: cells are run as a notebook runs them; what the CLI was told is what counts.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_widget.errors import InvalidRequest, PromptError
from tests.fake import ended
from tests.shell import RunCell
from tests.test_dependencies import prompt_of


def test_a_variable_that_is_an_execution_is_waited_for(run: RunCell, project: Path) -> None:
    first = run("%claude_exec --name a fake:gate fake:says=plan")
    run("word = 'Do'")
    second = run("%%claude_exec --name b\n{{ word }} {{ a.result }}")
    third = run("%claude_exec --continues a fake:says=more")
    fourth = run("%claude_exec --after a --on-failure run {{ b.result or 'nothing' }}")
    assert second.status == third.status == fourth.status == "pending"
    assert second.info.after == third.info.after == (first.execution_id,)
    second.kill()
    (project / "go").touch()
    ended(fourth, "completed", "success")
    ended(third, "completed", "success")
    assert prompt_of(fourth) == "nothing"
    assert third.info.session_id == first.info.session_id
    again = run("%claude_exec {{ word }} {{ a.result }}")
    assert again.info.query == "Do plan"


def test_what_a_prompt_cannot_have_is_refused_in_the_cell(run: RunCell, project: Path) -> None:
    run("%claude_exec --name a fake:gate")
    run("odd = object()")
    with pytest.raises(PromptError, match="'kill'"):
        run("%claude_exec {{ a.kill() }}")
    with pytest.raises(PromptError, match="Undefined in the prompt: b"):
        run("%claude_exec {{ a.result }} {{ b.result }}")
    with pytest.raises(InvalidRequest, match="in odd is something of type object"):
        run("%claude_exec {{ a.result }} {{ odd }}")
    braces = run("%claude_exec --raw {{ a.result }}")
    assert braces.info.query == "{{ a.result }}"
    (project / "go").touch()
    ended(braces, "completed", "success")


def test_a_pipeline_is_a_cells_value(run: RunCell, capsys: pytest.CaptureFixture[str]) -> None:
    run(
        "from claude_widget import ProcessManager\n"
        "made = ProcessManager.latest().pipeline({'a': 'fake:says=x', 'b': '{{ a.result }}'})\n"
        "made.wait(15)"
    )
    bundle = run("made._repr_mimebundle_()")
    assert "a → b" in bundle["text/plain"]
    assert "2 completed" in bundle["text/html"]
    assert "completed" in capsys.readouterr().out
