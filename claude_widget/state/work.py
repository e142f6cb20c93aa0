"""What goes on right now, and which tools were called.

The rule: a tool call opens with the `tool_use` block and closes with its `tool_result`; it counts
once, in whichever lane. The activity of the main lane is shown; a subagent's only while it runs a
tool. Pure functions of `Work`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from claude_widget.events import (
    ApiRetry,
    Assistant,
    Block,
    ControlRequest,
    HookStarted,
    Result,
    StreamEvent,
    User,
)
from claude_widget.models import Asks
from claude_widget.state import shape
from claude_widget.state.shape import Settled, Tool, Waiting, Work
from claude_widget.state.text import clip, describe_request, describe_tool, label, one_line

_ID = 100
_OPENING = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_PHASES = {
    "text": "writing",
    "thinking": "thinking",
    "redacted_thinking": "thinking",
}
_WAITS_FOR: dict[str | None, Asks | None] = {
    "can_use_tool": None,
    "elicitation": "other",
    "request_user_dialog": "other",
}
"""Control requests that a person answers, and what they ask; None is for the tool to say."""
ANSWERABLE = frozenset(_WAITS_FOR)
_ASKED_BY: dict[str, Asks] = {"AskUserQuestion": "questions", "ExitPlanMode": "plan"}
_ACTIVITIES: dict[Asks, str] = {
    "questions": "waiting for an answer",
    "plan": "waiting for the plan to be approved",
    "other": "waiting for an answer",
}


def resting(work: Work) -> str:
    """The activity where no frame says better."""
    if work.waiting:
        return work.waiting[-1].text
    if work.tools:
        return label(work.tools[-1].name, work.tools[-1].summary)
    if work.in_turn:
        return "thinking"
    count = len(work.tasks)
    return f"waiting for {count} background task{'s'[: count != 1]}" if count else "idle"


def turn_began(work: Work) -> Work:
    """A turn is under way."""
    return rested(work._replace(in_turn=True))


def turn_ended(work: Work, event: Result) -> Work:
    """A result: the main lane has no open calls any more, whatever became of them.

    A subagent in the background goes on, and so does what it asks. What an MCP server asks names no
    call: it may be the subagent's, and the CLI takes back what it gives up.
    """
    tools = tuple(tool for tool in work.tools if tool.lane) if work.tasks else ()
    lanes = {tool.id for tool in tools}
    asking = tuple(
        one
        for one in work.waiting
        if one.agent_id or one.tool_use_id in lanes or _names_no_call(one)
    )
    more = bool(event.queued_turn_count)
    return rested(_without(work, asking)._replace(in_turn=more, tools=tools, retry=""))


def _names_no_call(one: Waiting) -> bool:
    return one.asks == "other" and not one.tool_use_id


def rested(work: Work) -> Work:
    """With the activity that follows from the rest."""
    return doing(work, resting(work))


def doing(work: Work, activity: str) -> Work:
    """With another activity."""
    return work if activity == work.activity else work._replace(activity=activity)


def assistant_wrote(work: Work, event: Assistant) -> Work:
    """Opens and counts tool calls, and shows what was written last."""
    lane = (event.parent_tool_use_id or "")[:_ID]
    if not lane and (work.retry or not work.in_turn):
        work = work._replace(retry="", in_turn=True)
    for block in () if event.error else event.message.content:
        work = _block(work, block, lane)
    return work


def partly_wrote(work: Work, event: StreamEvent) -> Work:
    """The activity at the start of a block; only the main lane is shown."""
    block = event.event.content_block
    if block is None or event.parent_tool_use_id:
        return work
    phase = _PHASES.get(block.type or "")
    if phase is None and block.type in _OPENING:
        phase = one_line(block.name or "")
    return doing(work, phase) if phase else work


def user_answered(work: Work, event: User) -> Work:
    """Closes the tool calls that have their result."""
    blocks = event.message.content
    closed = {_id(block) for block in blocks if block.tool_use_id}
    return _close(work, closed) if closed else work


def asked(work: Work, event: ControlRequest) -> Work:
    """The CLI waits for an answer of ours."""
    body = event.request
    if body.subtype not in _WAITS_FOR:
        return work
    name = one_line(body.tool_name or body.mcp_server_name or "")
    asks = _WAITS_FOR[body.subtype] or _ASKED_BY.get(name, "permission")
    one = Waiting(
        (event.request_id or "")[:_ID],
        (body.tool_use_id or "")[:_ID],
        clip(_ACTIVITIES.get(asks) or f"waiting for permission: {name or 'a tool'}"),
        asks,
        name,
        describe_request(body.input, asks),
        event.offset,
        (body.agent_id or "")[:_ID],
    )
    waiting = (*work.waiting[1 - shape.MAX_WAITING :], one)
    return rested(work._replace(waiting=waiting))


def decided(work: Work, request_id: str, by: str) -> Work:
    """Somebody has answered; the answer itself comes next."""
    settled = Settled(request_id[:_ID], answered=True, by=one_line(by))
    return _settle(work, (settled,))


def request_of(work: Work, request_id: str | None) -> Waiting | None:
    """The open request of that id."""
    wanted = (request_id or "")[:_ID]
    return next((one for one in work.waiting if one.request_id == wanted), None)


def answered(work: Work, request_id: str | None, *, cancelled: bool = False) -> Work:
    """An answer was sent, or is no longer wanted."""
    wanted = (request_id or "")[:_ID]
    kept = tuple(one for one in work.waiting if one.request_id != wanted)
    return rested(_without(work, kept, answered=not cancelled)) if kept != work.waiting else work


def cancelled(work: Work) -> frozenset[str]:
    """Tool calls that the CLI asked about and gave up before anybody had answered."""
    return frozenset(one.tool_use_id for one in work.settled if not one.answered)


def _without(work: Work, kept: tuple[Waiting, ...], *, answered: bool = False) -> Work:
    """With only these requests open; what became of the others is kept."""
    gone = (
        Settled(one.request_id, answered, tool_use_id=one.tool_use_id)
        for one in work.waiting
        if one not in kept
    )
    return _settle(work, gone)._replace(waiting=kept)


def _settle(work: Work, many: Iterable[Settled]) -> Work:
    known = {one.request_id for one in work.settled}
    new = tuple(one for one in many if one.request_id not in known)
    return work._replace(settled=(*work.settled, *new)[-shape.MAX_SETTLED :]) if new else work


def retrying(work: Work, event: ApiRetry) -> Work:
    """A call to the API failed and will be tried again."""
    attempt = "/".join(str(n) for n in (event.attempt, event.max_retries) if n is not None)
    why = " ".join(str(part) for part in (event.error_status, event.error) if part)
    text = f"retrying API ({attempt})" if attempt else "retrying API"
    return work._replace(activity=text, retry=one_line(f"API error {why}, attempt {attempt}"))


def hooked(work: Work, event: HookStarted) -> Work:
    """A hook runs."""
    return doing(work, one_line(f"hook: {event.hook_name or event.hook_event or ''}"))


def _block(work: Work, block: Block, lane: str) -> Work:
    kind = block.type or ""
    if kind in _OPENING:
        return _open(work, block, lane)
    if kind.endswith("_tool_result") and block.tool_use_id:
        return _close(work, {_id(block)})
    phase = _PHASES.get(kind)
    return doing(work, phase) if phase and not lane else work


def _open(work: Work, block: Block, lane: str) -> Work:
    tool_id = (block.id or "")[:_ID]
    if not tool_id or tool_id in work.recent_tools:
        return work
    name = one_line(block.name or "") or "a tool"
    tool = Tool(tool_id, name, describe_tool(block.input), lane)
    return work._replace(
        tools=(*work.tools[1 - shape.MAX_OPEN_TOOLS :], tool),
        recent_tools=(*work.recent_tools[1 - shape.RECENT_TOOLS :], tool_id),
        tool_counts=_count(work.tool_counts, name),
        activity=label(name, tool.summary),
    )


def _count(counts: Mapping[str, int], name: str) -> dict[str, int]:
    if name not in counts and len(counts) >= shape.MAX_TOOL_NAMES:
        name = "other"
    return {**counts, name: counts.get(name, 0) + 1}


def _close(work: Work, closed: set[str]) -> Work:
    tools = tuple(tool for tool in work.tools if tool.id not in closed)
    waiting = tuple(one for one in work.waiting if one.tool_use_id not in closed)
    if len(tools) == len(work.tools) and len(waiting) == len(work.waiting):
        return work
    return rested(_without(work, waiting)._replace(tools=tools))


def _id(block: Any) -> str:
    return str(block.tool_use_id)[:_ID]
