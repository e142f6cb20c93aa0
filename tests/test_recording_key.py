"""The key of a recording: what is in it, what is not, and that it is the same on every machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import InvalidRequest
from claude_widget.models import ExecutionRequest
from claude_widget.recordings.inputs import digests
from claude_widget.recordings.key import (
    RecordingKey,
    differences,
    digest_of,
    key_of,
    numbered,
    of_material,
)
from claude_widget.redaction.redactor import Redactor
from claude_widget.request import build_request

SECRET = "sk-ant-api03-" + "Zq8" * 31


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A notebook's folder with a project in it."""
    folder = tmp_path / "machine" / "notebooks"
    (folder / "project" / "src").mkdir(parents=True)
    (folder / "project" / "src" / "a.py").write_text("a = 1\n")
    (folder / "other").mkdir()
    return folder


def keyed(
    base: Path,
    query: str = "Say hello",
    *,
    project: str = "project",
    made_by_key: str | None = None,
    inputs: Mapping[str, str] | None = None,
    occurrence: int = 1,
    **options: Any,
) -> RecordingKey:
    request = build_request(query, base / project, **options)
    redactor = Redactor(environ={}, home=Path("/home/me"), user="me")
    return key_of(
        request,
        base=base,
        redactor=redactor,
        made_by_key=made_by_key,
        inputs=inputs,
        occurrence=occurrence,
    )


SHAPING: list[dict[str, Any]] = [
    {"query": "Say goodbye"},
    {"model": "opus"},
    {"effort": "high"},
    {"permission_mode": "plan"},
    {"allowed_tools": ["Bash"]},
    {"disallowed_tools": ["Bash"]},
    {"schema": {"type": "object"}},
    {"system_prompt": "Be brief."},
    {"append_system_prompt": "Be brief."},
    {"mcp_config": {"mcpServers": {"greeter": {"command": "greet"}}}},
    {"expand": True},
    {"setting_sources": []},
    {"setting_sources": ["user"]},
    {"project": "other"},
    {"add_dirs": ["/usr"]},
    {"extra_args": ["--agents", "{}"]},
    {"session_id": "11111111-1111-4111-8111-111111111111"},
    {"session_id": "11111111-1111-4111-8111-111111111111", "fork_session": True},
    {"inputs": {"a.csv": "0" * 64}},
    {"occurrence": 2},
]
RUNNING: list[dict[str, Any]] = [
    {"name": "other name"},
    {"priority": 5},
    {"timeout": 5.0},
    {"idle_timeout": 5.0},
    {"env": {"OTHER": "value"}},
    {"env_allow": ["PATH"]},
    {"max_turns": 3},
    {"max_budget_usd": 1.0},
    {"max_memory": "2 GB"},
    {"max_processes": 9},
    {"keep_open": True},
    {"after": ["another"]},
    {"required_mcp_servers": []},
    {"permissions": "deny"},
    {"apply_changes": True},
    {"on_failure": "run"},
    {"retries": 2},
    {"worktree": True},
    {"max_cpu": 1.5},
    {"max_cpu_seconds": 60.0},
    {"max_temp_size": "1 GB"},
    {"sandbox": False},
    {"trust_project": True},
    {"mode": "record"},
]
OTHERWISE = {
    "project_path": "it is `project` above",
    "output_schema": "it is `schema` above",
    "mcp_config_path": "its servers count, which are in `mcp_config` as well",
    "key": "stands in place of all the others",
    "key_ignore": "changes what the prompts count as",
    "continues": "gives `session_id`, once its turn has come",
    "variables": "are in the query, once its turn has come",
}
"""Options of a request that are tested by themselves, or under another name."""


def test_every_option_is_sorted() -> None:
    """A new option is in the key, or is known not to shape the answer: somebody has decided."""
    named = {name for given in (*SHAPING, *RUNNING) for name in given}
    not_of_requests = {"project", "schema", "occurrence"}
    assert named - not_of_requests | set(OTHERWISE) == set(ExecutionRequest.model_fields)


@pytest.mark.parametrize("given", SHAPING, ids="+".join)
def test_what_shapes_the_answer_is_in_the_key(base: Path, given: dict[str, Any]) -> None:
    plain, other = keyed(base), keyed(base, **given)
    assert other.key != plain.key
    assert differences(other.material, plain.material)


@pytest.mark.parametrize("given", RUNNING, ids=lambda given: next(iter(given)))
def test_how_it_is_run_is_not_in_the_key(base: Path, given: dict[str, Any]) -> None:
    assert keyed(base, **given) == keyed(base)


def test_all_that_shapes_an_answer_makes_keys_of_its_own(base: Path) -> None:
    keys = [keyed(base, **given).key for given in SHAPING]
    assert len(set(keys)) == len(keys)


def test_key_is_the_digest_of_readable_material(base: Path) -> None:
    made = keyed(base, model="opus", allowed_tools=["Read", "Bash"])
    assert (
        json.loads(json.dumps(made.material))
        == made.material
        == {
            "query": "Say hello",
            "model": "opus",
            "allowed_tools": ["Bash", "Read"],
            "project_path": "project",
            "occurrence": 1,
        }
    )
    assert made == of_material(made.material)
    assert made.key == digest_of(dict(reversed(made.material.items())))
    assert len(made.key) == 64


def test_key_is_the_same_on_another_machine(base: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "deep" / "notebooks"
    shutil.copytree(base, elsewhere)

    def made(folder: Path) -> RecordingKey:
        return keyed(
            folder,
            f"Look at {folder}/project/src/a.py, in {folder}.\nAnd '{folder}'",
            add_dirs=[folder / "other", folder.parent],
            inputs=digests(["**/*.py"], folder, folder / "recordings"),
            append_system_prompt=f"{folder}/other has the data.",
        )

    assert made(elsewhere) == made(base)
    material = made(base).material
    assert material["query"].splitlines()[0] == "Look at ./project/src/a.py, in .."
    assert material["add_dirs"] == ["..", "other"]
    assert str(tmp_path) not in json.dumps(material)


def test_folder_with_a_longer_name_is_another_one(base: Path) -> None:
    made = keyed(base, f"Look at {base}-old/a.py and {base}2")
    assert made.material["query"] == f"Look at {base}-old/a.py and {base}2"


def test_project_outside_of_the_notebooks_folder_is_relative_too(base: Path) -> None:
    (base.parent / "app").mkdir()
    assert keyed(base, project="../app").material["project_path"] == "../app"
    assert keyed(base, project=".").material["project_path"] == "."


def test_a_prompt_that_names_a_project_around_the_notebook_is_the_same_on_another_machine(
    base: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "home" / "runner" / "app" / "notebooks"
    shutil.copytree(base, elsewhere)

    def made(folder: Path) -> RecordingKey:
        root = folder.parent
        query = f"Sum up {root}/data/x.csv, not {folder}/y.csv, in {root}."
        return keyed(folder, query, project="..", system_prompt=f"All of it is in '{root}'.")

    assert made(elsewhere) == made(base)
    material = made(base).material
    assert material["query"] == "Sum up ../data/x.csv, not ./y.csv, in ..."
    assert material["system_prompt"] == "All of it is in '..'."
    other = f"Look at {base.parent}2"
    assert keyed(base, other, project="..").material["query"] == other


def test_order_of_tools_servers_and_folders_is_not_in_the_key(base: Path) -> None:
    def made(step: int) -> RecordingKey:
        servers = {"b": {"command": "y"}, "a": {"command": "x"}}
        return keyed(
            base,
            allowed_tools=["Bash", "Read"][::step],
            add_dirs=[base / "other", base / "project"][::step],
            mcp_config={"mcpServers": dict([*servers.items()][::step])},
        )

    assert made(1) == made(-1)
    assert made(1).material["mcp_servers"] == ["a", "b"]


def test_what_starts_an_mcp_server_is_not_in_the_key(base: Path) -> None:
    first, second = (
        keyed(base, mcp_config={"mcpServers": {"a": {"command": "x", "env": {"KEY": value}}}})
        for value in ("one", "two")
    )
    assert first == second


def test_resumed_session_is_the_key_of_who_made_it(base: Path) -> None:
    made = keyed(base, "First")
    first, second = (
        keyed(base, session_id=session_id, made_by_key=made.key)
        for session_id in (
            "11111111-1111-4111-8111-111111111111",
            "22222222-2222-4222-8222-222222222222",
        )
    )
    assert first == second
    assert first.material["resumes"] == made.key


def test_own_key_stands_for_everything_but_the_occurrence(base: Path) -> None:
    first = keyed(base, "Monday", model="opus", key="weekly")
    assert first == keyed(base, "Tuesday", project="other", key="weekly")
    assert first != keyed(base, "Monday", model="opus", key="weekly", occurrence=2)
    assert first.material == {"key": "weekly", "occurrence": 1}


def test_what_is_to_be_ignored_is_cut_out_of_prompts(base: Path) -> None:
    ignore = [r"\d{4}-\d\d-\d\d", r"at \d+ o'clock"]
    first, second = (
        keyed(base, f"News of {day}", system_prompt=f"It is {day}", key_ignore=ignore)
        for day in ("2026-01-01", "2026-02-02")
    )
    assert first == second
    assert first.material["query"] == "News of "
    assert first != keyed(base, "News on 2026-01-01", system_prompt="It is ", key_ignore=ignore)
    assert keyed(base, "News of 2026-01-01") != keyed(base, "News of 2026-02-02")


def test_ignoring_what_is_no_regular_expression_is_refused(base: Path) -> None:
    with pytest.raises(InvalidRequest, match="key_ignore") as caught:
        keyed(base, key_ignore=["("])
    assert caught.value.field == "key_ignore"


def test_secrets_are_neither_in_the_key_nor_in_its_material(base: Path) -> None:
    other = SECRET[:-3] + "abc"
    first, second = (keyed(base, f"Use {secret}") for secret in (SECRET, other))
    assert first == second
    assert SECRET not in json.dumps(first.material)
    assert keyed(base, key=SECRET) == keyed(base, key=other)


MACHINES = [
    ("alice", "/home/alice", "/home/alice/proj"),
    ("runner", "/home/user", "/home/user/a/deep/checkout"),
    ("root", "/root", "/app"),
    ("me", "/Users/me", "/Users/me/proj"),
    ("data", "/home/you/data", "/workspace"),
]
"""Who is at it, the home folder, and the notebook's."""
ASKED: dict[str, dict[str, Any]] = {
    "address": {"query": "Write to alice@example.com about it"},
    "repository": {"query": "Look at https://github.com/alice/repo and data/a.csv"},
    "name before a slash": {"query": "Fix alice/model.py, then runner/a.py"},
    "somebody's home": {"query": "Read /home/alice/data/x.csv, also of /root."},
    "own home": {"query": "Read {home}/x.csv, or {home}."},
    "notebook's folder": {"query": "Read {base}/x.csv in {base}."},
    "tools": {"allowed_tools": ["Read({base}/**)", "Bash(ls {home}/data)"]},
    "arguments": {"extra_args": ["--add", "{base}/x"]},
    "schema": {"schema": {"enum": ["{base}/a", {"const": "alice/b"}]}},
    "own key": {"key": "alice@example.com of {home}"},
}


def on(machine: tuple[str, str, str], told: dict[str, Any]) -> RecordingKey:
    """The key of what is asked on a machine."""
    name, home, base = machine
    text = json.dumps(told).replace("{home}", home).replace("{base}", base)
    request = ExecutionRequest.model_validate(
        {"query": "Go", "project_path": f"{base}/data", **json.loads(text)}
    )
    redactor = Redactor(environ={}, home=Path(home), user=name)
    inputs = {"data/a.csv": "0" * 64}
    return key_of(request, base=Path(base), redactor=redactor, inputs=inputs)


@pytest.mark.parametrize("name", ASKED)
def test_key_does_not_depend_on_who_is_at_the_machine(name: str) -> None:
    made = [on(machine, ASKED[name]) for machine in MACHINES]
    assert len({one.key for one in made}) == 1
    assert len({numbered(one, 2).key for one in made} | {made[0].key}) == 2
    for (user, home, _), one in zip(MACHINES, made, strict=True):
        told = json.dumps(one.material)
        assert home not in told, "the material is saved"
        assert f"{user}@" not in told or user == "root"
        assert on(MACHINES[0], {"query": "Write to bob@example.com about it"}).key != one.key


def test_folder_of_one_part_is_found_where_a_path_begins_only(base: Path) -> None:
    told = "ls /app/a x/app/b https://x.org/app/c /app-old /apples; cd /app"
    made = on(("root", "/root", "/app"), {"query": told})
    assert made.material["query"] == "ls ./a x/app/b https://x.org/app/c /app-old /apples; cd ."
    assert on(("me", "/home/me", "/tmp"), {"query": "in /tmp/x"}).material["query"] == "in /tmp/x"


def test_inputs_are_digests_by_relative_path_in_order(base: Path) -> None:
    (base / "project" / "src" / "b.bin").write_bytes(b"\x00\xff")
    found = digests(
        ["project/src/*.bin", "project/**/*.py", "project/src/a.py"], base, base / "recordings"
    )
    assert list(found) == ["project/src/a.py", "project/src/b.bin"]
    before = keyed(base, inputs=found)
    (base / "project" / "src" / "a.py").write_text("a = 2\n")
    after = keyed(base, inputs=digests(["project/**/*.py"], base, base / "recordings"))
    assert differences(after.material, before.material) == [
        "the input project/src/a.py has changed",
        "the input project/src/b.bin is gone",
    ]


@pytest.mark.parametrize("pattern", ["nothing/*.py", "project", "/etc/passwd", ""])
def test_inputs_that_fit_no_file_are_refused(base: Path, pattern: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        digests([pattern], base, base / "recordings")
    assert caught.value.field == "inputs"
    assert "Globs are relative to the notebook's folder" in str(caught.value)


def found_by(base: Path, *patterns: str) -> list[str]:
    return list(digests(patterns, base, base / "recordings"))


def test_globs_find_neither_recordings_nor_notebooks_nor_what_tools_make(base: Path) -> None:
    for name in [
        "recordings/hello-1/run.json",
        "study.ipynb",
        ".ipynb_checkpoints/study-checkpoint.ipynb",
        "project/node_modules/left/index.json",
        "project/__pycache__/a.pyc",
        "project/data/b.json",
        "project/lib/other.ipynb",
    ]:
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    meant = ["project/data/b.json", "project/src/a.py"]
    assert found_by(base, "**/*") == found_by(base, "**") == meant
    assert found_by(base, "**/*.json") == ["project/data/b.json"]
    assert found_by(base, "project/**") == meant, "on every Python"
    index = "project/node_modules/left/index.json"
    assert found_by(base, "project/node_modules/**/*.json") == [index]
    assert found_by(base, index, "study.ipynb") == [index, "study.ipynb"]
    assert found_by(base, "project/*/*.ipynb") == ["project/lib/other.ipynb"]
    with pytest.raises(InvalidRequest, match="only if they are named"):
        found_by(base, "recordings/**/*.json")


def test_differences_are_said_in_words(base: Path) -> None:
    was = keyed(base, "Explain the function mean() in stats.py", model="opus").material
    now = keyed(base, "Explain the function median() in stats.py", effort="low").material
    said = differences(now, was)
    assert said[0].startswith("query differs from character 24 on: it is 'unction median()")
    assert said[1:] == [
        'effort is "low", and was not given when it was recorded',
        'model is not given, and was "opus" when it was recorded',
    ]
    assert differences(was, was) == []
