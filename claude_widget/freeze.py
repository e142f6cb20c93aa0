"""Gives a saved notebook outputs that can be read without a kernel.

The rule: an output that holds a widget of this package keeps only what is static in it; nothing
else of the file is changed, and no kernel is needed. A widget's output shows "Loading widget..."
for ever once its kernel has gone, even with text/html beside it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from claude_widget.errors import ClaudeWidgetError

_VIEW = "application/vnd.jupyter.widget-view+json"
_STATE = "application/vnd.jupyter.widget-state+json"
_STATIC = ("text/html", "text/markdown")


def freeze_file(path: str | os.PathLike[str]) -> int:
    """Freeze a notebook in place, in one step; the number of outputs that were changed.

    Raises:
        ClaudeWidgetError: the file is no notebook, or cannot be written; it is as it was.
    """
    file = Path(path)
    try:
        notebook = json.loads(file.read_text("utf-8"))
        outputs = [one for cell in notebook["cells"] for one in cell.get("outputs", [])]
        found = [_freeze_output(output) for output in outputs]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ClaudeWidgetError(f"{file} is no notebook: {error}.") from error
    frozen = {model_id for model_id in found if model_id is not None}
    if frozen:
        _drop_state(notebook, frozen)
        _replace(file, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    return len(frozen)


def _freeze_output(output: dict[str, Any]) -> str | None:
    """Leave out the live part of an output; its model's id if it has something static."""
    data = output.get("data")
    if not isinstance(data, dict) or _VIEW not in data:
        return None
    if not any(kind in data for kind in _STATIC) or not _is_ours(data):
        return None
    view = data.pop(_VIEW)
    return str(view.get("model_id", "")) if isinstance(view, dict) else ""


def _is_ours(data: dict[str, Any]) -> bool:
    """Our widgets say so in their plain text; other packages' outputs are theirs."""
    text = "".join(data.get("text/plain", ""))
    return text.startswith(("Claude Code", "Status "))


def _drop_state(notebook: dict[str, Any], model_ids: set[str]) -> None:
    """Leave out the saved state of frozen models: with it, nbconvert would want the live widget."""
    widgets = notebook.get("metadata", {}).get("widgets", {})
    state = widgets.get(_STATE, {}).get("state")
    if not isinstance(state, dict):
        return
    for model_id in model_ids:
        layout = state.pop(model_id, {}).get("state", {}).get("layout", "")
        state.pop(str(layout).removeprefix("IPY_MODEL_"), None)
    if not state:
        del notebook["metadata"]["widgets"]


def _replace(file: Path, text: str) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        temporary.write_text(text, "utf-8")
        temporary.chmod(file.stat().st_mode & 0o777)
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ClaudeWidgetError(f"{file} cannot be written: {error.strerror}.") from error
