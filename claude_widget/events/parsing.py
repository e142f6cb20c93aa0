"""From a record to an event; and the test that spares most records from it.

The rule: `parse` takes any bytes and raises nothing. A field that does not fit is dropped and named
in the event's `problem`; a frame that says nothing without it becomes an `UnknownFrame`. It knows
how frames are spelled, never what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from pydantic import ValidationError

from claude_widget.events.decode import as_text, decode
from claude_widget.events.frames import FRAMES, SENT, ControlRequest, PartialDelta
from claude_widget.events.lifecycle import LIFECYCLE
from claude_widget.events.lines import (
    OversizedFrame,
    RawLine,
    SentLine,
    StderrLine,
    UnknownFrame,
    UnknownRecord,
)
from claude_widget.events.record import Event, Record
from claude_widget.events.system import SYSTEM

NEUTRAL_PREFIX: Final = b'{"type":"stream_event","event":{"type":"content_block_delta"'
"""How the CLI begins a partial delta (2.1.330); most lines of a transcript begin so."""

_PROBLEM_LENGTH = 500
_MOST_FAULTS = 1000
"""A frame with more fields that do not fit is another frame; mending costs 40 us a field."""
_HEAD = re.compile(rb'\s*\{"type":"([a-z_]{1,40})"(?:,"subtype":"([a-z_]{1,40})")?')
_REQUEST_HEAD = re.compile(rb'\{"type":"control_request","request_id":"([\w-]{1,100})"')
_RESULT_HEAD = re.compile(rb'\{"duration_api_ms":.{0,20000}?"subtype":"([a-z_]{1,40})"', re.DOTALL)


def is_neutral(data: bytes) -> bool:
    """True for a line of `out` that provably changes no state: a delta of a partial message.

    `parse` decides by the same prefix, so that no later key of the line can make it another frame.
    """
    return data.startswith(NEUTRAL_PREFIX)


def parse(record: Record) -> Event:
    """The event that a record is. Never raises; what cannot be understood is an event as well."""
    if record.elided and record.stream == "out":
        return _unreadable_request(record) or _oversized(record)
    return _PARSERS.get(record.stream, _parse_unknown_stream)(record)


def _parse_out(record: Record) -> Event:
    frame = decode(record.data)
    if frame is None:
        return _unreadable_request(record) or _line(RawLine, record)
    if is_neutral(record.data):
        event = _build(PartialDelta, frame, record)
        # A repeated key may have made it something else; then only `raw` says what.
        return event if isinstance(event, PartialDelta) else _neutral(record, event)
    kind = frame.get("type")
    if kind == "system":
        known = SYSTEM.get(_name(frame, "subtype"))
    else:
        known = FRAMES.get(kind) if isinstance(kind, str) else None
    return _unknown(frame, record) if known is None else _build(known, frame, record)


def _neutral(record: Record, unknown: Event) -> Event:
    fields = _fields({}, record)
    return PartialDelta.model_validate({**fields, "#raw": unknown.raw, "#problem": unknown.problem})


def _parse_in(record: Record) -> Event:
    frame = decode(record.data)
    known = SENT.get(_name(frame, "type")) if frame is not None else None
    if frame is None or known is None:
        return _line(SentLine, record, frame)
    event = _build(known, frame, record)
    return _line(SentLine, record, frame) if isinstance(event, UnknownFrame) else event


def _parse_err(record: Record) -> Event:
    return _line(StderrLine, record)


def _parse_meta(record: Record) -> Event:
    frame = decode(record.data)
    if frame is None:
        return _bad_record({}, record, "", "is no JSON object", damaged=True)
    name = _name(frame, "event")
    known = LIFECYCLE.get(name)
    if known is None:
        return _bad_record(frame, record, name, "is of an unknown kind", damaged=False)
    try:
        return known.model_validate(_fields(frame, record))
    except ValidationError as error:
        return _bad_record(frame, record, name, _describe(error), damaged=True)


def _parse_unknown_stream(record: Record) -> Event:
    return _bad_record({}, record, record.stream, "is of an unknown stream", damaged=False)


_PARSERS: dict[str, Callable[[Record], Event]] = {
    "out": _parse_out,
    "in": _parse_in,
    "err": _parse_err,
    "meta": _parse_meta,
}


def _fields(frame: dict[str, Any], record: Record) -> dict[str, Any]:
    return {**frame, "#time": record.time, "#offset": record.offset, "#raw": frame, "#problem": ""}


def _build(known: type[Event], frame: dict[str, Any], record: Record) -> Event:
    fields = _fields(frame, record)
    try:
        return known.model_validate(fields)
    except ValidationError as error:
        return _mend(known, fields, record, error)


def _mend(
    known: type[Event], fields: dict[str, Any], record: Record, error: ValidationError
) -> Event:
    """The event without the fields that do not fit: one odd field must not cost a result."""
    frame = fields["#raw"]
    if error.error_count() > _MOST_FAULTS:
        return _unknown(frame, record, f"{error.error_count()} fields do not fit")
    problem = _describe(error)
    copies: dict[int, Any] = {}  # by id: each container is copied once, however many faults it has
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        _drop(fields, fault["loc"], copies)
    if known.payload in frame and known.payload not in fields:
        return _unknown(frame, record, problem)
    try:
        return known.model_validate({**fields, "#problem": problem})
    except ValidationError:
        return _unknown(frame, record, problem)


def _drop(fields: dict[str, Any], path: tuple[int | str, ...], copies: dict[int, Any]) -> None:
    """Takes what is at `path` out, copying on the way down: `raw` keeps the frame as it came."""
    parent: Any = fields
    for step in path[:-1]:
        try:
            child = parent[step]
        except (LookupError, TypeError):
            return  # a fault above has taken it out already
        if not isinstance(child, (dict, list)):
            return
        if id(child) not in copies:
            parent[step] = child = child.copy()
            copies[id(child)] = child
        parent = child
    if isinstance(parent, list):
        parent[int(path[-1])] = {}
    else:
        parent.pop(path[-1], None)


def _unknown(frame: dict[str, Any], record: Record, problem: str = "") -> UnknownFrame:
    return UnknownFrame.model_validate(
        {
            **_fields(frame, record),
            "type": _name(frame, "type"),
            "subtype": _name(frame, "subtype"),
            "#problem": problem,
        }
    )


def _line(known: type[Event], record: Record, frame: dict[str, Any] | None = None) -> Event:
    text = as_text(record.data)
    if record.elided:
        text += f" [{record.elided} bytes more]"
    return known.model_validate(
        {**_fields(frame or {}, record), "text": text, "complete": record.complete}
    )


def _bad_record(
    frame: dict[str, Any], record: Record, name: str, problem: str, *, damaged: bool
) -> UnknownRecord:
    fields = {**_fields(frame, record), "#problem": problem, "name": name, "damaged": damaged}
    return UnknownRecord.model_validate(fields)


def _unreadable_request(record: Record) -> Event | None:
    """A control request of which only the id can be told: its CLI waits for an answer."""
    found = _REQUEST_HEAD.match(record.data)
    if found is None:
        return None
    frame = {"type": "control_request", "request_id": found[1].decode()}
    fields = {**_fields(frame, record), "#problem": "is too long or too deep to be read"}
    return ControlRequest.model_validate(fields)


def _oversized(record: Record) -> OversizedFrame:
    # The CLI writes a result's `type` last, and its `subtype` before the text (2.1.330).
    result = _RESULT_HEAD.match(record.data)
    head = _HEAD.match(record.data)
    kind, subtype = (b"result", result[1]) if result else (head[1], head[2]) if head else (b"", b"")
    return OversizedFrame.model_validate(
        {
            **_fields({}, record),
            "type": kind.decode(),
            "subtype": (subtype or b"").decode(),
            "elided": record.elided,
        }
    )


def _name(frame: dict[str, Any], key: str) -> str:
    name = frame.get(key)
    return name if isinstance(name, str) else ""


def _describe(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    said = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults[:5])
    return said[:_PROBLEM_LENGTH]
