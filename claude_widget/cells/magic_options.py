"""The options of `%claude_exec`: read off the front of a line, and as a start takes them.

The rule: from text to arguments, and nothing is started. What is wrong is a `UsageError` about that
line alone.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError

from claude_widget.dependencies.variables import has_executions
from claude_widget.prompts import fill_prompt, names_in

_WORD = re.compile(r"\s*((?:[^\s'\"\\]|\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\")+)")
_COMMA_SEPARATED = (
    "allowed_tools",
    "disallowed_tools",
    "required_mcp_servers",
    "setting_sources",
    "env_allow",
    "inputs",
)
_OF_THE_CELL = ("wait", "raw", "manager", "template", "set", "models", "repeat", "score")
"""Options that a start does not take."""
_FLAGS = ("keep_open", "expand", "fork_session", "apply_changes", "worktree")
"""Options that say nothing unless they are given."""
_ONE_NAME = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def split_options(parser: argparse.ArgumentParser, text: str) -> tuple[list[str], str]:
    """The options at the front of a line, and the rest of it untouched.

    Args:
        parser: knows which options there are and which of them take a value.
        text: `--model opus Don't split this`. `--` ends the options.

    Returns:
        Words for the parser, each option one word with its value, so that no value can be taken for
        an option; and the prompt.

    Raises:
        UsageError: an option that there is not, or one without its value.
    """
    words: list[str] = []
    rest = text
    known = parser._option_string_actions  # noqa: SLF001 - argparse has no other
    while (found := _WORD.match(rest)) and found[1].startswith("-"):
        flag, has_value, value = found[1].partition("=")
        rest = _after(rest, found)
        if found[1] == "--":
            return words, rest.lstrip(" \t")
        action = known.get(flag)
        if action is None:
            raise UsageError(
                f"There is no option {flag}. `%claude_exec?` lists them; `--` before a prompt that "
                "begins with a dash."
            )
        name = action.option_strings[0]
        if action.nargs == 0:
            if has_value:
                raise UsageError(f"{flag} takes no value.")
            words.append(name)
            continue
        if not has_value:
            given = _WORD.match(rest)
            if given is None:
                problem = "closes no quote" if rest.strip() else "needs a value"
                raise UsageError(f"{flag} {problem}.")
            value, rest = given[1], _after(rest, given)
            if value.partition("=")[0] in known and name != "--extra-arg":
                said = f"{flag} needs a value, and {value} is an option"
                raise UsageError(f"{said}; {flag}={value} if it is meant.")
        words.append(f"{name}={''.join(shlex.split(value))}")
    return words, rest.lstrip(" \t") if words else text


def _after(text: str, word: re.Match[str]) -> str:
    """What follows a word; a word that stops within a quote is refused."""
    rest = text[word.end() :]
    if rest and not rest[0].isspace():
        raise UsageError(f"The quote is not closed: {rest.splitlines()[0][:80]}")
    return rest


def arguments_of(options: dict[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Of the options those that a start takes, in the form that it takes.

    Args:
        options: as they were parsed.
        names: the notebook's variables.

    Raises:
        UsageError: one is not understood.
    """
    given = {key: value for key, value in options.items() if key not in _OF_THE_CELL}
    renamed = {"add_dir": "add_dirs", "extra_arg": "extra_args"}
    given = {renamed.get(key, key): value for key, value in given.items()}
    for key in _COMMA_SEPARATED:
        if given[key] is not None:
            given[key] = split_list(given[key], f"--{key.replace('_', '-')}")
    if given.pop("no_trust_project"):
        given["trust_project"] = False
    elif not given["trust_project"]:
        given["trust_project"] = None
    given["mode"] = mode_among(given)
    if given["env"] is not None:
        if not all("=" in pair for pair in given["env"]):  # not shown: it may be a secret
            raise UsageError("--env takes NAME=value.")
        given["env"] = dict(pair.split("=", 1) for pair in given["env"])
    for key, value in given.items():
        if value is not None and key in _MEANT:
            given[key] = _MEANT[key](value, names)
    return {key: value for key, value in given.items() if value is not None}


def _variable(given: str, names: Mapping[str, Any]) -> Any:
    """A variable's value; else the text itself, such as an id."""
    return names.get(given, given)


def _permissions(given: str, names: Mapping[str, Any]) -> Any:
    return given if given in ("ask", "deny") else _variable(given, names)


def _schema(given: str, names: Mapping[str, Any]) -> Any:
    """A variable's value, or JSON: the text itself, or what is in the file of that name."""
    if given in names:
        return names[given]
    try:
        text = given if given.lstrip().startswith("{") else Path(given).read_text("utf-8-sig")
        found = json.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(f"--schema is no file, JSON text or variable: {error}.") from None
    if not isinstance(found, dict):
        raise UsageError("--schema is no JSON object.")
    return found


_MEANT: Mapping[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "after": lambda given, names: [_variable(one, names) for one in given],
    "continues": _variable,
    "permissions": _permissions,
    "schema": _schema,
}
"""Options whose text may be the name of a variable."""


def filled_or_later(prompt: str, names: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A prompt that is filled; or as it is, with its variables, where it names executions.

    An execution that a prompt names is waited for, and the prompt is filled when it has completed.

    Args:
        prompt: as it stands in the cell.
        names: the notebook's variables.

    Returns:
        The prompt, and further arguments of the start.

    Raises:
        PromptError: it does not fill, or wants names that are not there.
    """
    wanted = {name: names[name] for name in names_in(prompt) if name in names}
    if has_executions(wanted):
        return prompt, {"variables": wanted}
    return fill_prompt(prompt, names), {}


def template_arguments(
    options: dict[str, Any], arguments: dict[str, Any], names: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a start with a template, whose options count where none was given here.

    `--set NAME=text` is text, and `{{ }}` in it is filled; `--set NAME={{variable}}` is the value
    of a variable itself, such as a list or an Execution.

    Args:
        options: as they were parsed.
        arguments: of the start.
        names: the notebook's variables.

    Raises:
        UsageError: --set is not understood.
        PromptError: a name in it is undefined.
    """
    given = {key: value for key, value in arguments.items() if key not in _FLAGS or value}
    pairs: Sequence[str] = options["set"] or ()
    values: dict[str, Any] = {}
    for pair in pairs:
        name, is_pair, text = pair.partition("=")
        if not is_pair or not name:
            raise UsageError(f"--set takes NAME=value, not {pair[:80]!r}.")
        if name in values:
            raise UsageError(f"--set {name} is there twice.")
        alone = _ONE_NAME.fullmatch(text.strip())
        known = alone is not None and alone[1] in names
        values[name] = names[alone[1]] if alone and known else fill_prompt(text, names)
    return {**given, "variables": values}


def mode_among(given: dict[str, Any]) -> str | None:
    """The mode that is asked for, taken out of the options; None if none is.

    Raises:
        UsageError: several are.
    """
    asked = [mode for mode in ("record", "replay", "live") if given.pop(mode)]
    if len(asked) > 1:
        raise UsageError(f"--{asked[0]} or --{asked[1]}, not both.")
    return asked[0] if asked else None


def split_list(text: str, option: str) -> list[str]:
    r"""Comma-separated items; commas within parentheses do not separate: `Read,Bash(a, (b))`.

    Args:
        text: the list. `\(` and `\)` are no parentheses.
        option: whose value it is.

    Raises:
        UsageError: a parenthesis has no counterpart.
    """
    items, item, depth = [], "", 0
    for piece in re.findall(r"\\.|.", text, re.DOTALL):
        depth += (piece == "(") - (piece == ")")
        if depth < 0:
            break
        if piece == "," and depth == 0:
            items.append(item)
            item = ""
        else:
            item += piece
    if depth != 0:
        raise UsageError(
            f"{option} {text}: a parenthesis is left open or never opened. Put a value with spaces "
            f"into quotes: {option} 'Read,Bash(git *)'."
        )
    return [item.strip() for item in (*items, item) if item.strip()]
