"""From the arguments of a start to a validated `ExecutionRequest`.

The rule: everything that can be found wrong before anything is started is found here, and said
with the argument's name. It looks at files (does the project exist?) and changes none.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from claude_widget.dependencies.variables import settle
from claude_widget.errors import InvalidRequest
from claude_widget.mcp.config import load_mcp_config
from claude_widget.models import ExecutionRequest
from claude_widget.outputs.checking import asked_schema
from claude_widget.quantities import PRIORITY, above_zero, count
from claude_widget.recordings.modes import check_mode

LONGEST_QUERY = 9_000_000
"""Bytes. A stdin message above 10 MB sends the CLI into a crash loop (its changelog, 2.1.128)."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_LISTS = (
    "allowed_tools",
    "disallowed_tools",
    "add_dirs",
    "setting_sources",
    "extra_args",
    "env_allow",
    "required_mcp_servers",
    "inputs",
)
_ABOVE_ZERO = ("max_budget_usd", "timeout", "idle_timeout", "max_cpu", "max_cpu_seconds")
_FLAGS = {"a": re.ASCII, "i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
_SOURCES = ("user", "project", "local")
_ARGUMENTS = ("query", "project_path", "session_id", "mcp_config", "mcp_config_path", "model")
OPTIONS = tuple(
    sorted(
        {field.alias or name for name, field in ExecutionRequest.model_fields.items()}
        - set(_ARGUMENTS)
    )
)
"""Names of the options of a start, beside its named arguments."""


def build_request(
    query: str,
    project_path: str | os.PathLike[str] = ".",
    session_id: str | None = None,
    mcp_config: str | Path | Mapping[str, Any] | None = None,
    model: str | None = None,
    **options: Any,
) -> ExecutionRequest:
    """Validate what a start asks for.

    Raises:
        InvalidRequest: with the argument that is wrong.
    """
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise _unknown_option(unknown[0])
    project = resolve_folder("project_path", project_path)
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    given |= {
        "query": clean_query(query),
        "project_path": _argument("project_path", project),
        "session_id": _session(_text("session_id", session_id)),
        "model": _text("model", model),
    }
    if mcp_config is not None and mcp_config != "":
        given["mcp_config"], given["mcp_config_path"] = load_mcp_config(mcp_config, project)
    _normalise(given)
    settle(given)
    given["query"] = clean_query(given["query"])
    _check_session(given)
    _check_settings(given)
    try:
        return ExecutionRequest.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "request"
        raise InvalidRequest(f"{field}: {first['msg']}.", field=field) from None


def _unknown_option(name: str) -> InvalidRequest:
    return InvalidRequest(
        f"There is no option {name!r}.",
        field=name,
        hint="Options are: " + ", ".join(OPTIONS) + ".",
    )


def _normalise(given: dict[str, Any]) -> None:
    for name in _LISTS:
        if name in given:
            given[name] = _strings(name, given[name])
    if "add_dirs" in given:
        folders = (resolve_folder("add_dirs", folder) for folder in given["add_dirs"])
        given["add_dirs"] = tuple(_argument("add_dirs", folder) for folder in folders)
    for name, convert in _CONVERTED.items():
        if name in given:
            given[name] = convert(given[name])
    if given.get("trust_project") is False:
        sources = given.get("setting_sources", _SOURCES)
        given["setting_sources"] = tuple(source for source in sources if source == "user")
    for name in ("name", "system_prompt", "append_system_prompt"):
        if isinstance(given.get(name), str):
            given[name] = _SURROGATES.sub("\ufffd", given[name])


def clean_query(query: str) -> str:
    """The query with lone surrogates replaced: one of them would brick the CLI's session.

    Raises:
        InvalidRequest: it is no text, blank, or too long to send.
    """
    if not isinstance(query, str):
        raise InvalidRequest(f"The query must be text, not {type(query).__name__}.", field="query")
    query = _SURROGATES.sub("\ufffd", query)
    if not query.strip():
        raise InvalidRequest("The query is blank.", field="query", hint="Say what Claude is to do.")
    size = len(query.encode())
    if size > LONGEST_QUERY:
        raise InvalidRequest(
            f"The query has {size:,} bytes; the CLI takes at most {LONGEST_QUERY:,}.",
            field="query",
            hint="Put the text into a file and name the file.",
        )
    return query


def resolve_folder(field: str, given: str | os.PathLike[str]) -> Path:
    """An existing folder, absolute and without links: the CLI binds sessions to that path.

    Raises:
        InvalidRequest: it is missing or no folder.
    """
    text = _argument(field, given)
    if not text.strip():
        raise InvalidRequest(f"{field} is blank.", field=field)
    try:
        path = Path(text).expanduser().absolute()
        if not path.exists():
            raise InvalidRequest(f"{field}: {path} does not exist.", field=field)
        if not path.is_dir():
            raise InvalidRequest(f"{field}: {path} is not a folder.", field=field)
        return path.resolve()
    except (OSError, RuntimeError) as error:  # no such home, not allowed, too long
        raise InvalidRequest(f"{field}: {text}: {error}.", field=field) from None


def _text(field: str, value: str | None) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidRequest(f"{field} must be text, not {type(value).__name__}.", field=field)
    if not value.strip():
        return None
    if any(ord(character) < 32 for character in value):
        raise InvalidRequest(f"{field} holds control characters.", field=field)
    return _argument(field, value.strip())


def check_name(name: object) -> None:
    """Refuse a name that is no text, of what is no execution itself.

    Raises:
        InvalidRequest: it is something else; None is no name.
    """
    if name is not None and not isinstance(name, str):
        raise InvalidRequest(f"name must be text, not {type(name).__name__}.", field="name")


def _session(given: str | None) -> str | None:
    """A session's id or title, never a file: the CLI would resume from whatever it holds."""
    if given is not None and ("/" in given or "\\" in given or given.endswith(".jsonl")):
        raise InvalidRequest(
            "session_id must be a session's id, not a file.",
            field="session_id",
            hint="`claude --resume` and the dashboard list the sessions of a project.",
        )
    return given


def _argument(field: str, value: Any) -> str:
    """Text that a process can be started with, from text or a path."""
    try:
        text = os.fspath(value)
        # Strict, since a transcript is UTF-8: bytes of a path that are not come as surrogates.
        if isinstance(text, str) and b"\0" not in text.encode("utf-8"):
            return text
        problem = "holds a NUL character" if isinstance(text, str) else "is bytes"
    except TypeError:
        problem = f"must be text, not {type(value).__name__}"
    except UnicodeEncodeError:
        problem = "is not UTF-8"
    raise InvalidRequest(f"{field} {problem}.", field=field)


def _strings(field: str, value: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(value, (str, os.PathLike)):
        return (_argument(field, value),)
    if not isinstance(value, Iterable):
        raise InvalidRequest(f"{field} must be a list, not {type(value).__name__}.", field=field)
    return tuple(_argument(field, item) for item in value)


def _permissions(given: Any) -> str:
    if callable(given):
        return "callable"
    if given in ("ask", "deny"):
        return str(given)
    raise InvalidRequest(
        "permissions must be 'ask', 'deny', or a callable that gets the request and decides.",
        field="permissions",
    )


def _environment(env: Any) -> dict[str, str]:
    """The variables, without saying what is in them."""
    if not isinstance(env, Mapping):
        raise InvalidRequest(f"env must be a dict, not {type(env).__name__}.", field="env")
    for name, value in env.items():
        if not isinstance(name, str) or not name or "=" in name:
            raise InvalidRequest(f"env: {name!r} is no variable's name.", field="env")
        if not isinstance(value, str):
            raise InvalidRequest(f"env: the value of {name!r} must be text.", field="env")
        _argument("env", name)
        _argument("env", value)
    return dict(env)


def _sandbox(given: Any) -> Any:
    """Who isolates: True is the CLI itself, and so are settings of its own; False is nobody."""
    if isinstance(given, Mapping):
        try:
            return json.loads(json.dumps(dict(given), allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidRequest(f"sandbox is not JSON: {error}.", field="sandbox") from None
    if given is True or given is False:
        return "cli" if given else None
    if given in ("cli", "bubblewrap"):
        return given
    raise InvalidRequest(
        "sandbox must be True or 'cli', 'bubblewrap', or settings of the CLI's own sandbox.",
        field="sandbox",
    )


def _key(given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise InvalidRequest("key must be text that is not blank.", field="key")
    return _SURROGATES.sub("\ufffd", given)


def _patterns(given: Any) -> tuple[str, ...]:
    """Regular expressions as text; those that are compiled keep their flags."""
    if isinstance(given, (str, re.Pattern)):
        given = (given,)
    if not isinstance(given, Iterable):
        raise InvalidRequest(
            f"key_ignore must be a list, not {type(given).__name__}.", field="key_ignore"
        )
    return tuple(_pattern(one) for one in given)


def _pattern(given: Any) -> str:
    try:
        compiled = re.compile(given)
        if isinstance(compiled.pattern, str):
            return _with_flags(compiled) if isinstance(given, re.Pattern) else compiled.pattern
        problem = "it is for bytes"
    except (re.error, TypeError, RecursionError, OverflowError) as error:
        problem = str(error)
    raise InvalidRequest(
        f"key_ignore: {given!r} is no regular expression: {problem}.", field="key_ignore"
    )


def _with_flags(pattern: re.Pattern[str]) -> str:
    flags = "".join(letter for letter, flag in _FLAGS.items() if pattern.flags & flag)
    text = f"(?{flags}:{pattern.pattern}\n)" if "x" in flags else f"(?{flags}:{pattern.pattern})"
    try:
        return re.compile(text).pattern if flags else pattern.pattern
    except re.error:  # its flags stand in front of its text, where they must stay
        return pattern.pattern


def _size(field: str, given: Any) -> Any:
    """Bytes, or such as '2 GB', which the model reads."""
    return given if isinstance(given, str) else count(field, given, least=1)


def _ids(after: Any) -> tuple[str, ...]:
    many = [after] if isinstance(after, str) or hasattr(after, "execution_id") else after
    if isinstance(many, Mapping) or not isinstance(many, Iterable):
        many = [many]
    return tuple(dict.fromkeys(map(_one_id, many)))


def _one_id(named: Any) -> str:
    found = getattr(named, "execution_id", named)
    if isinstance(found, str):
        return found
    if named is None:
        hint = "A row of a batch that has not started yet is None: wait for the batch first."
    elif hasattr(named, "executions"):
        hint = "Give all executions of a batch: after=batch.executions."
    elif isinstance(named, Mapping):
        hint = "Give all executions of a pipeline: after=pipeline.values()."
    else:
        hint = "Give executions, or their ids."
    kind = type(named).__name__
    raise InvalidRequest(f"after must name executions, not {kind}.", field="after", hint=hint)


def _id(execution: Any) -> str:
    found = getattr(execution, "execution_id", execution)
    if isinstance(found, str) and found:
        return found
    raise InvalidRequest("continues must be an execution, or its id.", field="continues")


def _check_session(given: Mapping[str, Any]) -> None:
    named = [name for name in ("session_id", "continues") if given.get(name) is not None]
    if len(named) == 2:
        raise InvalidRequest(
            "session_id and continues both name a session.", field="continues", hint="Give one."
        )
    if given.get("fork_session") and not named:
        raise InvalidRequest(
            "fork_session needs a session to fork.",
            field="fork_session",
            hint="Give session_id, or continues.",
        )


def _check_settings(given: Mapping[str, Any]) -> None:
    """The CLI takes one --settings: a second would undo the sandbox in silence."""
    if given.get("sandbox") in (None, "bubblewrap"):
        return
    if any(argument.split("=")[0] == "--settings" for argument in given.get("extra_args", ())):
        raise InvalidRequest(
            "extra_args has --settings, and so has the CLI's own sandbox.",
            field="extra_args",
            hint="Put them into a settings file, or give sandbox={...} what is of the sandbox.",
        )


def check_root(request: ExecutionRequest) -> None:
    """The CLI refuses this combination; saying so first is clearer than its exit code.

    Raises:
        InvalidRequest: it would be refused.
    """
    if request.permission_mode != "bypassPermissions" or os.geteuid() != 0:
        return
    if "IS_SANDBOX" in request.env or "IS_SANDBOX" in os.environ:
        return
    raise InvalidRequest(
        "Claude Code refuses bypassPermissions for root.",
        field="permission_mode",
        hint="Run as another user, or set env={'IS_SANDBOX': '1'} if this machine is a sandbox.",
    )


_CONVERTED: dict[str, Callable[[Any], Any]] = {
    "permissions": _permissions,
    "schema": asked_schema,
    "env": _environment,
    "sandbox": _sandbox,
    "after": _ids,
    "continues": _id,
    "key": _key,
    "key_ignore": _patterns,
    "mode": lambda given: check_mode(given, "mode"),
    "priority": lambda given: count("priority", given, least=-PRIORITY, most=PRIORITY),
    "retries": lambda given: count("retries", given, least=0, most=20),
    "max_memory": lambda given: _size("max_memory", given),
    "max_temp_size": lambda given: _size("max_temp_size", given),
    **{name: partial(count, name, least=1) for name in ("max_turns", "max_processes")},
    **{name: partial(above_zero, name) for name in _ABOVE_ZERO},
}
