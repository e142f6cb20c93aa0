"""Which names in a frame or a record are the protocol's own, so that they say nothing of anybody.

The rule: pure; what the models of events and of executions have is known, and no more. What is in a
tool's input or result, or in any other JSON that the protocol leaves open, has no known names.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel

from claude_widget.events.frames import FRAMES, SENT, Block, ControlAnswer, Frame, Part
from claude_widget.events.lifecycle import LIFECYCLE, Lifecycle, Requested
from claude_widget.events.record import Event
from claude_widget.events.system import SYSTEM
from claude_widget.models import ExecutionRequest

_WORDS = frozenset({
    *("type", "subtype", "role", "event", "status", "state", "kind", "behavior", "signal", "by"),
    *("reason", "stop_reason", "terminal_reason", "startup_failure_reason", "api_error_type"),
    *("decision_reason_type", "error_code", "hook_event", "outcome", "task_type", "media_type"),
    *("permission_mode", "permissionMode", "permissions", "mode", "effort", "asks"),
    *("api_key_source", "apiKeySource", "rateLimitType", "overageStatus", "session_state"),
})  # fmt: skip
"""Fields whose values are words of the protocol."""
_WORD = re.compile(r"[A-Za-z][A-Za-z_/]{0,39}")
"""What such a word looks like; anything else in its place is text."""
_FRAME = ("type", "subtype")
"""What every frame and most of its parts have, in the models or not."""


class Inside(NamedTuple):
    """What is known of a field's value.

    Attributes:
        model: that it, or each item of it, is of; None if it is text, or left open.
        by_name: it is an object whose names are anybody's, and whose values are of the model.
    """

    model: type[BaseModel] | None = None
    by_name: bool = False


class _Source(Part):
    """Where a block's picture or document is."""

    type: str = ""
    media_type: str = ""
    data: str = ""


class _Answer(Part):
    """What was answered to a request for permission."""

    behavior: str = ""
    message: str = ""
    updatedInput: Any = None  # noqa: N815 - the CLI's name
    updatedPermissions: Any = None  # noqa: N815


_MORE: dict[type[BaseModel], dict[str, Inside]] = {
    Block: {"content": Inside(Block), "source": Inside(_Source)},
    ControlAnswer: {"response": Inside(_Answer)},
    Requested: {"request": Inside(ExecutionRequest)},
}
"""What the models leave open, and is read all the same."""


def model_of(stream: str, frame: Mapping[str, Any]) -> type[BaseModel]:
    """The model that a line of a transcript is of.

    Args:
        stream: of its record.
        frame: the line.
    """
    if stream == "meta":
        return LIFECYCLE.get(str(frame.get("event")), Lifecycle)
    kind = str(frame.get("type"))
    if stream == "in":
        return SENT.get(kind, Frame)
    if kind == "system":
        return SYSTEM.get(str(frame.get("subtype")), Frame)
    return FRAMES.get(kind, Frame)


def is_word(name: str, value: str) -> bool:
    """Whether a known field's value is a word of the protocol."""
    return name in _WORDS and _WORD.fullmatch(value) is not None


@cache
def names_of(model: type[BaseModel]) -> Mapping[str, Inside]:
    """The names of a model's fields, each with what is known of its value."""
    own = issubclass(model, Event)
    known = dict.fromkeys(_FRAME, Inside()) if own or issubclass(model, Part) else {}
    for name, field in model.model_fields.items():
        if own and name in Event.model_fields:
            continue  # ours, and in no frame
        inside = _inside(field.annotation)
        for one in (name, field.alias, field.validation_alias, field.serialization_alias):
            if isinstance(one, str):
                known[one] = inside
    return {**known, **_MORE.get(model, {})}


def _inside(annotation: Any) -> Inside:
    models = [one for one in _parts(annotation) if _is_model(one)]
    by_name = any(typing.get_origin(one) is dict for one in _parts(annotation))
    return Inside(models[0], by_name) if models else Inside()


def _parts(annotation: Any) -> Iterator[Any]:
    """An annotation and all that it is made of."""
    yield annotation
    for one in typing.get_args(annotation):
        yield from _parts(one)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
