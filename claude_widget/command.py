"""What the CLI is started with: its arguments, its environment, and its first lines of input.

The rule: from a request to argv, env and stdin, and nothing else; no process is started here and
no state is read. A user's text never becomes an argument of its own: the prompt goes over stdin,
system prompts and MCP configurations go into files of the run folder, and every other value is
written as `--flag=value`, so that none can be taken for an option.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claude_widget.models import ExecutionRequest

MARK = "CLAUDE_WIDGET_EXECUTION"
"""In the environment of the CLI and of everything below it: the id of its execution."""

INITIALIZE_ID = "initialize"

NEEDED = frozenset(
    {"PATH", "HOME", "CLAUDE_CONFIG_DIR", "LANG", "LC_ALL", "LC_CTYPE", "USER", "SHELL", "TZ"}
)
"""What the CLI is left with when `env_allow` is given. Without PATH its tools find no programs
(2.1.330), without HOME and CLAUDE_CONFIG_DIR it finds neither settings nor login; the others say
how text, names and times are meant, and none of them is a secret."""

_NESTING = frozenset(
    {
        # A CLI that finds these takes itself for a part of another session: it refuses, hangs, or
        # saves no session file (anthropics/claude-code issues 25803, 32618, 39449).
        "CLAUDECODE",
        "CLAUDE_CODE_ENTRYPOINT",
        "CLAUDE_CODE_SESSION_ID",
        "CLAUDE_CODE_CHILD_SESSION",
        "CLAUDE_CODE_PARENT_SESSION_ID",
        "CLAUDE_CODE_SSE_PORT",
        "CLAUDE_CODE_EXECPATH",
        "CLAUDE_CODE_TMPDIR",
        "CLAUDE_CODE_REMOTE",
        "CLAUDE_CODE_REMOTE_SESSION_ID",
        "CLAUDE_CODE_SIMPLE",
        "CLAUDE_AGENT_SDK_VERSION",
        "CLAUDE_AGENT_SDK_CLIENT_APP",
        # What belongs to this kernel, not to a kernel that the agent may start.
        "JPY_PARENT_PID",
        "JPY_SESSION_NAME",
        "JPY_INTERRUPT_EVENT",
        MARK,
    }
)


def arguments(cli: str, request: ExecutionRequest, folder: Path) -> list[str]:
    """The CLI's argv; the first item is the executable.

    Args:
        cli: path of the executable.
        request: what was asked for.
        folder: the run folder, where `write_files` has put the files that are named here.
    """
    argv = [
        cli,
        "--print",
        "--output-format=stream-json",
        "--input-format=stream-json",
        "--verbose",
        "--include-partial-messages",
    ]
    if request.permissions != "deny":  # without it the CLI denies what nothing permits
        argv.append("--permission-prompt-tool=stdio")
    values: list[tuple[str, object]] = [
        ("--resume", request.session_id),
        ("--model", request.model),
        ("--effort", request.effort),
        ("--permission-mode", request.permission_mode),
        ("--max-turns", request.max_turns),
        ("--max-budget-usd", request.max_budget_usd),
        ("--allowedTools", ",".join(request.allowed_tools) or None),
        ("--disallowedTools", ",".join(request.disallowed_tools) or None),
    ]
    argv += [f"{flag}={value}" for flag, value in values if value is not None]
    if request.fork_session:
        argv.append("--fork-session")
    if request.setting_sources is not None:
        argv.append("--setting-sources=" + ",".join(request.setting_sources))
    if request.output_schema is not None:
        argv.append("--json-schema=" + json.dumps(request.output_schema))
    if request.sandbox not in (None, "bubblewrap"):
        argv.append("--settings=" + json.dumps({"sandbox": _own_sandbox(request.sandbox)}))
    argv += [f"--{flag}={folder / name}" for flag, name, _ in _files(request)]
    argv += [f"--add-dir={path}" for path in request.add_dirs]
    return argv + list(request.extra_args)


def _own_sandbox(asked: Any) -> dict[str, Any]:
    """Settings of the CLI's own sandbox (2.1.330).

    Where it cannot be had, the CLI then refuses to start, and no command may be run outside of it,
    whatever an agent or a project says.
    """
    given = asked if isinstance(asked, dict) else {}
    held = {"enabled": True, "failIfUnavailable": True, "allowUnsandboxedCommands": False}
    return {**given, **held}


def _files(request: ExecutionRequest) -> list[tuple[str, str, str]]:
    """Values that go by file: flag, file name, content."""
    files = [
        ("system-prompt-file", "system_prompt.md", request.system_prompt),
        ("append-system-prompt-file", "append_system_prompt.md", request.append_system_prompt),
        (
            "mcp-config",
            "mcp.json",
            None if request.mcp_config is None else json.dumps(request.mcp_config),
        ),
    ]
    return [(flag, name, text) for flag, name, text in files if text is not None]


def files(request: ExecutionRequest) -> dict[str, bytes]:
    """The files of the run folder that `arguments` names, to be written with mode 0600."""
    return {name: text.encode("utf-8", "replace") for _, name, text in _files(request)}


def environment(
    request: ExecutionRequest, execution_id: str, scratch: Path, inherited: Mapping[str, str]
) -> dict[str, str]:
    """The CLI's environment.

    Args:
        request: its `env` wins over everything but the execution's mark.
        execution_id: goes into the mark.
        scratch: the CLI's own temp folder.
        inherited: the kernel's environment.
    """
    env = {
        name: value
        for name, value in inherited.items()
        if name not in _NESTING and _is_allowed(name, request.env_allow)
    }
    if env.get("MPLBACKEND", "").startswith("module://matplotlib_inline"):
        del env["MPLBACKEND"]  # the kernel's own; a script of the agent's cannot import it
    env |= {
        "CLAUDE_CODE_ENTRYPOINT": "sdk-py",
        "CLAUDE_AGENT_SDK_CLIENT_APP": "claude_widget",
        "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS": "1",
        "CLAUDE_CODE_STARTUP_FAILURE_RESULTS": "1",
        "CLAUDE_CODE_TMPDIR": str(scratch),
        "DISABLE_AUTOUPDATER": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "PWD": request.project_path,
    }
    if request.sandbox not in (None, "bubblewrap"):
        env["TMPDIR"] = str(scratch)  # its proxy's sockets lie there, and their paths must be short
    return {**env, **request.env, MARK: execution_id}


def _is_allowed(name: str, allowed: tuple[str, ...] | None) -> bool:
    """Whether a variable is inherited; an item with a * at its end allows what begins so."""
    return (
        allowed is None
        or name in NEEDED
        or any(
            name.startswith(item[:-1]) if item.endswith("*") else name == item for item in allowed
        )
    )


def prompt_line(request: ExecutionRequest) -> bytes:
    """The prompt as a line of stdin, after `INITIALIZE_LINE`."""
    return _line(user_message(request.query, expand=request.expand))


def user_message(text: str, *, expand: bool = False) -> dict[str, Any]:
    """A prompt as the CLI takes it over stdin.

    Args:
        text: the prompt.
        expand: False has the CLI take it as written (`client_composed`), a leading `/` and `@path`
            included.
    """
    message: dict[str, Any] = {
        "type": "user",
        "message": {"role": "user", "content": text},
        "parent_tool_use_id": None,
        "session_id": "default",
        "uuid": str(uuid.uuid4()),
    }
    if not expand:
        message["client_composed"] = True
    return message


def _line(frame: dict[str, Any]) -> bytes:
    return json.dumps(frame, separators=(",", ":")).encode("ascii")


INITIALIZE_LINE = _line(
    {
        "type": "control_request",
        "request_id": INITIALIZE_ID,
        "request": {"subtype": "initialize", "forwardSubagentText": True},
    }
)
"""What goes to stdin first."""
