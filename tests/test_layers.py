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
            "changes.errors",
            "charts.errors",
            "charts.lanes",
            "charts.scale",
            "charts.spending",
            "charts.svg",
            "charts.vega",
            "ended",
            "errors",
            "events",
            "history.errors",
            "markup",
            "model_choices",
            "models",
            "permissions",
            "protocol",
            "recordings.errors",
            "report.content",
            "report.markdown",
            "report.page",
            "report.style",
            "reports",
            "state",
        },
    ),
    (
        "formats",
        {
            "backend",
            "changes.line_diff",
            "changes.patch_fitting",
            "changes.patch_reading",
            "changes.patch_redaction",
            "changes.patches",
            "changes.permitted_paths",
            "charts.calls",
            "charts.timeline",
            "command",
            "discovery",
            "header",
            "history.entry",
            "history.filter",
            "history.pins",
            "mcp.choices",
            "mcp.config",
            "own_files",
            "owners",
            "prompts",
            "reach",
            "recordings.call_sites",
            "recordings.format",
            "recordings.key",
            "recordings.modes",
            "recordings.occurrences",
            "recordings.reading",
            "recordings.run_file",
            "recordings.said",
            "redaction.delta_joining",
            "redaction.encoded_text",
            "redaction.found_parts",
            "redaction.key_lines",
            "redaction.personal_paths",
            "redaction.redactor",
            "redaction.secret_shapes",
            "redaction.secret_values",
            "request",
            "runtime",
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
            "changes.git_changes",
            "changes.git_commands",
            "changes.observed",
            "changes.overlaps",
            "changes.patching",
            "changes.unfinished",
            "changes.project_files",
            "changes.scratch_folders",
            "changes.snapshot_changes",
            "cleanup.leftovers",
            "cleanup.remains",
            "history.index",
            "history.schema",
            "history.sync",
            "local",
            "recordings.backend",
            "recordings.files",
            "recordings.inputs",
            "recordings.replay",
            "recordings.staleness",
            "recordings.store",
            "sandbox",
        },
    ),
    (
        "work",
        {
            "admission",
            "adoption",
            "broker",
            "cells.shown",
            "charts.chart",
            "charts.charting",
            "cleanup.retention",
            "cleanup.sweep",
            "controls",
            "event_log",
            "execution",
            "following",
            "history.history",
            "history.indexing",
            "history.looking_back",
            "last_text",
            "listeners",
            "lookup",
            "manager",
            "mcp.requirements",
            "on_disk",
            "open_managers",
            "orders",
            "page.gauges",
            "presence",
            "recordings.planning",
            "recordings.recorder",
            "recovery",
            "registry",
            "report.export",
            "report.exported",
            "report.reading",
            "stderr_tail",
            "steered",
            "steering",
            "subscriptions",
            "upkeep",
            "waiting_line",
        },
    ),
    (
        "faces",
        {
            "__init__",
            "cells.freeze",
            "cells.magic",
            "cells.output",
            "cells.running_cell",
            "cells.static_view",
            "command_line",
            "diagnosis",
            "history.command",
            "history.view",
            "page.answering",
            "page.charting",
            "page.courier",
            "page.desk",
            "page.front_end",
            "page.lanes",
            "page.panes",
            "page.rows",
            "page.widget",
        },
    ),
)
LEVEL = {module: level for level, (_, modules) in enumerate(LAYERS) for module in modules}
APART = "shim"
RECORDS = "claude_widget.shim.records"
STANDARD_LIBRARY = sys.stdlib_module_names


FEATURES = {module.split(".")[0] for module in LEVEL if "." in module}
"""Folders whose modules lie in several layers; any other folder lies in one as a whole."""


def placed(module: str) -> str:
    """What of a dotted name has a layer; "__init__" for the package itself."""
    parts = module.split(".")[1:]
    return ".".join(parts[: 2 if parts and parts[0] in FEATURES else 1]) or "__init__"


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
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[: 2 if parts[0] in FEATURES else 1])


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    name = name_of(path)
    if name.endswith(".__init__"):
        assert not imports(path), "a folder loads nothing by itself"
        return
    inside = {module for module in imports(path) if module.split(".")[0] == "claude_widget"}
    if name == APART:
        assert {placed(module) for module in inside} <= {APART}
        return
    assert name in LEVEL, f"{name} is in no layer of docs/design.md"
    for module in inside:
        if placed(module) == APART:
            continue
        assert LEVEL[placed(module)] <= LEVEL[name], (
            f"{path.name} imports {module}, which is above it"
        )


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
        if name == APART or LEVEL.get(name, 9) < LEVEL["page.widget"]:
            roots = {module.split(".")[0] for module in imports(path)}
            assert not roots & jupyter, f"{path.relative_to(PACKAGE)} imports {roots & jupyter}"
