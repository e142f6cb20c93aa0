"""What the CLI says of itself: session, model, permission mode, MCP servers.

The rule: the latest word wins, because a resume may go on under another session id and a turn may
change the mode. Pure functions of `Session`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from claude_widget.events import (
    ControlResponse,
    ConversationReset,
    Init,
    Result,
    SentRequest,
    SessionStateChanged,
    Status,
)
from claude_widget.models import MCPServer
from claude_widget.state.shape import MAX_REQUESTS, MAX_SERVERS, Session
from claude_widget.state.text import clip, one_line

COST_REQUEST = "get_session_cost"
"""Its answer says what the session has cost so far; see `accounting`."""
_ID = 100


def initialized(session: Session, event: Init) -> Session:
    """With what a turn's `init` says."""
    return session._replace(
        initialized=True,
        session_id=_latest(event.session_id, session.session_id),
        model=_latest(event.model, session.model),
        permission_mode=_latest(event.permission_mode, session.permission_mode),
        cli_version=_latest(event.claude_code_version, session.cli_version),
        api_key_source=_latest(event.api_key_source, session.api_key_source),
        mcp_servers=_servers(event, session.mcp_servers),
    )


def mode_changed(session: Session, event: Status) -> Session:
    """With the permission mode, where a `status` has one."""
    if not event.permission_mode or event.permission_mode == session.permission_mode:
        return session
    return session._replace(permission_mode=clip(event.permission_mode))


def state_changed(session: Session, event: SessionStateChanged) -> Session:
    """With idle, running or requires_action."""
    return session._replace(session_state=_latest(event.state, session.session_state))


def renamed(session: Session, event: Result | ConversationReset) -> Session:
    """With the session id that the conversation goes on under."""
    said = event.new_conversation_id if isinstance(event, ConversationReset) else event.session_id
    if not said or said == session.session_id:
        return session
    return session._replace(session_id=clip(said))


def requested(session: Session, event: SentRequest) -> Session:
    """With a control request of ours, if its answer will say how the session goes on."""
    subtype = event.request.subtype or ""
    if subtype not in _ANSWERS:
        return session
    requests = (*session.requests, ((event.request_id or "")[:_ID], subtype))
    return session._replace(requests=requests[-MAX_REQUESTS:])


def asked_for(session: Session, event: ControlResponse) -> str | None:
    """The subtype of the request that this answers, if its answer was to say something."""
    request_id = (event.response.request_id or "")[:_ID]
    return next((name for known, name in session.requests if known == request_id), None)


def responded(session: Session, event: ControlResponse) -> Session:
    """With what the CLI answers to such a request."""
    subtype = asked_for(session, event)
    if subtype is None:
        return session
    request_id = (event.response.request_id or "")[:_ID]
    left = tuple(one for one in session.requests if one[0] != request_id)
    session = session._replace(requests=left)
    told = event.response.response
    if event.response.subtype != "success" or not isinstance(told, dict):
        return session
    return _ANSWERS[subtype](session, told)


def _cost_told(session: Session, told: dict[str, Any]) -> Session:
    del told  # it is the account's
    return session


def _model_set(session: Session, told: dict[str, Any]) -> Session:
    return session._replace(model=_latest(_text(told, "model"), session.model))


def _mode_set(session: Session, told: dict[str, Any]) -> Session:
    return session._replace(permission_mode=_latest(_text(told, "mode"), session.permission_mode))


def _settings_told(session: Session, told: dict[str, Any]) -> Session:
    applied = told.get("applied")
    effort = _text(applied, "effort") if isinstance(applied, dict) else None
    return session._replace(effort=_latest(effort, session.effort))


def _servers_told(session: Session, told: dict[str, Any]) -> Session:
    listed = told.get("mcpServers")
    if not isinstance(listed, list):
        return session
    servers = (one for one in listed[:MAX_SERVERS] if isinstance(one, dict))
    return session._replace(
        mcp_servers=tuple(
            MCPServer(name=one_line(_text(one, "name") or ""), status=_text(one, "status") or "")
            for one in servers
        )
    )


_ANSWERS: dict[str, Callable[[Session, dict[str, Any]], Session]] = {
    "set_model": _model_set,
    "set_permission_mode": _mode_set,
    "get_settings": _settings_told,
    "mcp_status": _servers_told,
    COST_REQUEST: _cost_told,
}


def _text(told: dict[str, Any], name: str) -> str | None:
    value = told.get(name)
    return one_line(value) if isinstance(value, str) else None


def _latest(said: str | None, known: str | None) -> str | None:
    return clip(said) if said else known


def _servers(event: Init, known: tuple[MCPServer, ...]) -> tuple[MCPServer, ...]:
    if event.mcp_servers is None:
        return known
    return tuple(
        MCPServer(name=one_line(server.name or ""), status=one_line(server.status or ""))
        for server in event.mcp_servers[:MAX_SERVERS]
    )
