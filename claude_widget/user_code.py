"""What a start is given that is Python's own: a callable that decides, a pydantic model.

The rule: kept in memory only, and handed on as one, so that no way to a start forgets half of it.
It calls nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from claude_widget.permissions import Decider


class UserCode(NamedTuple):
    """The user's own code in a start.

    Attributes:
        decide: decides what its CLI asks.
        model: the pydantic model that its output is to be an instance of.
    """

    decide: Decider | None = None
    model: type[BaseModel] | None = None

    def or_else(self, other: UserCode) -> UserCode:
        """The same, with that of another one where there is none."""
        return UserCode(self.decide or other.decide, self.model or other.model)


NO_CODE = UserCode()


def user_code_of(options: Mapping[str, Any]) -> UserCode:
    """What is such among the options of a start that `build_request` has accepted."""
    decide, schema = options.get("permissions"), options.get("schema")
    return UserCode(
        decide if callable(decide) else None, schema if isinstance(schema, type) else None
    )
