"""What is left of an answer that was broken off.

The rule: transcripts as the CLI 2.1.330 writes them (measured), cut wherever an end may come.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_widget import last_text as module
from claude_widget.last_text import last_text


def event(lane: str | None = None, **inside: Any) -> dict[str, Any]:
    return {"type": "stream_event", "event": inside, "parent_tool_use_id": lane}


def delta(text: str, lane: str | None = None) -> dict[str, Any]:
    told = {"type": "text_delta", "text": text}
    return event(lane, type="content_block_delta", index=0, delta=told)


def begun(kind: str = "text") -> dict[str, Any]:
    block = {"type": kind, "text": ""}
    return event(type="content_block_start", index=0, content_block=block)


def said(text: str, **more: Any) -> dict[str, Any]:
    message = {"id": "m1", "content": [{"type": "text", "text": text}]}
    return {"type": "assistant", "message": message, "parent_tool_use_id": None, **more}


def write(folder: Path, *frames: dict[str, Any], end: str = "") -> Path:
    path = folder / "transcript"
    lines = [f"{n}.5 out {json.dumps(frame)}\n" for n, frame in enumerate(frames)]
    path.write_text("".join(lines) + end)
    return path


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ((), ""),
        ((begun(), delta("Half an "), delta("answ")), "Half an answ"),
        ((begun(), delta("Half"), said("Half a word")), "Half a word"),
        ((said("first"), begun(), delta("sec")), "sec"),
        ((said("first"), begun("tool_use")), "first"),
        ((said("mine"), delta("another's", "toolu_1")), "mine"),
        ((said("mine"), said("another's", parent_tool_use_id="toolu_1")), "mine"),
        ((said("mine"), said("API Error: 500", error="server_error")), "mine"),
        ((said("mine"), {"type": "stream_event", "event": 7}), "mine"),
    ],
)
def test_the_last_text_of_the_agent_itself(
    tmp_path: Path, frames: tuple[dict[str, Any], ...], text: str
) -> None:
    assert last_text(write(tmp_path, *frames, end='9.5 out {"type":"assis')) == text


def test_only_the_end_of_a_long_one_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TAIL", 4_000)
    path = write(tmp_path, said("long ago"), *(delta("x") for _ in range(500)))
    assert set(last_text(path)) == {"x"}
    assert len(last_text(path)) < 50


def test_one_that_is_gone_has_none(tmp_path: Path) -> None:
    assert last_text(tmp_path / "nowhere") == ""
