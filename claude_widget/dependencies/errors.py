"""What can be wrong with executions that depend on each other.

The rule: errors carry data and say what to do next. Nothing was started when one of these is
raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from claude_widget.errors import InvalidRequest

_MOST_TOLD = 20


class DependencyCycle(InvalidRequest):
    """Steps that wait for each other, so that none of them could ever start.

    Attributes:
        cycle: their names, each of which needs the next one, and the last one the first.
    """

    def __init__(self, cycle: Sequence[str], field: str = "steps") -> None:
        self.cycle = tuple(cycle)
        shown = [*cycle[:_MOST_TOLD], *(["…"] if len(cycle) > _MOST_TOLD else []), cycle[0]]
        super().__init__(
            f"These steps wait for each other: {' needs '.join(shown)}.",
            field=field,
            hint="Take one of them out of the prompt, `after` or `continues` of another.",
        )


class UnknownStep(InvalidRequest):
    """A step needs one that is not there.

    Attributes:
        step: the one that needs it.
        name: what it needs.
        known: names of the steps that there are.
    """

    def __init__(self, step: str, name: str, known: Iterable[str]) -> None:
        self.step = step
        self.name = name
        self.known = tuple(known)
        listed = ", ".join(self.known[:_MOST_TOLD])
        super().__init__(
            f"Step {step!r} needs {name!r}, and there is no step or variable of that name.",
            field="steps",
            hint=f"Steps are: {listed}. Others are given by variables={{{name!r}: ...}}.",
        )


class UnknownDependency(InvalidRequest):
    """An execution that is to come first is not known here, or was cleaned up.

    Attributes:
        dependency_id: its id.
    """

    def __init__(self, dependency_id: str, field: str = "after") -> None:
        self.dependency_id = dependency_id
        super().__init__(
            f"{field} names execution {dependency_id!r}, which this manager does not know: it was "
            "never started on this state folder, or was cleaned up.",
            field=field,
            hint="manager.get_all_executions() lists those there are.",
        )
