"""An agent's text made fit for others to open: static HTML, and Markdown that does nothing.

The rule: pure; text in, text out. The agent's Markdown is read to a tree, and what comes out is
written from that tree alone, so that all structure in it is ours: markup stands as text, links lead
to http, https and mailto only, an image is a link, and nothing is loaded by itself. HTML goes
through a sanitizer as well, so that a fault of the one is not enough.
"""

from claude_widget.markup.characters import clip, visible
from claude_widget.markup.html_writer import escape, markdown_to_html, without_blank_lines
from claude_widget.markup.markdown_writer import (
    escape_line,
    escape_words,
    fence,
    in_code,
    inert_markdown,
)

__all__ = [
    "clip",
    "escape",
    "escape_line",
    "escape_words",
    "fence",
    "in_code",
    "inert_markdown",
    "markdown_to_html",
    "visible",
    "without_blank_lines",
]
