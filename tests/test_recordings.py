"""Recordings on disk: saved, found, read, and replaced by equal ones and by others.

The rule: what is recorded are real runs of the fake CLI. What is played of a recording is in
test_replay.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionRequest
from claude_widget.recordings.errors import RecordingDamaged, RecordingNotFound
from claude_widget.recordings.key import RecordingKey, key_of, of_material
from claude_widget.recordings.store import Recordings, slug
from claude_widget.redaction.redactor import Redactor
from tests import saved_recordings as suite
from tests.fake import ended, lines
from tests.saved_recordings import QUERY, keyed, tree

ROOT = Path(__file__).parent.parent
recordings, execution, saved = suite.recordings, suite.execution, suite.saved


def asking(query: str) -> ExecutionRequest:
    return ExecutionRequest(query=query, project_path="project")


def parted(frames: list[bytes]) -> tuple[list[bytes], str]:
    """All frames but the deltas of texts, and the text of these: they are split anew."""
    deltas = [json.loads(one)["event"]["delta"]["text"] for one in frames if b'"text_delta"' in one]
    return [one for one in frames if b'"text_delta"' not in one], "".join(deltas)


# -- saved and found ---------------------------------------------------------------------------


def test_recording_is_a_folder_of_plain_text_files(recordings: Recordings, saved: Path) -> None:
    key = keyed().key
    assert saved == recordings.folder / f"fake-deltas-5-fake-tools-fake-says-hello-{key[:12]}"
    assert sorted(path.name for path in saved.iterdir()) == [
        "request.json",
        "run.json",
        "transcript",
    ]
    for path in saved.iterdir():
        assert path.read_text("utf-8").endswith("\n")
    told = json.loads((saved / "request.json").read_text())
    assert (told["format"], told["key"], told["material"]) == (1, key, keyed().material)
    run = json.loads((saved / "run.json").read_text())
    assert run["cli_version"] == "2.1.330"
    assert run["cost_usd"] == pytest.approx(0.005)
    assert run["recorded"].startswith("20")


def test_index_says_what_made_which(recordings: Recordings, saved: Path) -> None:
    index = json.loads((recordings.folder / "index.json").read_text())
    assert index == {
        "format": 1,
        "recordings": [
            {"folder": saved.name, "key": keyed().key, "made_by": "cell a", "query": QUERY}
        ],
    }


def test_it_is_found_by_its_key_and_by_nothing_else(recordings: Recordings, saved: Path) -> None:
    found = recordings.find(keyed())
    assert found is not None
    assert (found.folder, found.key, found.query) == (saved, keyed().key, QUERY)
    assert recordings.find(keyed(occurrence=2)) is None
    assert recordings.find(keyed(model="opus")) is None
    assert recordings.all() == [found]
    assert Recordings(recordings.folder / "nowhere", recordings.redactor).all() == []


def test_recording_of_a_prompt_with_its_users_name_is_found_by_others_and_has_no_name(
    recordings: Recordings, execution: Execution, tmp_path: Path
) -> None:
    def made(user: str, query: str = "Write to alice@example.com") -> RecordingKey:
        request = execution.run.request.model_copy(update={"query": query})
        redactor = Redactor(environ={}, home=Path("/home/user"), user=user)
        return key_of(request, base=tmp_path, redactor=redactor)

    folder = recordings.save(made("alice"), execution.run, made_by="cell a")
    assert not [name for name, content in tree(recordings.folder).items() if b"alice" in content]
    found = recordings.find(made("runner"))
    assert found is not None
    assert (found.folder, found.query) == (folder, "Write to user@example.com")
    assert recordings.find(made("alice")) == found
    assert recordings.find(made("runner", "Write to bob@example.com")) is None
    request = folder / "request.json"
    request.write_text(request.read_text().replace("Write to user", "Write to somebody"))
    with pytest.raises(RecordingDamaged, match="of another request"):
        recordings.find(made("alice"))


def test_what_another_process_has_saved_is_found(recordings: Recordings, saved: Path) -> None:
    reader = Recordings(recordings.folder, Redactor(environ={}))
    assert reader.find(keyed("later")) is None
    saved.rename(saved.with_name(f"renamed-by-hand-{keyed().key[:12]}"))
    found = reader.find(keyed())
    assert found is not None
    found.folder.rename(saved)
    assert reader.find(keyed()) == found._replace(folder=saved)


def test_what_is_played_is_what_the_cli_has_said(
    recordings: Recordings, saved: Path, execution: Execution
) -> None:
    found = recordings.find(keyed())
    assert found is not None
    played = recordings.read(found)
    for stream in ("out", "in", "err"):
        mark = stream.encode() + b" "
        said = [line.removeprefix(mark) for line in played.lines if line.startswith(mark)]
        whole, deltas = parted(lines(execution, stream))
        assert parted(said) == (whole, deltas)
        assert stream != "out" or deltas.startswith("Hello from the s" * 5)
    assert len(played.times) == len(played.lines)
    assert played.times == sorted(played.times)


def test_equal_answer_changes_the_file_of_its_run_alone(
    recordings: Recordings, manager: ProcessManager, project: Path, saved: Path
) -> None:
    before = tree(recordings.folder)
    again = ended(manager.start_execution(QUERY, project, again=True), "completed", "success")
    assert recordings.save(keyed(), again.run, made_by="cell a") == saved
    after = tree(recordings.folder)
    assert after.keys() == before.keys()
    changed = [name for name in after if after[name] != before[name]]
    assert changed == [f"{saved.name}/run.json"]


def test_equal_answer_of_another_project_and_state_folder_is_equal(
    recordings: Recordings, make_manager: Any, tmp_path: Path, saved: Path
) -> None:
    before = tree(recordings.folder)
    (tmp_path / "else" / "where").mkdir(parents=True)
    other = make_manager(tmp_path / "other-state")
    again = ended(other.start_execution(QUERY, tmp_path / "else" / "where"), "completed", "success")
    recordings.save(keyed(), again.run, made_by="cell a")
    after = tree(recordings.folder)
    assert [name for name in after if after[name] != before[name]] == [f"{saved.name}/run.json"]


def test_another_answer_takes_the_place_of_the_one_before(
    recordings: Recordings, manager: ProcessManager, project: Path, saved: Path
) -> None:
    (saved / "changes.patch").write_text("of an earlier run")
    other = ended(manager.start_execution("fake:says=other", project), "completed", "success")
    assert recordings.save(keyed(), other.run, made_by="cell b") == saved
    assert "other" in (saved / "transcript").read_text()
    assert not (saved / "changes.patch").exists()
    index = json.loads((recordings.folder / "index.json").read_text())["recordings"]
    assert [one["made_by"] for one in index] == ["cell b"]
    assert [path.name for path in recordings.folder.iterdir() if path.name[0] == "."] == []


def test_recording_of_an_older_name_gives_way(
    recordings: Recordings, execution: Execution, saved: Path
) -> None:
    saved.rename(saved.with_name(f"by-hand-{keyed().key[:12]}"))
    recordings.save(keyed(), execution.run, made_by="cell a")
    assert [path.parent.name for path in recordings.folder.glob("*/run.json")] == [saved.name]


def test_index_is_sorted_and_forgets_what_is_gone(
    recordings: Recordings, execution: Execution, saved: Path
) -> None:
    for query in ("zebra", "apple"):
        recordings.save(keyed(query), execution.run, made_by=query)
    saved.rename(recordings.folder.parent / "gone")
    recordings.save(keyed("middle"), execution.run, made_by="middle")
    index = json.loads((recordings.folder / "index.json").read_text())["recordings"]
    assert [one["made_by"] for one in index] == ["apple", "middle", "zebra"]
    assert all(one["folder"].startswith(one["made_by"]) for one in index)


@pytest.mark.parametrize("content", ["", "<<<<<<< HEAD\n{}", "[]", '{"format": "x"}', "\x00"])
def test_damaged_index_is_made_anew(
    recordings: Recordings, execution: Execution, saved: Path, content: str
) -> None:
    (recordings.folder / "index.json").write_text(content)
    recordings.save(keyed("apple"), execution.run, made_by="cell b")
    index = json.loads((recordings.folder / "index.json").read_text())["recordings"]
    assert [(one["key"], one["made_by"]) for one in index] == [
        (keyed("apple").key, "cell b"),
        (keyed().key, ""),
    ]


def test_index_of_a_later_version_stays_as_it_is(
    recordings: Recordings, execution: Execution, saved: Path
) -> None:
    later = '{"format": 99, "whatever": []}'
    (recordings.folder / "index.json").write_text(later)
    recordings.save(keyed("apple"), execution.run, made_by="cell b")
    assert (recordings.folder / "index.json").read_text() == later
    assert recordings.find(keyed("apple")) is not None


# -- many at once ------------------------------------------------------------------------------

_SAVES = """
import sys
from pathlib import Path
from claude_widget.backend import Run
from claude_widget.models import ExecutionRequest
from claude_widget.recordings.files import FolderLock
from claude_widget.recordings.key import of_material
from claude_widget.recordings.store import Recordings
from claude_widget.redaction.redactor import Redactor

FolderLock.__init__.__kwdefaults__["wait"] = 60.0  # the machine may stop who holds the lock
folder, run_folder, me = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
request = ExecutionRequest(query="q", project_path=sys.argv[4])
recordings = Recordings(folder, Redactor(environ={}))
shared = of_material({"query": "shared", "occurrence": 1})
print("ready", flush=True)
sys.stdin.readline()
for number in range(8):
    run = Run(run_folder.name, run_folder, request)
    recordings.save(shared, run, made_by=me)
    own = of_material({"query": f"own {me} {number}", "occurrence": 1})
    recordings.save(own, run, made_by=me)
    found = recordings.find(shared)
    assert found is not None
    assert recordings.read(found).lines
"""


def test_processes_that_save_one_key_at_once_leave_one_whole_recording(
    recordings: Recordings, manager: ProcessManager, project: Path
) -> None:
    runs = [
        ended(manager.start_execution(f"fake:says=answer-{name}", project), "completed", "success")
        for name in "abc"
    ]
    children = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", _SAVES, str(recordings.folder)),
                *(str(one.run.folder), name, str(project)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        for one, name in zip(runs, "abc", strict=True)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    assert [child.communicate()[1] or child.returncode for child in children] == [0, 0, 0]
    found = recordings.find(of_material({"query": "shared", "occurrence": 1}))
    assert found is not None
    text = b"\n".join(recordings.read(found).lines)
    (won,) = [name for name in "abc" if f"answer-{name}".encode() in text]
    index = json.loads((recordings.folder / "index.json").read_text())["recordings"]
    assert {one["folder"]: one["made_by"] for one in index}[found.folder.name] == won
    assert len(index) == len(recordings.all()) == 1 + 3 * 8
    assert {path.name for path in recordings.folder.iterdir()} == {
        *(one["folder"] for one in index),
        "index.json",
    }


# -- what cannot be written --------------------------------------------------------------------


def test_folder_that_cannot_be_written_is_named_and_nothing_else_is_harmed(
    execution: Execution, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file" / "recordings", Path("/proc/1/recordings")):
        unwritable = Recordings(folder, Redactor(environ={}))
        with pytest.raises(ClaudeWidgetError, match="cannot be written") as caught:
            unwritable.save(keyed(), execution.run, made_by="cell a")
        assert str(folder) in caught.value.message
        assert caught.value.execution_id == execution.execution_id
        assert caught.value.hint
    assert (execution.result, execution.status) == ("hello", "completed")


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "..", "a/../../b", "\x00", "🦊", ""])
def test_no_prompt_leaves_the_folder(
    recordings: Recordings, execution: Execution, name: str
) -> None:
    made = recordings.save(keyed(name), execution.run, made_by="cell")
    assert made.parent == recordings.folder
    assert slug({"query": name}).strip("abcdefghijklmnopqrstuvwxyz0123456789-") == ""
    assert recordings.find(keyed(name)) is not None


def test_recording_that_is_a_link_is_not_written_through(
    recordings: Recordings, execution: Execution, saved: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    saved.rename(elsewhere)
    saved.symlink_to(elsewhere)
    before = tree(elsewhere)
    with pytest.raises(ClaudeWidgetError, match="link"):
        recordings.save(keyed(), execution.run, made_by="cell b")
    assert tree(elsewhere) == before


def test_secrets_are_in_no_file(manager: ProcessManager, project: Path, tmp_path: Path) -> None:
    secret = "sk-ant-api03-" + "Xy7" * 31
    recordings = Recordings(
        tmp_path / "recordings", Redactor(environ={"MY_TOKEN": "hunter2hunter2"})
    )
    query = f"fake:deltas=5 fake:says={secret} hunter2hunter2"
    execution = ended(manager.start_execution(query, project), "completed", "success")
    key = key_of(execution.run.request, base=tmp_path, redactor=recordings.redactor)
    recordings.save(key, execution.run, made_by=f"cell {secret}")
    for name, content in tree(recordings.folder).items():
        assert secret.encode() not in content, name
        assert b"hunter2" not in content, name
        assert secret not in name


# -- the nearest -------------------------------------------------------------------------------


def test_missing_one_names_the_nearest_and_what_differs(
    recordings: Recordings, execution: Execution
) -> None:
    for query, model in (("Explain mean()", "opus"), ("Write a poem", "opus"), ("Explain it", "")):
        recordings.save(keyed(query, model=model), execution.run, made_by="cell")
    asked = keyed("Explain mean()", model="sonnet")
    error = recordings.missing(asked, asking("Explain mean()"))
    assert isinstance(error, RecordingNotFound)
    assert error.key == asked.key
    assert error.material == asked.material
    assert error.nearest == str(recordings.find(keyed("Explain mean()", model="opus")).folder)  # type: ignore[union-attr]
    assert error.differences == ('model is "sonnet", and was "opus" when it was recorded',)
    assert asked.key[:12] in str(error)
    assert error.differences[0] in str(error)
    assert f"is recordings/{Path(error.nearest).name}, but" in str(error), "from any folder"
    folder = Path(error.nearest)
    folder.rename(folder.with_name("means"))
    renamed = recordings.missing(there := keyed("Explain mean()", model="opus"), asking("it"))
    assert "is recordings/means, but:\n  - its folder was renamed" in str(renamed)
    assert f"-{there.key[:12]} again" in str(renamed)


def test_missing_one_among_none_says_so(tmp_path: Path) -> None:
    redactor = Redactor(environ={}, home=tmp_path)
    error = Recordings(tmp_path / "none", redactor).missing(keyed(), asking(QUERY))
    assert (error.nearest, error.folder) == (None, "~/none")
    assert "There is no recording in ~/none." in str(error)
    assert "CLAUDE_WIDGET_RECORDINGS" in error.hint
