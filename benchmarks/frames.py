"""The prepared output of a fake CLI: frames of recorded runs, many times over.

The rule: no frame is made up. The deltas are those of `tests/transcripts/partial_text.jsonl`,
byte for byte; the others are recorded lines in which only the ids of messages and tools change,
so that each turn counts as one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.fake_cli import STAMP
from benchmarks.measure import ROOT

RECORDED = ROOT / "tests" / "transcripts"
DELTAS_PER_TURN = 152
"""With eight other frames a turn, 95 % of all frames are deltas."""
_STATE = (
    b'{"type":"system","subtype":"session_state_changed","state":"%s",'
    b'"uuid":"7b15c34c-cd77-40a6-8f93-ce5e2d8790ff","session_id":"%s"}'
)


def recorded(name: str) -> list[bytes]:
    """The frames of one recorded run."""
    return (RECORDED / f"{name}.jsonl").read_bytes().splitlines()


def session(count: int) -> Iterator[bytes]:
    """About `count` frames of one session: its start, turn after turn, its result."""
    text = recorded("partial_text")
    tool = recorded("bash_tool")
    found = text[0].partition(b'"session_id":"')[2][:36]
    other = tool[0].partition(b'"session_id":"')[2][:36]
    called, answered = (line.replace(other, found) for line in (tool[2], tool[3]))
    deltas = [line for line in text if b'"content_block_delta"' in line]
    yield from (text[0], _STATE % (b"running", found), text[1])
    written = 3
    turn = 0
    while written < count - 2:
        turn += 1
        frames = [*text[2:4], *(deltas[index % 2] for index in range(DELTAS_PER_TURN))]
        frames += [*text[6:10], called, answered]
        for frame in frames:
            yield _renumbered(frame, turn)
        written += len(frames)
    yield text[10]
    yield _STATE % (b"idle", found)


def _renumbered(frame: bytes, turn: int) -> bytes:
    """Ids of the same length, another one each turn; deltas stay as they are."""
    if b'"content_block_delta"' in frame:
        return frame
    for kind in (b"msg_", b"toolu_"):
        start = frame.find(b'"' + kind)
        if start >= 0:
            old = frame[start : start + len(kind) + 13]
            frame = frame.replace(old, b'"%s%012d' % (kind, turn))
    return frame


def stamped(count: int, every: int) -> Iterator[bytes]:
    """A session in which every so many frames a delta says where its moment belongs."""
    since = 0
    for frame in session(count):
        since += 1
        start = frame.find(b'"text":"')
        if since >= every and start >= 0 and b'"content_block_delta"' in frame:
            since = 0
            end = frame.index(b'"', start + 8)
            frame = frame[: start + 8] + STAMP + frame[end:]  # noqa: PLW2901
        yield frame


def write(path: Path, count: int, stamp_every: int = 0) -> int:
    """Write a session's frames into a file; how many there are.

    Args:
        path: the file.
        count: about how many.
        stamp_every: 0, or after how many frames one has a stamp.
    """
    frames = list(stamped(count, stamp_every) if stamp_every else session(count))
    path.write_bytes(b"\n".join(frames) + b"\n")
    return len(frames)
