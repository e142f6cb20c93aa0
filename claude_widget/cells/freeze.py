"""Gives a saved notebook outputs that can be read without a kernel.

The rule: only outputs that carry this package's mark are changed, and the saved state of their
widgets; nothing else of the file is, and no kernel is needed. A widget's output shows "Loading
widget..." for ever once its kernel has gone, even with text/html beside it. What it was displayed
with may be old by now, so the state folder is asked first.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from claude_widget.cells.static_view import MARK, MimeBundle, report_bundle, table_bundle
from claude_widget.errors import ClaudeWidgetError
from claude_widget.lookup import Lookup

_VIEW = "application/vnd.jupyter.widget-view+json"
_STATE = "application/vnd.jupyter.widget-state+json"
_OURS = "claude_widget."
"""What the class names begin with that anywidget saves with the state of our models."""
_NO_NOTEBOOK = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


def freeze_file(
    path: str | os.PathLike[str], state_dir: str | os.PathLike[str] | None = None
) -> int:
    """Freeze a notebook in place, in one step; the number of outputs that were changed.

    Args:
        path: the notebook; where it is a symbolic link, what that leads to.
        state_dir: where the executions are looked up, as for `ProcessManager`.

    Raises:
        ClaudeWidgetError: the file is no notebook, or cannot be written; it is as it was.
    """
    lookup = Lookup(state_dir)
    try:
        file = Path(path).resolve()
        notebook = json.loads(file.read_text("utf-8-sig"))
        outputs = [one for cell in notebook["cells"] for one in cell.get("outputs", [])]
        count = sum([_freeze_output(output, lookup) for output in outputs])
        shown = {_view_of(output) for output in outputs}
    except _NO_NOTEBOOK as error:
        raise ClaudeWidgetError(f"{path} is no notebook: {error}.") from error
    if _drop_state(notebook, shown) or count:
        _replace(file, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    return count


def _freeze_output(output: dict[str, Any], lookup: Lookup) -> bool:
    """Put what is static in place of what is live; whether there was anything to do."""
    data, mark = output.get("data"), _dict(output.get("metadata")).get(MARK)
    if not isinstance(data, dict) or _VIEW not in data or not isinstance(mark, dict):
        return False
    known = _known(mark, lookup)
    if known is None and "text/html" not in data:
        return False
    del data[_VIEW]
    del output["metadata"][MARK]
    for kind, text in (known or {}).items():
        data[kind] = text.splitlines(keepends=True)
    return True


def _known(mark: dict[str, Any], lookup: Lookup) -> MimeBundle | None:
    """What the state folder says of an output's executions by now, if it knows them."""
    execution_id, listed = mark.get("execution_id"), mark.get("executions")
    if isinstance(execution_id, str):
        report = lookup.digest(execution_id)
        return None if report is None else report_bundle(report)
    infos = lookup.started_by(str(mark.get("manager_id")))
    if not infos and isinstance(listed, list):
        found = [lookup.info(one) for one in listed if isinstance(one, str)]
        infos = [info for info in found if info is not None]
    return table_bundle(infos) if infos else None


def _view_of(output: dict[str, Any]) -> str | None:
    """The id of the model that an output shows, if it shows one."""
    found = _dict(_dict(output.get("data")).get(_VIEW)).get("model_id")
    return found if isinstance(found, str) else None


def _drop_state(notebook: dict[str, Any], shown: set[str | None]) -> bool:
    """Leave out the saved state of our models that no output shows; whether there was any.

    With the state, nbconvert would want the live widget. nbclient saves the state of every widget
    that there ever was, closed ones too.
    """
    widgets = _dict(_dict(notebook.get("metadata")).get("widgets"))
    state = _dict(_dict(widgets.get(_STATE)).get("state"))
    dead = [key for key, saved in state.items() if key not in shown and _is_ours(saved)]
    for model_id in dead:
        layout = str(state.pop(model_id)["state"].get("layout", ""))
        state.pop(layout.removeprefix("IPY_MODEL_"), None)
    if dead and not state:
        del widgets[_STATE]
        if not widgets:
            del notebook["metadata"]["widgets"]
    return bool(dead)


def _is_ours(saved: Any) -> bool:
    """Whether the saved state is that of one of our models."""
    return str(_dict(_dict(saved).get("state")).get("_anywidget_id")).startswith(_OURS)


def _dict(value: Any) -> dict[str, Any]:
    """The value if it is a dict, as it should be, else an empty one."""
    return value if isinstance(value, dict) else {}


def _replace(file: Path, text: str) -> None:
    """Write a file in one step. A lone surrogate stays what it was, an escape within a string."""
    temporary: Path | None = None
    try:
        fd, name = tempfile.mkstemp(prefix=".claude-widget-", dir=file.parent)
        temporary = Path(name)
        with os.fdopen(fd, "wb") as new:
            new.write(text.encode("utf-8", "backslashreplace"))
        temporary.chmod(file.stat().st_mode & 0o777)
        temporary.replace(file)
    except OSError as error:
        raise ClaudeWidgetError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
