"""MCP configurations: from a file, from JSON text or from a dict, to what the CLI gets.

The rule: checks the shape that every configuration must have, and keeps the secrets in it from
being shown: what leaves this module for display is a path and server names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claude_widget.errors import InvalidRequest
from claude_widget.models import MCPConfigInfo

_SHAPE = 'It must be {"mcpServers": {"name": {...}}} with at least one server.'


def load_mcp_config(
    given: str | Path | Mapping[str, Any], project_path: Path
) -> tuple[dict[str, Any], str | None]:
    """The configuration and the path of its file, None where it came as text or dict.

    Args:
        given: a path (relative ones are looked for in the project, then in the working folder),
            JSON text, or a dict.
        project_path: the execution's project.

    Raises:
        InvalidRequest: no such file, not JSON, or no servers in it. Never quotes the content.
    """
    path: Path | None = None
    source = "mcp_config"
    if isinstance(given, Mapping):
        config: Any = json.loads(json.dumps(given))
    elif isinstance(given, str) and given.lstrip().startswith(("{", "[")):
        config = _decode(given, "The MCP config text")
    else:
        path = _find(Path(given).expanduser(), project_path)
        source = str(path)
        config = _decode(_read(path), source)
    servers = config.get("mcpServers") if isinstance(config, dict) else None
    if not isinstance(servers, dict) or not servers:
        raise InvalidRequest(f"{source} names no servers.", field="mcp_config", hint=_SHAPE)
    wrong = [name for name, server in servers.items() if not isinstance(server, dict)]
    if wrong:
        raise InvalidRequest(
            f"{source}: server {wrong[0]!r} is not an object.", field="mcp_config", hint=_SHAPE
        )
    return config, None if path is None else str(path)


def _find(path: Path, project_path: Path) -> Path:
    places = [path] if path.is_absolute() else [project_path / path, Path.cwd() / path]
    for place in places:
        if place.is_file():
            return place.resolve()
    raise InvalidRequest(
        f"There is no MCP config file {' or '.join(str(place) for place in places)}.",
        field="mcp_config",
        hint="Give a file's path, JSON text, or a dict.",
    )


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path} cannot be read: {error}.", field="mcp_config") from None


def _decode(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "nesting"
        raise InvalidRequest(
            f"{source} is not JSON ({where}).", field="mcp_config", hint=_SHAPE
        ) from None


def describe_mcp_config(config: Mapping[str, Any] | None, path: str | None) -> MCPConfigInfo | None:
    """What may be shown of it."""
    if config is None:
        return None
    return MCPConfigInfo(path=path, servers=tuple(str(name) for name in config["mcpServers"]))
