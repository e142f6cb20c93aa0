"""What a transcript shows a reader: prompts, words, tool calls with their summaries and changes.

The rule: pure; records in, plain data and words out, the same that the page makes of them.
`TextBlock`, `PromptBlock` and `ToolBlock` come from `fold_blocks`; `summarize` tells a call in one
line, `edit_of` says what it changes. No record, however odd, raises.
"""

from claude_widget.blocks.calls import Call, read_call
from claude_widget.blocks.edits import Edit, Hunk, count_changes, edit_of
from claude_widget.blocks.figures import format_bytes, format_count
from claude_widget.blocks.fold import fold_blocks
from claude_widget.blocks.shape import Block, PromptBlock, TextBlock, ToolBlock, ToolResult
from claude_widget.blocks.summary import Summary, summarize
from claude_widget.blocks.values import as_text, pretty

__all__ = [
    "Block",
    "Call",
    "Edit",
    "Hunk",
    "PromptBlock",
    "Summary",
    "TextBlock",
    "ToolBlock",
    "ToolResult",
    "as_text",
    "count_changes",
    "edit_of",
    "fold_blocks",
    "format_bytes",
    "format_count",
    "pretty",
    "read_call",
    "summarize",
]
