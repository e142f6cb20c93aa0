"""Background tasks that are alive.

The rule: `background_tasks_changed` replaces the whole list; the `task_*` frames of CLIs without
it add and remove. A task in the foreground is none of these. Pure functions of `Work`.
"""

from __future__ import annotations

from claude_widget.events import (
    BackgroundTasksChanged,
    TaskEntry,
    TaskNotification,
    TaskStarted,
    TaskUpdated,
)
from claude_widget.models import BackgroundTask
from claude_widget.state.shape import MAX_TASKS, Work
from claude_widget.state.text import one_line
from claude_widget.state.work import rested, resting

_OVER = frozenset({"completed", "failed", "killed", "stopped"})


def replaced(work: Work, event: BackgroundTasksChanged) -> Work:
    """With the tasks that the CLI says are alive."""
    tasks = tuple(_task(entry) for entry in (event.tasks or ())[:MAX_TASKS])
    return _with(work, tasks)


def started(work: Work, event: TaskStarted) -> Work:
    """With one more, unless it runs in the foreground."""
    if event.is_backgrounded is False or not event.task_id:
        return work
    task = _task(event)
    others = tuple(one for one in work.tasks if one.task_id != task.task_id)
    return _with(work, (*others[1 - MAX_TASKS :], task))


def updated(work: Work, event: TaskUpdated) -> Work:
    """Without one that is over."""
    over = event.patch is not None and event.patch.status in _OVER
    return _without(work, event.task_id) if over else work


def notified(work: Work, event: TaskNotification) -> Work:
    """Without one that is over, and without the calls of its subagent."""
    work = _without(work, event.task_id)
    lane = event.tool_use_id
    if lane and any(tool.lane == lane for tool in work.tools):
        work = rested(work._replace(tools=tuple(tool for tool in work.tools if tool.lane != lane)))
    return work


def _task(entry: TaskEntry | TaskStarted) -> BackgroundTask:
    return BackgroundTask(
        task_id=one_line(entry.task_id or ""),
        task_type=one_line(entry.task_type or ""),
        description=one_line(entry.description or ""),
    )


def _without(work: Work, task_id: str | None) -> Work:
    gone = one_line(task_id or "")
    return _with(work, tuple(task for task in work.tasks if task.task_id != gone))


def _with(work: Work, tasks: tuple[BackgroundTask, ...]) -> Work:
    if tasks == work.tasks:
        return work
    was_resting = work.activity == resting(work)
    work = work._replace(tasks=tasks)
    return rested(work) if was_resting else work
