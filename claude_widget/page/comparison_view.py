"""The widget below a comparison's table: which executions have changed files, and Promote.

The rule: a face. The trait is small, redacted and safe to save; single executions are not told,
their diffs are asked for.
"""

from __future__ import annotations

from typing import Any

import traitlets

from claude_widget.comparison.comparison import Comparison
from claude_widget.comparison.view import promotion_bundle
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.comparing import offer, promotion_of
from claude_widget.page.connected import Connected, with_fallback
from claude_widget.page.courier import COURIER


class ComparisonView(Connected):
    """What can be promoted of one comparison, for a cell.

    Args:
        manager: whose executions they are.
        comparison: which.
    """

    promotion = traitlets.Dict().tag(sync=True)

    def __init__(self, manager: ProcessManager, comparison: Comparison) -> None:
        self._comparison = comparison
        self._news = True
        offer(comparison)
        super().__init__(manager, kind="comparison", promotion=self._look())
        self._forget = comparison.watch(self._hear)
        self._hear()

    def _look(self) -> dict[str, Any]:
        return promotion_of(self._comparison).model_dump(mode="json", by_alias=True)

    def _hear(self) -> None:
        """One more is over, or one was promoted; on any thread."""
        self._news = True
        COURIER.call(self)

    def _note(self, execution: Execution | str) -> None:
        """Nothing is told of single executions."""

    def _send_changes(self) -> bool:
        if not self._news:
            return False
        self._news = False
        told = self._look()
        if told == self.promotion:
            return False
        self.promotion = told
        return True

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        mark = {"comparison_id": self._comparison.comparison_id}
        static = promotion_bundle(self._comparison)
        return with_fallback(super()._repr_mimebundle_(**kwargs), static, mark)

    def close(self) -> None:
        """Take the widget away; the comparison goes on."""
        self._forget()
        super().close()
