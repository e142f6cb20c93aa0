"""Finding a project's earlier sessions among the CLI's session files.

The rule: the files are written as the CLI 2.1.330 writes them (measured), heads only.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_widget import sessions
from claude_widget.sessions import project_sessions


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The CLI's folder of session files."""
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config" / "projects"


def write(folder: Path, prompt: str, cwd: Path, *, age: float = 0.0) -> str:
    """A session file; its id."""
    session_id = str(uuid.uuid4())
    entries = [
        {"type": "queue-operation", "operation": "enqueue", "sessionId": session_id},
        {"type": "user", "isMeta": True, "message": {"content": "caveat"}, "cwd": str(cwd)},
        {"type": "user", "message": {"role": "user", "content": prompt}, "cwd": str(cwd)},
    ]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{session_id}.jsonl"
    file.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    stamp = file.stat().st_mtime - age
    os.utime(file, (stamp, stamp))
    return session_id


def name_of(path: Path) -> str:
    """How the CLI names a project's folder."""
    units = str(path).encode("utf-16-le")
    characters = [units[i : i + 2].decode("utf-16-le", "replace") for i in range(0, len(units), 2)]
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in characters)


@pytest.mark.parametrize("name", ["plain", "with space", "ünï.code_x", "emoji-😀"])
def test_newest_first_with_its_first_prompt(projects: Path, tmp_path: Path, name: str) -> None:
    project = tmp_path / name
    project.mkdir()
    old = write(projects / name_of(project), "the older one", project, age=100)
    new = write(projects / name_of(project), "the newer\n one\x1b[31m", project)
    found = project_sessions(project)
    assert [row.session_id for row in found] == [new, old]
    assert [row.first_prompt for row in found] == ["the newer one [31m", "the older one"]
    assert all(row.size_bytes > 0 for row in found)


def test_a_link_to_the_project_finds_the_same(projects: Path, tmp_path: Path) -> None:
    project, link = tmp_path / "real", tmp_path / "link"
    project.mkdir()
    link.symlink_to(project)
    session_id = write(projects / name_of(project), "x", project)
    assert [row.session_id for row in project_sessions(link)] == [session_id]


def test_two_projects_with_one_folder_name_are_kept_apart(projects: Path, tmp_path: Path) -> None:
    dashed, underscored = tmp_path / "a-b", tmp_path / "a_b"
    for project in (dashed, underscored):
        project.mkdir()
        write(projects / name_of(project), project.name, project)
    assert [row.first_prompt for row in project_sessions(dashed)] == ["a-b"]
    assert [row.first_prompt for row in project_sessions(underscored)] == ["a_b"]


def test_a_long_path_is_found_by_the_head_of_its_name(projects: Path, tmp_path: Path) -> None:
    project = tmp_path / ("deep" * 30) / ("deeper" * 30)
    project.mkdir(parents=True)
    session_id = write(projects / (name_of(project)[:200] + "-1x2y3z"), "far down", project)
    assert [row.session_id for row in project_sessions(project)] == [session_id]


def test_a_prompt_of_any_length_is_found(projects: Path, tmp_path: Path) -> None:
    folder = projects / name_of(tmp_path)
    for size in (100_000, 3_000_000):
        session_id = str(uuid.uuid4())
        prompt = 'Read "this"\nand \u00e9 then: ' + "日" * size
        user = {"type": "user", "message": {"role": "user", "content": prompt}}
        entries = [
            {"type": "queue-operation", "operation": "enqueue", "content": prompt},
            {"parentUuid": None, "isSidechain": False, **user, "cwd": str(tmp_path)},
            {"type": "attachment", "cwd": str(tmp_path)},
        ]
        folder.mkdir(parents=True, exist_ok=True)
        lines = [
            json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries
        ]
        (folder / f"{session_id}.jsonl").write_text("".join(lines))
    found = project_sessions(tmp_path)
    assert len(found) == 2
    for row in found:
        assert row.first_prompt.startswith('Read "this" and é then: 日日')
        assert len(row.first_prompt) <= 120


def test_of_a_thousand_only_the_newest_are_read(
    projects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1_000):
        write(projects / name_of(tmp_path), f"number {number}", tmp_path, age=number)
    read: list[Path] = []
    entries = sessions._entries

    def noted(file: Path) -> Iterator[dict[str, Any]]:
        read.append(file)
        return entries(file)

    monkeypatch.setattr(sessions, "_entries", noted)
    found = project_sessions(tmp_path)
    assert [row.first_prompt for row in found] == [f"number {number}" for number in range(50)]
    assert len(read) == 50


def test_no_sessions_and_broken_files_are_no_error(projects: Path, tmp_path: Path) -> None:
    assert project_sessions(tmp_path) == []
    folder = projects / name_of(tmp_path)
    folder.mkdir(parents=True)
    (folder / "broken.jsonl").write_bytes(b'\xff\xfe{"type": \n[1,2]\n' + b"[" * 5000)
    (folder / "folder.jsonl").mkdir()
    assert len(project_sessions(tmp_path)) <= 2
    assert len(project_sessions(tmp_path, limit=1)) <= 1
