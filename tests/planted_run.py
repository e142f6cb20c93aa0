"""What a CLI does with planted secrets, as a script for the fake CLI (its word `script`).

The rule: every way in which a secret comes into a transcript or a project is taken once: deltas of
text, thinking and input, cut anywhere; whole messages; a tool's input, output and diff; noise on
both streams; names and content of files. `cli` is the run, SECRETS what is planted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def play(cli: Any, secrets: dict[str, str], texts: list[str], home: str, name: str) -> None:
    """One turn.

    Args:
        cli: the run of the fake CLI.
        secrets: what is planted, by name.
        texts: the secrets in all encodings.
        home: the home folder.
        name: the user's.
    """
    told = f"Look at {home}/notes, {name}@host: " + " and ".join(secrets.values())
    _stream(cli, told, {"command": f"deploy {told}", "env": secrets})
    _tool(cli, told, secrets, texts, f"{home}/.claude/projects/{_as_folder(home)}-project/x")
    for text in texts:
        cli.write(f"warning: {text}\n".encode(), 2)
    cli.write(f"noise: {told}\n".encode())
    _files(secrets, told)
    cli.words["told"] = told


def _stream(cli: Any, told: str, given: dict[str, Any]) -> None:
    kinds = [("text_delta", "text", told), ("thinking_delta", "thinking", told)]
    kinds.append(("input_json_delta", "partial_json", json.dumps(given)))
    for index, (kind, field, text) in enumerate(kinds):
        for start in range(0, len(text), 7):
            change = {"type": kind, field: text[start : start + 7]}
            cli.event({"type": "content_block_delta", "index": index, "delta": change})
        cli.event({"type": "content_block_stop", "index": index})


def _tool(cli: Any, told: str, secrets: dict[str, str], texts: list[str], place: str) -> None:
    given = {"command": f"cd {Path.cwd()}; echo {told}", "file_path": place, "headers": secrets}
    call = {"type": "tool_use", "id": "toolu_9", "name": "Bash", "input": given}
    cli.frame(cli.assistant(call))
    lines = [f"+{line}" for secret in secrets.values() for line in secret.split("\n")]
    hunk = {"oldStart": 1, "oldLines": 0, "newStart": 1, "newLines": len(lines), "lines": lines}
    output = "\n".join([told, place, *texts])
    block = {"tool_use_id": "toolu_9", "type": "tool_result", "content": output, "is_error": False}
    frame = cli.user([block])
    frame["tool_use_result"] = {"stdout": output, "structuredPatch": [hunk], "filePath": place}
    cli.frame(frame)
    parts = [{"type": "text", "text": part} for part in (told, json.dumps(output))]
    cli.frame(cli.user([{**block, "tool_use_id": "toolu_8", "content": parts}]))


def _files(secrets: dict[str, str], told: str) -> None:
    with open("written.txt", "w", encoding="utf-8") as file:
        file.write(told + "\n")
        file.writelines(f"{name}: {secret}\n" for name, secret in secrets.items())
    for secret in secrets.values():
        if len(secret) < 120 and secret.replace("-", "").replace("_", "").isalnum():
            with open(f"about-{secret}.txt", "w", encoding="utf-8") as file:
                file.write("about it\n")
    with open("binary.bin", "wb") as file:
        file.write(b"\0\1\2" + told.encode() + b"\xff")


def _as_folder(path: str) -> str:
    return "".join(one if one.isalnum() else "-" for one in path)
