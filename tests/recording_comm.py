"""A comm that keeps what is sent on it: the page's end of a widget, without a page.

The rule: the widgets under test are real and send through ipywidgets; only the far end, which would
be a browser, is this.
"""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

import comm
from comm.base_comm import BaseComm

from tests.waiting import until


class Sent(NamedTuple):
    """One message.

    Attributes:
        when: seconds of the monotonic clock.
        text: its JSON: type, data and metadata.
        buffers: its binary buffers.
    """

    when: float
    text: bytes
    buffers: list[bytes]

    @property
    def data(self) -> dict[str, Any]:
        """What it carries."""
        found: dict[str, Any] = json.loads(self.text)[1] or {}
        return found


class RecordingComm(BaseComm):
    """Keeps what is sent, as it would go over the wire.

    Attributes:
        messages: all of them, oldest first.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.messages: list[Sent] = []
        super().__init__(*args, **kwargs)

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        """Take one message."""
        del keys
        text = json.dumps([msg_type, data, metadata], default=str).encode()
        raw = [bytes(buffer) for buffer in buffers or []]
        self.messages.append(Sent(time.monotonic(), text, raw))

    def custom(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Custom messages so far; the content is what the page's `msg:custom` would get."""
        sent = [(message.data, message.buffers) for message in list(self.messages)]
        return [(data["content"], raw) for data, raw in sent if data.get("method") == "custom"]

    def updates(self) -> list[dict[str, Any]]:
        """Trait updates so far."""
        sent = [message.data for message in list(self.messages)]
        return [data["state"] for data in sent if data.get("method") == "update"]


def open_recording_comms() -> None:
    """From now on every widget of this process has a recording comm."""
    comm.create_comm = RecordingComm


def comm_of(widget: Any) -> RecordingComm:
    """The recording comm of a widget."""
    assert isinstance(widget.comm, RecordingComm)
    return widget.comm


def say(widget: Any, **content: Any) -> None:
    """Have the page say something."""
    message = {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}
    widget._handle_msg(message)  # what a comm calls


def ask(widget: Any, request_id: str, **content: Any) -> tuple[dict[str, Any], list[bytes]]:
    """Have the page ask something; the answer and its buffers."""
    say(widget, requestId=request_id, **content)
    found = until(lambda: answer_to(widget, request_id), what=f"an answer to {content}")
    assert found is not None
    return found


def answer_to(widget: Any, request_id: str) -> tuple[dict[str, Any], list[bytes]] | None:
    """The first answer to a request, if it has come."""
    for content, buffers in comm_of(widget).custom():
        if content.get("requestId") == request_id:
            return content, buffers
    return None


def rows(widget: Any) -> dict[str, dict[str, Any]]:
    """The rows that a page has by now which only heard events."""
    known: dict[str, dict[str, Any]] = {}
    for content, _ in comm_of(widget).custom():
        for event in content.get("events", []):
            if event["type"] == "claude:changed":
                known.setdefault(event["executionId"], {}).update(event["changes"])
            elif event["type"] == "claude:removed":
                known.pop(event["executionId"], None)
    return known
