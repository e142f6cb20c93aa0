"""What an output keeps without a kernel: an execution's result, or the table of several.

The rule: text in, markup out, and no script or style in it ever, so that a sanitizer leaves it as
it is. Agent text is hostile: it is escaped, or written again from what was read of it. What is said
beside the text is bounded: it is saved with the notebook. Nothing here is live.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from claude_widget.blocks import Block, ToolBlock, pretty
from claude_widget.markup import (
    clip,
    escape,
    escape_line,
    escape_words,
    fence,
    in_code,
    inert_markdown,
    markdown_to_html,
    visible,
    without_blank_lines,
)
from claude_widget.models import ExecutionInfo
from claude_widget.redaction.redactor import Redactor
from claude_widget.report.content import (
    NAME_CHARACTERS,
    Report,
    cost_of,
    diff_lines,
    facts_of,
    told_of_denial,
)
from claude_widget.report.markdown import facts_line
from claude_widget.report.reading import own_redactor

_RESULT_CHARACTERS = 50_000
_QUERY_CHARACTERS = 2_000
_ERROR_CHARACTERS = 2_000
_MOST_PROBLEMS = 5
_ROW_CHARACTERS = 120
_LOOKED_AT = 2_000
"""Characters of a row's query in which secrets are looked for: half of one is not found."""
_PLAIN_ROOM, _MARKDOWN_ROOM, _HTML_ROOM = 500, 1_200, 3_000
"""Characters that the tool calls may take in each form."""
_DIFF_LINES, _DIFF_CHARACTERS = 30, 1_500
MOST_ROWS = 200
"""Rows of a table; it says how many more there are."""
MARK = "claude_widget"
"""Where the metadata of a live output says what it shows, so that it can be looked up later."""
_BOX = "claude-widget-static mathjax_ignore tex2jax_ignore"
"""Classes of what holds it: a typesetter would make formulas of the text, with links in them."""

MimeBundle = dict[str, str]


def execution_bundle(
    info: ExecutionInfo, partial: str = "", blocks: Sequence[Block] = ()
) -> MimeBundle:
    """One execution as an output's data.

    Args:
        info: what is known of it.
        partial: its last text, shown where there is no result.
        blocks: what its transcript shows; the tool calls are told.
    """
    return report_bundle(Report(info, tuple(blocks), partial))


def report_bundle(report: Report) -> MimeBundle:
    """The same of a report."""
    return {
        "text/plain": _text(report),
        "text/markdown": _markdown(report),
        "text/html": _html(report),
    }


def execution_text(info: ExecutionInfo, partial: str = "") -> str:
    """One execution as plain text; `partial` is what it had written when it was broken off."""
    return _text(Report(info, (), partial))


def _result(report: Report) -> tuple[str, bool]:
    """What it said, and whether that was broken off."""
    info = report.info
    said = info.result or report.partial
    if not said and info.structured_output is not None:
        said = f"```json\n{pretty(info.structured_output)}\n```"
    return clip(said, _RESULT_CHARACTERS), bool(said) and not info.result and bool(report.partial)


def _problems(info: ExecutionInfo) -> list[tuple[str, str]]:
    """What went wrong and what was denied, the last of each."""
    found: list[tuple[str, str]] = []
    for name, said in (
        ("error", [clip(error, _ERROR_CHARACTERS) for error in info.errors]),
        ("denied", [told_of_denial(denial) for denial in info.denials]),
        ("not changed again", list(info.changes_lacking)),
    ):
        if (left_out := len(said) - _MOST_PROBLEMS) > 0:
            found.append((name, f"{left_out} earlier ones are left out"))
        found += [(name, text) for text in said[-_MOST_PROBLEMS:]]
    return found


def _within(room: int, pieces: Iterable[tuple[str, ...]]) -> list[str]:
    """The first of them that fit into so many characters, each in the longest form that does."""
    kept: list[str] = []
    for forms in pieces:
        fitting = next((form for form in forms if len(form) <= room), None)
        if fitting is None:
            break
        room -= len(fitting)
        kept.append(fitting)
    return kept


def _more(report: Report, told: int) -> str:
    """How many calls were left out; empty if none was."""
    return f"… {more:,} more" if (more := len(report.calls) - told) > 0 else ""


def _diff(report: Report, call: ToolBlock) -> str:
    """What a call changed, its first lines; empty if that is nothing."""
    edit = report.edit(call)
    lines = list(diff_lines(edit)) if edit else []
    if (more := len(lines) - _DIFF_LINES) > 0:
        lines[_DIFF_LINES:] = [f"… {more:,} lines more"]
    return clip("\n".join(lines), _DIFF_CHARACTERS)


def _text(report: Report) -> str:
    info = report.info
    query = visible(clip(info.query, _ROW_CHARACTERS)).splitlines()
    lines = [
        f"Claude Code: {visible(' · '.join(facts_of(info)))}",
        f"> {query[0] if query else ''}",
    ]
    said, broken_off = _result(report)
    if said:
        lines += ["", visible(said)]
    if broken_off:
        lines.append("(broken off)")
    if report.calls:
        calls = ((f"- {visible(str(report.summary(call)))}",) for call in report.calls)
        told = _within(_PLAIN_ROOM, calls)
        more = _more(report, len(told))
        lines += ["", visible(report.calls_in_short()), *told, *([more] if more else [])]
    lines += [f"{name}: {visible(problem)}" for name, problem in _problems(info)]
    return "\n".join(lines)


def _markdown(report: Report) -> str:
    """One execution as Markdown in which all structure is ours."""
    info = report.info
    parts = [f"**Claude Code** {facts_line(facts_of(info))}"]
    if info.query:
        parts.append(f"> {escape_line(clip(info.query, _ROW_CHARACTERS))}")
    said, broken_off = _result(report)
    if said:
        parts.append(inert_markdown(said))
    if broken_off:
        parts.append("*Broken off*")
    if report.calls:
        told = _within(_MARKDOWN_ROOM, (_call_markdown(report, call) for call in report.calls))
        more = _more(report, len(told))
        parts.append(escape_line(report.calls_in_short()))
        parts += [*told, *([more] if more else [])]
    parts += [f"**{name.capitalize()}** {escape_line(text)}" for name, text in _problems(info)]
    parts.append(f"*Execution {escape_line(info.execution_id)}*")
    return "\n\n".join(parts)


def _call_markdown(report: Report, call: ToolBlock) -> tuple[str, ...]:
    """With what it changed, and without."""
    verb, subject, outcome = report.summary(call)
    line = f"{escape_line(verb)} {in_code(subject)}".rstrip()
    line = f"- {line}{f', {escape_words(outcome)}' if outcome else ''}"
    diff = _diff(report, call)
    return (f"{line}\n\n{fence(diff, 'diff')}", line) if diff else (line,)


def _html(report: Report) -> str:
    info = report.info
    parts = [
        f"<p><strong>Claude Code</strong> {escape(' · '.join(facts_of(info)))}</p>",
        f"<details><summary>Query</summary>{_pre(info.query, _QUERY_CHARACTERS)}</details>",
    ]
    said, broken_off = _result(report)
    if said:
        parts.append(markdown_to_html(said))
    if broken_off:
        parts.append("<p><small>Broken off</small></p>")
    if report.calls:
        parts.append(_calls_html(report))
    parts += [
        f"<p><strong>{name.capitalize()}</strong> <code>{escape(problem)}</code></p>"
        for name, problem in _problems(info)
    ]
    parts.append(f"<p><small>Execution {escape(info.execution_id)}</small></p>")
    body = "\n".join(part.rstrip("\n") for part in parts)
    return without_blank_lines(f'<div class="{_BOX}">\n{body}\n</div>')


def _pre(text: str, characters: int) -> str:
    return f"<pre>{escape(clip(text, characters))}</pre>"


def _calls_html(report: Report) -> str:
    told = _within(_HTML_ROOM, (_call_html(report, call) for call in report.calls))
    more = _more(report, len(told))
    items = "\n".join([*told, *([f"<li>{more}</li>"] if more else [])])
    short = escape(report.calls_in_short())
    return f"<details><summary>{short}</summary>\n<ul>\n{items}\n</ul></details>"


def _call_html(report: Report, call: ToolBlock) -> tuple[str, ...]:
    """With what it changed, and without."""
    verb, subject, outcome = report.summary(call)
    line = escape(verb) + (f" <code>{escape(subject)}</code>" if subject else "")
    line += f", {escape(outcome)}" if outcome else ""
    diff = _diff(report, call)
    short = f"<li>{line}</li>"
    if not diff:
        return (short,)
    folded = f"<details><summary>{line}</summary><pre><code>{escape(diff)}</code></pre></details>"
    return f"<li>{folded}</li>", short


def _cells(info: ExecutionInfo, redactor: Redactor) -> tuple[str, ...]:
    query = redactor.text(" ".join(redactor.text(info.query[:_LOOKED_AT]).split()))
    shown = query[:_ROW_CHARACTERS] + ("…" if len(query) > _ROW_CHARACTERS else "")
    status = str(info.status) + (
        f" ({info.reason})" if info.reason not in (None, "success") else ""
    )
    return (
        status,
        visible((redactor.text(info.name) if info.name else shown)[: _ROW_CHARACTERS + 1]),
        visible(redactor.text(info.model or "")[:NAME_CHARACTERS]),
        info.execution_id,
        "" if info.duration is None else f"{info.duration:.1f} s",
        cost_of(info),
    )


_COLUMNS = ("Status", "Query", "Model", "Execution", "Duration", "Cost")
_ALIGNED = 4
"""Columns that are padded in text; what differs from run to run comes last and pads nothing, so
that nbval, which sanitizes values and no blanks, finds equal runs equal."""


def table_bundle(
    infos: Sequence[ExecutionInfo], older: int = 0, redactor: Redactor | None = None
) -> MimeBundle:
    """Executions as a table, newest first, as an output's data; the newest 200 of them.

    Args:
        infos: oldest first.
        older: how many more there are before them.
        redactor: takes their secrets out; one that knows this process's alone if None.
    """
    if not infos:
        said = "Claude Code: no executions yet."
        return {"text/plain": said, "text/html": f"<p>{said}</p>"}
    takes_out = redactor or own_redactor()
    rows = [_cells(info, takes_out) for info in reversed(infos[-MOST_ROWS:])]
    widths = [max(len(row[i]) for row in [_COLUMNS, *rows]) for i in range(_ALIGNED)]
    widths += [0] * (len(_COLUMNS) - _ALIGNED)
    lines = [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in [_COLUMNS, *rows]
    ]
    head = "".join(f"<th>{column}</th>" for column in _COLUMNS)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    if left_out := older + len(infos) - len(rows):
        said = f"{left_out:,} older ones are left out."
        lines.append(said)
        table += f"<p>{said}</p>"
    return {"text/plain": "\n".join(lines), "text/html": f'<div class="{_BOX}">{table}</div>'}


def html_table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], figures: Sequence[str] = ()
) -> str:
    """A table of HTML, with texts at the left and figures at the right.

    JupyterLab puts the text of a cell to the right, whatever the cell says; not so a block in it.

    Args:
        titles: of the columns.
        rows: their cells.
        figures: titles of columns that hold figures.
    """
    right = [title in figures for title in titles]

    def line(kind: str, cells: Sequence[str]) -> str:
        told = (
            f'<{kind} align="{"right" if figure else "left"}">'
            + (escape(cell) if figure else f'<div align="left">{escape(cell)}</div>')
            + f"</{kind}>"
            for cell, figure in zip(cells, right, strict=True)
        )
        return f"<tr>{''.join(told)}</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', titles)}</thead><tbody>{body}</tbody></table>"
