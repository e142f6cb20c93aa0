"""Recordings that somebody has edited, cut off, mixed up, or made with a later version.

The rule: what can be played plays what it says; all else is refused by file and line.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from claude_widget.recordings.errors import RecordingDamaged, RecordingTooNew
from claude_widget.recordings.store import Recordings
from tests import saved_recordings as suite
from tests.conftest import MakeManager
from tests.fake import ended
from tests.saved_recordings import keyed

recordings, execution, saved = suite.recordings, suite.execution, suite.saved


def play(recordings: Recordings) -> list[bytes]:
    found = recordings.find(keyed())
    assert found is not None
    return recordings.read(found).lines


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_recording_of_a_later_version_names_the_version_it_needs(
    recordings: Recordings, saved: Path
) -> None:
    rewrite(saved / "request.json", format=2, needs="9.9.0", material=None)
    with pytest.raises(RecordingTooNew, match=r"claude-widget 9\.9\.0") as caught:
        recordings.find(keyed())
    assert (caught.value.format, caught.value.needs) == (2, "9.9.0")
    assert recordings.all() == []


def test_recording_made_for_another_prompt_says_what_differs(
    recordings: Recordings, saved: Path
) -> None:
    rewrite(saved / "request.json", material={**keyed().material, "query": "fake:other"})
    with pytest.raises(RecordingDamaged, match="of another request: query differs") as caught:
        recordings.find(keyed())
    assert caught.value.path == str(saved / "request.json")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"format": 1}', '{"format": "1", "material": {}}', "\udcff"]
)
def test_request_that_says_nothing_is_named(
    recordings: Recordings, saved: Path, content: str
) -> None:
    (saved / "request.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(RecordingDamaged) as caught:
        recordings.find(keyed())
    assert caught.value.path == str(saved / "request.json")
    assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"values": {}}', '{"values": {"id": 5}, "times": []}',
     '{"values": {}, "times": ["x"]}', '{"values": {}, "times": []}',
     '{"values": {"id": [[]]}, "times": []}'],
)  # fmt: skip
def test_run_that_says_nothing_is_named(recordings: Recordings, saved: Path, content: str) -> None:
    (saved / "run.json").write_text(content)
    with pytest.raises(RecordingDamaged) as caught:
        play(recordings)
    assert Path(caught.value.path).parent == saved


def test_malformed_line_is_named_by_file_and_number(recordings: Recordings, saved: Path) -> None:
    path = saved / "transcript"
    rows = path.read_text().split("\n")
    path.write_text("\n".join([*rows[:4], "<<<<<<< HEAD", *rows[4:]]))
    with pytest.raises(RecordingDamaged, match="line 5") as caught:
        play(recordings)
    assert (caught.value.path, caught.value.line) == (str(path), 5)


@pytest.mark.parametrize("name", ["transcript", "run.json"])
def test_file_that_is_missing_or_none_is_named(
    recordings: Recordings, saved: Path, name: str
) -> None:
    (saved / name).unlink()
    with pytest.raises(RecordingDamaged, match=name):
        play(recordings)
    os.mkfifo(saved / name)  # which would make its reader wait
    with pytest.raises(RecordingDamaged, match="regular file"):
        play(recordings)


def test_transcript_that_is_no_text_is_named(recordings: Recordings, saved: Path) -> None:
    (saved / "transcript").write_bytes(b"\xff\xfe\x00out {}\n")
    with pytest.raises(RecordingDamaged, match="no text"):
        play(recordings)


def test_recording_edited_by_hand_plays_what_it_says(recordings: Recordings, saved: Path) -> None:
    path = saved / "transcript"
    before = play(recordings)
    path.write_text(path.read_text().replace("hello", "good day"))
    after = play(recordings)
    assert after == [line.replace(b"hello", b"good day") for line in before]
    rows = path.read_text().splitlines()
    path.write_text("\n".join(rows[:5] + rows[6:]) + "\n")
    assert play(recordings) == after[:5] + after[6:]


def ended_line(saved: Path) -> int:
    rows = (saved / "transcript").read_text().splitlines()
    return next(number for number, row in enumerate(rows, 1) if '"event":"ended"' in row)


@pytest.mark.parametrize(
    ("was", "edited"),
    [
        ('"exit_code":0', '"exit_code":"0"'),
        ('"event":"ended"', '"event":"spawned","pid":0'),
        ('"event":"ended"', '"event":"requested","request":{"query":"","project_path":""}'),
        ('"event":"ended"', '"event": "adopted","owner":{}'),
        ('"event":"ended"', '"event":"kill","reason":"success"'),
    ],
)
def test_own_record_that_cannot_stand_there_is_refused_before_anything_waits_for_it(
    recordings: Recordings, saved: Path, was: str, edited: str
) -> None:
    path, line = saved / "transcript", ended_line(saved)
    path.write_text(path.read_text().replace(was, edited))
    with pytest.raises(RecordingDamaged) as caught:
        play(recordings)
    assert (caught.value.path, caught.value.line) == (str(path), line)


@pytest.mark.parametrize("value", ["-1", "1e999", "abc"])
def test_number_that_was_edited_in_the_run_is_refused_though_the_transcript_is_as_it_was(
    recordings: Recordings, saved: Path, value: str
) -> None:
    run = json.loads((saved / "run.json").read_text())
    run["values"]["number"][-1] = value
    rewrite(saved / "run.json", values=run["values"])
    with pytest.raises(RecordingDamaged, match=f"line {ended_line(saved)}"):
        play(recordings)


def test_frame_that_is_none_for_a_value_that_was_edited_is_named(
    recordings: Recordings, saved: Path
) -> None:
    run = json.loads((saved / "run.json").read_text())
    run["values"]["number"] = ["abc", *run["values"]["number"][1:]]
    rewrite(saved / "run.json", values=run["values"])
    with pytest.raises(RecordingDamaged, match="no JSON object"):
        play(recordings)


def test_hand_edited_recording_is_refused_by_a_start_and_keeps_no_slot(
    make_manager: MakeManager, project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    records = make_manager(mode="record", recordings=folder)
    for query in ("one", "two"):
        ended(records.start_execution(query, project), "completed", "success")
    records.close()
    (path,) = folder.glob("one-*/transcript")
    path.write_text(path.read_text().replace('"exit_code":0', '"exit_code":"0"'))
    replays = make_manager(mode="replay", recordings=folder, max_concurrency=1)
    with pytest.raises(RecordingDamaged, match="transcript, line"):
        replays.start_execution("one", project)
    assert ended(replays.start_execution("two", project), "completed", "success").info.recorded
