"""What a project's template asks for beyond a prompt, and whether the user has confirmed that.

The rule: an allow list of options that raise nothing; whatever else stands in a template that came
with a project must be confirmed first, or given by the user in its place. What is confirmed is the
whole file as it is: another prompt with the same permissions is another thing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from claude_widget.templates.errors import TemplateNotConfirmed
from claude_widget.templates.template import Template
from claude_widget.trust import accept, digest_of, is_accepted

Demand = tuple[str, str]
"""An option, and its value as a user is shown it."""
_LONGEST_SHOWN = 4_000
_HARMLESS = frozenset(
    {
        *("append_system_prompt", "disallowed_tools", "effort", "idle_timeout", "keep_open"),
        *("max_budget_usd", "max_cpu", "max_cpu_seconds", "max_memory", "max_processes"),
        *("max_temp_size", "max_turns", "model", "name", "on_failure", "priority"),
        *("required_mcp_servers", "retries", "schema", "system_prompt", "timeout"),
    }
)
"""Options that permit nothing, start nothing and reach no further than a prompt does."""
_HARMLESS_VALUES: Mapping[str, Callable[[Any], bool]] = {
    "permission_mode": lambda value: value in ("default", "plan", "dontAsk"),
    "permissions": lambda value: value in ("ask", "deny"),
    "sandbox": lambda value: value is True or value in ("cli", "bubblewrap"),
    "trust_project": lambda value: value is False,
    "worktree": lambda value: value is True,
    "fork_session": lambda value: value is False,
    "expand": lambda value: value is False,
    "apply_changes": lambda value: value is False,
}
"""Of other options the values that only restrict."""


def demands(template: Template, given: Collection[str] = ()) -> list[Demand]:
    """The options of a template that raise what an execution may do.

    Args:
        template: from anywhere; what is the user's own asks for nothing.
        given: names of options that the user gives, which count in place of the template's.

    Returns:
        Each as (option, its value as JSON), in the template's order.
    """
    if template.scope != "project":
        return []
    return [
        (name, _shown(value))
        for name, value in template.options.items()
        if name not in given and not _is_harmless(name, value)
    ]


def check_confirmed(template: Template, given: Collection[str], state: Path) -> None:
    """See that a project's template raises nothing that the user does not know of.

    Args:
        template: what is to be started.
        given: names of options that the user gives.
        state: the state folder, which knows what was confirmed.

    Raises:
        TemplateNotConfirmed: it does.
    """
    found = demands(template, given)
    project = template.project_path or ""
    if not found or is_accepted(state, project, _item(template)):
        return
    raise TemplateNotConfirmed(
        project, found, _item(template), name=template.name, template_path=template.path or ""
    )


def confirm(template: Template, state: Path) -> None:
    """Remember that the user has confirmed a template as it is now."""
    if template.project_path is not None:
        accept(state, template.project_path, [_item(template)])


def _item(template: Template) -> str:
    return digest_of("template", template.name, template.digest)


def _is_harmless(name: str, value: Any) -> bool:
    if name in _HARMLESS:
        return True
    restricts = _HARMLESS_VALUES.get(name)
    return restricts is not None and restricts(value)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    more = len(text) - _LONGEST_SHOWN
    return text if more <= 0 else f"{text[:_LONGEST_SHOWN]} (and {more:,} characters more)"
