"""Thousands of executions in one kernel: what each of them takes once it has ended."""

from __future__ import annotations

import gc
import shutil
import tracemalloc
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from tests.conftest import MakeManager
from tests.fake import ended
from tests.waiting import BOUND

EARLIER = 100
MOST = 5_000
"""Bytes that one may take; as models its request and its fold alone would be more."""


@contextmanager
def copies(execution: Execution, count: int) -> Iterator[None]:
    """So many more of that one in the state folder, as earlier kernels left them."""
    made = []
    for _ in range(count):
        execution_id = str(uuid.uuid4())
        folder = execution.run.folder.with_name(execution_id)
        shutil.copytree(execution.run.folder, folder)
        for file in (folder / "transcript", folder / "ended.json"):
            file.write_text(file.read_text().replace(execution.execution_id, execution_id))
        made.append(folder)
    yield
    for folder in made:
        shutil.rmtree(folder)


def test_one_that_has_ended_is_a_few_kilobytes_and_all_of_it_is_still_known(
    make_manager: MakeManager, project: Path
) -> None:
    with make_manager() as manager:
        done = ended(manager.start_execution("fake:tools", project), "completed", "success")
    before, manager = traced(make_manager)
    manager.close()  # it would take in the copies, too
    with copies(done, EARLIER):
        size, manager = traced(make_manager)
    every = manager.get_all_executions()
    assert len(every) == EARLIER + 1
    assert (size - before) / EARLIER < MOST
    own = {"execution_id"}
    assert every[-1].info.model_dump(exclude=own) == done.info.model_dump(exclude=own)
    assert every[-1].run.request == every[0].run.request
    assert every[-1].rerun().wait(BOUND).status == "completed"


def traced(make_manager: MakeManager) -> tuple[int, ProcessManager]:
    """A new manager, and how many bytes it holds."""
    gc.collect()
    tracemalloc.start()
    try:
        manager = make_manager()
        gc.collect()
        return tracemalloc.get_traced_memory()[0], manager
    finally:
        tracemalloc.stop()


def test_what_was_known_of_one_that_ended_here_is_still_known(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager()
    execution = manager.start_execution("fake:stderr=0.07 fake:tools", project)
    seen = []
    manager.on_change(lambda one: seen.append(one.info) if isinstance(one, Execution) else None)
    ended(execution, "completed", "success")
    assert execution.info == seen[-1]
    assert execution.stderr.endswith("\n")
    assert len(execution.stderr) == 4000
    assert execution.requests == ()
