"""The magics in real kernels: under nbclient and papermill, and when a cell is stopped.

The rule: a kernel of its own for each test, the fake CLI, and what the notebook shows at the end is
looked at, as a reader without a kernel would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill  # type: ignore[import-untyped]
import pytest
from jupyter_client.manager import KernelManager

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.kernels import LEFT_OVER, executed, notebook_of, prepare
from tests.waiting import BOUND, until

pytestmark = [
    pytest.mark.slow,  # a kernel takes seconds to start
    *LEFT_OVER,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
CELLS = [
    "%load_ext claude_widget",
    """answers = []
for m in range(2):
    e = %claude_exec --wait fake:says={{ m }}
    answers.append(e.result)
print(answers)""",
    "def ask():\n    e = %claude_exec --wait hello there\n    return e.result\nprint(ask())",
    "%%claude_exec --wait --name late\nfake:deltas=50 fake:says=told",
    "print(late.status, late.result)",
]


@pytest.fixture(autouse=True)
def world(fake_cli: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels find the fake CLI."""
    prepare(fake_cli, monkeypatch)


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output["text"] for output in cell.outputs if output.output_type == "stream")


def shown(cell: nbformat.NotebookNode) -> list[dict[str, Any]]:
    return [output["data"] for output in cell.outputs if "data" in output]


def holds_static_results(done: nbformat.NotebookNode) -> None:
    """Every execution's output is one that can be read without a kernel."""
    assert printed(done.cells[1]) == "['0', '1']\n"
    assert printed(done.cells[2]) == "hello there\n"
    assert printed(done.cells[4]) == "completed told\n"
    for number, count in ((1, 2), (2, 1), (3, 1)):
        outputs = shown(done.cells[number])
        assert len(outputs) == count
        for data in outputs:
            assert "completed" in data["text/plain"]
            assert not any("widget-view" in kind for kind in data)
    assert "told" in json.dumps(shown(done.cells[3]))


def test_under_nbclient(project: Path, make_manager: MakeManager) -> None:
    make_manager()
    holds_static_results(executed(notebook_of(CELLS), project))


def test_under_papermill(project: Path, tmp_path: Path, make_manager: MakeManager) -> None:
    make_manager()
    nbformat.write(notebook_of(CELLS), tmp_path / "in.ipynb")
    papermill.execute_notebook(
        str(tmp_path / "in.ipynb"),
        str(tmp_path / "out.ipynb"),
        cwd=str(project),
        progress_bar=False,
        execution_timeout=BOUND,
    )
    holds_static_results(nbformat.read(tmp_path / "out.ipynb", as_version=4))


class Kernel:
    """A kernel, and a client that sends one cell at a time."""

    def __init__(self, folder: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=BOUND)

    def send(self, code: str) -> str:
        return str(self.client.execute(code))

    def reply(self, request: str) -> dict[str, Any]:
        """The answer to a request."""
        while True:
            message = self.client.get_shell_msg(timeout=BOUND)
            if message["parent_header"].get("msg_id") == request:
                content: dict[str, Any] = message["content"]
                return content

    def printed(self, request: str, last: str = "") -> str:
        """What a request has printed once it is done, or once it has printed `last`."""
        text = ""
        while True:
            message = self.client.get_iopub_msg(timeout=BOUND)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "stream":
                text += str(message["content"]["text"])
                if last and last in text:
                    return text
            if message["content"].get("execution_state") == "idle":
                return text

    def displayed(self, request: str) -> None:
        """Wait until a request has shown something."""
        while True:
            message = self.client.get_iopub_msg(timeout=BOUND)
            ours = message["parent_header"].get("msg_id") == request
            if ours and message["msg_type"] == "display_data":
                return

    def run(self, code: str) -> str:
        """Run a cell that works; what it printed."""
        request = self.send(code)
        reply = self.reply(request)
        assert reply["status"] == "ok", reply
        return self.printed(request)

    def close(self) -> None:
        self.client.stop_channels()
        if self.manager.is_alive():
            self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@pytest.fixture
def kernel(project: Path) -> Iterator[Kernel]:
    """A running kernel with the extension loaded."""
    made = Kernel(project)
    try:
        made.run("%load_ext claude_widget")
        yield made
    finally:
        made.close()


def started(manager: ProcessManager) -> Execution:
    """The one execution that the kernel has started, once it runs."""
    until(manager.get_all_executions, what="the kernel has started it")
    (execution,) = manager.get_all_executions()
    return running(execution)


@pytest.mark.parametrize(
    "start", ["%claude_exec --wait --name e fake:long", "%%claude_exec --wait --name e\nfake:long"]
)
def test_stop_on_the_cell_stops_the_waiting_not_the_execution(
    kernel: Kernel, make_manager: MakeManager, start: str
) -> None:
    request = kernel.send(start)
    execution = started(make_manager())
    kernel.displayed(request)  # its start is over: it is the waiting that is stopped
    kernel.manager.interrupt_kernel()
    reply = kernel.reply(request)
    assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
    told = kernel.printed(request)
    assert "Stopped waiting" in told
    assert execution.execution_id in told
    assert "%claude_kill e" in told
    assert execution.status == "running"
    assert kernel.run("print(e.status)") == "running\n"
    kernel.run("%claude_kill e")
    ended(execution, "killed", "user")
    assert kernel.run(f"e.wait({BOUND}); print(e.status)") == "killed\n"


def test_interrupt_of_another_cell_harms_nothing(kernel: Kernel, make_manager: MakeManager) -> None:
    kernel.run("%claude_exec --name e fake:long")
    execution = started(make_manager())
    request = kernel.send("print('busy', flush=True)\nwhile True: pass")
    kernel.printed(request, "busy")  # an interrupt of an idle kernel would be lost
    kernel.manager.interrupt_kernel()
    assert kernel.reply(request)["status"] == "error"
    kernel.printed(request)
    assert execution.status == "running"
    assert kernel.run("print(e.status)") == "running\n"


def test_kernel_that_dies_leaves_its_execution_to_the_next(
    kernel: Kernel, make_manager: MakeManager, project: Path
) -> None:
    kernel.run("%claude_exec --name e fake:gate fake:says=later")
    execution = started(make_manager())
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=BOUND)
    assert execution.status == "running"
    kernel.run("%load_ext claude_widget\nfrom claude_widget import ProcessManager")
    kernel.run("manager = ProcessManager()\n(e,) = manager.get_active_executions()")
    (project / "go").touch()
    assert kernel.run("(await e).raise_for_status(); print(e.result)") == "later\n"
    ended(execution, "completed", "success")


def test_awaiting_in_a_cell_and_many_at_once(kernel: Kernel, make_manager: MakeManager) -> None:
    make_manager()
    kernel.run("import asyncio\nruns = []")
    kernel.run("for n in range(3):\n    r = %claude_exec fake:says={{ n }}\n    runs.append(r)")
    told = kernel.run("done = await asyncio.gather(*runs)\nprint([r.result for r in done])")
    assert told == "['0', '1', '2']\n"


def test_two_waited_for_in_one_cell_with_one_slot(
    kernel: Kernel, make_manager: MakeManager
) -> None:
    """While the cell holds the kernel, the second starts when the first has ended."""
    make_manager()
    kernel.run("from claude_widget import ProcessManager\nm = ProcessManager(max_concurrency=1)")
    told = kernel.run(
        "a = %claude_exec fake:gate fake:says=first\n"
        "b = %claude_exec fake:says=second\n"
        "before = str(b.status)\n"
        "open('go', 'w').close()\n"
        "a.wait(); b.wait()\n"
        "print(before, a.result, b.result, b.info.start_time >= a.info.end_time)"
    )
    assert told == "pending first second True\n"


def test_error_of_ours_is_one_line_and_keeps_its_type(
    kernel: Kernel, make_manager: MakeManager
) -> None:
    make_manager()
    kernel.run("%claude_exec --session-id s1 --name holder fake:long")
    request = kernel.send("%claude_exec --session-id s1 again")
    reply = kernel.reply(request)
    assert (reply["status"], reply["ename"]) == ("error", "SessionInUse")
    assert len(reply["traceback"]) == 1
    assert reply["traceback"][0].startswith("SessionInUse: Session s1 is in use by execution")
    kernel.printed(request)
    told = kernel.run(
        "from claude_widget.errors import SessionInUse\n"
        "try:\n    %claude_exec --session-id s1 again\n"
        "except SessionInUse as error:\n    print(error.holder_id == holder.execution_id)"
    )
    assert told == "True\n"
    request = kernel.send("%claude_exec --allowed-tools Bash(git *) hi")
    assert kernel.reply(request)["status"] == "error"
    assert "into quotes" in kernel.printed(request)
    assert kernel.run("%claude_kill holder\nholder.wait()\nprint(holder.status)") == "killed\n"
