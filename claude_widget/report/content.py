"""What there is to tell of an execution, whichever form it is told in.

The rule: pure; data, and the words that all forms share. Nothing here is escaped: what writes a
form escapes all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from claude_widget.blocks import (
    Block,
    Edit,
    PromptBlock,
    Summary,
    TextBlock,
    ToolBlock,
    edit_of,
    format_count,
    read_call,
    summarize,
)
from claude_widget.models import Denial, ExecutionInfo, ExecutionStatus

NAME_CHARACTERS = 100
_MESSAGE_CHARACTERS = 500
_NAMED_TOOLS = 6
_DEEPEST = 8
"""Subagents within subagents."""


@dataclass(frozen=True)
class Report:
    """One execution, to be told.

    Attributes:
        info: what is known of it.
        blocks: what its transcript shows; empty where nobody has read it.
        partial: its last text, told where there is no result.
        folder: that it worked in, as it said itself, and to which paths are told; where it is
            empty, the project's. What is replayed may have worked elsewhere.
    """

    info: ExecutionInfo
    blocks: tuple[Block, ...] = ()
    partial: str = ""
    folder: str = ""

    @cached_property
    def calls(self) -> tuple[ToolBlock, ...]:
        """Its tool calls, in the order in which they began; those of subagents as well."""
        return tuple(block for block in self.blocks if isinstance(block, ToolBlock))

    @cached_property
    def below(self) -> dict[str | None, list[Block]]:
        """What is told below each call, by its id; None for the main lane.

        What names a call that is not there, that comes later or lies very deep, is told in the
        main lane.
        """
        found: dict[str | None, list[Block]] = {None: []}
        depths: dict[str | None, int] = {None: 0}
        for block in self._steps():
            lane = block.parent if depths.get(block.parent, _DEEPEST) < _DEEPEST else None
            found[lane].append(block)
            if isinstance(block, ToolBlock) and block.id not in found:
                found[block.id], depths[block.id] = [], depths[lane] + 1
        return found

    def _steps(self) -> list[Block]:
        """The blocks, less what is told as the prompt and as the result."""
        steps = list(self.blocks)
        if steps and steps[0] == PromptBlock(self.info.query):
            del steps[0]
        result = (self.info.result or self.partial).strip()
        if steps and isinstance(steps[-1], TextBlock) and steps[-1].text.strip() == result:
            del steps[-1]
        return steps

    def summary(self, call: ToolBlock) -> Summary:
        """A call in one line."""
        return summarize(read_call(call, self.folder or self.info.cwd))

    def edit(self, call: ToolBlock) -> Edit | None:
        """What a call has changed, or None: it edits nothing, or it has not come to it."""
        if call.result is None or call.result.is_error or call.permission == "denied":
            return None
        return edit_of(call.name, call.input, call.result.data)

    def calls_in_short(self) -> str:
        """Such as `3 tool calls: Read 2, Bash 1`; empty if there are none."""
        if not self.calls:
            return ""
        counts = Counter(call.name[:NAME_CHARACTERS] for call in self.calls).most_common()
        named = [f"{name} {count}" for name, count in counts[:_NAMED_TOOLS]]
        if (more := len(counts) - _NAMED_TOOLS) > 0:
            named.append(f"{more} more")
        return f"{format_count(len(self.calls), 'tool call')}: {', '.join(named)}"


def status_of(info: ExecutionInfo) -> str:
    """Its status, and why it ended unless it simply did."""
    if info.status is ExecutionStatus.RUNNING:
        return f"still {info.status}"
    return f"{info.status}" + (f" ({info.reason})" if info.reason not in (None, "success") else "")


def facts_of(info: ExecutionInfo) -> list[str]:
    """Status and figures, as far as they are known."""
    facts = [status_of(info)]
    if info.model:
        facts.append(info.model[:NAME_CHARACTERS])
    if duration := duration_of(info):
        facts.append(duration)
    if info.num_turns:
        facts.append(format_count(info.num_turns, "turn"))
    if info.cost_usd is not None:
        facts.append(cost_of(info))
    if info.cli_version:
        facts.append(f"CLI {info.cli_version[:NAME_CHARACTERS]}")
    return facts


def duration_of(info: ExecutionInfo) -> str:
    """Such as `1.7 s`, and of which recording it is the replay; empty where nothing has run.

    It stands with the duration so that whoever compares outputs and looks past durations does not
    see whether one was replayed.
    """
    if info.duration is None:
        return ""
    if not info.recorded:
        return f"{info.duration:.1f} s"
    recorded = moment(info.recorded_time)
    told = f"replayed from a recording{f' of {recorded}' if recorded else ''}"
    return f"{info.duration:.1f} s ({told})"


def cost_of(info: ExecutionInfo) -> str:
    """Such as `$0.0123`, and whether a recording had cost that; empty where nobody knows."""
    if info.cost_usd is None:
        return ""
    return f"${info.cost_usd:.4f}" + (" (recorded)" if info.recorded else "")


def moment(seconds: float | None) -> str:
    """A time that reads the same everywhere; empty if there is none."""
    if seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return ""


def told_of_denial(denial: Denial) -> str:
    """The tool, and what the agent was told."""
    name = denial.tool_name[:NAME_CHARACTERS]
    return f"{name}: {denial.message[:_MESSAGE_CHARACTERS]}" if denial.message else name


def diff_lines(edit: Edit) -> Iterable[str]:
    """The lines of a change as a diff has them."""
    for hunk in edit.hunks:
        old = sum(line[:1] in ("-", " ") for line in hunk.lines)
        new = sum(line[:1] in ("+", " ") for line in hunk.lines)
        if edit.numbered:
            yield f"@@ -{hunk.old_start},{old} +{hunk.new_start},{new} @@"
        else:
            yield "@@"
        yield from hunk.lines
