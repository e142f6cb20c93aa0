"""Limits of an execution: each ends what passes it, with its own reason and the figures.

The rule: a real shim around the fake CLI, which uses what it is told to. What needs long seconds is
told them.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import InvalidRequest
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.request import build_request
from claude_widget.shim import tree
from claude_widget.shim.limits import Figures, Limits, breach_of
from claude_widget.shim.session import Session
from claude_widget.shim.stall import Stall
from claude_widget.shim.usage import DESCENDANTS, SELDOM, Usage, size_below
from claude_widget.transcript import read_records
from tests.fake import ended, metas, running
from tests.waiting import BOUND, until

MB = 1 << 20
BREACHES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "wall clock": ("fake:gate", {"timeout": 0.3}, "timeout", "It ran for its 0.3 s (timeout)."),
    "silence": ("fake:silent", {"idle_timeout": 0.3}, "idle", "For 0.3 s it printed nothing"),
    "processor seconds": ("fake:cpu=9", {"max_cpu_seconds": 0.4}, "cpu", "of 0.4 processor sec"),
    "memory": ("fake:memory=90 fake:gate", {"max_memory": 64 * MB}, "memory", "of 67.1 MB of mem"),
    "processes": ("fake:forks=5 fake:gate", {"max_processes": 4}, "processes", "of 4 processes"),
    "temp folder": ("fake:temp=3 fake:gate", {"max_temp_size": 2 * MB}, "disk", "of 2.1 MB in its"),
}


@pytest.mark.parametrize("limit", BREACHES)
def test_a_breach_ends_it_with_its_own_reason_and_the_figures(
    manager: ProcessManager, project: Path, limit: str
) -> None:
    query, options, reason, words = BREACHES[limit]
    execution = ended(manager.start_execution(query, project, **options), "failed", reason)
    assert words in execution.info.errors[0]
    (told,) = [meta for meta in metas(execution) if meta["event"] == "limit"]
    (bound,) = options.values()
    assert told["bound"] == bound
    assert told["figure"] >= bound


UNWATCHED: dict[str, tuple[str, dict[str, Any], str]] = {
    "wall clock": ("fake:deltas=1 fake:gate fake:silent=never", {"timeout": 1.5}, "timeout"),
    "silence": ("fake:deltas=1 fake:gate fake:silent=never", {"idle_timeout": 1.5}, "idle"),
    "processor seconds": ("fake:deltas=1 fake:gate fake:cpu=30", {"max_cpu_seconds": 0.4}, "cpu"),
    "memory": (
        "fake:deltas=1 fake:gate fake:memory=90 fake:silent=never",
        {"max_memory": 64 * MB},
        "memory",
    ),
}


def test_limits_hold_without_a_kernel(
    make_manager: Callable[..., ProcessManager], project: Path
) -> None:
    manager = make_manager()
    begun = [
        (reason, manager.start_execution(asked, project, **options))
        for asked, options, reason in UNWATCHED.values()
    ]
    for _, execution in begun:  # a slow one may have passed its limit before it says that it runs
        until(lambda one=execution: one.ran[0], what="it was started")  # type: ignore[misc]
    manager.close()
    (project / "go").touch()

    def is_over() -> bool:
        return all(metas(execution)[-1]["event"] == "ended" for _, execution in begun)

    until(is_over, what="all of them are over")
    for reason, execution in begun:
        assert [one["reason"] for one in metas(execution) if one["event"] == "limit"] == [reason]


@pytest.mark.slow  # the average is over ten seconds
def test_more_cores_than_allowed_end_it(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("fake:cpu=60", project, max_cpu=0.05)
    execution.wait(BOUND)
    assert (execution.status, execution.info.reason) == ("failed", "cpu")
    (told,) = [meta for meta in metas(execution) if meta["event"] == "limit"]
    assert told["bound"] == 0.05
    assert told["figure"] >= 0.05


def test_a_bomb_of_forks_is_not_asked_but_killed_with_all_that_it_forked(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("fake:bomb=64", project, max_processes=2)
    ended(execution, "failed", "processes")
    (told,) = [meta for meta in metas(execution) if meta["event"] == "limit"]
    if told["figure"] > 3:  # else it was met in the moment in which there were three
        assert metas(execution)[-1]["exit_code"] == -9  # asked to end, it says 143


def test_what_grows_and_is_far_over_its_bound_is_not_asked() -> None:
    limits = Limits(max_memory=100, max_processes=10, max_cpu_seconds=10.0)
    near = [breach_of(limits, one) for one in (Figures(memory=150), Figures(processes=15))]
    far = [breach_of(limits, one) for one in (Figures(memory=151), Figures(processes=16))]
    assert [told is not None and told.far for told in (*near, *far)] == [False, False, True, True]
    used = breach_of(limits, Figures(cpu_seconds=900.0))
    assert used is not None
    assert not used.far


def test_pages_that_processes_share_count_once(manager: ProcessManager, project: Path) -> None:
    asked = "fake:shares=60 fake:gate"
    execution = manager.start_execution(asked, project, max_memory=100 * MB)
    until((execution.run.folder / DESCENDANTS).exists, what="it was looked at")
    until(lambda: len(descendants(execution)) == 2, what="both were seen")
    (project / "go").touch()
    ended(execution, "completed", "success")


STILL: dict[str, tuple[str, dict[str, Any], bytes]] = {
    "an open call": ("fake:calls fake:silent", {}, b'"tool_use"'),
    "an open request": ("fake:asks=Bash", {}, b"can_use_tool"),
    "a background task": ("fake:background=60", {}, b"background_tasks_changed"),
    "a turn that is over": ("hello", {"keep_open": True}, b'"idle"'),
}


def came_to(execution: Execution, sign: bytes) -> bool:
    """Whether it has said that before its limit: one whose start is slow is silent as well."""
    said = b"\n".join(record.data for record in read_records(execution.run.transcript))
    return sign in said.partition(b'"event":"limit"')[0]


def test_what_it_waits_for_is_no_stall(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    limits: dict[str, Any] = {"idle_timeout": 2.0, "timeout": 4.5}
    left = dict(STILL)
    while left:
        for what, execution in {
            what: manager.start_execution(words, project, **limits, **options)
            for what, (words, options, _) in left.items()
        }.items():
            execution.wait(BOUND)
            if came_to(execution, left[what][2]):
                assert (what, execution.info.reason) == (what, "timeout")
                del left[what]


def test_silence_after_the_result_of_a_call_is_a_stall(
    manager: ProcessManager, project: Path
) -> None:
    execution = None
    while execution is None or not came_to(execution, b'"tool_result"'):
        execution = manager.start_execution("fake:tools fake:silent", project, idle_timeout=1.5)
        ended(execution, "failed", "idle")
    assert execution.info.tool_counts == {"Bash": 1}


def call(name: str) -> bytes:
    block = {"type": "tool_use", "id": name, "name": "Bash", "input": {}}
    return json.dumps({"type": "assistant", "message": {"content": [block]}}).encode()


def result(name: str, said: object = "done") -> bytes:
    block = {"type": "tool_result", "content": said, "tool_use_id": name}
    return json.dumps({"type": "user", "message": {"content": [block]}}).encode()


def test_silence_is_counted_from_the_last_output_and_not_while_a_call_is_open() -> None:
    session, stall = Session(), Stall(10.0, now=0.0)
    assert stall.due(session, 0.0) == 10.0
    stall.heard(4.0, b"garbage\n" + call("a") + b"\n" + call("b"))
    assert stall.due(session, 4.0) is None
    stall.heard(50.0, result("a"))
    assert stall.due(session, 60.0) is None
    stall.heard(70.0, result("b"))
    assert stall.due(session, 75.0) == 80.0  # from the output on
    session.state = "requires_action"
    assert stall.due(session, 79.0) is None
    session.state = "running"
    assert stall.due(session, 500.0) == 510.0  # what was waited for does not count


def test_a_call_that_was_asked_about_is_open_until_its_result() -> None:
    stall = Stall(10.0, now=0.0)
    asked = {"subtype": "can_use_tool", "tool_name": "Bash", "tool_use_id": "a"}
    told = {"type": "system", "subtype": "task_progress", "tool_use_id": "a"}
    frames = [{"type": "control_request", "request": asked}, told]
    lines = [call("a"), *(json.dumps(frame).encode() for frame in frames)]
    stall.heard(1.0, b"\n".join(lines))
    assert stall.due(Session(), 500.0) is None
    stall.heard(600.0, result("a"))
    assert stall.due(Session(), 600.0) == 610.0


RECORDED = sorted((Path(__file__).parent / "transcripts").glob("*.jsonl"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_calls_of_real_sessions_are_open_until_their_results(path: Path) -> None:
    session, stall = Session(), Stall(10.0, now=0.0)
    running: set[str] = set()
    for line in path.read_bytes().splitlines():
        frame = json.loads(line)
        message = frame.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        for block in content if isinstance(content, list) else []:
            running |= {block["id"]} if block["type"] == "tool_use" else set()
            running -= {block.get("tool_use_id")}
        session.feed(line)
        stall.heard(1.0, line)
        if frame["type"] in ("assistant", "user") and not session.tasks:
            assert (stall.due(session, 1.0) is None) == bool(running or session.turn_over)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"assistant","message":{"content":[{"type":"text","text":"\\"tool_use\\""}]}}',
        b'{"type":"user","message":{"content":[{"type":"tool_use","id":"x"}]}}',
        b'"tool_use"' + b"[" * 100_000,
        b'{"type":"assistant","message":"tool_use","x":"tool_use"}',
        call("x")[:-1],
        call("x").replace(b"{}", b'"' + b"y" * (2 << 20) + b'"'),
    ],
)
def test_what_is_no_call_keeps_no_silence_from_counting(line: bytes) -> None:
    stall = Stall(10.0, now=0.0)
    stall.heard(1.0, line)
    assert stall.due(Session(), 1.0) == 11.0


def test_a_result_that_came_in_pieces_ends_its_call() -> None:
    stall = Stall(10.0, now=0.0)
    stall.heard(1.0, call("a"))
    stall.heard(2.0, result("a", "x" * 900_000)[:512] + b'xxx","tool_use_id":"a"}]}}')
    assert stall.due(Session(), 2.0) == 12.0


def test_cores_are_an_average_over_ten_seconds(tmp_path: Path) -> None:
    limits = Limits(max_cpu=1.5)
    assert breach_of(limits, Figures(cpu=1.5)) is None
    assert breach_of(limits, Figures(cpu=None, cpu_seconds=900.0)) is None
    told = breach_of(limits, Figures(cpu=1.75))
    assert told is not None
    assert (told.reason, told.figure, told.bound, told.far) == ("cpu", 1.75, 1.5, False)
    assert told.error.startswith("It used 1.75 of 1.5 processor cores on average")
    usage = Usage(limits, str(tmp_path), None, 0.0)
    assert [usage.average(now, now * 2) for now in (0.0, 5.0, 9.0)] == [None] * 3
    assert usage.average(10.0, 20.0) == 2.0
    usage.forget_average()
    assert usage.average(11.0, 500.0) is None


def test_without_a_limit_nothing_is_looked_at_but_after_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    usage = Usage(Limits(timeout=9.0, idle_timeout=9.0), str(tmp_path), None, 100.0)
    assert usage.due() is None
    usage.heard(100.0)
    assert usage.due() == 101.0
    assert usage.look(101.0) is None
    assert usage.due() is None
    usage.heard(102.0)
    due = usage.due()
    assert due is not None
    assert due >= 101.0 + SELDOM


def descendants(execution: Execution) -> list[tuple[int, int]]:
    """What its shim wrote down: pid and start of each process."""
    lines = (execution.run.folder / DESCENDANTS).read_text().splitlines()
    return [(int(pid), int(start)) for pid, start in map(str.split, lines)]


def test_what_lives_below_the_shim_is_written_down(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:daemon fake:long", project))
    until((project / "daemon.pid").exists, what="its daemon")
    both = {execution.info.pid, int((project / "daemon.pid").read_text())}
    until((execution.run.folder / DESCENDANTS).exists, what="it was looked at")
    until(lambda: {pid for pid, _ in descendants(execution)} == both, what="both were seen")
    assert all(tree.start_ticks(pid) == start for pid, start in descendants(execution))
    execution.kill()
    ended(execution, "killed", "user")


def test_what_it_used_is_known_once_it_has_ended(manager: ProcessManager, project: Path) -> None:
    asked = "fake:forks=2 fake:memory=60 fake:cpu=0.3"  # a fork has the memory of before
    info = ended(manager.start_execution(asked, project), "completed", "success").info
    assert info.cpu_seconds is not None
    assert 0.3 <= info.cpu_seconds < 5
    assert info.peak_memory_bytes is not None
    assert 60 * MB < info.peak_memory_bytes < 200 * MB
    assert info.peak_processes


def test_memory_of_one_that_has_ended_meanwhile_is_none() -> None:
    mine = tree.processes()[os.getpid()]
    assert 0 < tree.unshared(mine) < mine.memory * 2
    child = os.fork()
    if child == 0:
        os._exit(0)
    until(lambda: not tree.processes()[child].living, what="it is a zombie")
    gone = tree.processes()[child]._replace(memory=mine.memory, state="R")
    assert tree.unshared(gone) == 0
    os.waitpid(child, 0)
    assert tree.unshared(gone) == 0


def test_a_tree_counts_what_its_dead_have_used() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    child = os.fork()
    if child == 0:
        while os.times().user < 0.1:
            pass
        os._exit(0)
    until(lambda: not tree.processes()[child].living, what="it is a zombie")
    (zombie,) = [
        one
        for one in tree.below(os.getpid(), tree.children_of(tree.processes()))
        if one.pid == child
    ]
    assert zombie.cpu >= 0.1
    os.waitpid(child, 0)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime >= before + 0.09


def test_what_is_below_is_found_at_every_look_however_it_came_there(project: Path) -> None:
    below = tree.Below(os.getpid())
    before = {one.pid for one in below.look()}
    command = ["sh", "-c", "sleep 60 & echo $!; wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=project) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        for _ in range(50):
            assert {one.pid for one in below.look()} - before == {child.pid, grandchild}
        child.kill()
        until(lambda: grandchild not in {one.pid for one in below.look()}, what="it is no longer")
        os.kill(grandchild, signal.SIGKILL)


def test_a_folder_is_as_large_as_it_is_on_the_disk(tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "one").write_bytes(b"x" * MB)
    (folder / "two").hardlink_to(folder / "deep" / "one")
    (folder / "loop").symlink_to(tmp_path)
    with (folder / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert MB <= size_below(str(folder)) < 2 * MB
    assert size_below(str(tmp_path / "missing")) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("idle_timeout", 0),
        ("idle_timeout", float("inf")),
        ("max_cpu", -1),
        ("max_cpu_seconds", "soon"),
        ("max_memory", 0),
        ("max_memory", "2 loads"),
        ("max_processes", 0),
        ("max_processes", 1.5),
        ("max_temp_size", -1),
    ],
)
def test_a_limit_that_is_none_is_refused(project: Path, name: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as raised:
        build_request("hello", project, **{name: value})
    assert raised.value.field == name


def test_sizes_are_numbers_or_as_people_write_them(project: Path) -> None:
    request = build_request("hello", project, max_memory="2 GB", max_temp_size=1024)
    assert (request.max_memory, request.max_temp_size) == (2_000_000_000, 1024)
    assert json.loads(request.model_dump_json())["max_memory"] == 2_000_000_000


def test_how_limits_are_held_is_in_the_record_of_the_start(
    manager: ProcessManager, project: Path
) -> None:
    with_limit = manager.start_execution("hello", project, max_memory="2 GB").wait(BOUND)
    without = manager.start_execution("hello", project, timeout=60).wait(BOUND)
    told = [
        [meta.get("limits_by") for meta in metas(one) if meta["event"] == "spawned"]
        for one in (with_limit, without)
    ]
    assert told[0][0] in ("sampling", "cgroup")
    assert told[1] == [None]
