"""The corpus in what outputs keep without a kernel: text it is, and nothing else."""

from __future__ import annotations

import html.parser

import pytest

from claude_widget.models import Denial, ExecutionInfo, ExecutionStatus, Reason
from claude_widget.static_view import execution_bundle, table_bundle
from tests.attacks import ATTACKS

ALLOWED = {"div", "p", "pre", "strong", "code", "small", "details", "summary"}
ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td"}
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
        result=text,
        status=ExecutionStatus.FAILED,
        reason=Reason.API_ERROR,
        errors=(text,),
        denials=(Denial(tool_name=text, message=text),),
    )


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_static_output_is_text(text: str) -> None:
    info = info_of(text)
    partial = info.model_copy(update={"result": None})
    for bundle in (execution_bundle(info), execution_bundle(partial, text), table_bundle([info])):
        # Markdown would be drawn with its images; plain text and our own markup are not.
        assert set(bundle) == {"text/plain", "text/html"}
        read = Reader(bundle["text/html"])
        assert read.tags <= ALLOWED
        assert {name for name, _ in read.attributes} <= {"class"}
        assert {value for _, value in read.attributes if value and text in value} == set()
        assert read.outside == ""
        assert not UNSEEN & (set(read.text) | set(bundle["text/plain"]))
