"""The corpus in what outputs keep without a kernel: text it is, and nothing else."""

from __future__ import annotations

import html.parser

import pytest
from markdown_it import MarkdownIt

from claude_widget.blocks import ToolBlock, ToolResult
from claude_widget.cells.static_view import execution_bundle, table_bundle
from claude_widget.markup.html_writer import TAGS
from claude_widget.models import Denial, ExecutionInfo, ExecutionStatus, Reason
from tests.attacks import ATTACKS
from tests.test_markup import SCHEMES, check_harmless_markdown

ALLOWED = {"div", "p", "pre", "strong", "code", "small", "details", "summary"}
ALLOWED |= TAGS
UNSEEN = {
    chr(code) for code in (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F))
}


class Reader(html.parser.HTMLParser):
    """Every element, attribute and text of a piece of HTML, and what is open where a text is."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.text = ""
        self._boxes: list[bool] = []
        self.outside = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.add(tag)
        self.attributes |= set(attrs)
        if tag not in ("br", "hr"):
            self._boxes.append("mathjax_ignore" in (dict(attrs).get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        """It is open no more."""
        del tag
        self._boxes.pop()

    def handle_data(self, data: str) -> None:
        """Text, and that which a typesetter would read."""
        self.text += data
        if not any(self._boxes):
            self.outside += data

    def handle_comment(self, data: str) -> None:
        """There is none."""
        raise AssertionError(data)


def info_of(text: str) -> ExecutionInfo:
    """An execution in which everything that an agent can choose is that text."""
    return ExecutionInfo(
        execution_id="3f0e",
        query=text,
        name=text,
        model=text,
        cli_version=text,
        result=text,
        status=ExecutionStatus.FAILED,
        reason=Reason.API_ERROR,
        errors=(text,),
        denials=(Denial(tool_name=text, message=text),),
    )


def calls_of(text: str) -> list[ToolBlock]:
    """Calls in which everything that an agent can choose is that text."""
    given = dict.fromkeys(("file_path", "command", "old_string", "query", "url"), text)
    result = ToolResult(text)
    names = ("Edit", "Write", "Bash", "WebFetch", "mcp__s__" + text, text)
    return [
        ToolBlock(f"{text}{n}", name, {**given, "new_string": "z" + text}, text, result)
        for n, name in enumerate(names)
    ]


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_static_output_is_text(text: str) -> None:
    info = info_of(text)
    partial = info.model_copy(update={"result": None})
    executions = (execution_bundle(info, "", calls_of(text)), execution_bundle(partial, text))
    for bundle in (*executions, table_bundle([info])):
        read = Reader(bundle["text/html"])
        assert read.tags <= ALLOWED
        assert {name for name, _ in read.attributes} <= {"class", "href", "rel", "target"}
        for name, value in read.attributes:
            assert value
            assert value.startswith(SCHEMES) if name == "href" else text not in value
        assert read.outside.strip() == ""
        assert not UNSEEN & (set(read.text) | set("".join(bundle.values())))
    for bundle in executions:
        check_harmless_markdown(bundle["text/markdown"])
        # nbconvert writes the HTML into Markdown, where a blank line would end it.
        (token,) = MarkdownIt("commonmark").parse(bundle["text/html"])
        assert token.type == "html_block"
