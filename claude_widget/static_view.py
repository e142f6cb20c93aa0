"""What an output keeps without a kernel: an execution's result, or the table of several.

The rule: text in, markup out, and no script in it ever. Agent text is hostile: it is escaped for
HTML, and freed of control characters for plain text. Nothing here is live.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence

from claude_widget.models import Denial, ExecutionInfo

_RESULT_CHARACTERS = 50_000
_QUERY_CHARACTERS = 2_000
_ERROR_CHARACTERS = 2_000
_MOST_PROBLEMS = 5
_MESSAGE_CHARACTERS = 500
_NAME_CHARACTERS = 100
_ROW_CHARACTERS = 120
MOST_ROWS = 200
"""Rows of a table; it says how many more there are."""
MARK = "claude_widget"
"""Where the metadata of a live output says what it shows, so that it can be looked up later."""
_BOX = "claude-widget-static mathjax_ignore tex2jax_ignore"
"""Classes of what holds it: a typesetter would make formulas of the text, with links in them."""
_KEPT = "\n\t"

MimeBundle = dict[str, str]


def visible(text: str) -> str:
    """The text with control and direction-changing characters made visible as their code points."""
    return "".join(
        character
        if character in _KEPT or unicodedata.category(character) not in ("Cc", "Cf", "Cs")
        else f"\\u{ord(character):04x}"
        for character in text
    )


def _clip(text: str, characters: int) -> str:
    left_out = len(text) - characters
    return text if left_out <= 0 else f"{text[:characters]}\n… {left_out:,} characters more"


def _facts(info: ExecutionInfo) -> list[str]:
    facts = [
        f"{info.status}" + (f" ({info.reason})" if info.reason not in (None, "success") else "")
    ]
    if info.model:
        facts.append(info.model[:_NAME_CHARACTERS])
    if info.duration is not None:
        facts.append(f"{info.duration:.1f} s")
    if info.num_turns:
        facts.append(f"{info.num_turns} turn" + ("s" if info.num_turns != 1 else ""))
    if info.cost_usd is not None:
        facts.append(f"${info.cost_usd:.4f}" + (" (recorded)" if info.recorded else ""))
    return [visible(fact) for fact in facts]


def execution_text(info: ExecutionInfo, partial: str = "") -> str:
    """One execution as plain text; `partial` is what it had written when it was broken off."""
    lines = [
        f"Claude Code: {' · '.join(_facts(info))}",
        f"> {visible(_clip(info.query, _ROW_CHARACTERS)).splitlines()[0] if info.query else ''}",
    ]
    if info.result:
        lines += ["", visible(_clip(info.result, _RESULT_CHARACTERS))]
    elif partial:
        lines += ["", visible(_clip(partial, _RESULT_CHARACTERS)), "(broken off)"]
    lines += [f"{name}: {visible(said)}" for name, said in _problems(info)]
    return "\n".join(lines)


def _problems(info: ExecutionInfo) -> list[tuple[str, str]]:
    """What went wrong and what was denied, the last of each."""
    found: list[tuple[str, str]] = []
    for name, said in (
        ("error", [_clip(error, _ERROR_CHARACTERS) for error in info.errors]),
        ("denied", [_denial(denial) for denial in info.denials]),
    ):
        if (left_out := len(said) - _MOST_PROBLEMS) > 0:
            found.append((name, f"{left_out} earlier ones are left out"))
        found += [(name, text) for text in said[-_MOST_PROBLEMS:]]
    return found


def _denial(denial: Denial) -> str:
    """The tool, and what the agent was told."""
    name = denial.tool_name[:_NAME_CHARACTERS]
    return f"{name}: {denial.message[:_MESSAGE_CHARACTERS]}" if denial.message else name


def execution_html(info: ExecutionInfo, partial: str = "") -> str:
    """One execution as HTML without script or style, so that a sanitizer leaves it as it is."""

    def text(value: str, characters: int = _RESULT_CHARACTERS) -> str:
        return html.escape(visible(_clip(value, characters)))

    def pre(value: str, characters: int = _RESULT_CHARACTERS) -> str:
        return f"<pre>{text(value, characters)}</pre>"

    parts = [
        f"<p><strong>Claude Code</strong> {html.escape(' · '.join(_facts(info)))}</p>",
        f"<details><summary>Query</summary>{pre(info.query, _QUERY_CHARACTERS)}</details>",
    ]
    if info.result:
        parts.append(pre(info.result))
    elif partial:
        parts.append(pre(partial) + "<p><small>Broken off</small></p>")
    parts += [
        f"<p><strong>{name.capitalize()}</strong> <code>{text(said)}</code></p>"
        for name, said in _problems(info)
    ]
    parts.append(f"<p><small>Execution {html.escape(info.execution_id)}</small></p>")
    return f'<div class="{_BOX}">{"".join(parts)}</div>'


def execution_bundle(info: ExecutionInfo, partial: str = "") -> MimeBundle:
    """One execution as an output's data.

    Args:
        info: what is known of it.
        partial: its last text, shown where there is no result.
    """
    return {
        "text/plain": execution_text(info, partial),
        "text/html": execution_html(info, partial),
    }


def _cells(info: ExecutionInfo) -> tuple[str, ...]:
    query = " ".join(info.query[: 4 * _ROW_CHARACTERS].split())
    shown = query[:_ROW_CHARACTERS] + ("…" if len(query) > _ROW_CHARACTERS else "")
    status = str(info.status) + (
        f" ({info.reason})" if info.reason not in (None, "success") else ""
    )
    return (
        status,
        visible((info.name or shown)[: _ROW_CHARACTERS + 1]),
        visible((info.model or "")[:_NAME_CHARACTERS]),
        "" if info.duration is None else f"{info.duration:.1f} s",
        "" if info.cost_usd is None else f"${info.cost_usd:.4f}",
        info.execution_id,
    )


_COLUMNS = ("Status", "Query", "Model", "Duration", "Cost", "Execution")


def table_bundle(infos: Sequence[ExecutionInfo], older: int = 0) -> MimeBundle:
    """Executions as a table, newest first, as an output's data; the newest 200 of them.

    Args:
        infos: oldest first.
        older: how many more there are before them.
    """
    if not infos:
        said = "Claude Code: no executions yet."
        return {"text/plain": said, "text/html": f"<p>{said}</p>"}
    rows = [_cells(info) for info in reversed(infos[-MOST_ROWS:])]
    widths = [max(len(row[i]) for row in [_COLUMNS, *rows]) for i in range(len(_COLUMNS))]
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
