"""Walls of a control group: what is written into its files, and what is read out of them.

The rule: a folder plays the system's, so that it is tested where no group was delegated; what the
system does with the files is not tested here.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from claude_widget.shim import cgroup
from claude_widget.shim.limits import Limits


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    """A group of ours that may bound those below it; the files of new ones are there at once."""
    group = tmp_path / "cgroup" / "ours"
    group.mkdir(parents=True)
    (group / "cgroup.subtree_control").write_text("cpu io memory pids\n")
    (group / "cgroup.procs").write_text("")
    return tmp_path / "cgroup"


FILES = ("memory.max", "memory.oom.group", "pids.max", "cpu.max", "cgroup.procs", "cgroup.kill")


@pytest.fixture
def populated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new folder has a group's files."""
    make = os.mkdir

    def make_populated(path: str, mode: int = 0o777) -> None:
        make(path, mode)
        for name in FILES:
            Path(path, name).touch()

    monkeypatch.setattr(os, "mkdir", make_populated)


LIMITS = Limits(max_memory=1000, max_processes=10, max_cpu=2.0)


@pytest.mark.usefixtures("populated")
def test_walls_of_a_group_and_what_ran_against_them(mount: Path) -> None:
    group = cgroup.make_group("claude-x", LIMITS, mount=str(mount), own="/ours")
    assert group is not None
    folder = mount / "ours" / "claude-x"
    assert group.path == str(folder)
    walls = {name: (folder / name).read_text() for name in FILES[:4]}
    assert walls == {
        "memory.max": "1000",
        "memory.oom.group": "1",
        "pids.max": "320",
        "cpu.max": "300000 100000",
    }
    group.take(4711)
    assert (folder / "cgroup.procs").read_text() == "4711"
    assert group.processes() == 1
    assert group.breach(LIMITS) is None
    (folder / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    assert group.cpu_seconds() == 2.5
    (folder / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 1\noom_kill 3\n")
    (folder / "memory.peak").write_text("1010\n")
    told = group.breach(LIMITS)
    assert told is not None
    assert (told.reason, told.figure, told.bound) == ("memory", 1010, 1000)
    (folder / "memory.events").write_text("oom_kill 0\n")
    (folder / "pids.events").write_text("max 4\n")
    told = group.breach(LIMITS)
    assert told is not None
    assert (told.reason, told.bound) == ("processes", 10)
    group.kill()
    assert (folder / "cgroup.kill").read_text() == "1"


@pytest.mark.usefixtures("populated")
def test_a_group_that_was_given_away_has_ours_beside_the_one_we_are_in(mount: Path) -> None:
    inner = mount / "ours" / "main"
    inner.mkdir()
    told = cgroup.make_group("x", LIMITS, mount=str(mount), own="/ours/main")
    assert told is None
    told = cgroup.make_group(
        "x", LIMITS, mount=str(mount), own="/ours/main", delegated=lambda path: path.endswith("urs")
    )
    assert told is not None
    assert told.path == str(mount / "ours" / "x")


def test_where_a_wall_cannot_stand_there_is_no_group(mount: Path) -> None:
    assert cgroup.make_group("x", LIMITS, mount=str(mount), own="/ours") is None
    assert not (mount / "ours" / "x").exists()
    assert cgroup.make_group("x", LIMITS, mount=str(mount), own="") is None
    assert cgroup.make_group("x", LIMITS, mount=str(mount), own="/elsewhere") is None
    assert cgroup.make_group("x", Limits(timeout=9.0), mount=str(mount), own="/ours") is None
    (mount / "ours" / "cgroup.subtree_control").write_text("cpu\n")
    assert cgroup.make_group("x", LIMITS, mount=str(mount), own="/ours") is None


def test_the_group_of_a_killed_shim_is_taken_away_and_no_other(tmp_path: Path) -> None:
    group, other = tmp_path / "claude-x", tmp_path / "claude-y"
    for folder in (group, other):
        folder.mkdir()
    cgroup.end_group(str(tmp_path), "x")  # it had none
    (tmp_path / cgroup.NOTE).write_text(str(group))
    cgroup.end_group(str(tmp_path), "y")
    assert group.exists()
    cgroup.end_group(str(tmp_path), "x")
    assert (group.exists(), other.exists()) == (False, True)
