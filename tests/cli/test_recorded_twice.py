"""The real CLI, recorded twice: an equal answer changes the file of its run and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from claude_widget.manager import ProcessManager
from tests.cli.test_runs import script
from tests.replaying import done


def tree(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


def test_equal_answer_of_the_real_cli_changes_the_file_of_its_run_alone(
    make_manager: Callable[..., ProcessManager], project: Path, tmp_path: Path
) -> None:
    recordings = tmp_path / "recordings"
    trees = []
    for _ in range(2):
        manager = make_manager(mode="record", recordings=recordings)
        done(manager.start_execution(script("bash", command="echo done"), project))
        manager.close()
        trees.append(tree(recordings))
    first, second = trees
    assert first.keys() == second.keys()
    assert [name.split("/")[-1] for name in first if first[name] != second[name]] == ["run.json"]
