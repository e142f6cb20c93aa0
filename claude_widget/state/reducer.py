"""The one door to the state.

The rule: `reduce` is pure: no clock, no I/O, no mutation; the same records give the same state
however they are cut into batches. Our own records are strict (`lifecycle`), the CLI's frames
tolerant: they may come before `spawned`, after a result or twice. After the ending record nothing
changes any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from claude_widget import events as ev
from claude_widget.state import accounting, outcome, session, tasks, work
from claude_widget.state.lifecycle import lived, unreadable
from claude_widget.state.shape import Work
from claude_widget.state.state import State


def reduce(state: State, event: ev.Event) -> State:
    """The state after an event.

    Raises:
        InvalidTransition: for a record of ours that cannot come now; `state` stays valid.
    """
    if isinstance(event, ev.Lifecycle):
        return lived(state, event)
    if isinstance(event, ev.UnknownRecord):
        return unreadable(state, event)
    change = _CHANGES.get(type(event))
    if change is None or state.life.status.ended:
        return state
    return change(state, event)


def fold(state: State, records: Iterable[ev.Record]) -> State:
    """The state after these records; the neutral ones are not even decoded."""
    for record in records:
        if record.stream != "out" or not ev.is_neutral(record.data):
            state = reduce(state, ev.parse(record))
    return state


def _assistant(state: State, event: ev.Assistant) -> State:
    return state.replace(
        account=accounting.count_assistant(state.account, event),
        work=work.assistant_wrote(state.work, event),
        outcome=outcome.assistant_wrote(state.outcome, event),
    )


def _user(state: State, event: ev.User) -> State:
    return _with_work(state, work.user_answered(state.work, event))


def _stream_event(state: State, event: ev.StreamEvent) -> State:
    kind = event.event.type
    if kind == "content_block_start":
        return _with_work(state, work.partly_wrote(state.work, event))
    if kind in {"message_start", "message_delta"}:
        return state.replace(account=accounting.count_stream(state.account, event))
    return state


def _result(state: State, event: ev.Result) -> State:
    account = accounting.settle(
        state.account,
        event,
        base_cost_usd=state.asked.base_cost_usd,
        resumed=state.asked.session_id is not None,
    )
    initialized = state.session.initialized
    came = outcome.finished(
        state.outcome, event, initialized=initialized, cancelled=work.cancelled(state.work)
    )
    # Of a session that it could not find, the CLI may report another id: one that is nowhere.
    kept = state.asked.session_id is not None and not initialized
    return state.replace(
        account=account,
        outcome=came,
        session=state.session if kept else session.renamed(state.session, event),
        work=work.turn_ended(state.work, event),
    )


def _oversized(state: State, event: ev.OversizedFrame) -> State:
    return state.replace(outcome=outcome.overflowed(state.outcome, event))


def _init(state: State, event: ev.Init) -> State:
    return state.replace(
        session=session.initialized(state.session, event),
        work=work.turn_began(state.work),
        outcome=outcome.began(state.outcome, event),
    )


def _status(state: State, event: ev.Status) -> State:
    state = state.replace(session=session.mode_changed(state.session, event))
    if event.status == "compacting":
        return _with_work(state, work.doing(state.work, "compacting the conversation"))
    return state


def _session_state(state: State, event: ev.SessionStateChanged) -> State:
    return state.replace(session=session.state_changed(state.session, event))


def _conversation_reset(state: State, event: ev.ConversationReset) -> State:
    account = accounting.reset(
        state.account,
        base_cost_usd=state.asked.base_cost_usd,
        resumed=state.asked.session_id is not None,
    )
    return state.replace(session=session.renamed(state.session, event), account=account)


def _thinking(state: State, event: ev.ThinkingTokens) -> State:
    del event
    if state.work.tools:
        return state
    return _with_work(state, work.doing(state.work, "thinking"))


def _resting(state: State, event: ev.Event) -> State:
    del event
    return _with_work(state, work.rested(state.work))


def _permission_denied(state: State, event: ev.PermissionDenied) -> State:
    return state.replace(outcome=outcome.denied(state.outcome, event))


def _rate_limit(state: State, event: ev.RateLimit) -> State:
    return state.replace(outcome=outcome.limited(state.outcome, event))


def _writes_lost(state: State, event: ev.SessionWritesLost) -> State:
    said = f"The CLI could not write its session file ({event.error_code or 'no reason given'})."
    return state.replace(outcome=outcome.noted(state.outcome, said))


def _sent_message(state: State, event: ev.SentMessage) -> State:
    del event
    state = state.replace(outcome=outcome.sent(state.outcome))
    return _with_work(state, work.turn_began(state.work)) if state.outcome.facts else state


def _sent_request(state: State, event: ev.SentRequest) -> State:
    came = outcome.interrupted(state.outcome, event, in_turn=state.work.in_turn)
    return state.replace(outcome=came, session=session.requested(state.session, event))


def _control_response(state: State, event: ev.ControlResponse) -> State:
    account = state.account
    told = event.response.response
    if session.asked_for(state.session, event) == session.COST_REQUEST and isinstance(told, dict):
        account = accounting.answered(account, told)
    return state.replace(account=account, session=session.responded(state.session, event))


def _sent_response(state: State, event: ev.SentResponse) -> State:
    request_id = event.response.request_id
    came = outcome.refused(state.outcome, event, work.request_of(state.work, request_id))
    now = work.answered(state.work, request_id)
    unchanged = came is state.outcome and now is state.work
    return state if unchanged else state.replace(outcome=came, work=now)


def _cancelled(state: State, event: ev.ControlCancelRequest) -> State:
    return _with_work(state, work.answered(state.work, event.request_id, cancelled=True))


def _stderr(state: State, event: ev.StderrLine) -> State:
    return state.replace(outcome=outcome.stderr_said(state.outcome, event.text))


def _unknown(state: State, event: ev.UnknownFrame) -> State:
    del event
    came = state.outcome
    return state.replace(outcome=came._replace(unknown_frames=came.unknown_frames + 1))


def _on_work(change: Callable[..., Work]) -> Callable[[State, Any], State]:
    """A change that only concerns the work under way."""

    def changed(state: State, event: ev.Event) -> State:
        return _with_work(state, change(state.work, event))

    return changed


def _with_work(state: State, now: Work) -> State:
    return state if now is state.work else state.replace(work=now)


_CHANGES: dict[type[ev.Event], Callable[[State, Any], State]] = {
    ev.Assistant: _assistant,
    ev.User: _user,
    ev.StreamEvent: _stream_event,
    ev.Result: _result,
    ev.OversizedFrame: _oversized,
    ev.Init: _init,
    ev.Status: _status,
    ev.SessionStateChanged: _session_state,
    ev.ConversationReset: _conversation_reset,
    ev.ThinkingTokens: _thinking,
    ev.CompactBoundary: _resting,
    ev.HookStarted: _on_work(work.hooked),
    ev.HookResponse: _resting,
    ev.ApiRetry: _on_work(work.retrying),
    ev.PermissionDenied: _permission_denied,
    ev.RateLimit: _rate_limit,
    ev.SessionWritesLost: _writes_lost,
    ev.BackgroundTasksChanged: _on_work(tasks.replaced),
    ev.TaskStarted: _on_work(tasks.started),
    ev.TaskUpdated: _on_work(tasks.updated),
    ev.TaskNotification: _on_work(tasks.notified),
    ev.ControlRequest: _on_work(work.asked),
    ev.ControlCancelRequest: _cancelled,
    ev.ControlResponse: _control_response,
    ev.SentMessage: _sent_message,
    ev.SentRequest: _sent_request,
    ev.SentResponse: _sent_response,
    ev.StderrLine: _stderr,
    ev.UnknownFrame: _unknown,
}
"""What each event changes. Events that are not here change nothing."""
