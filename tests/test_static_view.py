"""What outputs keep without a kernel: escaped, bounded, and complete enough to read."""

from __future__ import annotations

import html.parser
from pathlib import Path

import pytest

from claude_widget.cells.static_view import MOST_ROWS, execution_bundle, table_bundle
from claude_widget.history.view import history_bundle
from claude_widget.manager import ProcessManager
from claude_widget.markup.characters import visible
from claude_widget.models import Denial, ExecutionInfo, ExecutionStatus, Reason
from tests.conftest import MakeManager
from tests.fake import ended
from tests.test_run_all import sanitized

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</pre></div><iframe srcdoc='<script>1</script>'>",
    "\" onmouseover=alert(1) x='",
    "<svg/onload=alert(1)>",
    "&lt;script&gt;",
    "a\u202eb\u0007\u001b[31mred",
)
ALLOWED = {"div", "p", "pre", "strong", "code", "small", "details", "summary"}
ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td"}


class Tags(html.parser.HTMLParser):
    """Every tag and attribute of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def info_of(text: str) -> ExecutionInfo:
    """An execution in which everything that an agent can choose is that text."""
    return ExecutionInfo(
        execution_id="3f0e",
        query=text,
        name=text,
        model=text,
        result=text,
        status=ExecutionStatus.FAILED,
        reason=Reason.API_ERROR,
        errors=(text,),
        denials=(Denial(tool_name=text, message=text),),
        start_time=1.0,
        end_time=3.5,
        cost_usd=0.25,
        num_turns=2,
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_agent_text_is_text(text: str) -> None:
    info = info_of(text)
    broken_off = info.model_copy(update={"result": None})
    for bundle in (
        execution_bundle(info),
        execution_bundle(broken_off, text),
        table_bundle([info]),
    ):
        found = Tags(bundle["text/html"])
        assert found.tags <= ALLOWED
        assert found.attributes <= {"class"}
        assert not set(bundle["text/plain"]) & {"\u202e", "\u0007", "\u001b"}


def test_control_characters_are_made_visible() -> None:
    assert visible("a\u202eb\u001b[1m\n\tc\ud800") == "a\\u202eb\\u001b[1m\n\tc\\ud800"


def test_one_execution_says_what_matters() -> None:
    for text in execution_bundle(info_of("All is well.")).values():
        for fact in ("failed", "api_error", "2.5 s", "2 turns", "$0.2500", "All is well."):
            assert fact in text.replace("\\_", "_"), fact


def test_a_broken_off_one_keeps_its_partial_text_and_a_failed_one_says_its_error_once() -> None:
    info = info_of("what went wrong").model_copy(update={"result": None, "query": "", "name": None})
    info = info.model_copy(update={"denials": (), "model": None})
    for text in execution_bundle(info, "<b>Half an answ").values():
        assert "roken off" in text
        assert "Half an answ" in text
        assert text.count("what went wrong") == 1
    assert "roken off" not in execution_bundle(info_of("All is well."), "Half")["text/plain"]
    assert "&lt;b&gt;Half" in execution_bundle(info, "<b>Half an answ")["text/html"]


def test_a_denial_says_what_the_agent_was_told() -> None:
    denial = Denial(tool_name="Write", message="Not permitted: nobody can be asked.")
    info = info_of("x").model_copy(update={"denials": (denial,)})
    for text in execution_bundle(info).values():
        assert "Write: Not permitted: nobody can be asked." in text


def test_a_replayed_one_says_so_in_each_form_and_when_it_was_recorded() -> None:
    update: dict[str, object] = {"recorded": True, "recorded_time": 1_800_000_000.0}
    for text in execution_bundle(info_of("x").model_copy(update=update)).values():
        assert " s (replayed from a recording of 2027-01-15 08:00 UTC) · " in text
        assert "$0.2500 (recorded)" in text
    undated = info_of("x").model_copy(update={**update, "recorded_time": None})
    assert " s (replayed from a recording) · " in execution_bundle(undated)["text/plain"]
    assert "replayed" not in execution_bundle(info_of("x"))["text/plain"]


def test_tables_say_which_costs_were_recorded(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    paid = ended(record.start_execution("hello", project), "completed", "success")
    manager = replay()
    played = ended(manager.start_execution("hello", project), "completed", "success")
    for which, execution in ((record, paid), (manager, played)):
        cost = f"${execution.info.cost_usd:.4f}"
        exported = [execution.export(project / f"one{kind}") for kind in (".md", ".html")]
        tables = [table_bundle([execution.info]), history_bundle(which.history())]
        told = [text for table in tables for text in table.values()]
        for text in (*told, *(path.read_text() for path in exported)):
            assert text.count(f"{cost} (recorded)") == (1 if execution is played else 0)
            assert cost in text


def test_a_huge_result_is_clipped_and_says_so() -> None:
    bundle = execution_bundle(info_of("y" * 1_000_000))
    assert all(len(text) < 200_000 for text in bundle.values())
    assert "950,000 characters more" in bundle["text/html"]


def test_the_worst_is_bounded_and_says_what_is_left_out() -> None:
    worst = '\u001b"' * 500_000
    denials = tuple(Denial(tool_name=worst, message=worst) for _ in range(200))
    update = {"denials": denials, "errors": tuple(f"{n}{worst}" for n in range(20))}
    bundle = execution_bundle(info_of(worst).model_copy(update=update))
    assert sum(len(text.encode()) for text in bundle.values()) < 1_000_000
    for text in bundle.values():
        assert "15 earlier ones are left out" in text
        assert "195 earlier ones are left out" in text


def test_the_table_is_newest_first() -> None:
    infos = [ExecutionInfo(execution_id=f"id-{i}", query=f"query {i}") for i in range(3)]
    lines = table_bundle(infos)["text/plain"].splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["id-2", "id-1", "id-0"]
    assert "no executions" in table_bundle([])["text/html"]


def test_the_table_of_equal_runs_is_equal_once_it_is_sanitized() -> None:
    def row(seconds: float, cost: float, *, recorded: bool) -> ExecutionInfo:
        update = {"end_time": 1.0 + seconds, "cost_usd": cost, "recorded": recorded}
        return info_of("x").model_copy(update=update)

    paid = [row(2.5, 0.25, recorded=False), row(31.0, 1.5, recorded=False)]
    played = [row(112.5, 12.5, recorded=True), row(0.1, 0.5, recorded=True)]
    for one, other in zip(table_bundle(paid).values(), table_bundle(played).values(), strict=True):
        assert one != other
        assert sanitized(one) == sanitized(other)


def test_the_table_is_bounded_and_says_so() -> None:
    infos = [ExecutionInfo(execution_id=f"id-{i}", query=f"query {i}") for i in range(1_500)]
    bundle = table_bundle(infos)
    lines = bundle["text/plain"].splitlines()
    assert lines[1].endswith("id-1499")
    assert len(lines) == 1 + MOST_ROWS + 1
    assert lines[-1] == "1,300 older ones are left out."
    assert "<p>1,300 older ones are left out.</p>" in bundle["text/html"]
    assert "left out" not in table_bundle(infos[:MOST_ROWS])["text/html"]
