"""What a sweep, a retention and the history have done, as data that reads well in a notebook.

The rule: frozen models and the words for them; no I/O. An empty report says so in one line.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

_NAMED = 5
"""So many of one kind are named in a `repr`; the rest are counted."""


class EndedProcess(BaseModel):
    """A process that an execution had left behind, and that was ended."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    pid: int
    name: str = Field("", description="The system's short name of it, such as `node`.")
    execution_id: str = Field("", description="The execution that had left it.")


class SweepReport(BaseModel):
    """What a sweep found and put right. True if there was anything."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    settled: tuple[str, ...] = Field((), description="Executions whose supervisor had died.")
    processes: tuple[EndedProcess, ...] = Field((), description="What they had left, ended now.")
    sockets: tuple[str, ...] = Field((), description="Paths of control sockets removed.")
    scratch: tuple[str, ...] = Field((), description="Paths of CLIs' temp folders removed.")
    half_made: tuple[str, ...] = Field((), description="Ids of starts that never were.")
    temp_files: tuple[str, ...] = Field((), description="Paths of half-written files removed.")
    manager_locks: tuple[str, ...] = Field((), description="Ids of managers that are gone.")
    unreadable: tuple[str, ...] = Field(
        (), description="Executions whose transcript has no beginning; kept as they are."
    )
    problems: tuple[str, ...] = Field((), description="What could not be put right, and why.")
    complete: bool = Field(True, description="False if it was stopped before it had seen all.")

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name, _, _ in _SWEPT)

    def __str__(self) -> str:
        parts = [_counted(getattr(self, name), one, many) for name, one, many in _SWEPT]
        said = "; ".join(part for part in parts if part) or "nothing was left behind"
        return said if self.complete else f"{said}; stopped before the end"

    def __repr__(self) -> str:
        return f"<SweepReport: {self}>"


_SWEPT = (
    ("settled", "execution settled", "executions settled"),
    ("processes", "process ended", "processes ended"),
    ("sockets", "socket removed", "sockets removed"),
    ("scratch", "temp folder removed", "temp folders removed"),
    ("half_made", "half-made execution removed", "half-made executions removed"),
    ("temp_files", "temp file removed", "temp files removed"),
    ("manager_locks", "lock of a manager that is gone removed", "locks of managers removed"),
    ("unreadable", "transcript without a beginning kept", "transcripts without a beginning kept"),
    ("problems", "problem", "problems"),
)


class PrunedExecution(BaseModel):
    """An ended execution that retention removed, or would remove."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    execution_id: str
    name: str | None = None
    end_time: float = Field(description="Epoch seconds of its end.")
    size: int = Field(description="Bytes of its folder.")


class PruneReport(BaseModel):
    """What retention removed, oldest end first. True if there was anything."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    removed: tuple[PrunedExecution, ...] = ()
    kept: dict[str, str] = Field(
        default_factory=dict, description="Why those were kept that it would have removed, by id."
    )
    batches: tuple[str, ...] = Field(
        (), description="Ids of batches whose files went: nothing is left of what they started."
    )
    size_before: int = Field(0, description="Bytes of all executions before.")
    size_after: int = Field(0, description="Bytes of all executions after.")
    dry_run: bool = Field(False, description="Nothing was removed: this is what would be.")

    def __bool__(self) -> bool:
        return bool(self.removed or self.batches)

    def __repr__(self) -> str:
        verb = "would be removed" if self.dry_run else "removed"
        count = len(self.removed)
        said = f"{count} execution{'' if count == 1 else 's'} {verb}"
        kept = f"; {len(self.kept)} kept all the same" if self.kept else ""
        if self.batches:
            said = f"{said}, and {len(self.batches)} file{'s' * (len(self.batches) > 1)} of batches"
        return f"<PruneReport: {said}, {self.size_before:,} -> {self.size_after:,} bytes{kept}>"


def _counted(found: tuple[object, ...], one: str, many: str) -> str:
    """Such as `2 processes ended (sleep 4711, node 4712)`."""
    if not found:
        return ""
    names = [_named(item) for item in found[:_NAMED]]
    more = ["..."] if len(found) > _NAMED else []
    return f"{len(found)} {one if len(found) == 1 else many} ({', '.join(names + more)})"


def _named(item: object) -> str:
    if isinstance(item, EndedProcess):
        return f"{item.name} {item.pid}".strip()
    return str(item).rpartition("/")[2] if str(item).startswith("/") else str(item)


class HistoryReport(BaseModel):
    """What was done to the history's index. True if anything was, or is to be known."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    indexed: int = Field(0, description="Executions that were taken in.")
    removed: int = Field(0, description="Those that were left out, since their folder is gone.")
    unreadable: dict[str, str] = Field(
        default_factory=dict, description="Why those could not be read that are missing, by id."
    )
    notes: tuple[str, ...] = Field(
        (), description="What was moved aside, or why there is no file, in words."
    )
    seconds: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.indexed or self.removed or self.unreadable or self.notes)

    def __str__(self) -> str:
        said = [f"{self.indexed:,} execution{'' if self.indexed == 1 else 's'} taken in"]
        said += [f"{self.removed:,} left out"] if self.removed else []
        said += [f"{len(self.unreadable):,} cannot be read"] if self.unreadable else []
        return "; ".join(said) + f" in {self.seconds:.1f} s" + "".join(f"\n{n}" for n in self.notes)

    def __repr__(self) -> str:
        return f"<HistoryReport: {self}>"
