"""The governor's file: several managers and processes on one folder, and whatever lies there.

The rule: real files, real locks, real processes; a clock of the test's own where time matters.
"""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from claude_widget.queue.governor import FIRST, LONGEST, LONGEST_PATH, Heard
from claude_widget.queue.governor_file import LOCK, NAME, GovernorFile

NOW = 1_800_000_000.0
PAUSE = {"kind": "rate_limit", "since": NOW, "until": NOW + 60, "said": "full"}


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def limit(reset: float = NOW + 3600, **fields: Any) -> Heard:
    return Heard("rate_limit", NOW, "an-execution", NOW - 60, reset, **fields)


def login(started: float = NOW - 60) -> Heard:
    return Heard("authentication", NOW, "an-execution", started, said="Invalid API key")


def write(folder: Path, **content: Any) -> None:
    (folder / NAME).write_text(json.dumps(content))


def test_what_one_manager_hears_all_of_the_folder_obey(tmp_path: Path, clock: Clock) -> None:
    one, other = GovernorFile(tmp_path, clock), GovernorFile(tmp_path, clock)
    assert other.paused() is None
    one.hear(limit(said="The account's limit is reached."))
    found = other.paused()
    assert found is not None
    assert found == one.paused()
    assert (found.until, found.said) == (NOW + 3600, "The account's limit is reached.")
    assert found.execution_id == "an-execution"
    clock.now = NOW + 3600
    assert other.paused() is None
    assert one.paused() is None


def test_one_resumes_for_all_and_old_failures_of_all_are_forgotten(
    tmp_path: Path, clock: Clock
) -> None:
    one, other = GovernorFile(tmp_path, clock), GovernorFile(tmp_path, clock)
    one.hear(login())
    assert other.paused() is not None
    clock.now += 1
    other.resume()
    assert one.paused() is None
    one.hear(login())
    assert one.paused() is None
    one.hear(login(started=NOW + 2))
    assert other.paused() is not None


def test_the_file_is_the_owners_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    GovernorFile(folder).hear(limit())
    assert sorted(path.name for path in folder.iterdir()) == [NAME, LOCK]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_what_changes_nothing_is_not_written(tmp_path: Path, clock: Clock) -> None:
    governor = GovernorFile(tmp_path, clock)
    governor.hear(limit())
    before = (tmp_path / NAME).stat()
    for _ in range(20):
        governor.hear(limit())
    assert os.path.samestat(before, (tmp_path / NAME).stat())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"pause": 5, "row": [], "resumed": {}}',
        b" " * (1 << 19) + json.dumps({"pause": PAUSE}).encode(),
        json.dumps({"pause": {**PAUSE, "until": None}}).encode(),
        json.dumps({"pause": {**PAUSE, "since": None}}).encode(),
        json.dumps({"pause": {**PAUSE, "since": True}}).encode(),
        json.dumps({"pause": {**PAUSE, "until": "soon"}}).encode(),
        json.dumps({"pause": {**PAUSE, "until": 10**400}}).encode(),
        json.dumps({"pause": {**PAUSE, "until": NOW + LONGEST + 60}}).encode(),
        json.dumps({"pause": {**PAUSE, "since": NOW + 86_400, "until": NOW + 90_000}}).encode(),
        b'{"pause": {"kind": "rate_limit", "since": NaN, "until": Infinity}}',
        json.dumps({"pause": {**PAUSE, "kind": "authentication", "until": "never"}}).encode(),
    ],
)
def test_a_file_that_says_nothing_pauses_nothing_and_is_replaced(
    tmp_path: Path, clock: Clock, content: bytes
) -> None:
    (tmp_path / NAME).write_bytes(content)
    governor = GovernorFile(tmp_path, clock)
    assert governor.paused() is None
    governor.hear(limit())
    assert governor.paused() is not None
    assert GovernorFile(tmp_path, clock).paused() == governor.paused()


def test_limits_of_families_are_kept_and_what_is_none_is_left_out(
    tmp_path: Path, clock: Clock
) -> None:
    one = GovernorFile(tmp_path, clock)
    one.hear(limit(family="opus", is_default=True, project_path="/home/me/a"))
    one.hear(limit(family="sonnet"))
    kept = GovernorFile(tmp_path, clock).holding()
    assert kept == one.holding()
    assert [(found.family, found.default_in, found.heard_by) for found in kept] == [
        ("opus", ("/home/me/a",), ("an-execution",)),
        ("sonnet", (), ("an-execution",)),
    ]
    bad = [PAUSE, None, {**PAUSE, "family": 5}, {**PAUSE, "family": ""}, {"family": "opus"}]
    good = {**PAUSE, "family": "opus", "default_in": ["/a", 5, "", "x" * 1000], "heard_by": "a"}
    write(tmp_path, version=1, of_families=[*bad, good])
    (found,) = GovernorFile(tmp_path, clock).holding()
    assert (found.family, found.default_in, found.heard_by) == ("opus", ("/a",), ())
    write(tmp_path, version=1, of_families={"opus": PAUSE})
    assert GovernorFile(tmp_path, clock).holding() == ()


def test_the_most_that_is_kept_of_families_can_be_read_again(tmp_path: Path, clock: Clock) -> None:
    governor = GovernorFile(tmp_path, clock)
    for family in ("opus", "sonnet"):
        for number in range(16):
            path = f"/{number:02}" + "\U0001f600" * (LONGEST_PATH - 3)
            said = limit(family=family, is_default=True, project_path=path, said=path)
            governor.hear(said._replace(execution_id=f"{number:036}"))
    kept = GovernorFile(tmp_path, clock).holding()
    assert kept == governor.holding()
    assert [len(found.default_in) for found in kept] == [16, 16]


def test_a_pause_of_a_later_version_holds_as_far_as_it_can_be_understood(
    tmp_path: Path, clock: Clock
) -> None:
    write(tmp_path, version=7, pause={**PAUSE, "kind": "maintenance", "more": {}}, row=99, x=1)
    found = GovernorFile(tmp_path, clock).paused()
    assert found is not None
    assert (found.until, found.said, found.told) == (NOW + 60, "full", False)
    write(tmp_path, version=7, pause={**PAUSE, "kind": "maintenance", "until": None})
    assert GovernorFile(tmp_path, clock).paused() is None, "only a login waits for a person"


def test_what_is_said_is_kept_short_and_is_text(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path, pause={**PAUSE, "said": "a" * 10_000, "execution_id": 5})
    found = GovernorFile(tmp_path, clock).paused()
    assert found is not None
    assert (len(found.said), found.execution_id) == (500, "")
    GovernorFile(tmp_path, clock).hear(limit(said="\ud800\0"))
    assert GovernorFile(tmp_path, clock).paused() is not None


def test_a_file_that_was_taken_away_pauses_nothing(tmp_path: Path, clock: Clock) -> None:
    governor = GovernorFile(tmp_path, clock)
    governor.hear(limit())
    (tmp_path / NAME).unlink()
    assert governor.paused() is None


def test_what_is_no_file_of_ours_is_neither_read_nor_written(tmp_path: Path, clock: Clock) -> None:
    secret = tmp_path / "secret"
    write_to = {"pause": PAUSE}
    secret.write_text(json.dumps(write_to))
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / NAME).symlink_to(secret)
    governor = GovernorFile(folder, clock)
    assert governor.paused() is None
    governor.hear(limit(NOW + 5))
    assert json.loads(secret.read_text()) == write_to
    assert not (folder / NAME).is_symlink()


def test_where_nothing_can_be_written_the_process_remembers(tmp_path: Path, clock: Clock) -> None:
    governor = GovernorFile(tmp_path / "gone", clock)
    governor.hear(limit())
    assert governor.paused() is not None
    governor.resume()
    assert governor.paused() is None


def test_a_stopped_process_that_holds_the_lock_holds_up_nobody(
    tmp_path: Path, clock: Clock
) -> None:
    with open(tmp_path / LOCK, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        governor = GovernorFile(tmp_path, clock)
        governor.hear(limit())
    assert GovernorFile(tmp_path, clock).paused() is not None


def _hears(folder: str, number: int) -> None:
    governor = GovernorFile(Path(folder), lambda: NOW)
    for step in range(50):
        governor.hear(limit(NOW + 1000 * number + step))


def test_of_many_processes_the_longest_pause_wins_and_no_reader_sees_half_a_file(
    tmp_path: Path, clock: Clock
) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_hears, args=(str(tmp_path), each)) for each in range(1, 5)]
    for writer in writers:
        writer.start()
    reader, seen = GovernorFile(tmp_path, clock), 0.0
    while any(writer.is_alive() for writer in writers):
        found = reader.paused()
        until = 0.0 if found is None else found.until
        assert until is not None
        assert until >= seen, "it never gets shorter, or is gone in between"
        seen = until
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    found = reader.paused()
    assert found is not None
    assert found.until == NOW + 4049


def test_pauses_in_a_row_are_counted_over_all_managers(tmp_path: Path, clock: Clock) -> None:
    lengths = []
    for _ in range(3):
        GovernorFile(tmp_path, clock).hear(Heard("overload", clock.now, "x", clock.now))
        found = GovernorFile(tmp_path, clock).paused()
        assert found is not None
        assert found.until is not None
        lengths.append(found.until - clock.now)
        clock.now = found.until + 1
    assert lengths == [FIRST, 2 * FIRST, 4 * FIRST]
