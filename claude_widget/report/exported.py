"""An execution as something that can be handed on: its method `export`.

The rule: it knows where its execution's records are, and leaves the rest to `export`, which is
loaded when it is first asked for, since few executions ever are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claude_widget.execution import Execution
    from claude_widget.redaction.redactor import Redactor
    from claude_widget.steered import Keeper


class Exported:
    """What can be made into a file."""

    _keeper: Keeper

    @property
    def _me(self) -> Execution:
        raise NotImplementedError

    @property
    def redactor(self) -> Redactor:
        """What takes its secrets out: by the manager's rules, and what it was given by name."""
        return self._keeper.redactor.for_request(self._me.run.request)

    def export(
        self, path: str | os.PathLike[str], *, redact: Iterable[str | re.Pattern[str]] = ()
    ) -> Path:
        """Write it to a file that stands alone, with its secrets taken out.

        One that runs is written as far as it has come, and the file says that it still runs.

        Args:
            path: the file; its suffix says the format. `.html` is a page that loads and runs
                nothing, `.md` the same as Markdown, `.jsonl` what is known of it and then each
                record of its transcript, a JSON object a line.
            redact: further patterns, beside the manager's; all that they match is taken out.

        Returns:
            The file that was written; one that was there is replaced.

        Raises:
            ExportFailed: the suffix names no format, or the file cannot be written.
            InvalidRequest: a rule of `redact` is no pattern.
            TranscriptError: its transcript cannot be read.
        """
        from claude_widget.report.export import export_execution  # noqa: PLC0415 - few are ever exported

        redactor = self.redactor.also(rules=redact)
        return export_execution(self._me.info, self._me.run.transcript, path, redactor)
