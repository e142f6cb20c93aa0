"""Blocks as plain data.

The rule: types only. What a record makes of them is decided in `fold`, and what one looks like in
neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from claude_widget.blocks.values import Json


@dataclass(frozen=True, slots=True)
class PromptBlock:
    """What was sent, or what a subagent was told.

    Attributes:
        parent: the id of the tool call whose subagent this belongs to; None in the main lane.
    """

    text: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class TextBlock:
    """What the model wrote.

    Attributes:
        error: the CLI's name for what went wrong; empty if nothing did.
        aborted: it may end in the middle of a word.
    """

    text: str
    parent: str | None = None
    kind: Literal["text", "thinking"] = "text"
    error: str = ""
    aborted: bool = False


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came back.

    Attributes:
        text: at most 200,000 characters; images are not in it.
        images: how many there were.
        data: what the CLI says of it beyond the text; empty where it says nothing.
        elided: characters that were left out of the text.
    """

    text: str = ""
    is_error: bool = False
    images: int = 0
    data: Json = field(default_factory=dict[str, Any])
    elided: int = 0


@dataclass(frozen=True, slots=True)
class ToolBlock:
    """One call of a tool.

    Attributes:
        denial: why it was not permitted, as the agent was told.
        over: the execution ended before a result came.
    """

    id: str
    name: str = "tool"
    input: Json = field(default_factory=dict[str, Any])
    parent: str | None = None
    result: ToolResult | None = None
    permission: Literal["", "asked", "allowed", "denied"] = ""
    denial: str = ""
    over: bool = False


Block = PromptBlock | TextBlock | ToolBlock
