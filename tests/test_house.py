"""The house rules that a linter does not know, over everything that is tracked or about to be.

The rule: small files that open by saying what they are for, tests that wait for states and never
for time, and nothing in the repository that is true of one machine only.
"""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYTHON_LINES, TYPESCRIPT_LINES, BODY_LINES = 400, 400, 40
MAY_SLEEP = {
    "tests/waiting.py",
    "tests/fake_claude.py",
    "tests/fake_children.py",
    "tests/fake_usage.py",
}
"""The polling helper, and the executable that plays a slow CLI, with its parts."""
LOCAL = re.compile(
    "|".join(
        [
            r"registry\.npm" + r"js\.org",
            r"pypi\." + r"org/simple",
            r"files\.pythonhosted" + r"\.org",
            r"(?<![\w.-])/(?:root|work)/\w",
            r"/home/(?!user\b|me\b|you\b|alice\b)\w",
        ]
    )
)
"""Registry hosts, and paths of the machine that a file was made on."""
KEPT = re.compile(r"tests/older_shims/\d[^/]*/")
"""The code of earlier versions, which stays as it was."""
TEXT = {".py", ".md", ".toml", ".txt", ".in", ".json", ".ts", ".tsx", ".mjs", ".css", ".ipynb", ""}


def tracked() -> list[Path]:
    """The files of the repository, and those that git would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = (ROOT / name for name in listed.split("\0") if name and not KEPT.match(name))
    return sorted(path for path in named if path.is_file())


FILES = tracked()
PYTHON = [path for path in FILES if path.suffix == ".py"]
GENERATED = ROOT / "js" / "src" / "protocol.ts"
TYPESCRIPT = [
    path
    for path in (ROOT / "js" / "src").rglob("*.ts*")
    if path in FILES and not path.name.endswith(".d.ts") and path != GENERATED
]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_module_opens_with_its_rule(path: Path) -> None:
    text = path.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module says first what it is for"


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_python_file_is_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= PYTHON_LINES


@pytest.mark.parametrize("path", TYPESCRIPT, ids=relative)
def test_typescript_file_is_small_and_says_its_rule(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= TYPESCRIPT_LINES
    assert lines[0].startswith(("//", "/*")), "a module says first what it is for"


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and node.body[1:] else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
            assert lines <= BODY_LINES, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_tests_do_not_sleep(path: Path) -> None:
    if relative(path).split("/")[0] != "tests" or relative(path) in MAY_SLEEP:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            yields = name == "sleep" and [ast.unparse(argument) for argument in node.args] == ["0"]
            assert yields or name not in {"sleep", "wait_for_timeout"}, (
                f"line {node.lineno}: wait for a state (tests/waiting.py), not for time"
            )


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix in TEXT], ids=relative)
def test_file_is_not_of_one_machine(path: Path) -> None:
    found = LOCAL.findall(path.read_text(errors="replace"))
    assert not found, "true of one machine or one registry only"
