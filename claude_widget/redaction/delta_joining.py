"""The partial messages of a transcript, whole again, and split anew.

The rule: pure. The deltas of one block are one text, whatever else came in between; what is to be
done to a text is done to all of it. Then it is split by a rule that looks at the text alone, so
that equal texts give equal frames, however they had arrived: no placeholder is cut in two, each
piece stands where its last character had stood, and has an id of its own.
"""

from __future__ import annotations

import bisect
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_FIELDS = {"text_delta": "text", "input_json_delta": "partial_json", "thinking_delta": "thinking"}
_LENGTH = 64
"""Characters of a piece; a placeholder counts as one."""
_BOUNDARIES = frozenset({"message_start", "message_stop"})

Frame = dict[str, Any]


class Delta(NamedTuple):
    """One frame of a partial message.

    Attributes:
        number: of its record.
        frame: the whole of it.
        text: what it adds.
    """

    number: int
    frame: Frame
    text: str


@dataclass
class Block:
    """All deltas of one kind of one block.

    Attributes:
        name: the field that holds their text.
        deltas: in order.
    """

    name: str
    deltas: list[Delta] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What they add up to."""
        return "".join(delta.text for delta in self.deltas)


class Joiner:
    """Collects the blocks of one transcript, a frame at a time."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._open: dict[tuple[str, Any, str], Block] = {}

    def take(self, number: int, frame: Frame) -> bool:
        """Whether the frame is a delta, and now part of a block.

        Args:
            number: of the frame's record.
            frame: any frame of the CLI.
        """
        event = frame.get("event")
        if frame.get("type") != "stream_event" or not isinstance(event, Mapping):
            return False
        lane = f"{frame.get('session_id')}/{frame.get('parent_tool_use_id')}"
        kind, index = event.get("type"), repr(event.get("index"))
        if kind != "content_block_delta":
            self._close(lane, None if kind in _BOUNDARIES else index)
            return False
        delta = event.get("delta")
        name = _FIELDS.get(str(delta.get("type"))) if isinstance(delta, Mapping) else None
        if name is None or not isinstance(delta, Mapping) or not isinstance(delta.get(name), str):
            return False
        block = self._open.get((lane, index, name))
        if block is None:
            block = self._open[lane, index, name] = Block(name)
            self.blocks.append(block)
        block.deltas.append(Delta(number, frame, delta[name]))
        return True

    def _close(self, lane: str, index: str | None) -> None:
        ended = [key for key in self._open if key[0] == lane and index in (None, key[1])]
        for key in ended:
            del self._open[key]


class Splitter:
    """Splits texts.

    Args:
        placeholder: a pattern of what must not be cut.
    """

    def __init__(self, placeholder: str) -> None:
        atoms = rf"(?>{placeholder}|.){{1,{_LENGTH}}}"
        self._piece = re.compile(rf"{atoms}(?<=\s)|{atoms}", re.DOTALL)

    def pieces(self, text: str) -> list[str]:
        """The text in pieces that end at white space where they can."""
        return self._piece.findall(text)

    def split(
        self, block: Block, text: str, redact: Callable[[Frame], Frame]
    ) -> Iterator[tuple[int, Frame]]:
        """The frames of a block that says `text` now, and the number of the record each is of.

        Args:
            block: what its deltas were.
            text: what they are to add up to.
            redact: what is to be done to the rest of each frame.
        """
        ends, total = [], 0
        for delta in block.deltas:
            total += len(delta.text)
            ends.append(total)
        first = str(block.deltas[0].frame.get("uuid"))
        place = 0
        for count, piece in enumerate(self.pieces(text)):
            place += len(piece)
            at = bisect.bisect_left(ends, place * total // max(len(text), 1))
            delta = block.deltas[min(at, len(ends) - 1)]
            bare = _with(delta.frame, block.name, "")
            if "uuid" in bare:
                bare["uuid"] = _id(first, count)
            yield delta.number, _with(redact(bare), block.name, piece)


def _id(first: str, count: int) -> str:
    return first if count == 0 else str(uuid.uuid5(uuid.NAMESPACE_OID, f"{first}/{count}"))


def _with(frame: Frame, name: str, text: str) -> Frame:
    event = {**frame["event"], "delta": {**frame["event"]["delta"], name: text}}
    return {**frame, "event": event}
