"""Records to blocks.

The rule: pure, and the same blocks as the page's fold has for what is whole. A call is known by its
id, whichever of its frames comes first. Deltas of partial messages are left out: the full message
has what they said. No record raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from claude_widget.blocks.shape import Block, PromptBlock, TextBlock, ToolBlock, ToolResult
from claude_widget.blocks.values import Json, as_list, as_object, as_text, pretty
from claude_widget.events import Record, is_neutral
from claude_widget.events.decode import decode

MAX_TEXT = 200_000
"""Characters of any text that a block keeps; it says how many it left out."""
_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_ENDINGS = frozenset({"ended", "lost"})
_REFUSALS = frozenset({"deny", "decline", "cancel", "cancelled"})


def fold_blocks(records: Iterable[Record]) -> list[Block]:
    """The blocks of a transcript in the order in which they began.

    Args:
        records: of all streams; partial messages may be left out.
    """
    folding = _Folding()
    for record in records:
        frame = None if is_neutral(record.data) else decode(record.data)
        tell = _STREAMS.get(record.stream)
        if frame is None or tell is None:
            continue
        try:
            tell(folding, frame)
        except RecursionError:  # nested deeper than any frame that means something
            continue
    return list(folding.blocks.values())


class _Folding:
    """What one pass keeps in mind."""

    def __init__(self) -> None:
        self.blocks: dict[int, Block] = {}
        self._serial = 0
        self._calls: dict[str, int] = {}
        self._frames: dict[str, list[int]] = {}
        self._asked: dict[str, str] = {}

    # -- frames ------------------------------------------------------------------------------

    def take_printed(self, frame: Json) -> None:
        """A line of the CLI's stdout."""
        kind = frame.get("type")
        if kind == "assistant":
            self._take_assistant(frame)
        elif kind == "user":
            self._take_user(frame, sent=False)
        elif kind == "control_request":
            self._take_request(frame)
        elif kind == "system" and frame.get("subtype") == "permission_denied":
            why = frame.get("message") or frame.get("decision_reason") or frame.get("reason")
            self._change(as_text(frame.get("tool_use_id")), permission="denied", denial=_text(why))

    def take_sent(self, frame: Json) -> None:
        """A line that went in."""
        if frame.get("type") == "user":
            self._take_user(frame, sent=True)
        elif frame.get("type") == "control_response":
            self._take_answer(as_object(frame.get("response")))

    def take_lifecycle(self, frame: Json) -> None:
        """A record of our own: with the end no call runs any more."""
        if frame.get("event") in _ENDINGS:
            for key, block in self.blocks.items():
                if isinstance(block, ToolBlock) and block.result is None:
                    self.blocks[key] = replace(block, over=True)

    def _take_assistant(self, frame: Json) -> None:
        for uuid in as_list(frame.get("supersedes")):
            for key in self._frames.pop(as_text(uuid), ()):
                self.blocks.pop(key, None)
        before = self._serial
        for item in as_list(as_object(frame.get("message")).get("content")):
            self._take_content(frame, as_object(item))
        if uuid := as_text(frame.get("uuid")):
            self._frames[uuid] = list(range(before + 1, self._serial + 1))

    def _take_content(self, frame: Json, item: Json) -> None:
        kind, parent = as_text(item.get("type")), _parent(frame)
        if kind in ("text", "thinking"):
            self._put(
                TextBlock(
                    _text(item.get(kind)),
                    parent,
                    "text" if kind == "text" else "thinking",
                    as_text(frame.get("error")),
                    aborted=frame.get("aborted") is True,
                )
            )
        elif kind in _CALLS:
            self._put_call(item, parent)
        elif as_text(item.get("tool_use_id")):
            self._take_result(item, parent, None)

    def _take_user(self, frame: Json, *, sent: bool) -> None:
        if frame.get("isReplay") is True and not sent:
            return
        content = as_object(frame.get("message")).get("content")
        items = [{"type": "text", "text": content}] if isinstance(content, str) else content
        found = [as_object(item) for item in as_list(items)]
        results = [item for item in found if as_text(item.get("tool_use_id"))]
        # The frame has one `tool_use_result`: of two results it could be either's.
        data = frame.get("tool_use_result") if len(results) == 1 else None
        parent = _parent(frame)
        for item in results:
            self._take_result(item, parent, data)
        said = [item for item in found if item.get("type") == "text" and item not in results]
        text = "\n".join(_text(item.get("text")) for item in said)
        if text and (sent or parent is not None):  # else the CLI's own words in the user's place
            self._put(PromptBlock(text, parent))

    def _take_request(self, frame: Json) -> None:
        request = as_object(frame.get("request"))
        call = as_text(request.get("tool_use_id"))
        if request.get("subtype") == "can_use_tool" and call:
            self._asked[as_text(frame.get("request_id"))] = call
            self._change(call, permission="asked")

    def _take_answer(self, response: Json) -> None:
        call = self._asked.pop(as_text(response.get("request_id")), "")
        body = as_object(response.get("response"))
        refused = response.get("subtype") == "error" or body.get("behavior") in _REFUSALS
        told = _text(body.get("message") or response.get("error")) if refused else ""
        self._change(call, permission="denied" if refused else "allowed", denial=told)

    # -- blocks ------------------------------------------------------------------------------

    def _put(self, block: Block) -> int:
        self._serial += 1
        self.blocks[self._serial] = block
        return self._serial

    def _put_call(self, item: Json, parent: str | None) -> None:
        call, name = as_text(item.get("id")), as_text(item.get("name")) or "tool"
        given = _clipped(as_object(item.get("input")))
        if call not in self._calls:
            self._calls[call] = self._put(ToolBlock(call, parent=parent))
        self._change(call, name=name, input=given)

    def _take_result(self, item: Json, parent: str | None, data: object) -> None:
        call = as_text(item.get("tool_use_id"))
        if call not in self._calls:
            self._calls[call] = self._put(ToolBlock(call, parent=parent))
        text, images = _content(item.get("content"))
        result = ToolResult(
            text[:MAX_TEXT],
            item.get("is_error") is True,
            images,
            _clipped(as_object(data)),
            max(0, len(text) - MAX_TEXT),
        )
        self._change(call, result=result)

    def _change(self, call: str, **fields: Any) -> None:
        """Replace the block of that call, if it is known."""
        key = self._calls.get(call, 0)
        block = self.blocks.get(key)
        if isinstance(block, ToolBlock):
            self.blocks[key] = replace(block, **fields)


_STREAMS: dict[str, Callable[[_Folding, Json], None]] = {
    "out": _Folding.take_printed,
    "in": _Folding.take_sent,
    "meta": _Folding.take_lifecycle,
}


def _parent(frame: Json) -> str | None:
    return as_text(frame.get("parent_tool_use_id")) or None


def _text(value: object) -> str:
    return as_text(value)[:MAX_TEXT]


def _content(content: object) -> tuple[str, int]:
    """All that is no image as text, and how many images there are."""
    items = as_list(content) if isinstance(content, (list, tuple)) else [content]
    told = [_item_text(item) for item in items if item is not None]
    return "\n".join(text for text in told if text is not None), told.count(None)


def _item_text(value: object) -> str | None:
    """None for an image that is there; of one that is only an address, the address."""
    if isinstance(value, str):
        return value
    item = as_object(value)
    if item.get("type") == "text":
        return as_text(item.get("text"))
    source = as_object(item.get("source")) if item.get("type") == "image" else {}
    if as_text(source.get("data")):
        return None
    address = as_text(source.get("url"))
    return f"[image at {address}]" if address else pretty(value)


def _clipped(value: Any) -> Any:
    """The value, each of its texts at most so long."""
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, list):
        return [_clipped(item) for item in value]
    if isinstance(value, dict):
        return {key: _clipped(item) for key, item in value.items()}
    return value
