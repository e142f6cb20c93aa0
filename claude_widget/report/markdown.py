"""An execution as a Markdown document that can be read without this package.

The rule: pure. Everything an agent, a tool or a file said is inert in it; what is left out is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from claude_widget.blocks import (
    Block,
    PromptBlock,
    TextBlock,
    ToolBlock,
    as_text,
    format_count,
    pretty,
)
from claude_widget.markup import clip, escape_line, escape_words, fence, in_code, inert_markdown
from claude_widget.report.content import Report, diff_lines, facts_of, moment, told_of_denial

_OUTPUT_CHARACTERS = 20_000
_TITLE_CHARACTERS = 80
_LOOKED_FOR = re.compile(
    r"\$\d{1,10}\.\d{4}( \(recorded\))?"
    r"|\d{1,10}\.\d s \(replayed from a recording( of \d{4}-\d\d-\d\d \d\d:\d\d UTC)?\)"
)
"""Costs and durations of replays, which whoever compares outputs looks for."""


def markdown_document(report: Report) -> str:
    """The whole of a report."""
    return "\n\n".join(part for part in _parts(report) if part) + "\n"


def facts_line(facts: Sequence[str]) -> str:
    """Facts in one line. What outputs are not compared by is written in them all alike."""
    told = (fact if _LOOKED_FOR.fullmatch(fact) else escape_words(fact) for fact in facts if fact)
    return " · ".join(told)


def title_of(report: Report) -> str:
    """Its name, or how its query begins."""
    info = report.info
    said = " ".join((info.name or info.query[: 4 * _TITLE_CHARACTERS]).split()) or "Execution"
    if len(said) <= _TITLE_CHARACTERS:
        return said
    words = said[:_TITLE_CHARACTERS].rpartition(" ")[0] or said[:_TITLE_CHARACTERS]
    return f"{words}…"


def _parts(report: Report) -> Iterator[str]:
    info = report.info
    yield f"# {escape_line(title_of(report))}"
    yield facts_line([*facts_of(info), moment(info.start_time)])
    yield "## Prompt"
    yield fence(info.query, "text")
    yield from (f"**Error** {escape_line(error)}" for error in info.errors)
    yield from (f"**Denied** {escape_line(told_of_denial(one))}" for one in info.denials)
    yield from (f"**Not changed again** {escape_line(one)}" for one in info.changes_lacking)
    yield "## Result"
    yield from _result(report)
    if report.below[None]:
        yield "## Steps"
        yield escape_line(report.calls_in_short())
        yield from _blocks(report, None)
    yield f"*Execution {escape_line(info.execution_id)}*"


def _result(report: Report) -> Iterator[str]:
    info = report.info
    if info.result:
        yield inert_markdown(info.result)
    elif report.partial:
        yield inert_markdown(report.partial)
        yield "*Broken off*" if info.status.ended else "*Still running*"
    else:
        yield "*There is none.*" if info.status.ended else "*Not there yet: it is still running.*"
    if info.structured_output is not None:
        yield fence(pretty(info.structured_output), "json")


def _blocks(report: Report, lane: str | None) -> Iterator[str]:
    for block in report.below.get(lane, ()):
        yield from _block(report, block)
        if isinstance(block, ToolBlock):
            yield from _blocks(report, block.id)


def _block(report: Report, block: Block) -> Iterator[str]:
    below = "" if block.parent is None else " (subagent)"
    if isinstance(block, PromptBlock):
        yield f"### Prompt{below}"
        yield fence(clip(block.text, _OUTPUT_CHARACTERS), "text")
    elif isinstance(block, TextBlock):
        if block.text.strip():
            yield f"### {'Claude' if block.kind == 'text' else 'Thinking'}{below}"
            yield inert_markdown(block.text)
            if block.error or block.aborted:
                yield f"*{escape_line(f'Error: {block.error}' if block.error else 'Broken off')}*"
    else:
        yield from _call(report, block, below)


def _call(report: Report, block: ToolBlock, below: str) -> Iterator[str]:
    verb, subject, outcome = report.summary(block)
    told = f"{escape_line(verb)} {in_code(subject)}".rstrip()
    yield f"### {told}{f', {escape_words(outcome)}' if outcome else ''}{below}"
    edit = report.edit(block)
    if edit and edit.hunks:
        yield fence(clip("\n".join(diff_lines(edit)), _OUTPUT_CHARACTERS), "diff")
        return
    yield _given(block)
    if block.denial:
        yield f"*Denied: {escape_line(block.denial)}*"
    result = block.result
    if result and result.text:
        yield fence(clip(result.text, _OUTPUT_CHARACTERS))
    if result and result.images:
        yield f"*{format_count(result.images, 'image')}*"


def _given(block: ToolBlock) -> str:
    """The input of a call: a command as it was run, all else as JSON."""
    command = as_text(block.input.get("command"))
    if command:
        return fence(clip(command, _OUTPUT_CHARACTERS), "bash")
    return fence(clip(pretty(block.input), _OUTPUT_CHARACTERS), "json") if block.input else ""
