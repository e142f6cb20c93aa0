"""The models that a CLI offers, read off its answer to `initialize`.

The rule: tolerant and bounded, like everything that the CLI says. No list of models stands in this
package: what there is, only the CLI knows.
"""

from __future__ import annotations

from typing import Any, get_args

from claude_widget.models import Effort
from claude_widget.protocol import ModelChoice

_MOST = 50
_LONGEST_VALUE = 100
_LONGEST_TEXT = 300
_EFFORTS = get_args(Effort)


def models_in(said: Any) -> tuple[ModelChoice, ...]:
    """The models in the body of an answer to `initialize`; none where it lists none."""
    listed = said.get("models") if isinstance(said, dict) else None
    items = listed if isinstance(listed, list) else []
    named = [one for one in items if isinstance(one, dict) and isinstance(one.get("value"), str)]
    return tuple(_choice(one) for one in named[:_MOST])


def _choice(told: dict[str, Any]) -> ModelChoice:
    efforts = told.get("supportedEffortLevels")
    return ModelChoice(
        value=told["value"][:_LONGEST_VALUE],
        name=_text(told.get("displayName")),
        description=_text(told.get("description")),
        efforts=tuple(level for level in efforts if level in _EFFORTS)
        if isinstance(efforts, list)
        else (),
    )


def _text(value: Any) -> str:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""
