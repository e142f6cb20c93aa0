"""What the page's charts are told: calls with their times, costs by day; bounded in any case."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from claude_widget import protocol
from claude_widget.charts.calls import SUBJECT_CHARACTERS, CallReader, CallSpan, longest
from claude_widget.charts.spending import Day, per_day
from claude_widget.manager import ProcessManager
from claude_widget.page.charting import spending, tool_calls
from claude_widget.protocol import MAX_BATCH, MOST_SPANS
from claude_widget.redaction.redactor import Redactor
from tests.waiting import BOUND

TOTALS = {
    "day": "2026-01-31",
    "model": "opus",
    "project_path": "/p",
    "executions": 2,
    "failed": 0,
    "input_tokens": 1,
    "output_tokens": 10,
    "cache_creation_input_tokens": 100,
    "cache_read_input_tokens": 1000,
    "cost_usd": 0.5,
    "recorded_cost_usd": 0.25,
    "seconds": 1.0,
    "tool_calls": 3,
    "recorded_tokens": 7,
}


class Written:
    """A transcript that a test writes record by record."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "transcript"
        said = {"event": "transcript", "version": 1, "epoch": 1000.0, "execution_id": "e"}
        self.path.write_text(f"0.000000 meta {json.dumps(said)}\n")
        self.path.chmod(0o600)

    def call(self, seconds: float, call: str, name: str = "Read", **given: object) -> None:
        block = {"type": "tool_use", "id": call, "name": name, "input": given}
        self.put(seconds, {"type": "assistant", "message": {"content": [block]}})

    def result(self, seconds: float, call: str, *, is_error: bool = False) -> None:
        block = {"type": "tool_result", "tool_use_id": call, "content": "x", "is_error": is_error}
        self.put(seconds, {"type": "user", "message": {"content": [block]}})

    def put(self, seconds: float, frame: dict[str, object]) -> None:
        with self.path.open("a") as file:
            file.write(f"{seconds:.6f} out {json.dumps(frame)}\n")


def test_a_call_lasts_from_its_frame_to_its_results(tmp_path: Path) -> None:
    written = Written(tmp_path)
    written.call(1, "a", file_path="/p/README.md")
    written.call(2, "b", "Bash", command="ls")
    written.result(4, "a", is_error=True)
    reader = CallReader(written.path, "/p")
    assert reader.read() == (
        CallSpan("Read", "README.md", 1001.0, 1004.0, is_error=True),
        CallSpan("Bash", "ls", 1002.0),
    )


def test_what_came_since_is_read_on(tmp_path: Path) -> None:
    written = Written(tmp_path)
    written.call(1, "a")
    reader = CallReader(written.path)
    assert [span.end_time for span in reader.read()] == [None]
    written.result(3, "a")
    written.call(4, "a")
    assert [span.end_time for span in reader.read()] == [1003.0]


def test_a_transcript_that_is_gone_has_the_calls_that_were_read(tmp_path: Path) -> None:
    written = Written(tmp_path)
    written.call(1, "a")
    reader = CallReader(written.path)
    assert len(reader.read()) == 1
    written.path.unlink()
    assert len(reader.read()) == 1
    assert CallReader(tmp_path / "none").read() == ()


def test_secrets_are_taken_out_before_a_call_is_cut(tmp_path: Path) -> None:
    written = Written(tmp_path)
    written.call(1, "a", "Bash", command=f"{'x' * (SUBJECT_CHARACTERS - 8)} ACME-12345678")
    redact = Redactor(rules=[r"ACME-\d{8}"], environ={}).value
    (span,) = CallReader(written.path, redact=redact).read()
    assert "ACME" not in span.subject
    assert len(span.subject) == SUBJECT_CHARACTERS


def test_of_too_many_calls_the_longest_are_told_in_their_order() -> None:
    spans = tuple(CallSpan("Read", str(i), i, i + i % 7) for i in range(MOST_SPANS * 2))
    running = CallSpan("Bash", "make", 9000.0)
    kept = longest((running, *spans), MOST_SPANS)
    assert len(kept) == MOST_SPANS
    assert kept[0] == running
    assert [span.start_time for span in kept[1:]] == sorted(span.start_time for span in kept[1:])


@pytest.fixture
def asking(
    monkeypatch: pytest.MonkeyPatch, manager: ProcessManager
) -> Callable[..., protocol.ToolCallsAnswer]:
    """Asks for calls of executions that each have more than may be told."""
    span = CallSpan("\U0001f600" * 60, "\U0001f600" * 100, 1.5, 2.5)

    full = SimpleNamespace(calls=SimpleNamespace(read=lambda: (span,) * 1000, left_out=5))
    monkeypatch.setattr(ProcessManager, "get_execution", lambda *_: full)

    def ask(*ids: str) -> protocol.ToolCallsAnswer:
        return tool_calls(manager, protocol.GetToolCalls(request_id="1", execution_ids=ids))

    return ask


def test_an_answer_is_bounded_in_bytes_and_says_what_it_leaves_out(
    asking: Callable[..., protocol.ToolCallsAnswer],
) -> None:
    answer = asking(*(str(number) for number in range(100)))
    assert len(answer.model_dump_json()) < 2 * MAX_BATCH
    assert 0 < len(answer.found) < 100
    assert answer.found[0].left_out == 705


def test_an_unknown_execution_has_no_calls(manager: ProcessManager) -> None:
    asked = protocol.GetToolCalls(request_id="1", execution_ids=("nobody",))
    (found,) = tool_calls(manager, asked).found
    assert found == protocol.ExecutionCalls(execution_id="nobody")


def test_costs_are_summed_over_models_and_projects_of_a_day() -> None:
    rows = [TOTALS, {**TOTALS, "model": "sonnet"}, {**TOTALS, "day": "2026-01-02"}]
    assert per_day([*rows, {**TOTALS, "day": None}]) == [
        Day("2026-01-02", 2, 0.5, 0.25, 1101, 10, 7),
        Day("2026-01-31", 4, 1.0, 0.5, 2202, 20, 14),
    ]


def test_what_has_ended_is_in_todays_costs(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("hello", project).wait(BOUND)
    answer = spending(manager, protocol.GetSpending(request_id="1", days=7))
    (day,) = answer.days
    assert day.day == answer.today
    assert day.executions == 1
    assert day.cost_usd == execution.info.cost_usd
    assert day.output_tokens == execution.info.usage.output_tokens
