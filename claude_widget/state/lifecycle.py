"""Our own records, and the order that they may come in.

The rule: strict. A record that cannot follow the state it meets raises `InvalidTransition` and
changes nothing; the table `_AFTER` is the whole order. Status changes here and nowhere else.

    (new) -> transcript -> requested -> spawned -> ended | lost
                               `-> refused | ended | lost

An execution changes its owner (`adopted`) at any time between `requested` and its end. One that is
pending may be held and released, given another priority, filled, and given a worktree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from claude_widget.errors import InvalidTransition
from claude_widget.events import (
    Adopted,
    Answered,
    Ended,
    Event,
    Filled,
    Held,
    KillAsked,
    Lifecycle,
    LimitReached,
    Lost,
    Prioritised,
    Refused,
    Released,
    Requested,
    Spawned,
    StdinClosed,
    TranscriptOpened,
    UnknownRecord,
    WorktreeMade,
)
from claude_widget.models import STATUS_OF, ExecutionStatus, Reason, WorktreeInfo
from claude_widget.state.outcome import noted
from claude_widget.state.shape import MAX_OWNER, MAX_STORY, OWNER, Asked, Outcome
from claude_widget.state.state import State
from claude_widget.state.text import clip
from claude_widget.state.verdict import Verdict, judge
from claude_widget.state.work import decided

_AFTER: dict[str, frozenset[str]] = {
    "transcript": frozenset({"new"}),
    "requested": frozenset({"new", "opened"}),
    "adopted": frozenset({"pending", "running"}),
    "held": frozenset({"pending"}),
    "released": frozenset({"pending"}),
    "prioritised": frozenset({"pending"}),
    "filled": frozenset({"pending"}),
    "worktree": frozenset({"pending"}),
    "refused": frozenset({"pending"}),
    "spawned": frozenset({"pending"}),
    "kill": frozenset({"pending", "running"}),
    "limit": frozenset({"pending", "running"}),
    "answered": frozenset({"running"}),
    "stdin_closed": frozenset({"running"}),
    "signalled": frozenset({"running"}),
    "ended": frozenset({"pending", "running"}),
    "lost": frozenset({"pending", "running"}),
}


def lived(state: State, event: Lifecycle) -> State:
    """The state after one of our records, noted in its story."""
    if _stage(state) not in _AFTER.get(event.event, frozenset()):
        raise _refusal(state, event.event)
    story = (*state.life.story[-MAX_STORY + 1 :], event.event)
    state = state.replace(life=state.life._replace(story=story))
    change = _CHANGES.get(type(event))
    return state if change is None else change(state, event)


def unreadable(state: State, event: UnknownRecord) -> State:
    """A record of a newer version is counted; a damaged one cannot follow anything."""
    if event.damaged:
        raise _refusal(state, f"{event.name or 'unreadable'} ({event.problem})")
    if state.life.status.ended:
        return state
    outcome = state.outcome
    return state.replace(outcome=outcome._replace(unknown_frames=outcome.unknown_frames + 1))


def _refusal(state: State, name: str) -> InvalidTransition:
    life = state.life
    return InvalidTransition(life.execution_id, life.status.value, clip(name, 600), life.story)


def _stage(state: State) -> str:
    life = state.life
    if life.status.ended:
        return "ended"
    if life.status is ExecutionStatus.RUNNING:
        return "running"
    if life.created_time is not None:
        return "pending"
    return "opened" if life.story else "new"


_MOST_LACKING, _LONGEST_LACK = 20, 400
_MOST_AFTER = 100
_LONGEST_PATH = 4096
_LOST = "The process that watched over the execution died."


def _opened(state: State, event: TranscriptOpened) -> State:
    execution_id = state.life.execution_id or clip(event.execution_id)
    return state.replace(life=state.life._replace(execution_id=execution_id))


def _requested(state: State, event: Requested) -> State:
    request = event.request
    asked = Asked(
        query=request.query,
        project_path=request.project_path,
        name=request.name,
        session_id=request.session_id,
        model=request.model,
        permission_mode=request.permission_mode,
        effort=request.effort,
        mcp_config=event.mcp_config,
        recorded=event.recorded,
        key=event.key,
        recorded_time=event.recorded_time,
        lacking=tuple(clip(one, _LONGEST_LACK) for one in event.lacking[:_MOST_LACKING]),
        resumed_from=event.resumed_from,
        base_cost_usd=event.base_cost_usd,
        has_schema=request.output_schema is not None,
        keep_open=request.keep_open,
        priority=request.priority,
        after=tuple(clip(one) for one in request.after[:_MOST_AFTER]),
        attempt=event.attempt,
        attempt_of=None if event.attempt_of is None else clip(event.attempt_of),
        batch=None if event.batch is None else (clip(event.batch.id), event.batch.row),
        template=None if event.template is None else clip(event.template),
    )
    life = state.life._replace(created_time=event.time, owner=_owner(event.owner))
    return state.replace(asked=asked, life=life)


def _adopted(state: State, event: Adopted) -> State:
    life = state.life._replace(owner=_owner(event.owner))
    if event.name is None:
        return state.replace(life=life)
    return state.replace(life=life, asked=state.asked._replace(name=clip(event.name)))


def _held(state: State, event: Held) -> State:
    del event
    return state.replace(life=state.life._replace(held=True))


def _released(state: State, event: Released) -> State:
    del event
    return state.replace(life=state.life._replace(held=False))


def _prioritised(state: State, event: Prioritised) -> State:
    return state.replace(asked=state.asked._replace(priority=event.priority))


def _filled(state: State, event: Filled) -> State:
    asked = state.asked._replace(
        query=event.query,
        session_id=event.session_id or state.asked.session_id,
        resumed_from=event.resumed_from or state.asked.resumed_from,
        base_cost_usd=event.base_cost_usd,
        recorded=event.recorded,
        key=event.key,
        recorded_time=event.recorded_time,
        lacking=tuple(clip(one, _LONGEST_LACK) for one in event.lacking[:_MOST_LACKING]),
    )
    return state.replace(asked=asked)


def _worktree_made(state: State, event: WorktreeMade) -> State:
    made = WorktreeInfo(
        path=clip(event.path, _LONGEST_PATH),
        cwd=clip(event.cwd or event.path, _LONGEST_PATH),
        branch=clip(event.branch),
        base=clip(event.base),
        repository=clip(event.repository, _LONGEST_PATH),
    )
    return state.replace(life=state.life._replace(worktree=made))


def _owner(said: object) -> dict[str, Any]:
    """What a record says of an owner, each part as short as it should be."""
    if not isinstance(said, dict):
        return {}
    parts = ((name, said.get(name)) for name in OWNER)
    return {
        name: clip(part, MAX_OWNER) if isinstance(part, str) else part
        for name, part in parts
        if isinstance(part, (str, int, float))
    }


def _spawned(state: State, event: Spawned) -> State:
    life = state.life._replace(status=ExecutionStatus.RUNNING, pid=event.pid, start_time=event.time)
    work = state.work
    if not work.activity:  # a frame may have been written before this record
        work = work._replace(activity="starting")
    return state.replace(life=life, work=work)


def _kill_asked(state: State, event: KillAsked) -> State:
    """The first reason counts; one that comes after a limit changes nothing of why it ends."""
    if state.life.kill is not None or state.life.limit is not None:
        return state
    life = state.life._replace(kill=event.reason)
    return state.replace(life=life, outcome=noted(state.outcome, event.error))


def _limited(state: State, event: LimitReached) -> State:
    figures = [f"{number:g}" for number in (event.figure, event.bound) if number is not None]
    said = event.error or f"Limit reached: {event.reason.value}"
    if figures and not event.error:
        said += f" ({' of '.join(figures)})"
    life = state.life._replace(limit=state.life.limit or event.reason)
    return state.replace(life=life, outcome=noted(state.outcome, said))


def _stdin_closed(state: State, event: StdinClosed) -> State:
    del event
    return state.replace(life=state.life._replace(stdin_closed=True))


def _answered(state: State, event: Answered) -> State:
    return state.replace(
        work=decided(state.work, event.request_id, event.by),
        outcome=noted(state.outcome, event.note),
    )


def _refused(state: State, event: Refused) -> State:
    return _over(state, event, Verdict(event.reason, (event.error,)))


def _lost(state: State, event: Lost) -> State:
    return _over(state, event, Verdict(Reason.LOST, (event.error or _LOST,)))


def _ended(state: State, event: Ended) -> State:
    verdict = judge(state, event)
    life = state.life._replace(
        exit_code=event.exit_code,
        exit_forced=event.forced,
        cpu_seconds=event.cpu_seconds,
        peak_memory=event.peak_memory,
        peak_processes=event.peak_processes,
    )
    if event.error:
        verdict = verdict._replace(notes=(event.error, *verdict.notes))
    return _over(state.replace(life=life), event, verdict)


def _over(state: State, event: Event, verdict: Verdict) -> State:
    status = STATUS_OF[verdict.reason]
    life = state.life._replace(
        status=status, reason=verdict.reason, end_time=event.time, held=False
    )
    work = state.work._replace(activity="", in_turn=False, tools=(), waiting=(), tasks=(), retry="")
    session = state.session._replace(session_state=None)
    outcome = _concluded(state, verdict, status)
    return state.replace(life=life, session=session, work=work, outcome=outcome)


def _concluded(state: State, verdict: Verdict, status: ExecutionStatus) -> Outcome:
    outcome = state.outcome
    if verdict.result is not None:
        outcome = outcome._replace(result=verdict.result)
    notes = list(verdict.notes)
    if status is not ExecutionStatus.COMPLETED:
        notes.insert(0, state.work.retry)
        if not state.session.initialized:
            notes.append(outcome.stderr_tail)
    for note in notes:
        outcome = noted(outcome, note)
    return outcome


_CHANGES: dict[type[Lifecycle], Callable[[State, Any], State]] = {
    TranscriptOpened: _opened,
    Requested: _requested,
    Adopted: _adopted,
    Held: _held,
    Released: _released,
    Prioritised: _prioritised,
    Filled: _filled,
    WorktreeMade: _worktree_made,
    Spawned: _spawned,
    KillAsked: _kill_asked,
    LimitReached: _limited,
    Answered: _answered,
    StdinClosed: _stdin_closed,
    Refused: _refused,
    Lost: _lost,
    Ended: _ended,
}
"""What each record changes; a signal changes nothing."""
