"""What a page is told of a comparison, and the promotion that it asks for.

The rule: it translates. Git runs in the thread of the request, which is one of the lanes'.
"""

from __future__ import annotations

from weakref import WeakValueDictionary

from claude_widget import protocol
from claude_widget.comparison.candidate import Candidate, changed_among
from claude_widget.comparison.comparison import Comparison
from claude_widget.errors import InvalidRequest
from claude_widget.redaction.redactor import Redactor

LABEL_CHARACTERS = 60
_SHOWN: WeakValueDictionary[str, Comparison] = WeakValueDictionary()
"""By id: those that a page was shown, while their notebook has them."""


def offer(comparison: Comparison) -> None:
    """A page is shown that one, and may ask for its promotion."""
    _SHOWN[comparison.comparison_id] = comparison


def promotion_of(comparison: Comparison) -> protocol.Promotion:
    """What can be promoted by now; redacted, since a trait is saved with a notebook."""
    redactor = comparison.redactor
    candidates = comparison.candidates  # once: more are scored meanwhile
    ranks = sorted((one.score for one in candidates if one.score is not None), reverse=True)
    promoted = comparison.promoted
    return protocol.Promotion(
        comparison_id=comparison.comparison_id,
        waiting=sum(not one.over for one in candidates),
        choices=tuple(_choice(one, ranks, redactor) for one in changed_among(candidates)),
        promoted_id=None if promoted is None else promoted.execution_id,
    )


def _choice(one: Candidate, ranks: list[float], redactor: Redactor) -> protocol.PromotionChoice:
    files, added, removed = one.size or (0, 0, 0)
    return protocol.PromotionChoice(
        execution_id=one.execution.execution_id,
        label=redactor.text(one.label)[:LABEL_CHARACTERS],
        status=one.execution.status,
        rank=None if one.score is None else ranks.index(one.score) + 1,
        score="" if one.score is None else f"{one.score:g}",
        file_count=files,
        added=added,
        removed=removed,
    )


def promote(message: protocol.PromoteExecution) -> protocol.Promoted:
    """Apply the changes of one to the project.

    Raises:
        InvalidRequest: the notebook has no such comparison any more, or it has no such execution.
        ClaudeWidgetError: it is refused, as `Comparison.promote` says; nothing was changed.
    """
    comparison = _SHOWN.get(message.comparison_id)
    if comparison is None:
        raise InvalidRequest(
            "The notebook does not have that comparison any more.",
            field="comparison_id",
            hint="Apply to project, on the execution's Changes tab, does the same.",
        )
    chosen = next((one for one in comparison if one.execution_id == message.execution_id), None)
    if chosen is None:
        raise InvalidRequest("That execution is none of this comparison's.", field="execution_id")
    files = comparison.promote(chosen)
    return protocol.Promoted(request_id=message.request_id, file_count=len(files))
