"""A comm that keeps what is sent on it: the page's end of a widget, without a page.

The rule: the widgets under test are real and send through ipywidgets; only the far end, which would
be a browser, is this.
"""

from __future__ import annotations

import json
from typing import Any

from comm.base_comm import BaseComm

from tests.waiting import until


class RecordingComm(BaseComm):
    """Keeps messages as (content, buffers); content is what the page's `msg:custom` would get."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.published: list[tuple[str, dict[str, Any], list[bytes]]] = []
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
        del metadata, keys
        raw = [bytes(buffer) for buffer in buffers or []]
        self.published.append((msg_type, json.loads(json.dumps(data or {}, default=str)), raw))

    def custom(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Custom messages so far."""
        return [
            (data["content"], buffers)
            for _, data, buffers in self.published
            if data.get("method") == "custom"
        ]

    def updates(self) -> list[dict[str, Any]]:
        """Trait updates so far."""
        return [data["state"] for _, data, _ in self.published if data.get("method") == "update"]


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
