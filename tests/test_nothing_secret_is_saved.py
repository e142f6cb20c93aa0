"""Nothing that was planted is in anything that is saved beside a notebook, or exported.

The rule: a real child process says, prints and writes planted secrets in every way; then every
artefact there is, names of files as well, is searched for all their forms. What a state folder
holds is the truth, with what is secret in it; that it is there is what the search is held to.
"""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.observed import Changes
from claude_widget.changes.patches import blob_id
from claude_widget.errors import InvalidRequest, SessionOnlyReplayed
from claude_widget.execution import Execution
from claude_widget.page.widget import ClaudeWidget, ExecutionView, bundle_of
from claude_widget.recordings.errors import (
    RecordingDamaged,
    RecordingNotFound,
    RecordingsLocked,
    RecordingsUnwritable,
    RecordingTooNew,
)
from tests.conftest import MakeManager
from tests.fake import ended
from tests.planted_secrets import SHAPED, Person, encodings, files_below, leaks

IN_ENVIRONMENT = "p4:ss'w0rd/of+%41~zq8=Wk;7e?"
GIVEN = "given-2-this-Execution-8812"
CONFIGURED = "Cn7-for-the-server-only-33"
OWN_RULE = "ACME-4711-internal"
SECRETS = {**SHAPED, "here": IN_ENVIRONMENT, "given": GIVEN, "server": CONFIGURED, "own": OWN_RULE}
ENCODED = ("github-token", "private-key", "here")
SUFFIXES = (".html", ".md", ".jsonl")
RULES = [r"ACME-\d+-\w+"]
SCRIPT = """
import importlib.util
spec = importlib.util.spec_from_file_location("planted_run", {module!r})
planted = importlib.util.module_from_spec(spec)
spec.loader.exec_module(planted)
planted.play(cli, {secrets!r}, {texts!r}, {home!r}, {name!r})
"""


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Whose home it is, and who that is."""
    someone = Person(home=tmp_path / "wilhelmina")
    (someone.home / "project").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(someone.home))
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, someone.name)
    monkeypatch.setenv("DEPLOY_TOKEN", IN_ENVIRONMENT)
    return someone


@pytest.fixture
def recordings(person: Person) -> Path:
    """Where recordings are kept, beside a notebook."""
    return person.home / "recordings"


@pytest.fixture
def execution(
    make_manager: MakeManager, person: Person, recordings: Path, tmp_path: Path
) -> Execution:
    """One that met all of them, recorded."""
    script = tmp_path / "script.py"
    texts = [text for name in ENCODED for text in encodings(SECRETS[name]).values()]
    module = str(Path(__file__).with_name("planted_run.py"))
    script.write_text(
        SCRIPT.format(
            module=module, secrets=SECRETS, texts=texts, home=str(person.home), name=person.name
        )
    )
    manager = make_manager(mode="record", recordings=recordings, redact=RULES)
    query = f"Do it in {person.home}/project: " + ", ".join(SECRETS.values())
    execution = manager.start_execution(
        query,
        person.home / "project",
        env={"FAKE_CLAUDE": f"script={script}", "SERVICE_KEY": GIVEN},
        mcp_config={"mcpServers": {"a": {"command": "serve", "env": {"X": CONFIGURED}}}},
        append_system_prompt=f"You may use {SHAPED['github-token']}.",
    )
    ended(execution, "completed", "success")
    manager.close()
    return execution


def test_recording_holds_nothing_of_it(
    execution: Execution, recordings: Path, person: Person
) -> None:
    assert leaks([("all", execution.run.transcript.read_bytes())], SECRETS.values(), person)
    artefacts = list(files_below(recordings))
    names = {name.rpartition("/")[2] for name, _ in artefacts}
    assert {"index.json", "request.json", "run.json", "transcript", "changes.patch"} <= names
    assert leaks(artefacts, SECRETS.values(), person) == {}
    saved = dict(artefacts)
    (patch,) = (data for name, data in artefacts if name.endswith("changes.patch"))
    assert b"[redacted:github-token]" in patch
    written = (person.home / "project" / "written.txt").read_bytes()
    assert blob_id(written).encode() not in patch, "a hash would tell a guess from the truth"
    headers = re.findall(rb"^diff --git .*$", patch, re.MULTILINE)
    assert len(set(headers)) == len(headers), "two files of one name"
    json.loads(saved["index.json"])


def test_recording_without_secrets_is_found_and_played(
    execution: Execution,
    recordings: Path,
    person: Person,
    make_manager: MakeManager,
    tmp_path: Path,
) -> None:
    manager = make_manager(tmp_path / "other", mode="replay", recordings=recordings, redact=RULES)
    request = execution.run.request
    played = manager.start_execution(
        request.query,
        request.project_path,
        env=request.env,
        mcp_config=request.mcp_config,
        append_system_prompt=request.append_system_prompt,
    )
    ended(played, "completed", "success")
    assert "[redacted:anthropic-key]" in (played.result or "")
    artefacts = [(kind, str(data).encode()) for kind, data in bundle_of(played).items()]
    assert leaks(artefacts, SECRETS.values(), person) == {}


@pytest.mark.slow  # every rule reads three long files, for each of some hundred secrets
def test_exports_hold_nothing_of_it(execution: Execution, person: Person, tmp_path: Path) -> None:
    files = [execution.export(tmp_path / f"export{one}") for one in SUFFIXES]
    for file in files:
        assert b"[redacted:github-token]" in file.read_bytes()
    assert leaks([(file.name, file.read_bytes()) for file in files], SECRETS.values(), person) == {}


def test_charts_hold_nothing_of_it(
    execution: Execution, person: Person, make_manager: MakeManager
) -> None:
    chart = make_manager(redact=RULES).timeline()
    assert any("tool call" in row["kind"] for row in chart.rows)
    bundle = {**chart._repr_mimebundle_(), "svg": chart.svg}
    told = [(kind, str(data).encode()) for kind, data in bundle.items()]
    assert leaks(told, SECRETS.values(), person) == {}


def test_traits_of_a_view_hold_nothing_of_it(
    execution: Execution, person: Person, make_manager: MakeManager
) -> None:
    manager = make_manager(redact=RULES)
    seen = manager.get_execution(execution.execution_id)
    assert seen is not None
    view = ExecutionView(manager, seen)
    state = json.dumps(view.get_state(), default=str).encode()
    assert b"[redacted:anthropic-key]" in state
    assert leaks([("state", state)], SECRETS.values(), person) == {}
    view.close()


def test_tables_of_a_cell_hold_nothing_of_it(
    make_manager: MakeManager, person: Person, shell: InteractiveShell
) -> None:
    manager = make_manager(redact=RULES)
    early = f"{OWN_RULE} {GIVEN} {IN_ENVIRONMENT} {person.home}/x {CONFIGURED}"
    cut = f"{'x' * 110} {GIVEN}"
    for query, name in ((early, None), (cut, None), ("hello", early)):
        execution = manager.start_execution(
            query,
            person.home / "project",
            name=name,
            env={"SERVICE_KEY": GIVEN},
            mcp_config={"mcpServers": {"a": {"command": "serve", "env": {"X": CONFIGURED}}}},
        )
        ended(execution, "completed", "success")
    dashboard, metadata = ClaudeWidget(manager)._repr_mimebundle_()
    with capture_output() as listed:
        shell.run_line_magic("claude_list", "")
    bundles = [dashboard, manager.history()._repr_mimebundle_(), listed.outputs[0].data]
    for bundle in bundles:
        assert bundle["text/plain"].count("completed") == 3
        assert bundle["text/plain"].count("[redacted:rule] [redacted:value]") == 2
        assert f"{'x' * 110} [redacte" in bundle["text/html"], "redacted, then cut"
    told = [(kind, str(data).encode()) for one in bundles for kind, data in one.items()]
    told.append(("metadata", str(metadata).encode()))
    assert leaks(told, [*SECRETS.values(), GIVEN[:8]], person) == {}


def test_output_of_a_cell_holds_nothing_of_it(execution: Execution, person: Person) -> None:
    bundle = bundle_of(execution)
    told = [(kind, str(data).encode()) for kind, data in bundle.items()]
    assert any(b"[redacted:github-token]" in data for _, data in told)
    assert leaks(told, SECRETS.values(), person) == {}


def test_errors_that_a_notebook_keeps_do_not_name_the_home_folder(
    person: Person, recordings: Path, make_manager: MakeManager
) -> None:
    place = str(recordings / "say-hello-0123456789ab")
    project = person.home / "project"
    manager = make_manager(mode="replay", recordings=recordings)
    with pytest.raises(RecordingNotFound) as nothing:
        manager.start_execution("Say hello", project)
    with pytest.raises(InvalidRequest) as no_input:
        manager.start_execution("Say hello", project, inputs=["none/*.csv"])
    with pytest.raises(PatchConflict) as no_patch:
        Changes.read(project / "changes.patch")
    errors: list[Exception] = [
        nothing.value,
        no_input.value,
        no_patch.value,
        RecordingNotFound("Say hello", nearest=place),
        RecordingDamaged(f"{place}/transcript", "it is none", line=3),
        RecordingTooNew(place, 9, "2.0"),
        RecordingsLocked(str(recordings), 5.0),
        RecordingsUnwritable(str(recordings), "it may only be read"),
        SessionOnlyReplayed("a-session", place),
        PatchConflict([("a.py", "has changed")], project=str(project)),
    ]
    assert leaks([(type(e).__name__, str(e).encode()) for e in errors], [], person) == {}
    assert "recordings/say-hello-0123456789ab/transcript, line 3" in str(errors[4])
    assert [str(e).count("hello-0123456789ab") for e in errors[3:6]] == [1, 1, 1]


def test_error_of_a_missing_recording_has_no_secret_that_the_start_was_given(
    person: Person, recordings: Path, make_manager: MakeManager
) -> None:
    manager = make_manager(mode="replay", recordings=recordings)
    with pytest.raises(RecordingNotFound) as caught:
        manager.start_execution(
            f"Use {GIVEN} or {CONFIGURED}",
            person.home / "project",
            env={"SERVICE_KEY": GIVEN},
            mcp_config={"mcpServers": {"a": {"command": "serve", "env": {"X": CONFIGURED}}}},
        )
    told = f"{caught.value} {vars(caught.value)}".encode()
    assert leaks([("error", told)], [GIVEN, CONFIGURED], person) == {}
    assert caught.value.query == "Use [redacted:value] or [redacted:value]"


def test_problem_of_a_recording_does_not_name_the_home_folder(
    person: Person, recordings: Path, make_manager: MakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(person.home / "project"))

    monkeypatch.setattr("claude_widget.recordings.recorder.changes.before", refused)
    manager = make_manager(mode="record", recordings=recordings)
    ended(manager.start_execution("hello", person.home / "project"), "completed", "success")
    (problem,) = manager.recording_problems
    assert "Permission denied: '~/project'" in problem.problem
    assert leaks([("problem", problem.problem.encode())], [], person) == {}
