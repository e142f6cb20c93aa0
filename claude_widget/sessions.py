"""The CLI's session files: which earlier sessions a project has.

The rule: reads the heads of files that belong to the CLI, and writes none of them. The CLI keeps
them in `projects/<name>/<session id>.jsonl` below its config folder; the name is the project's
path with every character outside A-Z, a-z and 0-9 replaced (measured, 2.1.330), so two paths can
share one, and what a file says about its folder decides.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from claude_widget.discovery import config_folder
from claude_widget.protocol import SessionRow

_HEAD = 1024 * 1024
_LONGEST_LINE = 64 * 1024
"""Bytes of a file, and of one of its lines, that are looked at."""
_LONGEST_NAME = 200
_PROMPT_CHARACTERS = 120
_LONG = re.compile(
    rb'"type":"(?:user|(?P<queued>queue-operation))".*?"content":"'
    rb'(?P<text>(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}){1,2000})'
)
"""The beginning of a prompt that fills its line."""


def project_sessions(
    project_path: str | os.PathLike[str],
    env: Mapping[str, str] | None = None,
    limit: int = 50,
) -> list[SessionRow]:
    """The project's sessions, newest first.

    Args:
        project_path: the project's folder.
        env: environment that names the CLI's config folder; the process's own by default.
        limit: how many at most.
    """
    project = os.path.realpath(Path(project_path).expanduser())
    files: list[tuple[float, int, Path]] = []
    for folder in _folders(config_folder(env) / "projects", project):
        for file in folder.glob("*.jsonl"):
            try:
                found = file.stat()
            except OSError:
                continue
            files.append((found.st_mtime, found.st_size, file))
    rows: list[SessionRow] = []
    for modified, size, file in sorted(files, reverse=True):
        row = _row(file, modified, size, project)
        if row is not None:
            rows.append(row)
        if len(rows) >= limit:
            break
    return rows


def has_session(
    project_path: str | os.PathLike[str],
    session_id: str,
    env: Mapping[str, str] | None = None,
) -> bool:
    """Whether the CLI has that session of a project here.

    Args:
        project_path: the project's folder.
        session_id: the session's.
        env: environment that names the CLI's config folder; the process's own by default.
    """
    project = os.path.realpath(Path(project_path).expanduser())
    folders = _folders(config_folder(env) / "projects", project)
    return any((folder / f"{session_id}.jsonl").exists() for folder in folders)


def _folders(projects: Path, project: str) -> Iterator[Path]:
    """The folders that may hold the project's sessions."""
    name = re.sub("[^A-Za-z0-9]", "-", _utf16_units(project))
    if len(name) <= _LONGEST_NAME:
        yield projects / name
    else:  # a longer name is cut, with a hash of the path behind it
        yield from projects.glob(name[:_LONGEST_NAME] + "-*")


def _utf16_units(text: str) -> str:
    """Characters beyond the basic plane count twice, as in JavaScript."""
    return "".join("--" if ord(character) > 0xFFFF else character for character in text)


def _row(file: Path, modified: float, size: int, project: str) -> SessionRow | None:
    prompt = queued = ""
    for entry in _entries(file):
        cwd = entry.get("cwd")
        if isinstance(cwd, str) and os.path.realpath(cwd) != project:
            return None
        prompt = prompt or _prompt(entry)
        queued = queued or _queued(entry)
        if prompt and cwd:
            break
    return SessionRow(
        session_id=file.stem, first_prompt=prompt or queued, modified_time=modified, size_bytes=size
    )


def _entries(file: Path) -> Iterator[dict[str, Any]]:
    """The entries at a file's head; of one that is too long, what its beginning says."""
    left = _HEAD
    try:
        with file.open("rb") as stream:
            while left > 0 and (line := stream.readline(_LONGEST_LINE)):
                left -= len(line)
                entry = _entry(line)
                while left > 0 and line and not line.endswith(b"\n"):
                    line = stream.readline(_LONGEST_LINE)
                    left -= len(line)
                if entry is not None:
                    yield entry
    except OSError:
        return


def _entry(line: bytes) -> dict[str, Any] | None:
    if line.endswith(b"\n") or len(line) < _LONGEST_LINE:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return entry if isinstance(entry, dict) else None
    found = _LONG.search(line)
    if found is None:
        return None
    text = json.loads(f'"{found["text"].decode("utf-8", "ignore")}"', strict=False)
    kind = "queue-operation" if found["queued"] else "user"
    return {"type": kind, "operation": "enqueue", "content": text, "message": {"content": text}}


def _queued(entry: dict[str, Any]) -> str:
    """The text of a prompt that stood in line before it was the user's message."""
    if entry.get("type") != "queue-operation" or entry.get("operation") != "enqueue":
        return ""
    return _one_line(entry.get("content"))


def _prompt(entry: dict[str, Any]) -> str:
    """The text of a user's message, on one line, without control characters."""
    message = entry.get("message")
    if entry.get("type") != "user" or entry.get("isMeta") or not isinstance(message, dict):
        return ""
    content = message.get("content")
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        content = next((text for text in texts if isinstance(text, str)), "")
    return _one_line(content)


def _one_line(content: Any) -> str:
    if not isinstance(content, str):
        return ""
    shown = "".join(c if c.isprintable() else " " for c in content[: 4 * _PROMPT_CHARACTERS])
    return " ".join(shown.split())[:_PROMPT_CHARACTERS]
