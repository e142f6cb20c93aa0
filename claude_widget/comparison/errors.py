"""What can go wrong with a comparison that a user can do something about.

The rule: as in `errors`: an error says what happened and what to do next, and carries that as data.
"""

from __future__ import annotations

from claude_widget.errors import ClaudeWidgetError


class NothingToPromote(ClaudeWidgetError):
    """No execution of a comparison is the best one, so there is nothing to apply.

    Attributes:
        problems: why there is no score, as (which execution, why), of those that completed.
    """

    def __init__(self, problems: tuple[tuple[str, str], ...], *, scored: bool) -> None:
        self.problems = problems
        told = "".join(f"\n  - {which}: {why}" for which, why in problems)
        said = "No execution has a score" if scored else "Nothing says which execution is the best"
        super().__init__(
            f"{said}.{told}" + ("\n" if told else ""),
            hint="Say which: comparison.promote(comparison[0])"
            + ("." if scored else ", or compare with score=."),
        )


class AlreadyPromoted(ClaudeWidgetError):
    """Another execution of the comparison was promoted before: two answers do not mix.

    Attributes:
        promoted_id: the one whose changes are in the project.
    """

    def __init__(self, execution_id: str, promoted_id: str) -> None:
        self.promoted_id = promoted_id
        super().__init__(
            f"Execution {promoted_id} was promoted already.",
            execution_id=execution_id,
            hint="Take its changes back in the project, then execution.apply() of this one.",
        )
