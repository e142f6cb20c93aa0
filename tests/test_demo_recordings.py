"""The demo's recordings: each is there, answers its query, and plays to its recorded end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claude_widget.manager import ProcessManager
from claude_widget.recordings.replay import ReplayBackend
from scripts.demo_queries import DEMOS, Demo
from scripts.parts import RECORDINGS
from scripts.record_demo import LARGEST, PROJECT
from tests.waiting import BOUND

RECORDED = tuple(one for demo in DEMOS for one in (demo, *demo.follow_ups))
BY_SLUG = pytest.mark.parametrize("demo", RECORDED, ids=lambda demo: demo.slug)


@BY_SLUG
def test_recording_plays_to_its_end(demo: Demo, tmp_path: Path) -> None:
    manager = ProcessManager(tmp_path / "state", backend=ReplayBackend(RECORDINGS, pace=0))
    execution = manager.start_execution(demo.query, tmp_path).wait(BOUND)
    manager.close()
    info = execution.info
    assert info.reason == demo.reason
    assert info.recorded
    assert info.unknown_frames == 0
    assert info.result if info.status == "completed" else info.errors
    assert info.duration is not None
    assert info.duration >= 0


@BY_SLUG
def test_recording_is_neutral_and_small(demo: Demo) -> None:
    described = json.loads((RECORDINGS / demo.slug / "recording.json").read_text())
    assert described["query"] == demo.query
    transcript = (RECORDINGS / demo.slug / "transcript").read_text()
    assert len(transcript) <= LARGEST
    assert f'"cwd":"{PROJECT}"' in transcript
    assert "127.0.0.1" not in transcript


def test_queries_differ_and_nothing_else_is_recorded() -> None:
    assert len({demo.query for demo in RECORDED}) == len(RECORDED)
    by_query = {path.parent.name for path in RECORDINGS.glob("*/recording.json")}
    assert by_query == {demo.slug for demo in RECORDED}
