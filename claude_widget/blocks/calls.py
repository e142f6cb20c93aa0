"""A call of a tool, as those who tell of it look at it.

The rule: pure; a call is in one phase, and its input is what there is of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from claude_widget.blocks.shape import ToolBlock
from claude_widget.blocks.values import Json

Phase = Literal["asked", "running", "done", "failed", "denied", "over"]
_TAGGED = re.compile(r"<tool_use_error>(.*)</tool_use_error>\s*", re.DOTALL)
_MCP_NAME = re.compile(r"mcp__(.+?)__(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """What is told of a call.

    Attributes:
        phase: `over` is one whose execution ended before a result came.
        text: of the result; empty before it is there.
        data: what the CLI says beyond the text.
        cwd: the working folder, to which paths are told; empty where it is not known.
    """

    name: str
    phase: Phase
    input: Json
    text: str
    data: Json
    cwd: str


def read_call(block: ToolBlock, cwd: str) -> Call:
    """The call of a block."""
    result = block.result
    return Call(
        block.name,
        _phase(block),
        block.input,
        _plain_error(result.text) if result else "",
        result.data if result else {},
        cwd,
    )


def _plain_error(text: str) -> str:
    """Without the tag that the CLI puts some errors into, for the model to know them by."""
    found = _TAGGED.fullmatch(text) if text.startswith("<tool_use_error>") else None
    return found[1] if found else text


def _phase(block: ToolBlock) -> Phase:
    if block.permission == "denied":
        return "denied"
    if block.result is not None:
        return "failed" if block.result.is_error else "done"
    if block.over:
        return "over"
    return "asked" if block.permission == "asked" else "running"


def relative_path(path: str, folder: str) -> str:
    """Below the folder without it; any other path as it is."""
    if not folder or not path.startswith(folder):
        return path
    if path == folder:
        return "."
    rest = path[len(folder) :]
    if folder.endswith(("/", "\\")):
        return rest
    return rest[1:] if rest.startswith(("/", "\\")) else path


def read_mcp_name(name: str) -> tuple[str, str] | None:
    """Server and tool of a name such as `mcp__server__tool`; None for the CLI's own tools."""
    found = _MCP_NAME.fullmatch(name)
    return (found[1], found[2]) if found else None
