"""The structured output of an execution, as its user gets it.

The rule: it reads what the fold knows and checks it against what was asked for. It asks nothing of
a CLI and changes nothing.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from claude_widget.backend import Run
from claude_widget.models import ExecutionInfo, ExecutionStatus
from claude_widget.outputs.checking import Unmet, checked
from claude_widget.outputs.errors import OutputInvalid


class Output:
    """What an execution has that was started with a `schema`.

    Attributes:
        schema_model: the pydantic model that was given as `schema`, in this kernel; else None.
    """

    run: Run
    schema_model: type[BaseModel] | None = None

    @property
    def info(self) -> ExecutionInfo:
        """All that is known of it."""
        raise NotImplementedError

    @property
    def result(self) -> str | None:
        """Its final text."""
        raise NotImplementedError

    @property
    def output(self) -> Any:
        """The structured output: an instance of the pydantic model, or JSON data.

        None where no `schema` was asked for, or where it has not completed: `info.reason` and
        `info.errors` say why.

        Raises:
            ResultNotReady: it is pending, or works: wait first.
            OutputInvalid: it does not meet the schema. What was made while no kernel was there to
                check it may be so, or a model that has changed since.
        """
        _ = self.result  # raises, if it is not there yet
        info, schema = self.info, self.run.request.output_schema
        if schema is None or info.status is not ExecutionStatus.COMPLETED:
            return None
        try:
            return checked(info.structured_output, schema, self.schema_model)
        except Unmet as unmet:
            raise OutputInvalid(info.execution_id, str(unmet), info.structured_output) from None
