"""A comparison side by side: the figures of each, and what each has said, for a cell.

The rule: text in, markup or plain text out, as it is at this moment. What models, agents and score
functions say is hostile: redacted, made visible or escaped, and bounded, for it is saved with the
notebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from claude_widget.budgets.spending import LIST_PRICES
from claude_widget.cells.static_view import MimeBundle
from claude_widget.comparison.candidate import Candidate
from claude_widget.comparison.comparison import Comparison
from claude_widget.markup import (
    clip,
    escape,
    escape_line,
    escape_words,
    inert_markdown,
    markdown_to_html,
    visible,
    without_blank_lines,
)
from claude_widget.redaction.redactor import Redactor
from claude_widget.report.content import cost_of, duration_of, status_of

_BOX = "claude-widget-static mathjax_ignore tex2jax_ignore"
_NAME_CHARACTERS = 60
_PROBLEM_CHARACTERS = 200
_RESULT_CHARACTERS = 1_200
_PLAIN_CHARACTERS = 200
_LOOKED_AT = 20_000
"""Characters of a result in which secrets are looked for: half of one is not found."""
_MOST_RESULTS = 12
_MOST_FILES = 10
_PATH_CHARACTERS = 200
_PER_ROW = 3
_COLUMNS = ("Rank", "Model", "No.", "Status", "Score", "Changes", "Turns", "Duration", "Cost")
_NUMBER = _COLUMNS.index("No.")
_WORDS = [_COLUMNS.index(one) for one in ("Model", "Status", "Changes")]
"""Columns that are read from the left."""
_ALIGNED = 7
"""Columns that are padded in text: what differs from run to run comes last and pads nothing, so
that whoever compares outputs finds equal runs equal."""


class _Told(NamedTuple):
    """One execution as it is shown: nothing of it is escaped yet."""

    cells: tuple[str, ...]
    label: str
    said: str
    problem: str


def comparison_bundle(comparison: Comparison) -> MimeBundle:
    """A comparison as an output's data."""
    redactor = comparison.redactor
    ranked = comparison.ranked
    told = [_told(comparison, one, rank, redactor) for one, rank in _ranks(ranked)]
    head = _head(comparison, redactor)
    left_out = len(told) - _MOST_RESULTS
    notes = [f"The results of {left_out} more are left out."] if left_out > 0 else []
    notes.append(f"Costs are estimates {LIST_PRICES}.")
    return {
        "text/plain": _text(head, told, notes),
        "text/markdown": _markdown(head, told, notes),
        "text/html": _html(head, told, notes),
    }


def promotion_bundle(comparison: Comparison) -> MimeBundle:
    """What was promoted of a comparison, or can be, as an output's data."""
    said = _promotion(comparison, comparison.redactor)
    return {
        "text/plain": visible(said),
        "text/markdown": escape_words(said),
        "text/html": f'<div class="{_BOX}"><p>{escape(said)}</p></div>',
    }


def _promotion(comparison: Comparison, redactor: Redactor) -> str:
    promoted, files = comparison.promoted, comparison.promoted_files
    changed = comparison.changed
    names = [f"{redactor.text(one.label)[:_NAME_CHARACTERS]} ({_size(one)})" for one in changed]
    if promoted is not None:
        name = next(
            (said for one, said in zip(changed, names, strict=True) if one.execution is promoted),
            "an execution that has changed nothing",
        )
        named = ", ".join(file[:_PATH_CHARACTERS] for file in files[:_MOST_FILES])
        more = ", …" if len(files) > _MOST_FILES else ""
        return f"Promoted: {name}." + (f" In the project: {named}{more}." if files else "")
    if names:
        most = names[:_MOST_RESULTS]
        more = ", …" if len(names) > len(most) else ""
        return f"To be promoted by comparison.promote(): {', '.join(most)}{more}."
    if comparison.over:
        return "There is nothing to promote: no file was changed."
    return "What can be promoted is shown once all are over."


def _ranks(ranked: Sequence[Candidate]) -> list[tuple[Candidate, str]]:
    """Each with its rank; equal scores share one, and who has no score has none."""
    scores = [one.score for one in ranked]
    return [(one, "" if one.score is None else str(scores.index(one.score) + 1)) for one in ranked]


def _told(comparison: Comparison, one: Candidate, rank: str, redactor: Redactor) -> _Told:
    info = one.execution.info
    name = redactor.text(one.model or info.model or "default")
    model = name[:_NAME_CHARACTERS] + ("…" if len(name) > _NAME_CHARACTERS else "")
    label = redactor.text(one.label)
    said = info.result or ""
    wrong = one.problem and f"score: {one.problem}"
    if info.errors and not said:
        said = info.errors[-1]
    if comparison.promoted is one.execution:
        rank = f"{rank} (promoted)".strip()
    status = f"{info.status}" if not info.status.ended else status_of(info)
    cells = (
        rank,
        model,
        str(one.number),
        status,
        "" if one.score is None else f"{one.score:g}",
        _size(one),
        "" if info.num_turns is None else str(info.num_turns),
        duration_of(info),
        cost_of(info),
    )
    return _Told(
        cells,
        label[:_NAME_CHARACTERS],
        redactor.text(said[:_LOOKED_AT]).strip(),
        clip(redactor.text(wrong), _PROBLEM_CHARACTERS),
    )


def _size(one: Candidate) -> str:
    """Such as `2 files, +10 -3`; empty where nobody can tell."""
    if one.size is None:
        return ""
    files, added, removed = one.size
    if not files:
        return "none"
    return f"{files:,} file{'' if files == 1 else 's'}, +{added:,} -{removed:,}"


def _head(comparison: Comparison, redactor: Redactor) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in comparison.counts.items())
    cost = f"; ${comparison.cost_usd:.4f}" if comparison.cost_usd else ""
    scoring = not comparison.over and all(one.status.ended for one in comparison)
    name = f" {redactor.text(comparison.name)[:_NAME_CHARACTERS]}:" if comparison.name else ""
    said = f"Claude Code:{name} {len(comparison)} compared, {counts}{cost}"
    return said + ("; being scored" if scoring else "")


def _shown_columns(told: Sequence[_Told]) -> list[int]:
    """Those that say something of one of them."""
    numbered = any(one.cells[_NUMBER] != "1" for one in told)
    shown = (any(one.cells[i] for one in told) for i in range(len(_COLUMNS)))
    return [i for i, is_shown in enumerate(shown) if is_shown and (numbered or i != _NUMBER)]


def _text(head: str, told: Sequence[_Told], notes: Sequence[str]) -> str:
    columns = _shown_columns(told)
    rows = [[_COLUMNS[i] for i in columns]]
    rows += [[visible(one.cells[i]) for i in columns] for one in told]
    widths = [
        max(len(row[at]) for row in rows) if i < _ALIGNED else 0 for at, i in enumerate(columns)
    ]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    said = []
    for one in told[:_MOST_RESULTS]:
        short = " ".join(one.said.split())
        more = "…" if len(short) > _PLAIN_CHARACTERS else ""
        if short:
            said.append(f"{visible(one.label)}: {visible(short[:_PLAIN_CHARACTERS])}{more}")
    said += [f"{visible(one.label)}: {visible(one.problem)}" for one in told if one.problem]
    return "\n".join([visible(head), "", *lines, "", *said, *notes])


def _markdown(head: str, told: Sequence[_Told], notes: Sequence[str]) -> str:
    columns = _shown_columns(told)
    rows = [" | ".join(_COLUMNS[i] for i in columns), " | ".join("---" for _ in columns)]
    rows += [" | ".join(escape_words(one.cells[i]) for i in columns) for one in told]
    parts = [escape_line(head), "\n".join(f"| {row} |" for row in rows)]
    for one in told[:_MOST_RESULTS]:
        if one.said:
            parts.append(f"**{escape_words(one.label)}**")
            parts.append(inert_markdown(clip(one.said, _RESULT_CHARACTERS)))
    parts += [
        f"**{escape_words(one.label)}** {escape_line(one.problem)}" for one in told if one.problem
    ]
    parts += [f"*{escape_words(note)}*" for note in notes]
    return "\n\n".join(parts)


def _html(head: str, told: Sequence[_Told], notes: Sequence[str]) -> str:
    columns = _shown_columns(told)
    titles = "".join(f"<th>{_left(i, _COLUMNS[i])}</th>" for i in columns)
    rows = ("".join(f"<td>{_left(i, escape(one.cells[i]))}</td>" for i in columns) for one in told)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    parts = [
        f"<p>{escape(head)}</p>",
        f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>",
    ]
    shown = [one for one in told[:_MOST_RESULTS] if one.said]
    parts += [_side_by_side(shown[at : at + _PER_ROW]) for at in range(0, len(shown), _PER_ROW)]
    parts += [
        f"<p><strong>{escape(one.label)}</strong> <code>{escape(one.problem)}</code></p>"
        for one in told
        if one.problem
    ]
    parts += [f"<p><small>{escape(note)}</small></p>" for note in notes]
    return without_blank_lines(f'<div class="{_BOX}">\n' + "\n".join(parts) + "\n</div>")


def _left(column: int, markup: str) -> str:
    """A cell's markup, read from the left if it is words: notebooks put all cells to the right."""
    return f'<div align="left">{markup}</div>' if column in _WORDS else markup


def _side_by_side(told: Sequence[_Told]) -> str:
    titles = "".join(f'<th><div align="left">{escape(one.label)}</div></th>' for one in told)
    cells = "".join(
        f'<td valign="top"><div align="left">'
        f"{markdown_to_html(clip(one.said, _RESULT_CHARACTERS)).rstrip()}</div></td>"
        for one in told
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody><tr>{cells}</tr></tbody></table>"
