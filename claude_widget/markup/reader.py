"""Markdown to a tree.

The rule: whatever the text, this ends soon and does not raise: length, depth and the length of a
paragraph are bounded, and beyond the bounds there is no tree, or a paragraph is plain text. HTML in
the text is text. The parser is loaded when it is first needed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

_LONGEST = 500_000
_DEEPEST = 40
_LONGEST_INLINE = 8_000
"""Emphasis and links are looked for back and forth in a paragraph or a cell."""


@lru_cache(maxsize=1)  # HTML and Markdown are written of the same text
def read_markdown(text: str) -> SyntaxTreeNode | None:
    """The tree of a text; None where it is only to be shown as it is."""
    if len(text) > _LONGEST:
        return None
    from markdown_it.tree import SyntaxTreeNode  # noqa: PLC0415 - few executions need it

    try:
        tokens = _parser().parse(text)
        # What is nested deeper than the parser goes, it leaves out.
        if any(_depth(token) >= _DEEPEST for token in tokens):
            return None
        return SyntaxTreeNode(tokens)
    except (RecursionError, ValueError, IndexError, KeyError):
        return None


def _depth(token: Token) -> int:
    return max([token.level, *(child.level for child in token.children or ())])


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - few executions need it

    options = {"html": False, "linkify": False, "typographer": False, "maxNesting": _DEEPEST}
    made = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    made.core.ruler.at("inline", _read_inline)
    return made


def _read_inline(state: StateCore) -> None:
    """The parser's own rule, but for what is too long."""
    from markdown_it.token import Token  # noqa: PLC0415 - loaded by now

    for token in state.tokens:
        if token.type != "inline":
            continue
        children: list[Token] = []
        if len(token.content) > _LONGEST_INLINE:
            children.append(Token("text", "", 0, content=token.content))
        else:
            state.md.inline.parse(token.content, state.md, state.env, children)
        token.children = children
