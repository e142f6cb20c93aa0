"""What a project's template may ask for: nothing that the user has not confirmed as it stands.

The rule: every option that is not known to be harmless asks, and a changed file asks again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import ConfirmationNeeded
from claude_widget.templates.demands import check_confirmed, confirm, demands
from claude_widget.templates.errors import TemplateNotConfirmed
from claude_widget.templates.folders import find_template, save_template
from claude_widget.templates.reading import write_template
from claude_widget.templates.template import TEMPLATE_OPTIONS, Template, make_template
from tests.project_templates import write


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("CLAUDE_WIDGET_TEMPLATES", str(folder))
    return folder


RAISING: dict[str, Any] = {
    "permission_mode": "bypassPermissions",
    "allowed_tools": ["Bash"],
    "add_dirs": ["/"],
    "mcp_config": {"mcpServers": {"a": {"command": "sh"}}},
    "env": {"PATH": "."},
    "env_allow": ["*"],
    "sandbox": False,
    "setting_sources": [],
    "extra_args": ["--dangerously-skip-permissions"],
    "trust_project": True,
    "permissions": "callable",
    "session_id": "s",
    "project_path": "/",
    "apply_changes": True,
    "expand": True,
    "mode": "record",
    "inputs": ["/etc/*"],
}


def from_project(project: Path, **options: Any) -> Template:
    template = make_template("Do it", name="do", options=options)
    write(project, "do.md", write_template(template))
    return find_template("do", project)


@pytest.mark.parametrize("option", RAISING)
def test_a_projects_template_cannot_raise_what_it_may(
    project: Path, own: Path, tmp_path: Path, option: str
) -> None:
    template = from_project(project, **{option: RAISING[option]})
    assert [name for name, _ in demands(template)] == [option]
    with pytest.raises(TemplateNotConfirmed) as caught:
        check_confirmed(template, (), tmp_path)
    assert isinstance(caught.value, ConfirmationNeeded)
    assert caught.value.servers[0][0] == option
    assert option in caught.value.message
    check_confirmed(template, {option}, tmp_path)


def test_options_that_raise_nothing_need_nobody(project: Path, own: Path, tmp_path: Path) -> None:
    template = from_project(
        project,
        model="opus",
        permission_mode="plan",
        permissions="deny",
        sandbox="bubblewrap",
        trust_project=False,
        max_turns=3,
        timeout=60,
        disallowed_tools=["Bash"],
    )
    assert demands(template) == []
    check_confirmed(template, (), tmp_path)


def test_every_option_that_is_not_known_to_be_harmless_asks() -> None:
    odd: Any = object()
    template = make_template("x", options=dict.fromkeys(TEMPLATE_OPTIONS, odd), scope="project")
    asked = {name for name, _ in demands(template)}
    harmless = TEMPLATE_OPTIONS - asked
    assert set(RAISING) <= asked
    assert (
        harmless
        == {
            "append_system_prompt",
            "disallowed_tools",
            "effort",
            "idle_timeout",
            "keep_open",
            "max_budget_usd",
            "max_cpu",
            "max_cpu_seconds",
            "max_memory",
            "max_processes",
            "max_temp_size",
            "max_turns",
            "model",
            "name",
            "on_failure",
            "priority",
            "required_mcp_servers",
            "retries",
            "schema",
            "system_prompt",
            "timeout",
        }
        & TEMPLATE_OPTIONS
    )


def test_what_was_confirmed_is_asked_again_when_the_file_changes(
    project: Path, own: Path, tmp_path: Path
) -> None:
    template = from_project(project, allowed_tools=["Bash"])
    confirm(template, tmp_path)
    check_confirmed(template, (), tmp_path)
    check_confirmed(find_template("do", project), (), tmp_path)
    changed = write(project, "do.md", write_template(template).replace("Do it", "Do worse"))
    with pytest.raises(TemplateNotConfirmed):
        check_confirmed(find_template("do", project), (), tmp_path)
    changed.rename(changed.with_name("other.md"))
    with pytest.raises(TemplateNotConfirmed):
        check_confirmed(find_template("other", project), (), tmp_path)


def test_the_users_own_templates_ask_for_nothing(project: Path, own: Path, tmp_path: Path) -> None:
    made = make_template("Do it", name="do", options={"permission_mode": "bypassPermissions"})
    check_confirmed(save_template(made, project, "user"), (), tmp_path)
    check_confirmed(made, (), tmp_path)


def test_a_long_demand_is_shown_in_part(project: Path, own: Path) -> None:
    ((_, shown),) = demands(from_project(project, env={"A": "x" * 10_000}))
    assert len(shown) < 5_000
    assert "characters more" in shown
