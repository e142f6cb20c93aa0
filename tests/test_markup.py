"""An agent's text in a file that others open: it reads as it was meant, and does nothing."""

from __future__ import annotations

import html.parser

import pytest
from markdown_it import MarkdownIt

from claude_widget.markup import (
    escape_line,
    fence,
    inert_markdown,
    markdown_to_html,
    without_blank_lines,
)
from claude_widget.markup.addresses import read_address
from claude_widget.markup.html_writer import TAGS
from tests.attacks import ATTACKS

BATCHES = [ATTACKS[start : start + 24] for start in range(0, len(ATTACKS), 24)]
SCHEMES = ("http://", "https://", "mailto:")
TEXT = """# Title

Some **bold**, *em*, ~~gone~~ and `code`.

1. one
2. two
   - inner

> quoted

| a | b |
|---|---|
| 1 | 2 |

```python
print("<b>")
```

[words](https://example.org/a?b=c&d=e)
"""


class Elements(html.parser.HTMLParser):
    """Every element with its attributes, all text, and whether each element is closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.found.append((tag, dict(attrs)))
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It closes what was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data

    def handle_comment(self, data: str) -> None:
        """There is none."""
        raise AssertionError(data)


def check_harmless(source: str) -> Elements:
    """Only elements of ours, links that lead where they may, and nothing left open."""
    read = Elements(source)
    assert read.open == []
    for tag, attributes in read.found:
        assert tag in TAGS
        assert set(attributes) == ({"href", "rel", "target"} if tag == "a" else set())
        if tag == "a":
            assert str(attributes["href"]).startswith(SCHEMES)
    return read


def check_harmless_markdown(written: str) -> None:
    """Where HTML is allowed it draws no markup and no image, and its links may be followed."""
    lax = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for token in lax.parse(written):
        for one in (token, *(token.children or ())):
            assert one.type not in ("html_block", "html_inline", "image")
            if one.type == "link_open":
                assert str(one.attrs["href"]).startswith(SCHEMES)


def test_markdown_becomes_the_elements_it_means() -> None:
    read = check_harmless(markdown_to_html(TEXT))
    tags = {tag for tag, _ in read.found}
    assert {"h3", "strong", "em", "s", "code", "ol", "ul", "li", "blockquote"} <= tags
    assert {"table", "th", "td", "pre", "a"} <= tags
    assert 'print("<b>")' in read.text
    apart = {"target": "_blank", "rel": "noopener noreferrer nofollow"}
    assert ("a", {"href": "https://example.org/a?b=c&d=e", **apart}) in read.found


def test_markdown_written_again_means_the_same() -> None:
    once = inert_markdown(TEXT)
    assert "### Title" in once
    assert "**bold**" in once
    assert "| 1 | 2 |" in once
    again = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(once)
    assert Elements(again).text.split() == Elements(markdown_to_html(TEXT)).text.split()


@pytest.mark.parametrize("some", BATCHES, ids=range(len(BATCHES)))
def test_an_attack_does_nothing_in_html(some: list[str]) -> None:
    for text in some:
        for whole in (text, f"Some {text} words", f"- {text}\n\n> {text}\n\n[{text}]({text})"):
            check_harmless(markdown_to_html(whole))


@pytest.mark.parametrize("some", BATCHES, ids=range(len(BATCHES)))
def test_an_attack_does_nothing_in_markdown_that_allows_html(some: list[str]) -> None:
    for text in some:
        for whole in (text, f"Some {text} words", f"| a |\n|---|\n| {text} |\n\n![{text}]({text})"):
            written = f"{inert_markdown(whole)}\n\n{fence(text)}\n\n# {escape_line(text)}"
            check_harmless_markdown(written)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//evil.invalid/",
        "/etc/passwd",
        "https:evil.invalid",
        "https:///evil.invalid",
        "https://good.example%5C@evil.invalid",
        "https://[::1",
        "file:///etc/passwd",
        "https://x:port/",
        "http://" + "a" * 5_000,
    ],
)
def test_an_address_that_could_do_more_stays_text(address: str) -> None:
    assert read_address(address) is None
    assert "<a" not in markdown_to_html(f"[words](<{address}>)")


def test_a_link_whose_words_name_another_place_says_where_it_leads() -> None:
    assert "(evil.invalid)" in markdown_to_html("[https://bank.example](https://evil.invalid/x)")
    assert "(evil.invalid)" in inert_markdown("[bank.example](https://bank.example@evil.invalid/x)")
    assert "(" not in markdown_to_html("[example.org](https://www.example.org/x)")


def test_an_image_is_a_link_that_loads_nothing() -> None:
    shown = markdown_to_html("![a cat](https://example.org/cat.png)")
    assert "<img" not in shown
    assert ">Image: a cat</a>" in shown
    assert inert_markdown("![a cat](https://example.org/c.png)").startswith("[Image: a cat](<")


def test_what_hides_is_made_visible_also_when_it_is_spelled_as_a_reference() -> None:
    for text in ("a\u202eb", "a&#x202e;b", "`a\u202eb`"):
        assert "\\u202e" in Elements(markdown_to_html(text)).text
        assert "\u202e" not in inert_markdown(text)


def test_nothing_ends_the_block_of_code_around_it() -> None:
    held = fence("``` \n~~~\n````\n<b>", "py` x")
    tokens = MarkdownIt("commonmark").parse(held)
    assert [token.type for token in tokens] == ["fence"]


def test_html_within_markdown_goes_on_to_its_end() -> None:
    inner = markdown_to_html("```\na\n\n![x](https://evil.invalid/x.png)\n\n \n<b>\n```\n\nb")
    whole = without_blank_lines(f"<div>{inner}</div>")
    tokens = MarkdownIt("commonmark").parse(whole)
    assert [token.type for token in tokens] == ["html_block"]
    assert Elements(whole).text == Elements(f"<div>{inner}</div>").text


@pytest.mark.parametrize(
    "text",
    [
        "> " * 3_000 + "x",
        "- " * 3_000 + "x",
        "[" * 50_000,
        "![" * 20_000,
        "*a " * 20_000,
        "a[b](" * 10_000,
        "`" * 40_000,
        "<" * 50_000,
        "|" * 20_000 + "\n" + "|-" * 10_000,
        "[a]: b\n" * 5_000,
        "x" * 600_000,
        "\x00\ud800",
    ],
    ids=range(12),
)
def test_a_monster_is_shown_and_ends(text: str) -> None:
    check_harmless(markdown_to_html(text))
    assert inert_markdown(text)
