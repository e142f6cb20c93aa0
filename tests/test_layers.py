"""An import only points down: the layers of docs/design.md, held by walking the imports.

The rule: every module of the package is in exactly one layer; it imports its own layer or lower
ones. The shim shares nothing but what itself holds. Imports inside functions count as well.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "claude_widget"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LAYERS = (
    (
        "pure",
        {
            *(f"{path.parent.name}.errors" for path in PACKAGE.glob("*/errors.py")),
            "batch.ledger",
            "batch.progress",
            "blocks",
            "budgets.estimate",
            "budgets.spending",
            "comparison.asked",
            "charts.lanes",
            "charts.scale",
            "charts.spending",
            "charts.svg",
            "charts.vega",
            "dependencies.graph",
            "dependencies.shown",
            "ended",
            "errors",
            "events",
            "markup",
            "model_choices",
            "models",
            "permissions",
            "quantities",
            "protocol",
            "queue.governor",
            "queue.slots",
            "report.content",
            "report.markdown",
            "report.page",
            "report.style",
            "reports",
            "retries.policy",
            "state",
            "user_code",
        },
    ),
    (
        "formats",
        {
            "backend",
            "batch.batch_file",
            "batch.checked_rows",
            "batch.csv_rows",
            "batch.frames",
            "batch.kept",
            "batch.recipe",
            "batch.results",
            "batch.row",
            "batch.rows",
            "batch.supply",
            "batch.values",
            "changes.line_diff",
            "changes.patch_fitting",
            "changes.patch_joining",
            "changes.patch_reading",
            "changes.patch_redaction",
            "changes.patches",
            "changes.permitted_paths",
            "charts.calls",
            "charts.timeline",
            "command",
            "dependencies.steps",
            "dependencies.variables",
            "discovery",
            "header",
            "history.entry",
            "history.filter",
            "history.pins",
            "mcp.choices",
            "mcp.config",
            "outputs.checking",
            "outputs.output",
            "own_files",
            "owners",
            "prompts",
            "queue.governor_file",
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
            "redaction.protocol_names",
            "redaction.redactor",
            "redaction.secret_shapes",
            "redaction.secret_values",
            "request",
            "runtime",
            "sessions",
            "snapshot",
            "state_folder",
            "templates.bounds",
            "templates.declaring",
            "templates.demands",
            "templates.environment",
            "templates.folders",
            "templates.growth",
            "templates.reading",
            "templates.rendering",
            "templates.syntax",
            "templates.template",
            "templates.variables",
            "templates.vocabulary",
            "transcript",
            "trust",
            "worktrees.worktree",
        },
    ),
    (
        "outside",
        {
            "backends",
            "changes.git_changes",
            "changes.git_commands",
            "changes.observed",
            "changes.overlaps",
            "changes.patching",
            "changes.unfinished",
            "changes.project_files",
            "changes.scratch_folders",
            "changes.snapshot_changes",
            "cleanup.batch_files",
            "cleanup.leftovers",
            "cleanup.remains",
            "history.index",
            "history.schema",
            "history.sync",
            "local",
            "launch_files",
            "warm_clis",
            "queue.capacity",
            "recordings.backend",
            "recordings.files",
            "recordings.inputs",
            "recordings.recorded_patch",
            "recordings.replay",
            "recordings.staleness",
            "recordings.store",
            "sandbox",
            "worktrees.applying",
            "worktrees.beginning",
            "worktrees.committing",
            "worktrees.diff",
            "worktrees.git_worktrees",
            "worktrees.locks",
            "worktrees.safe_git",
            "worktrees.source",
            "worktrees.tidying",
        },
    ),
    (
        "work",
        {
            "admission",
            "adoption",
            "same_start",
            "awaited",
            "batch.batch",
            "batch.batches",
            "batch.feeding",
            "batch.host",
            "batch.hosting",
            "batch.lines",
            "batch.news",
            "batch.restoring",
            "batch.standing",
            "batch.writing",
            "batch.mapping",
            "broker",
            "budgets.budgeted",
            "budgets.scope",
            "budgets.watching",
            "cells.shown",
            "charts.chart",
            "charts.charting",
            "cleanup.retention",
            "cleanup.sweep",
            "comparison.candidate",
            "comparison.comparing",
            "comparison.comparison",
            "comparison.judging",
            "comparison.scoring",
            "controls",
            "dependencies.filling",
            "dependencies.pipeline",
            "dependencies.pipelines",
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
            "outputs.correcting",
            "queue.queue",
            "queue.governing",
            "queue.starting",
            "queue.waiting_line",
            "queue.warming",
            "recordings.claims",
            "recordings.overview",
            "recordings.planning",
            "recordings.recorder",
            "recovery",
            "registry",
            "report.export",
            "retries.retrying",
            "report.exported",
            "report.reading",
            "session_use",
            "stderr_tail",
            "steered",
            "steering",
            "subscriptions",
            "templates.library",
            "upkeep",
            "worktrees.decided",
            "worktrees.placing",
            "worktrees.preparing",
            "worktrees.settling",
            "worktrees.sharing",
        },
    ),
    (
        "faces",
        {
            "__init__",
            "batch.view",
            "cells.batch_output",
            "cells.compare_magic",
            "cells.freeze",
            "cells.magic",
            "cells.magic_options",
            "cells.many_output",
            "cells.pipeline_output",
            "cells.output",
            "cells.queue_magic",
            "cells.running_cell",
            "cells.static_view",
            "command_line",
            "comparison.output",
            "comparison.view",
            "dependencies.view",
            "diagnosis",
            "history.command",
            "history.view",
            "page.answering",
            "page.batch_view",
            "page.batching",
            "page.comparing",
            "page.comparison_view",
            "page.estimating",
            "page.templating",
            "page.worktrees",
            "page.charting",
            "page.connected",
            "page.courier",
            "page.desk",
            "page.front_end",
            "page.lanes",
            "page.many_view",
            "page.panes",
            "page.pipeline_view",
            "page.queueing",
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


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[: 2 if parts[0] in FEATURES else 1])


def test_imports_point_down() -> None:
    wrong = [f"{path.relative_to(PACKAGE)}: {said}" for path in SOURCES for said in upward(path)]
    assert wrong == []


def upward(path: Path) -> Iterator[str]:
    """What a module imports that it may not."""
    name = name_of(path)
    if name.endswith(".__init__"):
        if imports(path):
            yield "a folder loads nothing by itself"
        return
    inside = {module for module in imports(path) if module.split(".")[0] == "claude_widget"}
    if name == APART:
        yield from (module for module in inside if placed(module) != APART)
        return
    if name not in LEVEL:
        yield f"{name} is in no layer of docs/design.md"
        return
    for module in inside:
        if placed(module) != APART and LEVEL[placed(module)] > LEVEL[name]:
            yield f"it imports {module}, which is above it"


def test_shim_needs_the_standard_library_only() -> None:
    for path in (PACKAGE / APART).rglob("*.py"):
        roots = {module.split(".")[0] for module in imports(path)}
        assert roots <= STANDARD_LIBRARY | {"claude_widget"}, path.name


def test_pure_modules_touch_nothing() -> None:
    banned = {"os", "pathlib", "time", "socket", "subprocess", "threading", "asyncio", "io"}
    for path in SOURCES:
        if LEVEL.get(name_of(path)) == 0:
            roots = {module.split(".")[0] for module in imports(path)}
            assert not roots & banned, f"{path.relative_to(PACKAGE)} imports {roots & banned}"


def test_below_the_faces_nothing_knows_jupyter() -> None:
    jupyter = {"IPython", "anywidget", "ipywidgets", "traitlets", "ipykernel", "comm"}
    for path in SOURCES:
        name = name_of(path)
        if name == APART or LEVEL.get(name, 9) < LEVEL["page.widget"]:
            roots = {module.split(".")[0] for module in imports(path)}
            assert not roots & jupyter, f"{path.relative_to(PACKAGE)} imports {roots & jupyter}"
