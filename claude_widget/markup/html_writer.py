"""An agent's Markdown as static HTML.

The rule: elements without attributes, but for those of a link, which opens apart; no script, no
style, no image.
What is written is sanitized again before it is given away. It has no blank line, since HTML within
Markdown would end there and the rest be read as Markdown.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from claude_widget.markup.addresses import read_address
from claude_widget.markup.characters import visible
from claude_widget.markup.reader import read_markdown

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

TAGS = frozenset(
    {
        "a",
        "blockquote",
        "br",
        "code",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    }
)
"""What the agent's Markdown can become."""
_BLANK_LINE = re.compile(r"\n(?=[^\S\n]*\n)")
_DEMOTED = 2
"""Headings of an agent's are this much smaller, so that none looks like one of the document."""
_SIMPLE = {
    "paragraph": "p",
    "blockquote": "blockquote",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "th": "th",
    "td": "td",
    "strong": "strong",
    "em": "em",
    "s": "s",
}
_SPANS = frozenset({"strong", "em", "s"})
_NEWLINE = "\n"
"""After each block, so that two versions of a notebook can be compared."""
_EMPTY = {"hr": "<hr>\n", "hardbreak": "<br>", "softbreak": "\n"}
_LONGEST_ADDRESS = 300


def escape(text: str) -> str:
    """Text as HTML, with what hides in it made visible."""
    return html.escape(visible(text))


def without_blank_lines(markup: str) -> str:
    """The same HTML for whoever reads it within Markdown, where a blank line would end it."""
    return _BLANK_LINE.sub("&#10;", markup)


def markdown_to_html(text: str) -> str:
    """The text as a fragment of static HTML, each element closed.

    Args:
        text: Markdown that anybody may have written.
    """
    import nh3  # noqa: PLC0415 - few executions need it

    tree = read_markdown(text)
    written = "" if tree is None else _write_all(tree)
    if not written.strip():  # too much to be read, or nothing but what links are called
        written = f"<pre>{escape(text)}</pre>"
    return nh3.clean(
        written,
        tags=set(TAGS),
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _write_all(node: SyntaxTreeNode) -> str:
    return "".join(_write(child) for child in node.children)


def _write(node: SyntaxTreeNode) -> str:
    kind = node.type
    if (tag := _SIMPLE.get(kind)) is not None:
        if kind == "paragraph" and node.hidden:
            return _write_all(node) + _NEWLINE
        return f"<{tag}>{_write_all(node)}</{tag}>{'' if kind in _SPANS else _NEWLINE}"
    if kind == "inline":
        return _write_all(node)
    if kind == "heading":
        level = min(6, int(node.tag[1:]) + _DEMOTED)
        return f"<h{level}>{_write_all(node)}</h{level}>\n"
    if kind in ("fence", "code_block"):
        return f"<pre><code>{escape(node.content)}</code></pre>\n"
    if kind == "code_inline":
        return f"<code>{escape(node.content)}</code>"
    if kind == "link":
        return _link(_write_all(node), _words(node), node)
    if kind == "image":
        words = f"Image: {_words(node)}"
        return _link(escape(words), words, node)
    return _EMPTY.get(kind) or escape(node.content)


def _link(inner: str, words: str, node: SyntaxTreeNode) -> str:
    href = str(node.attrs.get("href") or node.attrs.get("src") or "")
    address = read_address(href, words)
    if address is None:
        return f"{inner} ({escape(href[:_LONGEST_ADDRESS])})"
    told = f" ({escape(address.leads_to)})" if address.leads_to else ""
    return f'<a href="{html.escape(address.href)}">{inner}</a>{told}'


def _words(node: SyntaxTreeNode) -> str:
    """The text of what lies below."""
    return "".join(one.content for one in node.walk() if not one.children and one is not node)
