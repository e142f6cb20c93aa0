"""What the transcript reader hands over, and the root of all events.

The rule: shapes only. Nothing here knows a frame type, a file or a clock; `time` and `offset` are
copied from the record, never made up.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SkipValidation


class Record(NamedTuple):
    """One line of a transcript, its pieces joined.

    Attributes:
        offset: byte of the record's first byte in the transcript.
        time: epoch seconds.
        stream: "meta", "in", "out" or "err".
        data: the line, without its newline.
        complete: False for a last line that never got its newline.
        elided: bytes that were cut off a line too large to decode; 0 for a whole line.
    """

    offset: int
    time: float
    stream: str
    data: bytes
    complete: bool = True
    elided: int = 0


TOLERANT = ConfigDict(
    frozen=True,
    extra="ignore",
    defer_build=True,
    coerce_numbers_to_str=True,
    allow_inf_nan=False,
    protected_namespaces=(),
)
"""How frames and their pieces are read: what is not known is left out, and no number is endless."""


class Event(BaseModel):
    """One parsed record.

    Our own fields are read under names that begin with "#", so that no field of the CLI can
    take their place.
    """

    model_config = TOLERANT

    payload: ClassVar[str] = ""
    """The field without which a frame of this type says nothing; "" where there is none."""

    time: float = Field(0.0, validation_alias="#time", description="Epoch seconds.")
    offset: int = Field(0, validation_alias="#offset", description="Byte in the transcript.")
    raw: SkipValidation[dict[str, Any]] = Field(
        default_factory=dict,
        validation_alias="#raw",
        repr=False,
        description="The frame as it came; empty where the line was no JSON object.",
    )
    problem: str = Field(
        "", validation_alias="#problem", description="What did not fit the model; empty if all did."
    )
