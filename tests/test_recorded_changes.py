"""What an execution changed in its project, from the CLI that changes it to the replay elsewhere.

The rule: the CLI itself changes the files; what is replayed is on a machine without a CLI or git.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claude_widget.cells.static_view import execution_bundle
from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.observed import Changes
from claude_widget.manager import ProcessManager
from tests import trees
from tests.fake import ended
from tests.replaying import MakeManager, done
from tests.trees import TREE, Tree, repository
from tests.waiting import BOUND

SCRIPT = """
import os
from pathlib import Path
Path("code.py").write_text("one\\nTWO\\nthree\\n")
Path("picture").write_bytes(b"\\0new")
Path("deep/er/file").unlink()
os.makedirs("made")
Path("made/new").write_text("new\\n")
Path("run.sh").chmod(0o644)
os.replace("code.py", "moved.py")
"""
ASKED = "fake:script=../script.py"


@pytest.fixture
def changed(record: ProcessManager, project: Path) -> Tree:
    """The project as an execution left it; it is as it was before, again."""
    (project.parent / "script.py").write_text(SCRIPT)
    ended(record.start_execution(ASKED, project), "completed", "success")
    assert record.recording_problems == ()
    after = trees.read(project)
    assert "moved.py" in after
    trees.write(TREE, project)
    return after


@pytest.fixture(params=[True, False], ids=["git", "no git"], autouse=True)
def in_git(request: pytest.FixtureRequest, project: Path) -> bool:
    trees.write(TREE, project)
    if request.param:
        repository(project)
    return bool(request.param)


def test_what_the_cli_changed_is_changed_by_its_replay_and_only_when_asked(
    changed: Tree, replay: MakeManager, project: Path, recordings: Path
) -> None:
    (patch,) = recordings.rglob("changes.patch")
    assert Changes.read(patch).paths == (
        *("code.py", "deep/er/file", "made/new", "moved.py", "picture", "run.sh"),
    )
    done(replay().start_execution(ASKED, project))
    assert trees.read(project) == TREE
    for _ in range(2):  # what is as it is to be stays so
        done(replay().start_execution(ASKED, project, apply_changes=True))
        assert trees.read(project) == changed


def test_one_file_that_does_not_fit_starts_nothing_and_changes_nothing(
    changed: Tree, replay: MakeManager, project: Path
) -> None:
    (project / "picture").write_bytes(b"\0another")
    manager = replay()
    with pytest.raises(PatchConflict) as raised:
        manager.start_execution(ASKED, project, apply_changes=True)
    assert raised.value.paths == ("picture",)
    assert trees.read(project) == {**TREE, "picture": b"\0another"}
    assert manager.get_all_executions() == []


def test_what_a_recording_lacks_is_said_wherever_somebody_looks(
    record: ProcessManager, replay: MakeManager, project: Path, recordings: Path
) -> None:
    script = "open('big', 'wb').write(bytes(9 << 20))\nopen('small', 'w').write('x')\n"
    (project.parent / "script.py").write_text(script)
    ended(record.start_execution(ASKED, project), "completed", "success")
    lacking = "big (is larger than 8 MB)"
    (problem,) = record.recording_problems
    assert problem.problem == f"its recording lacks what it changed: {lacking}"
    (patch,) = recordings.rglob("changes.patch")
    assert f"left out: {lacking}" in patch.read_text()
    (entry,) = json.loads((recordings / "index.json").read_text())["recordings"]
    assert entry["not_in_patch"] == [lacking]

    trees.write(TREE, project)
    manager = replay()
    plain = done(manager.start_execution(ASKED, project))
    assert (plain.info.changes_lacking, manager.recording_problems) == ((), ())
    again = done(replay().start_execution(ASKED, project, apply_changes=True))
    assert trees.read(project) == {**TREE, "small": b"x"}
    assert again.info.changes_lacking == (lacking,)
    for text in execution_bundle(again.info).values():
        assert "ot changed again" in text
        assert "big" in text
    for suffix in ("md", "html"):
        exported = again.export(project.parent / f"report.{suffix}").read_text()
        assert "Not changed again" in exported


def test_a_damaged_patch_starts_nothing_and_changes_nothing(
    changed: Tree, replay: MakeManager, project: Path, recordings: Path
) -> None:
    (patch,) = recordings.rglob("changes.patch")
    whole = patch.read_text()
    cut_off = whole[: whole.rindex("diff --git")]
    manager = replay()
    for damaged in (whole.replace("+TWO", "+2\n+3"), cut_off, None):
        patch.unlink() if damaged is None else patch.write_text(damaged)
        with pytest.raises(PatchConflict, match=f"{patch.parent.name}(.|\n)*version control"):
            manager.start_execution(ASKED, project, apply_changes=True)
    assert trees.read(project) == TREE
    assert manager.get_all_executions() == []
    patch.write_text(cut_off)  # on purpose, and so it is as old recordings are
    run = patch.with_name("run.json")
    told = [line for line in run.read_text().splitlines() if "patch_digest" not in line]
    run.write_text("\n".join(told))
    done(manager.start_execution(ASKED, project, apply_changes=True))
    assert "run.sh" not in cut_off
    kept = {path: TREE[path] for path in TREE if path.startswith("run.sh")}
    left = {path: data for path, data in changed.items() if not path.startswith("run.sh")}
    assert trees.read(project) == {**left, **kept}


def test_one_after_the_other_in_one_folder_are_not_mixed(
    record: ProcessManager, project: Path, recordings: Path
) -> None:
    for name in ("a", "b", "c"):
        (project.parent / "script.py").write_text(f"open({name!r}, 'w').write('x')\n")
        record.start_execution(f"{ASKED} fake:says={name}", project).wait(BOUND)
    found = [Changes.read(path) for path in recordings.rglob("changes.patch")]
    assert sorted(changes.paths for changes in found) == [("a",), ("b",), ("c",)]
    assert not any(changes.mixed for changes in found)
