"""An execution as one HTML file that can be read without this package.

The rule: pure. It loads nothing and runs nothing, and says so to the browser: no script, no image,
no address but links that are followed by hand. Text is escaped here; an agent's Markdown comes as
sanitized HTML.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from claude_widget.blocks import (
    Block,
    Edit,
    PromptBlock,
    TextBlock,
    ToolBlock,
    as_text,
    format_count,
    pretty,
)
from claude_widget.markup import clip, escape, markdown_to_html
from claude_widget.report.content import Report, diff_lines, facts_of, moment, told_of_denial
from claude_widget.report.markdown import title_of
from claude_widget.report.style import STYLE

_OUTPUT_CHARACTERS = 20_000
_MOST_DIFF_LINES = 2_000
_SHORT_QUERY = 600
_CLASSES = {"+": "add", "-": "del", "@": "at"}


def html_document(report: Report) -> str:
    """The whole of a report."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = escape(title_of(report))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(_parts(report))}</main>\n</body>\n</html>\n"
    )


def _parts(report: Report) -> Iterator[str]:
    info = report.info
    status, *facts = [*facts_of(info), moment(info.start_time)]
    shown = "".join(f"<li>{escape(fact)}</li>" for fact in facts if fact)
    yield f"<header>\n<h1>{escape(title_of(report))}</h1>\n"
    yield f'<ul class="facts"><li class="status {info.status}">{escape(status)}</li>{shown}</ul>\n'
    yield "</header>\n"
    yield from (_notice("error", "Error", error) for error in info.errors)
    yield from (_notice("denied", "Denied", told_of_denial(one)) for one in info.denials)
    yield from (_notice("error", "Not changed again", one) for one in info.changes_lacking)
    yield f"<section>\n<h2>Prompt</h2>\n{_prompt(info.query)}</section>\n"
    yield f"<section>\n<h2>Result</h2>\n{''.join(_result(report))}</section>\n"
    if report.below[None]:
        yield "<section>\n<h2>Steps</h2>\n"
        if report.calls:
            yield f'<p class="quiet">{escape(report.calls_in_short())}</p>\n'
        yield from _lane(report, None)
        yield "</section>\n"
    place = f" · {escape(info.project_path)}" if info.project_path else ""
    yield f"<footer>Claude Code · execution {escape(info.execution_id)}{place}</footer>\n"


def _notice(kind: str, name: str, text: str) -> str:
    return f'<p class="notice {kind}"><strong>{name}</strong> {escape(text)}</p>\n'


def _prompt(query: str) -> str:
    shown = f'<pre class="prose">{escape(query)}</pre>'
    if len(query) <= _SHORT_QUERY:
        return f"{shown}\n"
    lead = escape(" ".join(query[:_SHORT_QUERY].split())[:100])
    return f"<details><summary>{lead}…</summary>{shown}</details>\n"


def _result(report: Report) -> Iterator[str]:
    info = report.info
    said = info.result or report.partial
    if said:
        yield f'<div class="prose">{markdown_to_html(said)}</div>\n'
    if not info.result:
        missing = "Broken off." if report.partial else "There is none."
        yield f'<p class="quiet">{missing if info.status.ended else "It is still running."}</p>\n'
    if info.structured_output is not None:
        yield f"<pre>{escape(pretty(info.structured_output))}</pre>\n"


def _lane(report: Report, lane: str | None) -> Iterator[str]:
    blocks = report.below.get(lane, ())
    if not blocks:
        return
    yield '<ol class="steps">\n'
    for block in blocks:
        if step := _step(report, block):
            yield f"<li>{step}</li>\n"
    yield "</ol>\n"


def _step(report: Report, block: Block) -> str:
    if isinstance(block, ToolBlock):
        return _call(report, block)
    if not block.text.strip():
        return ""
    if isinstance(block, PromptBlock):
        return _folded("Prompt", "", f'<pre class="prose">{escape(_cut(block.text))}</pre>')
    text = f'<div class="prose">{markdown_to_html(block.text)}</div>'
    if block.kind == "thinking":
        return _folded("Thinking", "", text)
    return text + _afterword(block)


def _afterword(block: TextBlock) -> str:
    if block.error:
        return _notice("error", "Error", block.error)
    return '<p class="quiet">Broken off.</p>' if block.aborted else ""


def _cut(text: str) -> str:
    return clip(text, _OUTPUT_CHARACTERS)


def _folded(summary: str, kind: str, body: str, *, shown: bool = False) -> str:
    named = f' class="{kind}"' if kind else ""
    opened = " open" if shown else ""
    return f"<details{named}{opened}><summary>{summary}</summary>{body}</details>"


def _call(report: Report, block: ToolBlock) -> str:
    verb, subject, outcome = report.summary(block)
    told = escape(verb) + (f" <code>{escape(subject)}</code>" if subject else "")
    told += f", {escape(outcome)}" if outcome else ""
    failed = block.permission == "denied" or bool(block.result and block.result.is_error)
    edit = report.edit(block)
    below = "".join(_lane(report, block.id))
    if edit and edit.hunks:
        return _folded(told, "call", _diff(edit) + below, shown=True)
    return _folded(told, "call failed" if failed else "call", _body(block) + below)


def _body(block: ToolBlock) -> str:
    """What went in, and what came back."""
    parts = []
    command = as_text(block.input.get("command"))
    given = command or (pretty(block.input) if block.input else "")
    if given:
        parts.append(f'<pre class="given">{escape(_cut(given))}</pre>')
    if block.denial:
        parts.append(_notice("denied", "Denied", block.denial))
    if block.result is not None:
        if block.result.text:
            parts.append(f"<pre>{escape(_cut(block.result.text))}</pre>")
        if block.result.images:
            parts.append(f'<p class="quiet">{format_count(block.result.images, "image")}</p>')
    return "".join(parts) or '<p class="quiet">Nothing more was said.</p>'


def _diff(edit: Edit) -> str:
    """Each line in an element of its own, which the style colours."""
    lines = list(diff_lines(edit))
    left_out = len(lines) - _MOST_DIFF_LINES
    written = [
        f'<span class="{_CLASSES.get(line[:1], "same")}">{escape(line) or " "}\n</span>'
        for line in lines[:_MOST_DIFF_LINES]
    ]
    if left_out > 0:
        written.append(f'<span class="at">… {left_out:,} lines more\n</span>')
    return f'<pre class="diff">{"".join(written)}</pre>'
