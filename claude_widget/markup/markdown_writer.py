"""An agent's Markdown, written again so that it does nothing wherever it is opened.

The rule: pure. What programs read differently is never left to them: whatever could begin markup is
escaped or stands as a character reference. The page's own export follows the same rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from claude_widget.markup.addresses import read_address
from claude_widget.markup.characters import visible
from claude_widget.markup.reader import read_markdown

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_DEMOTED = 2
_ENTITIES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "\\": "&#92;",
        "$": "&#36;",
        "|": "&#124;",
        "{": "&#123;",
        "}": "&#125;",
        **{mark: f"\\{mark}" for mark in "`*_[]~!"},
    }
)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_LINE_MARK = re.compile(r"^(?=[#+=:-])", re.MULTILINE)
_NUMBER = re.compile(r"^(\d+)(?=[.)])", re.MULTILINE)
_BREAK = re.compile(r"\s*\n\s*")
_TICKS = re.compile(r"`+")
_LANGUAGE = re.compile(r"[\w+#-]{1,30}")
_MARKS = {"strong": "**", "em": "*", "s": "~~"}
_LONGEST_ADDRESS = 300
_MEANS_MORE = re.compile(r"[()\[\]$]")
"""Of an address, what programs may read as more than that."""


def _escape_characters(text: str) -> str:
    return visible(text).translate(_ENTITIES)


def _at_line_starts(text: str) -> str:
    """With what begins a heading, a list or an underline only where a line begins escaped too."""
    text = _LINE_MARK.sub(r"\\", _INDENT.sub("", text))
    return _NUMBER.sub(r"\1\\", text)


def escape_line(text: str) -> str:
    """Plain text that Markdown shows as it is, in one line."""
    return _at_line_starts(_escape_characters(" ".join(text.split())))


def escape_words(text: str) -> str:
    """The same for what does not stand where a line begins."""
    return _escape_characters(" ".join(text.split()))


def fence(text: str, language: str = "") -> str:
    """A block of code that nothing in it can end."""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    marks = "`" * (max(longest, 2) + 1)
    name = _LANGUAGE.match(language)
    body = visible(text).removesuffix("\n")
    return f"{marks}{name[0] if name else ''}\n{body}\n{marks}"


def in_code(text: str) -> str:
    """A line of code within a text."""
    line = visible(" ".join(text.split()))
    # One that needs more marks could be taken for the fence of a block; a bar ends a table's cell.
    if not line or "``" in line or "|" in line:
        return _escape_characters(line)
    return f"`` {line} ``" if "`" in line else f"`{line}`"


def inert_markdown(text: str) -> str:
    """The text as Markdown whose structure is all ours."""
    tree = read_markdown(text)
    written = "" if tree is None else _blocks(tree)
    return written or (fence(text) if text.strip() else "")


def _blocks(node: SyntaxTreeNode) -> str:
    return "\n\n".join(filter(None, (_block(child) for child in node.children)))


def _block(node: SyntaxTreeNode) -> str:
    kind = node.type
    if kind == "heading":
        marks = "#" * min(6, int(node.tag[1:]) + _DEMOTED)
        return f"{marks} {_BREAK.sub(' ', _inline(node))}"
    if kind in ("paragraph", "inline"):
        return _at_line_starts(_inline(node))
    if kind in ("fence", "code_block"):
        return fence(node.content, node.info)
    if kind == "blockquote":
        return _prefixed(_blocks(node), "> ", "> ")
    if kind in ("bullet_list", "ordered_list"):
        return _list(node)
    if kind == "table":
        return _table(node)
    return "* * *" if kind == "hr" else _at_line_starts(_escape_characters(node.content.strip()))


def _list(node: SyntaxTreeNode) -> str:
    ordered = node.type == "ordered_list"
    first = int(node.attrs.get("start", 1) or 0) if ordered else 0
    items = []
    for number, item in enumerate(node.children, first):
        mark = f"{number}. " if ordered else "- "
        items.append(_prefixed(_blocks(item), mark, " " * len(mark)))
    return "\n".join(items)


def _table(node: SyntaxTreeNode) -> str:
    rows = [row for part in node.children for row in part.children]
    lines = [f"| {' | '.join(_cell(cell) for cell in row.children)} |" for row in rows]
    rule = f"|{' --- |' * len(rows[0].children)}"
    return "\n".join([lines[0], rule, *lines[1:]])


def _cell(node: SyntaxTreeNode) -> str:
    return _BREAK.sub(" ", _inline(node)).rstrip("\\")


def _prefixed(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    marked = [(others if index else first) + line for index, line in enumerate(lines)]
    return "\n".join(line.rstrip() for line in marked)


def _inline(node: SyntaxTreeNode) -> str:
    return "".join(_span(child) for child in node.children)


def _span(node: SyntaxTreeNode) -> str:
    kind = node.type
    if kind == "inline":
        return _inline(node)
    if kind in _MARKS:
        return f"{_MARKS[kind]}{_inline(node)}{_MARKS[kind]}"
    if kind == "code_inline":
        return in_code(node.content)
    if kind == "hardbreak":
        return "\\\n"
    if kind == "softbreak":
        return "\n"
    if kind == "link":
        return _link(_inline(node), _words(node), str(node.attrs.get("href", "")))
    if kind == "image":
        words = f"Image: {_words(node)}"
        return _link(escape_line(words), words, str(node.attrs.get("src", "")))
    return _escape_characters(node.content)


def _link(inner: str, words: str, href: str) -> str:
    inner = _BREAK.sub(" ", inner)
    address = read_address(href, words)
    if address is None:
        return f"{inner} ({escape_line(href[:_LONGEST_ADDRESS])})"
    target = _MEANS_MORE.sub(lambda one: f"%{ord(one[0]):02X}", address.href)
    told = f" ({escape_line(address.leads_to)})" if address.leads_to else ""
    return f"[{inner}](<{target}>){told}"


def _words(node: SyntaxTreeNode) -> str:
    """The text of what lies below."""
    return "".join(one.content for one in node.walk() if not one.children and one is not node)
