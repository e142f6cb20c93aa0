"""The public names: fixed, all there, all documented.

The rule: notebooks and other people's checks call these; a name may be added here, never removed.
"""

from __future__ import annotations

import inspect

import claude_widget
from claude_widget import Execution, ProcessManager

NAMES = {
    "ProcessManager",
    "Execution",
    "ExecutionInfo",
    "ExecutionRequest",
    "ExecutionStatus",
    "ClaudeWidget",
    "ClaudeWidgetError",
    "PermissionRequest",
    "Allow",
    "Deny",
    "doctor",
}
START = ["query", "project_path", "session_id", "mcp_config", "model"]
OPTIONS = {
    "name",
    "fork_session",
    "keep_open",
    "effort",
    "permission_mode",
    "permissions",
    "allowed_tools",
    "disallowed_tools",
    "system_prompt",
    "append_system_prompt",
    "add_dirs",
    "setting_sources",
    "max_turns",
    "max_budget_usd",
    "env",
    "extra_args",
}
MANAGER = {
    "start_execution",
    "get_execution",
    "get_all_executions",
    "get_active_executions",
    "kill_execution",
    "cleanup_execution",
    "subscribe",
    "close",
}
EXECUTION = {
    "execution_id",
    "status",
    "info",
    "result",
    "events",
    "wait",
    "raise_for_status",
    "kill",
    "interrupt",
    "send",
    "end",
    "__await__",
}


def test_the_package_exports_them() -> None:
    assert set(claude_widget.__all__) >= NAMES
    for name in claude_widget.__all__:
        assert hasattr(claude_widget, name)


def test_exported_things_are_documented() -> None:
    for name in claude_widget.__all__:
        if name != "__version__":
            assert inspect.getdoc(getattr(claude_widget, name)), name


def test_start_execution_has_the_fixed_parameters() -> None:
    parameters = inspect.signature(ProcessManager.start_execution).parameters
    names = list(parameters)
    assert names[1 : 1 + len(START)] == START
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    assert takes_any or set(names) >= OPTIONS
    assert parameters["project_path"].default == "."


def test_manager_has_the_fixed_members() -> None:
    assert list(inspect.signature(ProcessManager).parameters)[:3] == [
        "state_dir",
        "cli_path",
        "max_concurrency",
    ]
    for name in MANAGER:
        assert inspect.getdoc(getattr(ProcessManager, name)), name


def test_execution_has_the_fixed_members() -> None:
    for name in EXECUTION:
        assert hasattr(Execution, name), name


def test_the_extension_loads_by_the_package_name() -> None:
    assert callable(claude_widget.load_ipython_extension)
