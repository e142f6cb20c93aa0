"""Lines that are no known frame: noise, the unknown, and what is too large.

The rule: nothing is thrown away. Whatever could not be typed is one of these, with what is known.
"""

from __future__ import annotations

from claude_widget.events.record import Event


class Line(Event):
    """A line of text."""

    text: str = ""
    complete: bool = True


class RawLine(Line):
    """A line of stdout that is no JSON object, such as what an MCP server printed."""


class StderrLine(Line):
    """A line of the CLI's stderr."""


class SentLine(Line):
    """A line that we wrote to the CLI, of no type that this version knows."""


class UnknownFrame(Event):
    """A JSON object of the CLI's, of a type or a shape that this version does not know."""

    type: str = ""
    subtype: str = ""


class UnknownRecord(Event):
    """A `meta` record that this version cannot read.

    Attributes:
        name: its `event`, or "".
        damaged: True when the name is known and its fields are wrong, or it is no JSON object.
    """

    name: str = ""
    damaged: bool = False


class OversizedFrame(Event):
    """A line of stdout that is too large to decode. `type` and `subtype` are read off its start."""

    type: str = ""
    subtype: str = ""
    elided: int = 0
