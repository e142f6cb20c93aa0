"""What an agent writes, on the plain page: markdown, source, a terminal's colours.

The rule: it is read as its reader does, by role and by contrast, in a light and a dark page.
"""

from __future__ import annotations

import json
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.attacks import transcript
from tests.ui.axe import findings
from tests.ui.plain import PlainPage

MARKDOWN = """
# A heading

*Emphasis*, **strong**, ~~gone~~, `code`, a [link](https://example.com), [bank.com](https://x.invalid).

## Another

- [x] done
- [ ] to do
- an item
  1. in an item

> A quote with `code` in it.

| Name | Value |
|------|------:|
| *a*  | `1.5` |

```python
import os  # a comment
@dataclass
class A(Base):
    \"\"\"Docs.\"\"\"
    def f(self, x: int = 12) -> str:
        return f"value {x}" if x > 1 else None
```

```html
<a href="x" class='y'>text</a> <!-- a comment -->
```

![a chart](https://example.com/c.png), <b>markup</b>, and bidi a\u202eb.
"""
NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
COLOURS = "".join(
    f"\x1b[3{number}m{name} \x1b[9{number}mbright\x1b[0m \x1b[4{number}mon it\x1b[0m\n"
    for number, name in enumerate(NAMES)
)
COMMAND = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": COLOURS}


def _frames() -> str:
    said = [{"type": "text", "text": MARKDOWN}, COMMAND]
    frames = [
        {"type": "assistant", "session_id": "s", "message": {"id": f"m{i}", "content": [one]}}
        for i, one in enumerate(said)
    ]
    back = {"type": "user", "session_id": "s", "message": {"content": [RESULT]}}
    return transcript([("out", json.dumps(frame)) for frame in (*frames, back)])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(plain: PlainPage, scheme: Literal["light", "dark"]) -> None:
    page = plain.page
    page.set_viewport_size({"width": 1280, "height": 1800})
    page.emulate_media(color_scheme=scheme)
    plain.open("empty")
    plain.change("a", query="Show me", status="running", startTime=1)
    fill = "(text) => demo.world.append('a', new TextEncoder().encode(text))"
    page.evaluate(fill, _frames())
    output = plain.dashboard.view("Show me")
    expect(output.get_by_role("button", name="Copy code")).to_have_count(2)
    expect(output.locator("pre .cw-hl-keyword").first).to_be_visible()
    expect(output.get_by_role("heading", name="A heading", level=4)).to_be_attached()
    expect(output.get_by_role("heading", name="Another", level=5)).to_be_attached()
    link = output.get_by_role("link", name="bank.com")
    expect(link).to_have_attribute("href", "https://x.invalid/")
    expect(output).to_contain_text("bank.com (x.invalid)")
    assert findings(page) == []
    plain.screenshot(f"text-{scheme}")


def test_code_is_copied_whole(plain: PlainPage) -> None:
    page = plain.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    plain.open("empty")
    plain.change("a", query="Show me", status="running", startTime=1)
    code = "".join(f"line {number}\n" for number in range(5_000))
    frame = {
        "type": "assistant",
        "session_id": "s",
        "message": {"id": "m", "content": [{"type": "text", "text": f"```\n{code}```"}]},
    }
    fill = "(text) => demo.world.append('a', new TextEncoder().encode(text))"
    page.evaluate(fill, transcript([("out", json.dumps(frame))]))
    output = plain.dashboard.view("Show me")
    output.get_by_role("button", name="Copy code").click()
    expect(output.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == code.removesuffix("\n")
