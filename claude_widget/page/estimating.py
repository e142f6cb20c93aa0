"""What a page is told of likely costs.

The rule: it translates. Earlier executions are read in the thread of the request, which is one of
the lanes'.
"""

from __future__ import annotations

from claude_widget import protocol
from claude_widget.budgets.estimate import Estimate, Like
from claude_widget.manager import ProcessManager


def estimate_told(estimate: Estimate) -> protocol.CostEstimate:
    """An estimate as the page has it."""
    return protocol.CostEstimate(
        executions=estimate.executions,
        low_usd=estimate.low_usd,
        median_usd=estimate.median_usd,
        high_usd=estimate.high_usd,
        basis=estimate.basis,
    )


def estimate_for(manager: ProcessManager, message: protocol.GetEstimate) -> protocol.EstimateAnswer:
    """What some executions are likely to cost together.

    Raises:
        TemplateNotFound, TemplateInvalid: one is of a template that there is not.
        InvalidRequest: there is no such project.
    """
    found = manager.estimate_all(_like(manager, one) for one in message.executions)
    return protocol.EstimateAnswer(request_id=message.request_id, estimate=estimate_told(found))


def _like(manager: ProcessManager, one: protocol.ToEstimate) -> Like:
    query = manager.template(one.template, one.project_path) if one.template else one.query
    return manager.like(query, one.project_path, one.model, one.effort)
