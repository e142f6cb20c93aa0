"""What is wrong with a structured output.

The rule: as in `claude_widget.errors`, whose tree these belong to.
"""

from __future__ import annotations

from typing import Any

from claude_widget.errors import ClaudeWidgetError


class OutputInvalid(ClaudeWidgetError):
    """A structured output that does not meet its schema.

    Attributes:
        problem: what is wrong, in words.
        data: the output itself, as JSON data.
    """

    def __init__(self, execution_id: str, problem: str, data: Any) -> None:
        self.problem = problem
        self.data = data
        said = problem.rstrip(".")
        super().__init__(
            f"The output of execution {execution_id} does not meet its schema: {said}.",
            hint="execution.info.structured_output has it as it came.",
            execution_id=execution_id,
        )
