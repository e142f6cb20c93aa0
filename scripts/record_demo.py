"""Records the demo's executions: the real CLI, through the manager, against a scripted model.

The rule: what is kept is what the CLI printed and when. Only what is true of one machine is written
over (paths, host, process ids, the loopback address); the recorder fails if any of it is left, if
a run ended otherwise than its query says, or if a recording grew too large. Nothing is paid.

    .venv/bin/python -m scripts.record_demo [SLUG ...]
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from scripts.demo_queries import DEMOS, Demo
from scripts.demo_sample import write_sample
from scripts.failure import SetupFailed
from scripts.parts import RECORDINGS
from tests.real_cli import cli_environment, find_real_cli
from tests.scenarios import Block, Scenario, ToolUse, Turn
from tests.scripted_api import ScriptedAPI

LARGEST = 200_000
"""Bytes of a transcript."""
BOUND = 180
PROJECT = "/home/user/project"
NOWHERE = "00000000-0000-0000-0000-000000000000"
_PIDS = ("pid", "start", "shim_pid", "shim_start", "clock")
_MACHINE = {"host": "localhost", "boot_id": NOWHERE, "owner": {}, "cli_path": "claude"}


def main(names: list[str]) -> None:
    """Record the demos named, or all of them."""
    unknown = set(names) - {demo.slug for demo in DEMOS}
    if unknown:
        raise SetupFailed(f"There is no demo {min(unknown)!r} in scripts/demo_queries.py.")
    chosen = [demo for demo in DEMOS if not names or demo.slug in names]
    root = Path(tempfile.mkdtemp(prefix="cw-demo-")).resolve()
    try:
        for demo in chosen:
            record(demo, root / demo.slug)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def record(demo: Demo, root: Path) -> None:
    """Run one demo in a world of its own, and keep its transcript."""
    project = root / "project"
    write_sample(project)
    demos = (demo, *demo.follow_ups)
    with ScriptedAPI(scripts=scripts_of(demo, project)) as api:
        os.environ.clear()
        os.environ.update(cli_environment(root, api.url, XDG_RUNTIME_DIR=str(root / "run")))
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        manager = ProcessManager(root / "state", find_real_cli(), max_concurrency=1)
        execution = manager.start_execution(
            demo.query, project, name=demo.slug, timeout=BOUND, **demo.options
        )
        executions = [execution.wait(BOUND + 30)]
        for one in demo.follow_ups:
            executions.append(executions[-1].send(one.query).wait(BOUND + 30))
        manager.close()
    for one, ended in zip(demos, executions, strict=True):
        keep(one, ended, root, api.url)


def keep(demo: Demo, execution: Execution, root: Path, url: str) -> None:
    """Write one recording into the notebook's folder."""
    info = execution.info
    if info.reason != demo.reason:
        raise SetupFailed(f"{demo.slug} ended as {info.status} ({info.reason}): {info.errors}")
    transcript = neutral_transcript(execution, root, url)
    check_neutral(demo.slug, transcript, root)
    folder = RECORDINGS / demo.slug
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "transcript").write_bytes(transcript)
    described = {
        "query": demo.query,
        "cli_version": info.cli_version,
        "recorded": time.strftime("%Y-%m-%d"),
    }
    (folder / "recording.json").write_text(json.dumps(described, indent=2) + "\n")
    print(f"{demo.slug}: {info.reason}, {info.duration:.1f} s, {len(transcript):,} bytes")


def scripts_of(demo: Demo, project: Path) -> dict[str, Scenario]:
    """What the model answers to a demo's queries, about the project in that folder."""
    demos = (demo, *demo.follow_ups)
    return {one.query: [_placed(turn, project) for turn in one.scenario] for one in demos}


def _placed(turn: Turn, project: Path) -> Turn:
    """The turn with `${project}` filled in: its prompt carries no arguments."""
    return replace(turn, blocks=[_filled(block, project) for block in turn.blocks])


def _filled(block: Block, project: Path) -> Block:
    if not isinstance(block, ToolUse):
        return block
    given = {
        name: str(value).replace("${project}", str(project)) for name, value in block.input.items()
    }
    return replace(block, input=given)


def neutral_transcript(execution: Execution, root: Path, url: str) -> bytes:
    """The transcript, with what is true of this machine only written over."""
    raw = execution.run.transcript.read_bytes()
    places = [
        (root / "project", PROJECT),
        (root / "config", "/home/user/.claude"),
        (root / "state" / "executions", "/home/user/.local/state/claude-widget/executions"),
        (root, "/home/user"),
        (Path(find_real_cli()).parents[3], "/usr/local/lib"),
        (Path(__file__).resolve().parents[1], "/home/user"),
    ]
    for place, neutral in places:
        for real in (str(place), str(place.resolve())):
            raw = raw.replace(real.encode(), neutral.encode())
            raw = raw.replace(_folder_name(real).encode(), _folder_name(neutral).encode())
    raw = re.sub(rb"/tmp/cw-\d+/[0-9a-f]{16}", b"/run/user/1000/cw", raw)
    raw = raw.replace(url.removeprefix("http://").encode(), b"api.anthropic.com")
    return b"".join(_neutral_record(line) for line in raw.splitlines(keepends=True))


def _folder_name(path: str) -> str:
    """A path as the CLI names a project's folder by it."""
    return re.sub("[^A-Za-z0-9]", "-", path)


def _neutral_record(line: bytes) -> bytes:
    seconds, stream, data = line.rstrip(b"\n").split(b" ", 2)
    if b"+" in stream or b"-" in stream:
        raise SetupFailed("A line was recorded in pieces; a path in it may be torn.")
    if stream == b"meta":
        fields = json.loads(data)
        fields |= {name: 0 for name in _PIDS if name in fields}
        fields |= {name: value for name, value in _MACHINE.items() if name in fields}
        data = json.dumps(fields, separators=(",", ":")).encode()
    elif b'"pid":' in data:
        data = re.sub(rb'"pid":\d+', b'"pid":0', data)
    data = re.sub(rb"/\d+\.sock", b"/0.sock", data)
    return b"%s %s %s\n" % (seconds, stream, data)


def check_neutral(slug: str, transcript: bytes, root: Path) -> None:
    """Fail rather than keep what tells of this machine, or too much of anything."""
    left = [
        word
        for word in (
            str(root),
            root.parent.name,
            tempfile.gettempdir(),
            str(Path.home()),
            "127.0.0.1",
        )
        if word.encode() in transcript
    ]
    if re.search(rb"\b%s\b" % re.escape(socket.gethostname().encode()), transcript):
        left.append(socket.gethostname())
    if left:
        at = transcript.index(left[0].encode())
        around = transcript[max(0, at - 80) : at + 80].decode("utf-8", "replace")
        raise SetupFailed(f"{slug}: the transcript still holds {left[0]!r}: {around}")
    if len(transcript) > LARGEST:
        raise SetupFailed(f"{slug}: {len(transcript):,} bytes are more than {LARGEST:,}.")


if __name__ == "__main__":
    main(sys.argv[1:])
