"""What all messages share: their base, and the bounds of the way they take.

The rule: Python names are snake_case, wire names camelCase; a field that nobody knows is an error.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

PROTOCOL_VERSION = 1
MAX_PAGE_MESSAGE = 8 * 1024 * 1024
"""Bytes of the largest message from the page; jupyter_server drops one above 10 MiB in silence."""
MAX_BATCH = 256 * 1024
"""Bytes of the largest binary buffer to the page."""
LATER = ConfigDict(defer_build=True)
"""Built at the first use: a script that shows nothing never pays for it."""


class Message(BaseModel):
    """Base of all wire models."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        defer_build=True,
    )


class Request(Message):
    """From the page; answered by a message with the same `requestId`."""

    request_id: str = Field(min_length=1, max_length=100)


class Answer(Message):
    """Base of the answers."""

    request_id: str


class Event(Message):
    """Base of what happened to one execution."""

    execution_id: str
