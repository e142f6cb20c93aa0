"""`claude-widget history`, as a person and as a script call it."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_widget.command_line import main
from claude_widget.history.index import NAME
from claude_widget.manager import ProcessManager
from tests import fake
from tests.conftest import MakeManager
from tests.planted_secrets import SHAPED, Person, leaks
from tests.test_retention import ended_on

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call it on the test's state folder; its exit code, and what it printed."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        (tmp_path / "state" / "executions").mkdir(mode=0o700, parents=True, exist_ok=True)
        code = main(["history", *words, "--state-dir", str(tmp_path / "state")])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def runs(manager: ProcessManager, project: Path) -> list[str]:
    """Ids of three that have ended, oldest first."""
    ids = []
    for query in ("hello alpha", "hello beta", "fake:tools"):
        execution = manager.start_execution(query, project)
        fake.ended(execution, "completed", "success")  # nobody holds its transcript any more
        ids.append(execution.execution_id)
    manager.close()
    return ids


def listed(said: str) -> list[str]:
    return [json.loads(line)["execution_id"] for line in said.splitlines()]


def test_list_is_newest_first_as_a_table_and_as_json(call: Call, runs: list[str]) -> None:
    code, said, errors = call("list", "--json")
    assert (code, errors) == (0, "")
    assert listed(said) == runs[::-1]
    first = json.loads(said.splitlines()[-1])
    assert (first["query"], first["status"]) == ("hello alpha", "completed")
    code, said, _ = call("list", "--limit", "2")
    assert code == 0
    head, *rows = said.splitlines()
    assert head.startswith("Asked for")
    assert [row.split()[-1] for row in rows] == [one[:8] for one in runs[:0:-1]]


def test_search_has_the_same_filters(call: Call, runs: list[str], project: Path) -> None:
    assert listed(call("search", "hello", "alph", "--json")[1]) == [runs[0]]
    assert listed(call("search", "hello", "--project", str(project), "--json")[1]) == runs[1::-1]
    assert call("search", "hello", "--project", "/nowhere")[1] == "Nothing was found.\n"
    assert listed(call("list", "--since", "1h", "--status", "completed", "--json")[1])
    for later in ("2100-01-01", "21000101", "4102444800"):
        assert call("list", "--since", later)[1] == "Nothing was found.\n"
    for earlier in ("20200131", "1577836800.5", "7", "36525d"):
        assert len(listed(call("list", "--since", earlier, "--json")[1])) == 3
    assert call("search", "--", "-beta", '"hello')[0] == 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("list", "--status", "running"), "history is of what has ended"),
        (("list", "--since", "soon"), "or epoch seconds (1700000000)"),
        (("list", "--since", "99999999999d"), "since cannot be"),
        (("list", "--since", "20269999"), "since cannot be"),
        (("list", "--since", "2026"), "since cannot be"),
        (("list", "--since", "9" * 400), "since cannot be"),
        (("prune", "--older-than", "20260131"), "Give --older-than (such as 30d, 12h)"),
        (("list", "--limit", "-1"), "limit must be"),
        (("prune",), "Say what is to go"),
        (("prune", "--older-than", "long"), "older_than cannot be"),
        (("prune", "--max-size", "much"), "max_size cannot be"),
        (("prune",), "Give --older-than (such as 30d, 12h), --max-size"),
        (("show", "nope"), "`claude-widget history list` shows those"),
        (("export", "nope", "x.html", "--redact", "("), "nope"),
        (("pin", ""), "There is no"),
        (("export", "nope", "x.html"), "nope"),
    ],
)
def test_what_cannot_be_is_said_and_is_an_error(
    call: Call, words: tuple[str, ...], problem: str
) -> None:
    code, said, errors = call(*words)
    assert (code, said) == (1, "")
    assert problem in errors
    assert "manager." not in errors


def test_show_tells_what_it_was_asked_did_and_said(call: Call, runs: list[str]) -> None:
    code, said, _ = call("show", runs[2][:13])
    assert code == 0
    assert said.startswith(f"{runs[2]}  completed (success)\n")
    assert "> fake:tools" in said
    told = json.loads(call("show", runs[2], "--json")[1])
    assert [one["name"] for one in told["tool_calls"]]
    assert f"- {told['tool_calls'][0]['name']} " in said
    assert said.endswith(f"{told['result']}\n")


def test_an_id_that_several_begin_with_is_refused(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "state" / "executions"
    ids = [ended_on(folder, 1) for _ in range(17)]
    twice = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    code, _, errors = call("show", twice)
    assert code == 1
    assert "Several ids begin" in errors


def test_export_writes_a_file_that_stands_alone(
    call: Call, runs: list[str], tmp_path: Path
) -> None:
    for suffix in ("html", "md", "jsonl"):
        file = tmp_path / f"one.{suffix}"
        assert call("export", runs[0], str(file)) == (0, f"{file}\n", "")
        assert "hello alpha" in file.read_text()
    assert call("export", runs[0], str(tmp_path / "one.pdf"))[0] == 1
    assert call("export", runs[0], str(file), "--redact", "al.ha", "--redact=completed")[0] == 0
    assert "hello [redacted:rule]" in file.read_text()
    assert "alpha" not in file.read_text()
    assert "--redact takes" in call("export", runs[0], str(file), "--redact", "(")[2]


def test_an_export_keeps_no_secret_and_no_home(
    manager: ProcessManager,
    project: Path,
    call: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret, given = "p4:ss'w0rd/of+%41~zq8", "given-2-this-Server-8812"
    person = Person(home=tmp_path / "home")
    monkeypatch.setenv("DEPLOY_TOKEN", secret)
    execution = manager.start_execution(
        f"{SHAPED['github-token']} {secret} {given} {person.home}/x fake:says={secret} fake:tools",
        project,
        mcp_config={"mcpServers": {"a": {"command": "serve", "env": {"X": given}}}},
    )
    fake.ended(execution, "completed", "success")
    manager.close()
    files = [tmp_path / f"one.{suffix}" for suffix in ("html", "md", "jsonl")]
    for file in files:
        assert call("export", execution.execution_id, str(file))[0] == 0
        assert b"[redacted:github-token]" in file.read_bytes()
    told = [(file.name, file.read_bytes()) for file in files]
    assert leaks(told, [SHAPED["github-token"], secret, given], person) == {}


def test_rebuild_says_what_it_read(call: Call, runs: list[str], tmp_path: Path) -> None:
    (tmp_path / "state" / NAME).write_bytes(b"garbage " * 1000)
    code, said, _ = call("rebuild")
    assert code == 0
    assert said.startswith("3 executions taken in")
    assert listed(call("list", "--json")[1]) == runs[::-1]
    assert [path.name for path in (tmp_path / "state").glob(f"{NAME}.replaced*")] == []


def test_rebuild_names_transcripts_that_do_not_begin_as_one(
    call: Call, runs: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "state" / "executions"
    for number, execution_id in enumerate(runs):
        path = folder / execution_id / "transcript"
        path.write_bytes((b"garbage " * 99, b"", path.read_bytes()[400:])[number])
    code, said, errors = call("rebuild")
    assert code == 0
    assert "0 executions taken in; 3 cannot be read" in said
    assert sorted(line[:36] for line in errors.splitlines()) == sorted(runs)
    for _ in range(5):
        other = folder / str(uuid.uuid4())
        other.mkdir()
        (other / "transcript").touch()
    assert call("rebuild")[2].splitlines()[5:] == ["and 3 more"]


def test_what_was_moved_aside_is_said_once(call: Call, runs: list[str], tmp_path: Path) -> None:
    call("list")
    (tmp_path / "state" / NAME).write_bytes(b"garbage " * 1000)
    code, said, errors = call("list", "--json")
    assert code == 0
    assert listed(said) == runs[::-1], "nothing is lost"
    assert "was corrupt; it is kept as" in errors
    assert call("list")[2] == ""


def test_prune_is_planned_then_done_and_pins_are_kept(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "state" / "executions"
    ids = [ended_on(folder, day) for day in range(3)]
    assert call("pin", ids[1][:18]) == (0, f"{ids[1]} is pinned\n", "")
    planned = json.loads(call("prune", "--older-than", "30d", "--dry-run", "--json")[1])
    assert [one["execution_id"] for one in planned["removed"]] == [ids[0], ids[2]]
    assert planned["kept"] == {ids[1]: "it is pinned"}
    assert {path.name for path in folder.iterdir()} == set(ids)
    code, said, _ = call("prune", "--older-than", "30")
    assert code == 0
    assert f"{ids[1]}  kept: it is pinned" in said
    assert "2 executions removed" in said
    assert listed(call("list", "--json")[1]) == [ids[1]]
    call("rebuild")
    assert json.loads(call("list", "--json")[1])["pinned"] is True
    assert call("unpin", ids[1])[1] == f"{ids[1]} is not pinned\n"
    assert "1 execution removed" in call("prune", "--max-size", "0B")[1]
    assert call("list")[1] == "Nothing was found.\n"


def test_what_an_agent_wrote_is_nothing_that_a_terminal_obeys(call: Call, tmp_path: Path) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\x9b31m\r"
    folder = tmp_path / "state" / "executions"
    name = ended_on(folder, 1)
    path = folder / name / "transcript"
    written = path.read_bytes()
    for said in ("day 1", "day-1"):  # its query, and its name
        plain, spoiled = json.dumps(said).encode(), json.dumps(f"{said} {hostile}").encode()
        written = written.replace(plain, spoiled)
    path.write_bytes(written)
    for words in (("list",), ("search", "day"), ("show", name), ("show", name, "--json")):
        code, said, errors = call(*words)
        assert code == 0
        assert "owned" in said
        assert not set("\x1b\x07\u202e\x9b\r") & set(said + errors)


def test_a_running_execution_is_not_touched(
    make_manager: MakeManager, project: Path, call: Call
) -> None:
    manager = make_manager()
    execution = fake.running(manager.start_execution("fake:gate", project))
    assert call("list")[1] == "Nothing was found.\n"
    assert call("prune", "--max-size", "0B")[0] == 0
    assert manager.get_execution(execution.execution_id) is execution
    (project / "go").touch()
    fake.ended(execution, "completed", "success")
    assert execution.execution_id[:8] in call("list")[1]


@pytest.mark.parametrize(
    "words", [["history", "list"], ["history", "rebuild"], ["transcript", "a"]]
)
def test_a_state_folder_that_is_not_there_is_not_made(
    words: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = tmp_path / "mistyped"
    assert main([*words, "--state-dir", str(missing)]) == 1
    monkeypatch.setenv("CLAUDE_WIDGET_STATE_DIR", str(missing))
    assert main(words) == 1
    said = f"claude-widget: {missing} is no state folder: it has no executions."
    assert capsys.readouterr().err == f"{said} Name another one with --state-dir.\n" * 2
    assert not missing.exists()


def test_it_is_a_command_of_its_own_and_starts_no_manager(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "claude_widget.command_line", "history", "list"]
    state = tmp_path / "other"
    (state / "executions").mkdir(mode=0o700, parents=True)
    (state / NAME).write_bytes(b"garbage " * 1000)
    done = subprocess.run(
        [*command, "--state-dir", str(state)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "Nothing was found.\n")
    assert done.stderr.count("was corrupt") == len(done.stderr.splitlines()) == 1, "and said once"
    assert not (state / "managers").exists()
