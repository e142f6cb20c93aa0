"""MCP configurations: from a file, from JSON text or from a dict, to what the CLI gets.

The rule: checks the shape that every configuration must have, and keeps the secrets in it from
being shown: what leaves this module for display is a path and server names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claude_widget.errors import InvalidRequest
from claude_widget.models import MCPConfigInfo

_FORMS = "Give a file's path, JSON text, or a dict."
_SHAPE = 'It must be {"mcpServers": {"name": {...}}} with at least one server.'


@dataclass(frozen=True)
class ReadConfig:
    """A configuration whose file was read before: what was looked at is what is used.

    Attributes:
        path: the file.
        config: what it said then.
    """

    path: str
    config: Any = field(repr=False)


def load_mcp_config(
    given: str | Path | Mapping[str, Any] | ReadConfig, project_path: Path
) -> tuple[dict[str, Any], str | None]:
    """The configuration and the path of its file, None where it came as text or dict.

    Args:
        given: a path (relative ones are looked for in the project, then in the working folder),
            JSON text, a dict, or what was read before.
        project_path: the execution's project.

    Raises:
        InvalidRequest: no such file, not JSON, or no servers in it. Never quotes the content.
    """
    path: str | None = None
    if isinstance(given, Mapping):
        config: Any = decode_mcp_config(_encode(given), "The MCP config dict")
    elif isinstance(given, ReadConfig):
        path, config = given.path, given.config
    elif is_mcp_text(given):
        config = decode_mcp_config(str(given), "The MCP config text")
    else:
        file = find_mcp_file(given, project_path).resolve()
        path = str(file)
        config = decode_mcp_config(_read(file), path)
    servers_of(config, path or "mcp_config")
    return config, path


def is_mcp_text(given: str | Path) -> bool:
    """Whether it is a configuration itself, and not the path of one."""
    return isinstance(given, str) and given.lstrip().startswith(("{", "["))


def servers_of(config: Any, source: str) -> dict[str, dict[str, Any]]:
    """The servers that a configuration names, at least one.

    Raises:
        InvalidRequest: it has not the shape that it must have.
    """
    servers = config.get("mcpServers") if isinstance(config, dict) else None
    if not isinstance(servers, dict) or not servers:
        raise InvalidRequest(f"{source} names no servers.", field="mcp_config", hint=_SHAPE)
    wrong = [name for name, server in servers.items() if not isinstance(server, dict)]
    if wrong:
        raise InvalidRequest(
            f"{source}: server {wrong[0]!r} is not an object.", field="mcp_config", hint=_SHAPE
        )
    return servers


def find_mcp_file(given: str | Path, project_path: Path) -> Path:
    """The file of that path, which may be a link: in the project, else in the working folder.

    Raises:
        InvalidRequest: there is none.
    """
    try:
        path = Path(given).expanduser()
        places = [path] if path.is_absolute() else [project_path / path, Path.cwd() / path]
        for place in places:
            if place.is_file():
                return place
    except (TypeError, OSError, RuntimeError) as error:  # no path, no such home, too long a name
        raise InvalidRequest(
            f"mcp_config is no file: {str(error)[:200]}.", field="mcp_config", hint=_FORMS
        ) from None
    raise InvalidRequest(
        f"There is no MCP config file {' or '.join(str(place) for place in places)}.",
        field="mcp_config",
        hint=_FORMS,
    )


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path} cannot be read: {error}.", field="mcp_config") from None


def _encode(config: Mapping[str, Any]) -> str:
    try:
        return json.dumps(config, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        kind = type(error).__name__
        raise InvalidRequest(
            f"The MCP config dict is not JSON ({kind}).", field="mcp_config", hint=_SHAPE
        ) from None


def _plain(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def _refuse_constant(_: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


def decode_mcp_config(text: str, source: str) -> Any:
    """The JSON of a configuration.

    Raises:
        InvalidRequest: it is none. Never quotes the content.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "values"
        raise InvalidRequest(
            f"{source} is not JSON ({where}).", field="mcp_config", hint=_SHAPE
        ) from None


def describe_mcp_config(config: Mapping[str, Any] | None, path: str | None) -> MCPConfigInfo | None:
    """What may be shown of it."""
    if config is None:
        return None
    return MCPConfigInfo(path=path, servers=tuple(str(name) for name in config["mcpServers"]))
