"""What the CLI says of itself: session, model, permission mode, MCP servers.

The rule: the latest word wins, because a resume may go on under another session id and a turn may
change the mode. Pure functions of `Session`.
"""

from __future__ import annotations

from claude_widget.events import ConversationReset, Init, Result, SessionStateChanged, Status
from claude_widget.models import MCPServer
from claude_widget.state.shape import MAX_SERVERS, Session
from claude_widget.state.text import clip, one_line


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


def _latest(said: str | None, known: str | None) -> str | None:
    return clip(said) if said else known


def _servers(event: Init, known: tuple[MCPServer, ...]) -> tuple[MCPServer, ...]:
    if event.mcp_servers is None:
        return known
    return tuple(
        MCPServer(name=one_line(server.name or ""), status=one_line(server.status or ""))
        for server in event.mcp_servers[:MAX_SERVERS]
    )
