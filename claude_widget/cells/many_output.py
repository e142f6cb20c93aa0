"""One output of a cell that shows many executions: live while they go on, or somebody reads.

The rule: as any live output, but that what a reader has open is not taken away: the static result
takes its place once that is closed.
"""

from __future__ import annotations

from claude_widget.cells.output import LiveOutput
from claude_widget.page.many_view import ManyView


class ManyOutput(LiveOutput):
    """Live until all is over and no page has one of the executions open.

    Args:
        view: what is shown.
    """

    def __init__(self, view: ManyView) -> None:
        self._many = view
        super().__init__(view, view.when_over)

    @property
    def over(self) -> bool:
        """All that it shows is over."""
        raise NotImplementedError

    @property
    def ended(self) -> bool:
        """It is over, and nobody reads in it."""
        return self.over and not self._many.reading
