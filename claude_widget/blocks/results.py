"""What the results of the CLI's tools say, beyond their text.

The rule: pure; from `tool_use_result` where it has the field, else from the text that the model
got. A field of the wrong type reads as if it were not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from claude_widget.blocks.calls import Call
from claude_widget.blocks.values import (
    Json,
    as_list,
    as_number,
    as_object,
    as_text,
    split_lines,
)

_NUMBERED = re.compile(r"\s*(\d+)[\t→]")
_EXIT_CODE = re.compile(r"(?:Error: )?Exit code (\d+)(?:\n|$)")
_TOLD_COUNT = re.compile(r"Found \d|No files? ")
_MATCH = re.compile(r"(?:(?:[A-Za-z]:)?[^:]*:)?\d+:")
_BESIDE = re.compile(r"(?:.*?-)?\d+-")
_COUNT = re.compile(r"(?:.*:)?(\d+)")
_MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class FileText:
    """Lines of a file; `total` is None where the result does not say, or all of it was read."""

    count: int
    first: int
    total: int | None


def read_file_text(call: Call) -> FileText | None:
    """Of a Read; None where it read no text."""
    file = as_object(call.data.get("file"))
    content = file.get("content")
    if call.data.get("type") == "text" and isinstance(content, str):
        lines = content.split("\n")
        first = int(as_number(file.get("startLine")) or 1)
        total = as_number(file.get("totalLines"))
        at_end = total is None or first + len(lines) > total
        # The end of the last line is not a line of its own, though the CLI counts it as one.
        count = len(lines) - (1 if at_end and lines[-1] == "" else 0)
        return FileText(count, first, None if total is None or at_end else int(total))
    return None if "type" in call.data else _read_numbered(call.text)


def _read_numbered(text: str) -> FileText | None:
    first = None
    lines = split_lines(text)
    for line in lines:
        found = _NUMBERED.match(line)
        if found and first is None:
            first = int(found[1][:_MOST_DIGITS])
        elif first is None:
            return None
    return None if first is None else FileText(len(lines), first, None)


def exit_code_of(call: Call) -> int | None:
    """Of a command; None where it is 0, or not told."""
    found = _EXIT_CODE.match(call.text) if call.phase == "failed" else None
    return int(found[1][:_MOST_DIGITS]) if found else None


def background_of(call: Call) -> str:
    """Why a command still runs though the call is over; empty where it does not."""
    if as_number(call.data.get("timedOutAfterMs")) is not None:
        return "beyond its time"
    in_background = call.input.get("run_in_background") is True
    return "in the background" if in_background or call.data.get("backgroundTaskId") else ""


def todo_statuses(call: Call) -> list[str]:
    """Of TodoWrite and of the task tools that list: the status of each."""
    lists = (call.data.get("newTodos"), call.data.get("tasks"), call.input.get("todos"))
    found = next((one for one in lists if isinstance(one, list)), [])
    return [as_text(as_object(item).get("status")) for item in found]


def count_hits(call: Call) -> int | None:
    """Of a web search; None where the result is only text."""
    results = call.data.get("results")
    if isinstance(results, list):
        return sum(len(as_list(as_object(item).get("content"))) for item in results)
    found = call.text.count('"type": "web_search_result"')
    return found or call.text.count('"type":"web_search_result"') or None


def first_answer(call: Call) -> tuple[str, str]:
    """Of AskUserQuestion: the first question and its answer, which may be missing."""
    answers = as_object(call.data.get("answers") or call.input.get("answers"))
    asked = as_list(call.input.get("questions") or call.data.get("questions"))
    question = as_text(as_object(asked[0]).get("question")) if asked else ""
    return question, as_text(answers.get(question))


def read_paths(call: Call) -> list[str]:
    """Of a Glob, or of a Grep for files."""
    named = call.data.get("filenames")
    if isinstance(named, list):
        return [path for path in named if isinstance(path, str) and path]
    return [line for line in split_lines(call.text) if line and not _TOLD_COUNT.match(line)]


def count_matches(call: Call) -> tuple[float, str]:
    """Of how many matches or files a Grep tells, in words; the CLI may have cut off the list."""
    mode = as_text(call.data.get("mode")) or as_text(call.input.get("output_mode"))
    if mode not in ("content", "count"):
        told = as_number(call.data.get("totalFiles"))
        return (len(read_paths(call)) if told is None else told), "file"
    told = as_number(call.data.get("numMatches"))
    return (_counted(call.data, call.text, mode) if told is None else told), "match"


def _counted(data: Json, text: str, mode: str) -> int:
    lines = split_lines(as_text(data.get("content")) or text)
    if mode == "count":
        counts = (_COUNT.fullmatch(line) for line in lines)
        return sum(int(found[1][:_MOST_DIGITS]) for found in counts if found)
    told = [line for line in lines if line and line != "--"]
    return sum(1 for line in told if _MATCH.match(line) or not _BESIDE.match(line))
