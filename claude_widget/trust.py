"""What a project's own files would have the CLI do, and what of that the user has accepted.

The rule: reads files that came with a project, bounded, and writes one of our own. Claude Code asks
whether a folder is trusted only in a terminal. Started as here (2.1.330, measured) it runs the
hooks and helpers of a project's settings, sets the variables they name, follows the permissions of
`settings.local.json`, and starts the servers of `.mcp.json`, all unasked. So whatever a project
brings must be harmless, trusted in Claude Code itself, or accepted here, item by item.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from claude_widget.discovery import config_folder
from claude_widget.errors import ProjectNotTrusted
from claude_widget.mcp.choices import shown_server
from claude_widget.mcp.config import ReadConfig
from claude_widget.models import ExecutionRequest
from claude_widget.own_files import open_any, open_own, read_own
from claude_widget.request import resolve_folder

ACCEPTED = "accepted.json"
"""The file of the state folder that says what was accepted."""
_LARGEST = 1024 * 1024
_LONGEST_SHOWN = 4_000
_MOST_FILES = 500
_HARMLESS = frozenset(
    {
        "$schema",
        "model",
        "effortLevel",
        "alwaysThinkingEnabled",
        "includeCoAuthoredBy",
        "attribution",
        "language",
        "outputStyle",
        "spinnerTipsEnabled",
        # Servers are items themselves, since they are started with or without these.
        "enableAllProjectMcpServers",
        "enabledMcpjsonServers",
        "disabledMcpjsonServers",
    }
)
"""Settings that neither run, send, permit nor remove anything; whatever else there is, is told."""
_TIGHTER = frozenset({"deny", "ask"})
_TIGHTER_MODES = frozenset({"default", "plan", "dontAsk"})
_POWERS = re.compile(r"^(hooks|mcpServers|permissionMode|allowed-tools)\s*:|!`", re.MULTILINE)
"""What makes an agent, a skill or a command of a project more than text."""
_KEPT_IN = ("localSettings", "projectSettings")
_SECRET = re.compile(r"key|token|secret|passw|credential", re.IGNORECASE)

Item = tuple[str, str]
"""What asks for it, and the command, value or rule."""


def check_project(
    request: ExecutionRequest,
    state: Path,
    env: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
) -> None:
    """See that the project's own files do nothing that the user does not know of.

    Args:
        request: what is to be started.
        state: the state folder, which knows what was accepted.
        env: environment that names the CLI's config folder; the process's own by default.
        folder: where it is started, if not in the project itself: a worktree, whose files may be
            others. What was trusted or accepted of the project counts there.

    Raises:
        ProjectNotTrusted: they do, and it was neither trusted nor accepted.
    """
    if request.trust_project is not None:
        return
    project = Path(request.project_path)
    found = list(demands(folder or project, request.setting_sources, env))
    if not found or is_trusted(project, env):
        return
    known = _accepted(state).get(str(project), [])
    strangers = [item for item in found if digest_of(*item) not in known]
    if strangers:
        digests = [digest_of(*item) for item in strangers]
        told = [(name, _shown(name, what)) for name, what in strangers]
        raise ProjectNotTrusted(str(project), digest_of(*digests), told, digests)


def is_accepted(state: Path, project_path: str, item: str) -> bool:
    """Whether the user has accepted an item for a project."""
    return item in _accepted(state).get(project_path, [])


def accept(state: Path, project_path: str, items: Iterable[str]) -> None:
    """Remember that the user has accepted these, for this project, whoever starts the next.

    Args:
        state: the state folder.
        project_path: the project's folder.
        items: `digest_of` each.
    """
    every = _accepted(state)
    every[project_path] = sorted({*every.get(project_path, []), *items})
    temporary = state / f".{ACCEPTED}.{uuid.uuid4()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(open_own(temporary, flags), "wb") as file:
            file.write(json.dumps(every).encode())
        temporary.replace(state / ACCEPTED)
    except OSError:  # then they are asked again
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def accept_servers(state: Path, project_path: str, config: ReadConfig) -> None:
    """Remember that the user has confirmed the servers of a file."""
    items = _servers_in(config.config, config.path)
    project = resolve_folder("project_path", project_path)
    accept(state, str(project), [digest_of(*item) for item in items])


def accept_rules(state: Path, project_path: str, updates: Sequence[Mapping[str, Any]]) -> None:
    """Remember the rules that a user has allowed for good: the CLI writes them into the project."""
    items: list[Item] = []
    for update in updates:
        if update.get("destination") not in _KEPT_IN:
            continue
        if update.get("behavior") == "allow" and isinstance(update.get("rules"), list):
            items += [("permits", _rule(rule)) for rule in update["rules"]]
        if isinstance(update.get("directories"), list):
            items += [("permits folder", str(folder)) for folder in update["directories"]]
        if update.get("type") == "setMode":
            items.append(("permission mode", str(update.get("mode"))))
    if items:
        accept(state, project_path, [digest_of(*item) for item in items])


def _rule(rule: Any) -> str:
    said = rule if isinstance(rule, dict) else {}
    content = said.get("ruleContent")
    return f"{said.get('toolName')}({content})" if content else str(said.get("toolName"))


def is_trusted(project: Path, env: Mapping[str, str] | None = None) -> bool:
    """Whether the user has accepted the trust dialog of Claude Code itself there, or above."""
    named = (os.environ if env is None else env).get("CLAUDE_CONFIG_DIR")
    file = (Path(named) if named else config_folder(env).parent) / ".claude.json"
    try:
        projects = json.loads(file.read_bytes())["projects"]
        return any(
            projects.get(str(folder), {}).get("hasTrustDialogAccepted") is True
            for folder in (project, *project.parents)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


# -- what a project brings -----------------------------------------------------------------------


def demands(
    project: Path, sources: Sequence[str] | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Item]:
    """What the files of a project would have the CLI do, beyond what is harmless.

    Args:
        project: the project's folder.
        sources: of the settings that the CLI is to load; None is all.
        env: environment that names the CLI's config folder; the process's own by default.
    """
    wanted = ("project", "local") if sources is None else sources
    settings = project / ".claude"
    brings = _brings(settings, env)
    if "project" in wanted and brings:
        yield from _of_settings(settings / "settings.json")
    if "local" in wanted and brings:
        yield from _of_settings(settings / "settings.local.json")
    if "project" in wanted or "local" in wanted:
        for folder in (project, *project.parents):
            yield from _of_servers(folder / ".mcp.json")
        if brings:
            yield from _of_definitions(settings)


def _brings(settings: Path, env: Mapping[str, str] | None) -> bool:
    """Whether there are settings of the project's own: most have none, and nothing to be read.

    Where the project is the home folder, these are the user's own and no project's.
    """
    try:
        settings.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        pass  # what cannot be seen is read below, and told as that
    return settings.resolve() != config_folder(env).resolve()


def _of_settings(path: Path) -> Iterator[Item]:
    said = _json(path)
    if not isinstance(said, dict):
        if said is not None:
            yield f"settings of {path.name}", str(said)
        return
    for key, value in said.items():
        if key == "permissions" and isinstance(value, dict):
            yield from _of_permissions(value)
        elif key == "env" and isinstance(value, dict):
            yield from ((f"variable {name}", str(text)) for name, text in value.items())
        elif key == "hooks" and isinstance(value, dict):
            yield from _of_hooks(value)
        elif key not in _HARMLESS:
            yield key, value if isinstance(value, str) else _compact(value)


def _of_permissions(permissions: dict[str, Any]) -> Iterator[Item]:
    for key, value in permissions.items():
        if key in _TIGHTER or (key == "defaultMode" and value in _TIGHTER_MODES):
            continue
        name = {"allow": "permits", "additionalDirectories": "permits folder"}.get(key)
        if key == "defaultMode":
            yield "permission mode", str(value)
        elif name and isinstance(value, list):
            yield from ((name, str(one)) for one in value)
        else:
            yield f"permissions {key}", _compact(value)


def _of_hooks(hooks: dict[str, Any]) -> Iterator[Item]:
    for event, groups in hooks.items():
        for group in groups if isinstance(groups, list) else [groups]:
            listed = group.get("hooks") if isinstance(group, dict) else None
            for hook in listed if isinstance(listed, list) else [group]:
                plain = isinstance(hook, dict) and set(hook) <= {"type", "command", "timeout"}
                yield f"hook {event}", str(hook.get("command")) if plain else _compact(hook)


def _of_servers(path: Path) -> Iterator[Item]:
    said = _json(path)
    if said is not None:
        yield from _servers_in(said, str(path))


def _servers_in(said: Any, path: str) -> Iterator[Item]:
    servers = said.get("mcpServers") if isinstance(said, dict) else None
    if not isinstance(servers, dict):
        yield f"servers of {path}", _compact(said)
        return
    for name, server in servers.items():
        yield f"MCP server {name} of {path}", _compact(server)


def _of_definitions(folder: Path) -> Iterator[Item]:
    """Agents, skills and commands that may run or permit something by themselves."""
    seen = 0
    for kind in ("agents", "skills", "commands"):
        for path in sorted((folder / kind).rglob("*.md")):
            seen += 1
            if seen > _MOST_FILES:
                yield "definitions", f"more than {_MOST_FILES} files"
                return
            text = _text(path)
            if text is not None and _POWERS.search(text):
                digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
                yield f"{kind} {path.relative_to(folder / kind)}", f"may run or permit ({digest})"


def _json(path: Path) -> Any:
    """What a file says: None where there is none, a text where it cannot be read."""
    text = _text(path)
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return f"{path} cannot be read as JSON"


def _text(path: Path) -> str | None:
    """A regular file's text, bounded: what it is too long to be shown in is told as that."""
    try:
        with os.fdopen(open_any(path), "rb") as file:
            content = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if len(content) > _LARGEST:
        return f"has more than {_LARGEST:,} bytes"
    return content.decode("utf-8-sig", "replace")


# -- items ---------------------------------------------------------------------------------------


def _compact(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _shown(name: str, what: str) -> str:
    """As the user is shown it; what may be a secret is left out, and counts all the same."""
    if name.startswith("variable ") and _SECRET.search(name):
        return "..."
    if name.startswith("MCP server "):
        what = shown_server(what)
    if len(what) > _LONGEST_SHOWN:
        return f"{what[:_LONGEST_SHOWN]} (and {len(what) - _LONGEST_SHOWN:,} characters more)"
    return what


def digest_of(*texts: str) -> str:
    """Of some texts, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _accepted(state: Path) -> dict[str, list[str]]:
    """Digests of accepted items, by project; nothing where that cannot be read."""
    try:
        said = json.loads(read_own(state / ACCEPTED, _LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    return {str(key): value for key, value in said.items() if isinstance(value, list)}
