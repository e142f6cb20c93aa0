"""What came of a call, and what it was about, tool by tool.

The rule: pure; what the CLI says of it is taken as it is, and counted here where it does not say.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from claude_widget.blocks.calls import Call, relative_path
from claude_widget.blocks.edits import count_changes, edit_of
from claude_widget.blocks.figures import format_bytes, format_count, format_number
from claude_widget.blocks.results import (
    background_of,
    count_hits,
    count_matches,
    exit_code_of,
    read_file_text,
    read_paths,
    todo_statuses,
)
from claude_widget.blocks.values import as_list, as_number, as_object, as_text

Tell = Callable[[Call], str]


def field(*names: str) -> Tell:
    """The first of these fields that is text."""
    return lambda call: next(filter(None, (as_text(call.input.get(name)) for name in names)), "")


def path_field(*names: str) -> Tell:
    """The same as a path, told from the working folder."""
    found = field(*names)
    return lambda call: relative_path(found(call), call.cwd)


def quoted_field(name: str) -> Tell:
    """The same in quotation marks."""
    found = field(name)
    return lambda call: f'"{found(call)}"' if found(call) else ""


def tell_read(call: Call) -> str:
    """How much of what was read."""
    file, kind = as_object(call.data.get("file")), call.data.get("type")
    size = as_number(file.get("originalSize"))
    if kind in ("image", "pdf"):
        what = "an image" if kind == "image" else "a PDF"
        return what if size is None else f"{what} of {format_bytes(size)}"
    if kind == "notebook":
        return format_count(len(as_list(file.get("cells"))), "cell")
    if kind == "parts":
        return f"{format_count(as_number(file.get('count')) or 0, 'page')} of a PDF"
    return _tell_lines(call)


def _tell_lines(call: Call) -> str:
    read = read_file_text(call)
    if read is None:
        return ""
    if read.first == 1 and read.total is None:
        return format_count(read.count, "line")
    place = f"lines {read.first}–{read.first + max(read.count, 1) - 1}"
    return place if read.total is None else f"{place} of {format_number(read.total)}"


def tell_changes(call: Call) -> str:
    """Lines added and removed."""
    edit = edit_of(call.name, call.input, call.data)
    added, removed = count_changes(edit.hunks if edit else ())
    return f"+{added} −{removed}"


def tell_written(call: Call) -> str:
    """The size of a new file, or what changed of an old one."""
    if call.data.get("type") == "update":
        return tell_changes(call)
    edit = edit_of(call.name, call.input, call.data)
    return format_count(count_changes(edit.hunks if edit else ())[0], "line")


def tell_exit(call: Call) -> str:
    """How a command ended, if there is anything to say of it."""
    if call.data.get("interrupted") is True:
        return "interrupted"
    code = exit_code_of(call)
    if code is not None:
        return f"exit code {code}"
    why = background_of(call)
    return f"it goes on {why}" if why else as_text(call.data.get("returnCodeInterpretation"))


def tell_search(call: Call) -> str:
    """What was searched for, and where."""
    path = path_field("path")(call)
    return " ".join(filter(None, (quoted_field("pattern")(call), path and f"in {path}")))


def tell_matches(call: Call) -> str:
    """How much a search found."""
    count, word = count_matches(call)
    return format_count(count, word, "matches" if word == "match" else "files")


def tell_found_files(call: Call) -> str:
    """The verb of a Glob, with how many files it found."""
    told = (as_number(call.data.get(name)) for name in ("totalMatches", "numFiles"))
    count = next((one for one in told if one is not None), None)
    return f"Found {format_count(len(read_paths(call)) if count is None else count, 'file')} for"


def tell_todos(call: Call) -> str:
    """How many are done."""
    statuses = todo_statuses(call)
    return f"{statuses.count('completed')} of {len(statuses)} done"


def tell_task_change(call: Call) -> str:
    """The status that a task has now."""
    change = as_object(call.data.get("statusChange"))
    status = as_text(change.get("to")) or as_text(call.input.get("status"))
    return status.replace("_", " ", 1)


def tell_hits(call: Call) -> str:
    """How many results a web search had."""
    count = count_hits(call)
    return "" if count is None else format_count(count, "result")


def tell_fetched(call: Call) -> str:
    """The status of a page, unless it is the usual one."""
    code = as_number(call.data.get("code"))
    if code is None or code == 200:
        return ""
    return f"{format_number(code)} {as_text(call.data.get('codeText'))}".strip()


def tell_subagent(call: Call) -> str:
    """How much a subagent did."""
    if as_text(call.data.get("status")).endswith("_launched"):
        return "it works in the background"
    count = as_number(call.data.get("totalToolUseCount"))
    return "" if count is None else format_count(count, "tool call")


def tell_host(call: Call) -> str:
    """The host of an address that can be read as one; else all of it."""
    url = field("url")(call)
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url


def told_by_command(call: Call) -> bool:
    """An error of a command is an outcome: it ran, and that is what came of it."""
    return exit_code_of(call) is not None or call.data.get("interrupted") is True
