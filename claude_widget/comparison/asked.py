"""What a comparison asks for: which models, how often each, and where they work.

The rule: arguments in, a plan out; nothing is started. What is wrong is said with the argument's
name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from claude_widget.errors import InvalidRequest
from claude_widget.quantities import above_zero, count

MOST = 100
"""Executions of a comparison: all of them are told side by side."""
_WRITING_MODES = ("acceptEdits", "bypassPermissions", "auto")
_READING_TOOLS = ("Read", "Glob", "Grep", "LS", "WebFetch", "WebSearch", "TodoWrite")


class Start(NamedTuple):
    """One execution of a comparison.

    Attributes:
        model: that it asks for; None for the CLI's default.
        number: which one of that model it is, from 1.
    """

    model: str | None
    number: int


def starts_of(models: Any, repeat: Any, model: Any = None) -> tuple[Start, ...]:
    """The executions that are asked for: all of the first model first.

    Args:
        models: their names, or one name; None for one model.
        repeat: how often each.
        model: the one model, where `models` is None.

    Raises:
        InvalidRequest: there is nothing to compare, or an argument is wrong.
    """
    repeat = count("repeat", repeat, least=1)
    names = _names(models, model)
    if models is None and repeat == 1:
        raise InvalidRequest(
            "There is nothing to compare.",
            field="models",
            hint="Give models=['sonnet', 'opus'], repeat=2, or both.",
        )
    if len(names) * repeat > MOST:
        raise InvalidRequest(
            f"A comparison has at most {MOST} executions, not {len(names) * repeat:,}.",
            field="repeat",
            hint="manager.map runs as many as there are rows.",
        )
    return tuple(Start(name, number) for name in names for number in range(1, repeat + 1))


def _names(models: Any, model: Any) -> tuple[str | None, ...]:
    if models is None:
        return (model,)
    if model is not None:
        raise InvalidRequest(
            "model and models both name models.", field="models", hint="Give one of them."
        )
    given = [models] if isinstance(models, str) else models
    if not isinstance(given, Iterable) or isinstance(given, (bytes, Mapping)):
        raise InvalidRequest(
            f"models must be a list of names, not {type(models).__name__}.", field="models"
        )
    names: list[str | None] = []
    for one in given:
        if not isinstance(one, str) or not one.strip():
            raise InvalidRequest(
                f"models: {one!r} is no name of a model.",
                field="models",
                hint="'default' is the CLI's own.",
            )
        names.append(one.strip())
    if not names:
        raise InvalidRequest("models names none.", field="models", hint="models=['sonnet', 'opus']")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InvalidRequest(
            f"models: {twice[0]!r} is there twice.",
            field="models",
            hint="repeat=2 runs each of them twice.",
        )
    return tuple(names)


def check_score(score: object, seconds: Any) -> None:
    """Refuse what cannot score.

    Raises:
        InvalidRequest: no callable, or no time to run it in.
    """
    if score is not None and not callable(score):
        raise InvalidRequest(
            f"score must be a function of an execution, not {type(score).__name__}.", field="score"
        )
    above_zero("score_timeout", seconds)


def check_session(options: Mapping[str, Any]) -> None:
    """Refuse several executions at once in one session.

    Raises:
        InvalidRequest: they would share one.
    """
    named = [name for name in ("session_id", "continues") if options.get(name) is not None]
    if named and not options.get("fork_session"):
        raise InvalidRequest(
            "The executions of a comparison run at once, and cannot share a session.",
            field=named[0],
            hint="fork_session=True gives each a session of its own.",
        )


def check_ends(options: Mapping[str, Any]) -> None:
    """Refuse executions that stay after their turn.

    Raises:
        InvalidRequest: they would, and the comparison would never end.
    """
    if options.get("keep_open"):
        raise InvalidRequest(
            "The executions of a comparison are not kept open: it would never end.",
            field="keep_open",
            hint="execution.send(text) goes on with the session of one that has ended.",
        )


def may_write(options: Mapping[str, Any]) -> bool:
    """Whether executions with these options may change files, as far as can be told from them.

    A person or a callable may permit anything; a plan changes nothing.
    """
    mode = options.get("permission_mode")
    if mode == "plan":
        return False
    if mode in _WRITING_MODES:
        return True
    if mode != "dontAsk" and options.get("permissions") != "deny":
        return True
    given = options.get("allowed_tools") or ()
    tools = [given] if isinstance(given, str) else given
    names = (str(tool).partition("(")[0].strip() for tool in tools)
    return any(name not in _READING_TOOLS for name in names)


def named(
    options: Mapping[str, Any], start: Start, name: str | None, repeat: int
) -> dict[str, Any]:
    """The options of one of them: its name says which it is, and so does a key of the user's.

    Args:
        options: of all.
        start: which one.
        name: of the comparison, or None.
        repeat: how many there are of each model.
    """
    which = start.model or ""
    number = str(start.number) if repeat > 1 else ""
    found = dict(options)
    if name is not None:
        found["name"] = " ".join(filter(None, (name, which, number)))
    if isinstance(options.get("key"), str) and start.model is not None:
        found["key"] = f"{options['key']} {start.model}"
    return found
