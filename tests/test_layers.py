"""An import only points down: the layers of docs/design.md, held by walking the imports.

The rule: every module of the package is in exactly one layer; it imports its own layer or lower
ones. The shim shares nothing but what itself holds. Imports inside functions count as well.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "claude_widget"
LAYERS = (
    (
        "pure",
        {
            "blocks",
            "ended",
            "errors",
            "events",
            "history_errors",
            "markup",
            "model_choices",
            "models",
            "permissions",
            "patch_errors",
            "protocol",
            "recording_errors",
            "report",
            "report_markdown",
            "report_page",
            "report_style",
            "reports",
            "state",
        },
    ),
    (
        "formats",
        {
            "backend",
            "call_sites",
            "command",
            "delta_joining",
            "discovery",
            "encoded_text",
            "header",
            "history_entry",
            "history_filter",
            "mcp_choices",
            "mcp_config",
            "modes",
            "occurrences",
            "own_files",
            "owners",
            "personal_paths",
            "pins",
            "line_diff",
            "patch_fitting",
            "patch_reading",
            "patch_redaction",
            "patches",
            "prompts",
            "reach",
            "recording_format",
            "recording_key",
            "recording_run",
            "redaction",
            "request",
            "runtime",
            "said",
            "secret_shapes",
            "secret_values",
            "sessions",
            "snapshot",
            "state_folder",
            "transcript",
            "trust",
        },
    ),
    (
        "outside",
        {
            "backends",
            "capacity",
            "changes",
            "git_changes",
            "git_commands",
            "overlaps",
            "patching",
            "project_files",
            "scratch_folders",
            "snapshot_changes",
            "history_index",
            "history_schema",
            "history_sync",
            "leftovers",
            "local",
            "recorded_backend",
            "recording_files",
            "recordings",
            "remains",
            "replay",
            "sandbox",
            "staleness",
        },
    ),
    (
        "work",
        {
            "admission",
            "adoption",
            "broker",
            "controls",
            "event_log",
            "execution",
            "export",
            "exported",
            "following",
            "gauges",
            "history",
            "indexing",
            "last_text",
            "listeners",
            "looking_back",
            "lookup",
            "manager",
            "on_disk",
            "open_managers",
            "orders",
            "planning",
            "recorder",
            "recovery",
            "presence",
            "registry",
            "report_reading",
            "requirements",
            "retention",
            "shown",
            "stderr_tail",
            "steered",
            "steering",
            "subscriptions",
            "sweep",
            "upkeep",
            "waiting_line",
        },
    ),
    (
        "faces",
        {
            "__init__",
            "answering",
            "cell_output",
            "command_line",
            "courier",
            "desk",
            "diagnosis",
            "freeze",
            "front_end",
            "history_command",
            "history_view",
            "lanes",
            "magic",
            "panes",
            "rows",
            "running_cell",
            "static_view",
            "widget",
        },
    ),
)
LEVEL = {module: level for level, (_, modules) in enumerate(LAYERS) for module in modules}
APART = "shim"
RECORDS = "claude_widget.shim.records"
STANDARD_LIBRARY = sys.stdlib_module_names


def top(module: str) -> str:
    """The module of the package that a dotted name lies in; "__init__" for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> set[str]:
    """All modules that a file imports, anywhere in it, as absolute dotted names."""
    package = ".".join(["claude_widget", *path.relative_to(PACKAGE).parent.parts])
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            found |= {_submodule(module, name.name) for name in node.names}
    return found


def _submodule(module: str, name: str) -> str:
    """`from claude_widget import local` imports the module of that name, if there is one."""
    place = PACKAGE.parent.joinpath(*module.split("."), name)
    there = place.with_suffix(".py").is_file() or place.joinpath("__init__.py").is_file()
    return f"{module}.{name}" if there else module


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    name = name_of(path)
    inside = {module for module in imports(path) if module.split(".")[0] == "claude_widget"}
    if name == APART:
        assert {top(module) for module in inside} <= {APART}
        return
    assert name in LEVEL, f"{name} is in no layer of docs/design.md"
    for module in inside:
        if top(module) == APART:
            continue
        assert LEVEL[top(module)] <= LEVEL[name], f"{path.name} imports {module}, which is above it"


def test_shim_needs_the_standard_library_only() -> None:
    for path in (PACKAGE / APART).rglob("*.py"):
        roots = {module.split(".")[0] for module in imports(path)}
        assert roots <= STANDARD_LIBRARY | {"claude_widget"}, path.name


def test_pure_modules_touch_nothing() -> None:
    banned = {"os", "pathlib", "time", "socket", "subprocess", "threading", "asyncio", "io"}
    for path in sources():
        if LEVEL.get(name_of(path)) == 0:
            roots = {module.split(".")[0] for module in imports(path)}
            assert not roots & banned, f"{path.relative_to(PACKAGE)} imports {roots & banned}"


def test_below_the_faces_nothing_knows_jupyter() -> None:
    jupyter = {"IPython", "anywidget", "ipywidgets", "traitlets", "ipykernel", "comm"}
    for path in sources():
        name = name_of(path)
        if name == APART or LEVEL.get(name, 9) < LEVEL["widget"]:
            roots = {module.split(".")[0] for module in imports(path)}
            assert not roots & jupyter, f"{path.relative_to(PACKAGE)} imports {roots & jupyter}"
