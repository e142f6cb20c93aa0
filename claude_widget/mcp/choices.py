"""Which MCP configurations there are for a project, and what the page may start of them.

The rule: reads files that belong to others, in one go and bounded, and writes none of them. A
project's file can come with a project that somebody else wrote, so what it would start is told
before it may be started: the user confirms a content, and the content that was confirmed is what is
used. Where the CLI looks was measured (2.1.330): `.mcp.json` in the project and in every folder
above it; the user's own servers in `.claude.json`, those for one project under its git root.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from claude_widget.discovery import config_folder
from claude_widget.errors import ConfirmationNeeded, InvalidRequest, ProjectNotTrusted
from claude_widget.mcp.config import (
    ReadConfig,
    decode_mcp_config,
    find_mcp_file,
    is_mcp_text,
    servers_of,
)
from claude_widget.protocol import MCPConfigChoice, MCPServerChoice
from claude_widget.reach import is_within
from claude_widget.request import resolve_folder

PROJECT_FILE = ".mcp.json"
_LARGEST = 1024 * 1024
_LARGEST_OWN = 64 * 1024 * 1024
"""Bytes; the CLI keeps much else in the user's own file."""
_MOST_SERVERS = 100
_LONGEST_NAME = 200
_LONGEST_COMMAND = 4_000
_SECRET_FLAG = ("key", "token", "secret", "password", "passwd", "auth", "credential")
_HIDDEN = "..."
_LOADS = re.compile(
    r"(PATH|ENV|BASH_ENV|NODE_(OPTIONS|PATH)|JAVA_TOOL_OPTIONS|GIT_SSH(_COMMAND)?)$"
    r"|(LD|DYLD)_|PYTHON(PATH|HOME|STARTUP)$|PERL5(OPT|LIB)$|RUBY(OPT|LIB)$"
)
"""Variables that name programs or code to load; they are no secrets."""

Server = tuple[str, str]
"""Its name, and what it runs."""


def mcp_choices(
    project_path: str | os.PathLike[str], env: Mapping[str, str] | None = None
) -> list[MCPConfigChoice]:
    """The files with MCP servers for a project: its own, those above it, and the user's.

    Args:
        project_path: the project's folder.
        env: environment that names the CLI's config folder; the process's own by default.

    Raises:
        InvalidRequest: there is no such folder.
    """
    project = resolve_folder("project_path", project_path)
    found = [_choice(path, project, env) for path in _project_files(project)]
    own = _own_file(env)
    if own.is_file():
        choice = _choice(own, project, env)
        if choice.servers or choice.problem:
            found.append(choice)
    return found


def confirmed_config(
    given: str,
    project_path: str | os.PathLike[str],
    digest: str | None,
    env: Mapping[str, str] | None = None,
) -> str | ReadConfig:
    """What the page wants to start with, if it may.

    Args:
        given: a file's path, or JSON text that the user has typed.
        project_path: the project's folder.
        digest: of the project's file that the user has confirmed.
        env: as for `mcp_choices`.

    Raises:
        ConfirmationNeeded: it is a file of the project, and this content is not confirmed.
        InvalidRequest: there is no such file, it is no configuration, or it is neither the
            project's nor one that `mcp_choices` finds.
    """
    if is_mcp_text(given):
        return given
    project = resolve_folder("project_path", project_path)
    place = find_mcp_file(given, project)
    _check_reach(place, project, env)
    content, config = _read(place, project, env)
    servers = _servers(config, str(place))
    told = hashlib.sha256(content).hexdigest()
    asks = _belongs_to(place, project) and not _is_own(place, env)
    if asks and digest != told:
        raise ConfirmationNeeded(str(place), told, servers)
    return ReadConfig(str(place.resolve()), config)


def _check_reach(place: Path, project: Path, env: Mapping[str, str] | None) -> None:
    """A page names files of the project, or those that it was offered."""
    above = (folder / PROJECT_FILE for folder in project.parents)
    offered = (one for one in (*above, _own_file(env)) if one.exists())
    if is_within(place, [project]) or any(place.samefile(one) for one in offered):
        return
    raise InvalidRequest(
        f"{place} is outside of the project.",
        field="mcp_config",
        hint="Copy it into the project, or start it with start_execution(..., mcp_config=...).",
    )


def project_choice(error: ConfirmationNeeded) -> MCPConfigChoice:
    """What the user is to confirm, for the page."""
    servers = tuple(MCPServerChoice(name=name, runs=runs) for name, runs in error.servers)
    scope = "settings" if isinstance(error, ProjectNotTrusted) else "project"
    return MCPConfigChoice.model_validate(
        {"path": error.path, "scope": scope, "digest": error.digest, "servers": servers}
    )


# -- where they are ------------------------------------------------------------------------------


def _project_files(project: Path) -> Iterator[Path]:
    for folder in (project, *project.parents):
        path = folder / PROJECT_FILE
        if os.path.lexists(path):
            yield path


def _own_file(env: Mapping[str, str] | None) -> Path:
    """The user's own: in `CLAUDE_CONFIG_DIR` if that is set, else in the home folder."""
    named = (os.environ if env is None else env).get("CLAUDE_CONFIG_DIR")
    return (Path(named) if named else config_folder(env).parent) / ".claude.json"


def _is_own(place: Path, env: Mapping[str, str] | None) -> bool:
    own = _own_file(env)
    return own.is_file() and place.exists() and place.samefile(own)


def _belongs_to(place: Path, project: Path) -> bool:
    """Whether a file may have come with the project: by its path, or by where that leads."""
    if place.name == PROJECT_FILE and place.absolute().parent in (project, *project.parents):
        return True
    written, real = Path(os.path.normpath(place.absolute())), place.resolve()
    folders = {*written.parents, *real.parents}
    return any(folder.exists() and folder.samefile(project) for folder in folders)


def _root_of(project: Path) -> Path:
    """What the user's own file has the project under."""
    folders = (project, *project.parents)
    return next((folder for folder in folders if (folder / ".git").exists()), project)


# -- what is in them -----------------------------------------------------------------------------


def _choice(path: Path, project: Path, env: Mapping[str, str] | None) -> MCPConfigChoice:
    scope = "user" if path == _own_file(env) else "project"
    digest, problem, servers = "", "", []
    try:
        content, config = _read(path, project, env)
        digest = hashlib.sha256(content).hexdigest()
        if scope == "project" or config["mcpServers"]:
            servers = _servers(config, str(path))
    except InvalidRequest as error:
        problem = error.message
    return MCPConfigChoice.model_validate(
        {
            "path": str(path),
            "scope": scope,
            "digest": digest,
            "servers": [{"name": name, "runs": runs} for name, runs in servers],
            "problem": problem,
        }
    )


def _read(place: Path, project: Path, env: Mapping[str, str] | None) -> tuple[bytes, Any]:
    """A file's content, and the configuration that it is."""
    is_own = _is_own(place, env)
    content = _content(place, _LARGEST_OWN if is_own else _LARGEST)
    try:
        config = decode_mcp_config(content.decode("utf-8-sig"), str(place))
    except UnicodeDecodeError:
        raise InvalidRequest(f"{place} is not UTF-8.", field="mcp_config") from None
    return content, _own_servers(config, project) if is_own else config


def _content(place: Path, most: int) -> bytes:
    """The bytes of a regular file: a pipe in its place must hold nobody up."""
    try:
        fd = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise InvalidRequest(
            f"{place} cannot be read: {error.strerror}.", field="mcp_config"
        ) from None
    with open(fd, "rb") as stream:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise InvalidRequest(f"{place} is no file.", field="mcp_config")
        content = stream.read(most + 1)
    if len(content) > most:
        raise InvalidRequest(f"{place} has more than {most:,} bytes.", field="mcp_config")
    return content


def _own_servers(config: Any, project: Path) -> dict[str, Any]:
    """Of all that the CLI keeps there, the servers: for every project, and for this one."""
    everywhere = _dict(_dict(config).get("mcpServers"))
    here = _dict(_dict(_dict(config).get("projects")).get(str(_root_of(project))))
    return {"mcpServers": {**everywhere, **_dict(here.get("mcpServers"))}}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _servers(config: Any, source: str) -> list[Server]:
    """What would be started, in full: what is not shown cannot be confirmed."""
    servers = servers_of(config, source)
    if len(servers) > _MOST_SERVERS:
        raise InvalidRequest(
            f"{source} names more than {_MOST_SERVERS} servers.", field="mcp_config"
        )
    found = [(name, _runs(server)) for name, server in servers.items()]
    for name, runs in found:
        if len(name) > _LONGEST_NAME or len(runs) > _LONGEST_COMMAND:
            raise InvalidRequest(
                f"{source}: the name or the command of server {name[:50]!r} is too long to show.",
                field="mcp_config",
            )
    return found


def shown_server(text: str) -> str:
    """A server's JSON as a user is shown it, less what is to be secret."""
    try:
        server = json.loads(text)
    except ValueError:
        return text
    return _runs(server) if isinstance(server, dict) else text


def _runs(server: Mapping[str, Any]) -> str:
    """All that decides what would run, or which address is called; less what is to be secret."""
    parts = [_command(server)] if "command" in server else []
    if "url" in server or not parts:
        parts.append(_address(str(server.get("url", ""))))
    if "headersHelper" in server:  # a line for a shell, which the CLI runs for an address
        parts.append(f"with headers from: {server['headersHelper']}")
    return " ".join(parts)


def _command(server: Mapping[str, Any]) -> str:
    """As one would type it. A variable may name what is loaded, too: a secret's name is shown."""
    words = server.get("args")
    arguments = [str(word) for word in words] if isinstance(words, list) else []
    variables = (
        f"{name}={shlex.quote(str(value)) if _LOADS.match(name) else _HIDDEN}"
        for name, value in _dict(server.get("env")).items()
    )
    command = shlex.join([str(server["command"]), *_without_secrets(arguments)])
    return " ".join((*variables, command))


def _without_secrets(arguments: list[str]) -> Iterator[str]:
    """Arguments with the values of options left out whose names say that they are secrets."""
    hide = False
    for word in arguments:
        flag, has_value, _ = word.partition("=")
        secret = flag.startswith("-") and any(part in flag.lower() for part in _SECRET_FLAG)
        if hide and not word.startswith("-"):
            yield _HIDDEN
        else:
            yield f"{flag}={_HIDDEN}" if secret and has_value else word
        hide = secret and not has_value


def _address(url: str) -> str:
    """Without user, password, query and fragment."""
    try:
        parts = urlsplit(url.replace("\\", "/"))  # as the CLI reads it: the host ends there
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "(no address)"
    return parts._replace(netloc=host, query="", fragment="").geturl()
