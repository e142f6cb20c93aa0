"""Text of the CLI's made fit for one line or a bounded field.

The rule: strings in, shorter strings out. Whatever is kept in a state passes through here, except
a query and a result.
"""

from __future__ import annotations

from typing import Any

LINE = 200
"""Characters of an activity, a name, a label."""
SENTENCE = 500
"""Characters of a denial's reason."""
PARAGRAPH = 4000
"""Characters of an error."""

_SHORT = ("description", "command", "file_path", "notebook_path", "path", "pattern", "url", "query")
_BARE = frozenset({"file_path", "notebook_path"})


def clip(text: str, length: int = LINE) -> str:
    """At most `length` characters, an ellipsis last where some were cut."""
    return text if len(text) <= length else text[: length - 1] + "…"


def one_line(text: str, length: int = LINE) -> str:
    """Cleaned of line breaks, control and direction characters, and clipped.

    Direction characters go because they can make a command read as another
    (https://trojansource.codes).
    """
    head = " ".join(text[: 4 * length].split())
    if not head.isprintable():
        head = "".join(char for char in head if char.isprintable())
    return clip(head if len(text) <= 4 * length else head + "…", length)


def describe_tool(given: Any) -> str:
    """What a tool call works on, in one line: its description, command, file or pattern."""
    if not isinstance(given, dict):
        return ""
    for key in _SHORT:
        value = given.get(key)
        if isinstance(value, str) and value.strip():
            return one_line(value.rsplit("/", 1)[-1] if key in _BARE else value)
    first = next((v for v in given.values() if isinstance(v, str) and v.strip()), "")
    return one_line(first, 80)


def describe_request(given: Any, asks: str) -> str:
    """What is asked, in one line: the first question, the plan's first words, or the call."""
    if not isinstance(given, dict):
        return ""
    if asks == "plan":
        return one_line(str(given.get("plan") or "").lstrip("# "))
    questions = given.get("questions")
    if asks == "questions" and isinstance(questions, list) and questions:
        first = questions[0].get("question") if isinstance(questions[0], dict) else None
        return one_line(first) if isinstance(first, str) else ""
    return describe_tool(given)


def label(name: str, summary: str) -> str:
    """A tool call as an activity: "Bash: list files", "Read README.md"."""
    if not summary:
        return name
    joint = " " if name in _FILE_TOOLS else ": "
    return clip(f"{name}{joint}{summary}")


_FILE_TOOLS = frozenset({"Read", "Write", "Edit", "MultiEdit", "NotebookEdit"})
